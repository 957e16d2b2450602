// The pool of Web Workers: starts, watches and replaces them. C++ decides which job comes next
// (web/app/worker_pool.cpp); here a job is a ticket, a query and an index.
import { message_of } from './dom.js';

const tick_ms = 1000;
// Counted in ticks, not by the clock, so that the sleep of the computer does not count.
const start_limit_ticks = 30;
const suspicious_start_ticks = 1; // an empty script runs without an error
const silence_limit_ticks = 20;
const ping_after_ticks = 3;
const max_failed_starts = 3;

/** @param {string} text */
const encode = (text) => new TextEncoder().encode(text);

/**
 * A worker and its work. `asked`: how many helpers its job can use; `owner`: the slot whose job it helps,
 * with `share` (0: none yet); `silent`: ticks since its last message.
 * @typedef {{ worker: Worker, state: 'starting' | 'free' | 'busy' | 'helping' | 'dropping', ticket: number,
 *   query: string, index: number, asked: number, owner: Slot | undefined, share: number, silent: number }} Slot
 *
 * total: how many workers; start(): a new worker; missing(): why its script cannot answer, if so; module(): promise of the compiled module; news(ticket, kind,
 * fraction, bytes): of a job, bytes is output or sentence; ask(bytes): promise of the answer to a job's question,
 * rejected with a sentence; changed(): a worker became free or the pool failed; notice(sentence): for the reader.
 * @typedef {{ total: number, start(): Worker, missing(): Promise<string | undefined>, module(): Promise<WebAssembly.Module>,
 *   news(ticket: number, kind: NewsKind, fraction: number, bytes?: Uint8Array): void,
 *   ask(bytes: Uint8Array): Promise<Uint8Array>, changed(): void, notice(sentence: string): void }} Around
 */

export class WorkerPool {
  /** @type {Set<Slot>} */
  #slots = new Set();
  #spare = 0;
  #started = false;
  #held = false;
  #failed_starts = 0;
  #replaced = 0;
  #suspected = false;
  #problem = '';
  /** @type {Around} */
  #around;
  #timer = 0;

  /** @param {Around} around */
  constructor(around) {
    this.#around = around;
  }

  total() {
    return this.#around.total;
  }

  /** Number of ready workers without a job. The first call starts the pool. */
  free() {
    if (!this.#started) this.#start_all();
    let count = 0;
    for (const slot of this.#slots) count += slot.state === 'free' ? 1 : 0;
    return count;
  }

  /** @param {number} ticket @param {string} query @param {number} index */
  post(ticket, query, index) {
    for (const slot of this.#slots) {
      if (slot.state !== 'free') continue;
      Object.assign(slot, { state: 'busy', ticket, query, index, asked: 0, silent: 0 });
      slot.worker.postMessage({ type: 'start', ticket, query, index });
      this.#watch();
      return;
    }
  }

  /**
   * Up to `count` of the free workers may help with the jobs of others.
   * @param {number} count
   */
  spare(count) {
    this.#spare = count;
    for (const slot of this.#slots) if (slot.asked) this.#lend(slot);
  }

  /** @param {boolean} held */
  hold(held) {
    this.#held = held;
    for (const { worker, state } of this.#slots) {
      if (state !== 'starting') worker.postMessage({ type: held ? 'hold' : 'go' });
    }
  }

  /** Drops every job and forgets earlier failures to start, so that the next run can try again. */
  drop() {
    for (const slot of this.#slots) {
      if (slot.state === 'busy' || slot.state === 'helping') this.#drop_one(slot);
    }
    if (this.#problem || this.#slots.size < this.#around.total) this.#started = false;
    this.#problem = '';
    this.#failed_starts = 0;
    this.#replaced = 0;
    this.#suspected = false;
  }

  /** Why no worker can be started; empty while one may be. */
  problem() {
    return this.#problem;
  }

  #start_all() {
    this.#started = true;
    while (this.#slots.size < this.#around.total) this.#start_one();
    this.#watch();
  }

  #start_one() {
    let worker;
    try {
      worker = this.#around.start();
    } catch (error) {
      this.#give_up(`this browser refuses to start workers (${message_of(error)})`);
      return;
    }
    /** @type {Slot} */
    const slot = { worker, state: 'starting', ticket: 0, query: '', index: 0, asked: 0, owner: undefined,
      share: 0, silent: 0 };
    this.#slots.add(slot);
    worker.onmessage = ({ data }) => this.#receive(slot, data);
    worker.onmessageerror = () => this.#lose(slot, 'its message could not be read');
    worker.onerror = (event) => {
      event.preventDefault();
      this.#lose(slot, event.message ? `it stopped with "${event.message}"` : 'worker.js did not load');
    };
    this.#around.module().then((module) => worker.postMessage({ type: 'load', module }),
      (error) => this.#lose(slot, message_of(error)));
  }

  /** Whether a worker that does not answer has a script that cannot: once for all of them. */
  async #suspect() {
    if (this.#suspected) return;
    this.#suspected = true;
    const missing = await this.#around.missing();
    if (missing && [...this.#slots].every(({ state }) => state === 'starting')) this.#give_up(missing);
  }

  /** @param {Slot} slot */
  #drop_one(slot) {
    this.#clear(slot, 'dropping');
    slot.worker.postMessage({ type: 'drop' });
  }

  /** @param {Slot} slot @param {Slot['state']} state */
  #clear(slot, state) {
    Object.assign(slot, { state, ticket: 0, owner: undefined, asked: 0, silent: 0 });
  }

  /** @param {Slot} slot */
  #helpers_of(slot) {
    return [...this.#slots].filter(({ owner }) => owner === slot);
  }

  /**
   * Assigns idle helpers to a job that asked for them; each waits for its share.
   * @param {Slot} slot
   */
  #lend(slot) {
    const free = [...this.#slots].filter(({ state }) => state === 'free');
    const helpers = free.slice(0, Math.min(slot.asked, this.#spare));
    if (helpers.length === 0) return;
    const { ticket } = slot;
    for (const helper of helpers) {
      Object.assign(helper, { state: 'helping', owner: slot, share: 0, ticket, silent: 0 });
    }
    this.#spare -= helpers.length;
    slot.asked = 0;
    slot.worker.postMessage({ type: 'helpers', ticket, count: helpers.length });
  }

  /**
   * Sends a share to a helper that has none yet.
   * @param {Slot} slot @param {Message} message
   */
  #pass_share(slot, { ticket, share, bytes }) {
    const helper = this.#helpers_of(slot).find((each) => !each.share);
    if (!helper) return this.#settle({ owner: slot, ticket, share }); // it was lost meanwhile
    helper.share = share;
    const { query, index } = slot;
    helper.worker.postMessage({ type: 'assist', ticket, query, index, bytes }, [bytes.buffer]);
  }

  /**
   * Sends a helper's result to the job, or the news that the helper was lost.
   * @param {{ owner: Slot | undefined, ticket: number, share: number }} helper @param {Uint8Array} [bytes]
   */
  #settle({ owner, ticket, share }, bytes) {
    if (!share || !owner) return;
    owner.worker.postMessage({ type: 'shared', ticket, share, bytes }, bytes ? [bytes.buffer] : []);
  }

  /** @param {Slot} slot @param {Message} message */
  #receive(slot, message) {
    if (!this.#slots.has(slot)) return;
    slot.silent = 0;
    switch (message.type) {
      case 'ready':
        slot.state = 'free';
        if (this.#held) slot.worker.postMessage({ type: 'hold' });
        this.#around.changed();
        break;
      case 'progress':
      case 'partial':
        this.#tell(slot, message);
        break;
      case 'question':
        this.#pass_on(slot, message);
        break;
      case 'help':
        if (message.ticket !== slot.ticket) break;
        slot.asked = message.most;
        this.#lend(slot);
        break;
      case 'share':
        if (message.ticket === slot.ticket) this.#pass_share(slot, message);
        break;
      case 'given': // helpers without a share came too late
        for (const helper of this.#helpers_of(slot)) if (!helper.share) this.#clear(helper, 'free');
        this.#around.changed();
        break;
      case 'done':
      case 'failed':
        if (slot.owner) this.#settle(slot, message.bytes);
        else this.#tell(slot, message);
        for (const helper of this.#helpers_of(slot)) this.#drop_one(helper);
        if (slot.state !== 'dropping') this.#clear(slot, 'free');
        this.#around.changed();
        break;
      case 'dropped':
        if (slot.state === 'dropping') this.#clear(slot, 'free');
        this.#around.changed();
        break;
      case 'died':
        this.#lose(slot, message.reason);
        break;
    }
  }

  /** Passes a job's question to the page, and the answer back if the worker still has the job.
   *  @param {Slot} slot @param {Message} message */
  async #pass_on(slot, { ticket, bytes }) {
    let answer;
    try {
      answer = { bytes: await this.#around.ask(bytes) };
    } catch (error) {
      answer = { reason: message_of(error) };
    }
    if (this.#slots.has(slot) && slot.ticket === ticket) {
      slot.worker.postMessage({ type: 'answer', ticket, ...answer });
    }
  }

  /** @param {Slot} slot @param {Message} message */
  #tell(slot, { type, ticket, fraction = 0, bytes, reason = '' }) {
    if (ticket === slot.ticket && !slot.owner) {
      this.#around.news(ticket, /** @type {NewsKind} */ (type), fraction, bytes ?? encode(reason));
    }
  }

  /**
   * A worker is lost: its job is queued again, and another worker replaces it.
   * @param {Slot} slot @param {string} reason
   */
  #lose(slot, reason) {
    if (!this.#slots.delete(slot)) return;
    slot.worker.terminate();
    const starting = slot.state === 'starting';
    for (const helper of this.#helpers_of(slot)) this.#drop_one(helper);
    if (slot.owner) {
      this.#settle(slot);
    } else if (slot.ticket) {
      this.#around.news(slot.ticket, 'lost', 0, encode(`a worker was lost: ${reason}`));
    }
    const allowed = starting
      ? ++this.#failed_starts < max_failed_starts
      : ++this.#replaced <= 2 * this.#around.total;
    if (allowed && this.#slots.size < this.#around.total) this.#start_one();
    if (this.#slots.size === 0) {
      this.#give_up(reason);
    } else {
      this.#around.notice(
        starting
          ? `A worker could not be started (${reason}); the others go on.`
          : `A worker was lost (${reason})${allowed ? ' and replaced' : ''}.` +
            (slot.owner ? ' Its part runs again.' : slot.ticket ? ' Its job runs again.' : ''),
      );
    }
    this.#watch();
    this.#around.changed();
  }

  /** @param {string} reason */
  #give_up(reason) {
    for (const slot of [...this.#slots]) {
      this.#slots.delete(slot);
      slot.worker.terminate();
      if (slot.ticket && !slot.owner) this.#around.news(slot.ticket, 'lost', 0, encode(reason));
    }
    this.#problem = `No worker could be started: ${reason}. Reload the page, or try another browser.`;
    this.#around.changed();
  }

  /** Ticks only while a worker must answer, so that an idle page does nothing. */
  #watch() {
    const waiting = () => [...this.#slots].filter(({ state }) => state !== 'free');
    if (this.#timer || waiting().length === 0) return;
    this.#timer = setInterval(() => {
      const slots = waiting();
      if (slots.length === 0) {
        clearInterval(this.#timer);
        this.#timer = 0;
        return;
      }
      for (const slot of slots) {
        slot.silent += 1;
        const limit = slot.state === 'starting' ? start_limit_ticks : silence_limit_ticks;
        if (slot.state === 'starting' && slot.silent === suspicious_start_ticks) this.#suspect();
        if (slot.silent > limit) this.#lose(slot, 'it did not answer');
        else if (slot.silent > ping_after_ticks && slot.state !== 'starting') {
          slot.worker.postMessage({ type: 'ping' });
        }
      }
    }, tick_ms);
  }
}
