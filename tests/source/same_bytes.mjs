// What turns the page's files into the forms that are handed out depends on their names and content alone: in another
// folder, at another time, from files with other dates, it makes the same bytes. (Compilers are
// tests/reproduce.sh's.)
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const root = process.env.ATTNLAB_ROOT ?? '.';
const dist = process.env.ATTNLAB_DIST ?? path.join(root, 'dist');
const built = process.env.ATTNLAB_WEB_BUILD ?? path.join(root, 'build/web');
const made = readdirSync(dist, { withFileTypes: true }).filter((entry) => entry.isFile()).map(({ name }) => name)
  .filter((name) => name !== 'attention-lab.spdx.json' && name !== 'attention-lab.zip').sort();
const folder = mkdtempSync(path.join(tmpdir(), 'attnlab-same-'));

/** Where a file of the page comes from: a source or what the build made. */
function source_of(name) {
  const places = [path.join(root, 'web'), root, path.join(built, 'web')].map((place) => path.join(place, name));
  return places.find((place) => existsSync(place));
}

/** The page's files in a folder of their own, last changed so many seconds ago, and what is made of them. */
function make(place, age) {
  const sources = path.join(folder, place), out = path.join(folder, place, 'dist');
  mkdirSync(out, { recursive: true });
  const then = Date.now() / 1000 - age;
  const names = made.filter((name) => name !== 'bundle.js' && name !== 'attention-lab.html');
  for (const name of names) {
    writeFileSync(path.join(sources, name), readFileSync(source_of(name)), { mode: age ? 0o600 : 0o644 });
    utimesSync(path.join(sources, name), then, then);
  }
  const run = (program, ...words) => execFileSync(program, words, { cwd: out, stdio: 'pipe' });
  run(process.execPath, path.resolve(root, 'web/make_page.mjs'), out, ...names.map((name) => path.join(sources, name)));
  for (const name of made) utimesSync(path.join(out, name), then, then);
  run('python3', path.resolve(root, 'cmake/make_zip.py'), 'attention-lab.zip', '2026-11-24', ...made);
  return [...made, 'attention-lab.zip'].map((name) => [name, readFileSync(path.join(out, name))]);
}

let failed = 0;
try {
  const now = make('one', 0), later = make('another/place', 86400 * 400);
  for (const [i, [name, bytes]] of now.entries()) {
    const same = bytes.equals(later[i][1]);
    console.log(`${same ? 'ok  ' : 'FAIL'} ${name} has the same bytes wherever and whenever it is made`);
    failed += same ? 0 : 1;
  }
  for (const [name, bytes] of now.slice(0, -1)) {
    assert.ok(bytes.equals(readFileSync(path.join(dist, name))), `${name} of dist/ is made of the files beside it`);
  }
} finally {
  rmSync(folder, { recursive: true });
}
process.exit(failed ? 1 : 0);
