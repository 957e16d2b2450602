// The list of promises (tests/protections) is of this source: every protection stands in its file exactly
// once, every script has the test, and docs/promises.md is its table. That the tests fail without the
// protections is seen by promises.mjs.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { promises } from '../protections/promises.mjs';
import { document, stale } from '../protections/table.mjs';

const root = process.env.ATTNLAB_ROOT ?? '.';
assert.deepEqual(stale(root), []);
assert.equal(readFileSync(path.join(root, 'docs/promises.md'), 'utf8'), document(),
  'docs/promises.md is not the table of the list: node tests/protections/run.mjs --write');
console.log(`${promises.length} promises, each with a protection that is there`);
