// "Predict first": the reader sketches a curve on the empty axes, then sees the measured curves with the
// sketch on top. Axes and curves are core's SVG; the sketch is stored in the units of the axes, because
// their ranges may change with the result.
import { axis_of } from './axes.js';
import { element } from './dom.js';

const columns = 60;
const key_step = 8; // pixels an arrow key moves the pen by
/** @type {Record<string, [number, number]>} */
const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const svg_name = 'http://www.w3.org/2000/svg';

/** @typedef {ReturnType<typeof axis_of>} Axis */

export class Prediction {
  /** @type {Map<number, number>} */
  #sketch = new Map(); // column -> value on the y axis
  /** @type {Map<number, number>} */
  #places = new Map(); // column -> value on the x axis
  /** @type {number | undefined} */
  #last_column;
  #column = 0;
  #revealed = false;

  /**
   * box: the element over the figure; picture(): promise of the figure as SVG text; run(): promise,
   * fulfilled when the run is finished; closed(): the reader has closed it.
   * @param {{ box: HTMLElement, picture(): Promise<string>, run(): Promise<void>, closed(): void }} given
   */
  constructor({ box, picture, run, closed }) {
    this.box = box;
    this.picture = picture;
    this.run = run;
    this.closed = closed;
    this.hint = element('p', { role: 'status' });
    this.button = element('button', { type: 'button', class: 'primary', 'data-predict': 'reveal',
      onclick: () => this.#reveal() }, 'Reveal');
    this.paper = element('div', { class: 'paper' });
    this.svg = document.createElementNS(svg_name, 'svg');
    this.line = document.createElementNS(svg_name, 'path');
    this.x = this.y = axis_of('0 1 0 1 linear');
  }

  /** Opens; false when the figure has no curves. */
  async open() {
    this.#sketch.clear();
    this.#revealed = false;
    this.button.disabled = false;
    this.hint.textContent =
      'Sketch the curve you expect for one of the models: draw with mouse or finger, or focus the axes ' +
      'and use the arrow keys. Then reveal the measured curve.';
    this.box.replaceChildren(this.hint, this.paper, element('div', { class: 'bar' }, this.button,
      element('button', { type: 'button', 'data-predict': 'clear', onclick: () => this.#clear() }, 'Clear'),
      element('button', { type: 'button', 'data-predict': 'close', onclick: () => this.#close() }, 'Close')));
    if (!await this.#show()) return false;
    this.box.hidden = false;
    this.svg.focus({ preventScroll: true });
    return true;
  }

  async #show() {
    const parsed = new DOMParser().parseFromString(await this.picture(), 'image/svg+xml').documentElement;
    const [x, y] = [parsed.dataset.x, parsed.dataset.y];
    if (!x || !y) return false;
    this.x = axis_of(x);
    this.y = axis_of(y);
    this.svg = /** @type {SVGSVGElement} */ (/** @type {unknown} */ (document.importNode(parsed, true)));
    this.line = document.createElementNS(svg_name, 'path');
    for (const [name, value] of Object.entries({ fill: 'none', stroke: 'currentColor',
      'stroke-width': 3, 'stroke-dasharray': '2 5', 'stroke-linecap': 'round' })) {
      this.line.setAttribute(name, String(value));
    }
    this.svg.append(this.line);
    this.svg.setAttribute('tabindex', '0');
    this.svg.setAttribute('role', 'application');
    this.svg.setAttribute('aria-label', 'Axes to sketch on: left and right choose a place, up and down draw.');
    this.svg.addEventListener('pointerdown', (event) => this.#pointer(event));
    this.svg.addEventListener('pointermove', (event) => this.#pointer(event));
    this.svg.addEventListener('keydown', (event) => this.#key(event));
    this.paper.replaceChildren(this.svg);
    this.#draw();
    return true;
  }

  /** @param {number} column */
  #pixel(column) {
    return this.x.begin + (column / (columns - 1)) * (this.x.end - this.x.begin);
  }

  /** @param {PointerEvent} event */
  #pointer(event) {
    if (this.#revealed || !(event.buttons & 1)) return;
    event.preventDefault();
    const screen = this.svg.getScreenCTM();
    if (!screen) return;
    const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(screen.inverse());
    const share = (at.x - this.x.begin) / (this.x.end - this.x.begin);
    const column = Math.round(Math.max(0, Math.min(1, share)) * (columns - 1));
    // A fast movement skips columns: fill those in between.
    const from = event.type === 'pointermove' && this.#last_column !== undefined ? this.#last_column : column;
    for (let c = Math.min(from, column); c <= Math.max(from, column); ++c) this.#set(c, at.y);
    this.#last_column = column;
    this.#column = column;
    this.#draw();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const moved = moves[event.key];
    if (this.#revealed || !moved) return;
    event.preventDefault();
    const known = this.#sketch.get(this.#column);
    const here = known === undefined ? (this.y.begin + this.y.end) / 2 : this.y.pixel(known);
    const [dx, dy] = moved;
    this.#column = Math.max(0, Math.min(columns - 1, this.#column + dx));
    this.#set(this.#column, here + dy * key_step);
    this.#draw();
  }

  /** @param {number} column @param {number} y */
  #set(column, y) {
    const top = Math.min(this.y.begin, this.y.end);
    const bottom = Math.max(this.y.begin, this.y.end);
    this.#sketch.set(column, this.y.value(Math.max(top, Math.min(bottom, y))));
    this.#places.set(column, this.x.value(this.#pixel(column)));
  }

  #draw() {
    const points = [...this.#sketch].sort(([a], [b]) => a - b)
      .map(([column, y]) => `${this.x.pixel(this.#places.get(column) ?? 0)},${this.y.pixel(y)}`);
    this.line.setAttribute('d', points.length ? `M${points.join('L')}` : '');
  }

  #clear() {
    this.#sketch.clear();
    this.#draw();
  }

  async #reveal() {
    this.button.disabled = true;
    this.hint.textContent = 'Computing the measured curve.';
    await this.run();
    if (this.box.hidden) return;
    this.#revealed = true;
    await this.#show();
    this.hint.textContent = this.#sketch.size
      ? 'Your sketch is the dotted line. Where was it wrong, and why?'
      : 'This is the measured curve.';
  }

  #close() {
    this.box.hidden = true;
    this.box.replaceChildren();
    this.closed();
  }
}
