// Promises are broken on purpose, one after the other in a copy of the tree, which their tests must notice. Only on
// request (./lab test --all): a sixth of them builds and runs for ten minutes on two processors.
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { build, everything, root } from './support/tree.mjs';

if (!everything) {
  console.log('left to ./lab test --all');
  process.exit(77);  // ctest reports it as skipped
}
const { status } = spawnSync(process.execPath, [path.join(root, 'tests/protections/run.mjs'),
  '--folder', path.join(build, '../protections')], { stdio: 'inherit' });
process.exit(status ?? 1);
