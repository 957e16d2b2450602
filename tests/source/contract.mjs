// What core describes once (core/codecs/contract.h, as `attnlab list --json` prints it) is what the scripts of
// the page do and what docs/embed/README.md says.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';

const root = process.env.ATTNLAB_ROOT ?? '.';
const program = process.env.ATTNLAB_BIN ?? path.join(root, 'build/native/attnlab');
const read = (name) => readFileSync(path.join(root, name), 'utf8');
const { contract } = JSON.parse(execFileSync(program, ['list', '--json'], { encoding: 'utf8' }));
const types = (to_frame) => contract.messages.filter((one) => one.to_frame === to_frame).map(({ type }) => type);
const found = (text, pattern) => [...new Set([...text.matchAll(pattern)].map(([, name]) => name))].sort();

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

/** The names in backquotes in the first column of the table with this head. */
function first_column(document, head) {
  const begin = document.indexOf(`| ${head} |`);
  assert.ok(begin >= 0, `there is no table "${head}"`);
  const rows = document.slice(begin).split('\n\n')[0].split('\n').slice(2);
  return rows.flatMap((row) => [...row.split('|')[1].matchAll(/`([a-z_-]+)/g)].map(([, name]) => name));
}

check('names are given once, and every text is there', () => {
  for (const [list, name] of [['keys', 'name'], ['actions', 'id'], ['formats', 'id'], ['messages', 'type']]) {
    const names = contract[list].map((one) => one[name]);
    assert.ok(names.length > 0);
    assert.equal(new Set(names).size, names.length, list);
  }
  for (const { label, help, when } of contract.actions) assert.ok(label && help && when);
  for (const { mime, extension } of contract.formats) assert.match(`${mime} ${extension}`, /^\w+\/[\w+-]+ \w+(\.\w+)?$/);
});

check('the element of embed.js sends every message to the frame', () => {
  assert.deepEqual(found(read('web/embed.js'), /this\.#send\(\{ (?:\.\.\.state, )?type: '(\w+)'/g), types(true).sort());
});

check('messages.js sends every message from the frame, and hears of every other', () => {
  const text = read('web/messages.js');
  assert.deepEqual(found(text, /(?:#post\(|answer = )\{ type: '(\w+)'/g), types(false).sort());
  const buttons = contract.actions.filter(({ message }) => message).map(({ id }) => id);
  const heard = found(text, /data\.type === '(\w+)'/g);
  assert.deepEqual([...buttons, ...heard].sort(), types(true).sort());
});

check('docs/embed/README.md names every message and every setting of the page', () => {
  const text = read('docs/embed/README.md');
  assert.deepEqual(first_column(text, 'to the frame').sort(), types(true).sort());
  assert.deepEqual(first_column(text, 'from the frame').sort(), types(false).sort());
  for (const { name, page } of contract.keys) if (page) assert.match(text, new RegExp(`\`${name}\\b`), name);
});

check('no script of the page has a list of its own', () => {
  const pages = contract.keys.filter(({ page }) => page).map(({ name }) => name);
  for (const file of ['page', 'tools', 'messages', 'transfer', 'twin']) {
    const quoted = found(read(`web/${file}.js`), /'([a-z]+)'/g);
    assert.ok(pages.filter((name) => quoted.includes(name)).length <= 2, `${file}.js names ${quoted}`);
  }
});

check('embed.js, which stands alone, knows every setting of the page', () => {
  const text = read('web/embed.js');
  for (const { name, page } of contract.keys) if (page) assert.match(text, new RegExp(`\\b${name}\\b`), name);
});

console.log(failed ? `${failed} failed` : 'all passed');
process.exitCode = failed ? 1 : 0;
