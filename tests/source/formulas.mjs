// docs/how-to/formula.md: the table of the built-in targets is the one that the unit tests evaluate, its names are
// those of the reader, and its one wrong example is refused with the sentence that the page prints.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

const root = process.env.ATTNLAB_ROOT ?? process.cwd();
const text_of = (file) => readFileSync(path.join(root, file), 'utf8');
const page = text_of('docs/how-to/formula.md');

test('the table of built-in targets is the table of the unit test', () => {
  const shown = [...page.matchAll(/^\| `([\w-]+)` \| `(.+)` \|$/gm)].map(([, id, formula]) => [id, formula]);
  const tested = [...text_of('tests/unit/random_features/eight_formulas.h').matchAll(/\{"([\w-]+)", "(.+)"\}/g)]
    .map(([, id, formula]) => [id, formula]);
  assert.equal(shown.length, 8);
  assert.deepEqual(shown, tested);
});

test('the table of names has every name of the reader, and no other', () => {
  const words = [...text_of('core/formula/formula.cpp').matchAll(/^ {4}Word\{"(\w+)"/gm)].map(([, name]) => name);
  const rows = page.slice(page.indexOf('| name | is |'), page.indexOf('Grammar, from'));
  const shown = [...rows.matchAll(/^\| (.+?) \|/gm)].flatMap(([, cell]) =>
    [...cell.matchAll(/`(\w+)/g)].map(([, name]) => name));
  assert.ok(words.length >= 24);
  assert.deepEqual(shown.sort(), words.sort());
});

test('the sentence about a fault is the one that the program prints', () => {
  const [, sentence, formula] = /`(formula "(.+?)": .+? \(column \d+\))`/.exec(page);
  const program = process.env.ATTNLAB_BIN ?? path.join(root, 'build/native/attnlab');
  const run = spawnSync(program, ['run', 'rf-function', '--target', 'own', '--formula', formula], { encoding: 'utf8' });
  assert.equal(run.status, 2);
  assert.ok(run.stderr.includes(sentence), run.stderr);
});
