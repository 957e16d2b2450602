// Every piece of C++ in docs/tutorial.md is part of the sample that the unit tests compile and run.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';

const root = process.env.ATTNLAB_ROOT ?? '.';
const text_of = (file) => readFileSync(path.join(root, file), 'utf8');
const sample = ['sharpness.h', 'sharpness.cpp'].map((name) => text_of(`tests/unit/tutorial/${name}`)).join('\n');
const pieces = [...text_of('docs/tutorial.md').matchAll(/^```cpp\n([^]*?)^```/gm)].map(([, piece]) => piece);
assert.ok(pieces.length >= 5, `only ${pieces.length} pieces of C++`);
for (const piece of pieces) assert.ok(sample.includes(piece.trimEnd()), `not in the sample:\n${piece}`);
console.log(`${pieces.length} pieces of docs/tutorial.md are in the sample`);
