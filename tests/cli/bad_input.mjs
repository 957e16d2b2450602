// Bad input ends with exit code 2 (3 for a fault of the machine) and one sentence that names the error, the value and
// what is allowed; no files are left.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import {
  assertDone, assertRefused, attnlab, canLimitMemory, files, inFolder, small,
} from './support/attnlab.mjs';

const run = ['run', 'rf-learning-curve'];
const refused = {
  'kernels that no machine has': [['bench', '--simd', 'abacus'], /simd is "abacus"; on this machine it is one of \w+/],
  'an unknown command': [['walk'], /"walk".*list, run, extract, sweep, merge, selftest, bench, lesson, open/],
  'an unknown flag before a command': [['--fast'], /"--fast"/],
  'run without an experiment': [['run'], /experiment.*rf-learning-curve/],
  'a box that needs answers from outside': [['run', 'extract-black-box', '--box', 'own'], /box = own/, /attnlab extract/],
  'an unknown experiment': [['run', 'rf-learning-curv'], /"rf-learning-curv"/, /did you mean "rf-learning-curve"/],
  'an unknown parameter': [[...run, '--dimm', '3'], /"--dimm"/, /did you mean "--dim"/],
  'an unknown parameter with =': [[...run, '--dimm=3'], /"--dimm"/, /did you mean "--dim"/],
  'a theme of no picture': [[...run, '--theme', 'dark'], /theme belongs to --format svg/],
  'two formats of a list': [['list', '--json', '--markdown'], /--json and --markdown are two formats/],
  'an unknown preset': [[...run, '--preset', 'mean'], /"mean"/, /mean-power-2, mean-power-4/],
  'text for a number': [[...run, '--dim', 'many'], /\bdim\b/, /"many"/, /1 to 256/],
  'nan': [[...run, '--noise', 'nan'], /\bnoise\b/, /nan/, /0 to 10/],
  'infinity': [[...run, '--noise', 'inf'], /\bnoise\b/, /inf/, /0 to 10/],
  'a number out of range': [[...run, '--dim=257'], /\bdim\b/, /257/, /1 to 256/],
  'a negative number': [[...run, '--noise', '-0.5'], /\bnoise\b/, /-0.5/, /0 to 10/],
  'heads 0': [[...run, '--heads', '0'], /\bheads\b/, /\b0\b/, /1 to \d+/],
  'a fraction for an integer': [[...run, '--heads', '1.5'], /\bheads\b/, /1\.5/],
  'a bad entry in a list': [[...run, '--samples', '16,x,64'], /\bsamples\b/, /x/, /1 to \d+/],
  'an empty list': [[...run, '--samples', ''], /\bsamples\b/],
  'an unknown choice': [[...run, '--models', 'rfa,rfx'], /\bmodels\b/, /rfx/, /brfa/],
  'a flag without its value': [[...run, '--dim'], /--dim needs a value/],
  'a flag with an empty value': [[...run, '--dim=', '--keys', '3'], /--dim needs a value/],
  'a value for a switch': [[...run, '--quiet=1'], /--quiet takes no value/],
  'a repeated flag': [[...run, '--dim', '3', '--dim', '4'], /--dim/, /3, then 4/],
  'a word too many': [[...run, 'list'], /"list"/],
  'an experiment that cannot be listed': [['list', 'rf'], /"rf"/],
  'a word too many for list': [['list', 'rf-heads', 'rf-bias'], /"rf-bias"/],
  'a list written with blanks': [[...run, '--samples', '16', '64', '256'], /"64"/, /commas: --samples 16,64,256\n/],
  'a list written with commas and blanks': [[...run, '--samples', '16,', '64'], /commas: --samples 16,64\n/],
  'a list joined to its flag, with blanks': [[...run, '--samples=16', '64'], /commas: --samples 16,64\n/],
  'a list of negative numbers written with blanks': [['run', 'icl-attention', '--query', '-1.4', '-0.6'], /"-0.6"/,
    /commas: --query -1.4,-0.6\n/],
  'a list of names written with blanks': [[...run, '--models', 'rfa', 'brfa'], /"brfa"/, /commas: --models rfa,brfa\n/],
  'a flag in place of a value': [[...run, '--dim', '--keys', '3'], /--dim needs a value/],
  'an unknown flag of a command': [['bench', '--jsn'], /"--jsn"/, /did you mean "--json"/],
  'an unknown flag of a run': [[...run, '--thraeds', '3'], /"--thraeds"/, /did you mean "--threads"/],
  'a negative seed': [[...run, '--seed', '-1'], /\bseed\b/, /-1/, /0 to 9007199254740991/],
  'a seed that JavaScript would round': [[...run, '--seed', '9007199254740992'], /\bseed\b/, /9007199254740992/],
  'no threads': [[...run, '--threads', '0'], /\bthreads\b/, /"0"/, /1 to 256/],
  'too many threads': [[...run, '--threads', '257'], /\bthreads\b/, /"257"/, /1 to 256/],
  'an unknown format': [[...run, '--format', 'xml'], /\bformat\b/, /"xml"/, /table, csv, json/],
  'a line break in a value': [[...run, '--dim', '1\n2'], /\bdim\b/],
};

for (const [name, [args, ...patterns]] of Object.entries(refused)) {
  test(`${name} is refused`, () => inFolder((folder) => {
    const files_to_make = args[0] === 'run' && args.length > 2
      ? ['--out', 'result.csv', '--resume', 'journal'] : [];
    // First, so that a flag without its value stays the last word.
    const words = [...args.slice(0, 2), ...files_to_make, ...args.slice(2)];
    assertRefused(attnlab(words, { cwd: folder }), 2, patterns);
    assert.deepEqual(files(folder), []);
  }));
}

test('more samples than memory allows are refused', { skip: !canLimitMemory() }, () =>
  inFolder((folder) => {
    const args = [...run, '--samples', '65536', '--out', 'result.csv', '--resume', 'journal'];
    const result = attnlab(args, { cwd: folder, limitKb: 2000000 });
    assertRefused(result, 2, [/\bsamples\b/, /65536/, /one job needs \d+ GB/, /at most 1\.8 GB/]);
    assert.deepEqual(files(folder), []);
  }));

test('an output file that cannot be written is refused before anything is computed', () =>
  inFolder((folder, path) => {
    mkdirSync(path('sub'));
    // At these sizes a run would take minutes.
    const large = [...run, '--trials', '1000', '--resume', 'journal', '--out'];
    for (const [name, reason] of [['missing/result.csv', /missing/], ['sub', /folder/],
      ['/proc/result.csv', /\/proc/], ['', /name of a file/],
      ['sub/', /folder/]]) {
      assertRefused(attnlab([...large, name], { cwd: folder }), 2, [/--out/, reason]);
    }
    assert.deepEqual(files(folder), ['sub']);
    assert.deepEqual(files(path('sub')), []);
  }));

test('a result and a journal in one file are refused', () => inFolder((folder, path) => {
  writeFileSync(path('there'), '');
  symlinkSync('there', path('link'));
  for (const [out, resume] of [['new', './new'], ['there', 'link'], ['link', 'there']]) {
    const result = attnlab([...small, '--out', out, '--resume', resume], { cwd: folder });
    assertRefused(result, 2, [/--out and --resume/]);
  }
  assert.deepEqual(files(folder), ['link', 'there']);
}));

test('a resume file of another run is refused and not changed', () => inFolder((folder, path) => {
  assertDone(attnlab([...small, '--trials', '2', '--resume', path('journal')]));
  const before = readFileSync(path('journal'));
  for (const [change, pattern] of [[['--trials', '3'], /trials/], [['--trials', '2', '--noise', '0.1'], /noise/]]) {
    const args = [...small, ...change, '--resume', path('journal'), '--out', path('result')];
    assertRefused(attnlab(args), 2, [/--resume/, /another run/, pattern]);
    assert.deepEqual(readFileSync(path('journal')), before);
  }
  assert.deepEqual(files(folder), ['journal']);
}));

test('a resume file that is no journal is refused and not changed', () => inFolder((folder, path) => {
  for (const text of ['my notes', 'my notes\n', '\n', 'attnlab-journal 2 x y z\n']) {
    writeFileSync(path('notes'), text);
    assertRefused(attnlab([...small, '--resume', path('notes')]), 2, [/--resume .*notes/]);
    assert.equal(readFileSync(path('notes'), 'utf8'), text);
  }
  assertRefused(attnlab([...small, '--resume', folder]), 2, [/--resume/]);
  assertRefused(attnlab([...small, '--resume', path('missing/journal')]), 2, [/--resume/]);
  assert.deepEqual(files(folder), ['notes']);
}));

test('without a display the window ends with a sentence and exit code 3', () => {
  const env = { ...process.env };
  delete env.DISPLAY;
  delete env.WAYLAND_DISPLAY;
  for (const args of [[], ['open', 'e=rf-learning-curve&dim=4']]) {
    assertRefused(attnlab(args, { env }), 3, []);
  }
});
