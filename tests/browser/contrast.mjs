// Readers whose systems force colours or ask for more contrast: text, axes and curves in the system's colours, curves
// that differ without colour, and a canvas with black, white and strong colours.
import assert from 'node:assert/strict';
import { open_page, patience, press, run_checks, settle, until, wait_for_state } from './support/lab.mjs';

const small = 'e=rf-learning-curve&dim=6&keys=5&heads=50&samples=16,64,256&test-samples=200&trials=2';

/** Opens a page for such a reader. */
async function open_for(lab, query, { forced = false, more = false, dark = false } = {}) {
  return open_page(lab, `#${query}`, { prepare: async (page) => {
    const session = await page.createCDPSession();
    await session.send('Emulation.setEmulatedMedia', { features: [
      { name: 'forced-colors', value: forced ? 'active' : 'none' },
      { name: 'prefers-contrast', value: more ? 'more' : 'no-preference' },
      { name: 'prefers-color-scheme', value: dark ? 'dark' : 'light' }] });
  } });
}

/** In the page: the computed value of a colour's name. */
const colour = (page, name) => page.evaluate((value) => {
  const probe = document.createElement('p');
  probe.style.color = value;
  document.body.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}, name);

/** WCAG's contrast ratio of two colours "rgb(r, g, b)". */
function contrast(a, b) {
  const luminance = (text) => {
    const [r, g, b_] = /(\d+)\D+(\d+)\D+(\d+)/.exec(text).slice(1).map((byte) => {
      const c = Number(byte) / 255;
      return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b_;
  };
  const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (high + 0.05) / (low + 0.05);
}

/** Share of each colour in the middle of the canvas, as the reader sees it: the most frequent first. */
async function colours_of_canvas(page) {
  const box = await page.evaluate(() => {
    const { x, y, width, height } = document.getElementById('canvas').getBoundingClientRect();
    return { x: x + scrollX, y: y + scrollY, width: width * 0.6, height: height * 0.6 };
  });
  const picture = Buffer.from(await page.screenshot({ clip: box })).toString('base64');
  return page.evaluate(async (text) => {
    const bytes = Uint8Array.from(atob(text), (one) => one.charCodeAt(0));
    const bitmap = await createImageBitmap(new Blob([bytes], { type: 'image/png' }));
    const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
    const context = canvas.getContext('2d');
    context.drawImage(bitmap, 0, 0);
    const { data } = context.getImageData(0, 0, bitmap.width, bitmap.height);
    const counts = new Map();
    for (let i = 0; i < data.length; i += 4) {
      const name = `rgb(${data[i]}, ${data[i + 1]}, ${data[i + 2]})`;
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
    return [...counts].sort((a, b) => b[1] - a[1]).map(([name]) => name);
  }, picture);
}

await run_checks({
  async 'forced colours: the figure of page elements has the system\'s colours, and curves differ by their marks'(lab) {
    for (const dark of [false, true]) {
      const page = await open_for(lab, `${small}&draw=svg`, { forced: true, dark });
      await press(page, 'run');
      await wait_for_state(page, 'finished');
      await page.waitForSelector('#drawing .point', { timeout: patience });
      const [ground, ink] = [await colour(page, 'Canvas'), await colour(page, 'CanvasText')];
      assert.notEqual(ground, ink);
      const seen = await page.evaluate(() => {
        const style = (one) => getComputedStyle(one);
        const all = (selector) => [...document.querySelectorAll(`#drawing svg ${selector}`)];
        return {
          ground: style(all('> rect')[0]).fill,
          texts: [...new Set(all('text').map((one) => style(one).fill))],
          curves: [...new Set(all('g > polyline').map((one) => style(one).stroke))],
          lines: all('g > polyline').length,
          // Of a curve with marks: its dash and the mark's outline.
          kinds: all('g:has(> .point)').map((group) => [group.querySelector('polyline').getAttribute('stroke-dasharray'),
            group.querySelector('.point').getAttribute('d')].join()),
        };
      });
      assert.equal(seen.ground, ground);
      assert.deepEqual(seen.texts, [ink]);
      assert.deepEqual(seen.curves, [ink]);
      assert.ok(seen.kinds.length >= 4 && seen.lines > seen.kinds.length);
      assert.equal(new Set(seen.kinds).size, seen.kinds.length, 'every curve has a mark of its own');

      // Controls: borders and the focus can be seen.
      const button = await page.evaluate(() => {
        const one = document.querySelector('[data-tool="csv"]');
        one.focus({ focusVisible: true });
        const { borderTopColor, backgroundColor, outlineColor, outlineStyle, outlineWidth, color } = getComputedStyle(one);
        return { borderTopColor, backgroundColor, outlineColor, outlineStyle, outlineWidth, color };
      });
      assert.ok(contrast(button.borderTopColor, ground) >= 3, JSON.stringify(button));
      assert.ok(contrast(button.color, button.backgroundColor) >= 4.5, JSON.stringify(button));
      assert.equal(button.outlineStyle, 'solid');
      assert.ok(parseFloat(button.outlineWidth) >= 2 && contrast(button.outlineColor, ground) >= 3, JSON.stringify(button));
      await page.close();
    }
  },

  async 'forced colours: curves without marks of their own have them, also after the setting changes'(lab) {
    const page = await open_for(lab, 'e=rf-function&draw=svg');
    const marks = () => page.evaluate(() =>
      new Set([...document.querySelectorAll('#drawing svg g > path[transform]')].map((one) => one.getAttribute('d'))).size);
    await page.waitForSelector('#drawing polyline', { timeout: patience });
    assert.equal(await marks(), 0);
    const session = await page.createCDPSession();
    await session.send('Emulation.setEmulatedMedia', { features: [{ name: 'forced-colors', value: 'active' }] });
    await until(async () => await marks() >= 3, 'curves have marks');
  },

  async 'more contrast: the page and the canvas are black and white, with strong colours'(lab) {
    for (const dark of [false, true]) {
      const page = await open_for(lab, '', { more: true, dark });
      await settle(1500);
      const ground = dark ? 'rgb(0, 0, 0)' : 'rgb(255, 255, 255)';
      const ink = dark ? 'rgb(255, 255, 255)' : 'rgb(0, 0, 0)';
      const style = await page.evaluate(() => ['body', '.help, .kicker', '#tools button'].map((selector) => {
        const { color } = getComputedStyle(document.querySelector(selector));
        return color;
      }));
      for (const text of style) assert.ok(contrast(text, ground) >= 7, `${text} on ${ground}`);
      const colours = await colours_of_canvas(page);
      assert.equal(colours[0], ground);
      assert.ok(colours.includes(ink), 'text is as strong as can be');
      await page.close();
      const usual = await open_for(lab, '', { dark });
      await settle(1500);
      const plain = await colours_of_canvas(usual);
      assert.ok(!plain.slice(0, 40).includes(ink), 'without the wish, text is softer');
      await usual.close();
    }
  },
});
