// The sizes of the papers in a browser tab: the numbers of the command line, memory, and a page that
// stays awake meanwhile.
import assert from 'node:assert/strict';
import { differences } from '../parity/support/compare.mjs';
import {
  assert_quiet, native_result, open_page, press, read_twin, run_checks, settle, wait_for_state,
} from './support/lab.mjs';
import { document_rows, longest_task, worker_memory } from './support/readings.mjs';

const curve = 'e=rf-learning-curve&target=mean-power&degree=2&dim=16&keys=16&heads=1000' +
  '&samples=64,256,1024&test-samples=2048&trials=2';
const extraction = 'e=extract-single&dim=512';
const frame_ms = 16;

/** Runs the lab to its end under a trace of the page's thread. */
async function run_watched(page) {
  await settle(1500);
  await page.tracing.start({ categories: ['toplevel', 'devtools.timeline'] });
  await press(page, 'run');
  await wait_for_state(page, 'finished', 300000);
  const { traceEvents } = JSON.parse(Buffer.from(await page.tracing.stop()).toString());
  return longest_task(traceEvents);
}

await run_checks({
  async 'the first panel of the paper up to 1024 samples: every frame in time, 700 MB a worker at most'(lab) {
    const page = await open_page(lab, `#${curve}`);
    const { count, worked, waited } = await run_watched(page);
    console.log(`     ${count} tasks, the longest worked ${worked} ms (and lasted ${waited} ms)`);
    assert.ok(worked <= frame_ms, `a task worked ${worked} ms`);
    const memory = await worker_memory(page);
    console.log(`     memory of the workers: ${memory.map((bytes) => `${Math.round(bytes / 1e6)} MB`).join(', ')}`);
    assert.ok(memory.length > 0 && memory.every((bytes) => bytes > 0 && bytes < 700e6), `${memory}`);
    const { columns, rows } = (await native_result(curve)).tables.test_error;
    const shown = document_rows((await read_twin(page)).tables.test_error, columns);
    assert.deepEqual(differences('test_error', rows, shown, 1e-3), []);
    assert_quiet(page);
  },

  async 'a head of dimension 512 is extracted while the page stays awake'(lab) {
    const page = await open_page(lab, `#${extraction}`);
    const { count, worked, waited } = await run_watched(page);
    console.log(`     ${count} tasks, the longest worked ${worked} ms (and lasted ${waited} ms)`);
    assert.ok(worked <= 50, `a task worked ${worked} ms`);
    const { columns, rows } = (await read_twin(page)).tables.recovery;
    console.log(JSON.stringify({ columns, rows }));
    assert_quiet(page);
  },
});
