// The SPDX file of the build names what docs/dependencies.md names, in the same versions.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

const root = process.env.ATTNLAB_ROOT ?? '.';
const build = path.dirname(process.env.ATTNLAB_BIN ?? path.join(root, 'build/native/attnlab'));
const inventory = (folder) => JSON.parse(readFileSync(path.join(folder, 'attention-lab.spdx.json'), 'utf8'));
const document = inventory(build);
const table = readFileSync(path.join(root, 'docs/dependencies.md'), 'utf8').split('\n')
  .filter((line) => line.startsWith('|')).map((line) => line.split('|').slice(1, -1).map((cell) => cell.trim()));

let failed = 0;
function check(name, statement) {
  try {
    statement();
    console.log(`ok   ${name}`);
  } catch (error) {
    console.log(`FAIL ${name}\n     ${error.message}`);
    failed += 1;
  }
}

check('licence, authors and version are the same in LICENSE, the SPDX file, CITATION.cff and package.json', () => {
  const [licence, , holders] = readFileSync(path.join(root, 'LICENSE'), 'utf8').split('\n');
  const own = document.packages.find((one) => one.SPDXID === 'SPDXRef-attention-lab');
  assert.equal(`${own.licenseDeclared} License`, licence);
  assert.equal(own.copyrightText, holders);
  const citation = readFileSync(path.join(root, 'CITATION.cff'), 'utf8');
  const field = (name) => citation.match(new RegExp(`^\\s*-? ?${name}: "?([^"\n]*)"?$`, 'm'))?.[1];
  assert.equal(field('version'), own.versionInfo);
  assert.equal(field('license'), own.licenseDeclared);
  assert.ok(holders.endsWith(field('name')), holders);
  assert.equal(JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')).license, own.licenseDeclared);
});

check('it is an SPDX 2.3 document: required fields, one identifier each, relations between what there is', () => {
  assert.equal(document.spdxVersion, 'SPDX-2.3');
  assert.equal(document.dataLicense, 'CC0-1.0');
  assert.equal(document.SPDXID, 'SPDXRef-DOCUMENT');
  assert.match(document.documentNamespace, /^https:\/\/[^#\s]+$/);
  assert.match(document.creationInfo.created, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  const ids = document.packages.map((one) => one.SPDXID);
  assert.equal(new Set(ids).size, ids.length);
  for (const one of document.packages) {
    assert.match(one.SPDXID, /^SPDXRef-[A-Za-z0-9.-]+$/);
    assert.ok(one.name && one.versionInfo && one.downloadLocation && one.licenseDeclared, one.name);
  }
  for (const { spdxElementId, relatedSpdxElement } of document.relationships) {
    for (const id of [spdxElementId, relatedSpdxElement]) {
      assert.ok(id === document.SPDXID || ids.includes(id), id);
    }
  }
  for (const id of ids) assert.ok(document.relationships.some((one) => one.relatedSpdxElement === id), id);
});

check('docs/dependencies.md lists every package, with its licence and major version', () => {
  for (const { name, versionInfo, licenseDeclared } of document.packages) {
    if (name === 'Attention Lab' || name === 'MPI') continue;
    const words = name.replace(/-subset$/, '').replaceAll('-', ' ').toLowerCase();
    const row = table.find((cells) => cells.join(' ').replaceAll('-', ' ').toLowerCase().includes(words));
    assert.ok(row, `${name} has no row`);
    const text = row.join(' ');
    const [major] = /\d+/.exec(versionInfo);
    assert.match(text, new RegExp(`\\b${major}\\.`), `${name} ${versionInfo}`);
    const [licence] = /[A-Za-z]+/.exec(licenseDeclared);
    assert.ok(text.toLowerCase().includes(licence.toLowerCase()), `${name}: ${licenseDeclared}`);
  }
});

/** Texts of all C++ files below these folders of the tree. */
const sources = (folders) => folders.flatMap((folder) =>
  readdirSync(path.join(root, folder), { recursive: true })
    .filter((name) => /\.(cpp|h)$/.test(name))
    .map((name) => readFileSync(path.join(root, folder, name), 'utf8')));

/** Packages that are headers alone: a program is made of them when one of its sources includes one. */
const headers = { Eigen: 'Eigen/', 'nlohmann-json': 'nlohmann/', CLI11: 'CLI/' };

function names_what_it_includes(spdx, folders) {
  const texts = sources(folders);
  for (const [name, folder] of Object.entries(headers)) {
    assert.equal(spdx.packages.some((one) => one.name === name),
      texts.some((text) => text.includes(`#include <${folder}`)), name);
  }
}

check('the program names the headers-only packages that its sources include, and no other', () => {
  names_what_it_includes(document, ['core', 'ui', 'native']);
});

const web = path.join(build, '../web');
if (existsSync(path.join(web, 'attention-lab.spdx.json'))) {
  check('so does the page', () => names_what_it_includes(inventory(web), ['core', 'ui', 'web']));
}

console.log(failed ? `${failed} failed` : 'all passed');
process.exitCode = failed ? 1 : 0;
