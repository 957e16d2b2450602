// clang-tidy with the checks of .clang-tidy has no findings: checked for a sixth of the files, another one for every
// commit; for all with ./lab test --all. A file takes five seconds, the tree more than ten minutes on two processors.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { build, everything, in_parallel, output, root, run, sources, turn } from './support/tree.mjs';

const compiled = new Set(JSON.parse(readFileSync(path.join(build, 'compile_commands.json'), 'utf8'))
  .map(({ file }) => path.relative(root, file)));
// Tests are compiled with a precompiled header of the other compiler.
const files = sources(/\.cpp$/).filter((name) => compiled.has(name) && !name.startsWith('tests/'));
assert.ok(files.length > 200, `only ${files.length} compiled files were found`);
assert.ok(output('clang-tidy', '--version'), 'clang-tidy is missing: ./lab test installs it');

const part = turn();
const seen = files.filter((_, i) => everything || i % 6 === part);
const found = [];
await in_parallel(seen, async (file) => {
  const { code, text } = await run('clang-tidy', '-p', build, '--quiet', '--warnings-as-errors=*',
    '--extra-arg=-Wno-unknown-warning-option', file);
  if (code !== 0) found.push(text.trim());
});
console.log(`${seen.length} of ${files.length} files${everything ? '' : `, part ${part + 1} of 6`}`);
assert.equal(found.join('\n\n'), '');
