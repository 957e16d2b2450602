// Reads the pictures that the window writes: PNG with 8 bits of red, green and blue, checksums included.
import assert from 'node:assert/strict';
import { inflateSync } from 'node:zlib';

const bytes_per_pixel = 3;

function crc_of(bytes) {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return (crc ^ 0xffffffff) >>> 0;
}

/** What is between signature and end, as {IHDR, IDAT, ...}. */
function chunks_of(file) {
  assert.deepEqual([...file.subarray(0, 8)], [137, 80, 78, 71, 13, 10, 26, 10], 'a PNG begins so');
  const chunks = {};
  let at = 8;
  for (let type = ''; type !== 'IEND'; at += 12 + file.readUInt32BE(at)) {
    const length = file.readUInt32BE(at);
    type = file.toString('latin1', at + 4, at + 8);
    assert.equal(file.readUInt32BE(at + 8 + length), crc_of(file.subarray(at + 4, at + 8 + length)), type);
    chunks[type] = Buffer.concat([chunks[type] ?? Buffer.alloc(0), file.subarray(at + 8, at + 8 + length)]);
  }
  assert.equal(at, file.length, 'nothing follows the end');
  return chunks;
}

/** The predictor of the Paeth filter: of left, above and above left the one nearest to left + above - above left. */
function paeth(left, above, corner) {
  const [a, b, c] = [Math.abs(above - corner), Math.abs(left - corner), Math.abs(left + above - 2 * corner)];
  if (a <= b && a <= c) return left;
  return b <= c ? above : corner;
}

/** {width, height, colours: how often each 0xrrggbb occurs in the picture, at(x, y): the colour there}. */
export function picture(file) {
  const { IHDR, IDAT } = chunks_of(file);
  const [width, height] = [IHDR.readUInt32BE(0), IHDR.readUInt32BE(4)];
  assert.deepEqual([...IHDR.subarray(8)], [8, 2, 0, 0, 0], '8 bits each, no alpha, not interlaced');
  const row_bytes = width * bytes_per_pixel;
  const filtered = inflateSync(IDAT);
  assert.equal(filtered.length, height * (row_bytes + 1));
  const colours = new Map();
  const rows = [];
  let above = Buffer.alloc(row_bytes);
  for (let y = 0; y < height; y += 1) {
    const filter = filtered[y * (row_bytes + 1)];
    const row = Buffer.from(filtered.subarray(y * (row_bytes + 1) + 1, (y + 1) * (row_bytes + 1)));
    for (let i = 0; i < row_bytes; i += 1) {
      const [left, corner] = i < bytes_per_pixel ? [0, 0] : [row[i - bytes_per_pixel], above[i - bytes_per_pixel]];
      row[i] += [0, left, above[i], (left + above[i]) >> 1, paeth(left, above[i], corner)][filter];
    }
    for (let i = 0; i < row_bytes; i += bytes_per_pixel) {
      const colour = row.readUIntBE(i, bytes_per_pixel);
      colours.set(colour, (colours.get(colour) ?? 0) + 1);
    }
    above = row;
    rows.push(row);
  }
  return { width, height, colours, at: (x, y) => rows[y].readUIntBE(x * bytes_per_pixel, bytes_per_pixel) };
}
