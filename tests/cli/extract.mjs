// `attnlab extract` with real programs: recovered parameters, refusals, and logs.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { assertDone, assertRefused, attnlab, canLimitMemory, files, inFolder, parseCsv, start, until }
  from './support/attnlab.mjs';

const box = fileURLToPath(new URL('support/box.mjs', import.meta.url));
// exec, because the shell would report the end of its child differently.
const command = (...words) => `exec node '${box}' ${words.join(' ')}`;
const words = (cmd, dim, ...more) => ['extract', '--oracle-cmd', cmd, '--dim', String(dim), ...more];

function extract(cmd, dim, ...more) {
  const document = JSON.parse(assertDone(attnlab(words(cmd, dim, '--format', 'json', ...more))));
  const objects = (name) => document.tables[name].rows.map((row) =>
    Object.fromEntries(document.tables[name].columns.map((column, i) => [column, row[i]])));
  return { document, row: objects('recovery')[0], value: objects('value'), weight: objects('weight'),
    ffn: objects('ffn') };
}

const truth_of = (kind, dim) =>
  JSON.parse(spawnSync('node', [box, kind, String(dim), 'truth'], { encoding: 'utf8' }).stdout);
const largest = (numbers) => numbers.reduce((most, x) => Math.max(most, Math.abs(x)), 0);

/** Largest error of W and v relative to their largest entries (absolute for zeros). */
function errors({ value, weight }, truth, dim) {
  assert.equal(value.length, dim);
  assert.equal(weight.length, dim * dim);
  const gap_w = largest(weight.map(({ row, column, value: w }) => w - truth.W[row - 1][column - 1]));
  const gap_v = largest(value.map(({ index, value: v }) => v - truth.v[index - 1]));
  return { w: gap_w / (largest(truth.W.flat()) || 1), v: gap_v / (largest(truth.v) || 1) };
}

for (const [kind, dim] of [['head', 1], ['head', 2], ['head', 6], ['basis-value', 4], ['tiny-entry', 4],
  ['zero-weight', 3], ['small-weight', 4], ['large-weight', 4], ['rank-one', 4]]) {
  test(`a program that is a head (${kind}, d = ${dim}) is recovered to 1e-11`, () => {
    const found = extract(command(kind, dim), dim);
    assert.equal(found.row.status, 'recovered', found.row.evidence);
    assert.equal(found.row.queries - found.row.repeated, dim * dim + dim);
    assert.equal(found.row.predicted_queries, dim * dim + dim);
    const error = errors(found, truth_of(kind, dim), dim);
    assert.ok(error.w < 1e-11 && error.v === 0, JSON.stringify(error));
    assert.ok(found.row.function_gap < 1e-9);
    assert.equal(found.row.w_error, null);
    assert.equal(found.document.claims[0].status, 'holds');
  });
}

test('a program that is too large for the memory is refused before it is started', { skip: !canLimitMemory() }, () => {
  // The matrices of d = 512 take 26 MB, of which 0.9 times the limit may be used.
  assertRefused(attnlab(words(command('head', 512), 512), { limitKb: 28000 }), 2,
    [/dim is 512, which is too much here: one job needs/]);
});

test('a program that always answers 0 is not identifiable, after d queries', () => {
  const { row, weight } = extract(command('zero-value', 5), 5);
  assert.equal(row.status, 'not-identifiable');
  assert.equal(row.queries, 5);
  assert.match(row.evidence, /v = 0/);
  assert.equal(weight.length, 0);
});

test('a program of rank 2 takes d + 2 d r - r^2 queries, d - r more when the rank is not told', () => {
  const known = extract(command('rank-two', 8), 8, '--method', 'low-rank', '--rank', '2');
  const grown = extract(command('rank-two', 8), 8, '--method', 'low-rank');
  assert.equal(known.row.queries - known.row.repeated, 8 + 2 * 8 * 2 - 2 * 2);
  assert.equal(grown.row.queries - grown.row.repeated, 8 + 2 * 8 * 2 - 2 * 2 + 8 - 2);
  for (const found of [known, grown]) {
    assert.equal(found.row.status, 'recovered', found.row.evidence);
    assert.equal(found.row.rank, 2);
    assert.ok(errors(found, truth_of('rank-two', 8), 8).w < 1e-10);
  }
});

test('a program with a network behind its head is recovered with its network', () => {
  const found = extract(command('network', 4), 4, '--method', 'transformer');
  assert.equal(found.row.status, 'recovered', found.row.evidence);
  assert.equal(found.row.hidden, 3);
  assert.ok(found.row.function_gap < 1e-8);
  const truth = truth_of('network', 4);
  const gap = largest(found.weight.map(({ row, column, value }) =>
    value - truth.W[row - 1][column - 1]));
  assert.ok(gap < 1e-9, String(gap));
  // The table defines a network: its g(0) is the program's answer to a zero token.
  const zero = found.ffn.reduce((sum, { unit, quantity, value }) => {
    if (quantity === 'constant') return sum + value;
    if (quantity !== 'output') return sum;
    const bias = found.ffn.find((row) => row.unit === unit && row.quantity === 'bias').value;
    return sum + value * Math.max(0, bias);
  }, 0);
  const asked = spawnSync('node', [box, 'network', '4'],
    { input: '{"x": [[0,0,0,0]]}\n', encoding: 'utf8' });
  assert.ok(Math.abs(JSON.parse(asked.stdout).y - zero) < 1e-9);
});

for (const [kind, evidence] of [['two-heads', /more than one head/], ['positions', /order/],
  ['residual', /bypasses the attention/], ['network', /network follows/],
  ['noise', /carry noise/]]) {
  test(`a program with ${kind} is not a match, and the evidence says why`, () => {
    const { row, weight, value, document } = extract(command(kind, 4), 4);
    assert.equal(row.status, 'not-a-match');
    assert.match(row.evidence, evidence);
    assert.equal(weight.length + value.length, 0);
    assert.equal(document.claims[0].status, 'fails');
  });
}

test('a program in single precision is recovered to that precision, and the evidence says so', () => {
  const found = extract(command('single-precision', 4), 4);
  assert.equal(found.row.status, 'recovered', found.row.evidence);
  assert.match(found.row.evidence, /single-precision/);
  assert.ok(errors(found, truth_of('head', 4), 4).w < 1e-3);
});

for (const [fault, pattern] of [
  ['nan', /answer 6 must be .* not "\{\\?"y\\?": NaN\}"/], ['null', /answer 6 must be .*null/],
  ['text', /answer 6 must be .*I do not know/], ['bare', /answer 6 must be/],
  ['infinite', /answer 6 must be .*1e999/], ['endless', /answer 6 must be .*777/],
  ['exit', /ended with exit code 3 after 5 answers, before question 6/],
  ['killed', /ended by signal 9 .* after 5 answers/],
  ['silent', /did not answer question 6 within 8 s/]]) {
  test(`a program that fails with ${fault} ends the run with one sentence and its answers kept`, () =>
    inFolder((folder, path) => {
      const args = words(command('head', 3, fault, 5), 3, '--log', path('log'), '--timeout',
        fault === 'silent' ? '8' : '60', '--out', path('result'));
      assertRefused(attnlab(args), 4, [/oracle/, pattern, /5 answers are kept in .*log/]);
      assert.deepEqual(files(folder), ['log']);
      assert.equal(readFileSync(path('log'), 'utf8').trimEnd().split('\n').length, 1 + 5);
    }));
}

test('answers without a question end the run', () => {
  assertRefused(attnlab(words(command('head', 3, 'banner'), 3)), 4, [/answer 1 must be .*loading/]);
  assertRefused(attnlab(words(command('head', 3, 'twice', 2), 3)), 4, [/an answer to no question after answer \d/]);
  assertRefused(attnlab(words(command('head', 3, 'farewell'), 3)), 4, [/more answers than/, /bye/]);
});

test('a command that cannot be run is a sentence', () => {
  const result = attnlab(words('/nowhere/box', 3));
  assert.equal(result.code, 4);
  assert.match(result.err, /attnlab: the oracle ended with exit code 127 \(is the command of --oracle-cmd right\?\)/);
});

// A command may carry a key of a service.
const key = 'sk-4f9a11c2';

test('the command is in no file: neither in the log nor in a result', () => inFolder((folder, path) => {
  const cmd = `KEY=${key}; ${command('head', 3)}`;
  for (const format of ['table', 'csv', 'json']) {
    assertDone(attnlab(words(cmd, 3, '--log', path(`log-${format}`), '--format', format, '--out', path(format))));
  }
  assertDone(attnlab(words(cmd, 3, '--replay', path('log-csv'), '--log', path('copy'))));
  assert.equal(files(folder).length, 7);
  for (const file of files(folder)) assert.ok(!readFileSync(path(file), 'utf8').includes(key), file);
  assert.match(readFileSync(path('copy'), 'utf8'), /^\{"attnlab_log":1,"dim":3\}\n\{"x": /);
}));

test('the command is in no message', () => inFolder((folder, path) => {
  const cmd = `KEY=${key} ${command('head', 3)}`;
  assertDone(attnlab(words(cmd, 3, '--log', path('log'))));
  for (const args of [
    words(`exec node '${box}' head 3 exit 5 # ${key}`, 3), words(`exit 127 # ${key}`, 3),
    words(`exec node '${box}' head 3 text # ${key}`, 3),
    words(cmd, 4, '--replay', path('log')), words(cmd, 3, '--log', path('log')), words(cmd, 3, '--oracle-cmd', cmd),
    words(cmd, 0), ['extract', '--oracle-cmd', 'node', key, '--dim', '3'],
    ['extract', '--oracle-cmd', 'node', '--dim', '3', '--oracle-cmd', key],
    ['extract', '--oracle-cmd', 'node', 'box.mjs', `--${key}`, '--dim', '3'],
    ['extract', '--dim', '3', '--oracle-cmd', 'node', 'box.mjs', `-k${key}`]]) {
    const result = attnlab(args);
    assert.ok(result.code === 2 || result.code === 4, result.err);
    assert.match(result.err, /^attnlab: /m);
    assert.ok(!result.err.includes(key), result.err);
  }
}));

test('a command without quotes is told to use them', () => {
  assertRefused(attnlab(['extract', '--oracle-cmd', 'python3', 'box.py', '--dim', '3']), 2,
    [/the value of --oracle-cmd is one word: put it in quotes/]);
});

test('a replay goes on with another command that starts the same box, also from a log that names its command', () =>
  inFolder((folder, path) => {
    const whole = attnlab(words(command('head', 3), 3, '--format', 'csv'));
    assert.equal(attnlab(words(command('head', 3, 'exit', 7), 3, '--log', path('log'))).code, 4);
    const args = words(`true; ${command('head', 3)}`, 3, '--format', 'csv', '--replay', path('log'));
    assert.equal(assertDone(attnlab([...args, '--log', path('copy')])), whole.out);
    const [, ...answers] = readFileSync(path('log'), 'utf8').split('\n');
    const named = ['{"attnlab_log":1,"dim":3,"oracle":"node box.mjs"}', ...answers].join('\n');
    writeFileSync(path('log'), named);
    assert.equal(assertDone(attnlab([...args, '--log', path('fresh')])), whole.out);
    assert.equal(readFileSync(path('fresh'), 'utf8'), readFileSync(path('copy'), 'utf8'));
  }));

test('an interrupted extraction continues from its log with the same result, without repeating a query', () =>
  inFolder((folder, path) => {
    const cmd = (fault) => `FAULT=${fault}; sh -c 'if [ -e ${path('broken')} ]; then exec node ${box} head 3; ` +
      `else exec node ${box} head 3 exit 7; fi'`;
    const whole = attnlab(words(command('head', 3), 3, '--format', 'csv'));
    assert.equal(attnlab(words(cmd('x'), 3, '--log', path('log'))).code, 4);
    writeFileSync(path('broken'), '');
    writeFileSync(path('log'), `${readFileSync(path('log'), 'utf8')}{"x": [[0.5`); // a torn last line
    const args = words(cmd('x'), 3, '--replay', path('log'), '--format', 'csv');
    const copy = attnlab([...args, '--log', path('copy')]);
    assert.equal(assertDone(copy), whole.out);
    const same = attnlab([...args, '--log', path('log')]);
    assert.equal(assertDone(same), whole.out);
    const log = readFileSync(path('log'), 'utf8');
    assert.equal(log, readFileSync(path('copy'), 'utf8'));
    const row = parseCsv(whole.out);
    const count = (name) => Number(row[1][row[0].indexOf(name)]);
    assert.equal(log.trimEnd().split('\n').length - 1, count('queries') + count('check_queries'));
    // A complete log needs no program.
    const dead = words(cmd('x'), 3, '--replay', path('log'), '--format', 'csv', '--out', path('out'));
    assertDone(attnlab(dead));
    assert.equal(readFileSync(path('out'), 'utf8'), whole.out);
  }));

test('the log of another run is refused and not changed', () => inFolder((folder, path) => {
  const cmd = command('head', 3);
  assertDone(attnlab(words(cmd, 3, '--log', path('log'))));
  const before = readFileSync(path('log'));
  writeFileSync(path('notes'), 'my notes\n');
  for (const [args, pattern] of [
    [words(cmd, 4), /dimension 3, not 4/],
    [words(cmd, 3, '--method', 'low-rank'), /line \d+ .* not the query/]]) {
    assertRefused(attnlab([...args, '--replay', path('log'), '--log', path('log')]), 2, [pattern]);
  }
  assertRefused(attnlab(words(cmd, 3, '--replay', path('notes'))), 2, [/no log of attnlab/]);
  assertRefused(attnlab(words(cmd, 3, '--replay', path('none'))), 2, [/--replay/, /No such file/]);
  assertRefused(attnlab(words(cmd, 3, '--log', path('log'))), 2, [/there already/, /--replay/]);
  assertRefused(attnlab(words(cmd, 3, '--log', path('a/b'))), 2, [/--log/]);
  assertRefused(attnlab(words(cmd, 3, '--log', path('x'), '--out', path('x'))), 2, [/same file/]);
  assert.deepEqual(readFileSync(path('log')), before);
  assert.deepEqual(files(folder), ['log', 'notes']);
}));

test('bad flags are refused before the program is started', () => inFolder((folder, path) => {
  const cmd = `touch '${path('started')}'`;
  for (const [args, ...patterns] of [
    [[...words(cmd, 4), '--format', 'svg'], /format must be one of table, csv, json, not "svg"/],
    [['extract'], /--oracle-cmd/], [['extract', '--oracle-cmd', cmd], /--dim/, /1 to 512/],
    [words(cmd, 0), /\bdim\b/, /\b0\b/, /1 to 512/], [words(cmd, 'x'), /\bdim\b/, /"x"/],
    [words(cmd, 3, '--method', 'both'), /method/, /single, low-rank, transformer/],
    [words(cmd, 3, '--rank', '2'), /rank belongs to --method low-rank/],
    [words(cmd, 3, '--method', 'low-rank', '--rank', '4'), /rank must be 0 to 3/],
    [words(cmd, 3, '--timeout', '0'), /timeout must be 0\.01 to 86400/],
    [words(cmd, 3, '--timeout', 'nan'), /timeout/], [words(cmd, 3, '--format', 'xml'), /format/],
    [words(cmd, 3, '--dim', '4'), /--dim is given 2 times/], [words(' ', 3), /--oracle-cmd/],
    [words(cmd, 3, '--box', 'own'), /unknown flag "--box"/], [words(cmd, 3, 'word'), /"word"/]]) {
    assertRefused(attnlab(args), 2, patterns);
  }
  assert.deepEqual(files(folder), []);
}));

test('Ctrl-C ends the program, keeps the log and gives exit code 130', () =>
  inFolder(async (folder, path) => {
    const run = start(words(`echo $$ > '${path('pid')}'; ${command('head', 8, 'slow', 20)}`, 8,
      '--log', path('log'), '--out', path('result')));
    await until(() => existsSync(path('log')) && readFileSync(path('log'), 'utf8').split('\n').length > 5,
      'some queries are logged');
    run.child.kill('SIGINT');
    const ended = await run.ended;
    assert.equal(ended.code, 130);
    assert.match(ended.err, /^attnlab: interrupted; \d+ answers are kept in .*log/);
    const kept = Number(/(\d+) answers/.exec(ended.err)[1]);
    assert.equal(readFileSync(path('log'), 'utf8').trimEnd().split('\n').length - 1, kept);
    assert.ok(!existsSync(path('result')));
    const pid = Number(readFileSync(path('pid'), 'utf8'));
    assert.throws(() => process.kill(pid, 0), /ESRCH/, 'the program is gone');
  }));

test('a batch larger than both pipes does not lock up: 400 tokens in every question and late reading', () => {
  // Reads all available input before it answers, and writes all answers at once.
  const program = `
import json, sys
for line in sys.stdin:
    x = json.loads(line)["x"]
    sys.stdout.write(" " * 3000 + json.dumps({"y": sum(x[-1]) / len(x)}) + "\\n")
    sys.stdout.flush()
`;
  return inFolder((folder, path) => {
    writeFileSync(path('mean.py'), program);
    const { row } = extract(`python3 '${path('mean.py')}'`, 120, '--timeout', '60');
    assert.equal(row.status, 'not-a-match');
    assert.ok(row.queries >= 120);
  });
});
