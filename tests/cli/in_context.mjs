// Family C at the ends of its ranges: every extreme gives finite numbers or is refused with one sentence that names
// the parameter.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertDone, assertRefused, attnlab, inFolder } from './support/attnlab.mjs';

const risk = ['run', 'icl-risk', '--prompts', '200', '--heads', '1,2,8', '--quiet'];
const scenarios = ['run', 'icl-scenarios', '--prompts', '200', '--heads', '1,2', '--prompt-length', '6',
  '--quiet'];
const training = ['run', 'icl-training', '--steps', '20', '--batch', '16', '--prompts', '1000', '--quiet'];
const embedding = ['run', 'icl-embedding', '--steps', '20', '--batch', '16', '--prompts', '1000',
  '--quiet'];
const diversity = ['run', 'icl-diversity', '--dim', '2', '--trials', '2', '--test-prompts', '10', '--quiet'];
const attention = ['run', 'icl-attention', '--quiet'];

const computed = {
  'one example in one dimension': [...risk, '--dim', '1', '--prompt-length', '1'],
  'one example in five dimensions': [...risk, '--prompt-length', '1'],
  'no noise': [...risk, '--prompt-length', '1,5,6,7', '--noise', '0'],
  'the largest noise': [...risk, '--prompt-length', '1,5,6,7', '--noise', '100'],
  'correlation 0 and 0.99': [...scenarios, '--setting', 'correlation', '--value', '0,0.99'],
  'correlation in one dimension': [...scenarios, '--dim', '1', '--setting', 'correlation',
    '--value', '0.99'],
  'radius 0': [...scenarios, '--setting', 'local', '--value', '0'],
  'radius 0 with noise': [...scenarios, '--setting', 'local', '--value', '0', '--noise', '0.5'],
  'the largest radius': [...scenarios, '--setting', 'local', '--value', '10'],
  'no prior mean and a large one': [...scenarios, '--setting', 'prior', '--value', '0,10'],
  'training on one example in one dimension': [...training, '--dim', '1', '--prompt-length', '1',
    '--heads', '1,8'],
  'training with the largest noise': [...training, '--noise', '100', '--heads', '1,2'],
  'more heads than embedding dimensions beside fewer': [...embedding, '--heads', '1,8',
    '--embedding', '2,8'],
  'one task, one example, one prompt': [...diversity, '--kappa', '0.5', '--alpha', '0.5', '--tau', '0.25'],
  'one task without noise': [...diversity, '--kappa', '0.5', '--noise', '0', '--tau', '1,1.25,1.5,100'],
  'tasks of the largest noise': [...diversity, '--kappa', '0.5,100', '--noise', '100', '--tau', '1.5'],
  'the largest ridge parameter': [...diversity, '--kappa', '1', '--alpha', '100', '--ridge', '1000'],
  'one example in the picture': [...attention, '--examples', '0,0', '--query', '0,0', '--theta', '0,0'],
  'heads of scale 0': [...attention, '--scales', '0,0,0,0'],
  'heads of the largest scales': [...attention, '--scales', '4,-4,4,-4', '--noise', '4',
    '--query', '3,-3'],
};

for (const [name, words] of Object.entries(computed)) {
  test(`${name} gives finite numbers`, () => {
    const document = JSON.parse(assertDone(attnlab([...words, '--format', 'json'])));
    const { columns, rows } = document.tables.risk ?? document.tables.gap;
    assert.ok(rows.length > 0);
    for (const row of rows) {
      const value = row[columns.indexOf(document.tables.risk ? 'risk' : 'error_new')];
      assert.ok(Number.isFinite(value) && value >= -1e-6, `risk ${value} in ${row}`);
    }
  });
}

const refused = {
  'no example': [[...risk, '--prompt-length', '0'], [/prompt-length.*1 to \d+, not 0/]],
  'dimension 0': [[...risk, '--dim', '0'], [/\bdim must be 1 to \d+, not 0/]],
  'fewer than one task': [[...diversity, '--kappa', '0.4'],
    [/kappa must be at least 0\.5 with dim 2, not 0\.4: fewer than one task/]],
  'fewer than one prompt': [[...diversity, '--kappa', '1', '--tau', '0.2'], [/tau must be at least 0\.25 with dim 2, not 0\.2/]],
  'negative noise': [[...risk, '--noise', '-1'], [/noise must be 0 to 100, not -1/]],
  'correlation 1': [[...scenarios, '--setting', 'correlation', '--value', '1'],
    [/value must be 0 to 0\.99 with setting correlation, not 1/]],
  'a negative radius': [[...scenarios, '--setting', 'local', '--value', '-1'], [/\bvalue\b.*-1/]],
  'too large a radius': [[...scenarios, '--setting', 'local', '--value', '11'],
    [/value must be .* with setting local, not 11/]],
  'more heads than any embedding has dimensions': [[...embedding, '--heads', '8', '--embedding', '2,4'],
    [/heads must be/, /embedding/]],
  'heads 0': [[...training, '--heads', '0'], [/heads.*1 to 8, not 0/]],
  'half a point': [[...attention, '--examples', '1,2,3'],
    [/examples must be 2 to 32 values in order \(groups of 2\), each -3 to 3, not 3 entries/]],
  'a query outside the plane': [[...attention, '--query', '1,4'], [/query: entry 2 must be -3 to 3, not 4/]],
  'five heads in the picture': [[...attention, '--scales', '1,1,1,1,1'],
    [/scales may have at most 4 entries, not 5/]],
};

for (const [name, [words, patterns]] of Object.entries(refused)) {
  test(`${name} is refused`, () => assertRefused(attnlab(words), 2, patterns));
}

test('a live experiment ends at once, is repeatable, and uses the order of its tuples', () =>
  inFolder((cwd) => {
    const csv = [...attention, '--format', 'csv'];
    const first = assertDone(attnlab(csv, { cwd }));
    assert.equal(assertDone(attnlab([...csv, '--threads', '7'], { cwd })), first);
    const one = JSON.parse(assertDone(attnlab([...attention, '--scales', '0.5,-0.2', '--format', 'json'])));
    assert.deepEqual(one.params.scales, [0.5, -0.2]);
    assert.deepEqual(one.tables.heads.rows.map((row) => row[1]), [0.5, -0.2]);
    assert.equal(one.jobs, 0);
  }));
