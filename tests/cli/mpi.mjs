// Under mpirun the ranks compute the jobs of one run: any number of ranks gives the bytes of a single process, and a
// killed rank costs only its unfinished jobs.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { test } from 'node:test';
import {
  assertDone, attnlab, inFolder, journalLines, small, until,
} from './support/attnlab.mjs';

const program = process.env.ATTNLAB_BIN ?? process.argv[2];
const skip = !attnlab(['--version']).out.includes('MPI') && 'this build has no MPI'
  || spawnSync('mpirun', ['--version']).error && 'mpirun is not installed';
const env = { ...process.env, OMPI_ALLOW_RUN_AS_ROOT: '1', OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: '1',
  OMPI_MCA_btl: 'self,vader', OMPI_MCA_rmaps_base_oversubscribe: '1', OMPI_MCA_mpi_yield_when_idle: '1' };
const words = (ranks, args) => ['--oversubscribe', '-n', String(ranks), program, ...args];

function mpirun(ranks, args) {
  const done = spawnSync('mpirun', words(ranks, args), { env, encoding: 'utf8', timeout: 240000 });
  return { code: done.status, out: done.stdout, err: done.stderr };
}

function startRanks(ranks, args) {
  const child = spawn('mpirun', words(ranks, args), { env });
  const ended = new Promise((resolve) => child.on('close', (code, signal) => resolve({ code, signal })));
  return { child, ended };
}

/** Processes that mpirun has started, by their ranks. */
function rankProcesses(launcher) {
  const children = spawnSync('pgrep', ['-P', String(launcher)], { encoding: 'utf8' }).stdout.split('\n').filter(Boolean);
  const ranks = {};
  for (const pid of children) {
    try {
      const found = readFileSync(`/proc/${pid}/environ`, 'latin1').match(/OMPI_COMM_WORLD_RANK=(\d+)/);
      if (found) ranks[found[1]] = Number(pid);
    } catch { /* it has ended */ }
  }
  return ranks;
}

const run = [...small, '--trials', '40', '--format', 'csv'];
// About 20 ms a job, long compared with the time to end the ranks, and 6 s in all.
const long = ['run', 'rf-learning-curve', '--dim', '8', '--keys', '16', '--heads', '64', '--samples', '64,256',
  '--test-samples', '2048', '--trials', '75', '--format', 'csv'];
const jobs = 300;

test('any number of ranks gives the bytes of one process', { skip }, () => inFolder((_, path) => {
  const alone = assertDone(attnlab(run));
  for (const ranks of [1, 3]) {
    const journal = path(`journal${ranks}`);
    assertDone(mpirun(ranks, [...run, '--out', path('result.csv'), '--resume', journal]));
    assert.equal(readFileSync(path('result.csv'), 'utf8'), alone);
    assert.equal(new Set(journalLines(journal).map((line) => line.split(' ')[0])).size, 160);  // trials x models
  }
}));

test('a sweep under mpirun gives the table of one process', { skip }, () => inFolder((_, path) => {
  writeFileSync(path('sweep.json'), JSON.stringify({ experiment: 'rf-learning-curve', parameters: {
    dim: [4, 5, 6], heads: 16, samples: '16,32', 'test-samples': 64, trials: 6 } }));
  assertDone(attnlab(['sweep', path('sweep.json'), '--out', path('one')]));
  assertDone(mpirun(3, ['sweep', path('sweep.json'), '--out', path('three')]));
  assert.equal(readFileSync(path('three/table.csv'), 'utf8'), readFileSync(path('one/table.csv'), 'utf8'));
}));

test('finished jobs of all ranks are kept when one rank is killed', { skip }, () => inFolder(async (_, path) => {
  const journal = path('journal');
  let kept = [];
  for (const victim of ['1', '0']) {
    const before = journalLines(journal).length;
    const { child, ended } = startRanks(3, [...long, '--resume', journal]);
    await until(() => child.exitCode !== null || journalLines(journal).length >= before + 10,
      'some jobs are in the journal');
    assert.equal(child.exitCode, null, 'the run ended before a rank could be killed');
    const processes = rankProcesses(child.pid);
    process.kill(processes[victim], 'SIGKILL');
    assert.notEqual((await ended).code, 0);
    await until(() => Object.keys(rankProcesses(child.pid)).length === 0, 'every rank has ended');
    const lines = journalLines(journal);
    assert.ok(lines.length < jobs, `${lines.length} jobs are in the journal`);
    assert.deepEqual(lines.slice(0, kept.length), kept);
    kept = lines;
  }
  assertDone(mpirun(3, [...long, '--resume', journal, '--out', path('result.csv')]));
  const indices = new Set(journalLines(journal).map((line) => line.split(' ')[0]));
  assert.equal(indices.size, jobs);
  assert.equal(journalLines(journal).length, jobs);  // nothing was computed twice
  assert.equal(readFileSync(path('result.csv'), 'utf8'), assertDone(attnlab([...long, '--resume', journal])));
}));

test('jobs go to free ranks: a stopped rank delays only its own two jobs', { skip }, () =>
  inFolder(async (_, path) => {
    const journal = path('journal');
    const { child, ended } = startRanks(3, [...long, '--resume', journal, '--out', path('result.csv')]);
    await until(() => journalLines(journal).length >= 10, 'some jobs are in the journal');
    const still = rankProcesses(child.pid)['2'];
    process.kill(still, 'SIGSTOP');
    try {
      await until(() => journalLines(journal).length >= jobs - 2, 'the other ranks have done the rest');
    } finally {
      process.kill(still, 'SIGCONT');
    }
    assert.equal((await ended).code, 0);
    assert.equal(readFileSync(path('result.csv'), 'utf8'), assertDone(attnlab([...long, '--resume', journal])));
  }));

test('bad input under mpirun is one sentence of rank 0', { skip }, () => {
  const refused = mpirun(3, [...run, '--dim', '0']);
  assert.equal(refused.code, 2);
  assert.equal(refused.err.match(/attnlab: /g).length, 1);
  const threads = mpirun(2, [...run, '--threads', '2']);
  assert.equal(threads.code, 2);
  assert.match(threads.err, /threads is 2, and under mpirun every rank computes one job at a time/);
});

test('without mpirun no MPI library is loaded', () => {
  const linked = spawnSync('ldd', [program], { encoding: 'utf8' }).stdout;
  assert.doesNotMatch(linked, /libmpi|libopen/);
  const version = attnlab(['--version']).out;
  assert.match(version, /^attnlab \d+\.\d+\.\d+ \(.*\)\n.*\n$/);
  assert.equal(version.includes('MPI'), existsSync(`${dirname(program)}/attnlab_mpi.so`));
});
