// The smallest and most extreme runs of family A end with numbers, or with a sentence that names the ridge parameter
// or target that made them impossible; no cell is NaN, and no row is missing without a note.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertDone, assertRefused, attnlab } from './support/attnlab.mjs';

const base = ['--trials', '2', '--test-samples', '64', '--format', 'json', '--quiet'];
const tiny = ['--dim', '1', '--keys', '1', '--heads', '1', '--degree', '1'];
const models = 'rfa,brfa,rf-invariant,rfmlp,rfmlp-augmented,rfa-softmax,brfa-softmax,rfa-exp,brfa-exp,' +
  'rfa-kernel,brfa-kernel,invariant-kernel,rfmlp-kernel';

const run = (args) => JSON.parse(assertDone(attnlab(['run', ...args, ...base])));

/** Every estimate of the main table is a finite number, and there are as many rows as expected. */
function assertNumbers({ tables: { test_error: { columns, rows } } }, count) {
  const mean = columns.indexOf('mean');
  assert.equal(rows.length, count);
  for (const row of rows) assert.ok(Number.isFinite(row[mean]) && row[mean] >= 0, row.join());
}

const cases = {
  'one dimension, one key, one head, one sample': [[...tiny, '--samples', '1,2'], 2],
  'one key': [['--dim', '4', '--keys', '1', '--heads', '8', '--samples', '4,64'], 2],
  'more features than samples': [['--dim', '6', '--keys', '4', '--heads', '64', '--samples', '3,20'], 2],
  'more samples than features': [['--dim', '3', '--keys', '4', '--heads', '2', '--samples', '7,9,100'], 3],
};
for (const [name, [args, sizes]] of Object.entries(cases)) {
  for (const ridge of ['oracle', 'validation', '0.001']) {
    test(`${name}, ridge ${ridge}: every model gives numbers`, () => {
      const result = run(['rf-learning-curve', ...args, '--models', models, '--ridge', ridge]);
      assertNumbers(result, models.split(',').length * sizes);
    });
  }
}

test('every target can be learned from at every degree', () => {
  const targets = 'mean-power,correlation-value,correlation-power,matrix-correlation,mean-cosine,' +
    'correlation-cosine,query-power,maximum';
  const result = run(['rf-learning-curve', '--dim', '3', '--keys', '3', '--heads', '8', '--target', targets,
    '--degree', '1,2,3,4,5,6', '--frequency', '0.1,64', '--samples', '30', '--models', 'rfa']);
  assertNumbers(result, 5 * 6 + 2 * 2 + 1);
});

test('a ridge too small to factorise is named, with the model and the sizes that lost their rows', () => {
  // Tokens of dimension 1 are +1 or -1: beyond 14 different samples the kernel matrix is rounding.
  const { tables, notes, claims } = run(['rf-learning-curve', '--dim', '1', '--keys', '6', '--heads', '100',
    '--degree', '1', '--models', 'rfa', '--samples', '2,60,100', '--ridge', '1e-12']);
  const sizes = tables.test_error.rows.map((row) => row[3]);
  for (const n of [60, 100]) {
    if (sizes.includes(n)) continue;
    assert.ok(notes.some((note) => note.includes(`${n}`) && note.includes('1e-12')), notes.join());
  }
  assert.ok(!JSON.stringify(tables).includes('NaN') && claims.length > 0);
});

test('a target that is constant on the sphere of one dimension is refused by name', () => {
  const args = ['run', 'rf-learning-curve', ...tiny.slice(0, -1), '2', '--samples', '4'];
  assertRefused(attnlab(args), 2, [/degree/, /dim 1/, /constant/]);
});
