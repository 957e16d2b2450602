// The page in Firefox (drawn by Mesa under Xvfb, because headless Firefox has no WebGL): it loads, runs, gives the
// numbers of the command line, saves, is accessible, looks right, and works inside pages of another origin.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import puppeteer from 'puppeteer-core';
import { create_static_server, listen } from '../../web/serve.mjs';
import { start_host } from './support/host.mjs';
import {
  bare_app, dist, native_result, press, read_twin, screenshots, settle, until, wait_for_state,
} from './support/lab.mjs';
import { open_random_permalinks, send_random_messages } from './support/noise.mjs';
import { copied_link, keep_copied, keep_files, saved, still_picture } from './support/pictures.mjs';

const small = 'e=rf-learning-curve&dim=6&keys=5&heads=50&samples=16,64&test-samples=200&trials=1&seed=3';
const firefox = process.env.ATTNLAB_FIREFOX || '/usr/bin/firefox-esr';

/** Starts a virtual screen; returns its number. */
async function start_screen() {
  const screen = spawn('Xvfb', ['-displayfd', '3', '-screen', '0', '1400x1100x24', '-nolisten', 'tcp'],
    { stdio: ['ignore', 'ignore', 'ignore', 'pipe'] });
  const number = await new Promise((resolve, reject) => {
    screen.stdio[3].once('data', (text) => resolve(String(text).trim()));
    screen.once('exit', () => reject(new Error('Xvfb did not start')));
  });
  return { screen, display: `:${number}` };
}

const { screen, display } = await start_screen();
const server = await create_static_server(dist);
const origin = `http://localhost:${await listen(server, 8760)}/`;
const browser = await puppeteer.launch({
  browser: 'firefox', executablePath: firefox, headless: false, timeout: 120000,
  env: { ...process.env, DISPLAY: display, LIBGL_ALWAYS_SOFTWARE: '1' },
  extraPrefsFirefox: { 'webgl.force-enabled': true, 'datareporting.policy.dataSubmissionEnabled': false },
});
let failed = 0;
async function check(name, test) {
  const began = Date.now();
  const page = await browser.newPage();
  const complaints = [];
  page.on('pageerror', (error) => complaints.push(`uncaught: ${error.message}`));
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  try {
    await test(page);
    assert.deepEqual(complaints, []);
    console.log(`ok   ${name} (${((Date.now() - began) / 1000).toFixed(1)} s)`);
  } catch (error) {
    failed += 1;
    console.log(`FAIL ${name}\n     ${error.stack}`);
  }
  await page.close();
}

async function open(page, query, { width = 1280, height = 900 } = {}) {
  await page.setViewport({ width, height });
  await page.goto(`${origin}#${query}`);
  await page.waitForSelector('html[data-ready]', { timeout: 120000 });
}

await check('the page loads, draws, runs, and gives the command line\'s numbers', async (page) => {
  await open(page, small);
  assert.equal(await page.$eval('#cover', (cover) => cover.hidden), true, 'WebGL 2 draws');
  await press(page, 'run');
  await wait_for_state(page, 'finished');
  const { tables } = await read_twin(page);
  const wanted = (await native_result(small)).tables.test_error;
  assert.equal(tables.test_error.rows.length, wanted.rows.length);
  const at = wanted.columns.indexOf('mean');
  const shown = tables.test_error.columns.indexOf('mean');
  wanted.rows.forEach((row, i) => {
    const value = Number(tables.test_error.rows[i][shown].split(' ± ')[0]);
    assert.ok(Math.abs(value - row[at]) < 1e-4, `${value} against ${row[at]}`);
  });
});

await check('saved files: the svg parses and has a point for each row of the csv; a picture is a picture', async (page) => {
  await page.evaluateOnNewDocument(keep_files);
  await open(page, `${small}&run=1`);
  await wait_for_state(page, 'finished');
  const rows = (await saved(page, 'csv')).text.trim().split('\n').length - 1;
  const svg = await saved(page, 'svg');
  const [points, errors] = await page.evaluate((text) => {
    const parsed = new DOMParser().parseFromString(text, 'image/svg+xml');
    return [parsed.querySelectorAll('.point').length, parsed.querySelectorAll('parsererror').length];
  }, svg.text);
  assert.deepEqual([points, errors], [rows, 0]);
  assert.deepEqual((await saved(page, 'png')).begin.slice(1, 4), [...'PNG'].map((letter) => letter.charCodeAt(0)));
  assert.match((await saved(page, 'bibtex')).text, /seed = 3/);
});

await check('a copied link shows the same picture, pixel for pixel', async (page) => {
  await page.evaluateOnNewDocument(keep_copied);
  await open(page, `${small}&run=1`);
  const first = await still_picture(page);
  const [address, link] = (await copied_link(page)).split('#');
  assert.equal(address, origin);
  await page.goto('about:blank');
  await open(page, `${link}&run=1`);
  const second = await still_picture(page);
  assert.ok(first.equals(second), 'the pictures are the same');
});

await check('an idle page requests no frame', async (page) => {
  await page.evaluateOnNewDocument(() => {
    globalThis.frames_asked = 0;
    const ask = globalThis.requestAnimationFrame.bind(globalThis);
    globalThis.requestAnimationFrame = (call) => {
      globalThis.frames_asked += 1;
      return ask(call);
    };
  });
  await open(page, `${small}&run=1`);
  await wait_for_state(page, 'finished');
  await settle(2500);
  const asked = () => page.evaluate(() => globalThis.frames_asked);
  const before = await asked();
  assert.ok(before > 0, 'the start was drawn');
  await settle(2000);
  assert.equal(await asked(), before);
});

await check('the first frame is a picture, shown before the module', async (page) => {
  await page.setRequestInterception(true);
  let release;
  const held = new Promise((resolve) => { release = resolve; });
  page.on('request', async (request) => {
    if (request.url().includes('attnlab.wasm')) await held;
    request.continue();
  });
  await page.goto(origin, { waitUntil: 'domcontentloaded' });
  await page.waitForFunction(() => {
    const picture = document.querySelector('#first img');
    return picture.checkVisibility() && picture.complete && picture.naturalWidth > 0;
  }, { timeout: 60000 });
  assert.equal(await page.evaluate(() => document.documentElement.dataset.ready), undefined);
  release();
  await page.waitForSelector('html[data-ready]', { timeout: 60000 });
});

await check('ten thousand random permalinks: the state is always one the schema allows', async (page) => {
  await page.evaluateOnNewDocument(bare_app);
  await open(page, '');
  assert.deepEqual(await page.evaluate(open_random_permalinks), []);
});

const axe = await readFile(path.join(dist, '../node_modules/axe-core/axe.min.js'), 'utf8');
mkdirSync(screenshots, { recursive: true });
for (const theme of ['light', 'dark']) {
  await check(`1280 and 390 pixels wide, ${theme}: nothing sticks out, axe finds no violation`, async (page) => {
    await open(page, `${small}&theme=${theme}&run=1`);
    await wait_for_state(page, 'finished');
    await page.evaluate(axe);
    for (const [width, height] of [[1280, 900], [390, 844]]) {
      await page.setViewport({ width, height });
      await settle(600);
      const { violations } = await page.evaluate('axe.run()');
      assert.deepEqual(violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html)}`), []);
      const [wide, inner] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
      assert.ok(wide <= inner, `the page is ${wide} wide in a window of ${inner}`);
      await page.evaluate(() => scrollTo(0, 0));
      await page.screenshot({ path: path.join(screenshots, `firefox-${width}-${theme}.png`) });
    }
  });
}

const lab_element = (words) =>
  `<attention-lab query="${small.replaceAll('&', '&amp;')}" ${words}></attention-lab>`;

/** Opens a page of another origin that allows only scripts and frames of the lab's origin. */
async function with_course(page, body, work) {
  const policy = `default-src 'none'; img-src 'self'; script-src ${origin}; frame-src ${origin}`; // it asks for an icon
  const html = `<!doctype html><html lang="en"><title>Course</title><body><h1>Course</h1>${body}` +
    `<script src="${origin}embed.js"></script></body></html>`;
  const course = await start_host({ pages: { '/': html }, headers: { 'Content-Security-Policy': policy } });
  try {
    await page.setViewport({ width: 1280, height: 900 });
    await page.goto(course.origin);
    await work();
  } finally {
    course.close();
  }
}
const ask = (page, index = 0) =>
  page.evaluate((i) => document.querySelectorAll('attention-lab')[i].get(), index);

/** Runs a lab of the course page; rows of its main table. */
const rows_of = (page, index = 0) => page.evaluate((i) => new Promise((resolve) => {
  const lab = document.querySelectorAll('attention-lab')[i];
  lab.addEventListener('attnlab-result', ({ detail }) => resolve(detail.state.tables[0].rows.length));
  lab.run();
}), index);

await check('ten thousand random messages: the state stays inside the schema, and what is locked stays', (page) =>
  with_course(page, lab_element('lock="trials"'), async () => {
    const before = await ask(page);
    await page.evaluate(send_random_messages);
    await page.evaluate((experiment) => document.querySelector('attention-lab')
      .load({ experiment, parameters: { trials: 7 } }), before.experiment);
    const after = await ask(page);
    assert.deepEqual([after.state, after.experiment, after.parameters.trials],
      ['ready', before.experiment, before.parameters.trials]);
  }));

await check('three labs in a strict page: they start when they come near, run, keep their locks, and let the wheel pass',
  (page) => with_course(page,
    `${lab_element('height="500" ui="min"')}${lab_element('lock="heads,seed"')}` +
    `<div><svg width="10" height="5000"></svg></div>${lab_element('')}`, async () => {
      assert.equal((await ask(page, 0)).experiment, 'rf-learning-curve');
      const before = await ask(page, 1);
      assert.equal(page.frames().length - 1, 2, 'the third lab is far away and has no frame');
      assert.ok(await rows_of(page, 0) > 0);
      await page.evaluate(() => document.querySelectorAll('attention-lab')[1]
        .load({ query: 'heads=77&seed=9&dim=9&lock=' }));
      const after = await ask(page, 1);
      assert.deepEqual([after.parameters.heads, after.seed, after.parameters.dim],
        [before.parameters.heads, before.seed, '9']);
      const inside = page.frames().find((frame) => frame.url().includes('lock='));
      await inside.evaluate(() => { location.hash = 'e=rf-learning-curve&heads=3&seed=2&dim=7'; });
      let now = after;
      await until(async () => {
        now = await ask(page, 1);
        return now.parameters.dim === '7';
      }, 'the new hash is read');
      assert.deepEqual([now.parameters.heads, now.seed, now.parameters.dim], [before.parameters.heads, before.seed, '7'],
        'a hash inside the frame does not change locked parameters');
      assert.deepEqual(await page.$$eval('iframe', (all) => all.map((frame) => frame.getAttribute('sandbox'))),
        Array(2).fill('allow-scripts allow-same-origin allow-downloads'));
      await page.mouse.move(400, 300);
      await until(async () => {
        await page.mouse.wheel({ deltaY: 400 });
        await settle(300);
        return await page.evaluate(() => scrollY) >= 50;
      }, 'the wheel over a lab without focus scrolls the page');
      await page.evaluate(() => document.querySelectorAll('attention-lab')[2].scrollIntoView());
      assert.equal((await ask(page, 2)).seed, 3);
      assert.equal(page.frames().length - 1, 3);
    }));

await check('a frame of opaque origin runs, too', (page) =>
  with_course(page, lab_element('sandbox="allow-scripts"'), async () => {
    assert.ok(await rows_of(page) > 0);
  }));

await browser.close();
server.closeAllConnections();
server.close();
screen.kill();
console.log(failed ? `${failed} failed` : 'all passed');
process.exit(failed ? 1 : 0);
