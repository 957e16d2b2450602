// What only the browser's own input shows, beside the events that the short suite makes in every engine
// (support/short_hands.mjs): fingers, words that are composed, and texts dragged into a field of the page.
import { assert_quiet, open_page, read_twin, run_checks, until } from './support/lab.mjs';
import { give_hands, heads_are, of_heads } from './support/short_hands.mjs';

const find_field = (page) => page.evaluate(() => globalThis.hands.field());
const frames = (page) => page.evaluate(() => globalThis.hands.frames(3));

await run_checks({
  async 'a finger opens the keyboard on the screen, which composes a word'(lab) {
    const page = await open_page(lab, `#${of_heads}`, { before: give_hands });
    const client = await page.createCDPSession();
    const [x, y] = await find_field(page);
    await client.send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints: [{ x, y }] });
    await client.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] });
    await until(() => page.evaluate(() => document.activeElement.id === 'typed'), 'the field that opens the keyboard has the focus');
    const unnamed = async (action) => {
      const named = { key: 'Unidentified', code: '', windowsVirtualKeyCode: 229 };
      await client.send('Input.dispatchKeyEvent', { type: 'rawKeyDown', ...named });
      await action();
      await client.send('Input.dispatchKeyEvent', { type: 'keyUp', ...named });
      await frames(page);
    };
    for (const text of ['1', '12', '1', '15']) {
      await unnamed(() => client.send('Input.imeSetComposition', { text, selectionStart: text.length, selectionEnd: text.length }));
    }
    await unnamed(() => client.send('Input.insertText', { text: '15' }));
    await unnamed(() => page.evaluate(() => { document.execCommand('delete'); }));
    await unnamed(() => client.send('Input.insertText', { text: '6' }));
    await page.keyboard.press('Enter');
    await heads_are(page, 16);
    assert_quiet(page);
  },

  async 'a text that is dragged into a field of the page arrives there'(lab) {
    const page = await open_page(lab, `#${of_heads}`);
    const client = await page.createCDPSession();
    await read_twin(page);
    const [x, y] = await page.$eval('#parameter_heads', (input) => {
      input.value = '';
      input.scrollIntoView({ block: 'center' });
      const box = input.getBoundingClientRect();
      return [box.x + box.width / 2, box.y + box.height / 2];
    });
    const data = { items: [{ mimeType: 'text/plain', data: '64' }], dragOperationsMask: 1 };
    for (const type of ['dragEnter', 'dragOver', 'dragOver', 'drop']) {
      await client.send('Input.dispatchDragEvent', { type, x, y, data });
    }
    await until(() => page.$eval('#parameter_heads', ({ value }) => value === '64'), 'the field has the text');
    await page.focus('#parameter_heads');
    await page.keyboard.press('Tab');
    await heads_are(page, 64);
    assert_quiet(page);
  },
});
