// Hands and devices: keyboards of other layouts and on screens, several buttons and fingers, releases that are not
// told, and keys and dragged texts that are not the figure's.
import assert from 'node:assert/strict';
import { assert_quiet, open_page, press, read_twin, run_checks, settle, until, wait_for_state } from './support/lab.mjs';
import { keep_copied } from './support/pictures.mjs';

/** The only control of the figure is the one of heads. */
const small = 'e=rf-learning-curve&dim=6&keys=5&heads=50&samples=16,64&test-samples=200&trials=1' +
  '&ui=min&lock=target,degree,models,samples,trials';
const hash = (page) => page.evaluate(() => location.hash);
const cursor = (page) => page.$eval('#canvas', (canvas) => canvas.style.cursor);
const two_frames = (page) => page.evaluate(() => new Promise((resolve) => {
  requestAnimationFrame(() => requestAnimationFrame(() => requestAnimationFrame(resolve)));
}));

/** A place on the canvas where the cursor is `wanted`: of the column `x` (from the right edge), from y0 to y1. */
async function find(page, wanted, { x, y0, y1, step }) {
  const box = await (await page.$('#canvas')).boundingBox();
  for (let y = box.y + y0; y < box.y + y1; y += step) {
    const at = [box.x + box.width - x, y];
    await page.mouse.move(...at);
    await two_frames(page);
    if (await cursor(page) !== wanted) continue;
    await two_frames(page); // a slow frame may still show the cursor of the place before
    if (await cursor(page) === wanted) return at;
  }
  throw new Error(`no place with the cursor ${wanted} was found`);
}

/** The figure's field of the parameter heads; its slider is left of it. */
const find_field = (page) => find(page, 'text', { x: 65, y0: 0, y1: 800, step: 14 });

/** Waits until the address says that many heads. */
const heads_are = (page, heads) =>
  until(async () => new RegExp(`[#&]heads=${heads}(&|$)`).test(await hash(page)), `there are ${heads} heads`);
const heads = async (page) => {
  await settle(600); // the address is written with a delay
  return Number((/heads=(\d+)/.exec(await hash(page)))[1]);
};

/** Presses keys as a keyboard reports them: [key, code] or a character of a digit key. */
async function keyboard(page) {
  const client = await page.createCDPSession();
  const one = async (key, code, modifiers) => {
    const text = key.length === 1 && !modifiers ? key : undefined;
    await client.send('Input.dispatchKeyEvent', { type: text ? 'keyDown' : 'rawKeyDown', key, code, modifiers, text });
    await client.send('Input.dispatchKeyEvent', { type: 'keyUp', key, code, modifiers });
    await two_frames(page);
  };
  return {
    client,
    press: (key, code = key) => one(key, code, 0),
    ctrl: (key, code) => one(key, code, 2),
    async digits(text) {
      for (const digit of text) await one(digit, `Digit${digit}`, 0);
    },
  };
}

/** Sends pointer events to the canvas; positions are of the page. */
const pointer = (page, type, [clientX, clientY], more = {}) => page.evaluate((what, given) => {
  document.getElementById('canvas').dispatchEvent(new PointerEvent(what, {
    bubbles: true, cancelable: true, pointerId: 1, pointerType: 'mouse', isPrimary: true, button: -1, buttons: 0, ...given,
  }));
  return new Promise((resolve) => { requestAnimationFrame(() => requestAnimationFrame(resolve)); });
}, type, { clientX, clientY, ...more });

await run_checks({
  async 'shortcuts go by what the key types, else by its place'(lab) {
    const page = await open_page(lab, `#${small}`, { before: keep_copied });
    const field = await find_field(page);
    const { press: key, ctrl, digits } = await keyboard(page);
    await page.mouse.click(...field);
    await two_frames(page);
    await key('End');
    await ctrl('a', 'KeyQ'); // AZERTY
    await digits('70');
    await key('Enter');
    await heads_are(page, 70);
    await page.mouse.click(...field);
    await two_frames(page);
    await key('End');
    await ctrl('ф', 'KeyA'); // Cyrillic
    await digits('80');
    await key('Enter');
    await heads_are(page, 80);
    await page.mouse.click(...field);
    await two_frames(page);
    await digits('9');
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
    assert_quiet(page);
  },

  async 'a keyboard on the screen types, deletes and ends, although it names no keys'(lab) {
    const page = await open_page(lab, `#${small}`);
    const { client, press: key } = await keyboard(page);
    const touch = (type, points) => client.send('Input.dispatchTouchEvent', { type, touchPoints: points });
    const active = () => page.evaluate(() => document.activeElement.id);
    const tap = async ([x, y]) => {
      await touch('touchStart', [{ x, y }]);
      await touch('touchEnd', []);
    };
    await tap(await find_field(page));
    await until(async () => await active() === 'typed', 'the field that opens the keyboard has the focus');
    const unnamed = async (action) => {
      const named = { key: 'Unidentified', code: '', windowsVirtualKeyCode: 229 };
      await client.send('Input.dispatchKeyEvent', { type: 'rawKeyDown', ...named });
      await action();
      await client.send('Input.dispatchKeyEvent', { type: 'keyUp', ...named });
      await two_frames(page);
    };
    const compose = (text) => unnamed(() => client.send('Input.imeSetComposition',
      { text, selectionStart: text.length, selectionEnd: text.length }));
    const remove = () => unnamed(() => page.evaluate(() => { document.execCommand('delete'); }));
    for (const word of ['1', '12', '1', '15']) await compose(word);
    await unnamed(() => client.send('Input.insertText', { text: '15' }));
    await remove();
    await unnamed(() => client.send('Input.insertText', { text: '6' }));
    await key('Enter', '');
    await heads_are(page, 16);
    assert.notEqual(await active(), 'typed', 'the keyboard closes');
    // Again, deleting what was there before, with an Enter that only the field is told of.
    await tap(await find_field(page)); // a finger makes controls larger, the mouse smaller again
    await until(async () => await active() === 'typed', 'the field has the focus again');
    await key('End', '');
    await remove();
    await unnamed(() => client.send('Input.insertText', { text: '8' }));
    await unnamed(() => page.evaluate(() => { document.getElementById('typed').dispatchEvent(
      new InputEvent('beforeinput', { inputType: 'insertLineBreak', bubbles: true })); }));
    await heads_are(page, 18);
    assert.notEqual(await active(), 'typed', 'the keyboard closes');
    assert_quiet(page);
  },

  async 'what event.buttons says is down: two buttons, a release outside, a lost capture, a second finger'(lab) {
    const page = await open_page(lab, `#${small}`);
    const [x, y] = await find_field(page);
    const knob = (share) => [x - 225 + share * 165, y]; // of the slider
    const hold = async () => {
      await pointer(page, 'pointermove', knob(0.2));
      await pointer(page, 'pointerdown', knob(0.2), { button: 0, buttons: 1 });
      await pointer(page, 'pointermove', knob(0.4), { buttons: 1 });
      return heads(page);
    };
    const stays = async (held, why) => {
      await pointer(page, 'pointermove', knob(0.9));
      assert.equal(await heads(page), held, why);
    };
    let held = await hold();
    assert.notEqual(held, 50, 'the slider is held');
    await pointer(page, 'pointermove', knob(0.4), { button: 2, buttons: 3 });
    await pointer(page, 'pointermove', knob(0.4), { button: 0, buttons: 2 });
    await pointer(page, 'pointermove', knob(0.7), { buttons: 2 });
    assert.equal(await heads(page), held, 'the left button is up, the right one is down');
    await pointer(page, 'pointerup', knob(0.7), { button: 2 });

    held = await hold();
    await stays(held, 'released where the page was not told');

    held = await hold();
    await pointer(page, 'lostpointercapture', knob(0.4));
    await pointer(page, 'pointermove', knob(0.8), { buttons: 1 });
    await stays(held, 'another element has the pointer');

    const finger = { pointerType: 'touch', pointerId: 11, button: 0, buttons: 1 };
    const second = { ...finger, pointerId: 12, isPrimary: false };
    await pointer(page, 'pointerdown', knob(0.2), finger);
    await pointer(page, 'pointermove', knob(0.4), { ...finger, button: -1 });
    held = await heads(page);
    await pointer(page, 'pointerdown', knob(0.9), second);
    await pointer(page, 'pointermove', knob(0.95), { ...second, button: -1 });
    assert.equal(await heads(page), held, 'the second finger moves nothing');
    await pointer(page, 'pointerup', knob(0.95), { ...second, buttons: 0 });
    await pointer(page, 'pointermove', knob(0.6), { ...finger, button: -1 });
    const moved = await heads(page);
    assert.ok(moved > held, 'the first one still holds');
    await pointer(page, 'pointerup', knob(0.6), { ...finger, buttons: 0 });
    await stays(moved, 'all fingers are up');
    assert_quiet(page);
  },

  async 'keys that the figure does not use scroll the page'(lab) {
    const page = await open_page(lab, `#${small}`, { height: 600, before: () => {
      globalThis.taken = [];
      addEventListener('keydown', ({ key, defaultPrevented }) => { if (defaultPrevented) globalThis.taken.push(key); });
    } });
    await press(page, 'run'); // the open twin makes the page long
    await wait_for_state(page, 'finished');
    await page.evaluate(() => { document.activeElement.blur(); scrollTo(0, 0); });
    await page.focus('#canvas');
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
    for (const key of ['PageDown', 'Space', 'End']) {
      await from(0);
      await scrolls(key, true);
    }
    for (const key of ['PageUp', 'Home']) {
      await from(1e6);
      await scrolls(key, false);
    }
    for (const key of ['/', "'", '5', 'q', 'Insert', 'F2']) await page.keyboard.press(key);
    assert.deepEqual(await page.evaluate(() => globalThis.taken), []);
    // A control with the focus is pressed by Space, and the lab's own keys are its own.
    await page.evaluate(() => scrollTo(0, 0));
    await page.keyboard.press('ArrowDown');
    await until(async () => {
      await two_frames(page);
      await page.keyboard.press('Enter');
      return page.evaluate(() => globalThis.taken.includes('Enter'));
    }, 'the control has the focus');
    await page.keyboard.press('r');
    assert.ok(await page.evaluate(() => globalThis.taken.includes('r') && globalThis.taken.includes('ArrowDown')));
    assert_quiet(page);
  },

  async 'a text that is dragged into a field arrives there, elsewhere it is read as a state'(lab) {
    const page = await open_page(lab, `#${small}`);
    const { client, press: key } = await keyboard(page);
    const drop = async ([x, y], text) => {
      const data = { items: [{ mimeType: 'text/plain', data: text }], dragOperationsMask: 1 };
      for (const type of ['dragEnter', 'dragOver', 'dragOver']) {
        await client.send('Input.dispatchDragEvent', { type, x, y, data });
        await two_frames(page);
      }
      await client.send('Input.dispatchDragEvent', { type: 'drop', x, y, data });
    };
    const field = await find_field(page);
    await page.mouse.move(2, 2);
    await two_frames(page);
    await drop(field, '96');
    await two_frames(page);
    await key('Enter');
    await heads_are(page, 96);
    await drop([field[0] - 500, field[1] + 100], `${lab.origin}#e=rf-learning-curve&heads=33`);
    await heads_are(page, 33);
    await read_twin(page);
    const middle = await page.$eval('#parameter_heads', (input) => {
      input.value = '';
      input.scrollIntoView({ block: 'center' });
      const box = input.getBoundingClientRect();
      return [box.x + box.width / 2, box.y + box.height / 2];
    });
    await drop(middle, '64');
    await until(() => page.$eval('#parameter_heads', ({ value }) => value === '64'), 'the field has the text');
    await page.focus('#parameter_heads');
    await key('Tab');
    await heads_are(page, 64);
    assert_quiet(page);
  },
});
