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

/** Whether this user may mount files for a process of its own. */
const mounts = await inFolder((_, path) => {
  writeFileSync(path('a'), '');
  writeFileSync(path('b'), '');
  return spawnSync('unshare', ['-rm', 'mount', '--bind', path('a'), path('b')]).status === 0;
});

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
  const journal = calls.filter((call) => /(write|sync) journal/.test(call));
  assert.ok(journal.length > 4 && journal.length % 2 === 0, `${journal}`);
  journal.forEach((call, i) => assert.equal(call, i % 2 ? 'fdatasync journal' : 'write journal'));
  assert.deepEqual(calls.slice(calls.lastIndexOf('fdatasync journal') + 1),
    ['mkostemp new', 'write new', 'fchmod new', 'fsync new', 'rename new result', 'fsync .']);
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

// Files that cannot be replaced, folders without permissions, file systems without locks.
const [EPERM, EACCES, EBUSY, ENOLCK, ENOSYS, EINVAL] = [1, 13, 16, 37, 38, 22];

test('a result whose file cannot be replaced is written in place, and that is said', () => inFolder((folder, path) => {
  writeFileSync(path('result'), 'older, and longer than the result '.repeat(100));
  const expected = assertDone(attnlab(args));
  for (const error of [EBUSY, EPERM, EACCES]) {
    const done = withFaults([...args, '--out', path('result')], { ATTNLAB_FAIL: `rename 0 ${error}` });
    assertDone(done);
    assert.match(done.err, /^attnlab: .*result was written in place, because it cannot be replaced \(.+\)$/m);
    assert.equal(readFileSync(path('result'), 'utf8'), expected);
    assert.deepEqual(files(folder), ['result']);
  }
}));

test('a result that can neither be replaced nor written in place stays beside, and the sentence names it', () =>
  inFolder((folder, path) => {
    writeFileSync(path('result'), 'older');
    // The second fsync is that of the file written in place.
    const failed = withFaults([...args, '--out', path('result')], { ATTNLAB_FAIL: `rename 0 ${EBUSY},fsync 2 ${EIO}` });
    assert.equal(failed.code, 3, failed.err);
    const [, kept] = /the result is in (\S+)$/m.exec(failed.err);
    assert.equal(readFileSync(kept, 'utf8'), assertDone(attnlab(args)));
  }));

test('a file in a folder that takes no new file is written in place; a new one is refused before the run', () =>
  inFolder((folder, path) => {
    writeFileSync(path('result'), 'older');
    const fault = { ATTNLAB_FAIL: `mkostemp 0 ${EACCES}` };
    const done = withFaults([...args, '--out', path('result')], fault);
    assertDone(done);
    assert.match(done.err, /result was written in place, because no file can be made beside it$/m);
    assert.equal(readFileSync(path('result'), 'utf8'), assertDone(attnlab(args)));
    // At this size a run would take minutes.
    assertRefused(withFaults([...small, '--trials', '1000', '--out', path('new')], fault), 2,
      [/--out .*new cannot be written: no file can be made in/]);
    assert.deepEqual(files(folder), ['result']);
  }));

test('a result that its file does not take goes to standard output, unless a journal keeps its jobs', () =>
  inFolder((folder, path) => {
    const fault = { ATTNLAB_FAIL: `fsync 1 ${ENOSPC}` };
    const failed = withFaults([...args, '--quiet', '--out', path('result')], fault);
    assert.equal(failed.code, 3, failed.err);
    assert.match(failed.err, /cannot write .*result: No space.*\nattnlab: the result goes to standard output instead\n$/);
    assert.equal(failed.out, assertDone(attnlab(args)));
    assert.deepEqual(files(folder), []);
    // The first sync is that of the folder with its new journal.
    assertRefused(withFaults([...args, '--quiet', '--out', path('result'), '--resume', path('journal')],
      { ATTNLAB_FAIL: `fsync 2 ${ENOSPC}` }), 3,
      [/No space/]);
    assert.deepEqual(files(folder), ['journal']);
  }));

test('a result in a folder where permissions cannot be set is there, with a remark', () => inFolder((folder, path) => {
  const done = withFaults([...args, '--out', path('result')], { ATTNLAB_FAIL: `fchmod 0 ${EPERM}` });
  assertDone(done);
  assert.match(done.err, /^attnlab: the permissions of .*result cannot be set \(Operation not permitted\)/m);
  assert.equal(readFileSync(path('result'), 'utf8'), assertDone(attnlab(args)));
  assert.deepEqual(files(folder), ['result']);
}));

test('a file system without locks or without sync keeps the journal, with a remark about the lock', () =>
  inFolder((folder, path) => {
    const words = [...args, '--resume', path('journal')];
    for (const error of [ENOSYS, ENOLCK]) {
      const done = withFaults(words, { ATTNLAB_FAIL: `flock 0 ${error},fdatasync 0 ${EINVAL},fsync 0 ${EINVAL}` });
      assert.equal(assertDone(done), assertDone(attnlab(args)));
      assert.match(done.err, /^attnlab: .*journal cannot be locked on this file system \(.+\): start no second attnlab/m);
      assert.equal(journalLines(path('journal')).length, jobs);
      assert.match(attnlab(words).err, new RegExp(`${jobs} of ${jobs} jobs are taken over`));
      rmSync(path('journal'));
    }
    assertRefused(withFaults(words, { ATTNLAB_FAIL: `flock 0 ${EIO}` }), 2, [/journal cannot be used: it cannot be locked/]);
  }));

test('a file that is mounted by itself is written', { skip: !mounts && 'mount needs rights that are missing' }, () => inFolder((folder, path) => {
  writeFileSync(path('outside'), 'older');
  writeFileSync(path('result'), '');
  const script = 'mount --bind "$0" "$1" && shift && exec "$@"';
  const words = [program, ...args, '--out', path('result')];
  const done = spawnSync('unshare', ['-rm', 'bash', '-c', script, path('outside'), path('result'), ...words],
    { encoding: 'utf8' });
  assert.equal(done.status, 0, done.stderr);
  assert.match(done.stderr, /result was written in place/);
  assert.equal(readFileSync(path('outside'), 'utf8'), assertDone(attnlab(args)));
  assert.deepEqual(files(folder), ['outside', 'result']);
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
