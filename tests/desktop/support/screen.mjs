// A screen of our own for desktop tests, and the window on it.
import { spawn, spawnSync } from 'node:child_process';
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { picture } from './png.mjs';

const attnlab = process.env.ATTNLAB_BIN;

/** Why a test that needs these programs is left out, or false. */
export function without(programs) {
  const missing = programs.filter((name) => spawnSync('which', [name]).status !== 0);
  return missing.length > 0 && `not installed: ${missing}`;
}

export const withoutScreen = without(['Xvfb', 'xdotool', 'xrdb']);

/** A screen of our own, for as long as `use` runs; `use` gets the environment of programs on it. */
export async function onScreen(use) {
  const screen = spawn('Xvfb', ['-displayfd', '3', '-screen', '0', '2600x1800x24', '-nolisten', 'tcp', '-noreset'],
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

/**
 * Runs a command that opens the lab's window, calls `use(xdotool)` once the window is there, and
 * closes it by Ctrl-C's signal. The signal goes to the program alone: sent to the group it would
 * end the screen, too, and the program could lose it in the middle of its goodbye.
 */
export async function inWindow([program, ...words], options, use = async () => {}) {
  await onScreen(async (screen) => {
    const window = spawn(program, words, { ...options, env: { ...screen, ...options.env } });
    const closed = new Promise((resolve) => window.on('exit', resolve));
    const xdotool = (...what) => spawnSync('xdotool', what, { env: screen, encoding: 'utf8', timeout: 60_000 });
    const found = xdotool('search', '--sync', '--onlyvisible', '--name', 'Attention Lab');
    assert.equal(found.status, 0, `no window: ${found.stderr}`);
    await use(xdotool);
    window.kill('SIGINT');
    assert.equal(await closed, 0);
  });
}

/** The picture of a window, on a screen whose fonts have `dpi` dots per inch. */
export function windowPicture(query, environment, dpi) {
  return onScreen(async (screen) => {
    if (dpi) spawnSync('xrdb', ['-merge', '-nocpp'], { env: screen, input: `Xft.dpi: ${dpi}\n` });
    const folder = mkdtempSync(join(tmpdir(), 'attnlab-window-'));
    try {
      const run = spawnSync(attnlab, ['open', query], {
        cwd: folder,
        encoding: 'utf8',
        timeout: 120_000,
        env: { ...screen, XDG_STATE_HOME: join(folder, 'none'), ATTNLAB_SCREENSHOT: 'window.png', ...environment },
      });
      assert.equal(run.status, 0, run.stderr);
      assert.deepEqual(readdirSync(folder), ['window.png'], 'nothing else is written');
      return picture(readFileSync(join(folder, 'window.png')));
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
}
