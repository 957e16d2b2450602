// `attnlab extract` with programs that round their answers: what is inside is found to what the rounding leaves, and
// the report says to what.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { assertDone, attnlab } from './support/attnlab.mjs';

const box = fileURLToPath(new URL('support/box.mjs', import.meta.url));

function extract(kind, dim, how, ...more) {
  const cmd = `exec node '${box}' ${kind} ${dim} round ${how}`;
  const words = ['extract', '--oracle-cmd', cmd, '--dim', String(dim), '--format', 'json', ...more];
  const document = JSON.parse(assertDone(attnlab(words)));
  const objects = (name) => document.tables[name].rows.map((row) =>
    Object.fromEntries(document.tables[name].columns.map((column, i) => [column, row[i]])));
  const row = objects('recovery')[0];
  return { claim: document.claims[0], row, value: objects('value'), weight: objects('weight') };
}

const truth_of = (kind, dim) =>
  JSON.parse(spawnSync('node', [box, kind, String(dim), 'truth'], { encoding: 'utf8' }).stdout);
const size = (numbers) => Math.sqrt(numbers.reduce((sum, x) => sum + x * x, 0) / numbers.length);

/** Root mean square errors of the entries, and what the report says they are. */
function errors({ row, value, weight }, truth) {
  const said = row.evidence.match(/entry of W is known to about (\S+), and of v to about (\S+) /);
  assert.ok(said, row.evidence);
  const gaps_w = weight.map((entry) => entry.value - truth.W[entry.row - 1][entry.column - 1]);
  const gaps_v = value.map((entry) => entry.value - truth.v[entry.index - 1]);
  return { w: size(gaps_w), said_w: Number(said[1]), v: size(gaps_v), said_v: Number(said[2]) };
}

const errors_or_none = (found, truth) => (found.row.status === 'recovered' ? errors(found, truth) : undefined);

/** The stated accuracy bounds the error, and not carelessly. */
const bounded = ({ w, said_w, v, said_v }) => w <= said_w && v <= said_v && said_w < 12 * w;

// W to far more digits than the answers have, from longer probes (steps) or shifted ones (floating point).
for (const [name, how, grain, worst_w, worst_v] of [
  ['a program that prints %.4f is recovered', 'decimals:4', /rounded to 4 decimals/, 1e-9, 1e-10],
  ['a program that answers with multiples of 0.05 is recovered', 'step:0.05', /multiples of 0\.05/, 1e-6, 1e-7],
  ['a program that prints %.6g is recovered', 'digits:6', /6 significant digits/, 1e-13, 1e-6],
  ['a program that prints %.3g is recovered', 'digits:3', /3 significant digits/, 1e-10, 1e-4],
  ['a program that prints float32 is recovered', 'float32', /single-precision numbers \(float32\)/, 1e-13, 1e-7],
  ['a program that prints bfloat16 is recovered', 'bfloat16', /bfloat16/, 1e-10, 1e-4],
  ['a program that prints %.4f in a line of 20,000 letters is recovered', 'decimals:4+long',
    /rounded to 4 decimals/, 1e-9, 1e-10],
  ['a program that prints float32 in a line of 20,000 letters is recovered', 'float32+long', /float32/, 1e-13, 1e-7]]) {
  test(name, () => { // to what the rounding leaves, and the report says so
    for (const dim of [2, 4, 9]) {
      const found = extract('head', dim, how);
      assert.equal(found.row.status, 'recovered', found.row.evidence);
      assert.match(found.row.evidence, grain);
      assert.equal(found.claim.status, 'holds');
      const error = errors(found, truth_of('head', dim));
      assert.ok(error.w < worst_w && error.v < worst_v, JSON.stringify(error));
      // At the last digits of a double many times the error is one digit.
      const digits_end = error.w <= error.said_w && error.said_w < 2e-14;
      assert.ok(bounded(error) || digits_end, JSON.stringify(error));
    }
  });
}

// Two grains one after the other, an unusual one, and a box that works in float32.
for (const [name, kind, how, grain] of [
  ['a program that prints %.6f of a float32 is recovered to the stated accuracy',
    'head', 'float32/decimals:6', /\(float32\) rounded to 6 decimals/],
  ['a program that prints %.3f of a float16 is recovered to the stated accuracy',
    'head', 'float16/decimals:3', /\(float16\) rounded to 3 decimals/],
  ['a program that prints %.4g of 4 decimals is recovered to the stated accuracy',
    'head', 'decimals:4/digits:4', /4 significant digits and to 4 decimals/],
  ['a program that prints the first 16 bits is recovered to the stated accuracy',
    'head', 'bits:16', /numbers of 16 significant bits/],
  ['a program that prints float32, and computes in it is recovered to the stated accuracy',
    'float32', 'float32', /\(float32\)/],
  ['a program that prints %.6f, and computes in float32 is recovered to the stated accuracy',
    'float32', 'decimals:6', /\(float32\) rounded to 6 decimals/],
  ['a program that prints %.6g, and computes in float32 is recovered to the stated accuracy',
    'float32', 'digits:6', /6 significant digits/]]) {
  test(name, () => { // and the stated bounds hold
    for (const dim of [2, 3, 6]) {
      const found = extract(kind, dim, how);
      assert.equal(found.row.status, 'recovered', found.row.evidence);
      assert.match(found.row.evidence, grain);
      assert.match(found.row.evidence, /64 fresh questions in other directions agree/);
      const error = errors(found, truth_of(kind, dim));
      assert.ok(bounded(error) || (error.w < error.said_w && error.said_w < 2e-14), JSON.stringify(error));
    }
  });
}

test('a program whose values are below its step is recovered from long tokens', () => {
  for (const dim of [2, 3, 5]) {
    for (const [kind, how] of [['small-value', 'decimals:2'], ['small-value', 'decimals:4'], ['head', 'trunc:0'],
      ['head', 'floor:0']]) {
      const found = extract(kind, dim, how);
      const where = `${kind} ${dim} ${how}: ${found.row.evidence}`;
      assert.doesNotMatch(found.row.evidence, /v = 0|no single softmax head/, where);
      const error = errors_or_none(found, truth_of(kind, dim));
      // Whole numbers may be too coarse to tell boxes apart; what is said is true.
      if (!error) assert.match(found.row.evidence, /so coarse that boxes of other kinds/, where);
      else assert.ok(error.w < 1e-4 && error.v < 1e-4, `${where} ${JSON.stringify(error)}`);
    }
  }
});

test('a program that computes in float32 and prints two decimals is recovered', () => {
  for (const dim of [2, 3, 4]) {
    const found = extract('float32', dim, 'decimals:2');
    assert.equal(found.row.status, 'recovered', found.row.evidence);
    const error = errors(found, truth_of('float32', dim));
    assert.ok(bounded(error), JSON.stringify(error));
  }
});

test('a program whose softmax does not subtract the largest logit is recovered where its answers are rounded', () => {
  for (const dim of [2, 4, 9]) {
    for (const how of ['decimals:4', 'decimals:2', 'step:0.05', 'digits:3', 'float32', 'bfloat16', 'float16/decimals:3']) {
      const found = extract('overflow', dim, how);
      assert.equal(found.row.status, 'recovered', found.row.evidence);
      const error = errors(found, truth_of('overflow', dim));
      assert.ok(bounded(error) || (error.w < error.said_w && error.said_w < 2e-14), JSON.stringify(error));
    }
  }
});

for (const how of ['decimals:4', 'digits:6', 'float32', 'bfloat16']) {
  // Two or three digits hide by which rule two heads differ from one, not that they do.
  const two_heads = how === 'bfloat16' ? /does not explain/ : /more than one head/;
  for (const [kind, evidence] of [['two-heads', two_heads], ['positions', /order/],
    ['residual', /bypasses the attention/], ['network', /network follows/]]) {
    test(`a program with ${kind} whose answers are ${how} is not a match, and the evidence says why`, () => {
      const { row } = extract(kind, 4, how);
      assert.equal(row.status, 'not-a-match', row.evidence);
      assert.match(row.evidence, evidence);
    });
  }
}

test('a program whose grain shows only in the answers to the learner is recovered', () => {
  const found = extract('head', 8, 'bits:12/decimals:1');
  assert.equal(found.row.status, 'recovered', found.row.evidence);
  const error = errors(found, truth_of('head', 8));
  assert.ok(bounded(error), JSON.stringify(error));
});

test('a program of rank 2 whose answers are rounded is found to have rank 2', () => {
  for (const how of ['decimals:4', 'digits:6', 'float32']) {
    const found = extract('rank-two', 8, how, '--method', 'low-rank');
    assert.equal(found.row.status, 'recovered', found.row.evidence);
    assert.equal(found.row.rank, 2, found.row.evidence);
    const error = errors(found, truth_of('rank-two', 8));
    assert.ok(bounded(error), JSON.stringify(error));
  }
});

test('the search for the kinks of a network is not made where answers are rounded', () => {
  const { row } = extract('network', 3, 'decimals:4', '--method', 'transformer');
  assert.equal(row.status, 'budget-exhausted');
  assert.match(row.evidence, /rounded to 4 decimals; the search for the kinks of a network needs exact answers/);
  assert.ok(row.queries < 200, String(row.queries));
});

test('a program that answers in bfloat16 and has large weights is recovered, because shifted probes show W', () => {
  const found = extract('large-weight', 4, 'bfloat16');
  assert.equal(found.row.status, 'recovered', found.row.evidence);
  const error = errors(found, truth_of('large-weight', 4));
  assert.ok(bounded(error), JSON.stringify(error));
});

test('numbers that are said to differ never look alike', () => {
  for (const kind of ['two-heads', 'positions', 'residual', 'network', 'noise']) {
    const { row } = extract(kind, 4, 'exact');
    const number = '(-?[\\d.e-]+)';
    const numbers = [`answered ${number} and ${number}:`, `answered ${number}, not the sum ${number} of`,
      `must be ${number}, not ${number}:`, `to ${number}, not to twice that, ${number}:`]
      .map((pattern) => row.evidence.match(new RegExp(pattern))).find(Boolean);
    assert.ok(numbers, row.evidence);
    assert.notEqual(numbers[1], numbers[2], row.evidence);
  }
});
