// docs/architecture.md shows the floors that the build enforces: the same folders, with the same folders below
// them, and no circle. Programs above the floors (native, web, bench) are held to the table by their includes.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

const root = process.env.ATTNLAB_ROOT ?? '.';
const text_of = (file) => readFileSync(path.join(root, file), 'utf8');

/** Map from folder to the folders it uses, as a CMake file describes floors. */
function built(text) {
  const floors = new Map();
  const loops = /foreach\((\w+) ([^)]*)\)\s*([^]*?)endforeach\(\)/g;
  const unrolled = text.replace(/#[^\n]*/g, '').replace(loops, (whole, name, items, body) =>
    body.includes('attnlab_floor(')
      ? items.split(/\s+/).map((item) => body.replaceAll(`\${${name}}`, item)).join('\n') : '');
  for (const [, folder, uses] of unrolled.matchAll(/attnlab_floor\((\S+?)(?:\s+USES\s+([^)]*))?\)/g)) {
    floors.set(folder, new Set((uses ?? '').split(/\s+/).filter(Boolean)));
  }
  return floors;
}

/** The same from the table of the document: | `folder` | what it holds | `folder`, `folder` | */
function documented(text) {
  const rows = [...text.matchAll(/^\| `([\w/]+)` \|[^|]*\| ([^|]*) \|$/gm)];
  return new Map(rows.map(([, folder, uses]) =>
    [folder, new Set([...uses.matchAll(/`([\w/]+)`/g)].map(([, used]) => used))]));
}

const floors = new Map([...built(text_of('core/CMakeLists.txt')), ...built(text_of('ui/CMakeLists.txt'))]);
const table = documented(text_of('docs/architecture.md'));
assert.ok(floors.size >= 12, `only ${floors.size} floors were found`);

for (const [folder, uses] of floors) {
  assert.ok(table.has(folder), `docs/architecture.md has no row for ${folder}`);
  assert.deepEqual([...table.get(folder)].sort(), [...uses].sort(), `what ${folder} uses`);
}
for (const folder of readdirSync(path.join(root, 'core'), { withFileTypes: true })) {
  if (folder.isDirectory()) assert.ok(table.has(`core/${folder.name}`), `core/${folder.name} has no row`);
}

const above = (folder, seen) => {
  assert.ok(!seen.includes(folder), `a circle: ${[...seen, folder].join(' -> ')}`);
  for (const used of table.get(folder) ?? []) above(used, [...seen, folder]);
};
for (const folder of table.keys()) above(folder, []);

/** Folders of the table that the sources of a program include, its own left out. */
function included(program) {
  const found = new Set();
  for (const name of readdirSync(path.join(root, program), { recursive: true })) {
    if (!/\.(h|cpp)$/.test(name)) continue;
    for (const [, file] of text_of(path.join(program, name)).matchAll(/^#include "([\w/]+)\.h"/gm)) {
      const folder = file.split('/')[0];
      if (folder !== program && (table.has(folder) || folder === 'core')) found.add(folder);
    }
  }
  return found;
}
for (const program of ['native', 'web', 'bench']) {
  for (const folder of included(program)) {
    assert.ok(table.get(program).has(folder), `${program} includes ${folder}; docs/architecture.md does not say so`);
  }
}
console.log(`${floors.size} floors as documented, without a circle`);
