// The canvas as Dear ImGui's window: size, pointer, touch, wheel, keyboard, text, clipboard, lost
// context. Translates DOM events into the calls of web/app/app.cpp and asks for a redraw after each.
import { call } from './files.js';

/**
 * Keeps canvas pixels equal to physical pixels at every zoom; calls resized after a change.
 * @param {HTMLCanvasElement} canvas @param {AppModule} app @param {() => void} resized
 */
function follow_size(canvas, app, resized) {
  /** @param {number} width @param {number} height */
  const apply = (width, height) => {
    if (width < 1 || height < 1) return;
    if (canvas.width !== width) canvas.width = width;
    if (canvas.height !== height) canvas.height = height;
    app._app_size(width / devicePixelRatio, height / devicePixelRatio, devicePixelRatio);
    resized();
  };
  /** @param {ResizeObserverSize} [device] */
  const measure = (device) => {
    const { width, height } = canvas.getBoundingClientRect();
    const wide = Math.round(width * devicePixelRatio);
    const high = Math.round(height * devicePixelRatio);
    // Only the browser knows how it rounds, but it ignores an emulated ratio (device preview).
    const exact = device && Math.abs(device.inlineSize - wide) <= 2;
    if (exact) apply(device.inlineSize, device.blockSize);
    else apply(wide, high);
  };
  const observer = new ResizeObserver(([entry]) => measure(entry.devicePixelContentBoxSize?.[0]));
  try {
    observer.observe(canvas, { box: 'device-pixel-content-box' });
  } catch {
    observer.observe(canvas);
  }
  // Moving to another screen changes the ratio, but not always the size.
  const follow_ratio = () => {
    const query = matchMedia(`(resolution: ${devicePixelRatio}dppx)`);
    query.addEventListener('change', () => (measure(), follow_ratio()), { once: true });
  };
  follow_ratio();
  measure();
}

/**
 * @param {HTMLCanvasElement} canvas @param {AppModule} app @param {Contract['pointer']} kind
 * @param {Keyboard} keyboard @param {() => void} redraw
 */
function follow_pointer(canvas, app, kind, keyboard, redraw) {
  /** @param {PointerEvent} event @param {number} what */
  const send = (event, what) => {
    const box = canvas.getBoundingClientRect();
    const touch = event.pointerType === 'touch';
    app._app_pointer(what, event.clientX - box.left, event.clientY - box.top, event.button, Number(touch));
    redraw();
  };
  if (matchMedia('(pointer: coarse)').matches) app._app_pointer(kind.leave, 0, 0, 0, 1);
  canvas.addEventListener('pointermove', (event) => send(event, kind.move));
  canvas.addEventListener('pointerdown', (event) => {
    canvas.focus({ preventScroll: true });
    canvas.setPointerCapture(event.pointerId);
    send(event, kind.down);
  });
  canvas.addEventListener('pointerup', (event) => {
    send(event, kind.up);
    if (event.pointerType === 'touch') keyboard.offer();
  });
  // The browser took over the gesture to scroll the page: release outside of the pressed control.
  canvas.addEventListener('pointercancel', () => {
    app._app_pointer(kind.leave, 0, 0, 0, 1);
    app._app_pointer(kind.up, -1e6, -1e6, 0, 1);
    redraw();
  });
  // A finger on a handle moves the handle; the page must not scroll.
  canvas.addEventListener('touchstart', (event) => {
    if (event.touches.length !== 1) return;
    const box = canvas.getBoundingClientRect();
    const [{ clientX, clientY }] = event.touches;
    if (app._app_grabs(clientX - box.left, clientY - box.top)) event.preventDefault();
  }, { passive: false });
  canvas.addEventListener('pointerleave', (event) => send(event, kind.leave));
  canvas.addEventListener('contextmenu', (event) => event.preventDefault());
}

/**
 * The wheel scrolls the page, unless the lab has focus and something to scroll.
 * @param {HTMLCanvasElement} canvas @param {AppModule} app @param {Keyboard} keyboard
 * @param {() => void} redraw
 */
function follow_wheel(canvas, app, keyboard, redraw) {
  const lines = [1 / 100, 1 / 3, 3]; // of one wheel unit: pixels, lines, pages
  /** @param {WheelEvent} event */
  const turn = (event) => {
    if (event.ctrlKey) return;
    const unit = lines[event.deltaMode] ?? lines[0];
    if (app._app_wheel(-event.deltaX * unit, -event.deltaY * unit)) event.preventDefault();
    redraw();
  };
  // No listener without focus: the browser would wait for it before it scrolls, and WebKit would not scroll the page
  // around a frame.
  for (const element of [canvas, keyboard.field]) {
    element.addEventListener('focus', () => canvas.addEventListener('wheel', turn, { passive: false }));
    element.addEventListener('blur', () => canvas.removeEventListener('wheel', turn));
  }
}

/** Keys and text; with an on-screen keyboard, a hidden field takes the text. */
class Keyboard {
  #pasted = '';

  /**
   * @param {HTMLCanvasElement} canvas @param {HTMLInputElement} field @param {AppModule} app
   * @param {Contract['modifiers']} modifiers @param {() => void} redraw
   */
  constructor(canvas, field, app, modifiers, redraw) {
    this.canvas = canvas;
    this.field = field;
    this.app = app;
    this.modifiers = modifiers;
    this.redraw = redraw;
    for (const element of /** @type {HTMLElement[]} */ ([canvas, field])) {
      element.addEventListener('keydown', (event) => this.#key(event, true));
      element.addEventListener('keyup', (event) => this.#key(event, false));
      element.addEventListener('focus', () => this.#focus(true));
      element.addEventListener('blur', () => this.#focus(false));
    }
    field.addEventListener('input', () => this.#typed());
    document.addEventListener('paste', (event) => this.#paste(event));
  }

  focused() {
    return document.activeElement === this.canvas || document.activeElement === this.field;
  }

  pasted() {
    return this.#pasted;
  }

  /** After a tap: opens the on-screen keyboard when a text field is being edited. */
  offer() {
    if (this.app._app_wants_text()) this.field.focus({ preventScroll: true });
  }

  /** @param {boolean} focused */
  #focus(focused) {
    this.app._app_focus(Number(focused));
    this.redraw();
  }

  /** @param {string} code @param {boolean} down @param {number} modifiers */
  #send(code, down, modifiers) {
    const used = call(this.app, '_app_key', code, down, modifiers);
    this.redraw();
    return used !== 0;
  }

  /** @param {string} text */
  #text(text) {
    call(this.app, '_app_text', text);
    this.redraw();
  }

  /** @param {KeyboardEvent} event @param {boolean} down */
  #key(event, down) {
    if (event.key === 'Tab' || event.isComposing) return; // Tab leaves the lab; the other belongs to an IME
    const { ctrlKey, shiftKey, altKey, metaKey } = event;
    const { ctrl, shift, alt, meta } = this.modifiers;
    const modifiers =
      (ctrlKey ? ctrl : 0) | (shiftKey ? shift : 0) | (altKey ? alt : 0) | (metaKey ? meta : 0);
    const command = ctrlKey || metaKey;
    if (command && event.code === 'KeyV') return; // the paste event follows
    if (event.key === 'Escape' && down && !this.app._app_wants_escape()) {
      if (event.target instanceof HTMLElement) event.target.blur();
      if (parent !== window) parent.focus(); // for example, slides get the keys back
      return;
    }
    const used = this.#send(event.code, down, modifiers);
    if (!down || event.target === this.field) return;
    const typing = event.key.length === 1 && !command && this.app._app_wants_text();
    if (typing) this.#text(event.key);
    if (typing || used) event.preventDefault();
  }

  #typed() {
    if (this.field.value) this.#text(this.field.value);
    this.field.value = '';
  }

  /** @param {ClipboardEvent} event */
  #paste(event) {
    if (!this.focused() || !this.app._app_wants_text()) return;
    this.#pasted = event.clipboardData?.getData('text/plain') ?? '';
    for (const down of [true, false]) this.#send('KeyV', down, down ? this.modifiers.ctrl : 0);
    event.preventDefault();
  }
}

/**
 * Connects the canvas with the app. redraw(): ask for a frame; draw_now(): draw before the next
 * paint (a resized canvas is blank); lost(is_lost): the WebGL context was lost or restored.
 * @param {{ canvas: HTMLCanvasElement, field: HTMLInputElement, app: AppModule, contract: Contract,
 *   redraw(): void, draw_now(): void, lost(is_lost: boolean): void }} given
 */
export function attach_canvas({ canvas, field, app, contract, redraw, draw_now, lost }) {
  const keyboard = new Keyboard(canvas, field, app, contract.modifiers, redraw);
  follow_size(canvas, app, draw_now);
  follow_pointer(canvas, app, contract.pointer, keyboard, redraw);
  follow_wheel(canvas, app, keyboard, redraw);
  canvas.addEventListener('webglcontextlost', (event) => {
    event.preventDefault();
    app._app_context(1);
    lost(true);
  });
  canvas.addEventListener('webglcontextrestored', () => {
    app._app_context(0);
    lost(false);
    redraw();
  });
  return keyboard;
}
