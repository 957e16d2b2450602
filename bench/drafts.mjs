// How long a change waits for its answer in the page: for every experiment, from another seed to the
// frame with the first draft, and to the finished run. Prints CSV; docs/performance.md shows the table.
//
//   node bench/drafts.mjs [CHANGES]     (changes of each experiment; default 7)
//
// Environment: as the browser tests (ATTNLAB_DIST, ATTNLAB_CHROMIUM).
import { execFileSync } from 'node:child_process';
import { open_browser, open_page } from '../tests/browser/support/lab.mjs';

const changes = Number(process.argv[2] ?? 7);

/** In the page: changes a parameter through the twin, and waits for the sentence that reports an answer. */
async function measure(seed) {
  const input = document.getElementById('parameter_seed');
  const status = document.querySelector('#twin_body .status');
  const when = (pattern) => new Promise((resolve) => {
    const look = () => {
      if (!pattern.test(status.textContent)) return;
      watch.disconnect();
      requestAnimationFrame(() => resolve(performance.now()));
    };
    const watch = new MutationObserver(look);
    watch.observe(status, { childList: true, characterData: true, subtree: true });
  });
  const answered = when(/^(Draft: |Finished: )/);
  const finished = when(/^Finished: /);
  const start = performance.now();
  input.value = seed;
  input.dispatchEvent(new Event('change'));
  const first = (await answered) - start;
  return { first, whole: (await finished) - start };
}

const median = (numbers) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];
const worst = (numbers) => Math.max(...numbers);

const lab = await open_browser();
const { experiments } = JSON.parse(execFileSync(process.env.ATTNLAB_BIN ?? 'build/native/attnlab', ['list', '--json'],
  { maxBuffer: 1 << 26 }));
console.log('experiment,first_median_ms,first_worst_ms,finished_median_ms');
for (const { id, live } of experiments) {
  if (live || id === 'extract-black-box') continue; // its box may be outside
  const page = await open_page(lab, `?auto=1#e=${id}`);
  await page.evaluate(() => { document.getElementById('twin_details').open = true; });
  const idle = () => page.waitForFunction(
    () => /^Finished/.test(document.querySelector('#twin_body .status')?.textContent ?? ''), { timeout: 300000 });
  await idle();
  const first = [], whole = [];
  for (let i = 0; i < changes; ++i) {
    const answer = await page.evaluate(measure, String(100 + i));
    first.push(answer.first);
    whole.push(answer.whole);
  }
  console.log([id, ...[median(first), worst(first), median(whole)].map((ms) => ms.toFixed(0))].join(','));
  await page.close();
}
await lab.close();
