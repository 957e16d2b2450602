// Live experiments in a real browser: they have a result without a run, handles follow mouse and finger, and
// shaders draw the same as the C++ code.
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import {
  assert_quiet, open_page, patience, press, read_twin, run_checks, screenshots, settle, type_parameter, until,
  wait_for_state,
} from './support/lab.mjs';
import { at_rest } from './support/pictures.mjs';

mkdirSync(screenshots, { recursive: true });
const map = 'e=rf-complexity&dim=6&keys=4&heads=40&samples=16,32,64,128&degree=1,2,3&test-samples=128&trials=1';

/** Makes every field's shader fail to compile, as an old driver might do. */
function without_shaders() {
  const compiled = WebGL2RenderingContext.prototype.getShaderParameter;
  WebGL2RenderingContext.prototype.getShaderParameter = function (shader, what) {
    if (what === this.COMPILE_STATUS && this.getShaderSource(shader).includes('u_knots')) return false;
    return compiled.call(this, shader, what);
  };
}

async function canvas_picture(page) {
  await page.mouse.move(2, 2);
  // A live result may still be on its way, and with it the module that computes it.
  await until(async () => Object.values((await read_twin(page)).tables).some(({ rows }) => rows.length > 0), 'a result');
  const canvas = await page.$('#canvas');
  return at_rest(() => canvas.screenshot());
}

/** Mean difference of two pictures' channels (0..255), and the share of pixels that differ at all. */
async function difference(page, first, second) {
  return page.evaluate(async (...texts) => {
    const pictures = await Promise.all(texts.map(async (text) => {
      const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
      const bitmap = await createImageBitmap(new Blob([bytes], { type: 'image/png' }));
      const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext('2d');
      context.drawImage(bitmap, 0, 0);
      return context.getImageData(0, 0, bitmap.width, bitmap.height);
    }));
    const sizes = pictures.map(({ width, height }) => `${width} x ${height}`);
    if (sizes[0] !== sizes[1]) throw new Error(`pictures of different sizes: ${sizes.join(' and ')}`);
    const [a, b] = pictures.map(({ data }) => data);
    let sum = 0;
    let differ = 0;
    let far = 0;
    for (let i = 0; i < a.length; i += 4) {
      const away = Math.max(...[0, 1, 2].map((k) => Math.abs(a[i + k] - b[i + k])));
      sum += away;
      differ += away > 0;
      far += away > 40;
    }
    const pixels = a.length / 4;
    return { mean: sum / pixels, differ: differ / pixels, far: far / pixels };
  }, first.toString('base64'), second.toString('base64'));
}

/** A place on the canvas where the cursor shows a handle; the plane has many. */
async function find_handle(page) {
  const box = await (await page.$('#canvas')).boundingBox();
  const moves = () => page.$eval('#canvas', (canvas) => canvas.style.cursor === 'move');
  for (const frame_ms of [60, 300, 1000]) { // on slow machines a frame takes longer
    for (let y = box.y + 210; y < box.y + 400; y += 20) {
      for (let x = box.x + 110; x < box.x + 300; x += 20) {
        await page.mouse.move(x, y);
        await settle(frame_ms);
        if (!(await moves())) continue;
        await settle(5 * frame_ms); // a slow frame may still show the cursor of the previous place
        if (await moves()) return [x, y];
      }
    }
  }
  throw new Error('no handle was found');
}

const hash = (page) => page.evaluate(() => location.hash);
const changed = (page, before) =>
  page.waitForFunction((old) => location.hash !== old, { timeout: patience }, before);

await run_checks({
  async 'a live experiment has its result at once and follows its controls without Run'(lab) {
    const page = await open_page(lab, '#e=icl-attention');
    await wait_for_state(page, 'finished');
    const before = await read_twin(page);
    assert.ok(before.tables.risk.rows.length > 0);
    assert.match(before.live, /^At the query 2 heads predict /);
    for (const action of ['run', 'pause', 'step']) {
      const hidden = await page.$eval(`#twin_body [data-action="${action}"]`, (button) => button.hidden);
      assert.ok(hidden, `${action} is hidden`);
    }
    await type_parameter(page, 'theta', '-1,0.25');
    await page.waitForFunction(() => /theta=-1,0\.25/.test(location.hash), { timeout: patience });
    const after = await read_twin(page);
    assert.notDeepEqual(after.tables.prediction.rows, before.tables.prediction.rows);
    assert.notEqual(after.status, before.status);
    await press(page, 'reset');
    await page.waitForFunction(() => !/theta=/.test(location.hash), { timeout: patience });
    assert.deepEqual((await read_twin(page)).tables, before.tables);
    assert_quiet(page);
  },

  async 'Ask adds the present question to the list, and the link shows the same picture'(lab) {
    const page = await open_page(lab, '#e=extract-by-hand&token=0.5,1');
    await wait_for_state(page, 'finished');
    const label = await page.$eval('#twin_body [data-action="step"]', (button) => button.textContent);
    assert.equal(label, 'Ask');
    assert.equal((await read_twin(page)).tables.questions.rows.length, 2);
    await press(page, 'step');
    await page.waitForFunction(() => /asked=1,0,1,0,0,1,0,1,0\.5,1,1,0/.test(location.hash), { timeout: patience });
    await until(async () => (await read_twin(page)).tables.questions.rows.length === 3, 'the third question');
    const asked = await read_twin(page);
    assert.match(asked.live, /^3 questions asked, 3 of d\u00b2 \+ d = 6 numbers known\. .* teach nothing/);
    const again = await open_page(lab, `#${asked.hash}`);
    await wait_for_state(again, 'finished');
    assert.deepEqual((await read_twin(again)).tables, asked.tables);
    assert_quiet(page);
    assert_quiet(again);
  },

  async 'the mouse drags a point, and the address says where it is'(lab) {
    const page = await open_page(lab, '#e=icl-attention');
    await settle(1000);
    const [x, y] = await find_handle(page);
    const before = await hash(page);
    await page.mouse.down();
    await page.mouse.move(x + 10, y + 6, { steps: 3 });
    await page.mouse.move(x + 30, y + 20, { steps: 5 });
    await settle(300);
    await page.mouse.up();
    await changed(page, before);
    const moved = await read_twin(page);
    assert.match(moved.hash, /(examples|query|theta)=/);
    const again = await open_page(lab, `#${moved.hash}`);
    assert.deepEqual((await read_twin(again)).tables, moved.tables);
    assert_quiet(page);
  },

  async 'a finger on a point moves it; next to it the page scrolls'(lab) {
    const page = await open_page(lab, '#e=icl-attention', {
      height: 600,
      prepare: (fresh) => fresh.setViewport({ width: 1280, height: 800, hasTouch: true }),
    });
    await settle(1000);
    const [x, y] = await find_handle(page);
    await page.mouse.move(2, 2);
    const before = await hash(page);
    const drag = async (from_x, from_y) => {
      await page.touchscreen.touchStart(from_x, from_y);
      for (let i = 1; i <= 10; ++i) {
        await page.touchscreen.touchMove(from_x + 3 * i, from_y - 4 * i);
        await settle(60);
      }
      await page.touchscreen.touchEnd();
      await settle(500);
    };
    await drag(x, y);
    await changed(page, before);
    assert.equal(await page.evaluate(() => scrollY), 0, 'the page stayed');
    const after = await hash(page);
    const box = await (await page.$('#canvas')).boundingBox();
    await drag(box.x + 4, box.y + 300);
    await until(() => page.evaluate(() => scrollY > 0), 'the page scrolls');
    assert.equal(await hash(page), after, 'no point moved');
    assert_quiet(page);
  },

  async 'fields drawn by the shader equal those computed in C++'(lab) {
    for (const preset of ['two-heads', 'noisy-labels']) {
      const address = `#e=icl-attention&preset=${preset}`;
      const page = await open_page(lab, address);
      const by_shader = await canvas_picture(page);
      const plain = await open_page(lab, address, { before: without_shaders });
      const by_processor = await canvas_picture(plain);
      const { mean, differ, far } = await difference(page, by_shader, by_processor);
      // The processor's cells are 6 pixels wide: 1.5 of 255 steps off in the mean over the canvas, and
      // only contour lines differ much.
      assert.ok(mean < 1.5, `${preset}: ${mean}`);
      assert.ok(far < 0.01, `${preset}: ${far} of the pixels are far off`);
      assert.ok(differ > 0.05, 'the pictures come from different ways to draw');
      assert_quiet(page);
      assert_quiet(plain);
      await page.close();
      await plain.close();
    }
  },

  async 'heat maps and contours drawn by the shader equal those computed in C++'(lab) {
    const finished = async (options) => {
      const page = await open_page(lab, `#${map}`, options);
      await press(page, 'run');
      await wait_for_state(page, 'finished');
      await page.evaluate(() => scrollTo(0, 0));
      return page;
    };
    const page = await finished({});
    const by_shader = await canvas_picture(page);
    await page.screenshot({ path: path.join(screenshots, 'heat-map-shader.png') });
    const plain = await finished({ before: without_shaders });
    const { mean, differ, far } =
      await difference(page, by_shader, await canvas_picture(plain));
    assert.ok(mean < 1.5, `${mean}`);
    assert.ok(far < 0.015, `${far} of the pixels are far off`); // contours: curves against chords
    assert.ok(differ > 0.0005, 'the pictures come from different ways to draw');
    assert_quiet(page);
    assert_quiet(plain);
  },

  async 'fields are drawn again after a lost context'(lab) {
    const page = await open_page(lab, '#e=icl-attention&preset=sharp-head');
    const before = await canvas_picture(page);
    await page.evaluate(() => {
      globalThis.lost = document.getElementById('canvas').getContext('webgl2')
        .getExtension('WEBGL_lose_context');
      globalThis.lost.loseContext();
    });
    await page.waitForSelector('html.drawn');
    await page.evaluate(() => globalThis.lost.restoreContext());
    await page.waitForSelector('html:not(.drawn)');
    assert.ok(before.equals(await canvas_picture(page)), 'the pictures are the same');
    assert_quiet(page);
  },

  async 'the page marks our own theory and links to its derivation'(lab) {
    const page = await open_page(lab, '#e=icl-risk&dim=2&prompt-length=10&heads=1&prompts=200');
    await press(page, 'run');
    await wait_for_state(page, 'finished');
    const { notes } = await read_twin(page);
    assert.ok(notes.some((note) => /our own derivation \(docs\/derivations/.test(note)), notes.join('|'));
    await Promise.all([
      page.waitForNavigation(),
      page.$eval('a[href="docs/derivations.html"]', (link) => link.click()),
    ]);
    assert.match(await page.$eval('main', (text) => text.textContent), /C2∗=G′\(0\)=T\(d\+1\)\+sd/);
    assert_quiet(page);
  },

  async 'an idle live experiment draws nothing'(lab) {
    const page = await open_page(lab, '#e=icl-attention');
    await settle(2500);
    const frames = await page.evaluate(() => new Promise((done) => {
      let count = 0;
      const draw = WebGL2RenderingContext.prototype.clear;
      WebGL2RenderingContext.prototype.clear = function (...bits) {
        count += 1;
        return draw.apply(this, bits);
      };
      setTimeout(() => done(count), 1500);
    }));
    assert.equal(frames, 0);
    assert_quiet(page);
  },

  async 'pictures of live experiments to look at'(lab) {
    for (const [width, ratio, dark] of [[1280, 1, false], [1280, 1, true], [390, 2, false], [390, 2, true]]) {
      for (const experiment of ['icl-attention', 'extract-by-hand']) {
        const page = await open_page(lab, `#e=${experiment}`, { width, height: 844, ratio, dark });
        await settle(1500);
        const name = `${experiment}-${width}-${dark ? 'dark' : 'light'}.png`;
        await page.screenshot({ path: path.join(screenshots, name), fullPage: width < 600 });
        const [wide, inner] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
        assert.ok(wide <= inner);
        assert_quiet(page);
        await page.close();
      }
    }
  },
});
