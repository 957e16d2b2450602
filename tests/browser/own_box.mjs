// The reader's own function as a black box: recovered, stopped, refused, and isolated.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { listen, policy } from '../../web/serve.mjs';
import {
  assert_quiet, dist, open_page, patience, press, read_twin, run_checks, wait_for_state,
} from './support/lab.mjs';
import { escape_to, start_neighbour } from './support/escape.mjs';

const own = 'e=extract-black-box&box=own&dim=4';
const write = (page, text) => page.$eval('#own_box_code', (field, code) => { field.value = code; }, text);
const said = (page) => page.$eval('#own_box [role=status]', (element) => element.textContent);

/** Opens the page with the panel of the reader's box, whose script is loaded when first needed. */
async function open_own(lab) {
  const page = await open_page(lab, `#${own}`);
  await page.waitForSelector('#own_box:not([hidden]) textarea');
  return page;
}

/** Status and evidence of the recovery row. */
async function found(page) {
  const { columns, rows } = (await read_twin(page)).tables.recovery;
  const cell = (name) => rows[0][columns.indexOf(name)];
  return { status: cell('status'), evidence: cell('evidence'), queries: cell('queries') };
}

await run_checks({
  async 'the example is one head and is recovered from 20 questions'(lab) {
    const page = await open_own(lab);
    await press(page, 'run');
    await wait_for_state(page, 'finished');
    const { status, queries } = await found(page);
    assert.equal(status, 'recovered');
    assert.equal(Number(queries), 20);
    const weight = (await read_twin(page)).tables.weight;
    const value = weight.rows.find((row) => row[0] === '2' && row[1] === '3')[2];
    assert.ok(Math.abs(Number(value) + 0.3) < 1e-6, value);
    assert_quiet(page);
  },

  async 'a function that is no head is recognised, with evidence'(lab) {
    const page = await open_own(lab);
    await write(page, 'const f = (X) => X.reduce((sum, x) => sum + x[0], 0);');
    await press(page, 'run');
    await wait_for_state(page, 'finished');
    const { status, evidence } = await found(page);
    assert.equal(status, 'not-a-match');
    assert.match(evidence, /the same token written twice/);
    assert_quiet(page);
  },

  async 'the button stops an endless function, and the page still works'(lab) {
    const page = await open_own(lab);
    await write(page, 'function f() { for (;;); }');
    await press(page, 'run');
    await page.waitForSelector('#own_box button:not([disabled]) + button:not([disabled])');
    await page.$$eval('#own_box button', (buttons) => buttons[1].click());
    await wait_for_state(page, 'failed');
    assert.match(await said(page), /stopped by you/);
    await write(page, 'const f = (X) => X[X.length - 1][0];');
    await page.$$eval('#own_box button', (buttons) => buttons[0].click());
    await wait_for_state(page, 'finished');
    assert_quiet(page);
  },

  async 'an endless function is ended after ten seconds'(lab) {
    const page = await open_own(lab);
    await write(page, 'function f() { for (;;); }');
    await press(page, 'run');
    await wait_for_state(page, 'failed');
    assert.match(await said(page), /silent for 10 s/);
    assert_quiet(page);
  },

  async 'bad answers and bad texts give one sentence'(lab) {
    const page = await open_own(lab);
    for (const [text, pattern] of [
      ['const f = () => NaN;', /finite number, not NaN/],
      ['const f = () => "seven";', /finite number, not seven/],
      ['const f = async () => 1;', /finite number, not \[object Promise\]/],
      ['function f(X) { return X.nothing.here; }', /f stopped with "TypeError/],
      ['function g() {}', /no function f/],
      ['function f( {', /SyntaxError|Unexpected/],
      ['onmessage = 1; postMessage({answers: new ArrayBuffer(8)}); const f = 1', /gave no answer/],
      ['postMessage({failed: 7}); for (;;);', /not one number for each question|silent/]]) {
      await write(page, text);
      await page.$$eval('#own_box button', (buttons) => buttons[0].click());
      await page.waitForFunction((source) =>
        new RegExp(source).test(document.querySelector('#own_box [role=status]').textContent),
      { timeout: patience }, pattern.source);
      await wait_for_state(page, 'failed');
    }
  },

  async 'the function reaches no network, no page and no storage'(lab) {
    const page = await open_own(lab);
    const neighbour = await start_neighbour();
    await write(page, escape_to(neighbour.origin));
    await page.$$eval('#own_box button', (buttons) => buttons[0].click());
    await page.waitForFunction(() =>
      /reached/.test(document.querySelector('#own_box [role=status]').textContent), { timeout: patience });
    assert.match(await said(page), /reached \[\]/);
    neighbour.close();
    assert.deepEqual(neighbour.visits, ['/by-the-test']);
  },

  async 'the one-file form also asks the function'(lab) {
    const page = await open_own({ ...lab, origin: `${pathToFileURL(path.join(dist, 'attention-lab.html'))}` });
    await press(page, 'run');
    await wait_for_state(page, 'finished');
    assert.equal((await found(page)).status, 'recovered');
    assert_quiet(page);
  },

  async 'a frame without an origin also asks the function'(lab) {
    const html = `<!doctype html><title>Course</title><iframe width="900" height="900" sandbox="allow-scripts"
      src="${lab.origin}index.html?embed=1#${own}"></iframe>`;
    const course = createServer((request, response) => {
      response.writeHead(request.url === '/' ? 200 : 204, { 'Content-Type': 'text/html' }).end(html);
    });
    const origin = `http://127.0.0.1:${await listen(course, 8780)}/`;
    const page = await open_page({ ...lab, origin, allowed: lab.origin }, '', { wait: false });
    const frame = await page.waitForFrame((one) => one.url().includes('embed=1'));
    await frame.waitForSelector('#own_box:not([hidden]) textarea', { timeout: patience });
    assert.equal(await frame.evaluate(() => self.origin), 'null');
    await frame.$$eval('#own_box button', (buttons) => buttons[0].click());
    await frame.evaluate(() => { document.getElementById('twin_details').open = true; });
    await frame.waitForFunction(() => document.getElementById('twin_body').dataset.state === 'finished',
      { timeout: patience });
    assert.match(await frame.$eval('#twin_body', (body) => body.textContent), /recovered/);
    assert_quiet(page);
    course.closeAllConnections();
    course.close();
  },

  async 'the policies allow the frame by the hash of its script'() {
    const file = (name) => readFile(path.join(dist, name), 'utf8');
    const [, script] = /<script>([^]*?)<\/script>/.exec(await file('oracle.html'));
    const hash = `'sha256-${createHash('sha256').update(script).digest('base64')}'`;
    for (const text of [policy, await file('index.html'), await file('oracle.html'), await file('attention-lab.html')]) {
      assert.ok(text.includes(hash), hash);
    }
    assert.ok((await file('index.html')).includes(`content="${policy}"`), 'the page and the server have one policy');
  },

  async 'the panel appears only for the reader\'s own box'(lab) {
    const page = await open_page(lab, '#e=extract-single');
    assert.equal(await page.$eval('#own_box', (panel) => panel.hidden), true);
    assert_quiet(page);
  },
});
