// The figure without WebGL: core's SVG as elements of the page, made again after every change by an instance of the
// workers' module. Handles follow the pointer and the arrow keys.
import { axis_of } from './axes.js';
import { element, key_name, set_text } from './dom.js';
import { call } from './files.js';

const svg_name = 'http://www.w3.org/2000/svg';
const grip = { mouse: 13, finger: 22 }; // pixels from a handle's middle
/** @type {Record<string, [number, number]>} */
const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

/**
 * Makes `old` equal to `fresh` and keeps its nodes where it can, so that focus and screen readers stay at them.
 * @param {Node} old @param {Node} fresh
 */
function become(old, fresh) {
  if (old.nodeName !== fresh.nodeName) {
    old.parentNode?.replaceChild(fresh, old);
  } else if (!(old instanceof Element && fresh instanceof Element)) {
    if (old.nodeValue !== fresh.nodeValue) old.nodeValue = fresh.nodeValue;
  } else {
    for (const { name } of [...old.attributes]) if (!fresh.hasAttribute(name)) old.removeAttribute(name);
    for (const { name, value } of fresh.attributes) {
      if (old.getAttribute(name) !== value) old.setAttribute(name, value);
    }
    const [ours, theirs] = [[...old.childNodes], [...fresh.childNodes]];
    theirs.forEach((node, i) => (ours[i] ? become(ours[i], node) : old.appendChild(node)));
    ours.slice(theirs.length).forEach((node) => node.remove());
  }
}

/** @param {Uint8Array} one @param {Uint8Array} other */
const equal = (one, other) => one.length === other.length && one.every((byte, i) => byte === other[i]);

/** @param {string | undefined} text */
const point_of = (text) => {
  const [x, y] = (text ?? '0 0').split(' ').map(Number);
  return new DOMPoint(x, y);
};

export class Drawing {
  #drawn = { bytes: new Uint8Array(), look: '' };
  #paper = false; // it is being printed
  /** @type {{ pointer: number, handle: number, plane: number, x: number, y: number } | undefined} */
  #held; // x, y: of the pointer from the handle's middle

  /**
   * canvas: the element whose place the figure takes; changed(): a handle was moved, or the size is another one;
   * notice(sentence): shows why a handle stays; contrast(): 0, 2 for more of it, 4 for forced colours; walk(): begins or
   * ends a walk along the curves.
   * @param {{ app: AppModule, parts: JobsModule, canvas: HTMLElement, changed(): void,
   *   notice(sentence: string): void, contrast(): number, walk(): void }} lab
   */
  constructor(lab) {
    this.lab = lab;
    this.sheet = element('div', { class: 'sheet', tabindex: '0', role: 'group', 'aria-label': 'Figure. C: walk the curves' });
    this.why = element('p', { class: 'help' });
    this.box = element('div', { class: 'drawing', id: 'drawing', hidden: true }, this.sheet, this.why);
    this.svg = document.createElementNS(svg_name, 'svg');
    this.sheet.append(this.svg);
    lab.canvas.before(this.box);
    this.sheet.addEventListener('pointerdown', (event) => this.#press(event));
    this.sheet.addEventListener('pointermove', (event) => this.#drag(event));
    this.sheet.addEventListener('lostpointercapture', () => { this.#held = undefined; });
    this.sheet.addEventListener('keydown', (event) => this.#key(event));
    new ResizeObserver(() => lab.changed()).observe(this.sheet);
    // On paper it has light colours. Some browsers tell a frame of a print only by its media.
    const print = (/** @type {boolean} */ paper) => {
      if (this.box.hidden || paper === this.#paper) return;
      this.#paper = paper;
      this.draw();
    };
    addEventListener('beforeprint', () => print(true));
    addEventListener('afterprint', () => print(false));
    matchMedia('print').addEventListener('change', ({ matches }) => print(matches));
  }

  /** Shows or hides it; why: a sentence below the figure. */
  show(shown = true, why = '') {
    this.box.hidden = !shown;
    this.lab.canvas.hidden = shown;
    this.why.hidden = !why;
    set_text(this.why, why);
  }

  /** Draws what the app shows now, if that is another figure, size or theme than before. */
  draw() {
    const { app, parts } = this.lab;
    const at = app._app_drawing(performance.now() / 1000) >>> 0;
    const bytes = app.HEAPU8.slice(at, at + app._app_drawing_size());
    const width = this.sheet.clientWidth;
    if (!width) return;
    const fixed = document.documentElement.classList.contains('fit');
    const size = [width, fixed ? Math.max(this.sheet.clientHeight, 1) : 0, this.#paper ? 0 : app._app_dark() + this.lab.contrast()];
    if (size.join() === this.#drawn.look && equal(bytes, this.#drawn.bytes)) return;
    this.#drawn = { bytes, look: size.join() };
    const done = call(parts, '_compute_draw', bytes, bytes.length, ...size);
    const text = parts.UTF8ToString(parts._compute_text());
    if (!done) throw new Error(text);
    this.#take(new DOMParser().parseFromString(text, 'image/svg+xml').documentElement);
  }

  /** @param {Element} fresh */
  #take(fresh) {
    const title = fresh.querySelector('title');
    fresh.setAttribute('role', 'group'); // what is inside an image is not read
    fresh.setAttribute('aria-label', title?.textContent ?? '');
    title?.remove(); // it would be a tip over the whole figure
    for (const point of fresh.querySelectorAll('.point')) point.setAttribute('role', 'img');
    const radius = matchMedia('(pointer: coarse)').matches ? grip.finger : grip.mouse;
    for (const handle of /** @type {NodeListOf<SVGElement>} */ (fresh.querySelectorAll('[data-handle]'))) {
      const circle = document.createElementNS(svg_name, 'circle');
      const { x, y } = point_of(handle.dataset.at);
      for (const [name, value] of Object.entries({ class: 'grip', cx: x, cy: y, r: radius })) {
        circle.setAttribute(name, String(value));
      }
      handle.append(circle);
    }
    become(this.svg, fresh);
  }

  // --- Handles -----------------------------------------------------------------------------------

  #planes() {
    return /** @type {SVGElement[]} */ ([...this.svg.querySelectorAll('.handles')]);
  }

  /** @param {Event} event */
  #handle_of({ target }) {
    const handle = target instanceof Element ? target.closest('[data-handle]') : null;
    return handle instanceof SVGElement ? handle : undefined;
  }

  /** @param {PointerEvent} event */
  #place(event) {
    const screen = this.svg.getScreenCTM() ?? new DOMMatrix();
    return new DOMPoint(event.clientX, event.clientY).matrixTransform(screen.inverse());
  }

  /** @param {PointerEvent} event */
  #press(event) {
    const handle = this.#handle_of(event);
    if (!handle || !event.isPrimary || event.button !== 0) return;
    const place = this.#place(event);
    const at = point_of(handle.dataset.at);
    this.#held = { pointer: event.pointerId, handle: Number(handle.dataset.handle),
      plane: this.#planes().findIndex((plane) => plane.contains(handle)), x: place.x - at.x, y: place.y - at.y };
    this.sheet.setPointerCapture(event.pointerId);
    handle.focus({ preventScroll: true });
    event.preventDefault();
  }

  /** @param {PointerEvent} event */
  #drag(event) {
    const held = this.#held;
    if (!held || event.pointerId !== held.pointer) return;
    if (!(event.buttons & 1)) { // released where the page did not see it
      this.#held = undefined;
      return;
    }
    const plane = this.#planes()[held.plane];
    if (!plane) return;
    const { x, y } = this.#place(event);
    this.#moved(this.lab.app._app_move_handle(held.handle, axis_of(plane.dataset.x ?? '').value(x - held.x),
      axis_of(plane.dataset.y ?? '').value(y - held.y)));
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (key_name(event) === 'c') this.lab.walk();
    const handle = this.#handle_of(event);
    if (!handle) return;
    if (event.key === 'Escape') { // the page around a frame gets the keys back
      handle.blur();
      if (parent !== window) parent.focus();
      return;
    }
    const step = steps[event.key];
    if (!step) return;
    event.preventDefault();
    this.#moved(this.lab.app._app_step_handle(Number(handle.dataset.handle), ...step, Number(event.shiftKey)));
  }

  /** @param {number} sentence */
  #moved(sentence) {
    this.lab.notice(this.lab.app.UTF8ToString(sentence));
    this.lab.changed();
  }
}
