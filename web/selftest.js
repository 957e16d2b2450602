// "Check this machine": the self-check of core (core/selftest) by the module that runs jobs, in a
// worker of its own, one group of statements after the other. Loaded when first used.
import { element, set_text } from './dom.js';
import { start_worker } from './files.js';

const silence_ms = 30000; // a group takes well under a second

const heads = ['Verdict', 'Family', 'Statement', 'Deviation', 'Allowed'];

/** Sends a message; the worker's answer of that type. */
export function answer_of(worker, message, type) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('no answer')), silence_ms);
    worker.onmessage = ({ data }) => {
      if (data.type !== type && data.type !== 'died') return;
      clearTimeout(timer);
      if (data.type === type) resolve(data);
      else reject(new Error(data.reason));
    };
    worker.onerror = (event) => {
      event.preventDefault();
      clearTimeout(timer);
      reject(new Error(event.message || 'the worker did not load'));
    };
    worker.postMessage(message);
  });
}

export class MachineCheck {
  #running = false;

  /** box: the element for the table; module(): promise of the workers' compiled module; total: workers. */
  constructor(box, module, total) {
    Object.assign(this, { box, module, total });
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
      set_text(this.sentence, `The check could not be finished: ${error.message}.`);
    } finally {
      worker?.terminate();
      this.#running = false;
    }
  }

  #open() {
    this.sentence = element('p', { role: 'status' }, 'Checking: a few seconds.');
    this.rows = element('tbody');
    const row = element('tr', {}, ...heads.map((text) => element('th', { scope: 'col' }, text)));
    this.box.replaceChildren(
      this.sentence,
      element('div', { class: 'table', tabindex: '0', role: 'region', 'aria-label': 'Statements checked' },
        element('table', {}, element('thead', {}, row), this.rows)),
      this.rates = element('div', { class: 'table', tabindex: '0', role: 'region', 'aria-label': 'Rates', hidden: true }),
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
      const { measure_rates } = await import('./rates.js');
      const say = (text) => set_text(this.sentence, text);
      await measure_rates({ box: this.rates, module: await this.module(), total: this.total, say });
    } catch (error) {
      set_text(this.sentence, `The rates could not be measured: ${error.message}.`);
    } finally {
      this.#running = false;
    }
  }

  #close() {
    this.box.hidden = true;
    document.querySelector('[data-tool="check"]').focus();
  }

  async #check(worker) {
    const start = performance.now();
    let count = 0;
    let wrong = 0;
    for (let group = 0, groups = 1; group < groups; ++group) {
      const answer = await answer_of(worker, { type: 'check', group }, 'checked');
      ({ groups } = answer);
      for (const cells of answer.lines.map((line) => line.split('\t'))) {
        const holds = cells.at(-1) === 'right';
        count += 1;
        wrong += holds ? 0 : 1;
        const [verdict, shown] = holds ? ['holds', 'right'] : ['fails', 'wrong'];
        this.rows.append(element('tr', {},
          element('td', {}, element('strong', { class: `verdict ${verdict}` }, shown)),
          ...cells.slice(0, -1).map((text) => element('td', {}, text))));
      }
    }
    const seconds = ((performance.now() - start) / 1000).toPrecision(2);
    set_text(this.sentence, wrong
      ? `${wrong} of ${count} statements do not hold: do not trust numbers computed here.`
      : `All ${count} statements hold on this machine (${seconds} s).`);
  }
}
