// The page runs out of memory, or gets extremely long texts: the reader is told, and finished results stay. Faults
// are injected from outside; the page has no hook for them.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import {
  assert_quiet, bare_app, open_page, patience, press, read_twin, run_checks, type_parameter, wait_for_state,
  without_growth,
} from './support/lab.mjs';

const small = 'e=rf-learning-curve&dim=6&keys=5&heads=50&samples=16,64&test-samples=200&trials=2';
const remote = 'e=icl-risk&dim=3&prompt-length=4,8&prompts=2000';

const notice = (page) => page.$eval('#notice', (element) => (element.hidden ? '' : element.textContent));

/** For `before`: while globalThis.refuse is set, no module of the page gets more memory. */
const refuse_growth = () => {
  const grow = WebAssembly.Memory.prototype.grow;
  WebAssembly.Memory.prototype.grow = function (pages) {
    if (globalThis.refuse) throw new RangeError('Maximum memory size exceeded');
    return grow.call(this, pages);
  };
};

/**
 * Like refuse_growth. While globalThis.swell names a kind of message from (or to) a worker, the next such message
 * has 16 million bytes: as many as a module starts with, and its stack is part of them.
 */
const swell_messages = () => {
  const swollen = (data) => {
    if (!globalThis.swell || data.type !== globalThis.swell) return data;
    globalThis.swell = '';
    return { ...data, bytes: new Uint8Array(16e6) };
  };
  globalThis.Worker = class extends Worker {
    set onmessage(act) { super.onmessage = ({ data }) => act({ data: swollen(data) }); }
    postMessage(data, ...more) { super.postMessage(swollen(data), ...more); }
  };
};

/**
 * For `before`: while globalThis.refuse is set, malloc in the page's module (the first instance) or in the module
 * that computes findings (the second) fails for this many bytes or more.
 */
async function refusing(script, nth, least) {
  const text = await readFile(path.join(process.env.ATTNLAB_WEB_BUILD, 'web', script), 'utf8'); // not minified
  const [, malloc] = /Module\["_malloc"\]=wasmExports\["(\w+)"\]/.exec(text);
  const wrap = (name, which, bytes) => {
    const { instantiate } = WebAssembly;
    let made = 0;
    WebAssembly.instantiate = async (...words) => {
      const instance = await instantiate.apply(WebAssembly, words);
      made += 1;
      if (made !== which) return instance;
      const real = instance.exports[name];
      return { exports: { ...instance.exports,
        [name]: (size) => (globalThis.refuse && size >= bytes ? 0 : real(size)) } };
    };
  };
  return `(${wrap})('${malloc}', ${nth}, ${least})`;
}

/** Puts this many letters into the field of a parameter, as a paste does. */
const paste = (page, name, letters) => page.$eval(`#parameter_${name}`, (field, count) => {
  field.value = 'x'.repeat(count);
  field.dispatchEvent(new Event('change'));
}, letters);

const uncaught = (page) => page.complaints.splice(0).filter((one) => !/out of memory/.test(one));

await run_checks({
  async 'an output that does not fit into the page\'s memory ends the run with a sentence, and the page still works'(lab) {
    const page = await open_page(lab, `#${small}`,
      { before: `(${refuse_growth})(); (${swell_messages})();` });
    await read_twin(page);
    await page.evaluate(() => {
      globalThis.refuse = true;
      globalThis.swell = 'done';
    });
    await press(page, 'run');
    await wait_for_state(page, 'failed');
    assert.match((await read_twin(page)).status, /the page has no memory left for this output/);
    await page.evaluate(() => { globalThis.refuse = false; });
    await press(page, 'run');
    await wait_for_state(page, 'finished');
    assert_quiet(page);
  },

  async 'a job restarts if its worker has no memory for an answer'(lab) {
    const page = await open_page(lab, '#e=extract-black-box&box=own&dim=4', {
      before: `${without_growth(Infinity)} (${swell_messages})();` });
    await page.waitForSelector('#own_box:not([hidden]) textarea');
    await page.evaluate(() => { globalThis.swell = 'answer'; });
    await press(page, 'run');
    await wait_for_state(page, 'finished');
    assert.match(await notice(page), /A worker was lost \(it ran out of memory\) and replaced/);
    const { columns, rows } = (await read_twin(page)).tables.recovery;
    assert.equal(rows[0][columns.indexOf('status')], 'recovered');
    assert_quiet(page);
  },

  async 'findings without memory are replaced by a sentence, and shown when there is room'(lab) {
    // Outputs of jobs and requests of controls are smaller than findings.
    for (const [name, nth, least] of [['attnlab.js', 1, 1500], ['jobs.js', 2, 1]]) {
      const page = await open_page(lab, `#${remote}`, { before: await refusing(name, nth, least) });
      await read_twin(page);
      await page.evaluate(() => { globalThis.refuse = true; });
      await press(page, 'run');
      await page.waitForFunction(() => !document.getElementById('notice').hidden, { timeout: patience });
      assert.match(await notice(page), /The findings cannot be shown: out of memory/);
      await page.evaluate(() => { globalThis.refuse = false; });
      await press(page, 'reset');
      await press(page, 'run');
      await wait_for_state(page, 'finished');
      assert.ok((await read_twin(page)).tables.risk.rows.length > 0, name);
      assert_quiet(page);
      await page.close();
    }
  },

  async 'the page reports refused memory and still works'(lab) {
    const page = await open_page(lab, `#${small}`, { before: refuse_growth });
    await read_twin(page);
    await page.evaluate(() => { globalThis.refuse = true; });
    await paste(page, 'dim', 17e6);
    assert.match(await notice(page), /Part of the lab stopped: out of memory\. Reload the page/);
    assert.deepEqual(uncaught(page), []);
    await page.evaluate(() => { globalThis.refuse = false; });
    await type_parameter(page, 'dim', '7');
    await press(page, 'run');
    await wait_for_state(page, 'finished');
    assert_quiet(page);
  },

  async 'the module reports that it ran out of memory'(lab) {
    const page = await open_page(lab, '', { before: `(${bare_app})(); (${refuse_growth})();` });
    const said = await page.evaluate(async () => {
      globalThis.refuse = true;
      const said = [];
      for (let letters = 1e6; letters < 17e6; letters += 1e6) {
        const app = await globalThis.bare_app({ total: () => 1, free: () => 0, post: () => {} });
        try {
          call(app, '_app_open', `e=icl-risk&dim=3&note=${'x'.repeat(letters)}`, '', 3e9);
          said.push('');
        } catch (error) {
          said.push(String(error.message ?? error));
        }
      }
      return said;
    });
    assert.equal(said[0], '');
    assert.equal(said.at(-1), 'out of memory');
    assert.deepEqual(said.filter((words) => words && words !== 'out of memory'), []);
    assert_quiet(page);
  },

  async 'texts of millions of letters are read or refused like shorter ones'(lab) {
    const page = await open_page(lab, `#${small}`);
    await read_twin(page);
    for (const letters of [2e5, 2e6, 5e6]) {
      await paste(page, 'dim', letters);
      assert.equal((await read_twin(page)).parameters.dim, '6');
    }
    await page.evaluate((query) => { location.hash = `${query}&note=${'x'.repeat(1.5e6)}`; }, small.replace('dim=6', 'dim=5'));
    await page.waitForFunction(() => document.getElementById('parameter_dim').value === '5', { timeout: patience });
    await press(page, 'run');
    await wait_for_state(page, 'finished');
    assert_quiet(page);
  },
});
