// clang-tidy with the checks of .clang-tidy finds nothing. Only on request (./lab test --all): a file takes five
// seconds, the tree more than ten minutes on two processors.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { build, everything, in_parallel, output, root, run, sources } from './support/tree.mjs';

if (!everything) {
  console.log('left to ./lab test --all');
  process.exit(77);  // ctest reports it as skipped
}

const compiled = new Set(JSON.parse(readFileSync(path.join(build, 'compile_commands.json'), 'utf8'))
  .map(({ file }) => path.relative(root, file)));
// Tests are compiled with a precompiled header of the other compiler.
const files = sources(/\.cpp$/).filter((name) => compiled.has(name) && !name.startsWith('tests/'));
assert.ok(files.length > 200, `only ${files.length} compiled files were found`);
assert.ok(output('clang-tidy', '--version'), 'clang-tidy is missing: ./lab test installs it');

const found = [];
const seen = await in_parallel(files, Infinity, async (file) => {
  const { code, text } = await run('clang-tidy', '-p', build, '--quiet', '--warnings-as-errors=*',
    '--extra-arg=-Wno-unknown-warning-option', file);
  if (code !== 0) found.push(text.trim());
});
console.log(`${seen.length} files`);
assert.equal(found.join('\n\n'), '');
