// The desktop window: opens on a virtual screen, runs a permalink, shows the curves, closes cleanly;
// without a screen it says so.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { inWindow, windowPicture, withoutScreen } from './support/screen.mjs';

const attnlab = process.env.ATTNLAB_BIN;
const small =
  'e=rf-learning-curve&dim=4&keys=4&heads=20&samples=8,16,32&test-samples=128&trials=2';

const isDark = (colour) => ((colour >> 16) & 255) + ((colour >> 8) & 255) + (colour & 255) < 120;
const mostCommon = ({ colours }) => [...colours].sort((a, b) => b[1] - a[1])[0][0];

test('a run is drawn with its curves and the window closes cleanly', { skip: withoutScreen }, async () => {
  const before = await windowPicture(`${small}&auto=0`, { ATTNLAB_WINDOW: '1000x700' });
  const after = await windowPicture(`${small}&run=1`, { ATTNLAB_WINDOW: '1000x700' });
  assert.deepEqual([after.width, after.height], [1000, 700]);
  assert.ok(!isDark(mostCommon(after)), 'a light ground');
  const blue = 0x0072b2;  // RFA: the line is added to chip and label
  assert.ok((after.colours.get(blue) ?? 0) > (before.colours.get(blue) ?? 0) + 100);
});

test('twice the pixel ratio draws twice the pixels, dark on demand', { skip: withoutScreen }, async () => {
  const drawn = await windowPicture(`${small}&run=1`, {
    ATTNLAB_WINDOW: '390x844@2', ATTNLAB_THEME: 'dark',
  });
  assert.deepEqual([drawn.width, drawn.height], [780, 1688]);
  assert.ok(isDark(mostCommon(drawn)));
});

test('the scale is the system\'s, unless ATTNLAB_SCALE says another', { skip: withoutScreen }, async () => {
  const size = async (environment, dpi) => {
    const { width, height } = await windowPicture(small, { ATTNLAB_WINDOW: '500x500', ...environment }, dpi);
    return [width, height];
  };
  assert.deepEqual(await size({}, 192), [1000, 1000]);
  assert.deepEqual(await size({ ATTNLAB_SCALE: '1.5' }, 192), [750, 750]);
  assert.deepEqual(await size({ ATTNLAB_SCALE: '1.5', ATTNLAB_WINDOW: '400x450@1' }, 192), [400, 450]);
  assert.deepEqual(await size({ ATTNLAB_SCALE: 'large' }, 48), [500, 500], 'never smaller than the screen\'s pixels');
});

test('what the window showed, its size and theme come back; a damaged memory does no harm',
  { skip: withoutScreen }, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'attnlab-window-'));
    const file = join(folder, 'attnlab', 'window');
    const closed = (words, more = {}) =>
      inWindow([attnlab, ...words], { cwd: folder, env: { XDG_STATE_HOME: folder, ...more } });
    try {
      await closed(['open', `${small}&seed=5`], { ATTNLAB_WINDOW: '900x650', ATTNLAB_THEME: 'dark' });
      const first = readFileSync(file, 'utf8');
      assert.match(first, /^size 900x650$/m);
      assert.match(first, /^theme dark$/m);
      assert.match(first, /^open .*e=rf-learning-curve.*heads=20.*seed=5/m);
      await closed([]);
      assert.equal(readFileSync(file, 'utf8'), first, 'the second window is as the first');
      await closed(['open', 'https://host.example/lab/#e%3Dicl-risk%26heads%3D1%2C3&amp;seed=9)']);
      assert.match(readFileSync(file, 'utf8'), /^open e=icl-risk&heads=1,3&seed=9$/m, 'a link as a mail leaves it');
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
