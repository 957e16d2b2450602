// Outputs of a finished run: the contract of CSV, JSON, tables, files and pipes.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  chmodSync, lstatSync, readFileSync, statSync, symlinkSync, writeFileSync,
} from 'node:fs';
import { test } from 'node:test';
import {
  assertDone, assertRefused, attnlab, canLimitMemory, files, inFolder, parseCsv, small, start, until,
} from './support/attnlab.mjs';

const contractColumns = ['model', 'target', 'degree', 'n', 'mean', 'std_error', 'trials'];

test('the same seed gives the same CSV bytes for any number of threads', () => {
  const csv = (threads, seed) =>
    assertDone(attnlab([...small.slice(0, -1), seed, '--trials', '4', '--format', 'csv', '--threads', threads]));
  assert.equal(csv('2', '7'), csv('1', '7'));
  assert.equal(csv('5', '7'), csv('1', '7'));
  assert.notEqual(csv('1', '8'), csv('1', '7'));
});

test('the CSV begins with the columns of the contract and has every required number', () => {
  const [header, ...rows] = parseCsv(assertDone(attnlab([...small, '--trials', '2', '--format', 'csv'])));
  assert.deepEqual(header.slice(0, 7), contractColumns);
  assert.equal(rows.length, 4 * 2);
  for (const row of rows) {
    assert.equal(row.length, header.length);
    assert.ok(['rfa', 'brfa', 'rf-invariant', 'rfmlp'].includes(row[0]));
    assert.ok(['16', '32'].includes(row[3]));
    assert.ok(Number(row[4]) > 0 && Number(row[5]) > 0);
    assert.equal(row[6], '2');
  }
});

test('the JSON document has the keys of the contract and the rows of the CSV', () => {
  const args = [...small, '--trials', '2'];
  const text = assertDone(attnlab([...args, '--format=json']));
  const document = JSON.parse(text);
  for (const key of ['attnlab', 'experiment', 'params', 'seed', 'build', 'tables', 'claims', 'jobs', 'elapsed_s']) {
    assert.ok(key in document, key);
  }
  assert.equal(document.attnlab, 1);
  assert.equal(document.experiment, 'rf-learning-curve');
  assert.equal(document.params.dim, 4);
  assert.deepEqual(document.params.samples, [16, 32]);
  assert.equal(document.seed, 7);
  for (const key of ['version', 'target', 'simd']) assert.ok(document.build[key].length > 0);
  assert.ok(document.jobs > 0 && document.elapsed_s > 0);
  for (const claim of document.claims) {
    assert.ok(claim.id && claim.statement && claim.evidence);
    assert.ok(['holds', 'fails', 'undecided', 'no-counterexample'].includes(claim.status));
  }
  const { columns, rows } = document.tables.test_error;
  assert.deepEqual(columns.slice(0, 7), contractColumns);
  const csv = parseCsv(assertDone(attnlab([...args, '--format', 'csv']))).slice(1);
  assert.deepEqual(rows.map((row) => row.map((cell) => String(cell ?? ''))),
    csv.map((row) => row.map((cell) => (cell === '' || isNaN(cell) ? cell : String(Number(cell))))));
});

test('--table names a table: its rows are those of the JSON, and the means are means of the trials', () => {
  const args = [...small, '--trials', '3'];
  const { tables } = JSON.parse(assertDone(attnlab([...args, '--format', 'json'])));
  assert.deepEqual(Object.keys(tables).at(-1), 'trials');
  for (const [name, { columns, rows }] of Object.entries(tables)) {
    const [header, ...csv] = parseCsv(assertDone(attnlab([...args, '--format', 'csv', '--table', name])));
    assert.deepEqual(header, columns);
    assert.equal(csv.length, rows.length);
    for (const [i, row] of csv.entries()) {
      assert.deepEqual(row.map((cell, c) => (typeof rows[i][c] === 'number' ? Number(cell) : cell || null)), rows[i]);
    }
  }
  const { columns, rows } = tables.trials;
  assert.deepEqual(columns.slice(0, 8), ['model', 'target', 'degree', 'n', 'trial', 'ridge', 'test_error', 'training_error']);
  const at = (name) => columns.indexOf(name);
  for (const [model, , , n, mean] of tables.test_error.rows) {
    const errors = rows.filter((row) => row[0] === model && row[3] === n).map((row) => row[at('test_error')]);
    assert.equal(errors.length, 3);
    const sum = errors.reduce((a, b) => a + b);
    assert.ok(Math.abs(sum / 3 - mean) <= 1e-15 * mean);
  }
  // The main table and the text for people stay as short as they were.
  assert.ok(!assertDone(attnlab(args)).includes('training error'));
  assertRefused(attnlab([...args, '--format', 'csv', '--table', 'trails']),
    2, [/unknown table "trails" for rf-learning-curve; did you mean "trials"\?/]);
  assertRefused(attnlab([...args, '--table', 'trials']), 2, [/table belongs to --format csv/]);
});

test('an svg shows the main figure or the named one; a wrong name is answered with the valid names', () => {
  const svg = (...words) => assertDone(attnlab(['run', 'icl-attention', '--format', 'svg', ...words]));
  const title = (text) => /<title>(.*?)<\/title>/.exec(text)[1];
  assert.equal(svg(), svg('--figure', 'prediction'));
  assert.match(title(svg('--figure', 'attention')), /Where does each head look/);
  assertRefused(attnlab(['run', 'icl-attention', '--format', 'svg', '--figure', 'attnetion']),
    2, [/unknown figure "attnetion" for icl-attention; did you mean "attention"\? It has: prediction, attention, error/]);
  assertRefused(attnlab(['run', 'icl-attention', '--figure', 'error']), 2, [/figure belongs to --format svg/]);
});

test('flags override a preset, in any order', () => {
  const tail = small.slice(2);
  const parameters = (words) =>
    JSON.parse(assertDone(attnlab(['run', ...words, ...tail, '--trials', '1', '--format', 'json']))).params;
  const before = parameters(['--models=rfa', 'rf-learning-curve', '--preset', 'mean-power-4']);
  assert.deepEqual(before.degree, [4]);
  assert.deepEqual(before.models, ['rfa']);
  assert.deepEqual(before.samples, [16, 32]);
  assert.deepEqual(parameters(['rf-learning-curve', '--preset=mean-power-4', '--models', 'rfa']), before);
});

test('the table joins estimate and error, aligns columns and judges claims', () => {
  const text = assertDone(attnlab([...small, '--trials', '3']));
  const signs = text.split('\n').filter((line) => /^r?b?rf\S+ .*mean-power.* ± .* 3 /.test(line))
    .map((line) => line.indexOf('±'));
  assert.equal(signs.length, 8);
  assert.ok(text.includes('±') && !/std_error|nan/.test(text));
  assert.match(text, /\nA2 (HOLDS|FAILS|UNDECIDED)  \S/);
});

test('a file gets the bytes of standard output, replaces the old one and leaves no other file', () =>
  inFolder((folder, path) => {
    const args = [...small, '--trials', '2', '--format', 'csv'];
    const expected = assertDone(attnlab(args));
    assert.equal(assertDone(attnlab([...args, '--out', path('new.csv')])), '');
    assert.equal(readFileSync(path('new.csv'), 'utf8'), expected);
    writeFileSync(path('old.csv'), 'old');
    chmodSync(path('old.csv'), 0o640);
    symlinkSync('old.csv', path('link.csv'));
    assertDone(attnlab([...args, '--out', 'link.csv'], { cwd: folder }));
    assert.equal(readFileSync(path('old.csv'), 'utf8'), expected);
    assert.equal(statSync(path('old.csv')).mode & 0o777, 0o640);
    assert.ok(lstatSync(path('link.csv')).isSymbolicLink());
    assert.deepEqual(files(folder), ['link.csv', 'new.csv', 'old.csv']);
  }));

test('the list names every experiment and parameter, and every experiment has help', () => {
  const { experiments } = JSON.parse(assertDone(attnlab(['list', '--json'])));
  const text = assertDone(attnlab(['list']));
  assert.ok(experiments.length > 0);
  for (const { id, parameters, presets } of experiments) {
    const help = assertDone(attnlab(['run', id, '--help']));
    assert.ok(text.includes(id));
    for (const { name } of parameters) {
      assert.match(text, new RegExp(`^  ${name} `, 'm'));
      assert.match(help, new RegExp(`^  --${name} `, 'm'));
    }
    for (const { name } of presets) assert.ok(help.includes(name) && text.includes(name));
  }
});

test('the list shows one experiment alone', () => {
  const text = assertDone(attnlab(['list', 'rf-heads']));
  assert.match(text, /^rf-heads\n/);
  assert.ok(assertDone(attnlab(['list'])).includes(`\n${text}`));
  assert.doesNotMatch(text, /^(?!rf-heads)\S/m);
  const { experiments } = JSON.parse(assertDone(attnlab(['list', '--json'])));
  assert.deepEqual(JSON.parse(assertDone(attnlab(['list', 'rf-heads', '--json']))),
    experiments.find(({ id }) => id === 'rf-heads'));
});

test('help and version exit with code 0', () => {
  for (const args of [['--help'], ['-h'], ['run', '--help'], ['list', '--help'], ['bench', '--help']]) {
    assert.match(assertDone(attnlab(args)), /Usage: attnlab/);
  }
  assert.match(assertDone(attnlab(['--version'])), /^attnlab \d+\.\d+\.\d+ \(.+\)\n\d+ threads? by default: .+\n$/);
});

test('the self-check passes within 20 s', () => {
  const begin = performance.now();
  assert.match(assertDone(attnlab(['selftest'])), /kernels|products/);
  const seconds = (performance.now() - begin) / 1000;
  assert.ok(seconds < 20, `it took ${seconds} s`);
});

test('the program uses no network functions', () => {
  const program = process.env.ATTNLAB_BIN ?? process.argv[2];
  const wanted = spawnSync('nm', ['--dynamic', '--undefined-only', program], { encoding: 'utf8' });
  assert.equal(wanted.status, 0, wanted.stderr);
  assert.match(wanted.stdout, / U write/);
  assert.doesNotMatch(wanted.stdout, / U (socket|connect|bind|getaddrinfo|gethostby\w+)(@|$)/m);
});

test('a closed pipe is no error, a full disk is one', () => {
  const program = process.env.ATTNLAB_BIN ?? process.argv[2];
  const gone = spawnSync('bash', ['-c', '{ sleep 0.2; "$0" list; echo "code $?" >&2; } | true', program],
    { encoding: 'utf8' });
  assert.equal(gone.stderr, 'code 0\n');
  const full = spawnSync('bash', ['-c', '"$0" list > /dev/full', program], { encoding: 'utf8' });
  assertRefused({ code: full.status, out: full.stdout, err: full.stderr }, 3, [/standard output/]);
});

test('jobs that do not fit into memory together run one after the other',
  { skip: !canLimitMemory() }, async () => {
    const args = ['run', 'rf-learning-curve', '--samples', '16384', '--trials', '1', '--threads', '2'];
    const [, need] = attnlab(args, { limitKb: 500000 }).err.match(/one job needs ([\d.]+) GB/);
    const { child, texts, ended } = start(args, { limitKb: Math.round(1.5e6 * need / 0.9) });
    await until(() => texts.err.includes('\n'), 'the remark on standard error');
    assert.match(texts.err, /^attnlab: runs 1 instead of 2 jobs at the same time/);
    child.kill('SIGINT');
    assert.equal((await ended).code, 130);
  });
