// A run that is interrupted or killed, or finds its journal damaged, continues where it stopped, computes only the
// missing jobs and ends with the same bytes as an uninterrupted run.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import {
  assertDone, assertRefused, attnlab, handlesInterrupts, inFolder, journalLines, small, start, until,
} from './support/attnlab.mjs';

const jobs = 240;  // four models a trial
const args = [...small, '--trials', String(jobs / 4), '--format', 'csv', '--threads', '2'];
let uninterrupted;
const expected = () => (uninterrupted ??= assertDone(attnlab(args)));

/** Starts the run and stops it by `signal` once `enough` more jobs are in the journal. */
async function stopAfter(journal, enough, signal) {
  const before = journalLines(journal).length;
  const { child, ended } = start([...args, '--resume', journal]);
  await until(() => journalLines(journal).length >= before + enough, 'some jobs are in the journal');
  child.kill(signal);
  return ended;
}

function assertIndicesOnce(lines) {
  const indices = lines.map((line) => Number(line.split(' ')[0])).sort((a, b) => a - b);
  assert.deepEqual(indices, Array.from({ length: jobs }, (_, i) => i));
}

test('a run killed by SIGKILL again and again ends with the same bytes', () => inFolder(async (_, path) => {
  const journal = path('journal');
  let kept = [];
  for (let kill = 0; kill < 3; ++kill) {
    const { signal } = await stopAfter(journal, 5, 'SIGKILL');
    assert.equal(signal, 'SIGKILL');
    const lines = journalLines(journal);
    assert.ok(lines.length > kept.length && lines.length < jobs);
    assert.deepEqual(lines.slice(0, kept.length), kept);
    kept = lines;
  }
  const last = attnlab([...args, '--resume', journal]);
  assert.equal(assertDone(last), expected());
  const found = Number(last.err.match(/^attnlab: (\d+) of 240 jobs are taken over/)[1]);
  const lines = journalLines(journal);
  assert.ok(found >= kept.length);
  assert.deepEqual(lines.slice(0, kept.length), kept);
  assertIndicesOnce(lines);  // nothing was computed twice
}));

for (const signal of ['SIGINT', 'SIGTERM']) {
  test(`after ${signal} finished jobs are kept and the run continues from there`, () => inFolder(async (_, path) => {
    const journal = path('journal');
    const stopped = await stopAfter(journal, 5, signal);
    const kept = journalLines(journal);
    assert.ok(kept.length < jobs);
    assertRefused(stopped, 130, [new RegExp(`${kept.length} of 240 jobs are kept in .*journal`)]);
    assert.equal(assertDone(attnlab([...args, '--resume', journal])), expected());
    assert.deepEqual(journalLines(journal).slice(0, kept.length), kept);
    assertIndicesOnce(journalLines(journal));
  }));
}

test('an interrupt without a journal says that no job is kept', async () => {
  const { child, ended } = start([...small, '--trials', '1000', '--threads', '1']);
  await until(() => handlesInterrupts(child.pid), 'the program handles Ctrl-C');
  child.kill('SIGINT');
  assertRefused(await ended, 130, [/not kept/, /--resume/]);
});

test('a second interrupt ends the program at once', async () => {
  const slow = ['run', 'rf-learning-curve', '--samples', '4096', '--trials', '2'];
  const { child, ended } = start(slow);
  await until(() => handlesInterrupts(child.pid), 'the program handles Ctrl-C');
  child.kill('SIGINT');
  child.kill('SIGTERM');
  assert.equal((await ended).code, 130);
});

test('a truncated journal keeps its finished jobs and computes the rest', () => inFolder((_, path) => {
  const journal = path('journal');
  assert.equal(assertDone(attnlab([...args, '--resume', journal])), expected());
  const whole = readFileSync(journal);
  const lines = journalLines(journal);
  for (const length of [whole.length - 1, Math.floor(whole.length / 2), 10, 0]) {
    writeFileSync(journal, whole.subarray(0, length));
    const kept = journalLines(journal);
    const result = attnlab([...args, '--resume', journal]);
    assert.equal(assertDone(result), expected());
    const now = journalLines(journal);
    assert.deepEqual(now.slice(0, kept.length), lines.slice(0, kept.length));
    assertIndicesOnce(now);
    if (length > 0) assert.match(result.err, /was damaged: 1 line cut off/);
  }
}));

test('a finished journal gives the result again without computing', () => inFolder((_, path) => {
  const journal = path('journal');
  assertDone(attnlab([...args, '--resume', journal]));
  const before = readFileSync(journal);
  const again = attnlab([...args, '--resume', journal, '--quiet', '--out', path('result.csv')]);
  assert.equal(assertDone(again) + again.err, '');
  assert.equal(readFileSync(path('result.csv'), 'utf8'), expected());
  assert.deepEqual(readFileSync(journal), before);
}));

test('two processes do not write one journal', () => inFolder(async (_, path) => {
  const journal = path('journal');
  const { child, ended } = start([...args, '--resume', journal]);
  await until(() => journalLines(journal).length > 0, 'the first process has the journal');
  const second = attnlab([...args, '--resume', journal]);
  assertRefused(second, 2, [/another attnlab/]);
  child.kill('SIGKILL');
  await ended;
  assert.equal(assertDone(attnlab([...args, '--resume', journal])), expected());
}));
