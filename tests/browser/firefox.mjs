// The page in Firefox (drawn by Mesa under Xvfb: headless Firefox has no WebGL here): it loads, runs,
// gives the command line's numbers, and works inside a page of another origin.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createServer } from 'node:http';
import puppeteer from 'puppeteer-core';
import { create_static_server, listen } from '../../web/serve.mjs';
import { dist, native_result, press, read_twin, wait_for_state } from './support/lab.mjs';

const small = 'e=rf-learning-curve&dim=6&keys=5&heads=50&samples=16,64&test-samples=200&trials=1&seed=3';
const firefox = process.env.ATTNLAB_FIREFOX || '/usr/bin/firefox-esr';

/** A screen of our own; its number. */
async function start_screen() {
  const screen = spawn('Xvfb', ['-displayfd', '3', '-screen', '0', '1280x1000x24', '-nolisten', 'tcp'],
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
  const page = await browser.newPage();
  const complaints = [];
  page.on('pageerror', (error) => complaints.push(`uncaught: ${error.message}`));
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  try {
    await test(page);
    assert.deepEqual(complaints, []);
    console.log(`ok   ${name}`);
  } catch (error) {
    failed += 1;
    console.log(`FAIL ${name}\n     ${error.stack}`);
  }
  await page.close();
}

await check('the page loads, draws, runs, and gives the command line\'s numbers', async (page) => {
  await page.goto(`${origin}#${small}`);
  await page.waitForSelector('html[data-ready]', { timeout: 120000 });
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

for (const sandbox of ['', ' sandbox="allow-scripts"']) {
  await check(`a lab in a page of another origin runs${sandbox}`, async (page) => {
    const html = `<!doctype html><html lang="en"><title>Course</title><body><attention-lab ${sandbox} ` +
      `query="${small.replaceAll('&', '&amp;')}"></attention-lab><script src="${origin}embed.js"></script>`;
    const course = createServer((request, response) =>
      response.writeHead(200, { 'Content-Type': 'text/html' }).end(html));
    await new Promise((resolve) => course.listen(0, '127.0.0.1', resolve));
    try {
      await page.goto(`http://127.0.0.1:${course.address().port}/`);
      const rows = await page.evaluate(() => new Promise((resolve) => {
        const lab = document.querySelector('attention-lab');
        lab.addEventListener('attnlab-result', ({ detail }) => resolve(detail.state.tables[0].rows.length));
        lab.run();
      }));
      assert.ok(rows > 0);
    } finally {
      course.closeAllConnections();
      course.close();
    }
  });
}

await browser.close();
server.closeAllConnections();
server.close();
screen.kill();
console.log(failed ? `${failed} failed` : 'all passed');
process.exit(failed ? 1 : 0);
