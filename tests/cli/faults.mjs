// Faults outside of the program: the disk fills up, files vanish, a black box lies or is slow. Each ends with one
// sentence and an exit code, and finished work is kept.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { test } from 'node:test';
import {
  assertDone, assertRefused, attnlab, files, inFolder, journalLines, small, start, until,
} from './support/attnlab.mjs';

const program = process.env.ATTNLAB_BIN ?? process.argv[2];
const jobs = 240;
const args = [...small, '--trials', String(jobs / 4), '--format', 'csv', '--threads', '2'];

/** Runs attnlab with a limit of `kb` thousand bytes for every file (a quota; a full disk looks the same). */
function withQuota(kb, words) {
  const done = spawnSync('bash', ['-c', `ulimit -f ${kb}; exec "$0" "$@"`, program, ...words], { encoding: 'utf8' });
  return { code: done.status, out: done.stdout, err: done.stderr };
}

test('a full disk under the journal ends the run with a sentence; with more room it continues', () =>
  inFolder((folder, path) => {
    const words = [...args, '--resume', path('journal'), '--out', path('result')];
    assertRefused(withQuota(4, words), 3, [/cannot write .*journal/]);
    assert.deepEqual(files(folder), ['journal']);
    const kept = journalLines(path('journal'));
    assert.ok(kept.length > 10 && kept.length < jobs);
    const again = attnlab(words);
    assertDone(again);
    assert.match(again.err, new RegExp(`${kept.length} of ${jobs} jobs are taken over`));
    assert.deepEqual(journalLines(path('journal')).slice(0, kept.length), kept);
    assert.equal(readFileSync(path('result'), 'utf8'), assertDone(attnlab(args)));
  }));

test('if there is no room for the result, the old file stays and the journal has every job', () => inFolder((folder, path) => {
  writeFileSync(path('result'), 'older');
  assertDone(attnlab([...args, '--resume', path('journal')]));
  const full = withQuota(0, [...args, '--resume', path('journal'), '--out', path('result')]);
  assert.equal(full.code, 3, full.err);
  assert.match(full.err, /cannot (be )?writ/);
  assert.equal(readFileSync(path('result'), 'utf8'), 'older');
  assert.deepEqual(files(folder), ['journal', 'result']);
  assert.equal(journalLines(path('journal')).length, jobs);
}));

const faulty = `${dirname(program)}/tests/cli/faulty_calls.so`;
const [EIO, ENOSPC] = [5, 28];

/** Runs attnlab with tests/cli/faulty_calls.cpp preloaded before the C library. */
const withFaults = (words, env) => attnlab(words, { env: { ...process.env, LD_PRELOAD: faulty, ...env } });

/** The calls of a run that concern the folder, as [call, name or names without the folder]. */
function callsOf(log, folder) {
  return readFileSync(log, 'utf8').trimEnd().split('\n').filter((line) => line.includes(`${folder}`))
    .map((line) => line.replaceAll(`${folder}/`, '').replaceAll(folder, '.').replace(/result\.\w{6}/g, 'new'));
}

test('a finished job is on the disk before it counts, and a result before it takes its name', () => inFolder((folder, path) => {
  assertDone(withFaults([...args, '--resume', path('journal'), '--out', path('result')], { ATTNLAB_CALLS: path('log') }));
  const calls = callsOf(path('log'), folder);
  const journal = calls.filter((call) => /journal/.test(call));
  assert.ok(journal.length > 4 && journal.length % 2 === 0, `${journal}`);
  journal.forEach((call, i) => assert.equal(call, i % 2 ? 'fdatasync journal' : 'write journal'));
  assert.deepEqual(calls.slice(calls.lastIndexOf('fdatasync journal') + 1),
    ['write new', 'fsync new', 'rename new result', 'fsync .']);
}));

test('a disk that reports its error only at fsync ends the run with a sentence, and nothing is lost', () =>
  inFolder((folder, path) => {
    const words = [...args, '--quiet', '--resume', path('journal'), '--out', path('result')];
    writeFileSync(path('result'), 'older');
    assertRefused(withFaults(words, { ATTNLAB_FAIL: `fdatasync 5 ${EIO}` }), 3, [/cannot write .*journal: /]);
    const kept = journalLines(path('journal'));
    assert.ok(kept.length > 0 && kept.length < jobs);
    assertRefused(withFaults(words, { ATTNLAB_FAIL: `fsync 1 ${ENOSPC}` }), 3, [/cannot write .*result: No space/]);
    assert.equal(readFileSync(path('result'), 'utf8'), 'older');
    assert.deepEqual(files(folder), ['journal', 'result']);
    assert.deepEqual(journalLines(path('journal')).slice(0, kept.length), kept);
    assert.equal(journalLines(path('journal')).length, jobs);
    assertDone(attnlab(words));
    assert.equal(readFileSync(path('result'), 'utf8'), assertDone(attnlab(args)));
  }));

test('refused memory in the middle of a run ends it with a sentence; finished jobs are kept', () =>
  inFolder((folder, path) => {
    const whole = ['run', 'rf-learning-curve', '--dim', '4', '--keys', '4', '--heads', '400', '--samples', '64,1024',
      '--test-samples', '64', '--trials', '2', '--threads', '1', '--format', 'csv'];
    const words = [...whole, '--resume', path('journal'), '--out', path('result')];
    // The kernel matrix of 1024 samples and its factor have 8 MiB each; everything else is smaller.
    const refused = withFaults(words, { ATTNLAB_REFUSE: `${6 << 20} 6` });
    assertRefused(refused, 4, [/ran out of memory; \d+ of \d+ jobs (is|are) kept in .*journal/]);
    assert.deepEqual(files(folder), ['journal']);
    const kept = journalLines(path('journal'));
    assert.ok(kept.length > 0);
    assertDone(attnlab(words));
    assert.deepEqual(journalLines(path('journal')).slice(0, kept.length), kept);
    assert.equal(readFileSync(path('result'), 'utf8'), assertDone(attnlab(whole)));
  }));

// Each job's largest request is refused: a part of the job makes it, not the job itself.
for (const [what, bytes, run, sentence] of [
  ['measurements of a matrix', 4 << 20, ['extract-low-rank', '--dim', '32', '--rank', '8', '--method', 'nuclear-norm',
    '--oversampling', '1.8', '--trials', '1'], /nuclear-norm.*: the job ran out of memory/],
  ['the risk of the best heads', 200000, ['icl-training', '--heads', '1', '--steps', '10', '--prompts', '1000'],
    /Monte Carlo optimum: the job ran out of memory/],
]) {
  test(`memory that is refused inside a part of a job ends the run with its sentence: ${what}`, () => {
    const words = ['run', ...run, '--threads', '1', '--format', 'csv'];
    assertRefused(withFaults(words, { ATTNLAB_REFUSE: `${bytes} 1` }), 4, [sentence]);
  });
}

test('refused memory during an extraction ends it with a sentence', () =>
  inFolder((_, path) => {
    const words = ['extract', '--oracle-cmd', box(path, 'return X[0][0];'), '--dim', '200'];
    // W has 320 kB; the job allocates it before its first question.
    assertRefused(withFaults(words, { ATTNLAB_REFUSE: '300000 1' }), 4,
      [/ran out of memory; 0 answers are not kept/]);
  }));

test('a journal that is removed under a run ends it with a sentence', () => inFolder(async (_, path) => {
  const { child, ended } = start([...small, '--trials', '1000', '--threads', '1', '--resume', path('journal')]);
  await until(() => journalLines(path('journal')).length > 5, 'some jobs are in the journal');
  rmSync(path('journal'));
  const result = await ended;
  child.kill();
  assertRefused(result, 3, [/journal was removed while it was being written/]);
}));

test('a folder that is removed under a sweep ends it with a sentence, not after hours', () => inFolder(async (_, path) => {
  writeFileSync(path('sweep.json'), JSON.stringify({ experiment: 'rf-learning-curve', parameters: {
    dim: [4, 5, 6], keys: 4, heads: 16, samples: [[16, 32]], 'test-samples': 64, trials: 400 } }));
  const { ended } = start(['sweep', path('sweep.json'), '--out', path('all'), '--threads', '1']);
  await until(() => journalLines(path('all/journal')).length > 5, 'some jobs are in the journal');
  rmSync(path('all'), { recursive: true });
  assertRefused(await ended, 3, [/journal was removed while it was being written/]);
}));

/** A black box in a few lines of JavaScript: `answer` is the body of a function of (X, n). */
function box(path, answer, delay = 0) {
  writeFileSync(path('box.mjs'), `import { createInterface } from 'node:readline';
let n = 0;
const answer = (X, n) => { ${answer} };
for await (const line of createInterface({ input: process.stdin })) {
  const y = answer(JSON.parse(line).x, ++n);
  await new Promise((done) => setTimeout(done, ${delay}));
  console.log(JSON.stringify({ y }));
}`);
  return `node ${path('box.mjs')}`;
}

test('a black box that lies, slowly, is not a match, and every lie is in the log', () => inFolder((_, path) => {
  const command = box(path, 'return n * Math.sin(12.9 * n);', 5);
  const result = attnlab(['extract', '--oracle-cmd', command, '--dim', '3', '--format', 'json', '--timeout', '20',
    '--log', path('log')]);
  const document = JSON.parse(assertDone(result));
  const { columns, rows } = document.tables.recovery;
  const cell = (name) => rows[0][columns.indexOf(name)];
  assert.equal(cell('status'), 'not-a-match');
  assert.equal(document.claims[0].status, 'fails');
  const answers = readFileSync(path('log'), 'utf8').trimEnd().split('\n').length - 1;
  assert.ok(answers >= cell('queries') + cell('check_queries'), `${answers} answers are in the log`);
}));

/** The status of a box that is exactly one head for the first `honest` questions of d = 3 and lies afterwards. */
const verdictOn = (honest) => inFolder((_, path) => {
  const head = `const W = [[1, 0.2, 0], [0, -0.5, 0.3], [0.1, 0, 0.7]], v = [1, -2, 0.5];
    const dot = (a, b) => a.reduce((sum, x, i) => sum + x * b[i], 0);
    const q = W.map((row) => dot(row, X.at(-1)));
    const w = X.map((x) => Math.exp(dot(x, q)));
    const sum = w.reduce((a, b) => a + b, 0);
    const y = X.reduce((total, x, i) => total + w[i] / sum * dot(v, x), 0);
    return n > ${honest} ? y + 0.01 * Math.sin(n) : y;`;
  const result = attnlab(['extract', '--oracle-cmd', box(path, head), '--dim', '3', '--format', 'json']);
  const { columns, rows } = JSON.parse(assertDone(result)).tables.recovery;
  return rows[0][columns.indexOf('status')];
});

// Extraction asks d^2 + d = 12 questions, then 24 fresh ones, then 200.
test('a black box that begins to lie after extraction is caught by the fresh questions', async () => {
  assert.equal(await verdictOn(20), 'not-a-match');
  assert.equal(await verdictOn(1000), 'recovered');
});

test('a black box that begins to lie after its first check is caught by the second', async () => {
  assert.equal(await verdictOn(45), 'not-a-match');
});

test('a black box that sends letters but never ends a line counts as silent', () => inFolder((_, path) => {
  writeFileSync(path('drip.mjs'), `process.stdin.resume();
process.stdout.write('{"y": 0.');
setInterval(() => process.stdout.write('1'), 100);`);
  const begin = Date.now();
  assertRefused(attnlab(['extract', '--oracle-cmd', `node ${path('drip.mjs')}`, '--dim', '3', '--timeout', '2']), 4,
    [/did not answer question 1 within 2 s/]);
  assert.ok(Date.now() - begin < 60000, 'it does not wait for the end of the line');
}));
