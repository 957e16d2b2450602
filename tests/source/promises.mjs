// Every promise is kept by lines without which its test fails: checked for a sixth of the promises, another one for every
// commit; for all with ./lab test --all. The copies stay in build/protections, because making them takes longer than one
// promise.
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { build, everything, root, turn } from './support/tree.mjs';

const part = turn();
if (!everything) console.log(`part ${part + 1} of 6`);
const { status } = spawnSync(process.execPath, [path.join(root, 'tests/protections/run.mjs'),
  '--folder', path.join(build, '../protections'), ...(everything ? [] : ['--sixth', String(part)])],
{ stdio: 'inherit' });
process.exit(status ?? 1);
