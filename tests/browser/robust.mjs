// Difficult environments: ten thousand damaged files, no storage, a background tab; and processor time of an idle
// page and until the first picture.
import assert from 'node:assert/strict';
import {
  assert_quiet, bare_app, open_page, patience, press, read_twin, run_checks, settle, until, wait_for_state,
} from './support/lab.mjs';
import { read_random_files } from './support/noise.mjs';
import { still_picture } from './support/pictures.mjs';

const small = 'e=rf-learning-curve&dim=6&keys=5&heads=50&samples=16,64&test-samples=200&trials=1';

/** Processor seconds of the page's main thread, independent of other work on the machine. */
async function thread_seconds(client) {
  const { metrics } = await client.send('Performance.getMetrics');
  return metrics.find(({ name }) => name === 'TaskDuration').value;
}

await run_checks({
  async 'ten thousand damaged files: each is read correctly or refused'(lab) {
    const page = await open_page(lab, '', { before: bare_app });
    const saved = JSON.stringify({ experiment: 'rf-learning-curve', params: { dim: 6, samples: '16,64' }, seed: 3,
      tables: [{ name: 'test_error', columns: ['n', 'mean'], rows: [[16, 1.02], [64, null]] }] }, null, 1);
    const { wrong, told } = await page.evaluate(read_random_files, saved);
    assert.deepEqual(wrong, []);
    assert.ok(told > 1000 && told < 9900, `${told} of them said something`);
    assert_quiet(page);
  },

  async 'a dropped file of more than 50 MB is refused before it is read'(lab) {
    const page = await open_page(lab, '');
    await page.evaluate(() => {
      const carried = new DataTransfer();
      carried.items.add(new File([new Uint8Array(50_000_001)], 'disk.img'));
      dispatchEvent(new DragEvent('drop', { dataTransfer: carried, cancelable: true }));
    });
    await page.waitForFunction(() => document.getElementById('notice').textContent ===
      'disk.img has 51 MB: a file can have at most 50 MB.');
    assert_quiet(page);
  },

  async 'the addresses of a hundred random permalinks, one after the other in one page'(lab) {
    const page = await open_page(lab, '');
    await page.evaluate(async () => {
      const pieces = ['e=icl-risk', 'e=extract-single', 'e=rf-bias', 'e=icl-attention', 'e=none', 'dim=4', 'dim=1e9',
        'heads=1,2', 'seed=7', 'seed=-1', 'samples=,', 'theme=dark', 'theme=light', 'ui=min', 'ui=full', '%zz', '&&', 'run=0'];
      for (let i = 0; i < 100; ++i) {
        const query = Array.from({ length: 1 + (i % 5) }, (_, k) => pieces[(i * 7 + k * 5) % pieces.length]).join('&');
        location.hash = query;
        await new Promise((resolve) => setTimeout(resolve, 60));
      }
    });
    await settle(1000);
    assert.ok((await read_twin(page)).experiment);
    assert_quiet(page);
  },

  async 'the page works without any kind of storage'(lab) {
    const page = await open_page(lab, `#${small}`, { before: () => {
      for (const name of ['localStorage', 'sessionStorage', 'indexedDB', 'caches']) {
        Object.defineProperty(globalThis, name, { get() { throw new DOMException('denied', 'SecurityError'); } });
      }
      Object.defineProperty(Document.prototype, 'cookie', {
        get() { throw new DOMException('denied', 'SecurityError'); },
        set() { throw new DOMException('denied', 'SecurityError'); } });
    } });
    await press(page, 'run');
    await wait_for_state(page, 'finished');
    assert.ok((await read_twin(page)).tables.test_error.rows.length > 0);
    assert_quiet(page);
  },

  async 'a run during a lost WebGL context gives the same picture as a visible run'(lab) {
    const seen = await open_page(lab, `#${small}`);
    await press(seen, 'run');
    const wanted = await still_picture(seen);
    const page = await open_page(lab, `#${small}`);
    await page.evaluate(() => {
      globalThis.lost = document.getElementById('canvas').getContext('webgl2').getExtension('WEBGL_lose_context');
      globalThis.lost.loseContext();
    });
    await page.waitForSelector('html.drawn');
    await press(page, 'run');
    await wait_for_state(page, 'finished'); // the glyph atlas is rebuilt without a texture
    await page.evaluate(() => globalThis.lost.restoreContext());
    await page.waitForSelector('html:not(.drawn)');
    assert.ok(wanted.equals(await still_picture(page)), 'the pictures are the same');
    assert_quiet(seen);
    assert_quiet(page);
  },

  async 'in the background jobs run and nothing is drawn; in the foreground the result is drawn'(lab) {
    const page = await open_page(lab, `#${small}`, { before: () => {
      globalThis.frames_asked = 0;
      const ask = globalThis.requestAnimationFrame.bind(globalThis);
      globalThis.behind = false;
      const waiting = [];
      globalThis.requestAnimationFrame = (call) => {
        globalThis.frames_asked += 1;
        return globalThis.behind ? waiting.push(call) : ask(call);
      };
      Object.defineProperty(document, 'hidden', { get: () => globalThis.behind });
      globalThis.go_behind = (behind) => {
        globalThis.behind = behind;
        document.dispatchEvent(new Event('visibilitychange'));
        if (!behind) waiting.splice(0).forEach((call) => ask(call)); // as browsers do
      };
    } });
    await read_twin(page);
    await settle(1500);
    await page.evaluate(() => globalThis.go_behind(true));
    const before = await page.evaluate(() => globalThis.frames_asked);
    await page.$eval('#twin_body [data-action="run"]', (button) => button.click());
    await page.waitForFunction(() => document.getElementById('twin_body').dataset.state === 'finished',
      { timeout: patience, polling: 200 });
    const asked = await page.evaluate(() => globalThis.frames_asked) - before;
    assert.ok(asked <= 1, `${asked} frames were asked for, of which a browser gives none`);
    const client = await page.createCDPSession();
    await client.send('Performance.enable', { timeDomain: 'threadTicks' });
    const worked = await thread_seconds(client);
    await settle(2000);
    const share = (await thread_seconds(client) - worked) / 2;
    assert.ok(share < 0.02, `it is idle after the run: ${share}`);
    await page.evaluate(() => globalThis.go_behind(false));
    await until(async () => await page.evaluate(() => globalThis.frames_asked) > before, 'it asks for a frame');
    assert.ok((await read_twin(page)).tables.test_error.rows.length > 0);
    assert_quiet(page);
  },

  async 'an idle page takes less than one per cent of a processor'(lab) {
    const page = await open_page(lab, `#${small}`);
    await press(page, 'run');
    await wait_for_state(page, 'finished');
    await settle(2500);
    const client = await page.createCDPSession();
    await client.send('Performance.enable', { timeDomain: 'threadTicks' });
    const before = await thread_seconds(client);
    await settle(5000);
    const share = (await thread_seconds(client) - before) / 5;
    console.log(`     ${(100 * share).toFixed(2)} % of a processor`);
    assert.ok(share < 0.01, `${share}`);
    assert_quiet(page);
  },

  async 'the first picture takes less than two seconds of work at a quarter of the speed'(lab) {
    const page = await lab.browser.newPage();
    const client = await page.createCDPSession();
    await client.send('Performance.enable', { timeDomain: 'threadTicks' });
    const before = await thread_seconds(client);
    await page.goto(lab.origin, { waitUntil: 'domcontentloaded' });
    await page.waitForFunction(() => {
      const picture = document.querySelector('#first img');
      return document.documentElement.dataset.ready || (picture.complete && picture.naturalWidth > 0);
    }, { timeout: patience, polling: 20 });
    const work = await thread_seconds(client) - before;
    console.log(`     ${Math.round(1000 * work)} ms of work, at a quarter of the speed ${Math.round(4000 * work)} ms`);
    assert.ok(4 * work < 2, `${work} s of work`);
  },
});
