// The download of the page, compressed with brotli as a good host sends it: page and first frame together stay within
// 300 kB. Files that are loaded later (for a run, embedding or another experiment) are printed too. Files in folders
// (docs/) are loaded only when they are opened. And no experiment makes the page's own module larger: that module
// contains no code and no text of one.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { brotliCompressSync } from 'node:zlib';

const limit = 300_000;
const dist = process.env.ATTNLAB_DIST ?? 'dist';
/** Not needed for the first frame: workers' files and other files that are fetched on demand. */
const later = [
  /^jobs[._]/, /^workers?\.js$/, /^(ask|axes|bundle|drawing|embed|messages|oracle|transfer|tours|predict|selftest|rates|sound|still|walk)\.js$/, /^attention-lab\./, /^oracle\.html$/,
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
assert.ok(sums.first <= limit);

// The page's own module is linked without the families.
const web = process.env.ATTNLAB_WEB_BUILD ?? 'build/web';
const rules = readFileSync(path.join(web, 'build.ninja'), 'utf8');
const libraries = (name) => {
  const line = new RegExp(`^build web/${name}\\.js:[^]*?^  LINK_LIBRARIES = (.*)$`, 'm').exec(rules);
  return [...line[1].matchAll(/libattnlab_(\w+)\.a/g)].map(([, library]) => library);
};
const families = ['core_random_features', 'core_extraction', 'core_in_context'];
const of_families = (name) => libraries(name).filter((library) => families.includes(library)).sort();
assert.deepEqual(of_families('jobs'), [...families].sort());
assert.deepEqual(of_families('attnlab'), []);

// What experiments are is data: the texts are in the workers' module and (of the first) in opening.bin.
const program = process.env.ATTNLAB_BIN ?? 'build/native/attnlab';
const { experiments } = JSON.parse(execFileSync(program, ['list', '--json'], { encoding: 'utf8', maxBuffer: 1 << 26 }));
const bytes = Object.fromEntries(['attnlab.wasm', 'jobs.wasm', 'opening.bin'].map((name) =>
  [name, readFileSync(path.join(dist, name))]));
for (const { id, summary } of experiments) {
  assert.ok(!bytes['attnlab.wasm'].includes(summary), `attnlab.wasm contains the text of ${id}`);
  assert.ok(bytes['jobs.wasm'].includes(summary), `jobs.wasm does not contain the text of ${id}`);
  assert.equal(bytes['opening.bin'].includes(summary), id === experiments[0].id, `opening.bin and the text of ${id}`);
}
console.log(`the page's module contains none of ${experiments.length} experiments`);
