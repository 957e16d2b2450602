// The scripts that turn the page's files into bundle, single file and zip depend only on names and content: another
// folder, another time and other time stamps give the same bytes. (tests/reproduce.sh tests the compilers.)
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const root = process.env.ATTNLAB_ROOT ?? '.';
const dist = process.env.ATTNLAB_DIST ?? path.join(root, 'dist');
const made = ['bundle.js', 'attention-lab.html', 'attention-lab.zip'];
const files = readdirSync(dist, { withFileTypes: true }).filter((entry) => entry.isFile()).map(({ name }) => name)
  .filter((name) => !made.includes(name)).sort();
const zipped = ['bundle.js', ...files];
const folder = mkdtempSync(path.join(tmpdir(), 'attnlab-same-'));

/** Copies the files to a folder, with time stamps `age` seconds ago; returns the bundles made from them. */
function make(place, age) {
  const copy = path.join(folder, place);
  mkdirSync(copy, { recursive: true });
  const then = Date.now() / 1000 - age;
  const written = (name, bytes) => {
    writeFileSync(path.join(copy, name), bytes, { mode: age ? 0o600 : 0o644 });
    utimesSync(path.join(copy, name), then, then);
  };
  for (const name of files) written(name, readFileSync(path.join(dist, name)));
  const run = (program, ...words) => execFileSync(program, words, { cwd: copy, stdio: 'pipe' });
  run(process.execPath, path.resolve(root, 'web/make_bundle.mjs'), copy);
  for (const name of ['bundle.js', 'attention-lab.html']) written(name, readFileSync(path.join(copy, name)));
  run('python3', path.resolve(root, 'cmake/make_zip.py'), 'attention-lab.zip', '2026-11-24', ...zipped);
  return made.map((name) => readFileSync(path.join(copy, name)));
}

let failed = 0;
try {
  const now = make('one', 0), later = make('another/place', 86400 * 400);
  for (const [i, name] of made.entries()) {
    const same = now[i].equals(later[i]);
    console.log(`${same ? 'ok  ' : 'FAIL'} ${name} has the same bytes in any folder and at any time`);
    failed += same ? 0 : 1;
  }
  const here = readFileSync(path.join(dist, 'bundle.js'));
  assert.ok(here.equals(now[0]), 'the bundle of dist/ is made of the files beside it');
} finally {
  rmSync(folder, { recursive: true });
}
process.exit(failed ? 1 : 0);
