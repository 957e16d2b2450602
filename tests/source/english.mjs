// No text has a word that CONTRIBUTING.md bans: the words in code style in the first column of its list. Checked are
// documents, scripts and build files; the C++ sources follow the same list.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { root } from './support/tree.mjs';

const text_of = (file) => readFileSync(path.join(root, file), 'utf8');
const contributing = text_of('CONTRIBUTING.md');
const list = /\n\| not \| but \|\n[^]*?\n\n/.exec(contributing)?.[0] ?? '';
const banned = list.split('\n').flatMap((row) => [...(row.split('|')[1] ?? '').matchAll(/`([^`]+)`/g)])
  .map(([, words]) => words);
assert.ok(banned.length >= 10, `only ${banned.length} banned words were found in CONTRIBUTING.md`);

const made = ['docs/reference.md', 'docs/calibration.md']; // by the program, from texts in core
const folders = ['docs', 'web', 'tests', 'cmake', 'bench'];
const files = folders.flatMap((folder) => readdirSync(path.join(root, folder), { recursive: true })
  .map((name) => path.join(folder, name)))
  .filter((name) => /\.(md|m?js|cmake|css|html)$|CMakeLists\.txt$/.test(name) && statSync(path.join(root, name)).isFile())
  .filter((name) => !made.includes(name) && !name.includes('node_modules'));
files.push('README.md', 'lab', 'CMakeLists.txt', 'CONTRIBUTING.md');
assert.ok(files.length > 100, `only ${files.length} files were found`);

const pattern = new RegExp(`\\b(${banned.join('|')})\\b`, 'gi');
const found = files.flatMap((file) => {
  // Comments and paragraphs are searched across line ends.
  const text = (file === 'CONTRIBUTING.md' ? contributing.replace(list, '\n') : text_of(file))
    .replaceAll(/\n\s*(\/\/\/?|\*|#)? */g, ' ');
  return [...text.matchAll(pattern)].map(({ index }) => `${file}: ...${text.slice(Math.max(0, index - 40), index + 40)}...`);
});
assert.deepEqual(found, []);
console.log(`${files.length} files have none of ${banned.length} banned words`);
