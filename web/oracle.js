// A black box that the reader writes: its function runs in a worker of a sandboxed frame (oracle.html)
// without origin, network or access to the page. This file has the text field, the stop button, and the
// path of questions and answers. docs/web.md says how the frame is isolated.
import { element, set_text } from './dom.js';
import { text_of } from './files.js';

const silence_limit_ms = 10000;
const opening_limit_ms = 10000;

const example = `// The box: X is a list of tokens (lists of d numbers), the last one is the query token.
function f(X) {
  const q = X[X.length - 1], d = q.length;
  const score = (x) => x.reduce((sum, xi, i) => sum + xi * (0.5 * q[i] - 0.3 * q[(i + 1) % d]), 0);
  const value = (x) => x.reduce((sum, xi, i) => sum + xi / (i + 1), 0);
  const weights = X.map((x) => Math.exp(score(x)));
  const total = weights.reduce((a, b) => a + b);
  return X.reduce((sum, x, i) => sum + weights[i] / total * value(x), 0);
}
`;

/** Follows the reader's text in the worker: reads questions, calls f, reports progress. */
const postlude = `
;{
  const box = typeof f === 'function' ? f : undefined;
  const post = postMessage.bind(globalThis);
  onmessage = ({ data }) => {
    const [dim, , queries, members] = new Uint32Array(data, 0, 4);
    const words = new Uint32Array(data, 16, queries + members);
    const head = 4 * (4 + queries + members);
    const numbers = new Float64Array(data, head + head % 8);
    const token = (t) => Array.from(numbers.subarray(t * dim, (t + 1) * dim));
    const answers = new Float64Array(queries);
    let begin = 0, told = performance.now();
    if (!box) return post({ failed: 'there is no function f in it' });
    for (let i = 0; i < queries; ++i) {
      const X = Array.from(words.subarray(queries + begin, queries + words[i]), token);
      begin = words[i];
      let y;
      try {
        y = box(X);
      } catch (error) {
        return post({ failed: 'f stopped with "' + error + '" at a question of ' + X.length + ' tokens' });
      }
      if (typeof y !== 'number' || !Number.isFinite(y)) {
        return post({ failed: 'f must answer a finite number, not ' + String(y).slice(0, 60) });
      }
      answers[i] = y;
      if (performance.now() - told > 500) post({ working: true }), told = performance.now();
    }
    post({ answers: answers.buffer });
  };
}`;

/**
 * @typedef {{ resolve(answers: Uint8Array): void, reject(error: Error): void, size: number, timer: number }}
 *   Waiting
 */

export class OwnBox {
  /** @type {Promise<MessagePort> | undefined} */
  #frame; // promise of the port into the sandboxed frame
  /** @type {MessagePort | undefined} */
  #port;
  /** @type {Waiting | undefined} */
  #waiting; // {resolve, reject, size, timer} of the unanswered batch
  #running = ''; // the text in the worker

  /**
   * panel: the element to fill; run(): restarts the experiment.
   * @param {HTMLElement} panel
   * @param {() => void} run
   */
  constructor(panel, run) {
    this.panel = panel;
    this.code = element('textarea', { id: 'own_box_code', rows: '14', spellcheck: 'false',
      autocapitalize: 'off', autocomplete: 'off', 'aria-describedby': 'own_box_help' });
    this.code.value = example;
    this.state = element('p', { class: 'status', role: 'status' });
    this.stop_button = element('button', { type: 'button', disabled: '',
      onclick: () => this.stop('it was stopped by you') }, 'Stop the function');
    panel.append(
      element('h2', { id: 'own_box_title' }, 'Your own black box'),
      element('p', { id: 'own_box_help' }, 'JavaScript with a function f(X) that answers one number. ' +
        'It runs on this computer, in a sealed frame without network, page or storage. Set the token ' +
        'dimension d to the length of your tokens.'),
      element('label', { for: 'own_box_code' }, 'Your function'),
      this.code,
      element('div', { class: 'bar' },
        element('button', { type: 'button', onclick: run }, 'Take it apart'), this.stop_button),
      this.state);
  }

  /**
   * Shows the panel if the state of the lab uses the reader's box.
   * @param {State} state
   */
  update({ params, state }) {
    this.panel.hidden = params.box !== 'own';
    if (state !== 'running' && state !== 'paused' && this.#running) this.stop('');
  }

  /**
   * Answers to an encoded batch (core/extraction/learn/question.h) as bytes; rejects with a sentence.
   * @param {Uint8Array} bytes
   * @returns {Promise<Uint8Array>}
   */
  async ask(bytes) {
    const queries = new DataView(bytes.buffer, bytes.byteOffset).getUint32(8, true);
    const port = await this.#open();
    if (this.#waiting) throw new Error('your function is asked twice at the same time');
    if (!this.#running) {
      this.#running = this.code.value;
      port.postMessage({ type: 'start', source: `'use strict';\n${this.#running}${postlude}` });
    }
    this.stop_button.disabled = false;
    set_text(this.state, 'Your function is asked.');
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject, size: 8 * queries, timer: 0 };
      this.#watch();
      const question = bytes.slice().buffer;
      port.postMessage({ type: 'ask', question }, [question]);
    });
  }

  /**
   * Ends the function at any time; an unanswered question is rejected with the reason.
   * @param {string} reason
   */
  stop(reason) {
    this.#port?.postMessage({ type: 'stop' });
    this.#running = '';
    this.stop_button.disabled = true;
    const waiting = this.#settle();
    const sentence = reason ? `Your function gave no answer: ${reason}.` : '';
    set_text(this.state, sentence);
    waiting?.reject(new Error(sentence || 'Your function is not asked any more.'));
  }

  #settle() {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    clearTimeout(waiting?.timer);
    return waiting;
  }

  #watch() {
    const waiting = this.#waiting;
    if (!waiting) return;
    clearTimeout(waiting.timer);
    waiting.timer = setTimeout(
      () => this.stop(`it was silent for ${silence_limit_ms / 1000} s and was ended`), silence_limit_ms);
  }

  /** Creates the frame with the first question. */
  #open() {
    this.#frame ??= this.#sealed_frame().catch((error) => {
      this.#frame = undefined;
      throw error;
    });
    return this.#frame;
  }

  /** The frame's text is part of the page (srcdoc), so that it also opens from disk and in opaque origins. */
  async #sealed_frame() {
    const srcdoc = await text_of('oracle.html');
    return new Promise((resolve, reject) => {
      const frame = element('iframe', { sandbox: 'allow-scripts', hidden: '', title: 'Sealed frame', srcdoc });
      const channel = new MessageChannel();
      const late = setTimeout(() => {
        frame.remove();
        reject(new Error('The sealed frame for your function could not be opened here.'));
      }, opening_limit_ms);
      channel.port1.onmessage = ({ data }) => {
        if (data?.opened) {
          clearTimeout(late);
          this.#port = channel.port1;
          resolve(channel.port1);
        } else {
          this.#receive(data);
        }
      };
      frame.addEventListener('load', () => frame.contentWindow?.postMessage('port', '*', [channel.port2]),
        { once: true });
      this.panel.append(frame);
    });
  }

  /** The reader's text can forge every message of the frame, so messages are checked, never executed.
   *  @param {any} data */
  #receive(data) {
    if (!this.#waiting) return;
    if (data?.working === true) {
      this.#watch();
    } else if (typeof data?.failed === 'string') {
      this.stop(data.failed.slice(0, 200));
    } else if (data?.answers instanceof ArrayBuffer && data.answers.byteLength === this.#waiting.size) {
      this.#settle()?.resolve(new Uint8Array(data.answers));
    } else {
      this.stop('its answer is not one number for each question');
    }
  }
}
