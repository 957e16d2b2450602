// Several workers share one large job. The result does not depend on which worker computed which share, and a lost
// worker costs only time.
import assert from 'node:assert/strict';
import {
  assert_quiet, bare_app, open_page, press, read_twin, run_checks, wait_for_state,
} from './support/lab.mjs';

/** One job, large enough to share every kind of work, with so many test samples that all ridge parameters are
 *  factorised at once. */
const single = 'e=rf-learning-curve&dim=16&keys=4&heads=300&samples=1400&test-samples=12000&trials=1' +
  '&models=rfa&degree=1,2,3,4,5,6&target=mean-power&ridge=oracle';

/** Sets the number of workers, records messages to and from them, and lets the test end them by number. */
const watch_workers = (count) => (page) => page.evaluateOnNewDocument((workers) => {
  Object.defineProperty(navigator, 'hardwareConcurrency', { get: () => workers });
  globalThis.kept = [];
  globalThis.told = []; // [worker, type, kind of the share]
  globalThis.Worker = class extends Worker {
    constructor(...words) {
      super(...words);
      this.number = globalThis.kept.push(this) - 1;
    }

    postMessage(message, ...words) {
      globalThis.told.push([this.number, message.type, message.bytes?.[0]]);
      super.postMessage(message, ...words);
      globalThis.on_told?.(this.number, message.type);
    }
  };
}, count);

/** The rows of the run after `count` workers have finished it; `fault` may break something. */
async function rows_with(lab, count, fault) {
  const page = await open_page(lab, `#${single}`, { prepare: watch_workers(count) });
  if (fault) await page.evaluate(fault);
  await press(page, 'run');
  await wait_for_state(page, 'finished');
  const told = await page.evaluate(() => globalThis.told);
  const notice = await page.$eval('#notice', (element) => (element.hidden ? '' : element.textContent));
  const { rows } = (await read_twin(page)).tables.test_error;
  assert_quiet(page);
  await page.close();
  return { rows, told, notice };
}

/** For `fault`, with two workers: ends the one that gets the first share, or the owner of the job. */
const lose = (whom) => `globalThis.on_told = (number, type) => {
  if (type !== 'assist') return;
  globalThis.on_told = undefined;
  const ended = globalThis.kept[${whom === 'helper'} ? number : 1 - number];
  ended.dispatchEvent(new ErrorEvent('error', { message: 'ended' }));
};`;

const types = (told, type) => told.filter(([, each]) => each === type);

await run_checks({
  async 'idle workers take shares of a large job and change no digit'(lab) {
    const alone = await rows_with(lab, 1);
    assert.equal(types(alone.told, 'assist').length, 0);
    for (const count of [2, 3]) {
      const shared = await rows_with(lab, count);
      assert.deepEqual(shared.rows, alone.rows);
      const shares = types(shared.told, 'assist');
      const kinds = new Set(shares.map(([, , kind]) => kind));
      assert.deepEqual([...kinds].sort(), [0, 1, 2], 'kernel matrix, factorisations, predictions');
      assert.equal(new Set(shares.map(([worker]) => worker)).size, count - 1);
      assert.equal(types(shared.told, 'shared').length, shares.length);
    }
  },

  async 'if a helper is lost, the job computes its share itself'(lab) {
    const { rows } = await rows_with(lab, 1);
    const lost = await rows_with(lab, 2, lose('helper'));
    assert.match(lost.notice, /A worker was lost \(it stopped with "ended"\) and replaced\. Its part runs again/);
    assert.deepEqual(lost.rows, rows);
  },

  async 'if a job with helpers is lost, it runs again and its helpers are free'(lab) {
    const { rows } = await rows_with(lab, 1);
    const lost = await rows_with(lab, 2, lose('owner'));
    assert.match(lost.notice, /A worker was lost .* and replaced\. Its job runs again/);
    assert.equal(types(lost.told, 'start').length, 2);
    assert.ok(types(lost.told, 'drop').length >= 1, 'its helper was told to stop');
    assert.deepEqual(lost.rows, rows);
  },

  async 'after pause and reset, a second run gives the right numbers'(lab) {
    const page = await open_page(lab, `#${single}`, { prepare: watch_workers(2) });
    const helping = () => page.waitForFunction(
      () => globalThis.told.some(([, type]) => type === 'assist'), { polling: 'raf' });
    await press(page, 'run');
    await helping();
    await press(page, 'pause');
    await wait_for_state(page, 'paused');
    await press(page, 'reset');
    await page.evaluate(() => { globalThis.told = []; });
    await press(page, 'run');
    await helping();
    await wait_for_state(page, 'finished');
    const { rows } = (await read_twin(page)).tables.test_error;
    assert.deepEqual(rows, (await rows_with(lab, 1)).rows);
    assert_quiet(page);
  },

  async 'jobs get helpers only within the memory limit and when no job waits'(lab) {
    const page = await open_page(lab, '', { before: bare_app });
    const spare = (query, memory) => page.evaluate(async (text, bytes) => {
      let posted = 0;
      let spared;
      const app = await globalThis.bare_app({
        total: () => 4, free: () => 4 - posted, post: () => { posted += 1; },
        spare: (count) => { spared = count; },
      });
      call(app, '_app_open', `${text}&run=1`, '', bytes);
      app._app_poll(1);
      return [posted, spared];
    }, query, memory);
    assert.deepEqual(await spare(single, 3e9), [1, 3]);
    const large = single.replace('samples=1400', 'samples=2048'); // a job of this run needs some 100 MB
    const [posted, few] = await spare(large, 300e6);
    assert.equal(posted, 1);
    assert.ok(few === 1, `${few} helpers in 300 MB`);
    assert.deepEqual(await spare(single.replace('trials=1', 'trials=9'), 3e9), [4, 0]);
    assert_quiet(page);
  },
});
