// The list of promises (tests/protections) fits the source: every file contains its protections exactly once, every
// script has the test, and docs/promises.md is current. promises.mjs checks that the tests fail without the protections.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { promises } from '../protections/promises.mjs';
import { document, stale } from '../protections/table.mjs';

const root = process.env.ATTNLAB_ROOT ?? '.';
assert.deepEqual(stale(root), []);
assert.equal(readFileSync(path.join(root, 'docs/promises.md'), 'utf8'), document(),
  'docs/promises.md is not current: node tests/protections/run.mjs --write');
console.log(`${promises.length} promises, each with its protection`);
