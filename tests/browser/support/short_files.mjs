// The part of the short suite about files of the page that are missing, or of another version.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { patience, press, settle, until, wait_for_state } from './lab.mjs';
import { at_start, later, other_version, sentence_about } from './page_files.mjs';
import { ask, lab_element, once_an_engine, open, open_own_course, rows_of, small } from './short_pages.mjs';

/** In the page: `said`, once a sentence with this name can be seen: its text, and when. */
const note_sentence = (name) => {
  const look = () => {
    const text = [...document.querySelectorAll('#cover, #notice')]
      .filter((one) => one.checkVisibility()).map(({ innerText }) => innerText).join(' '); // without what is hidden
    if (text.includes(name)) globalThis.said = { text, at: Date.now() };
    else setTimeout(look, 10);
  };
  addEventListener('load', look); // before, what the style sheet hides is not hidden
};

/** Opens the page as `server.instead` says, asks for a part that comes later, and reads the sentence that names it. */
async function ask_for_part(on, name, ask) {
  await open(on, name === 'transfer.js' ? small : '');
  await ask(on.page);
  await sentence_about(on.page, name).catch((error) => { throw new Error(`${name}: ${error.message}`); });
}

export const short_files = {
  async 'a file that does not come is named, and trying again works'(on) {
    const { page, server } = on;
    const took = {};
    for (const name of at_start) {
      server.before = `() => (${note_sentence})('${name}')`;
      server.instead.set(name, undefined);
      server.refused_at = 0;
      await page.goto('about:blank');
      await page.goto(server.origin);
      const said = () => page.evaluate(() => globalThis.said);
      await until(async () => (await said())?.at, `${name} is named`);
      took[name] = (await said()).at - server.refused_at;
      assert.doesNotMatch((await said()).text, /loading/i, `${name}: ${(await said()).text}`);
      assert.ok(await page.evaluate(() => {
        const bar = document.getElementById('cover_progress');
        return !bar.checkVisibility() || getComputedStyle(bar).visibility === 'hidden';
      }), `${name}: no bar goes on waiting`);
      server.instead.delete(name);
      if (!await page.evaluate(() => document.getElementById('cover').checkVisibility())) continue; // only noted
      await page.evaluate(() =>
        [...document.querySelectorAll('#again, #no_boot a')].find((one) => one.checkVisibility()).click());
      await page.waitForSelector('html[data-ready]', { timeout: patience });
    }
    console.log(`     ms from the first refusal to the sentence: ${Object.entries(took).map((one) => one.join(' ')).join(', ')}`);
    on.known = /(?:)/; // what was missing
  },

  'a part that comes later and is missing is named where it was asked for': once_an_engine(async (on) => {
    const empty = Buffer.alloc(0);
    const tries = Object.keys(later).map((name) => [name, undefined]);
    for (const [name, bytes] of [...tries, ['tours.js', empty], ['workers.js', empty], ['jobs.js', empty]]) {
      on.server.instead.set(name, bytes);
      await ask_for_part(on, name, later[name]);
      on.server.instead.delete(name);
    }
    on.known = /(?:)/; // what was missing
  }),

  async 'where the experiments do not come, the page says so instead of loading, and trying again works'(on) {
    const { page, server, engine } = on;
    const said = (selector) => page.evaluate((one) => document.querySelector(one).innerText, selector);
    for (const names of [['jobs.js'], ['jobs.wasm', 'jobs_relaxed.wasm']]) {
      for (const name of names) server.instead.set(name, undefined);
      server.before = '';
      await page.goto('about:blank');
      await page.goto(`${server.origin}#e=icl-risk&dim=3&auto=0`);
      await page.waitForSelector('html[data-ready]', { timeout: patience });
      await page.evaluate(() => { document.getElementById('twin_details').open = true; });
      const sentence = /jobs(\.js|\.wasm|_relaxed\.wasm) could not be loaded \(404\)\.$/;
      for (const place of ['#cover_text', '#live', '#twin_body .status']) {
        await until(async () => sentence.test(await said(place)), `${names[0]} is named in ${place}`);
      }
      assert.doesNotMatch(await said('body'), /is loading|again.*again/i);
      const again = () => page.evaluate(() => document.getElementById('again').click());
      if (engine.webgl) {
        await again();
        await until(async () => sentence.test(await said('#live')) && sentence.test(await said('#cover_text')), 'it is still missing');
      }
      for (const name of names) server.instead.delete(name);
      await again();
      await page.waitForFunction(() => document.getElementById('twin_experiment')?.value === 'icl-risk' &&
        !document.getElementById('cover').checkVisibility(), { timeout: patience }); // also over a reload
    }
    on.known = /(?:)/; // what was missing
  },

  'without the part that keeps pictures the lab works, and the part is named when it prints or is far away': once_an_engine(async (on) => {
    const { page, server } = on;
    const seen = () => page.evaluate(() => [document.getElementById('cover').checkVisibility(), document.getElementById('notice').innerText]);
    for (const bytes of [undefined, Buffer.alloc(0)]) {
      server.instead.set('still.js', bytes);
      await open(on, small);
      await settle(1000);
      assert.deepEqual(await seen(), [false, ''], 'no sentence before a picture is wanted');
      await press(page, 'run');
      await wait_for_state(page, 'finished');
      await later['still.js'](page);
      const [covered, sentence] = await seen();
      assert.equal(covered, false);
      assert.match(sentence, /still\.js (came empty|could not be loaded \(404\)); reload the page to try again\.$/);
    }
    await open_own_course(on, `${lab_element('height="400"')}<div style="height: 5000px"></div>`);
    assert.equal((await ask(page)).seed, 3);
    const said = () => page.evaluate(() =>
      document.querySelector('attention-lab iframe').contentDocument.getElementById('notice').textContent);
    assert.equal(await said(), '');
    await page.evaluate(() => scrollTo(0, 4000));
    await until(async () => (await said()).includes('still.js'), 'it is named');
    await page.evaluate(() => scrollTo(0, 0));
    assert.ok(await rows_of(page) > 0);
    server.instead.delete('still.js');
    on.known = /(?:)/; // what was missing
  }),

  'an empty script of the start is named': once_an_engine(async (on) => {
    const { page, server } = on;
    for (const name of ['page.js', 'dom.js', 'attnlab.js']) {
      server.instead.set(name, Buffer.alloc(0));
      await page.goto('about:blank');
      await page.goto(server.origin);
      await sentence_about(page, name).catch((error) => { throw new Error(`${name}: ${error.message}`); });
      server.instead.delete(name);
    }
    on.known = /(?:)/; // what was empty
  }),

  'an empty script of the workers is named, not waited for': once_an_engine(async (on) => {
    const { page, server } = on;
    server.instead.set('worker.js', Buffer.alloc(0));
    await page.goto('about:blank');
    await open(on, small);
    await later['workers.js'](page);
    await sentence_about(page, 'worker.js came empty');
    server.instead.delete('worker.js');
    on.known = /(?:)/; // what was empty
  }),

  'one file of another version is named, whichever it is': once_an_engine(async (on) => {
    const { page, server } = on;
    const folder = mkdtempSync(path.join(tmpdir(), 'attnlab-version-'));
    const swap = (name) => server.instead.set(name, readFileSync(path.join(folder, name)));
    try {
      other_version(folder);
      for (const name of [...at_start, 'index.html'].filter((file) => !['opening.bin', 'boot.js'].includes(file))) {
        swap(name);
        await page.goto('about:blank');
        await page.goto(server.origin);
        await page.waitForFunction((file) => {
          const cover = document.getElementById('cover');
          return cover.checkVisibility() && /version|damaged/.test(cover.textContent) && cover.textContent.includes(file);
        }, { timeout: patience }, name).catch((error) => { throw new Error(`${name}: ${error.message}`); });
        server.instead.delete(name);
      }
      for (const [name, ask] of Object.entries({ ...later, 'worker.js': later['workers.js'] })) {
        swap(name);
        await ask_for_part(on, name, ask);
        server.instead.delete(name);
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
    on.known = /(?:)/; // the sentences
  }),
};
