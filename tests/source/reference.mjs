// docs/reference.md is what the program prints: parameters, presets, tables and claims of every experiment.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';

const root = process.env.ATTNLAB_ROOT ?? '.';
const program = process.env.ATTNLAB_BIN ?? path.join(root, 'build/native/attnlab');
const printed = execFileSync(program, ['list', '--markdown'], { encoding: 'utf8', maxBuffer: 1 << 24 });
assert.ok(printed.length > 10000, 'the reference is short');
assert.equal(readFileSync(path.join(root, 'docs/reference.md'), 'utf8'), printed,
  'docs/reference.md is old: attnlab list --markdown > docs/reference.md');
console.log(`docs/reference.md is current: ${printed.split('\n').length} lines`);
