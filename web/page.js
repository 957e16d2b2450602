// The page: starts the module, provides the functions of host.h, and draws only when something changed.
// docs/web.md has the contracts between the files of this folder.
import create_attnlab from './attnlab.js';
import { attach_canvas } from './canvas.js';
import { by_id as $, message_of, set_text, state_in } from './dom.js';
import {
  bytes_of, call, compile, import_again, instance, jobs_file, mixed_builds, part, put, start_worker, worker_problem,
} from './files.js';
import { Tools, copy_text, notice, save_file } from './tools.js';
import { Twin } from './twin.js';

const details = () => /** @type {HTMLDetailsElement} */ ($('twin_details'));
const seconds = () => performance.now() / 1000;
const memory_bytes = 3e9; // of all workers together; the limit of WebAssembly is 4 GB a worker
const max_workers = 8;
const weak_battery = 0.2; // of its charge
const max_height = 4000; // of the canvas, in CSS pixels

// --- Error messages ----------------------------------------------

/**
 * The drawing cannot be shown; everything else may still work, unless trying again is all that is left.
 * @param {string} sentence @param {() => void} [again] how to
 */
function cover(sentence, again) {
  $('cover').hidden = !sentence;
  $('cover').classList.add('failed');
  $('first').hidden = true;
  $('cover_progress').hidden = true;
  set_text($('cover_text'), sentence);
  $('again').hidden = !again;
  $('again').onclick = again ?? null;
}

const reload = () => location.reload();

// --- Modules -------------------------------------------------------------------------------------

/** Smallest module with a vector instruction: a browser that rejects it cannot run the lab. */
const simd_probe = new Uint8Array([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15,
  253, 98, 11,
]);

// --- Permalinks ----------------------------------------------------------------------------------

const worker_count = () => Math.max(1, Math.min(navigator.hardwareConcurrency || 2, max_workers));
let written_hash = '';

/** @param {string} query */
function show_permalink(query) {
  if (location.hash.slice(1) === query) return;
  written_hash = query;
  try {
    history.replaceState(null, '', `#${query}`);
  } catch {
    // A page without an address of its own (some frames and previews) cannot store it.
  }
}

/** @param {string} query */
const link_text = (query) => `${location.origin}${location.pathname}#${query}`;

/** @param {boolean} dark */
function show_theme(dark) {
  document.documentElement.dataset.theme = dark ? 'dark' : 'light';
}

const more = matchMedia('(prefers-contrast: more)');
const forced = matchMedia('(forced-colors: active)');
/** 0; 2: the reader asks for more contrast; 4: the reader's system forces its colours. */
const contrast = () => (forced.matches ? 4 : more.matches ? 2 : 0);

// --- The lab -------------------------------------------------------------------------------------

const later = /** @type {any} */ (undefined); // set by start()

class Lab {
  /** @type {AppModule} */
  app = later;
  /** @type {Contract} */
  contract = later;
  /** @type {Experiment[]} */
  experiments = later;
  /** @type {import('./workers.js').WorkerPool | undefined} */
  pool;
  /** @type {Tools} */
  tools = later;
  /** @type {Twin} */
  twin = later;
  /** @type {JobsModule | undefined} */
  parts;
  /** @type {import('./messages.js').Messages | undefined} */
  messages;
  /** @type {ReturnType<typeof attach_canvas> | undefined} */
  keyboard;
  #load_pool = () => 0;
  /** @type {import('./drawing.js').Drawing | undefined} */
  drawing;
  #surface = ''; // what shows the figure: 'canvas' or 'svg'
  #shown = ''; // the same, once it does
  #lost = false; // the canvas' context
  #no_canvas = false;
  /** @type {import('./walk.js').Walk | undefined} */
  #walk;
  /** @type {import('./still.js').Stills | undefined} */
  #stills;
  /** @type {Promise<WebAssembly.Module> | undefined} */
  #compiled;
  /** @type {Promise<void> | undefined} */
  #parts_loading;
  #problem = ''; // why its module did not come
  /** @type {Promise<import('./oracle.js').OwnBox> | undefined} */
  #box;
  /** @type {Promise<import('./layer.js').LayerText | undefined> | undefined} */
  #layer;
  #frame = 0; // of requestAnimationFrame
  #late = 0; // the timer of its absence
  #unseen = false;
  #dirty = false;
  /** @type {number[]} */
  #settle = [];
  #poll_queued = false;
  #wake = 0;
  #refresh = 0;

  async start() {
    // The address of a state mostly needs the workers' module from the start.
    if (state_in(location.hash).startsWith('e=')) this.#jobs().catch(() => {});
    const [compiled, opening] = await Promise.all([compile('attnlab.wasm'), bytes_of('opening.bin')]);
    this.app = await instance(create_attnlab, compiled, { host: this.#host() });
    this.#must('opening.bin', call(this.app, '_app_opening', opening, opening.length));
    call(this.app, '_app_open', state_in(location.hash), location.search, memory_bytes);
    if (this.app._app_waits_for_parts()) await this.#load_parts();
    Object.assign(this, JSON.parse(this.#text(this.app._app_experiments()))); // contract, experiments
    this.twin = new Twin({
      body: $('twin_body'),
      details: details(),
      live: $('live'),
      contract: this.contract,
      experiments: this.experiments,
      act: (...call) => this.#act(...call),
    });
    this.tools = new Tools({
      contract: this.contract,
      state: () => this.#state(),
      act: (...call) => this.#act(...call),
      load: (query) => this.#load(query),
      jobs: () => this.#jobs(),
      workers: worker_count(),
      run: () => ({
        journal: this.#text(this.app._app_journal()),
        kept: this.#kept_journals(),
        figure: this.app._app_figure(),
        dark: this.app._app_dark() === 1,
      }),
      family: () => this.#experiment(this.#state()).family,
    });
    this.#show_page(this.#state());
    this.#listen();
    this.#follow_system();
    // The precomputed default result (first.svg is its picture).
    if (!state_in(location.hash)) this.app._app_adopt();
    await this.#show_figure(this.#state());
    document.documentElement.dataset.ready = 'true';
    this.redraw();
    this.#prefetch_parts();
    this.#warm_up();
    this.#spare_battery();
    await Promise.all([this.#serve_frame(), this.#keep_stills()]);
  }

  /** The pool of workers as C++ sees it: loaded when it is first needed, without a free worker until then. */
  #workers() {
    let held = false;
    let problem = '';
    /** @type {Promise<void> | undefined} */
    let loading;
    const load = this.#load_pool = () => {
      loading ??= part('workers.js', import('./workers.js')).then(({ WorkerPool }) => {
        this.pool = new WorkerPool({
          total: worker_count(),
          start: start_worker,
          missing: worker_problem,
          module: () => this.#jobs(),
          news: (...news) => this.#news(...news),
          ask: async (question) => (await this.#own_box()).ask(question),
          changed: () => this.#poll_soon(),
          notice,
        });
        this.pool.hold(held);
        this.#poll_soon();
      }).catch((error) => {
        problem = message_of(error);
        this.#poll_soon();
      });
      return 0;
    };
    return {
      total: worker_count,
      free: () => this.pool?.free() ?? load(),
      /** @param {number} ticket @param {string} query @param {number} index */
      post: (ticket, query, index) => this.pool?.post(ticket, query, index),
      /** @param {number} count */
      spare: (count) => this.pool?.spare(count),
      /** @param {boolean} hold */
      hold: (hold) => {
        held = hold;
        this.pool?.hold(hold);
      },
      drop: () => {
        if (problem) loading = undefined; // the next run may try again
        problem = '';
        this.pool?.drop();
      },
      problem: () => this.pool?.problem() ?? problem,
    };
  }

  /** The workers' module, compiled once for all workers. A failed download is tried again. */
  #jobs() {
    this.#compiled ??= compile(jobs_file()).catch((error) => {
      this.#compiled = undefined;
      throw error;
    });
    return this.#compiled;
  }

  /** Fetched after the first frame, so that neither Run nor the first change waits for it; a course page
   *  with several labs fetches it when the first of them is used. */
  #prefetch_parts() {
    if (document.documentElement.classList.contains('embedded')) return;
    setTimeout(() => this.#parts_loaded().catch(() => {}), 100);
  }

  /** An instance of the workers' module in the page: it knows all experiments, plans their runs and computes
   *  what they find (tables, claims and figures). A failed download is tried again when it is needed. */
  #parts_loaded() {
    this.#parts_loading ??= part('jobs.js', this.#problem ? import_again('jobs.js') : import('./jobs.js'), '').then(async ({ default: create_jobs }) => {
      const parts = await instance(create_jobs, await this.#jobs());
      parts._compute_faces();
      const faces = this.#copied(parts);
      this.parts = parts;
      this.#must('jobs.js', this.app._app_parts_arrived(...faces));
      this.app._free(faces[0]);
      this.#problem = '';
      if (!this.tools) return;
      this.experiments = JSON.parse(this.#text(this.app._app_experiments())).experiments;
      this.twin.experiments = this.experiments;
      this.#refresh_now();
      this.redraw();
    }).catch((error) => {
      this.#parts_loading = undefined;
      this.#problem = message_of(error);
      if (this.tools) this.#refresh_now(); // says so
      throw error;
    });
    return this.#parts_loading;
  }

  async #load_parts() {
    if (this.#shown) cover('');
    await this.#parts_loaded().catch(() => {});
  }

  /** Why what was asked for cannot be shown; '' while it can, or may still come. */
  #missing() {
    if (!this.#problem || this.#parts_loading || !this.app._app_waits_for_parts()) return '';
    return `This part of the lab could not be loaded: ${this.#problem}.`;
  }

  /** Covers the figure while trying again is all that is left: whatever is asked for waits, too. */
  #cover_missing() {
    const sentence = this.#missing();
    if (sentence) cover(sentence, () => this.#load_parts());
  }

  /** Copies the bytes that the other module left to the app's heap: [address, length].
   *  @param {JobsModule} parts @returns {[number, number]} */
  #copied(parts) {
    const begin = parts._compute_bytes() >>> 0;
    const length = parts._compute_bytes_size();
    return [put(this.app, parts.HEAPU8.subarray(begin, begin + length)), length];
  }

  /** What compute_findings, compute_details and compute_plan leave, on the app's heap; undefined while their
   *  module loads or if memory is short.
   *  @param {'findings' | 'details' | 'plan'} what @param {string} query @param {Uint8Array} outputs */
  #answer(what, query, outputs) {
    const { parts } = this;
    if (!parts) {
      this.#load_parts();
      return undefined;
    }
    try {
      const found = what === 'plan' ? call(parts, '_compute_plan', query)
        : call(parts, `_compute_${what}`, query, outputs, outputs.length);
      if (!found) throw parts.UTF8ToString(parts._compute_text());
      return this.#copied(parts);
    } catch (error) {
      notice(`The ${what} cannot be shown: ${message_of(error)}.`);
      return undefined;
    }
  }

  async #serve_frame() {
    if (parent === window) return;
    const { Messages } = await part('messages.js', import('./messages.js'), '');
    this.messages = new Messages({
      state: () => this.#state(),
      load: (query) => this.#load(query),
      act: (action) => this.#act(action, '', ''),
      whole: async () => {
        if (this.app._app_waits_for_parts()) await this.#load_parts();
        return this.#missing();
      },
      contract: this.contract,
    }, /** @type {HTMLElement} */ (document.querySelector('main')));
  }

  async #keep_stills() {
    if (!this.keyboard) return;
    const canvas = /** @type {HTMLCanvasElement} */ ($('canvas'));
    const loaded = await part('still.js', import('./still.js')).catch((error) => {
      // Said when a picture is wanted; the lab needs none.
      const say = () => notice(`The figure has no still picture: ${message_of(error)}.`);
      addEventListener('beforeprint', say);
      if (parent !== window) new IntersectionObserver(([{ isIntersecting }]) => isIntersecting || say()).observe(canvas);
    });
    if (!loaded) return;
    this.#stills = new loaded.Stills({
      canvas,
      draw: (paper) => {
        this.app._app_paper(Number(paper));
        this.app._app_frame(seconds());
        this.app._app_paper(0);
      },
      rests: parent !== window,
    });
  }

  /** @param {State} state @returns {Experiment} */
  #experiment(state) {
    return this.experiments.find(({ id }) => id === state.experiment) ?? this.experiments[0];
  }

  /** @returns {State} */
  #state() {
    const state = JSON.parse(this.#text(this.app._app_state()));
    const missing = this.#missing();
    return missing ? { ...state, status: missing, error: missing } : state;
  }

  /**
   * Loads a state from a message, a file or the history; locked values stay.
   * @param {string} query
   */
  #load(query) {
    call(this.app, '_app_load', query);
    this.#refresh_now();
    this.#input();
  }

  #host() {
    return {
      show_permalink,
      link_text,
      copy_text: (/** @type {string} */ text) => { copy_text(text); },
      save_file,
      state_changed: () => this.#refresh_soon(),
      theme_changed: show_theme,
      answer: (/** @type {['findings' | 'details' | 'plan', string, Uint8Array]} */ ...question) => this.#answer(...question),
      fetch_parts: () => { this.#load_parts(); },
      set_cursor: (/** @type {string} */ cursor) => { $('canvas').style.cursor = cursor; },
      clipboard_text: () => this.keyboard?.pasted() ?? '',
      workers: this.#workers(),
    };
  }

  /** The canvas, opened when it is first wanted; false where there is no WebGL 2. */
  #has_canvas() {
    if (this.keyboard || this.#no_canvas) return !this.#no_canvas;
    this.#no_canvas = this.app._app_canvas() !== 1;
    if (this.#no_canvas) return false;
    this.keyboard = attach_canvas({
      canvas: /** @type {HTMLCanvasElement} */ ($('canvas')),
      field: /** @type {HTMLInputElement} */ ($('typed')),
      app: this.app,
      contract: this.contract,
      redraw: () => this.#input(),
      draw_now: () => this.#draw(),
      lost: (lost) => {
        this.#lost = lost && !this.#stills?.resting;
        this.#show_figure(this.#state());
      },
    });
    return true;
  }

  /**
   * The figure is on the canvas. It is made of page elements where WebGL 2 is missing, while its context is lost, and
   * for readers who ask for it (`draw=svg`); then the controls as text are open.
   * @param {State} state
   */
  async #show_figure({ page: { svg } }) {
    let canvas = !svg && !this.#lost && this.#has_canvas();
    const wanted = canvas ? 'canvas' : 'svg';
    if (wanted === this.#surface) return;
    this.#surface = wanted;
    if (!canvas) {
      try {
        await this.#load_drawing();
      } catch (error) {
        canvas = svg && !this.#lost && this.#has_canvas();
        if (canvas) {
          notice(`The figure cannot be made of page elements: ${message_of(error)}.`);
        } else {
          this.#shown = '';
          cover(`The figure cannot be drawn without WebGL 2: ${message_of(error)}.`, reload);
          return;
        }
      }
      if (this.#surface !== wanted) return; // the context came back meanwhile
    }
    if (canvas) {
      this.drawing?.show(false);
    } else {
      this.drawing?.show(true, svg ? '' : 'Drawn without WebGL 2, which this browser does not give. The controls are below.');
      details().open = true;
    }
    this.#shown = canvas ? 'canvas' : 'svg';
    document.documentElement.classList.toggle('drawn', !canvas);
    $('stage').style.height = '';
    $('cover').hidden = true;
    this.#cover_missing();
    this.#draw();
  }

  async #load_drawing() {
    const [{ Drawing }] = await Promise.all([part('drawing.js', import('./drawing.js')), this.#parts_loaded()]);
    this.drawing ??= new Drawing({ app: this.app, parts: /** @type {JobsModule} */ (this.parts), canvas: $('canvas'),
      changed: () => this.redraw(), notice, contrast, walk: () => this.#act('walk', '', '') });
  }

  #kept_journals() {
    const journals = [];
    for (let text; (text = this.#text(this.app._app_kept_journal(journals.length)));) journals.push(text);
    return journals;
  }

  /** @param {number} pointer */
  #text(pointer) {
    return this.app.UTF8ToString(pointer);
  }

  /** Throws the sentence at this address, if there is one, for bytes of this file that core refused.
   *  @param {string} name @param {number} pointer */
  #must(name, pointer) {
    const sentence = this.#text(pointer);
    if (sentence) throw new Error(`${name} was damaged or is of another version (${sentence})`);
  }

  /** @param {string} action @param {string} name @param {string} value @returns {string} */
  #act(action, name, value) {
    const sentence = this.#text(call(this.app, '_app_act', action, name, value));
    this.#refresh_now();
    this.#input();
    return sentence;
  }

  // Frames. No frame is requested while nothing changes.

  redraw() {
    this.#dirty = true;
    this.#ask();
  }

  #ask() {
    if (this.#frame) return;
    this.#frame = requestAnimationFrame(() => {
      clearTimeout(this.#late);
      this.#frame = 0;
      this.#unseen = false;
      this.#poll();
      if (this.#dirty) this.#draw();
    });
    // Frames of a page that are far from the screen, or not displayed, get no animation frames.
    this.#late = setTimeout(() => {
      this.#unseen = true;
      this.#poll_soon();
    }, 500);
  }

  #draw() {
    this.#dirty = false;
    if (this.#shown === 'svg') this.drawing?.draw();
    if (this.#shown !== 'canvas') return;
    if (this.app._app_frame(seconds())) this.redraw();
    // A narrow lab is as tall as its content; the style sheet sets the height of a wide one.
    const wanted = Math.min(Math.ceil(this.app._app_wanted_height()), max_height);
    const height = wanted ? `${wanted}px` : '';
    if ($('stage').style.height === height) return;
    // Not at once: this may be the observer of the canvas' size, which must not change it.
    requestAnimationFrame(() => {
      if (this.#shown === 'canvas') $('stage').style.height = height;
      this.redraw(); // content that had to scroll may fit now, which changes the height again
    });
  }

  /** Draws after input: now, and twice later for tooltips that open after a delay. */
  #input() {
    this.redraw();
    this.#go_on();
    this.#settle.forEach(clearTimeout);
    this.#settle = [250, 700].map((delay) => setTimeout(() => this.redraw(), delay));
  }

  // Jobs.

  #poll() {
    if (this.app._app_poll(seconds())) this.redraw();
    clearTimeout(this.#wake);
    const wait = this.app._app_wait(); // until a hand counts as resting, or never
    if (Number.isFinite(wait)) this.#wake = setTimeout(() => this.#go_on(), 1000 * wait);
  }

  /** Workers start with the first sign of a hand: the first change is answered without that wait. */
  #warm_up() {
    const signs = ['pointermove', 'pointerdown', 'keydown'];
    const warm = () => {
      signs.forEach((sign) => removeEventListener(sign, warm, true));
      this.#load_pool();
    };
    signs.forEach((sign) => addEventListener(sign, warm, true));
  }

  /** Drafts wait for a resting hand on a weak battery, where the browser tells of one. */
  async #spare_battery() {
    const battery = await navigator.getBattery?.();
    if (!battery) return;
    const tell = () => this.app._app_thrifty(Number(!battery.charging && battery.level < weak_battery));
    battery.addEventListener('chargingchange', tell);
    battery.addEventListener('levelchange', tell);
    tell();
  }

  /** @param {number} ticket @param {NewsKind} kind @param {number} fraction @param {Uint8Array} bytes */
  #news(ticket, kind, fraction, bytes = new Uint8Array()) {
    try {
      call(this.app, '_app_job_news', ticket, this.contract.news[kind], fraction, bytes, bytes.length);
    } catch {
      bytes = new TextEncoder().encode('the page has no memory left for this output');
      call(this.app, '_app_job_news', ticket, this.contract.news.failed, 0, bytes, bytes.length);
    }
    this.#go_on();
  }

  /** Handles messages with the next frame, or at once where no frames come: in a page that nobody sees. */
  #go_on() {
    if (document.hidden || this.#unseen) this.#poll_soon();
    this.#ask();
  }

  /** A worker is free: gives it work before the next frame, once for all waiting messages. */
  #poll_soon() {
    if (this.#poll_queued || !this.app) return;
    this.#poll_queued = true;
    const turn = new MessageChannel();
    turn.port1.onmessage = () => {
      this.#poll_queued = false;
      turn.port1.close();
      this.#poll();
    };
    turn.port2.postMessage(0);
  }

  // Everything that mirrors the state.

  #refresh_soon() {
    this.#refresh ||= setTimeout(() => this.#refresh_now(), 100);
  }

  #refresh_now() {
    clearTimeout(this.#refresh);
    this.#refresh = 0;
    const state = this.#state();
    this.#show_page(state);
    if (this.#surface) this.#show_figure(state);
    if (this.#shown) this.#cover_missing();
    this.#tell_story(state);
    this.twin.update(state);
    this.messages?.update(state);
    this.tools.update(state);
    this.#show_walk(state);
    if (this.#box || state.params.box === 'own') {
      this.#own_box().then((box) => box.update(this.#state()), (error) => notice(message_of(error)));
    }
  }

  /** The reader's own black box, loaded with the first state that asks for it. */
  #own_box() {
    this.#box ??= part('oracle.js', import('./oracle.js')).then(({ OwnBox }) => new OwnBox($('own_box'), () => {
      this.#act('reset', '', '');
      this.#act('run', '', '');
    }));
    return this.#box;
  }

  /** @param {State} state */
  async #show_walk(state) {
    if (this.#walk) this.#walk.update(state);
    if (this.#walk || !state.walk) return;
    try {
      const { Walk } = await part('walk.js', import('./walk.js'));
      this.#walk ??= new Walk({ step: (name) => this.#act('walk', '', name), notice });
      this.#walk.update(this.#state());
    } catch (error) {
      notice(message_of(error));
    }
  }

  /**
   * Shows or hides the parts of the page around the lab.
   * @param {State} state
   */
  #show_page({ page: { embed, minimal, fit } }) {
    const { classList } = document.documentElement;
    classList.toggle('embedded', embed);
    classList.toggle('minimal', minimal);
    classList.toggle('fit', fit);
  }

  /** @param {State} state */
  #tell_story(state) {
    const experiment = this.#experiment(state);
    const preset = experiment.presets.find(({ name }) => name === state.preset);
    document.title = `${experiment.title} - Attention Lab`;
    set_text($('story_title'), experiment.title);
    set_text($('story_question'), experiment.question);
    set_text($('story_summary'), experiment.summary);
    $('story_preset_box').hidden = !preset;
    set_text($('story_preset'), preset?.label ?? '');
    set_text($('story_preset_text'), preset?.text ?? '');
    this.#show_layer(experiment, state);
  }

  /** @param {Experiment} experiment @param {State} state */
  async #show_layer(experiment, state) {
    if (!experiment.layer.formulas.length || !$('story').checkVisibility()) return;
    this.#layer ??= part('layer.js', import('./layer.js')).then(({ LayerText }) => new LayerText($('layer'), {
      schematic: (width) => this.#text(this.app._app_schematic(width)),
      mark: (parameter) => this.#act('mark', '', parameter),
    })).catch((error) => {
      notice(message_of(error)); // once: later refreshes leave other sentences alone
      return undefined;
    });
    (await this.#layer)?.update(experiment, state);
  }

  /** The reader's system determines colours and motion until a link or the lab's button does. */
  #follow_system() {
    const dark = matchMedia('(prefers-color-scheme: dark)');
    const still = matchMedia('(prefers-reduced-motion: reduce)');
    const tell = () => {
      this.app._app_theme(Number(dark.matches), Number(still.matches), contrast());
      show_theme(this.app._app_dark() === 1);
      this.redraw();
    };
    dark.addEventListener('change', tell);
    still.addEventListener('change', tell);
    for (const query of [more, forced]) query.addEventListener('change', tell);
    tell();
  }

  #listen() {
    document.addEventListener('visibilitychange', () => this.#go_on());
    addEventListener('beforeprint', () => this.#draw());
    addEventListener('hashchange', ({ newURL }) => {
      // Not location.hash: the permalink of the previous state may have replaced it since.
      const hash = state_in(new URL(newURL).hash);
      if (!hash || hash === written_hash) return;
      // Locks stay, whatever the hash says; also those of an address that waits.
      if (this.app._app_waits_for_parts() || this.#state().page.locked.length > 0) {
        this.#load(hash);
        return;
      }
      call(this.app, '_app_open_query', hash, location.search);
      this.#input(); // later frames write the permalink, because writes are rate-limited
      this.#refresh_soon();
    });
    details().addEventListener('toggle', () => this.#refresh_now());
    document.querySelector('.skip')?.addEventListener('click', (event) => {
      event.preventDefault(); // the hash belongs to the permalink
      details().open = true;
      $('twin').scrollIntoView();
      $('twin').querySelector('summary')?.focus();
    });
  }
}

/** Until the style sheets have come or failed: WebKit runs scripts while they are on their way. */
async function style_sheets() {
  if (document.readyState === 'complete') return;
  if ([...document.querySelectorAll('link')].every(({ rel, sheet }) => rel !== 'stylesheet' || sheet)) return;
  await new Promise((resolve) => addEventListener('load', resolve, { once: true }));
}

async function main() {
  show_theme(matchMedia('(prefers-color-scheme: dark)').matches);
  if (typeof WebAssembly !== 'object' || !WebAssembly.validate(simd_probe)) {
    cover('This browser cannot run the lab: it lacks WebAssembly with SIMD. ' +
      'Firefox, Chrome, Edge and Safari of 2023 or newer have it.');
    return;
  }
  addEventListener('error', ({ error }) => {
    if (error) notice(`Part of the lab stopped: ${message_of(error)}. Reload the page if it does not respond.`);
  });
  // No promise is rejected silently.
  addEventListener('unhandledrejection', ({ reason }) => notice(`Something in the lab failed: ${message_of(reason)}.`));
  try {
    await style_sheets();
    const mixed = mixed_builds();
    if (mixed) throw new Error(mixed);
    await new Lab().start();
  } catch (error) {
    const sentence = `The lab could not be loaded: ${message_of(error)}.`;
    cover(`${sentence} Try again; if that does not help, empty the browser's cache of this site.`, reload);
    if (parent !== window) parent.postMessage({ attnlab: 1, type: 'error', error: sentence }, '*');
    console.error(error);
  }
}

main();
