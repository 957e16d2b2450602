// Runs at the sizes of the papers in a browser tab: the numbers of the command line, limited memory, and a page
// that stays responsive.
import assert from 'node:assert/strict';
import { differences } from '../parity/support/compare.mjs';
import {
  assert_quiet, native_result, open_page, press, read_twin, run_checks, settle, wait_for_state,
} from './support/lab.mjs';
import { document_rows, keep_worker_memory, watch_thread } from './support/readings.mjs';

const curve = 'e=rf-learning-curve&target=mean-power&degree=2&dim=16&keys=16&heads=1000' +
  '&samples=64,256,1024&test-samples=2048&trials=2';
const extraction = 'e=extract-single&dim=512';

/** Runs the lab to its end. */
async function run_watched(page) {
  await settle(1500);
  return watch_thread(page, async () => {
    await press(page, 'run');
    await wait_for_state(page, 'finished');
  });
}

await run_checks({
  async 'the first panel of the paper up to 1024 samples: every frame in time, 700 MB a worker at most'(lab) {
    const page = await open_page(lab, `#${curve}`, { before: keep_worker_memory });
    const { worked } = await run_watched(page);
    assert.ok(worked <= 50, `a task worked ${worked} ms`);
    const memory = await page.evaluate(() => globalThis.worker_memory);
    console.log(`     memory of a worker: ${Math.round(memory / 1e6)} MB`);
    assert.ok(memory > 0 && memory < 700e6, `${memory} bytes`);
    const { columns, rows } = (await native_result(curve)).tables.test_error;
    const shown = document_rows((await read_twin(page)).tables.test_error, columns);
    assert.deepEqual(differences('test_error', rows, shown, 1e-3), []);
    assert_quiet(page);
  },

  async 'a head of dimension 512 is extracted while the page stays awake'(lab) {
    const page = await open_page(lab, `#${extraction}`);
    const { worked } = await run_watched(page);
    assert.ok(worked <= 50, `a task worked ${worked} ms`);
    const { columns, rows } = (await read_twin(page)).tables.recovery;
    const cell = (name) => rows[0][columns.indexOf(name)];
    assert.equal(cell('status'), 'recovered');
    assert.equal(Number(cell('queries')) - Number(cell('repeated')), 512 * 512 + 512);
    assert.ok(Number(cell('w_error')) < 1e-12, cell('w_error'));
    assert_quiet(page);
  },
});
