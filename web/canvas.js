// The canvas as Dear ImGui's window: size, pointer, touch, wheel, keyboard, text, clipboard, lost
// context. Translates DOM events into the calls of web/app/app.cpp and asks for a redraw after each.
import { key_name } from './dom.js';
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

const button_bits = [1, 4, 2]; // of event.buttons: left, middle, right

/**
 * The buttons are down that event.buttons names: events of single buttons are missing where two are pressed, where
 * one is released outside the window, and where the browser takes the pointer away.
 * @param {HTMLCanvasElement} canvas @param {AppModule} app @param {Contract['pointer']} kind
 * @param {Keyboard} keyboard @param {() => void} redraw
 */
function follow_pointer(canvas, app, kind, keyboard, redraw) {
  let held = 0; // bits of event.buttons
  let holder = { pointerId: -1, pointerType: '' }; // whose buttons they are
  let grabbed = false; // a finger holds a handle of the figure

  /** @param {{ clientX: number, clientY: number }} event */
  const place = ({ clientX, clientY }) => {
    const box = canvas.getBoundingClientRect();
    // A page may show the lab scaled.
    const scale = box.width > 0 ? canvas.clientWidth / box.width : 1;
    return /** @type {const} */ ([(clientX - box.left) * scale, (clientY - box.top) * scale]);
  };
  /** @param {PointerEvent} event @param {number} what @param {number} button */
  const send = (event, what, button = 0) => {
    app._app_pointer(what, ...place(event), button, Number(event.pointerType === 'touch'));
    redraw();
  };
  /** Releases outside of everything, so that nothing is clicked. */
  const release = () => {
    const touch = Number(holder.pointerType === 'touch');
    app._app_pointer(kind.leave, 0, 0, 0, touch);
    button_bits.forEach((bit, button) => {
      if (held & bit) app._app_pointer(kind.up, -1e6, -1e6, button, touch);
    });
    held = 0;
    redraw();
  };
  /** @param {PointerEvent} event @param {number} now */
  const press = (event, now) => {
    button_bits.forEach((bit, button) => {
      if ((held ^ now) & bit) send(event, now & bit ? kind.down : kind.up, button);
    });
    held = now;
  };
  /** Only the first finger holds. @param {PointerEvent} event */
  const is_other = (event) => held !== 0 && event.pointerId !== holder.pointerId;

  if (matchMedia('(pointer: coarse)').matches) app._app_pointer(kind.leave, 0, 0, 0, 1);
  canvas.addEventListener('pointermove', (event) => {
    if (is_other(event)) return;
    const of_button = event.button >= 0; // not the first to go down, or not the last to come up
    if (held & ~event.buttons && !of_button) release();
    send(event, kind.move);
    press(event, held && of_button ? event.buttons : held & event.buttons);
  });
  canvas.addEventListener('pointerdown', (event) => {
    // The first of its kind again: the end of what it held was not told.
    if (held && (event.isPrimary && event.pointerType === holder.pointerType)) release();
    if (is_other(event)) return;
    if (!keyboard.focused()) canvas.focus({ preventScroll: true });
    holder = event;
    press(event, event.buttons);
    try {
      canvas.setPointerCapture(event.pointerId);
    } catch {
      // The pointer is up again.
    }
  });
  canvas.addEventListener('pointerup', (event) => {
    if (is_other(event)) return;
    press(event, event.buttons);
    keyboard.follow(event.pointerType === 'touch');
  });
  // The browser took over the gesture to scroll the page, or another element the pointer.
  for (const name of /** @type {const} */ (['pointercancel', 'lostpointercapture'])) {
    canvas.addEventListener(name, (event) => {
      if (held && !is_other(event)) release();
    });
  }
  // A finger on a handle moves the handle: neither it nor another one scrolls or zooms the page.
  canvas.addEventListener('touchstart', (event) => {
    if (event.touches.length === 1) grabbed = app._app_grabs(...place(event.touches[0])) !== 0;
    if (grabbed) event.preventDefault();
  }, { passive: false });
  canvas.addEventListener('pointerleave', (event) => {
    if (!held) send(event, kind.leave);
  });
  canvas.addEventListener('contextmenu', (event) => event.preventDefault());
  // After a tap it would take the focus from the field that opens the keyboard.
  canvas.addEventListener('mousedown', (event) => event.preventDefault());
  // Text dragged over a field of the figure: the field shows its cursor, and takes the text as if it were pasted.
  canvas.addEventListener('dragover', (event) => {
    app._app_pointer(kind.move, ...place(event), 0, 0);
    redraw();
  });
  canvas.addEventListener('drop', (event) => {
    if (canvas.style.cursor !== 'text' || !event.dataTransfer || event.dataTransfer.files.length > 0) return;
    event.preventDefault();
    event.stopPropagation();
    canvas.focus({ preventScroll: true });
    for (const what of [kind.down, kind.up]) app._app_pointer(what, ...place(event), 0, 0);
    keyboard.paste(event.dataTransfer.getData('text/plain'));
  });
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

// What the hidden field contains while nothing is composed: an on-screen keyboard reports a deletion only where there
// is something to delete.
const sentinel = '\u200b'.repeat(32);

/** Keys and text; with an on-screen keyboard, a hidden field takes the text. */
class Keyboard {
  #pasted = '';
  #typed = sentinel; // what of the field has been told
  /** @type {Map<string, string>} */
  #down = new Map(); // by the key's place, the name it went down with: released, it may type something else

  /**
   * @param {HTMLCanvasElement} canvas @param {HTMLInputElement} field @param {AppModule} app
   * @param {Contract['modifiers']} modifiers @param {() => void} redraw @param {() => void} draw_now
   */
  constructor(canvas, field, app, modifiers, redraw, draw_now) {
    this.canvas = canvas;
    this.field = field;
    this.app = app;
    this.modifiers = modifiers;
    this.redraw = redraw;
    this.draw_now = draw_now;
    for (const element of /** @type {HTMLElement[]} */ ([canvas, field])) {
      element.addEventListener('keydown', (event) => this.#key(event, true));
      element.addEventListener('keyup', (event) => this.#key(event, false));
      element.addEventListener('focus', () => this.#focus(true));
      element.addEventListener('blur', () => this.#focus(false));
    }
    field.addEventListener('input', (event) => this.#input(/** @type {InputEvent} */ (event).isComposing));
    field.addEventListener('compositionend', () => this.#input(false));
    // Enter of a keyboard that names no keys.
    field.addEventListener('beforeinput', (event) => {
      if (event.inputType === 'insertLineBreak') this.#press('Enter');
    });
    document.addEventListener('paste', (event) => this.#paste(event));
  }

  focused() {
    return document.activeElement === this.canvas || document.activeElement === this.field;
  }

  pasted() {
    return this.#pasted;
  }

  /**
   * After a tap or Enter: opens the on-screen keyboard when a text field is being edited, and closes it when none is.
   * Browsers open it only while they handle the tap.
   * @param {boolean} open
   */
  follow(open) {
    const active = document.activeElement === this.field;
    if (!open && !active) return;
    this.#draw_until(!active);
    if (this.app._app_wants_text()) this.field.focus({ preventScroll: true });
    else if (active) this.canvas.focus({ preventScroll: true });
  }

  /**
   * A frame takes one change of a place or button: draws until the lab has taken all of them.
   * @param {boolean} editing or until it edits a text
   */
  #draw_until(editing) {
    for (let frame = 0; frame < 5 && !(editing && this.app._app_wants_text()); ++frame) this.draw_now();
  }

  /**
   * Into the text field that is, or is about to be, edited.
   * @param {string} text
   */
  paste(text) {
    this.#draw_until(true);
    this.#pasted = text;
    this.#press('v', this.modifiers.ctrl);
  }

  /** @param {boolean} focused */
  #focus(focused) {
    this.#down.clear();
    this.#reset();
    this.app._app_focus(Number(focused));
    this.redraw();
  }

  /** @param {string} name @param {boolean} down @param {number} modifiers */
  #send(name, down, modifiers) {
    const used = call(this.app, '_app_key', name, down, modifiers);
    this.redraw();
    return used !== 0;
  }

  /** @param {string} name */
  #press(name, modifiers = 0) {
    this.#send(name, true, modifiers);
    this.#send(name, false, 0);
    if (name === 'Enter') this.follow(false);
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
    const other_letter = event.getModifierState('AltGraph'); // Windows calls it Ctrl+Alt
    const command = (ctrlKey || metaKey) && !other_letter;
    const modifiers = (shiftKey ? shift : 0) | (metaKey ? meta : 0) |
      (other_letter ? 0 : (ctrlKey ? ctrl : 0) | (altKey ? alt : 0));
    const place = event.code || event.key;
    const name = (!down && this.#down.get(place)) || key_name(event);
    if (down) this.#down.set(place, name);
    else this.#down.delete(place);
    if ((command && name === 'v') || (shiftKey && name === 'Insert')) return; // the paste event follows
    if (name === 'Escape' && down && !this.app._app_wants_escape()) {
      if (event.target instanceof HTMLElement) event.target.blur();
      if (parent !== window) parent.focus(); // for example, slides get the keys back
      return;
    }
    const used = this.#send(name, down, modifiers);
    if (!down) return;
    if (metaKey) this.#send(name, false, modifiers); // macOS tells no end of a key while Command is down
    const typing = event.key.length === 1 && !command && this.app._app_wants_text() !== 0;
    const by_field = typing && event.target === this.field;
    if (typing && !by_field) this.#text(event.key);
    if ((typing || used) && !by_field) event.preventDefault();
    if (name === 'Enter' && used) this.follow(false);
  }

  /**
   * The field changed: tells what was deleted and what was added. While a word is composed, the field keeps it.
   * @param {boolean} composing
   */
  #input(composing) {
    const { value } = this.field;
    let same = 0;
    while (same < value.length && value[same] === this.#typed[same]) ++same;
    for (let left = this.#typed.length; left > same; --left) this.#press('Backspace');
    if (value.length > same) this.#text(value.slice(same));
    this.#typed = value;
    if (!composing) this.#reset();
  }

  #reset() {
    this.field.value = this.#typed = sentinel;
    this.field.setSelectionRange(sentinel.length, sentinel.length);
  }

  /** @param {ClipboardEvent} event */
  #paste(event) {
    if (!this.focused() || !this.app._app_wants_text()) return;
    this.paste(event.clipboardData?.getData('text/plain') ?? '');
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
  const keyboard = new Keyboard(canvas, field, app, contract.modifiers, redraw, draw_now);
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
