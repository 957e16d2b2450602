// Of the short suite: walking along the curves by keys, what is spoken and shown, and what sounds.
import assert from 'node:assert/strict';
import { press, read_twin, settle, until, wait_for_state } from './lab.mjs';
import { count_frames, open } from './short_pages.mjs';

const curves = 'e=rf-learning-curve&dim=6&keys=5&heads=50&samples=16,64,256&test-samples=200&trials=2&seed=3&auto=0';

/** Instead of Web Audio: `tones` has the pitch, place and loudness of each one. */
const record_tones = () => {
  globalThis.tones = [];
  class Node {
    constructor(_, options) {
      this.options = options;
      this.loud = 0;
      this.gain = { setValueAtTime() {}, linearRampToValueAtTime: (value) => { this.loud = Math.max(this.loud, value); } };
    }
    connect(to) {
      this.to = to;
      return to;
    }
    start() {
      globalThis.tones.push({ hz: this.options.frequency, pan: this.to.to.options.pan, loud: this.to.loud });
    }
    stop() {}
  }
  globalThis.OscillatorNode = globalThis.GainNode = globalThis.StereoPannerNode = Node;
  globalThis.AudioContext = class {
    state = 'suspended';
    currentTime = 0;
    destination = {};
    async resume() { this.state = 'running'; }
    async suspend() { this.state = 'suspended'; }
  };
};

const text_of = (page, id) => page.evaluate((name) => document.getElementById(name)?.textContent ?? '', id);
const says = (page, sentence) => until(async () => (await text_of(page, 'walk_sentence')) === sentence,
  `the walk says "${sentence}"`);
const click = (page, selector) => page.evaluate((one) => document.querySelector(one).click(), selector);
const tool_enabled = (page) => page.evaluate(() => !document.querySelector('[data-tool="walk"]').disabled);

/** The points of a model as the table shows them: sample size, text and number of its error. */
async function points_of(page, model) {
  const { columns, rows } = (await read_twin(page)).tables.test_error;
  const texts = await page.evaluate(() => [...document.querySelector('table[data-name="test_error"]').tBodies[0].rows]
    .map((row) => [...row.cells].map((cell) => cell.textContent)));
  const [of_model, n, mean] = ['model', 'n', 'mean'].map((name) => columns.indexOf(name));
  return rows.flatMap((row, i) => (row[of_model] === model
    ? [{ n: texts[i][n], text: texts[i][mean], y: Number(row[mean].split(' ± ')[0]) }] : []));
}

/** Focuses the figure and presses C. */
async function begin_walk(page) {
  await page.evaluate(() => {
    const svg = document.documentElement.classList.contains('drawn');
    document.querySelector(svg ? '#drawing .sheet' : '#canvas').focus();
  });
  await page.keyboard.press('c');
  await until(() => page.evaluate(() => document.activeElement?.id === 'walk'), 'the walk has the focus');
}

async function finished(on, more = '', before = '') {
  await open(on, curves + more, { before });
  await press(on.page, 'run');
  await wait_for_state(on.page, 'finished');
  await until(() => tool_enabled(on.page), 'the curves can be walked');
}

const walk_with = (more) => async (on) => {
  const { page } = on;
  await open(on, curves + more, { before: `() => { (${record_tones})(); (${count_frames})(); }` });
  assert.equal(await tool_enabled(page), false, 'there is no point to walk to yet');
  await press(page, 'run');
  await wait_for_state(page, 'finished');
  await until(() => tool_enabled(page), 'the curves can be walked');
  const points = await points_of(page, 'rfa');
  assert.equal(points.length, 3);
  const sentence = (i) => `RFA, ${i + 1} of 3: n = ${points[i].n}, ${points[i].text}`;
  assert.match(sentence(0), / ± /);

  await begin_walk(page);
  await says(page, sentence(0));
  assert.match(await text_of(page, 'live'), new RegExp('^\\d curves\\. Across: training samples n\\. Up: test error.*RFA, 1 of 3'));
  await page.keyboard.press('ArrowRight');
  await says(page, sentence(1));
  assert.equal(await text_of(page, 'live'), sentence(1));
  await page.keyboard.press('End');
  await says(page, sentence(2));
  await page.keyboard.press('Home');
  await says(page, sentence(0));
  if (await page.evaluate(() => document.documentElement.classList.contains('drawn'))) {
    await until(() => page.evaluate((title) => {
      const ring = document.querySelector('#drawing .walked');
      const point = [...document.querySelectorAll('#drawing .point')].find((one) => one.textContent.startsWith(title));
      const place = /translate\(([\d.]+),([\d.]+)\)/.exec(point?.getAttribute('transform') ?? '');
      return ring && place && ring.getAttribute('cx') === place[1] && ring.getAttribute('cy') === place[2];
    }, `RFA: ${points[0].text} at training samples n = ${points[0].n}`), 'the ring is at the point');
  }

  // Another curve, and back.
  const steps = async (key) => {
    const before = await text_of(page, 'walk_sentence');
    await page.keyboard.press(key);
    await settle(300);
    return await text_of(page, 'walk_sentence') !== before;
  };
  assert.ok(await steps('ArrowUp') || await steps('ArrowDown'), 'there is another curve');
  assert.doesNotMatch(await text_of(page, 'walk_sentence'), /^RFA,/);
  await click(page, '[data-walk="end"]');
  await until(() => page.evaluate(() => document.getElementById('walk').hidden), 'the walk has ended');

  // Keys that it does not use are the page's; at rest there is no frame.
  await begin_walk(page);
  await says(page, sentence(0));
  const taken = (key) => page.evaluate((name) => !document.getElementById('walk').dispatchEvent(
    new KeyboardEvent('keydown', { key: name, bubbles: true, cancelable: true })), key);
  for (const key of ['PageDown', ' ', 'Tab', 'q']) assert.equal(await taken(key), false, key);
  await settle(1500);
  const asked = await page.evaluate(() => globalThis.frames_asked);
  await settle(800);
  assert.equal(await page.evaluate(() => globalThis.frames_asked), asked, 'a walk at rest asks for no frame');

  // Its sound: higher where the curve is higher, in the measure of its logarithmic axis; from left to right.
  await click(page, '[data-walk="play"]');
  await until(() => page.evaluate(() => document.getElementById('live').getAttribute('aria-live') === 'off'), 'speech makes room');
  await until(() => page.evaluate(() => document.querySelector('[data-walk="play"]').textContent === 'Play the curve' &&
    globalThis.tones.length > 0), 'the curve was played');
  const tones = await page.evaluate(() => globalThis.tones);
  const loudest = Math.max(...tones.map(({ loud }) => loud));
  const main = tones.filter(({ loud }) => loud === loudest);
  assert.equal(main.length, 3, 'one tone for each point');
  assert.equal(tones.length, 9, 'with both ends of its error bar');
  assert.ok(main[0].pan < main[1].pan && main[1].pan < main[2].pan);
  const share = (a, b, c) => Math.log(b / a) / Math.log(c / a);
  const [low, middle, high] = main.map(({ hz }) => hz);
  assert.ok(Math.abs(share(low, middle, high) - share(...points.map(({ y }) => y))) < 1e-3);
  assert.ok((low < high) === (points[0].y < points[2].y));
  assert.equal(await page.evaluate(() => document.getElementById('live').getAttribute('aria-live')), 'polite');
  await says(page, sentence(2));

  await page.keyboard.press('Escape');
  await until(() => page.evaluate(() => document.getElementById('walk').hidden), 'the walk has ended');
  assert.doesNotMatch(await text_of(page, 'live'), /RFA, /, 'the sentence of the run is back');
  assert.ok(await page.evaluate(() => document.activeElement.matches('#canvas, .sheet')), 'the figure has the focus again');
};

export const short_walk = {
  'curves are walked by keys, spoken, marked and played': walk_with(''),
  'draw=svg: curves are walked by keys, spoken, marked and played': walk_with('&draw=svg'),

  async 'without Web Audio the walk says why it is silent'(on) {
    const { page } = on;
    await finished(on, '', () => { delete globalThis.AudioContext; globalThis.AudioContext = undefined; });
    await click(page, '[data-tool="walk"]');
    await until(() => page.evaluate(() => document.activeElement?.id === 'walk'), 'the walk has the focus');
    await click(page, '[data-walk="play"]');
    await until(async () => /There is no sound: this browser has no Web Audio/.test(await text_of(page, 'notice')), 'the reason is shown');
    assert.match(await page.evaluate(() => document.querySelector('[data-walk="play"]').textContent), /no sound/);
    await page.keyboard.press('ArrowRight');
    await until(async () => /^RFA, 2 of 3: /.test(await text_of(page, 'walk_sentence')), 'the walk goes on');
  },
};
