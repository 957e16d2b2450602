// The download of the page stays under 300 kB, brotli-compressed as a good host sends it.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { brotliCompressSync } from 'node:zlib';

const limit = 300_000;
const dist = process.env.ATTNLAB_DIST ?? 'dist';
let total = 0;
for (const name of readdirSync(dist)) {
  const raw = readFileSync(path.join(dist, name));
  const size = brotliCompressSync(raw).length;
  total += size;
  console.log(`${name.padEnd(16)} ${String(raw.length).padStart(8)} ${String(size).padStart(8)}`);
}
console.log(`${'total'.padEnd(16)} ${' '.repeat(8)} ${String(total).padStart(8)} of ${limit}`);
process.exit(total <= limit ? 0 : 1);
