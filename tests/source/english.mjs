// No text has a word that CONTRIBUTING.md bans: the words in code style in the first column of its list. Checked are
// documents, scripts and build files as a whole, and comments and string literals of C++ and GLSL.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { root, sources } from './support/tree.mjs';

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

/** The comments and string literals of C++ or GLSL. Those that follow each other without code between are one text. */
function texts_of(code) {
  const tokens = /(\/\/.*|\/\*[^]*?\*\/)|\bR"([^(\s]*)\(([^]*?)\)\2"|"((?:\\.|[^"\\\n])*)"|(?<![0-9a-fA-F])'(?:\\.|[^'\\\n])+'/g;
  const texts = [];
  let last = '', end = 0;
  for (const { 0: token, 1: comment, 3: raw, 4: literal, index } of code.matchAll(tokens)) {
    const text = comment ?? raw ?? literal?.replaceAll('\\n', '\n');
    const kind = text === undefined ? '' : comment === undefined ? 'literal' : 'comment'; // '': a character
    if (kind === last && kind && code.slice(end, index).trim() === '') texts.push(texts.pop() + (comment ? '\n' : '') + text);
    else if (kind) texts.push(text);
    last = kind;
    end = index + token.length;
  }
  return texts;
}
assert.deepEqual(texts_of('f("a " "b", \'"\', 1\'000, R"x(c")x");  // d "e"\n/// f\nint g;  /* h */'),
  ['a b', 'c"', '// d "e"\n/// f', '/* h */']);

const pattern = new RegExp(`\\b(${banned.join('|')})\\b`, 'gi');
function search(file, whole) {
  // Comments and paragraphs are searched across line ends.
  const text = whole.replaceAll(/\n\s*(\/\/\/?<?|\*|#)? */g, ' ');
  return [...text.matchAll(pattern)].map(({ index }) => `${file}: ...${text.slice(Math.max(0, index - 40), index + 40)}...`);
}
const programs = [...sources(), ...sources(/\.glsl$/, ['shaders'])];
assert.ok(programs.length > 400, `only ${programs.length} C++ files were found`);
const found = [
  ...files.flatMap((file) => search(file, file === 'CONTRIBUTING.md' ? contributing.replace(list, '\n') : text_of(file))),
  ...programs.flatMap((file) => texts_of(text_of(file)).flatMap((text) => search(file, text))),
];
assert.deepEqual(found, []);
console.log(`${files.length + programs.length} files have none of ${banned.length} banned words`);
