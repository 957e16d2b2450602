// "How fast is it?": rates of the kernels and of whole jobs (core/selftest/rates.h), in workers like
// the ones that run jobs. Loaded when first used.
import { answer_of } from './ask.js';
import { element } from './dom.js';
import { start_worker } from './files.js';

const probe_ms = 250;

const heads = ['Work', 'Best rate of many runs', 'Of the peak'];

/** @typedef {{ name: string, unit: string, rate: number, peak: number }} Rate */

/** @param {number} value */
const digits = (value) => (value >= 999.5 ? value.toFixed(0) : value.toPrecision(3));

/** @param {Rate} rate @param {Rate[]} rates */
function row_of({ name, unit, rate, peak }, rates) {
  const bound = rates[peak];
  return element('tr', {},
    element('td', {}, name),
    element('td', {}, `${digits(rate)} ${unit}`),
    element('td', {}, bound ? `${digits((100 * rate) / bound.rate)} %` : ''));
}

/**
 * Whole jobs per second of all these workers together.
 * @param {Worker[]} workers
 * @param {number} probe
 */
async function jobs_of(workers, probe) {
  const ask = { type: 'rate', probe, ms: 6 * probe_ms };
  const answers = await Promise.all(workers.map((worker) => answer_of(worker, ask, 'rated')));
  return answers.reduce((sum, { rate }) => sum + rate, 0);
}

/**
 * Fills box with a table, each row when it is measured; then reports jobs per second.
 * @param {{ box: HTMLElement, module: WebAssembly.Module, total: number, say(text: string): void }} given
 */
export async function measure_rates({ box, module, total, say }) {
  const body = element('tbody');
  const row = element('tr', {}, ...heads.map((text) => element('th', { scope: 'col' }, text)));
  box.replaceChildren(element('table', {}, element('thead', {}, row), body));
  const workers = Array.from({ length: total }, () => start_worker());
  try {
    await Promise.all(workers.map((worker) => answer_of(worker, { type: 'load', module }, 'ready')));
    /** @type {Rate[]} */
    const rates = [];
    for (let probe = 0, probes = 1; probe < probes; ++probe) {
      say(`Measuring: ${probe} of ${probes > 1 ? probes : 'some'} rates.`);
      const answer = await answer_of(workers[0], { type: 'rate', probe, ms: probe_ms }, 'rated');
      ({ probes } = answer);
      rates.push(answer);
      body.append(row_of(answer, rates));
    }
    // All workers first, so that the browser has finished compiling before one worker is measured.
    const jobs = rates.length - 1; // the last probe
    const together = await jobs_of(workers, jobs);
    const alone = await jobs_of(workers.slice(0, 1), jobs);
    const pool = total > 1
      ? ` ${total} workers do ${digits(together)}, ${digits(together / alone)} times as many.` : '';
    say(`One worker does ${digits(alone)} jobs of a small learning curve a second.${pool}`);
  } finally {
    workers.forEach((worker) => worker.terminate());
  }
}
