// Tools around the figure: undo, copying, saving, dropped files, the guided tour, predictions. Tools that
// are rarely used are loaded when first used.
import { by_id as $, element, message_of, set_text } from './dom.js';
import { has_address, part } from './files.js';
import { History } from './history.js';

const most_file_bytes = 50e6; // saved results are smaller than a tenth of this

/** What may have been refused as a file: its text is offered with the sentence about it. */
let offered = { sentence: '', text: '' };

/**
 * Shows one sentence under the figure; an empty one hides it.
 * @param {string} sentence
 */
export function notice(sentence) {
  $('notice').hidden = !sentence;
  set_text($('notice'), sentence);
  const { text } = offered;
  if (!text || sentence !== offered.sentence) return;
  $('notice').append(' ', element('button', { type: 'button', onclick: () => copy_text(text, 'Text copied.') }, 'Copy the text'));
}

/** @param {string} text @param {string} done */
export async function copy_text(text, done = '') {
  try {
    await navigator.clipboard.writeText(text);
    notice(done);
  } catch {
    notice(`The browser does not allow copying. The text is: ${text}`);
  }
}

/** @param {Event} event */
const is_text_field = ({ target }) => target instanceof Element && target.matches('input, textarea');

/** @param {string} name @param {string} mime @param {BlobPart} bytes */
export function save_file(name, mime, bytes) {
  const link = element('a', { href: URL.createObjectURL(new Blob([bytes], { type: mime })), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
  // The page around a frame may forbid downloads, and nothing tells the frame so.
  if (parent === window) return `Saved as ${name}.`;
  const text = mime.startsWith('image/png') ? '' : typeof bytes === 'string' ? bytes
    : new TextDecoder().decode(/** @type {Uint8Array} */ (bytes));
  const sentence = `${name} went to the browser's downloads, unless the page around this lab forbids them.`;
  offered = { sentence, text };
  notice(sentence);
  return sentence;
}

/**
 * state(): the lab's state; act(action, name, value), load(query): change it; jobs(): promise of the workers'
 * module; run(): what is shown; family(): of the experiment shown.
 * @typedef {{ contract: Contract, state(): State, act(action: string, name: string, value: string): string,
 *   load(query: string): void, jobs(): Promise<WebAssembly.Module>, workers: number, family(): string,
 *   run(): { journal: string, kept: string[], figure: number, dark: boolean } }} ToolsLab
 */

export class Tools {
  /** @type {import('./selftest.js').MachineCheck | undefined} */
  #machine;
  /** @type {import('./tours.js').Tour | undefined} */
  #tour;
  /** @type {import('./predict.js').Prediction | undefined} */
  #prediction;
  /** @type {(() => void) | undefined} */
  #ended;

  /** @param {ToolsLab} lab */
  constructor(lab) {
    this.lab = lab;
    this.history = new History((query) => lab.load(query));
    /** @type {(name: string, label: string, action: () => void) => HTMLButtonElement} */
    const tool = (name, label, action) =>
      element('button', { type: 'button', 'data-tool': name, onclick: action }, label);
    const save = (/** @type {SaveFormat} */ format) => () => this.#save(format);
    this.undo = tool('undo', 'Undo', () => this.history.undo());
    this.redo = tool('redo', 'Redo', () => this.history.redo());
    const address = has_address();
    this.walk = tool('walk', 'Walk the curves', () => this.lab.act('walk', '', ''));
    this.undo.disabled = this.redo.disabled = this.walk.disabled = true; // until the first state
    $('tools').append(this.undo, this.redo,
      ...(address ? [tool('link', 'Copy link', () => this.lab.act('copy-link', '', '')),
        tool('embed', 'Copy embed code', () => this.#copy_embed_code())] : []),
      ...this.lab.contract.formats.map((format) => tool(format.id, format.label, save(format))),
      this.walk,
      tool('check', 'Check this machine', () => this.#check_machine()));
    $('start_tour').addEventListener('click', () => this.#start_tour());
    $('start_predict').addEventListener('click', () => this.#predict());
    addEventListener('keydown', (event) => this.history.key(event));
    addEventListener('dragover', (event) => {
      if (event.dataTransfer?.types.includes('Files') || !is_text_field(event)) event.preventDefault();
    });
    addEventListener('drop', (event) => this.#drop(event));
  }

  async #check_machine() {
    const { MachineCheck } = await part('selftest.js', import('./selftest.js'));
    this.#machine ??= new MachineCheck($('machine'), () => this.lab.jobs(), this.lab.workers);
    await this.#machine.run();
  }

  async #start_tour() {
    const { Tour } = await part('tours.js', import('./tours.js'));
    this.#tour ??= new Tour({
      box: $('tour'),
      load: (query) => this.lab.load(query),
      done: () => $('start_tour').focus(),
    });
    this.#tour.start(this.lab.family());
  }

  async #predict() {
    const { Prediction } = await part('predict.js', import('./predict.js'));
    this.#prediction ??= new Prediction({
      box: $('predict'),
      picture: () => this.#picture('svg'),
      run: () => this.#run_to_end(),
      closed: () => $('start_predict').focus(),
    });
    this.lab.act('reset', '', '');
    if (!await this.#prediction.open()) notice('This figure has no curves to sketch.');
  }

  /** Runs; fulfilled when the run has ended, with or without success. */
  #run_to_end() {
    this.lab.act('run', '', '');
    return /** @type {Promise<void>} */ (new Promise((resolve) => { this.#ended = resolve; }));
  }

  /** @param {string} format */
  async #picture(format) {
    const wanted = this.lab.contract.formats.find(({ id }) => id === format);
    return wanted ? String((await this.#exported(wanted)).bytes) : '';
  }

  /** @param {SaveFormat} format */
  async #exported(format) {
    const { exported } = await part('transfer.js', import('./transfer.js'));
    return exported(() => this.lab.jobs(), format, {
      query: this.lab.state().query,
      file: this.lab.state().file,
      ...this.lab.run(),
    });
  }

  /** @param {SaveFormat} format */
  async #save(format) {
    try {
      if (format.of_result) {
        notice(this.lab.act('save', '', format.id));
        return;
      }
      const { name, mime, bytes } = await this.#exported(format);
      notice(save_file(name, mime, bytes));
    } catch (error) {
      notice(`The ${format.label} could not be made: ${message_of(error)}.`);
    }
  }

  async #copy_embed_code() {
    const { embed_code } = await part('transfer.js', import('./transfer.js'));
    await copy_text(embed_code(this.lab.state().link), 'Embed code copied.');
  }

  /**
   * Takes the parameters of a saved result, or of a text with a link, that was dropped on the page.
   * @param {DragEvent} event
   */
  async #drop(event) {
    const file = event.dataTransfer?.files[0];
    if (!file && is_text_field(event)) return; // it takes the text itself
    event.preventDefault();
    if (file && file.size > most_file_bytes) {
      return notice(`${file.name} has ${Math.ceil(file.size / 1e6)} MB: a file can have at most ${most_file_bytes / 1e6} MB.`);
    }
    const text = file ? await file.text() : event.dataTransfer?.getData('text/plain') ?? '';
    const { query_in_file } = await part('transfer.js', import('./transfer.js'));
    const query = query_in_file(text);
    if (query) this.lab.load(query);
    notice(query ? `Parameters taken from ${file?.name ?? 'the dropped text'}.`
      : 'This contains no state of the lab: drop a saved JSON result or a link.');
  }

  /**
   * Records the lab's current state.
   * @param {State} state
   */
  update(state) {
    this.history.note(state.query);
    this.undo.disabled = !this.history.can_undo();
    this.redo.disabled = !this.history.can_redo();
    const { label, help, enabled } = state.actions.find(({ id }) => id === 'walk') ?? { label: '', help: '', enabled: false };
    set_text(this.walk, label);
    this.walk.title = help;
    this.walk.disabled = !enabled;
    if (this.#ended && (state.state === 'finished' || state.state === 'failed')) {
      this.#ended();
      this.#ended = undefined;
    }
  }
}
