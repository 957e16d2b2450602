// clang-tidy with the checks of .clang-tidy finds nothing. Each run looks at the files that the last commit
// touched and then at others, beginning elsewhere at every commit, for a minute; all of them on request
// (./lab test --all).
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { build, everything, in_parallel, output, root, run, sources, turn } from './support/tree.mjs';

const limit_s = 60; // after which no file is begun
const a_run = 20; // files that a run gets through on two processors: the next one begins behind them

const compiled = new Set(JSON.parse(readFileSync(path.join(build, 'compile_commands.json'), 'utf8'))
  .map(({ file }) => path.relative(root, file)));
// Tests are compiled with a precompiled header of the other compiler.
const files = sources(/\.cpp$/).filter((name) => compiled.has(name) && !name.startsWith('tests/'));
assert.ok(files.length > 200, `only ${files.length} compiled files were found`);
assert.ok(output('clang-tidy', '--version'), 'clang-tidy is missing: ./lab test installs it');

const changed = new Set(output('git', 'diff', '--name-only', 'HEAD~1').split('\n'));
const first = (turn * a_run) % files.length;
const order = [...files.slice(first), ...files.slice(0, first)];
const chosen = [...order.filter((name) => changed.has(name)), ...order.filter((name) => !changed.has(name))];
const found = [];
const seen = await in_parallel(chosen, everything ? Infinity : limit_s, async (file) => {
  const { code, text } = await run('clang-tidy', '-p', build, '--quiet', '--warnings-as-errors=*',
    '--extra-arg=-Wno-unknown-warning-option', file);
  if (code !== 0) found.push(text.trim());
});
console.log(`${seen.length} of ${files.length} files, from ${first} on`);
assert.equal(found.join('\n\n'), '');
