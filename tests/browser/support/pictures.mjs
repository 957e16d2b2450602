// Outputs of a page: offered files, and pictures of the page at rest.
import { patience, settle, wait_for_state } from './lab.mjs';

/** For `before` of open_page: records the files that the page offers. */
export const keep_files = () => {
  globalThis.files = [];
  const make = URL.createObjectURL;
  URL.createObjectURL = (blob) => {
    globalThis.files.push(blob);
    return make(blob);
  };
};

/** Presses a "save" button: {type, text, begin} of the file, `begin` being its first bytes. */
export async function saved(page, format) {
  await page.evaluate(() => { globalThis.files = []; });
  await page.click(`[data-tool="${format}"]`);
  const ending = format === 'bibtex' ? 'bib' : format;
  await page.waitForFunction((wanted) => globalThis.files.length > 0 &&
    document.getElementById('notice').textContent.includes(`.${wanted}`), { timeout: patience }, ending);
  return page.evaluate(async () => {
    const blob = globalThis.files.at(-1);
    const bytes = new Uint8Array(await blob.arrayBuffer());
    return { type: blob.type, text: await blob.text(), begin: [...bytes.slice(0, 24)] };
  });
}

/** For `before` of open_page: records what the page copies. */
export const keep_copied = () => {
  if (!navigator.clipboard) return; // about:blank has none
  Object.defineProperty(navigator.clipboard, 'writeText', { value: async (text) => { globalThis.copied = text; } });
};

/** The link that "Copy link" puts on the clipboard. */
export async function copied_link(page) {
  await page.click('[data-tool="link"]');
  await page.waitForFunction(() => globalThis.copied, { timeout: patience });
  return page.evaluate(() => globalThis.copied);
}

/** The second of the first two pictures in a row that are equal. */
export async function at_rest(shot) {
  let bytes = Buffer.from(await shot());
  for (let still = false, turn = 0; !still && turn < 20; turn += 1) {
    await settle(700);
    const next = Buffer.from(await shot());
    still = next.equals(bytes);
    bytes = next;
  }
  return bytes;
}

/**
 * The lab's canvas above the run bar (which shows how long the run took), or its drawing where there is no canvas,
 * after the run has ended and two pictures in a row are equal.
 */
export async function still_picture(page) {
  await wait_for_state(page, 'finished');
  await page.evaluate(() => {
    document.getElementById('twin_details').open = false;
    scrollTo(0, 0);
  });
  await settle(1200);
  const clip = await page.evaluate(() => {
    const drawing = document.querySelector('#drawing:not([hidden]) svg');
    const box = (drawing ?? document.getElementById('canvas')).getBoundingClientRect();
    const height = drawing ? box.height : box.width < 760 ? 290 : box.height - 60; // narrow: the bar is below the figure
    return { x: box.x, y: box.y + scrollY, width: box.width, height };
  });
  return at_rest(() => page.screenshot({ clip, captureBeyondViewport: false }));
}
