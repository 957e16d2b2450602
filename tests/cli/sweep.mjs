// A sweep gives one table whose bytes depend only on its specification: not on threads, shards, kills or a torn
// journal. A sweep that cannot be computed is refused before anything is written.
import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import {
  assertDone, assertRefused, attnlab, files, inFolder, journalLines, parseCsv, start, until,
} from './support/attnlab.mjs';

const grid = { experiment: 'rf-learning-curve', seed: 7, parameters: {
  dim: [4, 6], keys: 4, heads: { from: 8, to: 32, factor: 2 }, models: ['rfa', 'rfa,brfa'],
  samples: [[16, 32], 32], 'test-samples': 64, trials: 5 } };
const points = 2 * 3 * 2 * 2;
const jobs = points * 5 * 3 / 2;  // one job a model and trial

/** Calls `use` in a folder with the specification in it. */
const withGrid = (use, specification = grid) => inFolder((folder, path) => {
  writeFileSync(path('sweep.json'), typeof specification === 'string' ? specification : JSON.stringify(specification));
  return use((words, options) => attnlab(['sweep', path('sweep.json'), ...words], options), path, folder);
});
const table = (folder) => readFileSync(`${folder}/table.csv`, 'utf8');
let unbroken;
const expected = () => (unbroken ??= withGrid((sweep, path) => {
  assertDone(sweep(['--out', path('all'), '--threads', '2']));
  return table(path('all'));
}));

function assertAllOnce(journal) {
  const indices = journalLines(journal).map((line) => Number(line.split(' ')[0])).sort((a, b) => a - b);
  assert.deepEqual(indices, Array.from({ length: jobs }, (_, i) => i));
}

test('every point of the grid has the rows of a separate run', async () => {
  const [header, ...rows] = parseCsv(await expected());
  assert.deepEqual(header.slice(0, 5), ['point', 'models', 'dim', 'heads', 'samples']);
  assert.equal(new Set(rows.map(([point]) => point)).size, points);
  for (const point of ['0', String(points - 1)]) {
    const own = rows.filter((row) => row[0] === point);
    const [, models, dim, heads, samples] = own[0];
    const [columns, ...single] = parseCsv(assertDone(attnlab(['run', 'rf-learning-curve', '--format', 'csv',
      '--seed', '7', '--keys', '4', '--test-samples', '64', '--trials', '5', '--models', models, '--dim', dim,
      '--heads', heads, '--samples', samples])));
    assert.deepEqual(header.slice(5, 5 + columns.length), columns);
    assert.deepEqual(own.map((row) => row.slice(5, 5 + columns.length)), single);
  }
});

test('the table ends with the seed and the fixed parameters, with which every row can be computed again', async () => {
  const [header, ...rows] = parseCsv(await expected());
  const fixed = header.slice(header.indexOf('ridge') + 1);
  assert.deepEqual(fixed.slice(0, 3), ['seed', 'fixed_target', 'fixed_degree']);
  for (const name of ['keys', 'test_samples', 'fixed_trials', 'fixed_ridge', 'noise']) assert.ok(fixed.includes(name), name);
  for (const name of ['formula', 'frequency', 'copies']) assert.ok(!fixed.includes(name), `${name} has no effect`);
  const row = rows.at(-1);
  const flags = [...header.slice(1, 5), ...fixed].flatMap((name) =>
    [`--${name.replace('fixed_', '').replaceAll('_', '-')}`, row[header.indexOf(name)]]);
  const [columns, ...single] = parseCsv(assertDone(attnlab(['run', 'rf-learning-curve', '--format', 'csv', ...flags])));
  const own = rows.filter(([point]) => point === row[0]);
  assert.deepEqual(own.map((each) => each.slice(5, 5 + columns.length)), single);
});

test('seeds are swept: every seed has the rows of a run with it, also of the trials and after a merge', () => {
  const seeds = { experiment: 'rf-learning-curve', seed: { from: 3, to: 5, step: 1 },
    parameters: { dim: 4, keys: 4, heads: 8, models: 'rfa,rfmlp', samples: [16, 32], 'test-samples': 64, trials: 2 } };
  const words = ['run', 'rf-learning-curve', '--format', 'csv', '--dim', '4', '--keys', '4', '--heads', '8',
    '--models', 'rfa,rfmlp', '--test-samples', '64', '--trials', '2'];
  return withGrid((sweep, path) => {
    assertDone(sweep(['--out', path('all')]));
    assertDone(sweep(['--out', path('all'), '--table', 'trials']));
    assert.deepEqual(files(path('all')), ['journal', 'table.csv', 'trials.csv']);
    for (const [file, more] of [['table.csv', []], ['trials.csv', ['--table', 'trials']]]) {
      const [header, ...rows] = parseCsv(readFileSync(path(`all/${file}`), 'utf8'));
      assert.deepEqual(header.slice(0, 3), ['point', 'samples', 'seed']);
      assert.equal(header.filter((name) => name.includes('seed')).length, 1);
      for (const [point, samples, seed] of [['0', '16', '3'], ['5', '32', '5']]) {
        const own = rows.filter((row) => row[0] === point);
        assert.deepEqual(own[0].slice(1, 3), [samples, seed]);
        const [columns, ...single] = parseCsv(assertDone(attnlab([...words, '--samples', samples, '--seed', seed, ...more])));
        assert.deepEqual(own.map((row) => row.slice(3, 3 + columns.length)), single);
      }
    }
    for (const part of ['1/2', '2/2']) assertDone(sweep(['--out', path(part[0]), '--shard', part]));
    assertDone(attnlab(['merge', path('1'), path('2'), '--out', path('merged'), '--table', 'trials']));
    assert.equal(readFileSync(path('merged/trials.csv'), 'utf8'), readFileSync(path('all/trials.csv'), 'utf8'));
    assertRefused(sweep(['--out', path('no'), '--table', 'trails']), 2, [/unknown table "trails".*did you mean "trials"/]);
    assertRefused(attnlab(['merge', path('1'), path('2'), '--out', path('no'), '--table', 'x']), 2, [/unknown table "x"/]);
    writeFileSync(path('other.json'), JSON.stringify({ ...seeds, seed: [3, 4] }));
    assertRefused(attnlab(['sweep', path('other.json'), '--out', path('all')]), 2,
      [/seed was one of 3; 4; 5 there and is one of 3; 4 here/]);
  }, seeds);
});

test('the table does not depend on the number of threads', () => withGrid(async (sweep, path) => {
  assertDone(sweep(['--out', path('one'), '--threads', '1']));
  assert.equal(table(path('one')), await expected());
}));

test('a sweep killed again and again ends with the same bytes', () => withGrid(async (sweep, path) => {
  const journal = path('all/journal');
  let kept = [];
  for (let kill = 0; kill < 3; ++kill) {
    const before = journalLines(journal).length;
    const { child, ended } = start(['sweep', path('sweep.json'), '--out', path('all'), '--threads', '1']);
    await until(() => journalLines(journal).length >= before + 5, 'some jobs are in the journal');
    child.kill(kill === 2 ? 'SIGINT' : 'SIGKILL');
    const { code, err } = await ended;
    if (kill === 2) assert.match(err, /jobs are kept in .*all\/journal/);
    if (kill === 2) assert.equal(code, 130);
    const lines = journalLines(journal);
    assert.ok(lines.length < jobs);
    assert.deepEqual(lines.slice(0, kept.length), kept);
    kept = lines;
  }
  assert.deepEqual(files(path('all')), ['journal']);
  assertDone(sweep(['--out', path('all')]));
  assert.equal(table(path('all')), await expected());
  assertAllOnce(journal);
}));

test('a torn or damaged end is cut off, and everything before it is kept', () => withGrid(async (sweep, path) => {
  assertDone(sweep(['--out', path('all')]));
  const whole = readFileSync(path('all/journal'));
  for (const damage of ['torn', 'flipped']) {
    const bytes = Buffer.from(whole.subarray(0, damage === 'torn' ? whole.length - 7 : whole.length));
    if (damage === 'flipped') bytes[whole.length - 20] ^= 4;
    writeFileSync(path('all/journal'), bytes);
    const again = sweep(['--out', path('all')]);
    assert.match(again.err, /was damaged: 1 line cut off/);
    assert.match(again.err, new RegExp(`${jobs - 1} of ${jobs} jobs are taken over`));
    assert.equal(assertDone(again) + table(path('all')), await expected());
    assertAllOnce(path('all/journal'));
  }
}));

test('the journal of another sweep, of a run or of another program is refused and not changed', () =>
  withGrid((sweep, path) => {
    mkdirSync(path('all'));
    const other = structuredClone(grid);
    other.parameters.dim = [4, 5];
    writeFileSync(path('other.json'), JSON.stringify(other));
    assertDone(attnlab(['sweep', path('other.json'), '--out', path('other'), '--quiet', '--shard', '1/4']));
    assertDone(attnlab(['run', 'rf-learning-curve', '--dim', '4', '--samples', '16', '--trials', '1', '--resume', path('run')]));
    writeFileSync(path('notes'), 'my notes\n');
    for (const [name, pattern] of [['other/journal', /dim was one of 4; 5 there and is one of 4; 6 here/],
      ['run', /another run/], ['notes', /not a journal/]]) {
      copyFileSync(path(name), path('all/journal'));
      assertRefused(sweep(['--out', path('all')]), 2, [/all\/journal/, pattern]);
      assert.deepEqual(readFileSync(path('all/journal')), readFileSync(path(name)));
      assert.deepEqual(files(path('all')), ['journal']);
    }
  }));

test('merged shards give the bytes of the undivided sweep', () => withGrid(async (sweep, path) => {
  const shards = [1, 2, 3].map((i) => path(`shard${i}`));
  shards.forEach((folder, i) => {
    assertDone(sweep(['--out', folder, '--shard', `${i + 1}/3`]));
    assert.deepEqual(files(folder), ['journal']);
  });
  const early = attnlab(['merge', ...shards.slice(0, 2), '--out', path('all')]);
  assertRefused(early, 4, [new RegExp(`${jobs / 3} jobs of ${jobs} are missing`)]);
  assert.deepEqual(files(path('all')), ['journal']);
  assertDone(attnlab(['merge', ...shards.reverse(), shards[0], '--out', path('all')]));
  assert.equal(table(path('all')), await expected());
  assertAllOnce(path('all/journal'));
}));

test('shards that disagree are not merged', () => withGrid((sweep, path) => {
  assertDone(sweep(['--out', path('a'), '--shard', '1/3']));
  const [header] = readFileSync(path('a/journal'), 'utf8').split('\n');
  const [[index, mine], ...others] = journalLines(path('a/journal')).map((line) => line.split(' '));
  const [, other] = others.find(([, bytes]) => bytes !== mine);
  mkdirSync(path('b'));
  writeFileSync(path('b/journal'), `${header}\n${sealed(`${index} ${other}`)}\n`);
  assertRefused(attnlab(['merge', path('a'), path('b'), '--out', path('all')]), 2, [/two different results/]);
  assert.deepEqual(files(path('.')), ['a', 'b', 'sweep.json']);
}));

function sealed(line) {
  let crc = 0xffffffff;
  for (const byte of Buffer.from(line)) {
    crc ^= byte;
    for (let bit = 0; bit < 8; ++bit) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return `${line} ${((crc ^ 0xffffffff) >>> 0).toString(16).padStart(8, '0')}`;
}

const e = 'rf-learning-curve';
const refused = {
  'text that is not JSON': ['{"experiment":', /not JSON/],
  'a list': ['[]', /JSON object/],
  'a bottomless list': ['['.repeat(100000), /nested too deeply/],
  'no experiment': ['{}', /experiment is missing/],
  'an unknown experiment': [{ experiment: 'rf-learning-curv' }, /did you mean "rf-learning-curve"/],
  'an unknown key': [{ experiment: e, parameter: {} }, /"parameter" for the sweep; did you mean "parameters"/],
  'an unknown parameter': [{ experiment: e, parameters: { dimm: [1] } }, /"dimm".*did you mean "dim"/],
  'a key given twice': [`{"experiment":"${e}","parameters":{"dim":[1],"dim":[2]}}`, /"dim" is there twice/],
  'a value out of range': [{ experiment: e, parameters: { dim: [4, 257] } }, /dim must be 1 to 256, not 257/],
  'a value of another kind': [{ experiment: e, parameters: { dim: [4, [5]] } }, /dim must be .* not \[5\]/],
  'a value twice': [{ experiment: e, parameters: { dim: [4, '4.0'] } }, /dim has the value 4 twice/],
  'an empty list': [{ experiment: e, parameters: { dim: [] } }, /dim needs at least one value/],
  'a range downwards': [{ experiment: e, parameters: { dim: { from: 8, to: 4, step: 1 } } }, /upwards/],
  'a range without a step': [{ experiment: e, parameters: { dim: { from: 8, to: 14 } } }, /dim as a range/],
  'a range that stands still': [{ experiment: e, parameters: { noise: { from: 1, to: 2, step: 1e-30 } } }, /too small/],
  'a range of too many values': [{ experiment: e, parameters: { noise: { from: 0, to: 1, step: 1e-9 } } }, /more than 100000/],
  'a range out of the schema': [{ experiment: e, parameters: { dim: { from: 200, to: 300, step: 50 } } }, /dim must be 1 to 256, not 300/],
  'a range of fractions': [{ experiment: e, parameters: { dim: { from: 2, to: 9, factor: 1.5 } } }, /whole number/],
  'a grid too large': [{ experiment: e, parameters: { dim: { from: 1, to: 250, step: 1 },
    keys: { from: 1, to: 50, step: 1 }, seed: 1, heads: { from: 1, to: 50, step: 1 } } }, /seed|points/],
  'a seed twice': [{ experiment: e, seed: [1, 2, 1] }, /seed has the value 1 twice/],
  'a seed that is a fraction': [{ experiment: e, seed: { from: 1, to: 2, step: 0.5 } }, /seed must be a whole number, 0 to 9007199254740991, not 1\.5/],
  'a seed that JavaScript would round': [`{"experiment":"${e}","seed":9007199254740993}`, /seed/, /9007199254740993/],
  'a point that cannot be run': [{ experiment: e, parameters: { target: ['mean-power'], dim: [1, 256], keys: [1024],
    samples: [65536], heads: [65536], trials: [100000] } }, /trials|at /],
};
for (const [name, [specification, ...patterns]] of Object.entries(refused)) {
  test(`a sweep with ${name} is refused`, () => withGrid((sweep, path, folder) => {
    assertRefused(sweep(['--out', path('all')]), 2, [/sweep\.json|at /, ...patterns]);
    assert.deepEqual(files(folder), ['sweep.json']);
  }, specification));
}

test('invalid flags and folders are refused, and nothing is written', () => withGrid((sweep, path, folder) => {
  for (const [words, pattern] of [[[], /--out DIR/], [['--out', path('a'), '--shard', '0/3'], /I\/N/],
    [['--out', path('a'), '--shard', '4/3'], /I\/N/], [['--out', path('a'), '--memory', '12'], /memory must be/],
    [['--out', path('a/b')], /--out .*a\/b cannot be used/], [['--out', path('sweep.json')], /not a folder/]]) {
    assertRefused(sweep(words), 2, [pattern]);
  }
  assertRefused(attnlab(['sweep', path('none.json'), '--out', path('a')]), 2, [/none\.json cannot be read/]);
  assertRefused(attnlab(['merge', path('none'), '--out', path('a')]), 2, [/none\/journal cannot be used/]);
  assert.deepEqual(files(folder), ['sweep.json']);
}));

test('a point that does not fit into --memory is named and refused', () => withGrid((sweep, path, folder) => {
  const result = sweep(['--out', path('all'), '--memory', '100MB']);
  assertRefused(result, 2, [/at samples 65536: samples is 65536/, /at most 100 MB/]);
  assert.deepEqual(files(folder), ['sweep.json']);
}, { experiment: e, parameters: { samples: [16, 65536] } }));

test('two sweeps do not write one folder', () => withGrid(async (sweep, path) => {
  const { child, ended } = start(['sweep', path('sweep.json'), '--out', path('all'), '--threads', '1']);
  await until(() => journalLines(path('all/journal')).length > 0, 'the first sweep has the folder');
  assertRefused(sweep(['--out', path('all')]), 2, [/another attnlab/]);
  child.kill('SIGKILL');
  await ended;
}));
