// Workers that die, do not load, or are refused: the run continues if possible, and the reader is always told.
// Faults are injected from outside; the page has no hook for them.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { differences } from '../parity/support/compare.mjs';
import {
  assert_quiet, bare_app, dist, native_result, open_page, patience, press, read_twin, run_checks, settle,
  type_parameter, until, wait_for_state, without_growth,
} from './support/lab.mjs';
import { document_rows } from './support/readings.mjs';

const small = 'e=rf-learning-curve&dim=6&keys=5&heads=50&samples=16,64&test-samples=200&trials=2';
const medium = 'e=rf-learning-curve&dim=8&keys=8&heads=200&samples=64,256&test-samples=500&trials=6';
const long = 'e=rf-learning-curve&dim=8&keys=8&heads=300&samples=64,512&test-samples=500&trials=8';

/** Stores every loaded worker of the page where the test can reach it. */
const keep_workers = () => {
  globalThis.kept = [];
  globalThis.Worker = class extends Worker {
    constructor(...words) {
      super(...words);
      this.addEventListener('message', ({ data }) => {
        if (data.type === 'ready') globalThis.kept.push(this);
      });
    }
  };
};

/** Small jobs fit into the 16 MB that a worker starts with; jobs of 1024 samples do not. */
const large = 'e=rf-learning-curve&dim=6&keys=5&heads=400&samples=64,1024&test-samples=200&trials=2';

const notice = (page) => page.$eval('#notice', (element) => (element.hidden ? '' : element.textContent));

/** Answers requests whose address ends in `name` with `answer`, all others as usual. */
const intercept = (name, answer) => async (page) => {
  await page.setRequestInterception(true);
  page.on('request', (request) => {
    if (new URL(request.url()).pathname.endsWith(name)) request.respond(answer);
    else request.continue();
  });
};

/** Like keep_workers, including workers that have not loaded; and the page's clock runs ten times as fast. */
const keep_all_in_haste = () => {
  globalThis.kept = [];
  globalThis.Worker = class extends Worker {
    constructor(...words) {
      super(...words);
      globalThis.kept.push(this);
      globalThis.on_worker?.(this);
    }
  };
  const real = setInterval;
  globalThis.setInterval = (action, ms, ...words) => real(action, ms === 1000 ? 100 : ms, ...words);
};

/** Kills a worker in each phase of its life; afterwards the run continues or starts again. */
const phases = {
  starting: async (page) => {
    await page.evaluate(() => {
      globalThis.on_worker = (worker) => {
        globalThis.on_worker = undefined;
        worker.terminate();
      };
    });
    await press(page, 'run');
  },
  idle: async (page) => {
    await press(page, 'run');
    await wait_for_state(page, 'finished');
    await page.evaluate(() => globalThis.kept.at(-1).terminate());
    await press(page, 'reset');
    await press(page, 'run');
  },
  held: async (page) => {
    await press(page, 'run');
    await page.evaluate(async () => { // at once: late in the run the worker might not be needed
      while (document.querySelector('#twin_body progress').value <= 0.02) {
        await new Promise((resolve) => requestAnimationFrame(resolve));
      }
      document.querySelector('#twin_body [data-action="pause"]').click();
    });
    await wait_for_state(page, 'paused');
    await page.evaluate(() => globalThis.kept[0].terminate());
    await settle(500);
    await press(page, 'run');
  },
  'giving its job up': async (page) => {
    await press(page, 'run');
    await page.evaluate(async () => {
      while (document.querySelector('#twin_body progress').value <= 0.02) {
        await new Promise((resolve) => requestAnimationFrame(resolve));
      }
      // In one task: the worker has not answered yet.
      document.querySelector('#twin_body [data-action="reset"]').click();
      globalThis.kept[0].terminate();
    });
    await press(page, 'run');
  },
};

await run_checks({
  async 'a worker that is killed in the middle of a job is replaced and its job runs again'(lab) {
    const page = await open_page(lab, `#${long}`, { before: keep_workers });
    await press(page, 'run');
    await wait_for_state(page, 'running');
    await page.waitForFunction(() => document.querySelector('#twin_body progress').value > 0.02);
    await page.evaluate(() => globalThis.kept[0].terminate());
    await page.waitForFunction(() => !document.getElementById('notice').hidden, { timeout: patience });
    assert.match(await notice(page), /worker was lost .*replaced.* runs again/);
    await wait_for_state(page, 'finished');
    const twin = await read_twin(page);
    assert.ok(twin.notes.some((note) => /worker was lost/.test(note)), 'the run says it too');
    const native = await native_result(long);
    assert.equal(twin.tables.test_error.rows.length, native.tables.test_error.rows.length);
    assert_quiet(page);
  },

  async 'a worker killed in any phase changes no number of the run'(lab) {
    const { columns, rows } = (await native_result(medium)).tables.test_error;
    for (const [phase, kill] of Object.entries(phases)) {
      const page = await open_page(lab, `#${medium}`, { before: keep_all_in_haste });
      await read_twin(page);
      await kill(page);
      await wait_for_state(page, 'finished');
      await page.waitForFunction( // a worker that never started may be noticed only after the run
        () => /A worker (was lost|could not be started)/.test(document.getElementById('notice').textContent),
        { timeout: patience });
      const shown = document_rows((await read_twin(page)).tables.test_error, columns);
      assert.deepEqual(differences('test_error', rows, shown, 1e-3), [], phase);
      assert_quiet(page);
      await page.close();
    }
  },

  async 'a worker that throws is replaced at once'(lab) {
    const page = await open_page(lab, `#${long}`, { before: keep_workers });
    await press(page, 'run');
    await page.waitForFunction(() => globalThis.kept.length > 0);
    await page.evaluate(() => {
      const [worker] = globalThis.kept;
      worker.onmessage({ data: { type: 'died', reason: 'it ran out of memory' } });
    });
    assert.match(await notice(page), /ran out of memory.*replaced/);
    await wait_for_state(page, 'finished');
    const [started, total] = await page.evaluate(() => [globalThis.kept.length, navigator.hardwareConcurrency]);
    assert.equal(started, Math.min(total, 8) + 1, 'another worker took its place');
    assert_quiet(page);
  },

  async 'if a worker gets no memory, its job runs again and no digit changes'(lab) {
    const page = await open_page(lab, `#${large}`, {
      // One worker at a time, so that the first gets the large jobs even if it loads late.
      before: `${without_growth(1)} Object.defineProperty(navigator, 'hardwareConcurrency', { get: () => 1 });` });
    await press(page, 'run');
    await wait_for_state(page, 'finished');
    assert.match(await notice(page), /A worker was lost \(it ran out of memory\) and replaced\. Its job runs again/);
    const { columns, rows } = (await native_result(large)).tables.test_error;
    const shown = document_rows((await read_twin(page)).tables.test_error, columns);
    assert.deepEqual(differences('test_error', rows, shown, 1e-3), []);
    assert_quiet(page);
  },

  async 'if no worker gets memory, the run ends with a sentence and finished jobs stay'(lab) {
    const page = await open_page(lab, `#${large}`, { before: without_growth(Infinity) });
    await press(page, 'run');
    await wait_for_state(page, 'failed');
    const twin = await read_twin(page);
    assert.match(twin.status, /was lost 3 times, the last time because: a worker was lost: it ran out of memory/);
    const { columns, rows } = (await native_result(large)).tables.test_error;
    const n = columns.indexOf('n');
    const small_rows = rows.filter((row) => row[n] === 64);
    const shown = document_rows(twin.tables.test_error, columns).filter((row) => row[n] === 64);
    assert.deepEqual(differences('test_error', small_rows, shown, 1e-3), [], 'the sizes that fit are there');
    await type_parameter(page, 'samples', '64');
    await press(page, 'run');
    await wait_for_state(page, 'finished');
    assert_quiet(page);
  },

  async 'a run too large for a worker is refused before it starts, in the page too'(lab) {
    const huge = large.replace('heads=400', 'heads=20000').replace('samples=64,1024', 'samples=16,65536');
    const page = await open_page(lab, `#${huge}`, { before: keep_workers });
    await press(page, 'run');
    await until(async () => /too much here/.test((await read_twin(page)).status), 'the run is refused');
    const twin = await read_twin(page);
    assert.notEqual(twin.state, 'running');
    assert.match(twin.status, /samples is 16,65536, which is too much here: one job needs \d+ GB .* at most 3 GB; lower samples/);
    assert.equal(await page.evaluate(() => globalThis.kept.length), 0, 'no worker was asked');
    await type_parameter(page, 'samples', '16');
    await press(page, 'run');
    await wait_for_state(page, 'finished');
    assert_quiet(page);
  },

  async 'jobs that are too large to run together run on fewer workers at a time'(lab) {
    const page = await open_page(lab, '', { before: bare_app });
    const at_once = (memory) => page.evaluate(async (query, bytes) => {
      let posted = 0;
      const app = await globalThis.bare_app({
        total: () => 6, free: () => 6 - posted, post: () => { posted += 1; },
      });
      call(app, '_app_open', `${query}&run=1`, '', bytes);
      app._app_poll(1);
      return [posted, JSON.parse(app.UTF8ToString(app._app_state())).error];
    }, large, memory);
    const [all] = await at_once(3e9);
    assert.equal(all, 6);
    // A job of this run needs some 20 MB, two matrices of 1024 samples among them.
    const [few] = await at_once(80e6);
    assert.ok(few >= 2 && few < 5, `${few} jobs at once in 80 MB`);
    const [none, why] = await at_once(10e6);
    assert.equal(none, 0);
    assert.match(why, /samples is 64,1024, which is too much here/);
    assert_quiet(page);
  },

  async 'a missing worker script ends the run with a sentence'(lab) {
    const missing = { status: 404, contentType: 'text/plain', body: 'not found' };
    const page = await open_page(lab, `#${small}`, { prepare: intercept('/worker.js', missing) });
    await press(page, 'run');
    await wait_for_state(page, 'failed');
    assert.match((await read_twin(page)).status, /No worker could be started/);
  },

  async 'a module served with the wrong MIME type still loads'(lab) {
    const body = await readFile(path.join(dist, 'attnlab.wasm'));
    const plain = { status: 200, contentType: 'application/octet-stream', body };
    const page = await open_page(lab, `#${small}`, { prepare: intercept('/attnlab.wasm', plain) });
    await press(page, 'run');
    await wait_for_state(page, 'finished');
    assert_quiet(page);
  },

  async 'the page reports a missing module'(lab) {
    const missing = { status: 404, contentType: 'text/plain', body: 'not found' };
    const page = await open_page(lab, '', { prepare: intercept('/attnlab.wasm', missing), wait: false });
    await page.waitForFunction(
      () => /attnlab\.wasm could not be loaded \(404\)/.test(document.getElementById('cover').textContent));
  },
});
