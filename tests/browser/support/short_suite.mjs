// The most important tests of the page, for every engine: it loads, runs, gives the numbers of the command line, saves,
// is accessible, looks right, and works inside pages of another origin.
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { run_named } from './checks.mjs';
import { escape_to, start_neighbour } from './escape.mjs';
import {
  bare_app, native_result, patience, press, read_twin, screenshots, settle, until, wait_for_state,
} from './lab.mjs';
import { open_random_permalinks, send_random_messages } from './noise.mjs';
import { copied_link, keep_copied, keep_files, saved, still_picture } from './pictures.mjs';
import { short_course } from './short_course.mjs';
import { short_files } from './short_files.mjs';
import { short_hands } from './short_hands.mjs';
import { ask, count_frames, frames, lab_element, once_an_engine, open, rows_of, small, with_course } from './short_pages.mjs';
import { short_walk } from './short_walk.mjs';
import { start_suite_server } from './suite_server.mjs';

/** What shows the figure, as the reader sees it. */
const figure_of = (page) => page.evaluate(() => ({
  cover: document.getElementById('cover').checkVisibility(),
  canvas: document.getElementById('canvas').checkVisibility(),
  elements: document.querySelector('#drawing svg')?.checkVisibility() ?? false,
  points: document.querySelectorAll('#drawing .point').length,
}));

const sent = 'e=icl-risk&dim=6&heads=1,3&seed=9';
const mangled_links = [
  encodeURIComponent(sent), sent.replaceAll('&', '&amp;'), `${sent}).`, `<${sent}>`, `${sent} is nice`,
  sent.replaceAll(',', '%2C').replace('&heads', '%20\u00a0&heads'), sent.replace('heads', 'he%20ads'),
  sent.replaceAll('&', '&#038;'), encodeURIComponent(sent.replaceAll('&', '&amp;')), sent.replaceAll('&', '%26'),
];

const checks = {
  async 'the page loads, draws, runs, and gives the command line\'s numbers'(on) {
    const { page, engine } = on;
    await open(on, small);
    const { cover, canvas, elements } = await figure_of(page);
    assert.deepEqual([cover, canvas, elements], [false, engine.webgl, !engine.webgl], 'what shows the figure');
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
    if (!engine.webgl) await until(async () => (await figure_of(page)).points === wanted.rows.length, 'the points are drawn');
  },

  async 'draw=svg: the figure follows a run, handles follow pointer and arrow keys'(on) {
    const { page } = on;
    await open(on, `${small}&draw=svg`);
    const { cover, canvas, elements } = await figure_of(page);
    assert.deepEqual([cover, canvas, elements], [false, false, true], 'what shows the figure');
    await press(page, 'run');
    await wait_for_state(page, 'finished');
    const { rows } = (await read_twin(page)).tables.test_error;
    await until(async () => (await figure_of(page)).points === rows.length, 'the points are drawn');
    await open(on, 'e=icl-attention&draw=svg');
    const query = () => page.evaluate(() => location.hash);
    const changed = (before) => until(async () => await query() !== before, 'the address says where the handle is');
    const handles = () => page.evaluate(() =>
      [...document.querySelector('#drawing .handles').children].map((handle) => handle.dataset.at ?? ''));
    let before = await query();
    const places = await handles();
    const at = places.findIndex(Boolean);
    await page.evaluate((i) => {
      scrollTo(0, 0);
      document.querySelectorAll('#drawing .handle')[i].focus();
    }, at);
    await page.keyboard.press('ArrowRight');
    await changed(before);
    await until(async () => (await handles())[at] !== places[at], 'the handle is drawn elsewhere');
    const [x, y] = (await handles())[at].split(' ').map(Number);
    assert.ok(x > Number(places[at].split(' ')[0]) && y === Number(places[at].split(' ')[1]), 'to the right');
    assert.equal(await page.evaluate((i) =>
      document.activeElement === document.querySelectorAll('#drawing .handle')[i], at), true, 'it keeps the focus');
    before = await query();
    const { left, top } = await page.evaluate(() => {
      const box = document.querySelector('#drawing svg').getBoundingClientRect();
      return { left: box.left, top: box.top };
    });
    await page.mouse.move(left + x, top + y);
    await page.mouse.down();
    await page.mouse.move(left + x - 20, top + y + 15);
    await page.mouse.move(left + x - 40, top + y + 30);
    await page.mouse.up();
    await changed(before);
    await until(async () => {
      const [now_x, now_y] = (await handles())[at].split(' ').map(Number);
      return Math.abs(now_x - (x - 40)) < 3 && Math.abs(now_y - (y + 30)) < 3;
    }, 'the handle is where the pointer left it');
    const last = await handles();
    await page.mouse.move(left + x + 50, top + y + 50);
    await settle(500);
    assert.deepEqual(await handles(), last, 'a released handle stays');
  },

  async 'saved files: the svg parses and has a point for each row of the csv; a picture is a picture'(on) {
    const { page } = on;
    await open(on, `${small}&run=1`, { before: keep_files });
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
  },

  async 'a copied link shows the same picture, pixel for pixel'(on) {
    const { page, server } = on;
    await open(on, `${small}&run=1`, { before: keep_copied });
    const first = await still_picture(page);
    const [address, link] = (await copied_link(page)).split('#');
    assert.equal(address, server.origin);
    await open(on, `${link}&run=1`);
    const second = await still_picture(page);
    assert.ok(first.equals(second), 'the pictures are the same');
  },

  async 'an idle page requests no frame'(on) {
    const { page } = on;
    await open(on, `${small}&run=1`, { before: count_frames });
    await wait_for_state(page, 'finished');
    const asked = () => page.evaluate(() => globalThis.frames_asked);
    let before = 0;
    await until(async () => {
      const now = await asked();
      const rests = now > 0 && now === before;
      before = now;
      if (!rests) await settle(1000);
      return rests;
    }, 'the page comes to rest');
    await settle(2000);
    assert.equal(await asked(), before);
  },

  async 'the first frame is a picture, shown before the module, until the figure is there'({ page, server, engine }) {
    const release = server.hold('attnlab.wasm');
    // Where the figure is drawn by a part that comes later, that part, too.
    const release_part = engine.webgl ? () => {} : server.hold('drawing.js');
    const seen = () => page.evaluate(() => {
      const picture = document.querySelector('#first img');
      return picture.checkVisibility() && picture.complete && picture.naturalWidth > 0;
    });
    try {
      server.before = '';
      await page.goto('about:blank');
      await page.goto(server.origin);
      await until(seen, 'the picture is there');
      assert.ok(!await page.evaluate(() => document.documentElement.dataset.ready));
      release();
      if (!engine.webgl) {
        await until(() => page.evaluate(() => document.querySelector('#twin_body [data-action]') !== null), 'the lab is there');
        assert.ok(await seen(), 'the picture stays until the figure is there');
      }
    } finally {
      release();
      release_part();
    }
    await page.waitForSelector('html[data-ready]', { timeout: patience });
    const { cover, canvas, elements } = await figure_of(page);
    assert.deepEqual([cover, canvas || elements], [false, true]);
    if (!engine.webgl) await until(async () => (await figure_of(page)).points > 10, 'the precomputed result is drawn');
  },

  async 'a style sheet that comes late is waited for'({ page, server }) {
    const release = server.hold('page.css');
    server.before = '';
    await page.goto('about:blank');
    const opened = page.goto(`${server.origin}#${small}`); // ends when the sheet is there
    await settle(1500);
    release();
    await opened;
    await page.waitForSelector('html[data-ready]', { timeout: patience });
    assert.equal((await figure_of(page)).cover, false);
    assert.equal(await page.evaluate(() => document.getElementById('notice').hidden), true);
  },

  'ten thousand random permalinks: the state is always one the schema allows': once_an_engine(async (on) => {
    await open(on, '', { before: bare_app });
    assert.deepEqual(await on.page.evaluate(open_random_permalinks), []);
  }),

  ...Object.fromEntries(['light', 'dark'].map((theme) =>
    [`1280 and 390 pixels wide, ${theme}: nothing sticks out, axe finds no violation`, async (on) => {
      const { page, engine } = on;
      await open(on, `${small}&theme=${theme}&run=1`);
      await wait_for_state(page, 'finished');
      await page.evaluate(() => new Promise((resolve, reject) => {
        document.head.append(Object.assign(document.createElement('script'),
          { src: 'axe.js', onload: () => resolve(), onerror: () => reject(new Error('axe.js did not come')) }));
      }));
      for (const [width, height] of [[1280, 900], [390, 844]]) {
        await page.setViewport({ width, height });
        await settle(600);
        assert.deepEqual(await page.evaluate(async () => (await globalThis.axe.run()).violations
          .map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html)}`)), []);
        const [wide, inner] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
        assert.ok(wide <= inner, `the page is ${wide} wide in a window of ${inner}`);
        await page.evaluate(() => scrollTo(0, 0));
        await page.screenshot({ path: path.join(screenshots, `${engine.name}-${width}-${theme}.png`) });
      }
    }])),

  'ten thousand random messages: the state stays inside the schema, and what is locked stays': once_an_engine((on) =>
    with_course(on, lab_element('lock="trials"'), async () => {
      const before = await ask(on.page);
      await on.page.evaluate(send_random_messages);
      await on.page.evaluate((experiment) => document.querySelector('attention-lab')
        .load({ experiment, parameters: { trials: 7 } }), before.experiment);
      const after = await ask(on.page);
      assert.deepEqual([after.state, after.experiment, after.parameters.trials],
        ['ready', before.experiment, before.parameters.trials]);
    })),

  'three labs in a strict page: they start when they come near, run, keep their locks, and let the wheel pass': (on) =>
    with_course(on,
      `${lab_element('height="500" ui="min"')}${lab_element('lock="heads,seed"')}` +
      `<div><svg width="10" height="5000"></svg></div>${lab_element('')}`, async () => {
        const { page } = on;
        assert.equal((await ask(page, 0)).experiment, 'rf-learning-curve');
        const before = await ask(page, 1);
        assert.equal(await frames(page), 2, 'the third lab is far away and has no frame');
        assert.ok(await rows_of(page, 0) > 0);
        await page.evaluate(() => document.querySelectorAll('attention-lab')[1]
          .load({ query: 'heads=77&seed=9&dim=9&lock=' }));
        const after = await ask(page, 1);
        assert.deepEqual([after.parameters.heads, after.seed, after.parameters.dim],
          [before.parameters.heads, before.seed, '9']);
        await page.evaluate(() => {
          const inside = [...document.querySelectorAll('iframe')].find(({ src }) => src.includes('lock='));
          inside.src = inside.src.replace(/#.*/, '#e=rf-learning-curve&heads=3&seed=2&dim=7');
        });
        let now = after;
        await until(async () => {
          now = await ask(page, 1);
          return now.parameters.dim === '7';
        }, 'the new hash is read');
        assert.deepEqual([now.parameters.heads, now.seed, now.parameters.dim], [before.parameters.heads, before.seed, '7'],
          'a hash inside the frame does not change locked parameters');
        assert.deepEqual(await page.evaluate(() => [...document.querySelectorAll('iframe')]
          .map((frame) => frame.getAttribute('sandbox'))), Array(2).fill('allow-scripts allow-same-origin allow-downloads'));
        await page.evaluate(() => scrollTo(0, 0));
        await page.mouse.move(400, 300);
        await until(async () => {
          await page.mouse.wheel({ deltaY: 400 });
          await settle(300);
          return await page.evaluate(() => scrollY) >= 50;
        }, 'the wheel over a lab without focus scrolls the page');
        await page.evaluate(() => document.querySelectorAll('attention-lab')[2].scrollIntoView());
        assert.equal((await ask(page, 2)).seed, 3);
        assert.equal(await frames(page), 3);
      }),

  'the own box: the example is recovered, and a function reaches nothing': async (on) => {
    const { page } = on;
    await open(on, 'e=extract-black-box&box=own&dim=4');
    await page.waitForSelector('#own_box:not([hidden]) textarea');
    await press(page, 'run');
    await wait_for_state(page, 'finished');
    const { columns, rows } = (await read_twin(page)).tables.recovery;
    assert.equal(rows[0][columns.indexOf('status')], 'recovered');
    const neighbour = await start_neighbour();
    await page.$eval('#own_box_code', (field, code) => { field.value = code; }, escape_to(neighbour.origin));
    await page.evaluate(() => document.querySelector('#own_box button').click());
    const said = () => page.$eval('#own_box [role=status]', (element) => element.textContent);
    await until(async () => /reached/.test(await said()), 'the function has tried');
    neighbour.close();
    assert.match(await said(), /reached \[\]/);
    assert.deepEqual(neighbour.visits, ['/by-the-test']);
    on.known = /(?:)/; // what was refused
  },

  'links as mail, chat and editors leave them open the state of the clean link': once_an_engine(async (on) => {
    const state = async (link) => {
      await open(on, link);
      const { hash, tables } = await read_twin(on.page);
      return [hash, Object.keys(tables)];
    };
    const clean = await state(sent);
    for (const mangled of mangled_links) assert.deepEqual(await state(mangled), clean, mangled);
    // The same as dropped texts and files.
    const dropped = (text) => on.page.evaluate(async (given) => (await import('./transfer.js')).query_in_file(given), text);
    for (const link of mangled_links) {
      const text = `See "https://host.example/lab/#${link}" and more`;
      assert.deepEqual(await state(await dropped(text)), clean, text);
    }
    const experiment_last = sent.replace(/^(e=[^&]*)&(.*)$/, '$2&$1');
    assert.deepEqual(await state(await dropped(experiment_last)), clean);
    assert.equal(await dropped('n,mean\n16,1.02'), '', 'a table is no link');
  }),

  'links as mail, chat and editors leave them may be sent to a lab': once_an_engine((on) =>
    with_course(on, lab_element('auto="0"'), async () => {
      const { page } = on;
      const state_of = (query) => page.evaluate(async (given) => {
        const lab = document.querySelector('attention-lab');
        lab.load({ experiment: 'rf-heads' });
        lab.load({ query: given });
        return (await lab.get()).query;
      }, query);
      const clean = await state_of(sent);
      assert.match(clean, /^e=icl-risk&dim=6&heads=1,3&seed=9/);
      for (const mangled of mangled_links) {
        assert.equal(await state_of(mangled), clean, mangled);
      }
    })),

  'who waits for a page waits on while it is reloaded': once_an_engine(async (on) => {
    const { page, server } = on;
    const reload_often = () => {
      const loaded = Number(sessionStorage.loaded ?? 0) + 1;
      sessionStorage.loaded = loaded;
      document.documentElement.dataset.loaded = loaded;
      if (loaded < 20) setTimeout(() => location.reload(), 30 + 7 * (loaded % 5));
    };
    server.course = `<!DOCTYPE html><link rel="icon" href="data:,"><title>Reloads</title><script>(${reload_often})();</script>`;
    await page.goto(`${server.origin}course.html`);
    await page.waitForFunction(() => new Promise((done) => {
      setTimeout(() => done(document.documentElement.dataset.loaded === '20'), 20);
    }), { timeout: patience });
  }),

  'an element of a module, in an isolated page: a closed panel, attributes that change': (on) =>
    with_course(on, `<div id="panel" hidden>${lab_element('auto="0"')}</div>`, async () => {
      const { page } = on;
      assert.equal(await page.evaluate(() => crossOriginIsolated), true);
      assert.ok(await rows_of(page) > 0, 'it runs without being seen');
      await page.evaluate(() => {
        document.getElementById('panel').hidden = false;
        document.querySelector('attention-lab').setAttribute('seed', '8');
      });
      await until(async () => (await ask(page)).seed === 8, 'the attribute is followed');
      assert.ok(await rows_of(page) > 0);
    }, { type: 'module', headers: { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' } }),

  'twenty labs on a page: each starts when it comes near, and the first one still runs': (on) =>
    with_course(on, Array.from({ length: 20 }, (_, i) =>
      `<div><svg width="10" height="420"></svg>${lab_element(`height="400" ui="min" seed="${i + 1}"`)}</div>`).join(''), async () => {
      const { page } = on;
      for (let i = 0; i < 20; ++i) {
        await page.evaluate((at) => document.querySelectorAll('attention-lab')[at].scrollIntoView(), i);
        assert.equal((await ask(page, i)).seed, i + 1);
      }
      assert.ok(await rows_of(page, 0) > 0, 'the first one still runs');
    }),

  'a frame of opaque origin runs, too': (on) =>
    with_course(on, lab_element('sandbox="allow-scripts"'), async () => {
      assert.ok(await rows_of(on.page) > 0);
    }),

  ...short_files,
  ...short_hands,
  ...short_walk,
  ...short_course,
};

/** Runs the suite in one engine (support/engines.mjs). */
export async function run_short_suite(start_engine) {
  mkdirSync(screenshots, { recursive: true });
  const server = await start_suite_server();
  const engine = await start_engine();
  let page;
  const chosen = Object.entries(checks).filter(([, check]) => engine.webgl || !check.once_an_engine);
  await run_named(Object.fromEntries(chosen), {
    async run(check) {
      page = await engine.new_page();
      const complaints = [];
      page.on?.('pageerror', (error) => complaints.push(`uncaught: ${error.message}`));
      page.on?.('console', (message) => {
        if (message.type() === 'error') complaints.push(message.text());
      });
      server.complaints.length = 0;
      // known: what a check caused itself; the engine may tell it late.
      const on = { page, server, engine, known: undefined };
      await check(on);
      assert.deepEqual([...complaints, ...server.complaints].filter((one) => !on.known?.test(one)), []);
    },
    after: () => page.close(),
    async close() {
      await engine.close();
      server.close();
    },
  });
}
