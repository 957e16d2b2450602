// The menu "Save" of the window, with simulated mouse input: each file equals the file of the command line, the picture
// has twice the pixels of the drawing, and a full disk leaves no file.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { picture } from './support/png.mjs';
import { inWindow, withoutScreen as skip } from './support/screen.mjs';

const attnlab = process.env.ATTNLAB_BIN;
const small =
  'e=rf-learning-curve&dim=4&keys=4&heads=20&samples=8,16,32&test-samples=128&trials=2';
const base = 'rf-learning-curve_dim-4_keys-4_heads-20_samples-8-16-32_test-samples-128_trials-2_seed-5';
const entries = ['csv', 'json', 'svg', 'png', 'bib'];  // of the menu, from its top
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * Opens a window in `folder`, lets `use` press entries of its menu until each has done its work, and closes it.
 * `command` is put in front of the program.
 */
async function withMenu({ folder, query, command = [], more = {} }, use) {
  const env = { XDG_STATE_HOME: join(folder, 'state'), ATTNLAB_WINDOW: '1000x700', ...more };
  await inWindow([...command, attnlab, 'open', query], { cwd: folder, env }, async (xdotool) => {
    const press = async (x, y) => {
      xdotool('mousemove', String(x), String(y));
      await pause(250);
      xdotool('mousedown', '1');
      await pause(120);
      xdotool('mouseup', '1');
      await pause(250);
    };
    await use(async (format, isDone) => {
      let done = false;  // there is nothing to save before the run has finished
      for (let turn = 0; turn < 30 && !done; turn += 1) {
        await press(945, 24);
        await press(900, 60 + 24 * entries.indexOf(format));
        for (let look = 0; look < 40 && !(done = isDone()); look += 1) await pause(100);
      }
      assert.ok(done, `${format} did what it should`);
    });
  });
}

async function inFolder(use) {
  const folder = mkdtempSync(join(tmpdir(), 'attnlab-saved-'));
  try {
    await use(folder, (name) => join(folder, name));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const files = (folder) => readdirSync(folder).filter((name) => name !== 'state').sort();

test('the menu "Save" writes the same table, document, drawing, picture and citation as the command line', { skip },
  () => inFolder(async (folder, path) => {
    writeFileSync(path(`${base}.svg`), 'not to be overwritten');
    const names = [`${base}.csv`, `${base}.json`, `${base}-2.svg`, `${base}.png`, `${base}.bib`];
    await withMenu({ folder, query: `${small}&seed=5&run=1` }, async (save) => {
      for (const [i, name] of names.entries()) await save(entries[i], () => existsSync(path(name)));
    });
    assert.deepEqual(files(folder), [...names, `${base}.svg`].sort());
    const saved = (name) => readFileSync(path(name), 'utf8');
    const words = [...new URLSearchParams(small)].slice(1).flatMap(([name, value]) => [`--${name}`, value]);
    const printed = (format) => spawnSync(attnlab,
      ['run', 'rf-learning-curve', ...words, '--seed', '5', '--format', format, '--quiet'], { encoding: 'utf8' }).stdout;
    assert.equal(saved(`${base}-2.svg`), printed('svg'));
    assert.equal(saved(`${base}.bib`), printed('bibtex'));
    assert.equal(saved(`${base}.csv`), printed('csv'));
    assert.deepEqual(JSON.parse(saved(`${base}.json`)).tables, JSON.parse(printed('json')).tables);
    assert.equal(saved(`${base}.svg`), 'not to be overwritten');
    const [, width, height] = /<svg [^>]*width="(\d+)" height="(\d+)"/.exec(printed('svg'));
    const drawn = picture(readFileSync(path(`${base}.png`)));
    assert.deepEqual([drawn.width, drawn.height], [2 * width, 2 * height], 'twice the pixels of the svg');
    assert.ok(drawn.colours.get(0xffffff) > 0.7 * drawn.width * drawn.height, 'on a light ground');
    const curves = [...printed('svg').matchAll(/stroke="#(\w{6})"><polyline clip-path="url\(#area[-\d]*\)" stroke-width="2" points/g)];
    assert.equal(curves.length, 4);
    for (const [, colour] of curves) {
      assert.ok(drawn.colours.get(Number.parseInt(colour, 16)) > width, `the curve of colour ${colour} is there`);
    }
  }));

test('planes of a live experiment, dark: the shader draws them with their colours', { skip },
  () => inFolder(async (folder, path) => {
    const name = 'icl-attention_seed-1.png';
    await withMenu({ folder, query: 'e=icl-attention', more: { ATTNLAB_THEME: 'dark' } },
      (save) => save('png', () => existsSync(path(name))));
    const { width, height, colours } = picture(readFileSync(path(name)));
    assert.equal(width, 1520);
    assert.ok(colours.get(0x16181d) > 0.2 * width * height, 'on a dark ground');
    assert.ok(colours.size > 1000, `${colours.size} colours`);  // gradients
  }));

test('a disk that fills up during a picture leaves no file, and the next file is written', { skip },
  () => inFolder(async (folder, path) => {
    const log = path('state-of-calls');
    writeFileSync(log, '');
    const command = ['bash', '-c', 'ulimit -f 8; exec "$0" "$@"'];  // thousand bytes; a picture has more
    const more = { LD_PRELOAD: join(dirname(attnlab), 'tests/cli/faulty_calls.so'), ATTNLAB_CALLS: log,
      MESA_SHADER_CACHE_DISABLE: 'true' };
    await withMenu({ folder, query: `${small}&seed=5&run=1`, command, more }, async (save) => {
      await save('png', () => new RegExp(`write .*${base}\\.png\\.\\w{6}\n`).test(readFileSync(log, 'utf8')));
      assert.deepEqual(files(folder), ['state-of-calls']);
      await save('csv', () => existsSync(path(`${base}.csv`)));
    });
    assert.deepEqual(files(folder), [`${base}.csv`, 'state-of-calls']);
  }));
