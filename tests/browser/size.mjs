// The download of the page, brotli-compressed as a good host sends it. The contract is 300 kB; since
// families B and C the module that draws also carries all that workers compute, and misses it. Until
// drawing and computing are separate downloads (docs/web.md), this keeps the size from growing.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { brotliCompressSync } from 'node:zlib';

const contract = 300_000;
const limit = 380_000;
const dist = process.env.ATTNLAB_DIST ?? 'dist';
let total = 0;
for (const name of readdirSync(dist)) {
  const raw = readFileSync(path.join(dist, name));
  const size = brotliCompressSync(raw).length;
  total += size;
  console.log(`${name.padEnd(16)} ${String(raw.length).padStart(8)} ${String(size).padStart(8)}`);
}
console.log(`${'total'.padEnd(16)} ${' '.repeat(8)} ${String(total).padStart(8)} of ${limit}`);
if (total > contract) {
  console.log(`the contract of ${contract} bytes is missed by ${total - contract}`);
}
process.exit(total <= limit ? 0 : 1);
