// A screen of our own for desktop tests, and the window on it.
import { spawn, spawnSync } from 'node:child_process';
import assert from 'node:assert/strict';

const missing = ['Xvfb', 'xdotool', 'xrdb'].filter((name) => spawnSync('which', [name]).status !== 0);
export const withoutScreen = missing.length > 0 && `not installed: ${missing}`;

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
