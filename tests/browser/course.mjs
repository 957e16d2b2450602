// Labs in course pages: thirty on one page, in closed tabs and scaled slides, in isolated pages, before a print.
import assert from 'node:assert/strict';
import { start_host } from './support/host.mjs';
import { dist, open_page, patience, run_checks, settle, until } from './support/lab.mjs';

const small = 'dim="6" keys="5" heads="50" samples="16,64" test-samples="200" trials="1"';
const lab_element = (words) => `<attention-lab experiment="rf-learning-curve" auto="0" ${small} ${words}></attention-lab>`;

// Of labs at the page's own origin.
const is_known = (complaint) => /which has both allow-scripts and allow-same-origin/.test(complaint);

/** Opens a page with `body`; the lab is at another origin, or, with `own`, in the page's folder /lab/. */
async function course(lab, body, { headers = {}, own = false, address = '', options = {} } = {}) {
  const base = own ? '/lab/' : lab.origin;
  const html = `<!doctype html><html lang="en"><title>Course</title><body>${body}<script src="${base}embed.js"></script></body></html>`;
  const host = await start_host({ pages: { '/': html }, folders: { '/lab/': dist }, headers });
  const page = await open_page({ ...lab, origin: host.origin, allowed: lab.origin }, address, { wait: false, drafts: true, ...options });
  page.once('close', () => host.close());
  return page;
}

const ask = (page, index = 0) => page.evaluate((i) => document.querySelectorAll('attention-lab')[i].get(), index);
const result = (page, index = 0) => page.evaluate((i) => new Promise((resolve, reject) => {
  const element = document.querySelectorAll('attention-lab')[i];
  const news = [];
  element.addEventListener('attnlab-state', ({ detail }) => { news.push(`${detail.state.state} ${detail.state.fraction}`); });
  setTimeout(() => reject(new Error(`there is no result; ${news.slice(-5).join(', ')}`)), 200_000); // a busy machine
  element.addEventListener('attnlab-result', ({ detail }) => resolve(detail.state.tables[0].rows.length), { once: true });
  element.run();
}), index);

/** The frame of a lab. */
const frame_of = async (page, index = 0) => {
  const frame = await (await page.$$('attention-lab iframe'))[index].contentFrame();
  await frame.waitForSelector('html[data-ready]', { timeout: patience });
  return frame;
};

/** What of a lab can be seen: whether its context is given back, and the colours of the picture that then stands there. */
const look = (frame) => frame.evaluate(() => {
  const count = (canvas) => {
    if (!canvas?.width || canvas.hidden) return 0;
    const { data } = canvas.getContext('2d', { willReadFrequently: true }).getImageData(0, 0, canvas.width, canvas.height);
    return new Set(new Uint32Array(data.buffer)).size;
  };
  const canvas = document.getElementById('canvas');
  return {
    resting: canvas.getContext('webgl2').isContextLost(),
    still: count(document.querySelector('.still')),
    width: canvas.width,
    cover: !document.getElementById('cover').hidden,
  };
});
const draws = async (frame) => {
  const { resting, still, width, cover } = await look(frame);
  return !resting && still === 0 && width > 0 && !cover;
};

await run_checks({
  async 'thirty labs on a page: every visible one draws, far ones give their context back and keep their picture'(lab) {
    const count = 30;
    const page = await course(lab, Array.from({ length: count }, (_, i) =>
      `<div style="height: 420px">${lab_element(`height="400" ui="min" seed="${i + 1}"`)}</div>`).join(''));
    await ask(page, 0);
    const picture = async () => {
      await page.evaluate(() => scrollTo(0, 0));
      const frame = await frame_of(page, 0);
      await until(() => draws(frame), 'the first lab draws');
      await settle(800);
      return Buffer.from(await page.screenshot({ clip: { x: 8, y: 8, width: 1200, height: 400 } }));
    };
    const before = await picture();
    for (let i = 0; i < count; ++i) {
      await page.evaluate((at) => scrollTo(0, at * 420), i);
      await settle(50);
    }
    for (let i = 0; i < count; ++i) assert.equal((await ask(page, i)).seed, i + 1);
    const last = await frame_of(page, count - 1);
    await until(() => draws(last), 'the last lab draws');
    assert.ok(before.equals(await picture()), 'the first lab looks as before');
    let seen = [];
    await until(async () => {
      seen = await Promise.all(Array.from({ length: count }, async (_, i) => look(await frame_of(page, i))));
      return seen.filter(({ resting }) => resting).length >= count - 4;
    }, 'far labs have given their context back');
    for (const { resting, still } of seen) assert.ok(!resting || still > 10, `a picture of ${still} colours`);
    assert.deepEqual(page.complaints, []);
  },

  async 'a lab in a closed tab runs, and draws when its tab opens, also again'(lab) {
    const page = await course(lab, `<div id="tab" style="display: none">${lab_element('height="500"')}</div>`);
    assert.equal((await ask(page)).state, 'ready');
    assert.ok(await result(page) > 0, 'it runs without being seen');
    // Loading the workers handled what waited; this run starts with workers that are there.
    await page.evaluate(() => document.querySelector('attention-lab').load({ query: 'seed=5' }));
    assert.ok(await result(page) > 0, 'it runs again');
    const show = (display) => page.evaluate((how) => { document.getElementById('tab').style.display = how; }, display);
    const frame = await frame_of(page);
    for (const turn of [1, 2]) {
      await show('block');
      await until(() => draws(frame), `it draws in turn ${turn}`);
      await show('none');
      await settle(800);
    }
    assert.deepEqual(page.complaints, []);
  },

  async 'a lab far from the screen goes on running'(lab) {
    const page = await course(lab, `<div style="height: 5000px"></div>${lab_element('height="500"')}`);
    assert.equal((await ask(page)).state, 'ready');
    assert.ok(await result(page) > 0);
    const frame = await frame_of(page);
    await page.evaluate(() => scrollTo(0, 1e6));
    await until(() => draws(frame), 'it draws when it is seen');
    assert.deepEqual(page.complaints, []);
  },

  async 'in a scaled slide and in two columns the pointer meets what it points at'(lab) {
    const page = await course(lab, `<div style="width: 1000px; height: 300px; transform: scale(0.5); transform-origin: 0 0">
      ${lab_element('height="560" ui="min"')}</div><div style="columns: 2; width: 1200px">
      <p>One</p>${lab_element('height="400" ui="min"')}<p>Two</p></div>`);
    // Where the round button in the middle of the figure is, which runs; its radius is 30 pixels.
    for (const [index, x, y, scale] of [[0, 304, 246, 0.5], [1, 257, 228, 1]]) {
      const frame = await frame_of(page, index);
      await until(() => draws(frame), 'it draws');
      const box = await (await page.$$('attention-lab iframe'))[index].boundingBox();
      await page.mouse.click(box.x + x * scale, box.y + y * scale, { delay: 100 });
      await until(async () => (await ask(page, index)).state !== 'ready', 'its button was pressed');
    }
    assert.deepEqual(page.complaints, []);
  },

  async 'in isolated pages the lab runs, from their own origin and from another one'(lab) {
    const isolations = [
      { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' },
      { 'Document-Isolation-Policy': 'isolate-and-require-corp' },
    ];
    for (const headers of isolations) {
      for (const own of [true, false]) {
        const page = await course(lab, lab_element('height="500"'), { headers, own });
        assert.ok(await result(page) > 0, `${JSON.stringify(headers)}, own: ${own}`);
        if (headers['Cross-Origin-Embedder-Policy']) assert.ok(await page.evaluate(() => crossOriginIsolated));
        assert.deepEqual(page.complaints.filter((one) => !own || !is_known(one)), []);
        await page.close();
      }
    }
  },

  async 'Ctrl+P waits for labs that are still to come'(lab) {
    const page = await course(lab, `${lab_element('height="400"')}<div style="height: 5000px"></div>${lab_element('height="400"')}`,
      { options: { before: () => { globalThis.print = () => { globalThis.printed = document.querySelectorAll('iframe').length; }; } } });
    await ask(page);
    await page.keyboard.down('Control');
    await page.keyboard.press('p');
    await page.keyboard.up('Control');
    await page.waitForFunction(() => globalThis.printed, { timeout: patience });
    assert.equal(await page.evaluate(() => globalThis.printed), 2);
    assert.deepEqual(page.complaints, []);
  },
});
