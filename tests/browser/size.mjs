// The download of the page, compressed with brotli as a good host sends it: page and first frame together stay within
// 300 kB. Files that are loaded later (for a run, embedding or another experiment) are printed too. Files in folders
// (docs/) are loaded only when they are opened.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { brotliCompressSync } from 'node:zlib';

const limit = 300_000;
const dist = process.env.ATTNLAB_DIST ?? 'dist';
/** Not needed for the first frame: workers' files and other files that are fetched on demand. */
const later = [
  /^jobs[._]/, /^workers?\.js$/, /^(ask|axes|bundle|drawing|embed|messages|oracle|transfer|tours|predict|selftest|rates|still)\.js$/, /^attention-lab\./, /^oracle\.html$/, /^first\.journal$/,
  /^first-dark\.svg$/, // instead of first.svg
];

const sums = { first: 0, later: 0 };
const files = readdirSync(dist, { withFileTypes: true }).filter((entry) => entry.isFile());
for (const { name } of files) {
  const raw = readFileSync(path.join(dist, name));
  const size = brotliCompressSync(raw).length;
  const when = later.some((pattern) => pattern.test(name)) ? 'later' : 'first';
  sums[when] += size;
  console.log(`${when} ${name.padEnd(24)} ${String(raw.length).padStart(8)} ${String(size).padStart(8)}`);
}
console.log(`page and first frame: ${sums.first} of ${limit} bytes; later: ${sums.later}`);
process.exit(sums.first <= limit ? 0 : 1);
