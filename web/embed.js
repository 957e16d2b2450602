// <attention-lab experiment="icl-risk" heads="1,2" height="480"></attention-lab>: the lab in your page.
// A sandboxed frame that starts when it comes near the visible area.
//
// Attributes: experiment, preset, seed and every parameter of `attnlab list` set the state; run (also
// empty) starts at once; lock="heads,seed" names what the reader cannot change (also experiment,
// preset); ui="min" shows figure, run bar and unlocked controls only; theme="light|dark|auto";
// height="480" (pixels; without it the lab is as high as its content); query="e=...": a permalink.
// Methods: load({query} or {experiment, parameters, seed}), run(), pause(), step(), reset(), get()
// (a promise of the state). Events: attnlab-ready, -state, -progress, -result, -error; detail is the
// message.
(() => {
  const { src } = /** @type {HTMLScriptElement} */ (document.currentScript);
  const base = new URL('.', src).href;
  const own = new Set(['id', 'class', 'style', 'title', 'lang', 'dir', 'hidden', 'slot', 'part',
    'tabindex', 'role', 'experiment', 'query', 'height', 'run', 'sandbox']);
  const sandbox = 'allow-scripts allow-same-origin allow-downloads';
  const first_height = 560;
  const most_height = 4000;

  class AttentionLab extends HTMLElement {
    /** @type {HTMLIFrameElement | undefined} */
    #frame;
    /** @type {Message[]} */
    #waiting = []; // messages until the frame is ready
    /** @type {Map<number, (state: unknown) => void>} */
    #asked = new Map(); // promises of get(), by the id of the answer
    #asks = 0;
    #ready = false;
    /** @type {IntersectionObserver | undefined} */
    #near;
    #receive = (/** @type {MessageEvent} */ event) => this.#take(event);

    connectedCallback() {
      if (!this.style.display) this.style.display = 'block';
      this.style.minHeight = `${this.#fixed_height() || first_height}px`;
      addEventListener('message', this.#receive);
      this.#near = new IntersectionObserver((entries) => {
        if (entries.some(({ isIntersecting }) => isIntersecting)) this.#start();
      }, { rootMargin: '200px' });
      this.#near.observe(this);
    }

    disconnectedCallback() {
      removeEventListener('message', this.#receive);
      this.#near?.disconnect();
      this.#frame?.remove();
      this.#frame = undefined;
      if (this.#ready) this.#waiting = [...this.#asked.keys()].map((id) => ({ type: 'get', id }));
      this.#ready = false;
    }

    /** @param {object} state */
    load(state) {
      this.#send({ ...state, type: 'load' });
    }

    run() {
      this.#send({ type: 'run' });
    }

    pause() {
      this.#send({ type: 'pause' });
    }

    step() {
      this.#send({ type: 'step' });
    }

    reset() {
      this.#send({ type: 'reset' });
    }

    get() {
      const id = ++this.#asks;
      this.#send({ type: 'get', id });
      return new Promise((resolve) => this.#asked.set(id, resolve));
    }

    #fixed_height() {
      const height = Number(this.getAttribute('height'));
      return height > 0 ? Math.min(height, most_height) : 0;
    }

    #address() {
      const hash = new URLSearchParams(this.getAttribute('query')?.replace(/^.*#/, '') ?? '');
      const experiment = this.getAttribute('experiment');
      if (experiment !== null) hash.set('e', experiment);
      for (const { name, value } of this.attributes) {
        if (!own.has(name) && !/^(data-|aria-|on)/.test(name)) hash.set(name, value);
      }
      if (this.hasAttribute('run') && this.getAttribute('run') !== '0') hash.set('run', '1');
      const search = new URLSearchParams({ embed: '1' });
      if (this.#fixed_height()) search.set('fit', '1');
      return `${base}index.html?${search}#${hash}`;
    }

    #start() {
      if (this.#frame) return;
      this.#near?.disconnect();
      const frame = document.createElement('iframe');
      frame.setAttribute('sandbox', this.getAttribute('sandbox') ?? sandbox);
      frame.allow = 'clipboard-write';
      frame.title = this.title || 'Attention Lab: interactive figure';
      frame.style.cssText = 'display: block; width: 100%; border: 0';
      frame.style.height = `${this.#fixed_height() || first_height}px`;
      frame.src = this.#address();
      this.#frame = frame;
      this.append(frame);
    }

    /** @param {Message} message */
    #send(message) {
      if (this.#ready) this.#frame?.contentWindow?.postMessage({ ...message, attnlab: 1 }, '*');
      else this.#waiting.push(message);
    }

    /** @param {MessageEvent} event */
    #take({ source, data }) {
      if (!this.#frame || source !== this.#frame.contentWindow) return;
      if (data === null || typeof data !== 'object' || data.attnlab !== 1) return;
      if (data.type === 'ready') {
        this.#ready = true;
        for (const message of this.#waiting.splice(0)) this.#send(message);
      } else if (data.type === 'height' && data.height > 0 && !this.#fixed_height()) {
        const height = `${Math.min(data.height, most_height)}px`;
        this.#frame.style.height = height;
        this.style.minHeight = height;
      } else if (data.type === 'state') {
        // A message without an id may be older than the question.
        this.#asked.get(data.id)?.(data.state);
        this.#asked.delete(data.id);
      }
      this.dispatchEvent(new CustomEvent(`attnlab-${data.type}`, { detail: data }));
    }
  }

  if (!customElements.get('attention-lab')) customElements.define('attention-lab', AttentionLab);
})();
