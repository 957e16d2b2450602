// Files of the page that do not come, come damaged, or come from another version: a sentence that names the
// file, and trying again works.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { appendFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  dist, open_page, press, read_twin, run_checks, settle, type_parameter, wait_for_state,
} from './support/lab.mjs';

const web = path.join(import.meta.dirname, '../../web');
const small = 'e=rf-learning-curve&dim=6&keys=5&heads=50&samples=16,64&test-samples=200&trials=1';
const types = { '.js': 'text/javascript', '.css': 'text/css', '.html': 'text/html', '.wasm': 'application/wasm',
  '.bin': 'application/octet-stream' };

/** What the page asks for when it opens, without pictures: a page without its picture is whole. */
const at_start = ['boot.js', 'page.css', 'oracle.css', 'attnlab.wasm', 'attnlab.js', 'opening.bin',
  ...imports_of('page.js')];

/** A script and all that it imports before it runs. */
function imports_of(name, seen = new Set()) {
  if (seen.has(name)) return [];
  seen.add(name);
  const text = readFileSync(path.join(dist, name), 'utf8');
  const next = [...text.matchAll(/from ?["']\.\/([\w-]+\.js)/g)].map(([, file]) => file);
  return [name, ...next.flatMap((file) => imports_of(file, seen))];
}

/** Parts that come later: what asks for them. */
const later = {
  'tours.js': (page) => page.click('#start_tour'),
  'predict.js': (page) => page.click('#start_predict'),
  'selftest.js': (page) => page.click('[data-tool="check"]'),
  'transfer.js': (page) => page.click('[data-tool="svg"]'),
  'oracle.js': (page) => page.evaluate(() => { location.hash = 'e=extract-black-box&box=own'; }),
  'workers.js': (page) => press(page, 'run'),
  'drawing.js': (page) => page.evaluate(() => { location.hash = 'draw=svg'; }),
  'jobs.js': (page) => page.evaluate(() => { location.hash = 'e=icl-risk'; }),
  'walk.js': (page) => walk(page),
  'sound.js': async (page) => {
    await walk(page);
    await page.waitForSelector('#walk:not([hidden])', { timeout: 30_000 });
    await page.evaluate(() => document.querySelector('[data-walk="play"]').click());
  },
  'layer.js': async () => {}, // comes by itself
};

/** Of the precomputed result, or of a run. */
async function walk(page) {
  await page.waitForSelector('[data-tool="walk"]:enabled', { timeout: 30_000 });
  await page.click('[data-tool="walk"]');
}

const answers = {
  missing: () => ({ status: 404, contentType: 'text/plain', body: 'not found' }),
  'of a wrong type': (name) =>
    ({ status: 200, contentType: 'text/plain', headers: { 'X-Content-Type-Options': 'nosniff' }, body: readFileSync(path.join(dist, name)) }),
  cut: (name) => {
    const body = readFileSync(path.join(dist, name));
    return { status: 200, contentType: types[path.extname(name)], body: body.subarray(0, Math.floor(body.length * 0.6)) };
  },
};

/** Answers for the file of this name with `answer` until it is undefined. */
const instead_of = (name, state) => async (page) => {
  await page.setRequestInterception(true);
  page.on('request', (request) => {
    const asked = new URL(request.url()).pathname.endsWith(`/${name}`);
    if (!asked || !state.answer) request.continue();
    else if (state.answer === 'blocked') request.abort('blockedbyclient');
    // With the header of our server: without it the browser runs no worker, whatever the file says.
    else request.respond({ ...state.answer, headers: { 'Cross-Origin-Embedder-Policy': 'require-corp', ...state.answer.headers } });
  });
};

/** Waits for a sentence with this name: in the cover, or in the line below the figure. */
async function sentence_about(page, name) {
  await page.waitForFunction((file) => {
    const shown = [...document.querySelectorAll('#cover, #notice, #twin_body .status')]
      .filter((element) => element.checkVisibility()).map(({ textContent }) => textContent).join(' ');
    return shown.includes(file) && shown;
  }, { timeout: 30_000, polling: 50 }, name);
}

const ready = (page) => page.waitForSelector('html[data-ready]', { timeout: 60_000 });

/** Opens the page with one file answered so, reads the sentence, and tries again with the file as it is. */
async function one_file(lab, name, kind) {
  const state = { answer: kind === 'blocked' ? kind : answers[kind](name) };
  const page = await open_page(lab, '', { prepare: instead_of(name, state), wait: false });
  try {
    await sentence_about(page, name);
    const only_noted = await page.evaluate(() => !document.getElementById('cover').checkVisibility());
    state.answer = undefined;
    if (only_noted) return;
    await page.evaluate(() => [...document.querySelectorAll('#again, #no_boot a')].find((one) => one.checkVisibility()).click());
    await ready(page);
  } catch (error) {
    throw new Error(`${name} ${kind}: ${error.message}`);
  } finally {
    await page.close();
  }
}

/** The page of another commit, as its build makes it: one script and one module have more than ours. */
function other_version(folder) {
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

await run_checks({
  async 'any file of the start that is missing, blocked, cut or of a wrong type is named, and trying again works'(lab) {
    for (const name of at_start) {
      await one_file(lab, name, 'missing');
      if (name !== 'boot.js') await one_file(lab, name, 'cut');
    }
    for (const name of ['boot.js', 'page.css', 'attnlab.wasm', 'dom.js']) await one_file(lab, name, 'blocked');
    for (const name of ['page.css', 'page.js', 'attnlab.js', 'dom.js']) await one_file(lab, name, 'of a wrong type');
  },

  async 'a part that comes later and is missing is named where it was asked for'(lab) {
    for (const [name, ask] of Object.entries(later)) {
      const state = { answer: answers.missing() };
      const page = await open_page(lab, name === 'transfer.js' ? `#${small}` : '', { prepare: instead_of(name, state) });
      await ask(page);
      await sentence_about(page, name).catch((error) => { throw new Error(`${name}: ${error.message}`); });
      await page.close();
    }
  },

  async 'the jobs module that is cut ends a run with a sentence that names it'(lab) {
    const state = { answer: undefined };
    const prepare = async (page) => {
      for (const name of ['jobs.wasm', 'jobs_relaxed.wasm']) state[name] = answers.cut(name);
      await page.setRequestInterception(true);
      page.on('request', (request) => {
        const answer = state[path.basename(new URL(request.url()).pathname)];
        if (answer) request.respond(answer);
        else request.continue();
      });
    };
    const page = await open_page(lab, `#${small}`, { prepare });
    await press(page, 'run');
    await page.waitForFunction(() => /jobs(_relaxed)?\.wasm/.test(document.body.textContent), { timeout: 60_000 });
  },

  async 'what is asked for while the experiments load happens in its order when they are there'(lab) {
    let release = () => {};
    const gate = new Promise((resolve) => { release = resolve; });
    const prepare = async (page) => {
      await page.setRequestInterception(true);
      page.on('request', async (request) => {
        if (/jobs(_relaxed)?\.wasm/.test(request.url())) await gate;
        request.continue();
      });
    };
    // The first result is whole without that module.
    const page = await open_page(lab, '', { prepare });
    const first = await read_twin(page);
    assert.equal(first.state, 'finished');
    assert.ok(first.claims.length > 0 && first.tables.test_error.rows.length > 0);
    const listed = await page.$$eval('#twin_experiment option', (options) => options.map(({ value }) => value));
    assert.ok(listed.length > 10 && new Set(listed).size === listed.length);

    const address = 'e=icl-risk&dim=3&prompt-length=4,8&prompts=2000&seed=7&other=1&lock=dim';
    await page.evaluate((query) => { location.hash = query; }, address);
    await page.waitForFunction(() => document.querySelector('#twin_body .status').textContent ===
      'This part of the lab is loading.', { timeout: 30_000, polling: 50 });
    await type_parameter(page, 'dim', '4');
    await type_parameter(page, 'seed', '9');
    await press(page, 'run');
    assert.equal((await read_twin(page)).hash, address);

    release();
    await page.waitForFunction(() => document.getElementById('twin_experiment').value === 'icl-risk', { timeout: 30_000 });
    const then = await read_twin(page);
    assert.deepEqual([then.experiment, then.parameters.dim, then.parameters.seed], ['icl-risk', '3', '9']);
    assert.match(then.notes.join(' '), /icl-risk has no parameter "other".*dim is fixed on this page/);
    assert.equal(await page.$eval('#parameter_dim', (field) => field.disabled), true);
    await wait_for_state(page, 'finished');
    assert.ok((await read_twin(page)).tables.risk.rows.length > 0);
    assert.match((await read_twin(page)).hash, /^e=icl-risk&dim=3&.*seed=9/);
  },

  async 'an address whose experiment does not come stays, and the next request tries again'(lab) {
    const state = { answer: answers.missing() };
    const prepare = async (page) => {
      await page.setRequestInterception(true);
      page.on('request', (request) => {
        if (state.answer && /jobs(_relaxed)?\.wasm/.test(request.url())) request.respond(state.answer);
        else request.continue();
      });
    };
    const address = 'e=icl-risk&dim=3&prompt-length=4,8&prompts=2000&seed=7';
    const page = await open_page(lab, `#${address}`, { prepare });
    await sentence_about(page, '.wasm could not be loaded (404)');
    assert.equal((await read_twin(page)).status, 'This part of the lab is loading.');
    await settle(600); // longer than the page waits before it writes its state into the address
    assert.equal((await read_twin(page)).hash, address);
    state.answer = undefined;
    await press(page, 'run');
    await page.waitForFunction(() => document.getElementById('twin_experiment').value === 'icl-risk', { timeout: 30_000 });
    await wait_for_state(page, 'finished');
    assert.equal((await read_twin(page)).parameters.dim, '3');
  },

  async 'one file of another version is named, whichever it is'(lab) {
    const folder = mkdtempSync(path.join(tmpdir(), 'attnlab-version-'));
    try {
      other_version(folder);
      for (const name of [...at_start, 'index.html'].filter((file) => !['opening.bin', 'boot.js'].includes(file))) {
        const state = { answer: { status: 200, contentType: types[path.extname(name)], body: readFileSync(path.join(folder, name)) } };
        const place = name === 'index.html' ? 'index.html' : '';
        const page = await open_page(lab, place, { prepare: instead_of(name, state), wait: false });
        await page.waitForFunction(() => {
          const cover = document.getElementById('cover');
          return cover.checkVisibility() && /version|damaged/.test(cover.textContent);
        }, { timeout: 30_000, polling: 50 }).catch((error) => { throw new Error(`${name}: ${error.message}`); });
        const text = await page.$eval('#cover', ({ textContent }) => textContent);
        assert.ok(text.includes(name), `${name} in: ${text}`);
        await page.close();
      }
      // Parts that come later, where they are asked for; workers by the run that needs them.
      const asked = { ...later, 'worker.js': (page) => press(page, 'run') };
      for (const [name, ask] of Object.entries(asked)) {
        const state = { answer: { status: 200, contentType: 'text/javascript', body: readFileSync(path.join(folder, name)) } };
        const page = await open_page(lab, name === 'transfer.js' ? `#${small}` : '', { prepare: instead_of(name, state) });
        await ask(page);
        await sentence_about(page, name).catch((error) => { throw new Error(`${name}: ${error.message}`); });
        await page.close();
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },

  async 'the same files give the same build, and every script asks for it'(lab) {
    const html = readFileSync(path.join(dist, 'index.html'), 'utf8');
    const build = /data-build="([0-9a-f]{10})"/.exec(html)[1];
    const asked = [];
    const prepare = async (page) => page.on('request', (request) => asked.push(request.url()));
    const page = await open_page(lab, '', { prepare });
    assert.equal((await read_twin(page)).state, 'finished');
    const ours = asked.map((url) => new URL(url)).filter(({ pathname }) => /\.(js|css|wasm|bin)$/.test(pathname));
    assert.ok(ours.length > 10);
    assert.deepEqual(ours.filter(({ search }) => search !== `?v=${build}`).map(String), []);
  },
});
