// What calibrations found, in verdicts.csv next to this script, and the tables of docs/calibration.md made from it.
// Columns: run (all parameters, without the seed), claim, first (seed), date, verdicts: a letter a seed, in their order;
// "-" for a seed that has not run. Small letters are verdicts whose seeds are not known: counts of before there was this
// file.
//   node tests/calibration/store.mjs take FILE...   adds files of `attnlab selftest --claims ... --resume FILE`
//   node tests/calibration/store.mjs keep FILE      writes such a file, to go on from
//   import { renewed } from './store.mjs'           the document as it should be
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const folder = path.dirname(fileURLToPath(import.meta.url));
const root = path.join(folder, '../..');
const store = path.join(folder, 'verdicts.csv');
const document = path.join(root, 'docs/calibration.md');
export const program = process.env.ATTNLAB_BIN ?? path.join(root, 'build/native/attnlab');
const most_seeds = 1000;
const letters = { holds: 'H', fails: 'F', undecided: 'U', 'no-counterexample': 'N' };
const words = Object.fromEntries(Object.entries(letters).map(([word, letter]) => [letter, word]));

/** Fields of a line; quoted ones may hold commas. */
const split = (line) => [...line.matchAll(/(?:^|,)(?:"([^"]*)"|([^,]*))/g)].map(([, quoted, plain]) => quoted ?? plain);

/** Rows of a CSV text as objects. */
function rows_of(text) {
  const [head, ...lines] = text.trimEnd().split('\n');
  const names = split(head);
  return lines.map((line) => Object.fromEntries(split(line).map((field, i) => [names[i], field])));
}

/** What is kept, by run, claim and first seed. */
export const read_store = () => new Map(rows_of(readFileSync(store, 'utf8'))
  .map((row) => [`${row.run} ${row.claim} ${row.first}`, { ...row, verdicts: [...row.verdicts] }]));

function write_store(kept) {
  const order = new Intl.Collator('en', { numeric: true }).compare;
  const rows = [...kept.values()].sort((one, other) => order(one.run, other.run) || order(one.claim, other.claim));
  const lines = rows.map(({ run, claim, first, date, verdicts }) => `"${run}",${claim},${first},${date},${verdicts.join('')}`);
  writeFileSync(store, `run,claim,first,date,verdicts\n${lines.join('\n')}\n`);
}

/** Lines of a file of --resume: { run, seed, verdicts: { A2: 'holds' } }. */
export const read_lines = (text) => text.split('\n').filter((line) => line.endsWith('\tend')).map((line) => {
  const [link, ...parts] = line.split('\t');
  const [, run, seed] = /^(.*)&seed=(\d+)$/.exec(link);
  return { run, seed: Number(seed), verdicts: Object.fromEntries(
    Array.from({ length: (parts.length - 1) / 2 }, (_, i) => parts.slice(2 * i, 2 * i + 2))) };
});

/** Adds these lines; returns how many verdicts were known otherwise. */
export function add(kept, lines, date) {
  const found = new Map();
  for (const { run, seed, verdicts } of lines) {
    const first = seed > most_seeds ? seed : 1;
    for (const [claim, word] of Object.entries(verdicts)) {
      const key = `${run} ${claim} ${first}`;
      if (!found.has(key)) found.set(key, { run, claim, first, date, verdicts: [] });
      found.get(key).verdicts[seed - first] = letters[word];
    }
  }
  let changed = 0;
  for (const [key, row] of found) {
    const known = kept.get(key);
    if (known && /[a-z]/.test(known.verdicts.join(''))) {
      if (row.verdicts.filter(Boolean).length >= known.verdicts.length) kept.set(key, row);
      continue;
    }
    const before = known?.verdicts ?? [];
    const after = Array.from({ length: Math.max(before.length, row.verdicts.length) },
      (_, i) => row.verdicts[i] ?? before[i] ?? '-');
    if (after.join('') === before.join('')) continue;
    changed += before.filter((letter, i) => letter !== '-' && letter !== after[i]).length;
    kept.set(key, { ...row, verdicts: after });
  }
  for (const row of kept.values()) row.verdicts = Array.from(row.verdicts, (letter) => letter ?? '-');
  return changed;
}

/** The store as lines of a file of --resume. */
export function lines_of(kept) {
  const runs = new Map();
  for (const { run, claim, first, verdicts } of kept.values()) {
    verdicts.forEach((letter, i) => {
      if (letter === '-') return;
      const link = `${run}&seed=${Number(first) + i}`;
      runs.set(link, `${runs.get(link) ?? ''}\t${claim}\t${words[letter.toUpperCase()]}`);
    });
  }
  return [...runs].map(([link, claims]) => `${link}${claims}\tend\n`).join('');
}

/** Those whose seeds are known. */
export const with_seeds = (kept) => new Map([...kept].filter(([, { verdicts }]) => !/[a-z]/.test(verdicts.join(''))));

/** What the program counts in these lines: one row for each claim of each setting. */
export function counted(lines) {
  const temporary = mkdtempSync(path.join(tmpdir(), 'calibration-'));
  try {
    const file = path.join(temporary, 'verdicts');
    writeFileSync(file, lines);
    return rows_of(execFileSync(program, ['selftest', '--claims', 'all', '--kept', '--resume', file, '--seeds', `${most_seeds}`,
      '--format', 'csv'], { encoding: 'utf8', maxBuffer: 1 << 26 }));
  } finally {
    rmSync(temporary, { recursive: true });
  }
}

/** Whether the run is that of the link: parameters that are newer than the run have their defaults. */
export const is_run = (run, link) => run.split('&').every((part) => `&${link}&`.includes(`&${part}&`));

const short = (text) => (text === '' ? '' : `${Number(Number(text).toPrecision(3))}`);

function table(rows, kept) {
  const lines = ['| experiment | setting | claim | seeds | holds % | fails % | decided % | 50 times the data | ' +
    'contradicted % (95 %) | run |', '|---|---|---|---|---|---|---|---|---|---|'];
  for (const row of rows) {
    const dates = [...kept.values()].filter(({ run, claim }) => claim === row.claim &&
      (is_run(run, row.link) || is_run(run, row.more_data_link))).map(({ date }) => date);
    const more = row.more_data_link === '' ? '-' : row.more_data || 'not run';
    const wrong = row.contradicted === '' ? '-' : `${short(row.contradicted)} (${short(row.low)} to ${short(row.high)})`;
    lines.push(`| \`${row.experiment}\` | ${row.setting} | ${row.claim || '-'} | ${row.seeds} | ${short(row.holds)} | ` +
      `${short(row.fails)} | ${short(row.decided)} | ${more} | ${wrong} | ${dates.sort().at(-1) ?? 'not run'} |`);
  }
  return `${lines.join('\n')}\n`;
}

/** The document with the tables of what is kept. Refuses verdicts of runs that no setting has any more. */
export function renewed() {
  const kept = read_store();
  const rows = counted(lines_of(kept));
  const links = [...new Set(rows.flatMap(({ link, more_data_link }) => [link, more_data_link]))];
  const lost = [...kept.values()].find(({ run }) => !links.some((link) => is_run(run, link)));
  if (lost) throw new Error(`no setting has this run: ${lost.run}`);
  return readFileSync(document, 'utf8').replace(
    /(<!-- verdicts of (\w+)- begin -->\n)[^]*?(<!-- verdicts of \2- end -->\n)/g,
    (_, begin, family, end) => begin + table(rows.filter(({ experiment }) => experiment.startsWith(`${family}-`)), kept) + end);
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [command, ...files] = process.argv.slice(2);
  const kept = read_store();
  if (command === 'keep' && files.length === 1) {
    writeFileSync(files[0], lines_of(with_seeds(kept)));
  } else if (command === 'take' && files.length > 0) {
    const date = new Date().toISOString().slice(0, 10);
    const changed = add(kept, files.flatMap((file) => read_lines(readFileSync(file, 'utf8'))), date);
    write_store(kept);
    writeFileSync(document, renewed());
    console.log(`docs/calibration.md is renewed; ${changed} verdicts are not what they were`);
  } else {
    console.error('usage: node tests/calibration/store.mjs take FILE... | keep FILE');
    process.exitCode = 2;
  }
}
