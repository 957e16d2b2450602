// Pictures of a whole X screen, by xwd (its format: X11/XWDFile.h, 32-bit numbers in network order).
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';

/** {width, height, at(x, y): the colour 0xrrggbb there} of the screen that `env.DISPLAY` names. */
export function screenPicture(env) {
  const { status, stdout, stderr } = spawnSync('xwd', ['-root', '-silent'], { env, maxBuffer: 2 ** 26, timeout: 60_000 });
  assert.equal(status, 0, String(stderr));
  const field = (at) => stdout.readUInt32BE(4 * at);
  const [head, width, height, pixel_bits, row_bytes, colours] = [0, 4, 5, 11, 12, 19].map(field);
  assert.deepEqual([field(1), pixel_bits], [7, 32], 'the seventh version of the format, 32 bits a pixel');
  const start = head + 12 * colours; // bytes of a colour of the palette
  return { width, height, at: (x, y) => stdout.readUInt32LE(start + y * row_bytes + 4 * x) & 0xffffff };
}
