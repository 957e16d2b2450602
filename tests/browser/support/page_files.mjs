// The files of the page: which come first, what asks for the others, and the same page of another commit.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { appendFileSync, cpSync, mkdirSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { dist, patience, press } from './lab.mjs';

const web = path.join(import.meta.dirname, '../../../web');
export const types = { '.js': 'text/javascript', '.css': 'text/css', '.html': 'text/html', '.wasm': 'application/wasm',
  '.bin': 'application/octet-stream' };

/** What the page asks for when it opens, without pictures: a page without its picture is whole. */
export const at_start = ['boot.js', 'page.css', 'oracle.css', 'attnlab.wasm', 'attnlab.js', 'opening.bin',
  ...imports_of('page.js')];

/** A script and all that it imports before it runs. */
function imports_of(name, seen = new Set()) {
  if (seen.has(name)) return [];
  seen.add(name);
  const text = readFileSync(path.join(dist, name), 'utf8');
  const next = [...text.matchAll(/from ?["']\.\/([\w-]+\.js)/g)].map(([, file]) => file);
  return [name, ...next.flatMap((file) => imports_of(file, seen))];
}

/** By script: text that still comes in may move a button away from a pointer. */
const click = (page, selector) => page.evaluate((name) => document.querySelector(name).click(), selector);

/** Of the precomputed result, or of a run. */
async function walk(page) {
  await page.waitForSelector('[data-tool="walk"]:enabled', { timeout: patience });
  await click(page, '[data-tool="walk"]');
}

/** Parts that come later: what asks for them. */
export const later = {
  'tours.js': (page) => click(page, '#start_tour'),
  'predict.js': (page) => click(page, '#start_predict'),
  'selftest.js': (page) => click(page, '[data-tool="check"]'),
  'transfer.js': (page) => click(page, '[data-tool="svg"]'),
  'oracle.js': (page) => page.evaluate(() => { location.hash = 'e=extract-black-box&box=own'; }),
  'workers.js': (page) => press(page, 'run'),
  'drawing.js': (page) => page.evaluate(() => { location.hash = 'draw=svg'; }),
  'jobs.js': (page) => page.evaluate(() => { location.hash = 'e=icl-risk'; }),
  'walk.js': (page) => walk(page),
  'sound.js': async (page) => {
    await walk(page);
    await page.waitForSelector('#walk:not([hidden])', { timeout: patience });
    await page.evaluate(() => document.querySelector('[data-walk="play"]').click());
  },
  'layer.js': async () => {}, // comes by itself
  'formulas.js': async () => {}, // with it
  'axes.js': (page) => page.evaluate(() => { location.hash = 'draw=svg'; }),
  'still.js': (page) => page.waitForFunction(() => {
    dispatchEvent(new Event('beforeprint')); // again, until it is known that the part is missing
    return document.getElementById('notice').textContent.includes('still.js');
  }, { timeout: patience }),
  'ask.js': (page) => click(page, '[data-tool="check"]'),
};

/** Waits for a sentence with this name: in the cover, or in the line below the figure. */
export async function sentence_about(page, name) {
  await page.waitForFunction((file) => {
    const shown = [...document.querySelectorAll('#cover, #notice, #twin_body .status')]
      .filter((element) => element.checkVisibility()).map(({ textContent }) => textContent).join(' ');
    return shown.includes(file) && shown;
  }, { timeout: patience, polling: 50 }, name);
}

/** The page of another commit, as its build makes it: one script and one module have more than ours. */
export function other_version(folder) {
  const sources = path.join(folder, 'sources');
  mkdirSync(sources);
  for (const name of readdirSync(web)) {
    if (/\.(js|css|html|svg)$/.test(name)) cpSync(path.join(web, name), path.join(sources, name));
  }
  cpSync(path.join(web, '../index.html'), path.join(sources, 'index.html'));
  const built = path.join(process.env.ATTNLAB_WEB_BUILD, 'web');
  for (const name of ['attnlab.js', 'attnlab.wasm', 'jobs.js', 'jobs.wasm', 'jobs_relaxed.wasm',
    'first.svg', 'first-dark.svg', 'opening.bin', 'formulas.js']) cpSync(path.join(built, name), path.join(sources, name));
  appendFileSync(path.join(sources, 'history.js'), '\nexport const newer = 1;\n');
  appendFileSync(path.join(sources, 'attnlab.wasm'), Buffer.from([0, 2, 1, 120])); // a section of its own
  const names = readdirSync(sources).map((name) => path.join(sources, name));
  const made = spawnSync(process.execPath, [path.join(web, 'make_page.mjs'), folder, ...names], { encoding: 'utf8' });
  assert.equal(made.status, 0, made.stderr);
}
