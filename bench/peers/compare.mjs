// Runs Attention Lab and its peers on the same work in turns and prints the ratios: a line a work,
// with medians of the runs and the spread of the ratio. Results are compared in the same runs.
// Called by `./lab bench --peers [--json | --csv] [--runs N] [--only WORD] [--native]`; --csv prints a file of
// bench/results.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { Program } from './program.mjs';

const { values: options } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    csv: { type: 'boolean', default: false },
    runs: { type: 'string', default: '5' },
    only: { type: 'string', default: '' },
    native: { type: 'boolean', default: false },
  },
});
const runs = Number(options.runs);
if (!(runs >= 1 && runs <= 99)) {
  console.error(`lab: --runs is ${options.runs}; it must be a number from 1 to 99`);
  process.exit(2);
}

const here = import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname);
const root = path.resolve(here, '../..');
const build = path.join(root, 'build/native/bench/peers/attnlab_peers');

// OpenBLAS 0.3.21 takes processors younger than itself for older ones with shorter vectors; named, its
// kernels for AVX-512 are nearly twice as fast.
const wide = fs.existsSync('/proc/cpuinfo') && /\bavx512vl\b/.test(fs.readFileSync('/proc/cpuinfo', 'utf8'));
const core_type = wide ? { OPENBLAS_CORETYPE: 'SKYLAKEX' } : {};

const ours = () => new Program('Attention Lab', build, []);
const python = (name, file, threads) =>
  new Program(threads === 1 ? `${name}, 1 thread` : `${name}, ${threads} threads`, '/usr/bin/python3',
    [path.join(here, file)], {
      OPENBLAS_NUM_THREADS: String(threads),
      OMP_NUM_THREADS: String(threads),
      PEER_THREADS: String(threads),
      ...core_type,
    });
const numpy = (...threads) => threads.map((count) => () => python('NumPy', 'numpy_peer.py', count));
const torch = (...threads) => threads.map((count) => () => python('PyTorch', 'torch_peer.py', count));
const cores = Math.max(1, os.availableParallelism());
const one_or_all = cores > 1 ? [1, cores] : [1];

/** Largest |a - b| over the largest |b|: for results of the same made-up inputs. */
function gap(a, b) {
  assert.equal(a.length, b.length);
  const scale = Math.max(...b.map(Math.abs));
  return Math.max(...a.map((value, i) => Math.abs(value - b[i]))) / scale;
}

const same_numbers = (most) => (a, b) => {
  const off = gap(a[0], b[0]);
  return { ok: off <= most, words: `results differ by ${off.toExponential(1)} of the largest` };
};

/** Both recovered their head, with as many questions and the same accuracy. */
function same_recovery(a, b) {
  const [mine, theirs] = [a[0], b[0]];
  const errors = [mine[3], theirs[3]];
  const ok = mine[0] === 1 && theirs[0] === 1 && Math.max(...errors) < 1e-12 &&
    Math.abs(mine[1] - theirs[1]) < 0.01 * theirs[1];
  return { ok, words: `errors of W ${errors.map((e) => e.toExponential(0)).join(' and ')}` };
}

/** Loss and gradient of the same prompts agree, and both trained to the same loss. */
function same_training(a, b) {
  const off = gap(a[0].slice(1), b[0].slice(1));
  const [mine, theirs] = [a.at(-1)[0], b.at(-1)[0]];
  // 100 000 prompts: the mean squared error is known to about 1 %, six times that is allowed.
  const ok = off < 1e-4 && Math.abs(mine - theirs) < 0.06 * theirs;
  return { ok, words: `gradients differ by ${off.toExponential(1)}, losses ${mine.toPrecision(3)} ` +
      `and ${theirs.toPrecision(3)}` };
}

/** Mean learning curves of independent runs: within six standard errors, as the runs scatter. */
function same_curves(a, b) {
  const mean = (rows, i) => rows.reduce((sum, row) => sum + row[i], 0) / rows.length;
  const error = (rows, i) => Math.sqrt(rows.reduce((sum, row) =>
    sum + (row[i] - mean(rows, i)) ** 2, 0) / Math.max(1, rows.length - 1) / rows.length);
  let worst = 0;
  for (const i of a[0].keys()) {
    const spread = Math.hypot(error(a, i), error(b, i), 0.01 * mean(b, i));
    worst = Math.max(worst, Math.abs(mean(a, i) - mean(b, i)) / spread);
  }
  const last = a[0].length - 1;
  return { ok: a[0].length === b[0].length && worst < 6, words:
    `test error at n = 4096: ${mean(a, last).toPrecision(3)} and ${mean(b, last).toPrecision(3)}` };
}

/** The table: what, target of the ratio, our side, the peer's candidates, how results compare. */
const native_works = [
  { work: 'curve', name: 'rf-learning-curve, n to 4096', target: 3, peers: numpy(cores),
    compare: same_curves },
  { work: 'training', name: 'training step, 2 heads, batch 256', target: 20,
    peers: torch(...one_or_all), compare: same_training },
  { work: 'extraction', name: 'exact extraction, d = 256', target: 10, peers: numpy(...one_or_all),
    compare: same_recovery },
  ...[256, 512, 1024].map((size) => ({ work: `gemm${size}`, name: `product f32 ${size}, one thread`,
    target: 0.9, peers: numpy(1), compare: same_numbers(1e-5) })),
  { work: 'attention', name: 'softmax attention forward, 256 x 64 x 64', target: 3,
    peers: torch(...one_or_all), compare: same_numbers(1e-5) },
].map((row) => ({ ...row, where: 'native', ours }));

/** Threads of the side before go on spinning for a while after their work. */
const pause_ms = 100;

const median = (values) => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
};

/** Runs a side once and keeps its time and its result. */
async function run_once(side) {
  await new Promise((resolve) => setTimeout(resolve, pause_ms));
  side.times.push(await side.program.run());
  side.results.push(await side.program.result());
}

/** One line of the table for every candidate peer: alternating runs after one to warm up. */
async function measure(row) {
  const sides = [];
  try {
    for (const make of [row.ours, ...row.peers]) {
      const program = await make();
      sides.push({ program, times: [], results: [] });
      await program.prepare(row.work);
      await program.run();
    }
    for (let turn = 0; turn < runs; ++turn) {
      for (const side of sides) await run_once(side);
    }
  } finally {
    for (const side of sides) await side.program.close();
  }
  const [mine, ...others] = sides;
  // The peer is the candidate that is fastest here: which number of threads suits it is its affair.
  const best = others.reduce((a, b) => (median(b.times) < median(a.times) ? b : a));
  const ratios = mine.times.map((time, i) => best.times[i] / time).sort((a, b) => a - b);
  const checked = row.compare(mine.results, best.results);
  return {
    where: row.where, work: row.name, target: row.target, ours: mine.program.name,
    ours_s: median(mine.times), peer: best.program.name, peer_s: median(best.times),
    ratio: median(ratios), ratio_low: ratios[0], ratio_high: ratios.at(-1), runs,
    met: median(ratios) >= row.target, agree: checked.ok, agreement: checked.words,
  };
}

function seconds(value) {
  const [scale, unit] = value >= 1 ? [1, 's'] : value >= 1e-3 ? [1e3, 'ms'] : [1e6, 'us'];
  return `${(value * scale).toPrecision(3)} ${unit}`;
}

function line(row) {
  return [row.where.padEnd(8), row.work.padEnd(42), seconds(row.ours_s).padStart(8),
    seconds(row.peer_s).padStart(8), row.ratio.toPrecision(3).padStart(6),
    `${row.ratio_low.toPrecision(3)}..${row.ratio_high.toPrecision(3)}`.padStart(12),
    String(row.target).padStart(5), row.met ? 'met   ' : 'missed', `${row.peer}; ${row.agreement}`]
    .join('  ');
}

const quoted = (text) => (/[",]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

/** One row of a file of bench/results. */
function csv_row(row) {
  const exact = [row.ours_s, row.peer_s, row.ratio, row.ratio_low, row.ratio_high].map((value) => value.toPrecision(3));
  const [ours_s, peer_s, ...ratio] = exact;
  return [quoted(row.work), row.where, ours_s, quoted(row.peer), peer_s, ...ratio, row.target].join(',');
}

const for_people = !options.json && !options.csv;
const machine = `${os.cpus()[0].model}, ${cores} processors, load ${os.loadavg()[0].toFixed(1)}`;
const rows = [];
if (for_people) {
  console.log(`${machine}; medians of ${runs} alternating runs; ratio: peer's time / ours\n`);
  console.log(['where   ', 'work'.padEnd(42), '    ours', '    peer', ' ratio', '       range',
    ' want', '      ', 'peer and agreement'].join('  '));
}
const drive = options.native ? undefined : await import('./browser/drive.mjs');
try {
  const works = !drive ? native_works : [...native_works, ...await drive.browser_sides(root, cores,
    { same_numbers, same_recovery, same_training, same_curves, numpy, torch, one_or_all })];
  for (const row of works) {
    if (!`${row.where} ${row.work} ${row.name}`.includes(options.only)) continue;
    rows.push(await measure(row));
    if (for_people) console.log(line(rows.at(-1)));
  }
} finally {
  await drive?.close_browser();
}
if (options.json) console.log(JSON.stringify({ machine, runs, rows }, null, 1));
if (options.csv) {
  console.log('work,where,seconds,peer,peer_seconds,ratio,ratio_low,ratio_high,wanted');
  for (const row of rows) console.log(csv_row(row));
}
const wrong = rows.filter((row) => !row.agree);
for (const row of wrong) console.error(`lab: results disagree: ${row.work}: ${row.agreement}`);
process.exit(wrong.length ? 4 : 0);
