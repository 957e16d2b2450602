// "Check this machine": the statements of `attnlab selftest`, computed in the page. A module with a wrong constant
// is noticed, and a check that cannot run says so.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { assert_quiet, dist, open_page, patience, run_checks, screenshots } from './support/lab.mjs';

const program = process.env.ATTNLAB_BIN ?? 'build/native/attnlab';
const limit_s = 20;

/** Presses the button; returns the final sentence and the rows of the table. */
async function check_machine(page) {
  await page.evaluate(() => document.getElementById('machine').replaceChildren()); // an earlier sentence
  await page.click('[data-tool="check"]');
  await page.waitForFunction(
    () => /hold|could not/.test(document.querySelector('#machine [role=status]')?.textContent ?? ''),
    { timeout: patience, polling: 50 }); // fetching the module, on a busy machine
  return page.evaluate(() => ({
    sentence: document.querySelector('#machine [role=status]').textContent,
    rows: [...document.querySelectorAll('#machine tbody tr')].map(
      (row) => [...row.cells].map((cell) => cell.textContent)),
  }));
}

async function measure(page) {
  await page.click('[data-tool="rates"]');
  await page.waitForFunction(
    () => /^One worker|could not/.test(document.querySelector('#machine [role=status]').textContent),
    { timeout: patience, polling: 50 });
  return page.evaluate(() => ({
    sentence: document.querySelector('#machine [role=status]').textContent,
    rows: [...document.querySelectorAll('#machine [aria-label=Rates] tbody tr')].map(
      (row) => [...row.cells].map((cell) => cell.textContent)),
  }));
}

/** In the page: changes 1 / sqrt(2 pi), of the normal density, in the workers' module while it is loaded. */
const spoil_module = () => {
  const wanted = new Uint8Array(new Float64Array([1 / Math.sqrt(2 * Math.PI)]).buffer);
  const wrong = new Uint8Array(new Float64Array([1.001 / Math.sqrt(2 * Math.PI)]).buffer);
  globalThis.spoiled = 0;
  WebAssembly.compileStreaming = async (response) => {
    const bytes = new Uint8Array(await response.arrayBuffer());
    if (/\/jobs(_relaxed)?\.wasm\b/.test(response.url)) {
      for (let at = 0; (at = bytes.indexOf(wanted[0], at)) >= 0; ++at) {
        if (!wanted.every((byte, i) => bytes[at + i] === byte)) continue;
        bytes.set(wrong, at);
        globalThis.spoiled += 1;
      }
    }
    return WebAssembly.compile(bytes);
  };
};

await run_checks({
  async 'every statement of attnlab selftest holds in the page, within 20 s'(lab) {
    for (const width of [1280, 390]) {
      const page = await open_page(lab, '', { width, dark: width < 600 });
      const { sentence, rows } = await check_machine(page);
      const seconds = Number(/^All \d+ statements hold on this machine \((.*) s\)\.$/.exec(sentence)?.[1]);
      assert.ok(seconds < limit_s, sentence);
      const native = execFileSync(program, ['selftest'], { encoding: 'utf8' });
      const lines = native.trim().split('\n').slice(1, -1);
      assert.equal(rows.length, lines.length);
      lines.forEach((line, i) => assert.ok(line.includes(rows[i][2]), `${line} / ${rows[i][2]}`));
      for (const row of rows) assert.equal(row[0], 'right');
      const [wide, inner] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
      assert.ok(wide <= inner, `the page is ${wide} wide in a window of ${inner}`);
      const rates = await measure(page);
      assert.match(rates.sentence, /^One worker does \S+ jobs of a small learning curve a second\. \d+ workers do /);
      for (const [name, rate] of rates.rows) {
        const value = Number.parseFloat(rate);
        assert.ok(value > 0 && value < 1e6, `${name}: ${rate}`);
      }
      assert.match(rates.rows.find(([name]) => name === 'product f32, 512')[2], / %$/);
      mkdirSync(screenshots, { recursive: true });
      await page.screenshot({ path: path.join(screenshots, `selftest-${width}.png`), fullPage: true });
      assert_quiet(page);
    }
  },

  async 'a module that computes with a wrong constant is noticed'(lab) {
    const page = await open_page(lab, '', { before: spoil_module });
    const { sentence, rows } = await check_machine(page);
    assert.match(sentence, /statements do not hold: do not trust numbers computed here/);
    assert.ok(await page.evaluate(() => globalThis.spoiled) > 0, 'the module has the constant');
    assert.ok(rows.some((row) => row[0] === 'wrong' && /rectified/.test(row[2])), JSON.stringify(rows));
  },

  async 'a failed self-check says so, and works at the next press'(lab) {
    const page = await open_page(lab, '', {
      before: () => {
        const Real = Worker;
        globalThis.Worker = function refused() {
          globalThis.Worker = Real;
          throw new Error('no more workers');
        };
      },
    });
    const refused = await check_machine(page);
    assert.match(refused.sentence, /could not be finished: no more workers/);
    const { sentence } = await check_machine(page);
    assert.match(sentence, /^All/);
    assert_quiet(page);
  },

  async 'it works from disk, without a server'(lab) {
    const page = await lab.browser.newPage();
    await page.goto(pathToFileURL(path.resolve(dist, 'attention-lab.html')).href);
    await page.waitForSelector('html[data-ready]', { timeout: patience });
    assert.match((await check_machine(page)).sentence, /^All/);
  },
});
