// The desktop window: opens on a virtual screen, runs a permalink, shows the curves, closes cleanly;
// without a screen it says so.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

const attnlab = process.env.ATTNLAB_BIN;
const small =
  'e=rf-learning-curve&dim=4&keys=4&heads=20&samples=8,16,32&test-samples=128&trials=2';
const hasScreen = spawnSync('xvfb-run', ['--help']).status === 0;
const withoutScreen = hasScreen ? false : 'xvfb-run is not installed (Debian package xvfb)';

function picture(bytes) {
  const header = /^P6\n(\d+) (\d+)\n255\n/.exec(bytes.subarray(0, 40).toString('latin1'));
  assert.ok(header, 'the picture is a PPM');
  const [width, height] = [Number(header[1]), Number(header[2])];
  const pixels = bytes.subarray(header[0].length);
  assert.equal(pixels.length, 3 * width * height);
  const colours = new Map();
  for (let i = 0; i < pixels.length; i += 3) {
    const colour = (pixels[i] << 16) | (pixels[i + 1] << 8) | pixels[i + 2];
    colours.set(colour, (colours.get(colour) ?? 0) + 1);
  }
  return { width, height, colours };
}

function windowPicture(query, environment) {
  const folder = mkdtempSync(join(tmpdir(), 'attnlab-window-'));
  try {
    const run = spawnSync('xvfb-run', ['-a', '-s', '-screen 0 2600x1800x24', attnlab, 'open', query], {
      cwd: folder,
      encoding: 'utf8',
      timeout: 120_000,
      env: { ...process.env, XDG_STATE_HOME: join(folder, 'none'), ATTNLAB_SCREENSHOT: 'window.ppm', ...environment },
    });
    assert.equal(run.status, 0, run.stderr);
    assert.deepEqual(readdirSync(folder), ['window.ppm'], 'nothing else is written');
    return picture(readFileSync(join(folder, 'window.ppm')));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const isDark = (colour) => ((colour >> 16) & 255) + ((colour >> 8) & 255) + (colour & 255) < 120;
const mostCommon = ({ colours }) => [...colours].sort((a, b) => b[1] - a[1])[0][0];

test('a run is drawn with its curves and the window closes cleanly', { skip: withoutScreen }, () => {
  const before = windowPicture(small, { ATTNLAB_WINDOW: '1000x700' });
  const after = windowPicture(`${small}&run=1`, { ATTNLAB_WINDOW: '1000x700' });
  assert.deepEqual([after.width, after.height], [1000, 700]);
  assert.ok(!isDark(mostCommon(after)), 'a light ground');
  const blue = 0x0072b2;  // RFA: the line is added to chip and label
  assert.ok((after.colours.get(blue) ?? 0) > (before.colours.get(blue) ?? 0) + 100);
});

test('twice the pixel ratio draws twice the pixels, dark on demand', { skip: withoutScreen }, () => {
  const drawn = windowPicture(`${small}&run=1`, {
    ATTNLAB_WINDOW: '390x844@2', ATTNLAB_THEME: 'dark',
  });
  assert.deepEqual([drawn.width, drawn.height], [780, 1688]);
  assert.ok(isDark(mostCommon(drawn)));
});

/** A screen of our own, for as long as `use` runs; it is given the environment of programs on it. */
async function onScreen(use) {
  const screen = spawn('Xvfb', ['-displayfd', '3', '-screen', '0', '1280x900x24', '-nolisten', 'tcp'],
    { stdio: ['ignore', 'ignore', 'ignore', 'pipe'] });
  const number = await new Promise((resolve, reject) => {
    screen.stdio[3].once('data', (text) => resolve(String(text).trim()));
    screen.once('exit', () => reject(new Error('Xvfb did not start')));
  });
  try {
    return await use({ ...process.env, DISPLAY: `:${number}` });
  } finally {
    screen.kill();
  }
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Opens a window, presses the entries of its menu "Save" until each has written its file, and closes it. */
async function saveInWindow(folder, query, files) {
  await onScreen(async (env) => {
    const window = spawn(attnlab, ['open', query], {
      cwd: folder, env: { ...env, XDG_STATE_HOME: join(folder, 'state'), ATTNLAB_WINDOW: '1000x700' },
    });
    const closed = new Promise((resolve) => window.on('exit', resolve));
    const xdotool = (...words) => spawnSync('xdotool', words, { env, encoding: 'utf8', timeout: 20_000 });
    xdotool('search', '--sync', '--name', 'Attention Lab');
    const press = async (x, y) => {
      xdotool('mousemove', String(x), String(y));
      await pause(250);
      xdotool('mousedown', '1');
      await pause(120);
      xdotool('mouseup', '1');
      await pause(250);
    };
    const written = async (name) => {
      for (let turn = 0; turn < 40 && !existsSync(join(folder, name)); turn += 1) await pause(100);
      return existsSync(join(folder, name));
    };
    for (const [entry, name] of files.entries()) {
      let done = false;  // there is nothing to save before the run is over
      for (let turn = 0; turn < 8 && !done; turn += 1) {
        await press(945, 24);
        await press(900, 60 + 24 * entry);
        done = await written(name);
      }
      assert.ok(done, `${name} was written`);
    }
    window.kill('SIGINT');
    assert.equal(await closed, 0);
  });
}

const hasHand = spawnSync('xdotool', ['--version']).status === 0;
const withoutHand = withoutScreen || (hasHand ? false : 'xdotool is not installed');

test('the menu "Save" writes table, document, picture and citation: those of the command line',
  { skip: withoutHand }, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'attnlab-saved-'));
    try {
      writeFileSync(join(folder, 'rf-learning-curve-seed5.svg'), 'not to be overwritten');
      const base = 'rf-learning-curve-seed5';
      await saveInWindow(folder, `${small}&seed=5&run=1`,
        [`${base}.csv`, `${base}.json`, `${base}-2.svg`, `${base}.bib`]);
      const names = readdirSync(folder).filter((name) => name !== 'state').sort();
      assert.deepEqual(names, [`${base}-2.svg`, `${base}.bib`, `${base}.csv`, `${base}.json`, `${base}.svg`]);
      const saved = (name) => readFileSync(join(folder, name), 'utf8');
      const words = [...new URLSearchParams(small)].slice(1).flatMap(([name, value]) => [`--${name}`, value]);
      const printed = (format) => spawnSync(attnlab,
        ['run', 'rf-learning-curve', ...words, '--seed', '5', '--format', format, '--quiet'], { encoding: 'utf8' }).stdout;
      assert.equal(saved(`${base}-2.svg`), printed('svg'));
      assert.equal(saved(`${base}.bib`), printed('bibtex'));
      assert.equal(saved(`${base}.csv`), printed('csv'));
      assert.deepEqual(JSON.parse(saved(`${base}.json`)).tables, JSON.parse(printed('json')).tables);
      assert.equal(saved(`${base}.svg`), 'not to be overwritten');
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

test('what the window showed, its size and theme come back; a damaged memory does no harm',
  { skip: withoutScreen }, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'attnlab-window-'));
    const file = join(folder, 'attnlab', 'window');
    const environment = { ...process.env, XDG_STATE_HOME: folder };
    const screen = ['-a', '-s', '-screen 0 2600x1800x24', 'timeout', '-s', 'INT', '5', attnlab];
    const closed = (words, more = {}) => new Promise((resolve) => {
      spawn('xvfb-run', [...screen, ...words], { cwd: folder, env: { ...environment, ...more } })
        .on('exit', resolve);
    });
    try {
      await closed(['open', `${small}&seed=5`], { ATTNLAB_WINDOW: '900x650', ATTNLAB_THEME: 'dark' });
      const first = readFileSync(file, 'utf8');
      assert.match(first, /^size 900x650$/m);
      assert.match(first, /^theme dark$/m);
      assert.match(first, /^open .*e=rf-learning-curve.*heads=20.*seed=5/m);
      await closed([]);
      assert.equal(readFileSync(file, 'utf8'), first, 'the second window is as the first');
      writeFileSync(file, `size -5x1e9\ntheme ${'x'.repeat(70000)}\nopen e=%zz&heads=nan\n\0`);
      await closed([]);
      assert.match(readFileSync(file, 'utf8'), /^size \d+x\d+\ntheme light\nopen .*e=rf-learning-curve/);
      rmSync(join(folder, 'attnlab'), { recursive: true });
      writeFileSync(join(folder, 'attnlab'), 'a file where the folder would be');
      await closed([]);
      assert.equal(readFileSync(join(folder, 'attnlab'), 'utf8'), 'a file where the folder would be');
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

test('without a screen there is one sentence and exit code 3', () => {
  const { DISPLAY, WAYLAND_DISPLAY, ...environment } = process.env;
  const run = spawnSync(attnlab, [], { encoding: 'utf8', timeout: 60_000, env: environment });
  assert.equal(run.status, 3);
  assert.match(run.stderr, /^attnlab: cannot open a window \(.+\); the command line works .*\n$/);
});
