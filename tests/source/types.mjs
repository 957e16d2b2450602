// The page's scripts pass the type check (web/tsconfig.json), and the types describe what core really gives: its
// JSON, as `attnlab list --json` prints it, and the functions that the two modules export.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const root = path.resolve(process.env.ATTNLAB_ROOT ?? '.');
const program = process.env.ATTNLAB_BIN ?? path.join(root, 'build/native/attnlab');
const tsc = path.join(root, 'node_modules/typescript/bin/tsc');
const types = path.join(root, 'web/types/lab.d.ts');

/** What the compiler complains about; empty: nothing. */
function complaints(...words) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [tsc, ...words], { encoding: 'utf8' });
  assert.equal(stderr, '');
  assert.equal(status === 0, stdout === '');
  return stdout;
}

/** What it complains about in a script of these lines that uses the page's types. */
function complaints_about(lines) {
  const folder = mkdtempSync(path.join(tmpdir(), 'attnlab-types-'));
  try {
    const file = path.join(folder, 'values.ts');
    writeFileSync(file, lines.join('\n'));
    return complaints('--noEmit', '--strict', '--target', 'es2023', '--types', '', file, types);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Names of the functions that a module exports, in C++ and in the types. */
function exported(source, prefix) {
  const text = readFileSync(path.join(root, source), 'utf8');
  const found = [...text.matchAll(new RegExp(`EMSCRIPTEN_KEEPALIVE[^(]*?\\b(${prefix}_\\w+)\\(`, 'g'))];
  const named = [...readFileSync(types, 'utf8').matchAll(new RegExp(`^  _(${prefix}_\\w+)\\(`, 'gm'))];
  return [found, named].map((all) => all.map(([, name]) => name).sort());
}

assert.equal(complaints('-p', path.join(root, 'web')), '');

const { contract, experiments } = JSON.parse(execFileSync(program, ['list', '--json'], { encoding: 'utf8' }));
const values = (what) => [`const contract: Contract = ${JSON.stringify(what)};`,
  `const experiments: Experiment[] = ${JSON.stringify(experiments)};`,
  'export { contract, experiments };'];
assert.equal(complaints_about(values(contract)), '');
assert.match(complaints_about(values({ ...contract, more: 1 })), /"more"' does not exist/);
assert.match(complaints_about(values({ ...contract, seed: undefined })), /'seed' is missing/);

for (const [source, prefix] of [['web/app/app.cpp', 'app'], ['web/compute/compute.cpp', 'compute']]) {
  const [functions, named] = exported(source, prefix);
  assert.ok(functions.length > 15, `only ${functions.length} functions were found in ${source}`);
  assert.deepEqual(named, functions);
}
console.log('the scripts of the page pass the type check');
