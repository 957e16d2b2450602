// Drafts in the page: changes are answered without Run, while the hand moves, and the whole run follows by itself.
import assert from 'node:assert/strict';
import path from 'node:path';
import { differences } from '../parity/support/compare.mjs';
import {
  assert_quiet, native_result, open_page, press, read_twin, run_checks, screenshots, settle, type_parameter, until,
  wait_for_state,
} from './support/lab.mjs';
import { document_rows, watch_thread } from './support/readings.mjs';
import { mkdirSync } from 'node:fs';

/** Too much for a draft: seconds of work. */
const large = 'e=rf-learning-curve&models=rfa,rfmlp&dim=8&keys=8&heads=300&samples=32,64,128,256&test-samples=1000&trials=3';

const status = (page) => page.evaluate(() => document.querySelector('#twin_body .status').textContent);
const says = (page, pattern) => until(async () => pattern.test(await status(page)), `the status is ${pattern}`);

/** Changes a parameter as the twin's field does, without the time that typing takes. */
const change = (page, name, value) => page.evaluate((id, text) => {
  const field = document.getElementById(id);
  field.value = text;
  field.dispatchEvent(new Event('change'));
}, `parameter_${name}`, String(value));

await run_checks({
  async 'a link is answered by a draft and then by the whole run, with the numbers of the command line'(lab) {
    const page = await open_page(lab, `#${large}&seed=3`, { drafts: true });
    await read_twin(page);
    await says(page, /^(Draft: .* of |Running|Finished)/);
    await wait_for_state(page, 'finished');
    const native = await native_result(`${large}&seed=3`);
    const { columns, rows } = native.tables.test_error;
    const twin = await read_twin(page);
    assert.deepEqual(differences('test_error', rows, document_rows(twin.tables.test_error, columns), 1e-4), []);
    assert_quiet(page);
  },

  async 'a hand that moves sees drafts that judge nothing and cannot be saved'(lab) {
    const page = await open_page(lab, `#${large}`, { drafts: true });
    await wait_for_state(page, 'finished');
    const seen = [];
    for (let heads = 100; heads < 130 && !seen.some((text) => /^Draft: /.test(text)); ++heads) {
      await change(page, 'heads', heads);
      await settle(100); // the pace of a hand
      seen.push(await status(page));
    }
    const last = seen.at(-1);
    assert.match(last, /^Draft: /, seen.join('\n'));
    const twin = await read_twin(page);
    if (/^Draft: /.test(twin.status)) {
      assert.deepEqual(twin.tables, {});
      assert.equal(twin.enabled.keep, false);
      for (const claim of twin.claims) assert.doesNotMatch(claim, /^(holds|fails)/);
    }
    await wait_for_state(page, 'finished');
    assert_quiet(page);
  },

  async 'a finished result comes back with its parameters, without computing'(lab) {
    const page = await open_page(lab, `#${large}`, { drafts: true });
    await wait_for_state(page, 'finished');
    const before = await read_twin(page);
    await type_parameter(page, 'trials', '2');
    await wait_for_state(page, 'finished');
    await change(page, 'trials', 3);
    await wait_for_state(page, 'finished');
    const after = await read_twin(page);
    assert.deepEqual(after.tables, before.tables);
    assert.equal(after.status, before.status); // the time, too: it was not computed again
    assert_quiet(page);
  },

  async 'auto=0 leaves everything to Run, and can be part of a link'(lab) {
    const page = await open_page(lab, `?auto=0#${large}`);
    await read_twin(page);
    await says(page, /^Ready: /);
    await change(page, 'trials', 2);
    await settle(1500); // a whole run would have begun
    assert.match(await status(page), /^Ready: /);
    await press(page, 'run');
    await wait_for_state(page, 'finished');
    assert_quiet(page);
  },

  async 'the page stays quick under a moving hand, and idle after it: no frame, hardly a task'(lab) {
    const page = await open_page(lab, `#${large}`, { drafts: true });
    await wait_for_state(page, 'finished');
    const moving = await watch_thread(page, async () => {
      for (let heads = 100; heads < 120; ++heads) {
        await change(page, 'heads', heads);
        await settle(50);
      }
    });
    assert.ok(moving.worked <= 50, `a task took ${moving.worked} ms`);
    await wait_for_state(page, 'finished');
    await settle(1500); // tooltips and the address settle
    const frames = await page.evaluate(async () => {
      let count = 0;
      const draw = WebGL2RenderingContext.prototype.drawElements;
      WebGL2RenderingContext.prototype.drawElements = function counted(...given) {
        count += 1;
        return draw.apply(this, given);
      };
      await new Promise((resolve) => setTimeout(resolve, 2000));
      return count;
    });
    assert.equal(frames, 0);
    assert_quiet(page);
  },

  async 'film strips of a change, one experiment of each family'(lab) {
    mkdirSync(screenshots, { recursive: true });
    for (const [query, name, value] of [[large, 'heads', 150], ['e=extract-noise', 'trials', 4], ['e=icl-risk', 'seed', 5]]) {
      const page = await open_page(lab, `#${query}`, { drafts: true });
      await wait_for_state(page, 'finished');
      await page.bringToFront();
      const id = new URLSearchParams(query).get('e');
      const start = performance.now();
      await change(page, name, value);
      for (const at of [0, 100, 300, 1000]) {
        await settle(Math.max(0, at - (performance.now() - start)));
        await page.screenshot({ path: path.join(screenshots, `film-${id}-${at}.png`) });
      }
      await wait_for_state(page, 'finished');
      assert_quiet(page);
      await page.close();
    }
  },
});
