// The layer of the experiment, beside the figure: its formulas, what the letters stand for, and its schematic.
// Pointing at a letter marks the control of its parameter, in the figure too, and the reverse.
import { element, set_text } from './dom.js';
import formulas from './formulas.js';

const widest = 384; // CSS pixels of the schematic

/** @param {string} markup MathML or SVG that this build made */
const parsed = (markup) =>
  document.importNode(new DOMParser().parseFromString(markup, 'application/xml').documentElement, true);

/**
 * The letter that an element of a formula is, with its subscript: "z_0", "M".
 * @param {Element} letter
 */
function letter_of(letter) {
  const parent = /** @type {Element} */ (letter.parentElement);
  const first = parent.firstElementChild === letter;
  const below = first && /^msub/.test(parent.localName) ? parent.children[1].textContent : '';
  return below ? `${letter.textContent}_${below}` : letter.textContent ?? '';
}

export class LayerText {
  #shown = '';
  #width = 0; // of the schematic
  /** @type {Map<string, HTMLElement>} the values of parameters, by name */
  #values = new Map();

  /**
   * root: where it is shown; schematic(width): SVG of the present experiment's layer; mark(parameter): marks its control.
   * @param {HTMLElement} root
   * @param {{ schematic(width: number): string, mark(parameter: string): void }} lab
   */
  constructor(root, { schematic, mark }) {
    this.root = root;
    this.schematic = schematic;
    // Letters and the twin's controls; the figure's controls mark themselves. What is under the pointer counts before
    // what has the focus.
    const near = { pointerover: '', focusin: '' };
    let marked = '';
    for (const kind of /** @type {const} */ (['pointerover', 'focusin'])) {
      document.addEventListener(kind, ({ target }) => {
        const one = target instanceof Element ? target.closest('[data-parameter]') : undefined;
        near[kind] = one?.getAttribute('data-parameter') ?? '';
        const now = near.pointerover || near.focusin;
        if (now === marked) return;
        marked = now;
        mark(now);
      });
    }
  }

  /** @param {Experiment} experiment @param {State} state */
  update({ id, layer, parameters }, state) {
    this.root.hidden = layer.formulas.length === 0;
    if (this.root.hidden) return;
    const width = Math.min(this.root.clientWidth, widest);
    if (this.#shown !== id || this.#width !== width) {
      this.#shown = id;
      this.#width = width;
      this.#show(layer, parameters);
    }
    for (const [name, value] of this.#values) set_text(value, ` = ${state.params[name].replaceAll(',', ', ')}`);
    for (const one of document.querySelectorAll('[data-parameter]')) {
      one.classList.toggle('marked', one.getAttribute('data-parameter') === state.marked);
    }
  }

  /** @param {Experiment['layer']} layer @param {Parameter[]} parameters */
  #show(layer, parameters) {
    this.#values.clear();
    const named = new Map(layer.symbols.map(({ symbol, parameter }) => [symbol.replace(/^\\/, ''), parameter]));
    const symbols = layer.symbols.map(({ symbol, words, parameter }) => {
      const value = element('span', {});
      if (parameter) this.#values.set(parameter, value);
      const about = parameters.find(({ name }) => name === parameter);
      return element('li', { 'data-parameter': parameter || undefined, tabindex: parameter ? '0' : undefined, title: about?.help },
        parsed(formulas[symbol]), element('span', {}, words, value));
    });
    const lines = layer.formulas.map((formula) => {
      const line = parsed(formulas[formula]);
      for (const letter of line.querySelectorAll('mi')) {
        const parameter = named.get(letter_of(letter));
        if (parameter) letter.setAttribute('data-parameter', parameter);
      }
      return element('div', { class: 'formula' }, line);
    });
    const schematic = parsed(this.schematic(this.#width));
    for (const block of schematic.querySelectorAll('.block')) {
      const letters = (block.getAttribute('data-letters') ?? '').split(' ');
      const parameter = letters.map((letter) => named.get(letter)).find(Boolean);
      if (parameter) block.setAttribute('data-parameter', parameter);
    }
    this.root.replaceChildren(element('h3', {}, 'The layer'), ...lines,
      element('ul', { class: 'symbols' }, ...symbols), schematic);
  }
}
