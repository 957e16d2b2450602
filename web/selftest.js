// "Check this machine": core's self-check (core/selftest) with the module that runs jobs, in a separate
// worker, one group of statements after the other. Loaded when first used.
import { answer_of } from './ask.js';
import { element, message_of, set_text } from './dom.js';
import { part, start_worker } from './files.js';

const heads = ['Verdict', 'Family', 'Statement', 'Deviation', 'Allowed'];

export class MachineCheck {
  #running = false;

  /**
   * box: the element for the table; module(): promise of the workers' compiled module; total: workers.
   * @param {HTMLElement} box
   * @param {() => Promise<WebAssembly.Module>} module
   * @param {number} total
   */
  constructor(box, module, total) {
    this.box = box;
    this.module = module;
    this.total = total;
    this.sentence = element('p', { role: 'status' });
    this.rows = element('tbody');
    this.rates = element('div', { class: 'table', tabindex: '0', role: 'region', 'aria-label': 'Rates' });
  }

  async run() {
    if (this.#running) return;
    this.#running = true;
    this.#open();
    let worker;
    try {
      const module = await this.module();
      worker = start_worker();
      await answer_of(worker, { type: 'load', module }, 'ready');
      await this.#check(worker);
    } catch (error) {
      set_text(this.sentence, `The check could not be finished: ${message_of(error)}.`);
    } finally {
      worker?.terminate();
      this.#running = false;
    }
  }

  #open() {
    set_text(this.sentence, 'Checking: a few seconds.');
    this.rows.replaceChildren();
    this.rates.hidden = true;
    const row = element('tr', {}, ...heads.map((text) => element('th', { scope: 'col' }, text)));
    this.box.replaceChildren(
      this.sentence,
      element('div', { class: 'table', tabindex: '0', role: 'region', 'aria-label': 'Statements checked' },
        element('table', {}, element('thead', {}, row), this.rows)),
      this.rates,
      element('div', { class: 'bar' },
        element('button', { type: 'button', 'data-tool': 'rates', onclick: () => this.#measure() }, 'How fast is it?'),
        element('button', { type: 'button', onclick: () => this.#close() }, 'Close')));
    this.box.hidden = false;
  }

  async #measure() {
    if (this.#running) return;
    this.#running = true;
    this.rates.hidden = false;
    try {
      const { measure_rates } = await part('rates.js', import('./rates.js'));
      const say = (/** @type {string} */ text) => set_text(this.sentence, text);
      await measure_rates({ box: this.rates, module: await this.module(), total: this.total, say });
    } catch (error) {
      set_text(this.sentence, `The rates could not be measured: ${message_of(error)}.`);
    } finally {
      this.#running = false;
    }
  }

  #close() {
    this.box.hidden = true;
    const tool = document.querySelector('[data-tool="check"]');
    if (tool instanceof HTMLElement) tool.focus();
  }

  /** @param {Worker} worker */
  async #check(worker) {
    const start = performance.now();
    let count = 0;
    let wrong = 0;
    for (let group = 0, groups = 1; group < groups; ++group) {
      const answer = await answer_of(worker, { type: 'check', group }, 'checked');
      ({ groups } = answer);
      for (const cells of answer.lines.map((/** @type {string} */ line) => line.split('\t'))) {
        const holds = cells.at(-1) === 'right';
        count += 1;
        wrong += holds ? 0 : 1;
        const [verdict, shown] = holds ? ['holds', 'right'] : ['fails', 'wrong'];
        this.rows.append(element('tr', {},
          element('td', {}, element('strong', { class: `verdict ${verdict}` }, shown)),
          ...cells.slice(0, -1).map((/** @type {string} */ text) => element('td', {}, text))));
      }
    }
    const seconds = ((performance.now() - start) / 1000).toPrecision(2);
    set_text(this.sentence, wrong
      ? `${wrong} of ${count} statements do not hold: do not trust numbers computed here.`
      : `All ${count} statements hold on this machine (${seconds} s).`);
  }
}
