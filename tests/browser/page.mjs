// The page in a real browser: permalinks, a run compared with the command line, the buttons, and no needless
// drawing, requests or console messages.
import assert from 'node:assert/strict';
import { differences } from '../parity/support/compare.mjs';
import {
  assert_quiet, native_result, open_page, patience, press, read_twin, run_checks, settle, type_parameter, until,
  wait_for_state,
} from './support/lab.mjs';
import { still_picture } from './support/pictures.mjs';
import { document_rows, watch_thread } from './support/readings.mjs';

const tolerance = 1e-4; // as in tests/parity/parity.mjs
const small = 'e=rf-learning-curve&dim=6&keys=5&heads=50&samples=16,64,128&test-samples=200&trials=2';
/** Long enough to observe while it runs: many jobs of a few tenths of a second. */
const long = 'e=rf-learning-curve&dim=8&keys=8&heads=400&samples=64,512&test-samples=1000&trials=40';

await run_checks({
  async 'a permalink sets the controls, and the address follows them'(lab) {
    const page = await open_page(lab, `#${small}&seed=7`);
    const twin = await read_twin(page);
    assert.equal(twin.experiment, 'rf-learning-curve');
    assert.equal(twin.parameters.dim, '6');
    assert.equal(twin.parameters.samples, '16,64,128');
    assert.equal(twin.parameters.seed, '7');
    assert.equal(twin.state, 'ready');
    assert.deepEqual(twin.notes, []);
    await type_parameter(page, 'keys', '9');
    await page.waitForFunction(() => /keys=9/.test(location.hash), { timeout: patience });
    const again = await open_page(lab, `#${await page.evaluate(() => location.hash.slice(1))}`);
    assert.deepEqual((await read_twin(again)).parameters, (await read_twin(page)).parameters);
    assert_quiet(page);
    assert_quiet(again);
  },

  async 'a run in the page gives the numbers of the command line for the same seed'(lab) {
    const query = `${small}&seed=3`;
    const page = await open_page(lab, `#${query}`);
    await press(page, 'run');
    await wait_for_state(page, 'finished');
    const twin = await read_twin(page);
    const native = await native_result(query);
    const { columns, rows } = native.tables.test_error;
    const shown = document_rows(twin.tables.test_error, columns);
    assert.deepEqual(differences('test_error', rows, shown, tolerance), []);
    assert.equal(twin.fraction, 1);
    // What the settings cannot decide is one line for all claims of a need.
    const needy = native.claims.filter(({ evidence }) => /^Needs .*: [a-z-]+ \S+\.$/.test(evidence));
    const lines = twin.claims.filter((text) => /^\d+ (more )?claims? needs? /.test(text));
    assert.equal(twin.claims.length - lines.length, native.claims.length - needy.length);
    assert.equal(lines.length, new Set(needy.map(({ evidence }) => evidence)).size);
    assert.match(twin.live, /^Finished: \d+ jobs in /);
    assert_quiet(page);
  },

  async 'pointing at a letter of the layer marks its control, and the reverse'(lab) {
    const page = await open_page(lab, `#${small}`);
    await read_twin(page);
    await page.waitForSelector('#layer .block');
    const marked = () => page.evaluate(() =>
      [...document.querySelectorAll('.marked')].map((one) => one.localName === 'mi' ? one.textContent : (one.getAttribute('class') ?? '').split(' ')[0]));
    const letter = await page.waitForSelector('#layer .symbols [data-parameter=heads]');
    assert.equal(await letter.evaluate((one) => one.textContent), 'Mheads = 50');
    assert.equal(await letter.evaluate((one) => one.querySelector('math').namespaceURI), 'http://www.w3.org/1998/Math/MathML');
    const look = async () => Buffer.from(await (await page.$('#canvas')).screenshot());
    const before = await look();
    await letter.hover();
    await page.waitForSelector('#twin_body .field.marked');
    assert.deepEqual((await marked()).sort(), ['M', 'block', 'block', 'field', 'marked']);
    await until(async () => !before.equals(await look()), 'the figure marks its control, too');
    await page.mouse.move(2, 2);
    const control = await page.$('#parameter_keys');
    await control.focus();
    await page.waitForSelector('#layer .symbols [data-parameter=keys].marked');
    await type_parameter(page, 'keys', '7');
    await page.waitForFunction(() => document.querySelector('#layer .symbols [data-parameter=keys]').textContent.endsWith('= 7'));
    assert_quiet(page);
  },

  async 'a target of one\'s own: a fault is told with its place, a formula runs and is in the link'(lab) {
    const page = await open_page(lab, `#${small}&target=own`);
    await read_twin(page);
    await type_parameter(page, 'formula', 'mean(dot(b1,x)^2) + sni(1)');
    const note = () => page.$eval('#parameter_formula_note', (element) => element.textContent);
    await until(async () => /sni/.test(await note()), 'the fault is told');
    assert.match(await note(), /column \d+/);
    await type_parameter(page, 'formula', 'max(dot(b1,x)) - mean(dot(b1,x))');
    await until(async () => await note() === '', 'a formula without a fault');
    await press(page, 'run');
    await wait_for_state(page, 'finished');
    const { hash, tables } = await read_twin(page);
    assert.ok(tables.test_error.rows.length > 0);
    const again = await open_page(lab, `#${hash}`);
    assert.equal((await read_twin(again)).parameters.formula, 'max(dot(b1,x))-mean(dot(b1,x))');
    assert_quiet(page);
    assert_quiet(again);
  },

  async 'run=1 in the address starts the run'(lab) {
    const page = await open_page(lab, `#${small}&run=1`);
    await wait_for_state(page, 'finished');
    assert.doesNotMatch((await read_twin(page)).hash, /run=/);
    assert_quiet(page);
  },

  async 'pause stops the jobs, run continues, step computes one job, reset discards them'(lab) {
    const page = await open_page(lab, `#${long}`);
    await press(page, 'run');
    await wait_for_state(page, 'running');
    await page.waitForFunction(() => document.querySelector('#twin_body progress').value > 0);
    await press(page, 'pause');
    await wait_for_state(page, 'paused');
    let held = -1;
    for (let turn = 0, now; turn < 20 && (now = (await read_twin(page)).fraction) !== held; turn += 1) {
      held = now; // messages that were already sent arrive
      await settle(800);
    }
    await settle(1500);
    assert.equal((await read_twin(page)).fraction, held);
    await press(page, 'run');
    await page.waitForFunction(
      (before) => document.querySelector('#twin_body progress').value > before, {}, held);
    await press(page, 'reset');
    await wait_for_state(page, 'ready');
    assert.deepEqual((await read_twin(page)).tables, {});
    await press(page, 'step');
    await wait_for_state(page, 'paused');
    assert.match((await read_twin(page)).status, /\b1 of \d+/);
    await press(page, 'reset');
    assert_quiet(page);
  },

  async 'values out of range are clamped with a visible note, unknown ones dropped'(lab) {
    const page = await open_page(lab, '#e=rf-learning-curve&heads=999999999&dim=abc&nonsense=1');
    const twin = await read_twin(page);
    assert.notEqual(twin.parameters.heads, '999999999');
    assert.equal(twin.notes.length, 3);
    for (const name of ['heads', 'dim', 'nonsense']) {
      assert.ok(twin.notes.some((note) => note.includes(name)), `a note on ${name}`);
    }
    await type_parameter(page, 'dim', '0');
    const { parameters } = await read_twin(page);
    assert.notEqual(parameters.dim, '0');
    const note = await page.$eval('#parameter_dim_note', (element) => element.textContent);
    assert.match(note, /dim/);
    assert_quiet(page);
  },

  async 'a new hash changes the state, also while another experiment is shown'(lab) {
    const page = await open_page(lab, `#${small}&seed=1`);
    await page.evaluate((hash) => { location.hash = hash; }, `${small}&seed=99`);
    await page.waitForFunction(() => document.getElementById('parameter_seed')?.value === '99' ||
      (document.getElementById('twin_details').open = true, false), { timeout: patience });
    await until(async () => /seed=99/.test((await read_twin(page)).hash), 'the address has the seed');
    const before = await page.evaluate(() => history.length);
    await type_parameter(page, 'seed', '100');
    await until(async () => /seed=100/.test((await read_twin(page)).hash), 'the address has the seed');
    assert.equal(await page.evaluate(() => history.length), before);
    assert_quiet(page);
  },

  async 'an idle page requests no frame'(lab) {
    const page = await open_page(lab, `#${small}`, {
      before: () => {
        globalThis.frames_asked = 0;
        const ask = globalThis.requestAnimationFrame.bind(globalThis);
        globalThis.requestAnimationFrame = (call) => {
          globalThis.frames_asked += 1;
          return ask(call);
        };
      },
    });
    await settle(2500);
    const before = await page.evaluate(() => globalThis.frames_asked);
    assert.ok(before > 0, 'the start was drawn');
    await settle(2000);
    assert.equal(await page.evaluate(() => globalThis.frames_asked), before);
    await page.mouse.move(640, 400);
    await until(async () => await page.evaluate(() => globalThis.frames_asked) > before, 'input is answered');
    assert_quiet(page);
  },

  async 'no task of the page works over 50 ms while jobs run'(lab) {
    const page = await open_page(lab, `#${long}`);
    await settle(1500);
    const { worked, count } = await watch_thread(page, async () => {
      await press(page, 'run');
      await wait_for_state(page, 'running');
      await settle(4000);
    });
    await press(page, 'reset');
    assert.ok(count > 50, 'the trace holds the page\'s tasks');
    assert.ok(worked <= 50, `a task worked ${worked} ms`);
    assert_quiet(page);
  },

  async 'the canvas has one pixel per screen pixel, at ratio 1 and 2'(lab) {
    for (const ratio of [1, 2]) {
      const page = await open_page(lab, `#${small}`, { ratio, width: 1111 });
      const sizes = () => page.$eval('#canvas', (canvas) => {
        const { width, height } = canvas.getBoundingClientRect();
        return [canvas.width, canvas.height, width, height];
      });
      const check = async (now) => {
        const [width, height, css_width, css_height] = await sizes();
        assert.ok(Math.abs(width - css_width * now) <= 1, `${width} against ${css_width} x ${now}`);
        assert.ok(Math.abs(height - css_height * now) <= 1);
      };
      const last_column = async () => page.evaluate(async (data) => {
        const image = new Image();
        image.src = `data:image/png;base64,${data}`;
        await image.decode();
        const copy = Object.assign(document.createElement('canvas'), { width: image.width, height: image.height });
        const context = copy.getContext('2d');
        context.drawImage(image, 0, 0);
        const { right, top } = document.getElementById('canvas').getBoundingClientRect();
        const at = Math.min(image.width, Math.round(right * devicePixelRatio)) - 1;
        return Math.min(...context.getImageData(at, Math.round((top + 90) * devicePixelRatio), 1, 1).data);
      }, await page.screenshot({ encoding: 'base64' }));
      await check(ratio);
      assert.ok(await last_column() > 200, 'drawn to its last pixel');
      await page.setViewport({ width: 1280, height: 700, deviceScaleFactor: ratio + 0.5 }); // the canvas ends in half a pixel
      await settle(500);
      await check(ratio + 0.5);
      await until(async () => await last_column() > 200, 'it is drawn to its last pixel');
      assert_quiet(page);
    }
  },

  async 'the wheel scrolls the page until the lab has focus; Escape and Tab leave the lab'(lab) {
    const page = await open_page(lab, `#${small}`, { height: 600 });
    const top = () => page.evaluate(() => scrollY);
    const box = await (await page.$('#canvas')).boundingBox();
    // Over the controls, which are taller than the canvas.
    const controls = { x: box.x + box.width - 300, y: box.y + 100, width: 280, height: 200 };
    const picture = async () => {
      await settle(700);
      return Buffer.from(await page.screenshot({ clip: controls, captureBeyondViewport: false }));
    };
    const turn_wheel = async () => {
      await page.mouse.move(controls.x + 140, controls.y + 100);
      await page.mouse.wheel({ deltaY: 200 });
    };
    await turn_wheel();
    await page.waitForFunction(() => scrollY > 50, { timeout: patience });
    await settle(500); // the browser may scroll smoothly
    await page.evaluate(() => scrollTo(0, 0));
    await page.focus('#canvas');
    await page.mouse.move(controls.x + 140, controls.y + 100);
    const before = await picture();
    const held = await top(); // focus scrolls the lab into view
    await turn_wheel();
    await until(async () => !before.equals(await picture()), 'the wheel scrolls the controls of a lab with focus');
    assert.equal(await top(), held, 'and not the page');
    for (let turn = 0; turn < 100 && (await top()) === held; turn += 1) {
      await turn_wheel();
      await settle(100);
    }
    assert.ok(await top() > held, 'at their end it scrolls the page');
    await page.evaluate(() => scrollTo(0, 0));
    const focused = () => page.evaluate(() => document.activeElement?.id);
    await page.focus('#canvas');
    assert.equal(await focused(), 'canvas');
    await page.keyboard.press('Escape');
    assert.notEqual(await focused(), 'canvas');
    await page.focus('#canvas');
    await page.keyboard.press('Tab');
    assert.notEqual(await focused(), 'canvas');
    assert_quiet(page);
  },

  async 'a WebGL context lost twenty times in a row comes back with the same picture, in the middle of a run'(lab) {
    const page = await open_page(lab, `#${small}`);
    const lose_and_restore = () => page.evaluate(async () => {
      const until = async (lost) => {
        const { classList } = document.documentElement;
        while (classList.contains('drawn') !== lost) await new Promise((resolve) => setTimeout(resolve, 5));
      };
      const context = document.getElementById('canvas').getContext('webgl2');
      globalThis.lost ??= context.getExtension('WEBGL_lose_context');
      globalThis.lost.loseContext();
      await until(true);
      globalThis.lost.restoreContext();
      await until(false);
      return context.getError();
    });
    const picture = async () => {
      await page.mouse.move(2, 2);
      await page.evaluate(() => document.activeElement.blur());
      return still_picture(page);
    };
    await press(page, 'run');
    const never_lost = await picture();
    for (let turn = 0; turn < 10; ++turn) assert.equal(await lose_and_restore(), 0);
    assert.ok(never_lost.equals(await picture()), 'the picture is the same');
    await press(page, 'reset');
    await press(page, 'run');
    for (let turn = 0; turn < 10; ++turn) assert.equal(await lose_and_restore(), 0);
    assert.ok(never_lost.equals(await picture()), 'also after losses during a run');
    assert_quiet(page);
  },

  async 'a narrow lab is as tall as its content, so that a finger scrolls the page'(lab) {
    const page = await open_page(lab, `#${small}`, { width: 390, height: 700, ratio: 2 });
    const height = () => page.$eval('#stage', (stage) => stage.clientHeight);
    let tall = 0;
    const stays = async () => {
      tall = await height();
      await settle(1000); // parts of the lab that arrive change the sentences
      return tall > 1000 && await height() === tall;
    };
    await until(stays, 'the lab is tall and stays so');
    for (const [width, own] of [[1200, false], [390, true], [1200, false]]) {
      await page.setViewport({ width, height: 700 });
      await page.waitForFunction((wanted) => (document.getElementById('stage').style.height !== '') === wanted,
        { timeout: patience }, own);
      if (own) {
        await until(async () => await height() === tall, 'it is as tall as before, without a scroll bar');
      } else {
        assert.ok((await height()) <= 1000);
      }
    }
    assert_quiet(page);
  },

  async 'without WebGL 2 the figure is made of page elements, also while a run goes on'(lab) {
    const page = await open_page(lab, `#${long}`, {
      before: () => {
        const get = HTMLCanvasElement.prototype.getContext;
        HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {
          return kind === 'webgl2' ? null : get.call(this, kind, ...rest);
        };
      },
    });
    const shown = () => page.evaluate(() => [document.querySelector('#drawing svg').checkVisibility(),
      document.getElementById('canvas').checkVisibility(), document.getElementById('cover').checkVisibility()]);
    assert.deepEqual(await shown(), [true, false, false]);
    assert.match(await page.$eval('#drawing', ({ textContent }) => textContent), /WebGL 2/);
    await press(page, 'run');
    await page.waitForFunction(() => document.querySelector('#drawing .point') &&
      document.getElementById('twin_body').dataset.state === 'running', { timeout: patience, polling: 20 });
    await press(page, 'reset');
    await page.waitForFunction(() => !document.querySelector('#drawing .point'), { timeout: patience });
    assert_quiet(page);
  },

  async 'a browser without vector instructions gets one clear sentence'(lab) {
    const page = await open_page(lab, '', {
      wait: false,
      before: () => { WebAssembly.validate = () => false; },
    });
    await page.waitForFunction(() => /SIMD/.test(document.getElementById('cover').textContent));
    assert_quiet(page);
  },

  async 'embed=1 hides the chrome'(lab) {
    const page = await open_page(lab, `?embed=1#${small}`);
    const shown = await page.$$eval('.masthead, .story',
      (parts) => parts.filter((part) => part.checkVisibility()).length);
    assert.equal(shown, 0);
    assert_quiet(page);
  },
});
