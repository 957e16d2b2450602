// Every piece of C++ in docs/tutorial.md and docs/how-to is part of a sample that the unit tests compile and run.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';

const root = process.env.ATTNLAB_ROOT ?? '.';
const text_of = (file) => readFileSync(path.join(root, file), 'utf8');
const samples = readdirSync(path.join(root, 'tests/unit/tutorial')).filter((name) => !name.endsWith('_test.cpp'))
  .map((name) => text_of(`tests/unit/tutorial/${name}`)).join('\n');
const how_to = readdirSync(path.join(root, 'docs/how-to')).map((name) => `docs/how-to/${name}`);
let count = 0;
for (const page of ['docs/tutorial.md', ...how_to.filter((name) => name.endsWith('.md'))]) {
  for (const [, piece] of text_of(page).matchAll(/^```cpp\n([^]*?)^```/gm)) {
    assert.ok(samples.includes(piece.trimEnd()), `${page} has what is not in a sample:\n${piece}`);
    count += 1;
  }
}
assert.ok(count >= 7, `only ${count} pieces of C++`);
console.log(`${count} pieces of C++ in the documents are in samples`);
