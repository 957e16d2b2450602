// `attnlab extract --method logits` with real programs: hidden sizes, refusals and logs.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { assertDone, assertRefused, attnlab, inFolder } from './support/attnlab.mjs';

const box = fileURLToPath(new URL('support/logit_box.mjs', import.meta.url));
const dim = 5, hidden = 8, logits = 24;
const command = (norm, how, ...fault) =>
  `exec node '${box}' ${dim} ${hidden} ${logits} ${norm} ${how} ${fault.join(' ')}`;
const words = (cmd, ...more) => ['extract', '--oracle-cmd', cmd, '--dim', String(dim), '--method', 'logits',
  '--logits', String(logits), ...more];

function extract(cmd, ...more) {
  const asked = more.includes('--queries') ? more : ['--queries', '40', ...more];
  const document = JSON.parse(assertDone(attnlab(words(cmd, '--format', 'json', ...asked))));
  const objects = (name) => document.tables[name].rows.map((row) =>
    Object.fromEntries(document.tables[name].columns.map((column, i) => [column, row[i]])));
  return { document, row: objects('recovery')[0], values: objects('singular_values'), space: objects('column_space') };
}

const dot = (a, b) => a.reduce((sum, x, i) => sum + x * b[i], 0);

/** Largest part of the unit columns of U, for layer norm minus their mean column, outside of the space found. */
function outside(space, rank, norm) {
  const basis = Array.from({ length: rank }, () => Array(logits).fill(0));
  for (const { row, column, value } of space) basis[column - 1][row - 1] = value;
  const U = JSON.parse(spawnSync('node', [box, dim, hidden, logits, norm, 'exact', 'truth'].map(String),
    { encoding: 'utf8' }).stdout);
  if (norm === 'layer') {
    for (const row of U) {
      const mean = row.reduce((a, b) => a + b) / hidden;
      row.forEach((x, j) => { row[j] = x - mean; });
    }
  }
  return Math.max(...U[0].map((_, j) => {
    const column = U.map((row) => row[j]);
    const length = Math.sqrt(dot(column, column));
    const rest = basis.reduce((left, q) => left.map((x, i) => x - dot(q, column) * q[i]), column);
    return Math.sqrt(dot(rest, rest)) / length;
  }));
}

for (const norm of ['rms', 'layer']) {
  for (const how of ['exact', 'digits:6', 'bfloat16', 'float32']) {
    test(`a program with ${norm} norm that answers ${how} logits shows its hidden size`, () => {
      const { row, space, document } = extract(command(norm, how), '--norm', norm);
      assert.equal(row.status, 'recovered', row.evidence);
      assert.equal(row.rank, norm === 'rms' ? hidden : hidden - 1);
      assert.equal(row.hidden_found, hidden);
      assert.equal(row.queries, 40);
      assert.equal(document.claims[0].status, 'holds');
      const gap = outside(space, row.rank, norm);
      // A column of U of unit length may be a small part of it: ten times the bound is allowed.
      assert.ok(gap < 10 * row.accuracy, `${gap} against ${row.accuracy}`);
      if (how === 'exact') assert.ok(gap < 1e-12, String(gap));
    });
  }
}

test('a program that answers one digit is undecided, and the evidence has the numbers', () => {
  const { row, space, document } = extract(command('rms', 'digits:1'));
  assert.equal(row.status, 'noise-hides-it');
  assert.equal(row.hidden_found, null);
  assert.match(row.evidence, /is only [\d.]+ times as large and not [\d.]+/);
  assert.equal(space.length, 0);
  assert.equal(document.claims[0].status, 'undecided');
});

test('with fewer questions than the hidden size no size is said', () => {
  const { row } = extract(command('rms', 'exact'), '--queries', '6');
  assert.equal(row.status, 'too-few-answers');
  assert.equal(row.hidden_found, null);
});

for (const fault of ['short', 'long', 'null', 'nan', 'infinite', 'text', 'nested', 'number', 'empty']) {
  test(`an answer that is no list of ${logits} numbers (${fault}) ends the run with one sentence`, () =>
    inFolder((folder, path) => {
      assertRefused(attnlab(words(command('rms', 'exact', fault, 5), '--log', path('log'))), 4,
        [/answer 6 must be one line \{"y": \[\.\.\.\]\} with a list of 24 finite numbers, not/, /5 answers are kept/]);
      assert.equal(readFileSync(path('log'), 'utf8').trimEnd().split('\n').length, 1 + 5);
    }));
}

test('a list where one number is wanted ends the run with one sentence', () => {
  assertRefused(attnlab(['extract', '--oracle-cmd', command('rms', 'exact'), '--dim', String(dim)]), 4,
    [/answer 1 must be one line \{"y": NUMBER\} with a finite number, not/]);
});

test('an interrupted run goes on from its log, to the same result', () => inFolder((folder, path) => {
  const csv = ['--format', 'csv'];
  const whole = assertDone(attnlab(words(command('rms', 'exact'), ...csv)));
  assert.equal(attnlab(words(command('rms', 'exact', 'exit', 7), '--log', path('log'))).code, 4);
  const replay = ['--replay', path('log'), '--log', path('copy')];
  assert.equal(assertDone(attnlab(words(command('rms', 'exact'), ...csv, ...replay))), whole);
  assert.equal(readFileSync(path('copy'), 'utf8').trimEnd().split('\n').length, 1 + 64);
  // Not from a log of one number an answer.
  const log = readFileSync(path('copy'), 'utf8').replace(/"y": \[[^\]]*\]/, '"y": 1');
  const { out } = spawnSync('sh', ['-c', `cat > '${path('other')}'`], { input: log });
  assert.equal(out, undefined);
  assertRefused(attnlab(words(command('rms', 'exact'), '--replay', path('other'))), 2,
    [/line 2 of --replay .* has "1" for an answer, not a list of 24 finite numbers/]);
}));

test('flags that do not belong together are refused', () => {
  const cmd = command('rms', 'exact');
  const refused = (args, pattern) => assertRefused(attnlab(['extract', '--oracle-cmd', cmd, ...args]), 2, [pattern]);
  refused(['--dim', '5', '--method', 'logits'], /--method logits needs --logits, the numbers in an answer: 2 to 4096/);
  refused(['--method', 'logits', '--logits', '24'], /extract needs --dim/);
  refused(['--dim', '5', '--method', 'logits', '--logits', '1'], /logits must be 2 to 4096, not/);
  refused(['--dim', '5', '--method', 'logits', '--logits', '24', '--rank', '2'], /rank belongs to --method low-rank/);
  for (const flag of ['logits', 'queries']) refused(['--dim', '5', `--${flag}`, '24'], /belongs to --method logits/);
  refused(['--dim', '5', '--norm', 'layer'], /norm belongs to --method logits/);
  refused(['--dim', '5', '--method', 'logit'], /single, low-rank, transformer/);
});
