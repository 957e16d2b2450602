// The first seconds, saved files, undo, dropped files, copied links, and accessibility.
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import {
  assert_quiet, dist, open_page, patience, press, read_twin, run_checks, screenshots, settle, type_parameter,
  wait_for_state,
} from './support/lab.mjs';
import { copied_link, keep_copied, keep_files, saved, still_picture } from './support/pictures.mjs';

const small = 'e=rf-learning-curve&dim=6&keys=5&heads=50&samples=16,64,128&test-samples=200&trials=2';

await run_checks({
  async 'the first frame is a picture, shown before the module, and the lab then shows that result'(lab) {
    const page = await lab.browser.newPage();
    await page.setViewport({ width: 1280, height: 900 });
    const client = await page.createCDPSession();
    await client.send('Emulation.setCPUThrottlingRate', { rate: 4 });
    await page.setRequestInterception(true);
    let release;
    const held = new Promise((resolve) => { release = resolve; });
    page.on('request', async (request) => {
      if (request.url().includes('attnlab.wasm')) await held;
      request.continue();
    });
    const begin = Date.now();
    await page.goto(lab.origin, { waitUntil: 'domcontentloaded' });
    await page.waitForFunction(() => {
      const picture = document.querySelector('#first img');
      return picture.checkVisibility() && picture.complete && picture.naturalWidth > 0;
    }, { timeout: patience });
    const took = Date.now() - begin;
    console.log(`     the picture stood after ${took} ms at a quarter of the processor's speed`);
    const loaded = await page.evaluate(() => performance.getEntriesByType('paint')
      .find(({ name }) => name === 'first-contentful-paint')?.startTime);
    console.log(`     first paint after ${Math.round(loaded)} ms`); // printed, not tested, because machines differ
    assert.ok(loaded > 0, 'something was painted before the module');
    assert.match(await page.$eval('#first', (figure) => figure.textContent), /Precomputed with seed 1/);
    release();
    await page.waitForSelector('html[data-ready]', { timeout: patience });
    await wait_for_state(page, 'finished');
    const twin = await read_twin(page);
    assert.match(twin.status, /Precomputed with seed 1/);
    assert.ok(twin.tables.test_error.rows.length > 0);
    await press(page, 'reset');
    assert.equal((await read_twin(page)).state, 'ready');
  },

  async 'every format saves the run that is shown; the svg has a point for each row of the csv'(lab) {
    const page = await open_page(lab, `#${small}&seed=3`, { before: keep_files });
    await press(page, 'run');
    await wait_for_state(page, 'finished');
    const csv = (await saved(page, 'csv')).text.trim().split('\n');
    const svg = await saved(page, 'svg');
    const { points, errors, labels } = await page.evaluate((text) => {
      const parsed = new DOMParser().parseFromString(text, 'image/svg+xml');
      return { points: parsed.querySelectorAll('.point').length,
        errors: parsed.querySelectorAll('parsererror').length,
        labels: [...parsed.querySelectorAll('text')].map((one) => one.textContent) };
    }, svg.text);
    assert.equal(errors, 0);
    assert.equal(points, csv.length - 1);
    assert.ok(labels.some((label) => /seed=3/.test(label)));
    const png = await saved(page, 'png');
    assert.deepEqual(png.begin.slice(1, 4), [...'PNG'].map((letter) => letter.charCodeAt(0)));
    assert.equal((png.begin[18] << 8) + png.begin[19], 1520, 'twice the width of the svg');
    const json = await saved(page, 'json');
    const document = JSON.parse(json.text);
    assert.equal(document.seed, 3);
    assert.equal(document.tables.trials.rows.length, 2 * (csv.length - 1), 'two trials a row of the csv');
    assert.ok(!('trials' in (await read_twin(page)).tables), 'views do not have the table of trials');
    const bibtex = await saved(page, 'bibtex');
    assert.match(bibtex.text, /eprint = \{2307\.11353\}[^]*seed = 3/);
    assert.deepEqual([svg, png, json, bibtex].map(({ type }) => type),
      ['image/svg+xml', 'image/png', 'application/json', 'application/x-bibtex']);
    assert_quiet(page);
  },

  async 'the JSON of the precomputed result has its trials, whose code is not in the first download'(lab) {
    const page = await open_page(lab, '', { before: keep_files });
    const { tables, params } = JSON.parse((await saved(page, 'json')).text);
    assert.equal(tables.trials.rows.length, params.trials * tables.test_error.rows.length);
    assert.equal((await read_twin(page)).state, 'finished');
    assert_quiet(page);
  },

  async 'a kept result appears next to the new one in figure, table, CSV and SVG'(lab) {
    for (const look of [{}, { width: 390, dark: true }]) {
      const page = await open_page(lab, `#${small}&seed=3`, { before: keep_files, ...look });
      assert.equal((await read_twin(page)).enabled.keep, false, 'nothing to keep yet');
      await press(page, 'run');
      await wait_for_state(page, 'finished');
      const alone = await read_twin(page);
      await press(page, 'keep');
      await type_parameter(page, 'heads', '200');
      await press(page, 'run');
      await wait_for_state(page, 'finished');
      const both = await read_twin(page);
      const { columns, rows } = both.tables.test_error;
      assert.equal(columns.at(-1), 'run');
      assert.deepEqual([...new Set(rows.map((row) => row.at(-1)))], ['now', 'heads = 50']);
      const kept = rows.filter((row) => row.at(-1) !== 'now').map((row) => row.slice(0, -1));
      assert.deepEqual(kept, alone.tables.test_error.rows, 'to the last digit');
      const lines = (await saved(page, 'csv')).text.trim().split('\n');
      assert.equal(lines.length - 1, rows.length);
      const svg = (await saved(page, 'svg')).text;
      assert.equal(svg.match(/class="point"/g).length, rows.length);
      assert.match(svg, /heads = 50/);
      assert.equal(JSON.parse((await saved(page, 'json')).text).params.heads, 200);
      await page.evaluate(() => scrollTo(0, 0));
      await settle(1200);
      mkdirSync(screenshots, { recursive: true });
      await page.screenshot({ path: path.join(screenshots, `kept-${look.width ?? 1280}.png`) });
      await press(page, 'forget');
      await page.waitForFunction(() => document.querySelector('[data-action="forget"]').disabled);
      assert.deepEqual((await read_twin(page)).tables.test_error.columns, alone.tables.test_error.columns);
      assert_quiet(page);
    }
  },

  async 'a copied link shows the same picture, pixel for pixel'(lab) {
    for (const [figure, look] of [['', {}], ['', { width: 390, height: 844 }],
      ['&target=mean-power,maximum&figure=all', {}]]) {
      const picture = async (hash) => {
        const page = await open_page(lab, hash, { ...look, before: keep_copied });
        const bytes = await still_picture(page);
        const link = await copied_link(page);
        assert_quiet(page);
        return { bytes, link };
      };
      const first = await picture(`#${small}${figure}&seed=11&run=1`);
      assert.ok(first.link.startsWith(lab.origin), first.link);
      assert.equal(first.link.includes('&figure=all'), figure !== '');
      const second = await picture(`${first.link.slice(lab.origin.length)}&run=1`);
      assert.equal(second.link, first.link);
      assert.ok(first.bytes.equals(second.bytes), 'the pictures are the same');
    }
  },

  async 'an address typed while the page updates its own is opened'(lab) {
    const page = await open_page(lab, `#${small}`);
    await page.evaluate(() => {
      const before = location.hash;
      location.hash = 'e=rf-learning-curve&dim=7&keys=3';
      history.replaceState(null, '', before);
    });
    await page.waitForFunction(() => location.hash.includes('dim=7'), { timeout: patience });
    const { parameters } = await read_twin(page);
    assert.deepEqual([parameters.dim, parameters.keys], ['7', '3']);
    assert_quiet(page);
  },

  async 'undo and redo are disabled until there is something to undo'(lab) {
    const page = await lab.browser.newPage();
    await page.evaluateOnNewDocument(() => {
      globalThis.seen = new Set();
      new MutationObserver(() => {
        for (const button of document.querySelectorAll('[data-tool="undo"], [data-tool="redo"]')) {
          globalThis.seen.add(`${button.dataset.tool} ${button.disabled ? 'off' : 'on'}`);
        }
      }).observe(document, { subtree: true, childList: true, attributes: true });
    });
    await page.goto(`${lab.origin}#${small}`);
    await page.waitForSelector('html[data-ready]', { timeout: patience });
    assert.deepEqual(await page.evaluate(() => [...globalThis.seen].sort()), ['redo off', 'undo off']);
  },

  async 'undo and redo repeat the changes; a dropped result sets the parameters'(lab) {
    const page = await open_page(lab, `#${small}`);
    await type_parameter(page, 'keys', '9');
    await type_parameter(page, 'dim', '12');
    const values = async () => {
      const { parameters } = await read_twin(page);
      return [parameters.keys, parameters.dim];
    };
    assert.deepEqual(await values(), ['9', '12']);
    await page.click('[data-tool="undo"]');
    assert.deepEqual(await values(), ['9', '6']);
    await page.click('[data-tool="undo"]');
    assert.deepEqual(await values(), ['5', '6']);
    await page.click('[data-tool="redo"]');
    assert.deepEqual(await values(), ['9', '6']);
    await page.evaluate(() => {
      const carried = new DataTransfer();
      const text = JSON.stringify({ attnlab: 1, experiment: 'rf-learning-curve',
        params: { dim: 10, samples: [16, 64] }, seed: 42 });
      carried.items.add(new File([text], 'result.json', { type: 'application/json' }));
      dispatchEvent(new DragEvent('drop', { dataTransfer: carried, cancelable: true }));
    });
    await page.waitForFunction(() => /Parameters taken/.test(document.getElementById('notice').textContent));
    const { parameters } = await read_twin(page);
    assert.deepEqual([parameters.dim, parameters.samples, parameters.seed], ['10', '16,64', '42']);
    assert_quiet(page);
  },

  async 'axe finds no violation, before and after a run, light and dark'(lab) {
    const axe = await readFile(path.join(dist, '../node_modules/axe-core/axe.min.js'), 'utf8');
    for (const dark of [false, true]) {
      const page = await open_page(lab, `#${small}`, { dark, width: dark ? 390 : 1280 });
      await page.setBypassCSP(true);
      await page.reload();
      await page.waitForSelector('html[data-ready]');
      await page.evaluate(axe);
      const check = async () => {
        const { violations } = await page.evaluate(() => globalThis.axe.run());
        assert.deepEqual(violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html)}`), []);
      };
      await check();
      await press(page, 'run');
      await wait_for_state(page, 'finished');
      await check();
    }
  },
});
