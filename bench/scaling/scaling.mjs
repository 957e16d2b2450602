// How long a sweep takes on 1 to 10,000 ranks: simulated (queue.mjs) from times measured here.
//   node bench/scaling/scaling.mjs [SWEEP.json]   measures the jobs of the sweep, prints the table
//   node bench/scaling/scaling.mjs --here         one real run under mpirun with 1 and with 2 ranks
// ./lab bench --scaling builds what it needs and passes its words on. Environment: ATTNLAB_BIN.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { simulate } from './queue.mjs';

const program = process.env.ATTNLAB_BIN ?? fileURLToPath(new URL('../../build/native/attnlab', import.meta.url));
const tool = path.join(path.dirname(program), 'bench/scaling/attnlab_job_times');
// Not measured: an ordinary cluster's network, and the longest nap of rank 0's loop.
const network = { latency_s: 20e-6, byte_s: 1e-9, nap_s: 1e-3 };

function output_of(command, words, env = process.env) {
  const done = spawnSync(command, words, { encoding: 'utf8', maxBuffer: 1 << 26, env });
  if (done.status !== 0) throw new Error(`${command} ${words.join(' ')}: ${done.stderr || done.error}`);
  return done.stdout;
}

const digits = (value) => Number(value.toPrecision(3));
const duration = (s) => (s >= 7200 ? `${digits(s / 3600)} h` : s >= 120 ? `${digits(s / 60)} min` : `${digits(s)} s`);

function simulated(specification) {
  const folder = mkdtempSync(path.join(path.dirname(program), 'scaling-')); // on the disk that runs are on
  let measured;
  try {
    measured = JSON.parse(output_of(tool, [specification, path.join(folder, 'journal')]));
  } finally {
    rmSync(folder, { recursive: true });
  }
  const seconds = measured.jobs.flatMap(([count, one]) => Array(count).fill(one));
  const kinds = measured.jobs.map(([, one]) => one);
  console.log(`${seconds.length} jobs of ${kinds.length} kinds, ${duration(Math.min(...kinds))} to ${
    duration(Math.max(...kinds))} each, ${duration(seconds.reduce((sum, one) => sum + one, 0))} in all`);
  console.log(`a job is ${measured.out_bytes} bytes and ${digits(1e6 * measured.out_s)} us of rank 0, its answer ${
    measured.in_bytes} bytes and ${digits(1e6 * measured.in_s)} us, its line in the journal ${
    digits(1e6 * measured.line_s)} us; ${digits(1e3 * measured.sync_s)} ms bring the lines of a round to the disk\n`);
  console.log('| ranks | time | efficiency | rank 0 is busy | what limits it |\n|---|---|---|---|---|');
  for (const ranks of [1, 2, 10, 30, 100, 300, 1000, 3000, 10000]) {
    const { makespan, efficiency, busy, limit } = simulate(seconds, ranks, { ...network, ...measured });
    console.log(`| ${ranks} | ${duration(makespan)} | ${(100 * efficiency).toFixed(1)} % | ${
      (100 * busy).toFixed(1)} % | ${limit} |`);
  }
}

const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];

/** One run with 1 and with 2 ranks, in turns, so that what else the machine does falls on both. */
function here() {
  const env = { ...process.env, OMPI_ALLOW_RUN_AS_ROOT: '1', OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: '1' };
  const run = ['run', 'rf-learning-curve', '--samples', '64,256,1024', '--heads', '500', '--trials', '4', '--threads', '1',
    '--format', 'json', '--quiet'];
  const times = { 1: [], 2: [] };
  for (let turn = 0; turn < 5; ++turn) {
    for (const ranks of [1, 2]) {
      const document = JSON.parse(output_of('mpirun', ['--oversubscribe', '-n', String(ranks), program, ...run], env));
      times[ranks].push(document.elapsed_s);
    }
  }
  const [one, two] = [median(times[1]), median(times[2])];
  const ratios = times[1].map((time, i) => time / (2 * times[2][i]));
  console.log(`attnlab ${run.join(' ')}\nmpirun -n 1: ${digits(one)} s, mpirun -n 2: ${digits(two)} s; efficiency with 2 ranks ${
    digits(median(ratios))} (${ratios.map(digits).sort().join(', ')})`);
}

const [word] = process.argv.slice(2);
if (word === '--here') here();
else simulated(word ?? fileURLToPath(new URL('sweep.json', import.meta.url)));
