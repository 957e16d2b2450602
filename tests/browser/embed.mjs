// Labs inside a page of another origin with a strict security policy: two local servers, real frames.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { dist, open_page, patience, run_checks, settle, until } from './support/lab.mjs';
import { send_random_messages } from './support/noise.mjs';

const small = 'dim="6" keys="5" heads="50" samples="16,64" test-samples="200" trials="1"';
const lab_element = (words) => `<attention-lab experiment="rf-learning-curve" auto="0" ${small} ${words}></attention-lab>`;

/** Serves `body` under a policy that allows scripts and frames of the lab's origin, nothing else but `allowed`. */
async function course_page(lab, body, { script = `<script src="${lab.origin}embed.js"></script>`, files = {}, allowed = '' } = {}) {
  const policy = `default-src 'none'; script-src ${lab.origin} 'self' ${allowed}; frame-src ${lab.origin}`;
  const html = `<!doctype html><html lang="en"><title>Course</title><body><h1>Course</h1>${body}${script}</body></html>`;
  const server = createServer((request, response) => {
    const file = files[request.url];
    if (file) return response.writeHead(200, { 'Content-Type': 'text/javascript' }).end(file);
    if (request.url !== '/') return response.writeHead(204).end();
    response.writeHead(200, { 'Content-Type': 'text/html', 'Content-Security-Policy': policy }).end(html);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${server.address().port}/`;
  const page = await open_page({ ...lab, origin, allowed: lab.origin }, '', { wait: false, drafts: true });
  page.once('close', () => { server.closeAllConnections(); server.close(); });
  return page;
}

const frames = (page) => page.frames().filter((frame) => frame !== page.mainFrame());
const ask = (page, index = 0) => page.evaluate(
  (i) => document.querySelectorAll('attention-lab')[i].get(), index);
const told = (page, type, index = 0) => page.evaluate((name, i) => new Promise((resolve) => {
  document.querySelectorAll('attention-lab')[i]
    .addEventListener(`attnlab-${name}`, ({ detail }) => resolve(detail), { once: true });
}), type, index);
const tell = (page, message, index = 0) => page.evaluate((what, i) => {
  document.querySelectorAll('attention-lab')[i].querySelector('iframe')
    .contentWindow.postMessage(what, '*');
}, message, index);

await run_checks({
  async 'three labs in a strict page start when they come near, and run'(lab) {
    const page = await course_page(lab,
      lab_element('height="500" ui="min"') + lab_element('seed="9"') +
      `<div id="far"></div>${lab_element('seed="4"')}`);
    await page.evaluate(() => { document.getElementById('far').style.height = '5000px'; });
    assert.equal((await ask(page, 0)).experiment, 'rf-learning-curve');
    assert.equal((await ask(page, 1)).seed, 9);
    assert.equal(frames(page).length, 2, 'the third lab is far away and has no frame');
    assert.deepEqual(await page.$$eval('iframe', (all) => all.map((frame) => frame.getAttribute('sandbox'))),
      Array(2).fill('allow-scripts allow-same-origin allow-downloads'));
    const result = told(page, 'result');
    await page.evaluate(() => document.querySelector('attention-lab').run());
    assert.equal((await result).state.tables[0].rows.length > 0, true);
    await page.evaluate(() => document.querySelectorAll('attention-lab')[2].scrollIntoView());
    assert.equal((await ask(page, 2)).seed, 4);
    assert.equal(frames(page).length, 3);
    const heights = await page.$$eval('iframe', (all) => all.map((frame) => frame.clientHeight));
    assert.equal(heights[0], 500);
    const now = () => page.$$eval('iframe', (all) => all.map((frame) => frame.clientHeight));
    let later = await now();
    await until(async () => {
      const before = later;
      await settle(700);
      later = await now();
      return later.every((height, i) => height === before[i]);
    }, 'the height has settled');
    assert.ok(later[1] > 300 && later[1] < 4000, `${later}`);
    assert.deepEqual(page.complaints, []);
  },

  async 'locked parameters stay, for any message or link'(lab) {
    const page = await course_page(lab, lab_element('lock="heads, seed,experiment" seed="5"'));
    const before = await ask(page);
    const asks = [
      { attnlab: 1, type: 'load', parameters: { heads: 77, dim: 8 }, seed: 6 },
      { attnlab: 1, type: 'load', query: 'e=icl-risk&heads=1&seed=8&lock=' },
      { attnlab: 1, type: 'load',
        query: `${Array.from({ length: 254 }, (_, i) => `zz${i}=1`).join('&')}&heads=77&seed=6&lock=` },
      { attnlab: 1, type: 'load', query: 'heads=3&seed=12&dim=9&lock=dim&ui=min' },
    ];
    for (const message of asks) {
      await tell(page, message);
      const now = await ask(page);
      assert.equal(now.experiment, before.experiment);
      assert.equal(now.parameters.heads, before.parameters.heads);
      assert.equal(now.seed, 5);
    }
    assert.equal((await ask(page)).parameters.dim, '9', 'a parameter that is not locked is set');
    const [frame] = frames(page);
    await frame.evaluate(() => { location.hash = 'e=rf-learning-curve&heads=3&seed=2&dim=7'; });
    let after = await ask(page);
    await until(async () => {
      after = await ask(page);
      return after.parameters.dim === '7';
    }, 'the new hash is read');
    assert.equal(after.parameters.heads, before.parameters.heads);
    assert.equal(after.parameters.dim, '7');
    assert.equal(after.seed, 5);
    await frame.evaluate(() => { document.getElementById('twin_details').open = true; });
    await until(() => frame.evaluate(() => ['parameter_heads', 'parameter_seed', 'twin_experiment']
      .every((id) => document.getElementById(id)?.disabled)), 'the locked controls are disabled');
    assert.deepEqual(page.complaints, []);
  },

  async 'an earlier message does not answer a later get()'(lab) {
    const page = await course_page(lab, lab_element('seed="5"'));
    assert.equal((await ask(page)).seed, 5);
    const asked = await page.evaluate(async () => {
      const element = document.querySelector('attention-lab');
      element.load({ seed: 6 });
      const first = element.get();
      const second = element.get();
      const source = element.querySelector('iframe').contentWindow;
      for (const id of [undefined, 0, 'x']) {
        dispatchEvent(new MessageEvent('message', { source, data: { attnlab: 1, type: 'state', id, state: { seed: -1 } } }));
      }
      return (await Promise.all([first, second])).map(({ seed }) => seed);
    });
    assert.deepEqual(asked, [6, 6]);
    const moved = await page.evaluate(async () => {
      const element = document.querySelector('attention-lab');
      const state = element.get(); // the frame is lost before it answers; the next frame answers
      element.remove();
      document.body.prepend(element);
      return state;
    });
    assert.equal(moved.seed, 5);
    assert.deepEqual(page.complaints, []);
  },

  async 'a lab accepts messages only from the page around it'(lab) {
    const page = await course_page(lab, lab_element('') + lab_element('seed="9"'));
    const both = async () => Promise.all([0, 1].map(async (index) => {
      const { seed, parameters } = await ask(page, index);
      return [seed, parameters.dim];
    }));
    const before = await both();
    const message = { attnlab: 1, type: 'load', parameters: { dim: 9 }, seed: 77 };
    // From every lab to itself and to the others: the order of the frames is not defined.
    for (const frame of frames(page)) {
      await frame.evaluate((what) => {
        postMessage(what, '*');
        for (let i = 0; i < parent.frames.length; ++i) parent.frames[i].postMessage(what, '*');
      }, message);
    }
    await settle(300);
    assert.deepEqual(await both(), before);
    await tell(page, message);
    assert.equal((await ask(page)).seed, 77);
    assert.deepEqual(page.complaints, []);
  },

  async 'the wheel over a lab that has no focus scrolls the course page'(lab) {
    const page = await course_page(lab, `${lab_element('height="600"')}<div id="far"></div>`);
    await page.evaluate(() => { document.getElementById('far').style.height = '5000px'; });
    await ask(page);
    await settle(500);
    await page.mouse.move(400, 300);
    // As with any frame, the frame's own content scrolls first; the lab takes no wheel events.
    await until(async () => {
      await page.mouse.wheel({ deltaY: 400 });
      await settle(400);
      return await page.evaluate(() => scrollY) >= 50;
    }, 'the course page is scrolled');
    assert.deepEqual(page.complaints, []);
  },

  async 'a frame of opaque origin runs too: no storage, no modules, workers from data'(lab) {
    const page = await course_page(lab, lab_element('sandbox="allow-scripts"'));
    assert.equal((await ask(page)).state, 'ready');
    const [frame] = frames(page);
    assert.equal(await frame.evaluate(() => self.origin), 'null');
    assert.ok(await frame.evaluate(() => {
      try { return !localStorage; } catch { return true; }
    }), 'storage is denied');
    const result = told(page, 'result');
    await page.evaluate(() => document.querySelector('attention-lab').run());
    assert.ok((await result).state.tables[0].rows.length > 0);
    assert.deepEqual(page.complaints, []);
  },

  async 'the one-file form runs from disk'(lab) {
    const page = await open_page({ ...lab, origin: pathToFileURL(path.join(dist, 'attention-lab.html')).href },
      '#e=rf-learning-curve&dim=6&keys=5&heads=50&samples=16,64&test-samples=200&trials=1&run=1');
    await page.evaluate(() => { document.getElementById('twin_details').open = true; });
    await page.waitForFunction(() => document.getElementById('twin_body').dataset.state === 'finished',
      { timeout: patience });
    assert.deepEqual(page.complaints, []);
  },

  async 'ten thousand random messages: no complaint, and the state stays inside the schema'(lab) {
    const page = await course_page(lab, lab_element('lock="trials"'));
    const before = await ask(page);
    await page.evaluate(send_random_messages);
    const after = await ask(page);
    assert.equal(after.state, 'ready');
    assert.ok(after.query.length < 5000);
    await frames(page)[0].evaluate(() => { document.getElementById('twin_details').open = true; });
    await until(() => frames(page)[0].evaluate(() => document.querySelectorAll('#twin_body .field').length > 0),
      'the controls are there');
    await page.evaluate((experiment) =>
      document.querySelector('attention-lab').load({ experiment, parameters: { trials: 7 } }), before.experiment);
    const returned = await ask(page);
    assert.equal(returned.experiment, before.experiment);
    assert.equal(returned.parameters.trials, before.parameters.trials, 'locked on every way back');
    assert.deepEqual(page.complaints, []);
  },

  async 'a changed attribute changes the lab; frameworks set properties; a lock holds against readers, not its page'(lab) {
    const page = await course_page(lab, lab_element('seed="5"'));
    assert.equal((await ask(page)).seed, 5);
    await page.evaluate(() => document.querySelector('attention-lab').setAttribute('seed', '6'));
    assert.equal((await ask(page)).seed, 6);
    await page.evaluate(() => {
      const element = document.querySelector('attention-lab');
      element.experiment = 'icl-risk';
      element.parameters = { heads: [1, 2], dim: null, keys: undefined };
    });
    const risk = await ask(page);
    assert.equal(risk.experiment, 'icl-risk');
    assert.equal(risk.parameters.heads, '1,2');
    await page.evaluate(() => {
      const element = document.querySelector('attention-lab');
      element.lock = 'seed';
      element.seed = 7;
    });
    assert.equal((await ask(page)).seed, 7, 'the page that locks may set');
    await tell(page, { attnlab: 1, type: 'load', seed: 8 });
    assert.equal((await ask(page)).seed, 7, 'nobody else may');
    await page.evaluate(() => document.querySelector('attention-lab').removeAttribute('seed'));
    assert.equal((await ask(page)).seed, 1);
    // Another frame takes the place of one that is still loading.
    assert.deepEqual(page.complaints.filter((complaint) => !/^failed: .*\/jobs/.test(complaint)), []);
  },

  async 'as a module, imported, injected later or in one file with others, the element finds its lab or says what to set'(lab) {
    const source = await readFile(path.join(dist, 'embed.js'), 'utf8');
    const element = lab_element('seed="5"');
    const files = {
      '/course.js': `import '${lab.origin}embed.js';`,
      '/later.js': `setTimeout(() => { const script = document.createElement('script'); script.src = '${lab.origin}embed.js';
        document.head.append(script); }, 50);`,
      '/all.js': `${source}\n;globalThis.others = 1;`,
    };
    for (const script of [`<script type="module" src="${lab.origin}embed.js"></script>`,
      '<script type="module" src="/course.js"></script>', '<script src="/later.js"></script>']) {
      const page = await course_page(lab, element, { script, files });
      await page.waitForFunction(() => customElements.get('attention-lab'), { timeout: patience });
      assert.equal((await ask(page)).seed, 5, script);
      assert.deepEqual(page.complaints, []);
      await page.close();
    }
    const page = await course_page(lab, element, { script: '<script src="/all.js"></script>', files });
    await page.waitForSelector('attention-lab [role="alert"]', { timeout: patience });
    assert.match(await page.$eval('attention-lab', ({ textContent }) => textContent), /Set base="\.\.\."/);
    assert.match(await page.evaluate(() => document.querySelector('attention-lab').get().catch((error) => error.message)),
      /Set base="\.\.\."/);
    await page.evaluate((base) => document.querySelector('attention-lab').setAttribute('base', base), lab.origin);
    assert.equal((await ask(page)).seed, 5);
    assert.deepEqual(page.complaints, []);
  },

  async 'another script that is also called embed.js is not taken for ours, and the base may be a file'(lab) {
    const source = await readFile(path.join(dist, 'embed.js'), 'utf8');
    const files = {
      '/theirs/embed.js': 'globalThis.theirs = 1;',
      '/theirs/calls/embed.js': 'globalThis.start_ours = (text) => (0, eval)(text);',
      '/ours.js': source,
    };
    const theirs = '<script src="/theirs/embed.js"></script>';
    const evaluated = `<script src="/theirs/calls/embed.js"></script><script type="text/plain" id="text">${source}</script>
      <script>start_ours(document.getElementById('text').textContent)</script>`;
    for (const script of [`${theirs}<script>${source}</script>`, `<script>${source}</script>${theirs}`,
      `${theirs}<script type="module">${source}</script>`, `${theirs}<script src="/ours.js"></script>`, evaluated]) {
      const allowed = "'unsafe-inline' 'unsafe-eval'";
      const page = await course_page(lab, lab_element('seed="5"'), { script, files, allowed });
      await page.waitForSelector('attention-lab [role="alert"]', { timeout: patience });
      assert.match(await page.$eval('attention-lab', ({ textContent }) => textContent), /Set base="\.\.\."/);
      for (const base of [`${lab.origin}index.html`, `${lab.origin}index.html?a=1#b`, lab.origin.replace(/\/$/, '')]) {
        await page.evaluate((address) => document.querySelector('attention-lab').setAttribute('base', address), base);
        assert.equal((await ask(page)).seed, 5);
        const { src } = await page.$eval('attention-lab iframe', (frame) => ({ src: frame.src }));
        assert.ok(src.startsWith(`${lab.origin}index.html?`), src);
      }
      assert.deepEqual(page.complaints, []);
      await page.close();
    }
  },

  async 'a lab that cannot be loaded rejects get() with the reason; events bubble to the page'(lab) {
    const page = await course_page(lab, lab_element(''));
    await ask(page);
    const heard = await page.evaluate(async () => {
      const far = document.createElement('attention-lab');
      const error = new Promise((resolve) => document.addEventListener('attnlab-error', ({ detail }) => resolve(detail.error), { once: true }));
      far.setAttribute('experiment', 'icl-risk');
      document.body.append(far);
      const asked = far.get().then(() => 'an answer', ({ message }) => message);
      await new Promise((resolve) => setTimeout(resolve, 0));
      const source = far.querySelector('iframe').contentWindow;
      dispatchEvent(new MessageEvent('message', { source, data: { attnlab: 1, type: 'error', error: 'page.js could not be loaded' } }));
      const again = await far.get().then(() => 'an answer', ({ message }) => message);
      return [await asked, await error, again];
    });
    assert.deepEqual(heard, Array(3).fill('page.js could not be loaded'));
    // The reader tried again, and now it comes.
    assert.equal((await page.evaluate(async () => {
      const far = document.querySelectorAll('attention-lab')[1];
      await new Promise((resolve) => far.addEventListener('attnlab-ready', resolve, { once: true }));
      return far.get();
    })).experiment, 'icl-risk');
    assert.deepEqual(page.complaints, []);
  },
});
