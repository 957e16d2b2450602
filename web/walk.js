// Walking along the curves point by point: the present point as a sentence under the figure, keys and buttons to go
// on, and its sound. Where the walk is, core and ui know (ui/walking.h); the twin speaks.
import { by_id as $, element, message_of, set_text } from './dom.js';
import { part } from './files.js';

/** @type {Record<string, string>} */
const keys = { ArrowLeft: 'left', ArrowRight: 'right', ArrowUp: 'up', ArrowDown: 'down', Home: 'start', End: 'end' };
const buttons = [['left', 'Previous'], ['right', 'Next'], ['up', 'Curve above'], ['down', 'Curve below']];
const whole_curve_ms = 3000; // to play it, if its points allow
const longest_step_ms = 300;
const shortest_step_ms = 60;

/** @typedef {NonNullable<State['walk']>} Place */

export class Walk {
  /** @type {Place | undefined} */
  #place;
  /** @type {import('./sound.js').Sound | undefined} */
  #sound;
  #sounding = false; // every step has its tone
  #playing = 0; // the timer of the next tone
  /** @type {Element | null} */
  #from = null; // what had the focus

  /** step(name): goes on, or ends the walk without a name. @param {{ step(name: string): void, notice(sentence: string): void }} lab */
  constructor(lab) {
    this.lab = lab;
    this.about = element('p', { class: 'help', id: 'walk_about' });
    this.sentence = element('p', { id: 'walk_sentence' });
    /** @type {(label: string, action: () => void, more?: object) => HTMLButtonElement} */
    const button = (label, action, more = {}) => element('button', { type: 'button', onclick: action, ...more }, label);
    this.play = button('Play the curve', () => this.#play(), { 'data-walk': 'play' });
    this.tones = button('Sound of each point', () => this.#toggle_tones(), { 'data-walk': 'tones', 'aria-pressed': 'false' });
    this.box = element('section', { class: 'walk', id: 'walk', role: 'application', tabindex: '0', 'aria-label': 'Walk the curves',
      'aria-describedby': 'walk_about', hidden: true },
    this.about, this.sentence,
    element('div', { class: 'bar' }, ...buttons.map(([step, label]) => button(label, () => this.#step(step), { 'data-walk': step })),
      this.play, this.tones, button('End', () => lab.step(''), { 'data-walk': 'end' })));
    this.box.addEventListener('keydown', (event) => this.#key(event));
    $('tools').before(this.box);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const step = keys[event.key];
    if (step) this.#step(step);
    else if (event.key === 'Escape') this.lab.step('');
    else if (event.key.toLowerCase() === 'p') this.#play();
    else return;
    event.preventDefault();
  }

  /** @param {string} step */
  #step(step) {
    this.#stop();
    this.lab.step(step);
    if (this.#sounding) this.#tone();
  }

  /** Shows where the walk is. @param {State} state */
  update({ walk }) {
    this.#place = walk ?? undefined;
    if (!walk) return this.#close();
    set_text(this.about, `${walk.about} Left and right: along the curve. Up and down: to another curve. Home and End: its ends. ` +
      'P: play it. Escape: end.');
    set_text(this.sentence, walk.sentence);
    if (!this.box.hidden) return;
    this.box.hidden = false;
    this.#from = document.activeElement;
    this.box.focus({ preventScroll: true });
  }

  #close() {
    this.#stop();
    if (this.box.hidden) return;
    const inside = this.box.contains(document.activeElement);
    this.box.hidden = true;
    const back = this.#from;
    if (inside && back instanceof HTMLElement && back.checkVisibility()) back.focus({ preventScroll: true });
  }

  // --- Sound ---------------------------------------------------------------------------------------

  /** The sound, loaded when it is first asked for; undefined, with a sentence, where there is none. */
  async #heard() {
    try {
      const { Sound } = await part('sound.js', import('./sound.js'));
      this.#sound ??= new Sound();
      await this.#sound.wake();
      return this.#sound;
    } catch (error) {
      const why = message_of(error);
      for (const one of [this.play, this.tones]) one.title = why;
      set_text(this.play, 'Play the curve (no sound)');
      this.lab.notice(`There is no sound: ${why}.`);
      return undefined;
    }
  }

  #tone(seconds = longest_step_ms / 1000) {
    if (this.#place?.count) this.#sound?.play(this.#place, seconds);
  }

  async #toggle_tones() {
    this.#sounding = !this.#sounding && await this.#heard() !== undefined;
    this.tones.setAttribute('aria-pressed', String(this.#sounding));
    if (this.#sounding) this.#tone();
  }

  /** From the curve's first point to its last, or stops. */
  async #play() {
    if (this.#playing) return this.#stop();
    if (!await this.#heard() || this.#playing || !this.#place?.count) return; // it may have ended meanwhile
    set_text(this.play, 'Stop');
    $('live').setAttribute('aria-live', 'off'); // tones tell what the region would
    this.lab.step('start');
    const ms = Math.min(longest_step_ms, Math.max(shortest_step_ms, whole_curve_ms / this.#place.count));
    const next = () => {
      this.#tone(ms / 1000);
      const before = this.#place?.point;
      this.#playing = setTimeout(() => {
        this.lab.step('right');
        if (this.#place?.point === before) this.#stop();
        else next();
      }, ms);
    };
    next();
  }

  #stop() {
    if (!this.#playing) return;
    clearTimeout(this.#playing);
    this.#playing = 0;
    set_text(this.play, 'Play the curve');
    $('live').setAttribute('aria-live', 'polite');
  }
}
