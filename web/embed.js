// <attention-lab experiment="icl-risk" heads="1,2" height="480"></attention-lab>: the lab in a page of
// yours. A sandboxed frame that starts when it comes near the screen.
//
// Attributes: experiment, preset, seed and every parameter of `attnlab list` set the state; run (also
// empty) starts at once; lock="heads,seed" fixes what the reader must not change (also experiment,
// preset); ui="min" shows figure, run bar and unlocked controls only; theme="light|dark|auto"; draw="svg" draws the
// figure as an SVG; height="480" (pixels; without it the lab is as high as its content); query="e=...": a permalink;
// base="https://host/lab/": the folder of index.html (or its address), where it is not the folder of this script.
// A changed attribute changes the lab. Those named here are also properties, and `parameters` takes an object.
// Methods: load({query} or {experiment, parameters, seed}), run(), pause(), step(), reset(), get()
// (a promise of the state, rejected where the lab cannot be loaded). Events, which bubble: attnlab-ready,
// -state, -progress, -result, -error; detail is the message.
(() => {
  const settings = ['experiment', 'preset', 'seed', 'query', 'height', 'lock', 'ui', 'theme', 'draw', 'figure', 'auto', 'sandbox', 'base'];
  const of_frame = new Set(['query', 'height', 'run', 'sandbox', 'credentialless', 'base']); // the others go into the link
  // What pages and frameworks put on any element, and on frames.
  const foreign = new Set(('accesskey align allow allowfullscreen autocapitalize autofocus border class color ' +
    'contenteditable dir draggable enterkeyhint exportparts frameborder hidden id inert inputmode is itemid itemprop ' +
    'itemref itemscope itemtype key lang loading marginheight marginwidth name nonce part popover ref referrerpolicy ' +
    'role scrolling slot spellcheck src srcdoc style tabindex title translate width').split(' '));
  const link_name = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;
  const foreign_prefix = /^(aria|astro|data|hx|ng|on|svelte|v|x)-|^on[a-z]/;
  const sandbox = 'allow-scripts allow-same-origin allow-downloads';
  const first_height = 560;
  const most_height = 4000;
  // The others count from the frame's document. A lab says that it starts before its document has loaded.
  const patience_ms = { document: 60_000, starting: 1500, ready: 30_000 };

  /** The folder that this script came from; '' where it does not come from a file of its name. The place where an
   *  error is made is in this text, not in another script of the page; modules have no other name. Text that a
   *  script evaluates comes from no file. */
  const script_base = (() => {
    const [here = ''] = (new Error().stack ?? '').split('\n').filter((line) => line.trim() && !/^Error\b/.test(line));
    const [, file] = /^(?:\s*at (?:[^()]*\()?|[^@]*@)(\w+:\/\/[^\s()]*\/embed\.js)(?:[?#][^\s()]*)?:\d+(?::\d+)?\)?$/.exec(here) ?? [];
    return file ? new URL('.', file).href : '';
  })();

  // Pages that are made for paper show all their labs, also those that nobody comes near: reveal.js says so in the
  // address, and programs that make PDFs by the media.
  const for_paper = /[?&]print-pdf\b/.test(location.search) || matchMedia('print').matches;

  class AttentionLab extends HTMLElement {
    /** @type {HTMLIFrameElement | undefined} */
    #frame;
    #made_of = ''; // what of the frame only another frame can change
    #shows = ''; // the link it was given last
    #ran = false; // the attribute run has been obeyed
    /** @type {Message[]} */
    #waiting = []; // messages until the frame is ready
    /** @type {Map<number, { resolve(state: unknown): void, reject(error: Error): void }>} */
    #asked = new Map(); // what get() promised, by the id its answer carries
    #asks = 0;
    #ready = false;
    #starts = false; // the frame has a lab
    #patience = 0;
    #failed = ''; // why the lab cannot be shown, until it can
    /** @type {IntersectionObserver | undefined} */
    #near;
    #watch = new MutationObserver(() => this.#follow());
    #receive = (/** @type {MessageEvent} */ event) => this.#take(event);

    connectedCallback() {
      this.#take_early_properties();
      this.#lay_out();
      this.style.minHeight = `${this.#fixed_height() || first_height}px`;
      addEventListener('message', this.#receive);
      this.#watch.observe(this, { attributes: true });
      this.#near = new IntersectionObserver((entries) => {
        if (entries.some(({ isIntersecting }) => isIntersecting)) this.#start();
      }, { rootMargin: '200px' });
      this.#near.observe(this);
      if (for_paper || this.#waiting.some(({ type }) => ['get', 'run', 'step'].includes(type))) this.#start();
    }

    disconnectedCallback() {
      removeEventListener('message', this.#receive);
      this.#watch.disconnect();
      this.#near?.disconnect();
      this.#close();
    }

    /** @param {object} state */
    load(state) {
      this.#send({ ...state, type: 'load' });
    }

    /** Runs; as step(), it starts the lab, however far it is from the screen. */
    run() {
      this.#send({ type: 'run' });
      if (this.isConnected) this.#start();
    }

    pause() {
      this.#send({ type: 'pause' });
    }

    step() {
      this.#send({ type: 'step' });
      if (this.isConnected) this.#start();
    }

    reset() {
      this.#send({ type: 'reset' });
    }

    /** Whether the lab can be printed as it is. */
    get ready() {
      return this.#ready;
    }

    /** The lab's state; starts the lab, however far it is from the screen. */
    get() {
      this.#follow_now();
      if (this.#failed) return Promise.reject(new Error(this.#failed));
      const id = ++this.#asks;
      return new Promise((resolve, reject) => {
        this.#asked.set(id, { resolve, reject });
        this.#send({ type: 'get', id });
        if (this.isConnected) this.#start();
      });
    }

    /** @param {Record<string, unknown>} values */
    set parameters(values) {
      for (const [name, value] of Object.entries(values ?? {})) set_attribute(this, name, value);
    }

    /** Properties that a framework has set before this class was known. */
    #take_early_properties() {
      for (const name of [...settings, 'parameters', 'run']) {
        if (!Object.hasOwn(this, name)) continue;
        const self = /** @type {any} */ (this);
        const value = self[name];
        delete self[name];
        self[name] = value;
      }
    }

    /** A block, unless its page hides it or says otherwise. */
    #lay_out() {
      if (this.hidden && this.style.display === 'block') this.style.display = '';
      else if (!this.hidden && !this.style.display) this.style.display = 'block';
    }

    #fixed_height() {
      const height = Number(this.getAttribute('height'));
      return height > 0 ? Math.min(height, most_height) : 0;
    }

    #runs() {
      return this.hasAttribute('run') && this.getAttribute('run') !== '0';
    }

    /** The state that the attributes say. A permalink goes to the lab as it is: core knows how mails leave them. */
    #link() {
      const attributes = new URLSearchParams();
      for (const { name, value } of this.attributes) {
        if (name === 'experiment') attributes.set('e', value);
        else if (link_name.test(name) && !of_frame.has(name) && !foreign.has(name) && !foreign_prefix.test(name)) {
          attributes.set(name, value);
        }
      }
      return [this.getAttribute('query') ?? '', String(attributes)].filter(Boolean).join('&');
    }

    /** The folder with index.html, which may be named too; undefined where neither attribute nor script names one. */
    #base() {
      const base = this.getAttribute('base') ?? script_base;
      if (!base) return undefined;
      try {
        const folder = new URL(base, document.baseURI);
        folder.search = folder.hash = '';
        folder.pathname = folder.pathname.replace(/\/[^/]*\.html?$/, '/').replace(/\/?$/, '/');
        return folder.href;
      } catch {
        return undefined;
      }
    }

    #frame_needs() {
      const names = ['base', 'sandbox', 'credentialless', 'lock', 'ui', 'theme', 'draw', 'figure', 'auto'];
      return JSON.stringify([this.#fixed_height() > 0, ...names.map((name) => this.getAttribute(name))]);
    }

    #start() {
      if (this.#frame) return;
      this.#near?.disconnect();
      const base = this.#base();
      if (base === undefined) {
        this.#fail('The lab does not know where its files are. Set base="..." of <attention-lab> to the folder with ' +
          'its index.html.');
        return;
      }
      const frame = document.createElement('iframe');
      const search = new URLSearchParams({ embed: '1' });
      if (this.#fixed_height()) search.set('fit', '1');
      this.#made_of = this.#frame_needs();
      this.#shows = this.#link();
      this.#ran = this.#runs();
      const allowed = this.getAttribute('sandbox') ?? sandbox;
      frame.setAttribute('sandbox', allowed);
      // In a frame of opaque origin, 'self' of the page's policy names nothing in WebKit: there it is the one file.
      const page = allowed.includes('allow-same-origin') ? 'index.html' : 'attention-lab.html';
      frame.toggleAttribute('credentialless', this.hasAttribute('credentialless'));
      frame.allow = 'clipboard-write';
      frame.title = this.title || 'Attention Lab: interactive figure';
      frame.style.cssText = 'display: block; width: 100%; border: 0';
      frame.style.height = `${this.#fixed_height() || first_height}px`;
      frame.src = `${base}${page}?${search}#${this.#shows}${this.#ran ? '&run=1' : ''}`;
      frame.addEventListener('load', () => {
        if (frame === this.#frame && !this.#ready) this.#wait(this.#starts ? patience_ms.ready : patience_ms.starting);
      });
      this.#frame = frame;
      this.#wait(patience_ms.document);
      this.replaceChildren(frame);
    }

    /** @param {number} ms */
    #wait(ms) {
      clearTimeout(this.#patience);
      this.#patience = setTimeout(() => this.#fail(`What is at ${this.#base()} did not start as the lab. If its files ` +
        'are elsewhere, set base="..." of <attention-lab> to the folder with its index.html.'), ms);
    }

    #close() {
      clearTimeout(this.#patience);
      this.#frame?.remove();
      this.#frame = undefined;
      this.#failed = '';
      this.#starts = false;
      if (this.#ready) this.#waiting = [...this.#asked.keys()].map((id) => ({ type: 'get', id }));
      this.#ready = false;
    }

    /** Attributes that were changed before a message come before it. */
    #follow_now() {
      if (this.#watch.takeRecords().length > 0) this.#follow();
    }

    /** The attributes are others now. */
    #follow() {
      this.#lay_out();
      const frame = this.#frame;
      if (!frame) {
        if (this.#failed) { // for want of a base
          this.#failed = '';
          this.#start();
        }
        return;
      }
      const height = this.#fixed_height();
      if (height) this.style.minHeight = frame.style.height = `${height}px`;
      const link = this.#link();
      // What is locked stays for every message, but not for the page that locks it.
      const another = this.#made_of !== this.#frame_needs() || (link !== this.#shows && this.hasAttribute('lock'));
      if (another) {
        this.#close();
        this.#start();
        return;
      }
      if (link !== this.#shows) this.load({ query: link });
      this.#shows = link;
      if (this.#runs() && !this.#ran) this.run();
      this.#ran = this.#runs();
    }

    /**
     * The lab cannot be shown: says so in its place, unless a lab is there.
     * @param {string} error
     */
    #fail(error) {
      clearTimeout(this.#patience);
      this.#failed = error;
      if (!this.#starts) {
        if (this.#frame) this.#frame.style.display = 'none'; // what it shows is not ours, or nothing
        const sentence = document.createElement('p');
        sentence.setAttribute('role', 'alert');
        sentence.textContent = error;
        for (const node of [...this.childNodes]) if (node !== this.#frame) node.remove(); // a moved frame loads again
        this.append(sentence);
      }
      for (const { reject } of this.#asked.values()) reject(new Error(error));
      this.#asked.clear();
      this.#waiting = this.#waiting.filter(({ type }) => type !== 'get');
      this.#tell({ type: 'error', error });
    }

    /** @param {Message} detail */
    #tell(detail) {
      this.dispatchEvent(new CustomEvent(`attnlab-${detail.type}`, { detail, bubbles: true, composed: true }));
    }

    /** @param {Message} message */
    #send(message) {
      this.#follow_now();
      if (this.#ready) this.#frame?.contentWindow?.postMessage({ ...message, attnlab: 1 }, '*');
      else this.#waiting.push(message);
    }

    /** @param {MessageEvent} event */
    #take({ source, data }) {
      if (!this.#frame || source !== this.#frame.contentWindow) return;
      if (data === null || typeof data !== 'object' || data.attnlab !== 1) return;
      if (!this.#starts) { // also late, or a lab that is older than this script
        this.#starts = true;
        this.#failed = '';
        this.#frame.style.display = 'block';
        this.querySelector('[role="alert"]')?.remove();
        this.#wait(patience_ms.document);
      }
      if (data.type === 'starting') return;
      if (data.type === 'ready') {
        clearTimeout(this.#patience);
        this.#failed = '';
        this.#ready = true;
        for (const message of this.#waiting.splice(0)) this.#send(message);
      } else if (data.type === 'height' && data.height > 0 && !this.#fixed_height()) {
        const height = `${Math.min(data.height, most_height)}px`;
        this.#frame.style.height = height;
        this.style.minHeight = height;
      } else if (data.type === 'state') {
        // News without an id may be older than the question.
        this.#asked.get(data.id)?.resolve(data.state);
        this.#asked.delete(data.id);
      } else if (data.type === 'error' && this.#asked.has(data.id)) {
        this.#asked.get(data.id)?.reject(new Error(String(data.error)));
        this.#asked.delete(data.id);
        return;
      } else if (data.type === 'error' && !this.#ready) {
        this.#fail(String(data.error));
        return;
      }
      this.#tell(data);
    }
  }

  /** @param {HTMLElement} element @param {string} name @param {unknown} value */
  function set_attribute(element, name, value) {
    if (value === undefined || value === null || value === false) element.removeAttribute(name);
    else element.setAttribute(name, value === true ? '' : String(value));
  }

  for (const name of settings) {
    Object.defineProperty(AttentionLab.prototype, name, {
      configurable: true,
      enumerable: true,
      get() { return this.getAttribute(name); },
      set(value) { set_attribute(this, name, value); },
    });
  }
  // `run` is an attribute and a method: read it is the method, set it is the attribute.
  const { run } = AttentionLab.prototype;
  Object.defineProperty(AttentionLab.prototype, 'run', {
    configurable: true,
    get() { return run; },
    set(value) { set_attribute(this, 'run', value); },
  });

  if (customElements.get('attention-lab')) return; // the page has this script twice
  customElements.define('attention-lab', AttentionLab);
  // A browser does not wait for labs that are still to come before it prints: on Ctrl+P, this does.
  addEventListener('keydown', async (event) => {
    const prints = (event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey && event.key.toLowerCase() === 'p';
    if (!prints || event.defaultPrevented) return;
    const labs = /** @type {AttentionLab[]} */ ([...document.querySelectorAll('attention-lab')]);
    const missing = labs.filter((lab) => lab.ready === false);
    if (missing.length === 0) return;
    event.preventDefault();
    await Promise.allSettled(missing.map((lab) => lab.get()));
    print();
  });
})();
