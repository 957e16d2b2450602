// The pages of docs/how-to do what they say: their files are written and their commands are run, in the order of the page.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { attnlab, inFolder, journalLines, program } from './support/attnlab.mjs';

const root = process.env.ATTNLAB_ROOT ?? process.cwd();
const text_of = (name) => readFileSync(path.join(root, 'docs/how-to', name), 'utf8');
const pages = readdirSync(path.join(root, 'docs/how-to')).filter((name) => name.endsWith('.md')).sort();

/** What a page has between its fences: { file } for the text of a named file ("`box.py`:" before it), { commands }. */
function steps_of(page) {
  const pattern = /(?:`([\w.-]+)`:\n\n)?^```(\w+)\n([^]*?)^```/gm;
  return [...text_of(page).matchAll(pattern)].map(([, file, language, text]) => {
    if (file) return { file, text };
    return { commands: language === 'sh' ? text.split('\n').filter((line) => line.trim() !== '') : [] };
  });
}

// attnlab on the PATH; mpirun as root and with more ranks than processors; srun starts two ranks.
const environment = (folder) => ({ ...process.env, PATH: `${folder}/bin:${path.dirname(program)}:${process.env.PATH}`,
  OMPI_ALLOW_RUN_AS_ROOT: '1', OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: '1', OMPI_MCA_rmaps_base_oversubscribe: '1',
  OMPI_MCA_btl_vader_single_copy_mechanism: 'none' });
const srun = '#!/bin/sh\nshift\nexec mpirun -n 2 "$@"\n';

function run_in(folder, command, more = {}) {
  const done = spawnSync('bash', ['-c', command], { cwd: folder, encoding: 'utf8', timeout: 240_000,
    env: { ...environment(folder), ...more } });
  assert.equal(done.status, 0, `${command}\n${done.stdout}${done.stderr}`);
  return done.stdout;
}

/** A script for Slurm, as Slurm would run it: once for every task of its array. */
function submit(folder, file, text) {
  const [, first, last] = /--array=(\d+)-(\d+)/.exec(text) ?? [0, 1, 1];
  for (let task = Number(first); task <= Number(last); task += 1) {
    run_in(folder, `bash ${file}`, { SLURM_ARRAY_TASK_ID: String(task) });
  }
}

const no_mpi = !attnlab(['--version']).out.includes('MPI') && 'this build has no MPI'
  || spawnSync('mpirun', ['--version']).error && 'mpirun is not installed';

for (const page of pages) {
  const skip = text_of(page).includes('mpirun') && no_mpi;
  test(`the commands of docs/how-to/${page}`, { skip }, () => inFolder((folder, at) => {
    mkdirSync(at('bin'));
    writeFileSync(at('bin/srun'), srun, { mode: 0o755 });
    for (const { file, text, commands } of steps_of(page)) {
      if (file) {
        writeFileSync(at(file), text);
        if (text.includes('#SBATCH')) submit(folder, file, text);
      }
      for (const command of commands ?? []) {
        run_in(folder, command);
        const [, out] = / --out (\S+)/.exec(command) ?? [];
        if (out) assert.ok(statSync(at(out)).size > 100, `${out} has a result`);
      }
    }
  }));
}

test('the journal of a finished run leaves nothing to compute', () => inFolder((folder, at) => {
  const [first, second] = steps_of('continue-a-run.md').flatMap(({ commands }) => commands ?? []);
  run_in(folder, first);
  const jobs = journalLines(at('risk.journal')).length;
  assert.ok(jobs > 0);
  run_in(folder, second);
  assert.equal(journalLines(at('risk.journal')).length, jobs);
}));

test('a box that is one head is recovered by the page about boxes', () => inFolder((folder, at) => {
  for (const { file, text, commands } of steps_of('own-box.md')) {
    if (file) writeFileSync(at(file), text);
    for (const command of commands ?? []) run_in(folder, command);
  }
  const { columns, rows: [row] } = JSON.parse(readFileSync(at('head.json'), 'utf8')).tables.recovery;
  assert.equal(row[columns.indexOf('status')], 'recovered');
}));

test('the pieces of HTML are part of the example page, which the browser tests open', () => {
  const plain = (text) => text.replaceAll(/\s+/g, ' ').trim();
  const example = plain(readFileSync(path.join(root, 'docs/embed/plain.html'), 'utf8'));
  const pieces = [...text_of('embed.md').matchAll(/^ *```html\n([^]*?)^ *```/gm)].flatMap(([, piece]) =>
    plain(piece).split(/(?<=<\/script>) (?=<attention-lab)/));
  assert.ok(pieces.length >= 4);
  for (const piece of pieces) assert.ok(example.includes(piece), piece);
});

test('commands within sentences name experiments, presets and flags that are there', () => {
  const known = JSON.parse(run_in(root, 'attnlab list --json')).experiments;
  let checked = 0;
  for (const page of pages) {
    for (const [, id, flags] of text_of(page).matchAll(/^`(?:attnlab|\.\/lab cli) run ([\w-]+)([^`]*)`$/gm)) {
      const experiment = known.find((each) => each.id === id);
      assert.ok(experiment, `${page}: ${id}`);
      const names = [...experiment.parameters.map(({ name }) => name), 'preset', 'seed', 'format', 'out', 'resume'];
      for (const [, name, value] of flags.matchAll(/ --([\w-]+) (\S+)/g)) {
        assert.ok(names.includes(name), `${page}: --${name}`);
        if (name === 'preset') assert.ok(experiment.presets.some((preset) => preset.name === value), `${page}: ${value}`);
      }
      checked += 1;
    }
  }
  assert.ok(checked >= 2);
});
