// Of the short suite: labs in course pages. Attributes, files where downloads are forbidden, paper, and what starts a
// lab that nobody comes near.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { dist, patience, read_twin, settle, until, wait_for_state } from './lab.mjs';
import { keep_copied } from './pictures.mjs';
import { ask, frames, lab_element, once_an_engine, open, open_own_course, rows_of, small, with_course } from './short_pages.mjs';

const far = '<div style="height: 5000px"></div>';

/** Waits until the page in the frame of that lab can be used. */
const frame_ready = (page, index = 0) => until(() => page.evaluate((i) =>
  document.querySelectorAll('attention-lab')[i].querySelector('iframe')?.contentDocument?.documentElement?.dataset.ready, index),
  `the frame of lab ${index} is ready`);

/** Light pixels and colours of the figure that a lab has for paper: of its picture, or of its elements drawn as one. */
const paper = (page, index) => page.evaluate(async (i) => {
  const inside = document.querySelectorAll('attention-lab')[i].querySelector('iframe').contentDocument;
  const canvas = document.createElement('canvas');
  let source = inside.querySelector('.paper');
  const svg = inside.querySelector('#drawing:not([hidden]) svg');
  if (svg) {
    const box = svg.getBoundingClientRect();
    const copy = svg.cloneNode(true);
    copy.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
    copy.setAttribute('width', box.width);
    copy.setAttribute('height', box.height);
    source = new Image();
    source.src = `data:image/svg+xml,${encodeURIComponent(copy.outerHTML)}`;
    await source.decode();
  }
  if (!source?.width) return { white: 0, colours: 0 };
  canvas.width = source.width;
  canvas.height = source.height;
  const context = canvas.getContext('2d', { willReadFrequently: true });
  context.drawImage(source, 0, 0);
  const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
  const pixels = new Uint32Array(data.buffer);
  const light = data.filter((value, at) => at % 4 === 0 && value > 235).length;
  return { white: light / pixels.length, colours: new Set(pixels).size };
}, index);

/** In the page: asks the lab for another state and for its answer at once, in this way. */
const ask_at_once = (way, is_ready_first) => {
  const lab = document.querySelector('attention-lab');
  const ask = {
    load: () => {
      lab.load({ query: 'e=icl-risk&heads=1,3&seed=9' });
      return lab.get();
    },
    attributes: () => {
      lab.setAttribute('experiment', 'icl-risk');
      lab.setAttribute('heads', '1,3');
      lab.setAttribute('seed', '9');
      return lab.get();
    },
    message: () => new Promise((resolve) => {
      const frame = lab.querySelector('iframe').contentWindow;
      addEventListener('message', ({ data }) => { if (data.id === 'ours') resolve(data.state ?? data.error); });
      frame.postMessage({ attnlab: 1, type: 'load', query: 'e=icl-risk&heads=1,3&seed=9' }, '*');
      frame.postMessage({ attnlab: 1, type: 'get', id: 'ours' }, '*');
    }),
  };
  const go = () => {
    globalThis.answer = ask[way]().catch(({ message }) => message).then((answer) => { globalThis.answered = true; return answer; });
    globalThis.asked = true;
  };
  if (is_ready_first) lab.addEventListener('attnlab-ready', go, { once: true });
  else go();
};

export const short_course = {
  async 'get() is never older than what was asked before it, also while a part of the lab loads'(on) {
    const { page, server, engine } = on;
    const open_asking = async (way) => {
      await open_own_course(on, '<attention-lab></attention-lab>');
      // Without WebGL the lab is not ready before that part is there.
      await page.evaluate(ask_at_once, way, engine.webgl);
      await until(() => page.evaluate(() => globalThis.asked), 'the lab was asked');
    };
    for (const way of engine.webgl ? ['load', 'attributes', 'message'] : ['load', 'attributes']) {
      const release = server.hold('jobs.js');
      try {
        await open_asking(way);
        await settle(500);
        assert.equal(await page.evaluate(() => globalThis.answered), undefined, `${way}: no answer before the part is there`);
      } finally {
        release();
      }
      const { experiment, parameters, seed } = await page.evaluate(() => globalThis.answer);
      assert.deepEqual([experiment, parameters.heads, seed], ['icl-risk', '1,3', 9], way);
    }
    if (!engine.webgl) return;
    server.instead.set('jobs.js', undefined);
    for (const way of ['load', 'message']) {
      await open_asking(way);
      assert.match(await page.evaluate(() => globalThis.answer), /jobs\.js could not be loaded \(404\)/, way);
    }
    server.instead.delete('jobs.js');
    on.known = /(?:)/; // what was missing
  },

  'run() and step() load a lab that is far away or not shown': (on) =>
    with_course(on, `${lab_element('')}<div><svg width="10" height="5000"></svg></div>` +
      `${lab_element('auto="0"')}${lab_element('auto="0" hidden')}`, async () => {
      const { page } = on;
      await ask(page, 0);
      assert.equal(await frames(page), 1, 'the other two have no frame');
      assert.ok(await rows_of(page, 1) > 0, 'run()');
      assert.ok(await rows_of(page, 2, 'step') > 0, 'step()');
      assert.equal(await frames(page), 3);
      const shows = (hidden) => page.evaluate((now) => {
        const lab = document.querySelectorAll('attention-lab')[2];
        lab.hidden = now ?? lab.hidden;
        return new Promise((resolve) => setTimeout(() => resolve(lab.checkVisibility()))); // attributes are told late
      }, hidden);
      assert.deepEqual([await shows(), await shows(false), await shows(true)], [false, true, false], 'hidden hides it');
    }),

  async 'what is in the frame and is no lab is said in its place within two seconds; a lab that loads slowly is waited for'(on) {
    const { page, server } = on;
    const look = () => page.evaluate(() => {
      const lab = document.querySelector('attention-lab');
      return { said: lab.innerText, frame: lab.querySelector('iframe')?.checkVisibility(), ready: lab.ready };
    });
    const source = readFileSync(path.join(dist, 'embed.js'));
    // One script with others, served by our name: its folder is not the lab's. The host answers 404, or with a page.
    server.instead.set('bundled/embed.js', source);
    for (const html of [undefined, Buffer.from('<!doctype html><title>Not here</title><p>Not here')]) {
      server.instead.set('bundled/index.html', html);
      await open_own_course(on, '<attention-lab></attention-lab>', { script: 'bundled/embed.js' });
      const { reason, late, again } = await page.evaluate(async () => {
        const lab = document.querySelector('attention-lab');
        const why = await lab.get().catch(({ message }) => message);
        const now = performance.now();
        // When the frame's document had come: it may have loaded before this began.
        const came = performance.getEntriesByType('resource').filter(({ name }) => name.includes('bundled/index.html')).at(-1);
        return { reason: why, late: now - came?.responseEnd, again: await lab.get().catch(({ message }) => message) };
      });
      assert.match(reason, /bundled\/ did not start as the lab.*base="\.\.\."/);
      assert.equal(again, reason);
      assert.ok(late < 2000, `${late} ms after the frame had loaded`);
      assert.deepEqual(await look(), { said: reason, frame: false, ready: false });
    }
    await page.evaluate((base) => { document.querySelector('attention-lab').setAttribute('base', base); }, server.origin);
    assert.ok((await ask(page)).seed > 0);
    assert.deepEqual(await look(), { said: '', frame: true, ready: true });
    const release = server.hold('attnlab.wasm');
    try {
      await open_own_course(on, lab_element(''));
      await until(() => page.evaluate(() => document.querySelector('iframe')?.contentDocument?.readyState === 'complete'), 'the page is there');
      await settle(3000);
      assert.deepEqual(await look(), { said: '', frame: true, ready: false });
    } finally {
      release();
    }
    assert.equal((await ask(page)).seed, 3);
    // A lab that is older than the element, and says nothing before it is ready.
    await page.evaluate(() => {
      const lab = document.querySelector('attention-lab');
      lab.setAttribute('base', 'bundled/');
      globalThis.told = new Promise((resolve) => { lab.addEventListener('attnlab-error', resolve, { once: true }); });
    });
    await page.evaluate(() => globalThis.told.then(() => true));
    await page.evaluate(() => {
      const source = document.querySelector('attention-lab iframe').contentWindow;
      dispatchEvent(new MessageEvent('message', { source, data: { attnlab: 1, type: 'ready' } }));
    });
    assert.deepEqual(await look(), { said: '', frame: true, ready: true });
    on.known = /(?:)/; // what was missing
  },

  async 'attributes: a lock with blanks, foreign names, wrong values, a lab that cannot be loaded'(on) {
    const { page, server } = on;
    await open_own_course(on, '<attention-lab query="https://host.example/#e%3Dicl-risk%26heads%3D1%2C3&amp;amp;seed=9" ' +
      'width="600" loading="lazy" _ngcontent-abc="" ng-version="17" v-if="x" data-x="1" aria-label="Lab" theme="darkk" ui="mini" ' +
      'lock="heads, seed, hedas"></attention-lab>');
    const state = await ask(page);
    assert.deepEqual([state.experiment, state.parameters.heads, state.seed], ['icl-risk', '1,3', 9]);
    await frame_ready(page);
    await page.evaluate(() => {
      document.querySelector('attention-lab iframe').contentDocument.getElementById('twin_details').open = true;
    });
    const notes = () => page.evaluate(() => [...document.querySelector('attention-lab iframe').contentDocument
      .querySelectorAll('#twin_body .notes li')].map(({ textContent }) => textContent));
    await until(async () => (await notes()).length >= 3, 'the notes are shown');
    const said = await notes();
    assert.equal(said.length, 3, said.join('; '));
    for (const wanted of [/hedas.*did you mean "heads"/, /theme must be auto or light or dark, not "darkk"/, /ui must be .*, not "mini"/]) {
      assert.match(said.join('; '), wanted);
    }
    await until(() => page.evaluate(() => ['heads', 'seed'].every((name) => {
      const field = document.querySelector('attention-lab iframe').contentDocument.getElementById(`parameter_${name}`);
      return (field?.querySelector('input') ?? field)?.disabled;
    })), 'what is locked cannot be changed');
    await page.evaluate(() => document.querySelector('attention-lab iframe').contentWindow
      .postMessage({ attnlab: 1, type: 'load', query: 'heads=2&seed=4' }, '*'));
    const locked = await ask(page);
    assert.deepEqual([locked.parameters.heads, locked.seed], ['1,3', 9]);
    // A lab whose files do not come.
    server.instead.set('page.js', undefined);
    const reasons = await page.evaluate(async () => {
      const lab = document.createElement('attention-lab');
      const told = new Promise((resolve) => {
        document.addEventListener('attnlab-error', ({ detail }) => resolve(detail.error), { once: true });
      });
      document.body.append(lab);
      return [await lab.get().then(() => 'an answer', ({ message }) => message), await told];
    });
    server.instead.delete('page.js');
    for (const reason of reasons) assert.match(reason, /page\.js could not be loaded/);
    on.known = /(?:)/; // what was missing
  },

  async 'where downloads may be forbidden no sentence says that a file was saved, and its text can be copied'(on) {
    const { page } = on;
    await open_own_course(on, lab_element('height="700" sandbox="allow-scripts allow-same-origin"'), { before: keep_copied });
    assert.ok(await rows_of(page) > 0);
    await frame_ready(page);
    const press_inside = (selector) => page.evaluate((one) =>
      document.querySelector('attention-lab iframe').contentDocument.querySelector(one).click(), selector);
    const said = () => page.evaluate(() =>
      document.querySelector('attention-lab iframe').contentDocument.getElementById('notice').textContent);
    const copied = () => page.evaluate(() => document.querySelector('attention-lab iframe').contentWindow.copied);
    for (const [format, begin] of [['csv', /^model,/], ['svg', /^<svg|^<\?xml/]]) {
      await press_inside(`[data-tool="${format}"]`);
      await until(async () => (await said()).includes(`.${format} `), `a sentence about the ${format}`);
      assert.doesNotMatch(await said(), /Saved/);
      assert.match(await said(), /unless the page around this lab forbids them/);
      await press_inside('#notice button');
      await until(async () => begin.test(await copied() ?? ''), `the text of the ${format} is copied`);
    }
    // Chromium says that it refused.
    on.known = /Download is disallowed/;
  },

  async 'where the browser changes pixels no png is made, and the reason is said'(on) {
    const { page } = on;
    await open(on, small, { before: () => {
      const read = CanvasRenderingContext2D.prototype.getImageData;
      CanvasRenderingContext2D.prototype.getImageData = function noisy(...words) {
        const image = read.apply(this, words);
        for (let i = 0; i < image.data.length; i += 97) image.data[i] ^= 1;
        return image;
      };
    } });
    await page.click('[data-tool="png"]');
    await until(() => page.evaluate(() => /could not be made: this browser changes the pixels/
      .test(document.getElementById('notice').textContent)), 'the reason is said');
  },

  async 'on paper every lab shows its figure on white, also those that nobody came near'(on) {
    const { page, engine } = on;
    await open_own_course(on, `${lab_element('height="400" theme="dark"')}${far}` +
      lab_element('height="400" theme="dark" seed="2"'), { search: '?print-pdf' });
    for (const index of [0, 1]) {
      assert.ok((await ask(page, index)).seed > 0);
      await frame_ready(page, index);
    }
    // The part that keeps pictures comes after the lab is ready.
    if (engine.webgl) {
      await until(() => page.evaluate(() => [...document.querySelectorAll('iframe')]
        .every((frame) => frame.contentDocument.querySelector('.paper'))), 'pictures are kept');
    }
    const both = async (look) => [await look(page, 0), await look(page, 1)];
    const on_white = ({ white, colours }) => colours > 10 && white > 0.8;
    if (!engine.webgl) { // a picture for paper says nothing about the canvas, and a lab that rests has made its own
      await until(async () => (await both(paper)).every(({ colours }) => colours > 10), 'the figures are drawn');
      assert.ok(!(await both(paper)).some(on_white), 'on the screen they are dark');
    }
    const tell = (type) => page.evaluate((what) => {
      for (const frame of document.querySelectorAll('iframe')) frame.contentWindow.dispatchEvent(new Event(what));
    }, type);
    await tell('beforeprint');
    const told = await both(paper);
    assert.ok(told.every(on_white), JSON.stringify(told));
    await tell('afterprint');
    if (!engine.webgl) assert.ok(!(await both(paper)).some(on_white), 'and dark again afterwards');
    if (!engine.prints) return;
    // A real one: what each frame has at the moment when the browser has told it.
    await page.evaluate(() => {
      for (const frame of document.querySelectorAll('iframe')) {
        const inside = frame.contentDocument;
        // A lab far from the screen has given its context back, and its picture for paper is made.
        const rests = inside.getElementById('canvas').getContext('webgl2')?.isContextLost() ?? true;
        if (!rests) inside.querySelector('.paper').width = 0;
      }
    });
    await page.evaluate(() => scrollTo(0, 0));
    const bytes = await engine.prints(page);
    assert.equal(String(bytes.subarray(0, 4)), '%PDF');
    if (engine.webgl) {
      const printed = await both(paper);
      assert.ok(printed.every(on_white), `printed: ${JSON.stringify(printed)}`);
    }
  },

  'the canvas is drawn again for printing': once_an_engine(async (on) => {
    const { page } = on;
    await open(on, small);
    await settle(1000);
    const [before, after] = await page.evaluate(() => {
      const copy = Object.assign(document.createElement('canvas'), { width: 8, height: 8 });
      const context = copy.getContext('2d', { willReadFrequently: true });
      const brightest = () => {
        context.drawImage(document.getElementById('canvas'), 0, 0, 8, 8);
        return Math.max(...context.getImageData(0, 0, 8, 8).data.filter((_, i) => i % 4 < 3));
      };
      const empty = brightest();
      dispatchEvent(new Event('beforeprint'));
      return [empty, brightest()];
    });
    assert.equal(before, 0, 'once it is shown, the browser forgets the drawing');
    assert.ok(after > 200, `${after}`);
  }),

  'after the WebGL context is lost for good, the figure is made of page elements': once_an_engine(async (on) => {
    const { page } = on;
    await open(on, `${small}&run=1`);
    await wait_for_state(page, 'finished');
    await page.evaluate(() =>
      document.getElementById('canvas').getContext('webgl2').getExtension('WEBGL_lose_context').loseContext());
    const { rows } = (await read_twin(page)).tables.test_error;
    await page.waitForFunction((count) => document.querySelector('#drawing')?.checkVisibility() &&
      document.querySelectorAll('#drawing .point').length === count, { timeout: patience }, rows.length);
    const drawn = () => page.evaluate(() => document.querySelector('#drawing svg').outerHTML);
    const before = await drawn();
    await page.evaluate(() => {
      const field = document.getElementById('parameter_dim');
      field.value = '7';
      field.dispatchEvent(new Event('change', { bubbles: true }));
    });
    await until(async () => await drawn() !== before, 'it follows a change');
  }),
};
