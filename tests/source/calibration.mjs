// The tables of docs/calibration.md are those that the verdicts of tests/calibration make.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { renewed } from '../calibration/store.mjs';

const document = path.join(process.env.ATTNLAB_ROOT ?? '.', 'docs/calibration.md');
assert.equal(readFileSync(document, 'utf8'), renewed(), 'the tables are old: node tests/calibration/store.mjs take FILE');
console.log('docs/calibration.md shows the verdicts of tests/calibration');
