// Wayland: the window is dragged from a monitor of scale 1 to one of scale 2 and back, and is sharp on both. Weston is the
// compositor; its monitors are two windows, side by side on a screen of our own.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as settle } from 'node:timers/promises';
import { onScreen, windowPicture, without } from './support/screen.mjs';
import { screenPicture } from './support/xwd.mjs';

const attnlab = process.env.ATTNLAB_BIN;
const glfw = process.env.ATTNLAB_WAYLAND_GLFW; // the folder of a GLFW for Wayland; empty where the system's has it
const query = 'e=icl-attention';
const [width, height] = [500, 380];
const border = 4; // what GLFW draws around the window, in logical pixels; the title is higher
const title = 24;
const border_colour = 0xe0e0e0;

/** The monitors from left to right: name, size in logical pixels, scale. */
const monitors = [
  { name: 'X1', size: [900, 800], scale: 1 },
  { name: 'X2', size: [850, 440], scale: 2 },
];
const second_left = 900; // on the screen, in its pixels

async function until(condition, what) {
  for (let tries = 0; tries < 200; tries += 1) {
    const found = await condition();
    if (found) return found;
    await settle(100);
  }
  return assert.fail(`waited in vain until ${what}`);
}

/** What each monitor shows of the window's title bar: {x, y, length, whole}, undefined for less than 100 pixels. */
function bars_on({ width: all, height: rows, at }) {
  return monitors.map(({ size, scale }, monitor) => {
    const [left, right] = monitor ? [second_left, all] : [0, second_left];
    for (let y = 0; y < Math.min(rows, size[1] * scale); y += 1) {
      for (let x = left, length = 0; x <= right; x += 1) {
        if (x < right && at(x, y) === border_colour) {
          length += 1;
          continue;
        }
        if (length > 100) return { x: x - length, y, length, whole: length === (width + 2 * border) * scale };
        length = 0;
      }
    }
    return undefined;
  });
}

const near = (a, b) => [16, 8, 0].every((shift) => Math.abs(((a >> shift) & 255) - ((b >> shift) & 255)) < 48);

/** The share of the letters' pixels (all dark ones) that are as in the picture of a window of this scale. */
function likeness(screen, bar, scale, wanted) {
  const [left, top] = [bar.x + border * scale, bar.y + title * scale];
  let [dark, equal] = [0, 0];
  for (let y = 0; y < wanted.height; y += 1) {
    for (let x = 0; x < wanted.width; x += 1) {
      const colour = wanted.at(x, y);
      if (!near(colour, 0x181820)) continue;
      dark += 1;
      equal += near(colour, screen.at(left + x, top + y));
    }
  }
  assert.ok(dark > 1000, `${dark} dark pixels`);
  return equal / dark;
}

test('dragged to a monitor of another scale, the window is drawn with that monitor\'s pixels',
  { skip: without(['Xvfb', 'xdotool', 'weston', 'xwd']) || (glfw === undefined && 'ATTNLAB_WAYLAND_GLFW is not set') },
  async () => {
    const wanted = [];
    for (const { scale } of monitors) {
      wanted.push(await windowPicture(query, { ATTNLAB_WINDOW: `${width}x${height}@${scale}` }));
    }
    const folder = mkdtempSync(join(tmpdir(), 'attnlab-monitors-'));
    const config = join(folder, 'weston.ini');
    writeFileSync(config, ['[core]', 'idle-time=0', 'shell=desktop-shell.so', '[shell]', 'panel-position=none', 'locking=false',
      'animation=none', 'startup-animation=none', ...monitors.flatMap((one) =>
        ['[output]', `name=${one.name}`, `mode=${one.size.join('x')}`, `scale=${one.scale}`])].join('\n'));
    await onScreen(async (screen) => {
      const env = { ...screen, XDG_RUNTIME_DIR: folder, XDG_STATE_HOME: folder, LIBGL_ALWAYS_SOFTWARE: '1' };
      const compositor = spawn('weston', [`--config=${config}`, '--backend=x11-backend.so', '--output-count=2', '--socket=lab'],
        { env, stdio: 'ignore' });
      const stopped = new Promise((resolve) => compositor.on('exit', resolve));
      const xdotool = (...words) => spawnSync('xdotool', words.map(String), { env, encoding: 'utf8', timeout: 60_000 }).stdout;
      const look = () => screenPicture(env);
      const drag = ({ x, y, length }, direction) => {
        // The pointer trembles: Weston takes some events only with the next ones.
        const move = (by) => {
          for (let i = 0; i < 6; i += 1) xdotool('mousemove', Math.round(x + length / 2) + direction * by + i % 2, y + 10);
        };
        move(0);
        xdotool('mousedown', 1);
        for (let by = 0; by <= 300; by += 50) move(by);
        xdotool('mouseup', 1);
        move(300);
      };
      const second_width = monitors[1].size[0] * monitors[1].scale;
      const second = await until(() => xdotool('search', '--maxdepth', 1, '.*').trim().split('\n').filter(Boolean)
        .find((id) => xdotool('getwindowgeometry', '--shell', id).includes(`WIDTH=${second_width}`)), 'the monitors are there');
      xdotool('windowmove', second, second_left, 0);
      const { DISPLAY, ...rest } = env;
      const lab = spawn(attnlab, ['open', query], {
        env: { ...rest, WAYLAND_DISPLAY: 'lab', ATTNLAB_WINDOW: `${width}x${height}`, LD_LIBRARY_PATH: glfw }, stdio: 'ignore' });
      const closed = new Promise((resolve) => lab.on('exit', resolve));
      try {
        let on = await until(() => {
          const found = bars_on(look()).findIndex((bar) => bar?.whole);
          return found >= 0 && { monitor: found };
        }, 'the window is there');
        for (const visit of ['where it opened', 'the other monitor', 'back again']) {
          const { monitor } = on;
          const { scale } = monitors[monitor];
          await until(() => {
            const picture = look();
            const bar = bars_on(picture)[monitor];
            return bar?.whole && likeness(picture, bar, scale, wanted[monitor]) > 0.95;
          }, `the window is sharp (${visit}, scale ${scale})`);
          if (visit === 'back again') break;
          on = await until(() => {
            const bars = bars_on(look());
            const other = 1 - monitor;
            if (bars[other]?.whole) return { monitor: other };
            drag(bars[other] ?? bars[monitor], other ? 1 : -1); // Weston keeps a pressed pointer on its monitor
            return false;
          }, `the window is on the other monitor (${visit})`);
        }
      } finally {
        lab.kill('SIGINT');
        await closed;
        compositor.kill();
        await stopped;
        rmSync(folder, { recursive: true, force: true, maxRetries: 50 });
      }
    });
  });
