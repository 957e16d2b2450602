// Files of the page that do not come, or come damaged: a sentence that names the file, and trying again works. Files of
// another version, and parts that come later, are tried in every engine (support/short_suite.mjs).
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import {
  dist, open_page, patience, press, read_twin, run_checks, settle, type_parameter, wait_for_state,
} from './support/lab.mjs';
import { at_start, sentence_about, types } from './support/page_files.mjs';

const small = 'e=rf-learning-curve&dim=6&keys=5&heads=50&samples=16,64&test-samples=200&trials=1';

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

const ready = (page) => page.waitForSelector('html[data-ready]', { timeout: patience });

const shows_risk = (page) => page.waitForFunction(
  () => document.getElementById('twin_experiment').value === 'icl-risk', { timeout: patience });

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

await run_checks({
  async 'any file of the start that is blocked, cut or of a wrong type is named, and trying again works'(lab) {
    for (const name of at_start) {
      if (name !== 'boot.js') await one_file(lab, name, 'cut');
    }
    for (const name of ['boot.js', 'page.css', 'attnlab.wasm', 'dom.js']) await one_file(lab, name, 'blocked');
    for (const name of ['page.css', 'page.js', 'attnlab.js', 'dom.js']) await one_file(lab, name, 'of a wrong type');
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
    await page.waitForFunction(() => /jobs(_relaxed)?\.wasm/.test(document.body.textContent), { timeout: patience });
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
      'This part of the lab is loading.', { timeout: patience, polling: 50 });
    await type_parameter(page, 'dim', '4');
    await type_parameter(page, 'seed', '9');
    await press(page, 'run');
    assert.equal((await read_twin(page)).hash, address);

    release();
    await shows_risk(page);
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
    assert.match((await read_twin(page)).status, /^This part of the lab could not be loaded: jobs\w*\.wasm could not be loaded \(404\)\.$/);
    await settle(600); // longer than the page waits before it writes its state into the address
    assert.equal((await read_twin(page)).hash, address);
    state.answer = undefined;
    await press(page, 'run');
    await shows_risk(page);
    await wait_for_state(page, 'finished');
    assert.equal((await read_twin(page)).parameters.dim, '3');
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
