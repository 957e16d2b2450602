// The table of docs/performance.md is the one that the files of bench/results make.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { renewed } from '../../bench/results/table.mjs';

const document = path.join(process.env.ATTNLAB_ROOT ?? '.', 'docs/performance.md');
assert.equal(readFileSync(document, 'utf8'), renewed(), 'the table is old: node bench/results/table.mjs');
console.log('docs/performance.md shows the files of bench/results');
