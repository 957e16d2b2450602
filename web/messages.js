// The lab inside a frame: messages from and to the page around it. Both are {attnlab: 1, type, ...};
// anything else is ignored, and so are messages from other windows. core/codecs/contract.cpp lists the
// types. Requests go through the schema and respect the locks of the frame's address.

const most_keys = 256;
const tell_every_ms = 200;

/** @param {unknown} value */
const is_plain = (value) => ['string', 'number', 'boolean'].includes(typeof value);

/**
 * A value as permalink text, lists with commas; undefined if no parameter can have this type.
 * @param {unknown} value
 */
function text_of(value) {
  if (is_plain(value)) return String(value);
  if (Array.isArray(value) && value.length < most_keys && value.every(is_plain)) return value.join(',');
  return undefined;
}

/**
 * The permalink text that a load message asks for. (App::load ignores what only the frame's address may set.) A link
 * goes to the lab as it is: core knows how mails leave them.
 * @param {Record<string, any>} message
 */
function query_of(message) {
  const wanted = new URLSearchParams();
  if (typeof message.experiment === 'string') wanted.set('e', message.experiment);
  const { parameters } = message;
  if (parameters && typeof parameters === 'object') {
    for (const [name, value] of Object.entries(parameters).slice(0, most_keys)) {
      const text = text_of(value);
      if (text !== undefined) wanted.set(name, text);
    }
  }
  if (is_plain(message.seed)) wanted.set('seed', String(message.seed));
  return [typeof message.query === 'string' ? message.query : '', String(wanted)].filter(Boolean).join('&');
}

/**
 * The part of the state that other pages may see: everything except the page's own texts.
 * @param {State} state
 */
function shared({ experiment, params, seed, state, fraction, query, claims, tables, notes, error }) {
  return { experiment, parameters: params, seed, state, fraction, query, claims, tables, notes, error };
}

export class Messages {
  #told = { state: '', fraction: -1, query: '', height: 0, error: '', at: -Infinity };
  #later = 0;

  /**
   * root: the element that determines the frame's height.
   * whole(): once what was asked for before has been done: why it cannot be, or ''.
   * @param {{ state(): State, load(query: string): void, act(action: string): void, whole(): Promise<string>,
   *   contract: Contract }} lab
   * @param {Element} root
   */
  constructor(lab, root) {
    this.lab = lab;
    this.root = root;
    addEventListener('message', (event) => this.#receive(event));
    new ResizeObserver(() => this.#tell_height()).observe(root);
    this.#post({ type: 'ready' });
    this.#tell_height();
    this.#post({ type: 'state', state: shared(lab.state()) });
  }

  /** @param {Message} message */
  #post(message) {
    // The page around may be of any origin; the message contains only what the reader sees.
    parent.postMessage({ attnlab: 1, ...message }, '*');
  }

  /** @param {MessageEvent} event */
  #receive({ source, data }) {
    if (source !== parent || data === null || typeof data !== 'object' || data.attnlab !== 1) return;
    const actions = this.lab.contract.actions.filter(({ message }) => message);
    if (actions.some(({ id }) => id === data.type)) this.lab.act(data.type);
    else if (data.type === 'load') this.lab.load(query_of(data));
    else if (data.type === 'get') this.#answer(data.id);
  }

  /** @param {unknown} id */
  async #answer(id) {
    const error = await this.lab.whole();
    const answer = error ? { type: 'error', error } : { type: 'state', state: shared(this.lab.state()) };
    this.#post(is_plain(id) ? { ...answer, id } : answer);
  }

  #tell_height() {
    const height = Math.ceil(this.root.getBoundingClientRect().height);
    if (Math.abs(height - this.#told.height) < 2) return;
    this.#told.height = height;
    this.#post({ type: 'height', height });
  }

  /**
   * The state changed: sends what is new, progress at most five times a second.
   * @param {State} state
   */
  update(state) {
    clearTimeout(this.#later);
    const told = this.#told;
    const now = performance.now();
    if (state.state === told.state && state.query === told.query && now - told.at < tell_every_ms) {
      this.#later = setTimeout(() => this.update(this.lab.state()), tell_every_ms);
      return;
    }
    told.at = now;
    if (state.fraction !== told.fraction) this.#post({ type: 'progress', fraction: state.fraction });
    if (state.state !== told.state || state.query !== told.query) {
      this.#post({ type: 'state', state: shared(state) });
    }
    if (state.state === 'finished' && told.state !== 'finished') {
      this.#post({ type: 'result', state: shared(state) });
    }
    if (state.error && state.error !== told.error) this.#post({ type: 'error', error: state.error });
    const { fraction, query, error } = state;
    Object.assign(told, { state: state.state, fraction, query, error });
  }
}
