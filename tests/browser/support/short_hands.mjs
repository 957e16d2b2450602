// Of the short suite: keyboards of other layouts and on screens, several buttons and fingers, releases that are not
// told, and keys and dragged texts that are not the figure's. Events are made inside the page, so that every engine
// gets the same ones.
import assert from 'node:assert/strict';
import { press, settle, until, wait_for_state } from './lab.mjs';
import { keep_copied } from './pictures.mjs';
import { once_an_engine, open } from './short_pages.mjs';

/** The only control of the figure is the one of heads. */
export const of_heads = 'e=rf-learning-curve&dim=6&keys=5&heads=50&samples=16,64&test-samples=200&trials=1' +
  '&ui=min&lock=target,degree,models,samples,trials';

const hash = (page) => page.evaluate(() => location.hash);

/** Waits until the address says that many heads. */
export const heads_are = (page, heads) =>
  until(async () => new RegExp(`[#&]heads=${heads}(&|$)`).test(await hash(page)), `there are ${heads} heads`);
const heads = async (page) => {
  await settle(600); // the address is written with a delay
  return Number((/heads=(\d+)/.exec(await hash(page)))[1]);
};

/** For `before` of open(): `hands`, whose methods send events to the lab's canvas and wait for its frames. */
export const give_hands = () => {
  const canvas = () => document.getElementById('canvas');
  const frames = (count) => new Promise((resolve) => {
    const next = (left) => (left ? requestAnimationFrame(() => next(left - 1)) : resolve());
    next(count);
  });
  const pointer = (what, [clientX, clientY], more = {}) => {
    canvas().dispatchEvent(new PointerEvent(what, { bubbles: true, cancelable: true, pointerId: 1, pointerType: 'mouse',
      isPrimary: true, button: -1, buttons: 0, clientX, clientY, ...more }));
    return frames(2);
  };
  const key = async (name, code, more = {}) => {
    const target = document.activeElement;
    const taken = ['keydown', 'keyup'].map((type) => !target.dispatchEvent(
      new KeyboardEvent(type, { key: name, code, bubbles: true, cancelable: true, ...more })));
    await frames(3);
    return taken[0];
  };
  globalThis.hands = {
    frames,
    pointer,
    key,
    async digits(text) {
      for (const digit of text) await key(digit, `Digit${digit}`);
    },
    async click(at, kind = {}) {
      await pointer('pointermove', at, kind);
      await pointer('pointerdown', at, { button: 0, buttons: 1, ...kind });
      await pointer('pointerup', at, { button: 0, ...kind });
    },
    /** The figure's field of the parameter heads: where, in its column, the cursor is one of text. */
    async field() {
      const { right, top, height } = canvas().getBoundingClientRect();
      for (let y = top; y < top + Math.min(height, 800); y += 14) {
        const at = [right - 65, y];
        await pointer('pointermove', at);
        if (canvas().style.cursor !== 'text') continue;
        await frames(2); // a slow frame may still show the cursor of the place before
        if (canvas().style.cursor === 'text') return at;
      }
      throw new Error('the field was not found');
    },
    /** A key of a keyboard that names none, around what it changes in the field with the focus. */
    async unnamed(change) {
      const named = { key: 'Unidentified', code: '', keyCode: 229, bubbles: true, cancelable: true };
      document.activeElement.dispatchEvent(new KeyboardEvent('keydown', named));
      change();
      document.activeElement.dispatchEvent(new KeyboardEvent('keyup', named));
      await frames(3);
    },
  };
};

const hands = (page, method, ...words) =>
  page.evaluate((name, given) => globalThis.hands[name](...given), method, words);
export const short_hands = {
  'shortcuts go by what the key types, else by its place': once_an_engine(async (on) => {
    const { page } = on;
    await open(on, of_heads, { before: `() => { (${give_hands})(); (${keep_copied})(); }` });
    const field = await hands(page, 'field');
    const key = (name, code = name) => hands(page, 'key', name, code);
    const ctrl = (name, code) => hands(page, 'key', name, code, { ctrlKey: true });
    const retype = async (select_all, text) => {
      await hands(page, 'click', field);
      await key('End');
      await ctrl(...select_all);
      await hands(page, 'digits', text);
      await key('Enter');
      await heads_are(page, text);
    };
    await retype(['a', 'KeyQ'], '70'); // AZERTY
    await retype(['ф', 'KeyA'], '80'); // Cyrillic
    await hands(page, 'click', field);
    await hands(page, 'digits', '9');
    await ctrl('z', 'KeyY'); // QWERTZ: undo what was typed,
    await ctrl('z', 'KeyY'); // and what it replaced
    await ctrl('a', 'KeyA');
    await ctrl('c', 'KeyI'); // Dvorak
    await until(() => page.evaluate(() => globalThis.copied), 'the text is copied');
    assert.equal(await page.evaluate(() => globalThis.copied), '80');
    await key('Escape');
    await page.evaluate(() => document.activeElement.blur());
    await ctrl('я', 'KeyZ');
    await heads_are(page, 70);
    await ctrl('н', 'KeyY');
    await heads_are(page, 80);
  }),

  'a keyboard on the screen types, deletes and ends, although it names no keys': once_an_engine(async (on) => {
    const { page } = on;
    await open(on, of_heads, { before: give_hands });
    const active = () => page.evaluate(() => document.activeElement.id);
    const tap = async () => {
      // A finger makes controls larger: the field is where it then is.
      await hands(page, 'click', await hands(page, 'field'), { pointerType: 'touch', pointerId: 7 });
      await until(async () => await active() === 'typed', 'the field that opens the keyboard has the focus');
    };
    const edit = (command, text = '') => page.evaluate((what, words) =>
      globalThis.hands.unnamed(() => document.execCommand(what, false, words)), command, text);
    await tap();
    // A word that is composed: the field has it before it is final.
    for (const [text, isComposing] of [['1', true], ['12', true], ['1', true], ['15', true], ['15', false]]) {
      await page.evaluate((word, composing) => globalThis.hands.unnamed(() => {
        const field = document.activeElement;
        globalThis.kept ??= field.value;
        field.value = globalThis.kept + word;
        field.dispatchEvent(new InputEvent('input', { inputType: 'insertCompositionText', data: word, isComposing: composing, bubbles: true }));
        if (!composing) field.dispatchEvent(new CompositionEvent('compositionend', { data: word, bubbles: true }));
      }), text, isComposing);
    }
    await edit('delete');
    await edit('insertText', '6');
    await hands(page, 'key', 'Enter', '');
    await heads_are(page, 16);
    assert.notEqual(await active(), 'typed', 'the keyboard closes');
    // Again, deleting what was there before, with an Enter that only the field is told of.
    await tap();
    await hands(page, 'key', 'End', '');
    await edit('delete');
    await edit('insertText', '8');
    await page.evaluate(() => globalThis.hands.unnamed(() => { document.getElementById('typed').dispatchEvent(
      new InputEvent('beforeinput', { inputType: 'insertLineBreak', bubbles: true })); }));
    await heads_are(page, 18);
    assert.notEqual(await active(), 'typed', 'the keyboard closes');
  }),

  'what event.buttons says is down: two buttons, a release outside, a lost capture, a second finger': once_an_engine(async (on) => {
    const { page } = on;
    await open(on, of_heads, { before: give_hands });
    const [x, y] = await hands(page, 'field');
    const knob = (share) => [x - 225 + share * 165, y]; // of the slider
    const pointer = (type, share, more = {}) => hands(page, 'pointer', type, knob(share), more);
    const hold = async () => {
      await pointer('pointermove', 0.2);
      await pointer('pointerdown', 0.2, { button: 0, buttons: 1 });
      await pointer('pointermove', 0.4, { buttons: 1 });
      return heads(page);
    };
    const stays = async (held, why) => {
      await pointer('pointermove', 0.9);
      assert.equal(await heads(page), held, why);
    };
    let held = await hold();
    assert.notEqual(held, 50, 'the slider is held');
    await pointer('pointermove', 0.4, { button: 2, buttons: 3 });
    await pointer('pointermove', 0.4, { button: 0, buttons: 2 });
    await pointer('pointermove', 0.7, { buttons: 2 });
    assert.equal(await heads(page), held, 'the left button is up, the right one is down');
    await pointer('pointerup', 0.7, { button: 2 });

    held = await hold();
    await stays(held, 'released where the page was not told');

    held = await hold();
    await pointer('lostpointercapture', 0.4);
    await pointer('pointermove', 0.8, { buttons: 1 });
    await stays(held, 'another element has the pointer');

    const finger = { pointerType: 'touch', pointerId: 11, button: 0, buttons: 1 };
    const second = { ...finger, pointerId: 12, isPrimary: false };
    await pointer('pointerdown', 0.2, finger);
    await pointer('pointermove', 0.4, { ...finger, button: -1 });
    held = await heads(page);
    await pointer('pointerdown', 0.9, second);
    await pointer('pointermove', 0.95, { ...second, button: -1 });
    assert.equal(await heads(page), held, 'the second finger moves nothing');
    await pointer('pointerup', 0.95, { ...second, buttons: 0 });
    await pointer('pointermove', 0.6, { ...finger, button: -1 });
    const moved = await heads(page);
    assert.ok(moved > held, 'the first one still holds');
    await pointer('pointerup', 0.6, { ...finger, buttons: 0 });
    await stays(moved, 'all fingers are up');
  }),

  'keys that the figure does not use scroll the page': async (on) => {
    const { page, engine } = on;
    const note_taken = () => {
      globalThis.taken = [];
      addEventListener('keydown', ({ key, defaultPrevented }) => { if (defaultPrevented) globalThis.taken.push(key); });
    };
    await open(on, of_heads, { height: 600, before: `() => { (${give_hands})(); (${note_taken})(); }` });
    await press(page, 'run'); // the open twin makes the page long
    await wait_for_state(page, 'finished');
    await page.evaluate((canvas) => {
      document.activeElement.blur();
      scrollTo(0, 0);
      if (canvas) document.getElementById('canvas').focus();
    }, engine.webgl);
    const top = () => page.evaluate(() => scrollY);
    const scrolls = async (key, down) => {
      let before = -1;
      await until(async () => {
        const last = before;
        await settle(200);
        before = await top();
        return before === last;
      }, 'the page is at rest');
      // A page that lays itself out drops a scroll that is under way: a reader presses again.
      await until(async () => {
        await page.keyboard.press(key);
        await settle(200);
        return down ? await top() > before : await top() < before;
      }, `${key} scrolls the page`);
    };
    const from = (place) => page.evaluate((y) => scrollTo(0, y), place);
    for (const key of ['PageDown', ' ', 'End']) {
      await from(0);
      await scrolls(key, true);
    }
    for (const key of ['PageUp', 'Home']) {
      await from(1e6);
      await scrolls(key, false);
    }
    for (const key of ['/', "'", '5', 'q', 'Insert', 'F2']) await hands(page, 'key', key, '');
    assert.deepEqual(await page.evaluate(() => globalThis.taken), []);
    if (!engine.webgl) return;
    // A control with the focus is pressed by Enter, and the lab's own keys are its own.
    await page.evaluate(() => scrollTo(0, 0));
    await page.keyboard.press('ArrowDown');
    await until(async () => {
      await settle(50);
      await page.keyboard.press('Enter');
      return page.evaluate(() => globalThis.taken.includes('Enter'));
    }, 'the control has the focus');
    await page.keyboard.press('r');
    assert.ok(await page.evaluate(() => globalThis.taken.includes('r') && globalThis.taken.includes('ArrowDown')));
  },

  'a text that is dragged into a field arrives there, elsewhere it is read as a state': async (on) => {
    const { page, engine, server } = on;
    await open(on, of_heads, { before: give_hands });
    /** Whether the page takes the text, and not the browser; `at` is a place on the canvas, or the name of an element. */
    const drop = (at, text) => page.evaluate(async (where, words) => {
      const [target, place] = typeof where === 'string' ? [document.getElementById(where), [0, 0]]
        : [document.getElementById('canvas'), where];
      const dataTransfer = new DataTransfer();
      dataTransfer.setData('text/plain', words);
      const tell = async (type) => {
        const event = new DragEvent(type, { bubbles: true, cancelable: true, dataTransfer, clientX: place[0], clientY: place[1] });
        target.dispatchEvent(event);
        await globalThis.hands.frames(3);
        return event.defaultPrevented;
      };
      await tell('dragover');
      const over = await tell('dragover');
      return [over, await tell('drop')];
    }, at, text);
    if (engine.webgl) {
      const field = await hands(page, 'field');
      await hands(page, 'pointer', 'pointermove', [2, 2]);
      assert.deepEqual(await drop(field, '96'), [true, true]);
      await hands(page, 'key', 'Enter', 'Enter');
      await heads_are(page, 96);
    }
    assert.deepEqual(await drop('stage', `${server.origin}#e=rf-learning-curve&heads=33`), [true, true]);
    await heads_are(page, 33);
    await page.evaluate(() => { document.getElementById('twin_details').open = true; });
    await page.waitForSelector('#parameter_heads');
    assert.deepEqual(await drop('parameter_heads', '64'), [false, false], 'the browser puts it into the field');
  },
};
