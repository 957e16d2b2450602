// Some promises are broken on purpose, which their tests must notice: in a copy of the tree that is kept beside
// the builds, begun at another promise for every commit, for two minutes; all of them on request (./lab test --all).
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { build, everything, root, turn } from './support/tree.mjs';

const part = everything ? [] : ['--turn', String(turn), '--limit', '120'];
const { status } = spawnSync(process.execPath, [path.join(root, 'tests/protections/run.mjs'), ...part,
  '--folder', path.join(build, '../protections')], { stdio: 'inherit' });
process.exit(status ?? 1);
