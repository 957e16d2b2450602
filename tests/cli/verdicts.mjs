// Verdicts that were once wrong, with the commands that showed it. The tests compare verdicts and sentences, not
// numbers. Over seeds, a true statement gets the verdict "fails" with a probability of 2.5 %, so seeds are fixed.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { attnlab, inFolder } from './support/attnlab.mjs';

const common = ['--ridge', 'oracle', '--test-samples', '300'];

function claims(experiment, ...flags) {
  const result = attnlab(['run', experiment, ...flags, ...common, '--format', 'json', '--quiet']);
  assert.equal(result.code, 0, result.err);
  return JSON.parse(result.out);
}

const claimOf = (document, id) => document.claims.find((claim) => claim.id === id);

const easy = ['--dim', '6', '--keys', '2', '--heads', '100', '--degree', '1', '--models', 'rfa,rfmlp',
  '--samples', '8,16,32,64,128'];

test('a curve below 0.5 at the smallest n does not refute "needs fewer samples"', () => {
  for (const seed of [1, 2, 3, 4, 5]) {
    const claim = claimOf(claims('rf-learning-curve', ...easy, '--trials', '5', '--seed', `${seed}`), 'A2');
    assert.notEqual(claim.status, 'fails', claim.evidence);
  }
  const many = claimOf(claims('rf-learning-curve', ...easy, '--trials', '200', '--seed', '2'), 'A2');
  assert.notEqual(many.status, 'fails', many.evidence);
  assert.ok(many.status === 'holds' || /smaller n/.test(many.evidence), many.evidence);
  assert.match(many.judged, /^Level 5 % over 1 comparison, differences paired by trial, smallest difference of interest 5 % of the samples\. /);
});

test('a lead that has vanished leaves "beats zero mean" undecided', () => {
  for (const seed of ['16', '19']) {
    const claim = claimOf(claims('rf-learning-curve', '--target', 'correlation-value', '--degree', '1',
      '--dim', '4', '--keys', '3', '--heads', '60', '--bias-scale', '1', '--models', 'rfa,brfa',
      '--samples', '16,32,67', '--trials', '40', '--seed', seed), 'A4');
    assert.notEqual(claim.status, 'fails', claim.evidence);
    assert.match(claim.statement, /certain natural target functions/);
  }
});

test('neighbouring numbers of heads do not level off, whatever the number of trials', () => {
  const heads = ['--dim', '4', '--keys', '3', '--heads', '10,11', '--samples', '128'];
  const blind = claimOf(claims('rf-heads', ...heads, '--models', 'rfa', '--trials', '400'), 'A1');
  assert.equal(blind.status, 'undecided');
  assert.match(blind.evidence, /at most half the largest/);
  const limit = claimOf(
    claims('rf-heads', ...heads, '--models', 'rfa,rfa-kernel', '--trials', '40'), 'A1');
  assert.equal(limit.status, 'undecided');
  assert.match(limit.evidence, /more heads can still help/);
});

test('with one trial, the samples needed have no interval', () => {
  const document = claims('rf-learning-curve', ...easy, '--trials', '1');
  const { columns, rows } = document.tables.samples_needed;
  const [low, high, status] = ['low', 'high', 'status'].map((name) => columns.indexOf(name));
  const reached = rows.filter((row) => row[status] === 'reached');
  assert.ok(reached.length > 0);
  for (const row of reached) {
    assert.equal(row[low], 0);
    assert.equal(row[high], null);
  }
});

test('a finite n does not refute "learns" while the error falls', () => {
  const claim = claimOf(claims('rf-complexity', '--target', 'mean-power', '--degree', '3', '--dim', '4',
    '--keys', '3', '--heads', '60', '--samples', '8,16,32', '--models', 'rfa', '--trials', '20'), 'A3');
  assert.notEqual(claim.status, 'fails', claim.evidence);
});

test('several comparisons share one level, and the claim says how many there are', () => {
  const length = claimOf(claims('rf-length', '--dim', '4', '--keys', '1,2,4', '--heads', '20',
    '--samples', '16,32,64', '--models', 'rfa,rfmlp', '--trials', '5'), 'A2');
  assert.match(length.judged, /^Level 5 % over 3 comparisons \(Holm\)/);
  const degrees = claimOf(claims('rf-complexity', '--target', 'mean-power', '--degree', '1,2,3',
    '--dim', '4', '--keys', '3', '--heads', '20', '--samples', '16,32,64', '--models', 'rfa',
    '--trials', '5'), 'A5');
  assert.match(degrees.judged, /^Level 5 % over 2 comparisons \(Holm\)/);
});

test('selftest --claims measures a setting, keeps its verdicts and continues from them', async () => {
  await inFolder(async (_, path) => {
    const file = path('verdicts');
    const flags = ['selftest', '--claims', 'A1', '--setting', '1', '--format', 'csv', '--resume', file];
    const first = attnlab([...flags, '--seeds', '3']);
    assert.equal(first.code, 0, first.err);
    assert.match(first.out, /^experiment,setting,claim,seeds,holds,fails,decided,more_data,/);
    assert.match(first.out, /rf-heads,"small, levels off",A1,3,/);
    const again = attnlab([...flags, '--seeds', '3', '--threads', '1']);
    assert.equal(again.out, first.out);
    assert.match(attnlab([...flags, '--seeds', '4']).out, /,A1,4,/);
    const kept = readFileSync(file, 'utf8');
    assert.equal(kept.split('\n').length, 6, 'one line a run: four seeds and the large run');
    assert.match(kept, /&test-samples=300&trials=5&.*&seed=/, 'defaults are named, too');
    // As of a program that did not have the last parameter: its default was what it did.
    writeFileSync(file, kept.replace(/&[^&]*(&seed=)/g, '$1'));
    const counted = attnlab([...flags, '--seeds', '4', '--kept']);
    assert.match(counted.out, /,A1,4,/);
    assert.equal(readFileSync(file, 'utf8').split('\n').length, 6);
    writeFileSync(file, kept.replace(/&trials=\d+/g, '&trials=7'));
    assert.match(attnlab([...flags, '--seeds', '4', '--kept']).out, /"small, levels off","",0,/, 'another default is another run');
    writeFileSync(file, kept);
    writeFileSync(file, kept.slice(0, -3)); // torn in its last line
    assert.match(attnlab([...flags, '--seeds', '4']).out, /,A1,4,/);
    for (const text of ['a diary\n', 'a diary']) {
      writeFileSync(file, text);
      const refused = attnlab([...flags, '--seeds', '1']);
      assert.equal(refused.code, 2);
      assert.match(refused.err, /--resume ".*" cannot be used: it is not a file of verdicts/);
      assert.equal(readFileSync(file, 'utf8'), text);
    }
    assert.match(attnlab([...flags.slice(0, -1), path('.')]).err, /it is not a regular file/);
  });
  assert.match(attnlab(['selftest', '--claims', 'Z9']).err, /claims must be one of all, A1, /);
  assert.match(attnlab(['selftest', '--claims', '']).err, /claims must be one of all, A1, .*, not ""/);
  assert.match(attnlab(['selftest', '--claims', 'A1', '--setting', '9']).err, /setting must be 1 to \d, not "9"/);
  assert.match(attnlab(['selftest', '--claims', 'A1', '--kept']).err, /--kept needs a file: --resume FILE/);
  assert.match(attnlab(['selftest', '--seeds', '4']).err, /--seeds belongs to --claims/);
  assert.match(attnlab(['selftest', '--claims', 'A1', '--seeds', '0']).err, /seeds must be 1 to /);
});
