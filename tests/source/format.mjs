// All C++ is formatted with clang-format; `./lab format` does it.
import assert from 'node:assert/strict';
import { in_parallel, output, run, sources } from './support/tree.mjs';

const wanted = '14'; // other versions break lines differently
const version = /version (\d+)/.exec(output('clang-format', '--version'))?.[1];
assert.ok(version, 'clang-format is missing: ./lab test installs it');
if (version !== wanted) {
  console.log(`not checked: this is clang-format ${version}, and version ${wanted} decides`);
  process.exit(0);
}

const files = sources();
assert.ok(files.length > 300, `only ${files.length} files were found`);
const packs = Array.from({ length: Math.ceil(files.length / 25) }, (_, i) => files.slice(25 * i, 25 * i + 25));
const others = [];
await in_parallel(packs, async (pack) => {
  const { text } = await run('clang-format', '--dry-run', '-Werror', ...pack);
  others.push(...pack.filter((name) => text.includes(`${name}:`)));
});
assert.deepEqual(others.sort(), [], './lab format would change these files');
console.log(`${files.length} files are formatted`);
