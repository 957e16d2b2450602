// Runs a sixth of the settings of calibration again, with a few seeds each, and compares every verdict with the one that
// verdicts.csv has: a rule or a number that changed without a new calibration shows. Part of `./lab test --all`; which
// sixth follows from the number of commits.
//   node tests/calibration/again.mjs [1 to 6]
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { counted, is_run, lines_of, program, read_lines, read_store, with_seeds } from './store.mjs';

const seeds = 3;
// Kernels of other processors round otherwise, which may turn a verdict that is near its level.
const most_changed = 0.02;
const root = path.join(import.meta.dirname, '../..');
const sixth = process.argv[2] ? Number(process.argv[2]) - 1
  : Number(execFileSync('git', ['-C', root, 'rev-list', '--count', 'HEAD'], { encoding: 'utf8' })) % 6;

const kept = read_store();
const known = read_lines(lines_of(with_seeds(kept)));
const settings = [...new Map(counted(lines_of(kept)).map((row) => [`${row.experiment}, ${row.setting}`, row]))];

/** The verdicts of this setting, seed by seed, once kept and once computed again. */
function again(number, lines) {
  const folder = mkdtempSync(path.join(tmpdir(), 'calibration-'));
  try {
    const file = path.join(folder, 'verdicts');
    // What is there already is not computed: the run with more data.
    writeFileSync(file, lines.filter(({ seed }) => seed > seeds).map(({ run, seed, verdicts }) =>
      `${run}&seed=${seed}\t${Object.entries(verdicts).flat().join('\t')}\tend\n`).join(''));
    execFileSync(program, ['selftest', '--claims', 'all', '--setting', `${number}`, '--seeds', `${seeds}`, '--resume', file,
      '--format', 'csv']);
    return read_lines(readFileSync(file, 'utf8')).filter(({ seed }) => seed <= seeds);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

let compared = 0;
const changed = [];
for (const [i, [name, { link, more_data_link }]] of settings.entries()) {
  if (i % 6 !== sixth) continue;
  const lines = known.filter(({ run }) => is_run(run, link) || is_run(run, more_data_link));
  const large = lines.some(({ seed, run }) => seed > seeds && is_run(run, more_data_link));
  const first = lines.filter(({ seed }) => seed <= seeds);
  if (first.length < seeds || (more_data_link !== '' && !large)) {
    console.log(`     ${name}: not whole yet`);
    continue;
  }
  const found = new Map(again(i + 1, lines).map(({ seed, verdicts }) => [seed, verdicts]));
  for (const { seed, verdicts } of first) {
    for (const [claim, word] of Object.entries(verdicts)) {
      compared += 1;
      if (found.get(seed)?.[claim] !== word) changed.push(`${name}: ${claim}, seed ${seed}: ${found.get(seed)?.[claim]}, was ${word}`);
    }
  }
  console.log(`ok   ${name}`);
}
console.log(`part ${sixth + 1} of 6: ${compared} verdicts compared, ${changed.length} changed`);
changed.forEach((line) => console.log(line));
if (changed.length > most_changed * compared) process.exitCode = 1;
