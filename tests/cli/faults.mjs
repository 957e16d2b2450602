// What goes wrong around the program: the disk fills up, files vanish, a black box lies or dawdles.
// Each ends in one sentence and an exit code, with everything finished kept.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import {
  assertDone, assertRefused, attnlab, files, inFolder, journalLines, small, start, until,
} from './support/attnlab.mjs';

const program = process.env.ATTNLAB_BIN ?? process.argv[2];
const jobs = 240;
const args = [...small, '--trials', String(jobs / 3), '--format', 'csv', '--threads', '2'];

/** Runs attnlab where no file may grow beyond `kb` thousand bytes (a quota; a full disk is the same to it). */
function withQuota(kb, words) {
  const done = spawnSync('bash', ['-c', `ulimit -f ${kb}; exec "$0" "$@"`, program, ...words], { encoding: 'utf8' });
  return { code: done.status, out: done.stdout, err: done.stderr };
}

test('where the journal finds no more room the run ends with a sentence, and goes on with more room', () =>
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

test('where the result finds no room the old file stays and the journal has every job', () => inFolder((folder, path) => {
  writeFileSync(path('result'), 'older');
  assertDone(attnlab([...args, '--resume', path('journal')]));
  const full = withQuota(0, [...args, '--resume', path('journal'), '--out', path('result')]);
  assert.equal(full.code, 3, full.err);
  assert.match(full.err, /cannot (be )?writ/);
  assert.equal(readFileSync(path('result'), 'utf8'), 'older');
  assert.deepEqual(files(folder), ['journal', 'result']);
  assert.equal(journalLines(path('journal')).length, jobs);
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

test('a black box that begins to lie after it was believed is caught by the fresh questions', () => inFolder((_, path) => {
  // One head exactly, until everything that extraction asks (d^2 + d = 12) is answered.
  const head = `const W = [[1, 0.2, 0], [0, -0.5, 0.3], [0.1, 0, 0.7]], v = [1, -2, 0.5];
    const dot = (a, b) => a.reduce((sum, x, i) => sum + x * b[i], 0);
    const q = W.map((row) => dot(row, X.at(-1)));
    const w = X.map((x) => Math.exp(dot(x, q)));
    const sum = w.reduce((a, b) => a + b, 0);
    const y = X.reduce((total, x, i) => total + w[i] / sum * dot(v, x), 0);
    return n > 30 ? y + 0.01 * Math.sin(n) : y;`;
  const result = attnlab(['extract', '--oracle-cmd', box(path, head), '--dim', '3', '--format', 'json']);
  const { columns, rows } = JSON.parse(assertDone(result)).tables.recovery;
  assert.equal(rows[0][columns.indexOf('status')], 'not-a-match');
}));

test('a black box that drips letters without ever ending a line is silent', () => inFolder((_, path) => {
  writeFileSync(path('drip.mjs'), `process.stdin.resume();
process.stdout.write('{"y": 0.');
setInterval(() => process.stdout.write('1'), 100);`);
  const begin = Date.now();
  assertRefused(attnlab(['extract', '--oracle-cmd', `node ${path('drip.mjs')}`, '--dim', '3', '--timeout', '2']), 4,
    [/did not answer question 1 within 2 s/]);
  assert.ok(Date.now() - begin < 20000);
}));
