// Makes the table of docs/performance.md from the CSV files next to this script, one file a machine and date.
//   node bench/results/table.mjs           writes it into the document
//   import { renewed } from './table.mjs'  the document as it should be, for tests/source/performance.mjs
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const folder = path.dirname(fileURLToPath(import.meta.url));
const root = path.join(folder, '../..');
const document = path.join(root, 'docs/performance.md');
const BEGIN = '<!-- table of bench/results begins -->\n';
const END = '<!-- table of bench/results ends -->\n';

/** Rows of a CSV file as objects; quoted fields may hold commas. */
function rows_of(text) {
  const split = (line) => [...line.matchAll(/("(?:[^"]|"")*"|[^,]*)(?:,|$)/g)].slice(0, -1)
    .map(([, field]) => (field.startsWith('"') ? field.slice(1, -1).replaceAll('""', '"') : field));
  const [head, ...lines] = text.trim().split('\n');
  const names = split(head);
  return lines.map((line) => Object.fromEntries(split(`${line},`).map((field, i) => [names[i], field])));
}

/** 0.00334 as "3.34 ms". */
function duration(seconds) {
  if (seconds === '') return '';
  const [unit, factor] = seconds < 1e-3 ? ['µs', 1e6] : seconds < 1 ? ['ms', 1e3] : ['s', 1];
  return `${Number((seconds * factor).toPrecision(3))} ${unit}`;
}

function table() {
  const files = readdirSync(folder).filter((name) => name.endsWith('.csv')).sort().reverse()
    .map((name) => ({ name: name.slice(0, -'.csv'.length), rows: rows_of(readFileSync(path.join(folder, name), 'utf8')) }));
  const works = new Map();
  for (const { name, rows } of files) {
    for (const row of rows) {
      const key = `${row.work}, ${row.where}`;
      const known = works.get(key) ?? { work: row.work, where: row.where, wanted: row.wanted, by: new Map() };
      known.by.set(name, row);
      works.set(key, known);
    }
  }
  const names = files.map(({ name }) => name);
  const lines = [`| work | where | ours; peer | wanted | ${names.join(' | ')} |`, `|---|---|---|---|${'---|'.repeat(names.length)}`];
  for (const { work, where, wanted, by } of works.values()) {
    const timed = [...by.values()].find((row) => row.seconds !== '');
    const times = timed ? `${duration(timed.seconds)}; ${timed.peer} ${duration(timed.peer_seconds)}` : '';
    const ratios = names.map((name) => by.get(name)).map((row) => (row
      ? `${row.ratio} (${row.ratio_low} to ${row.ratio_high})${Number(row.ratio) < Number(row.wanted) ? ', missed' : ''}` : ''));
    lines.push(`| ${work} | ${where} | ${times} | ${wanted} | ${ratios.join(' | ')} |`);
  }
  return `${lines.join('\n')}\n`;
}

export function renewed() {
  const text = readFileSync(document, 'utf8');
  const begin = text.indexOf(BEGIN), end = text.indexOf(END);
  if (begin < 0 || end < begin) throw new Error('docs/performance.md has no marks for the table');
  return text.slice(0, begin + BEGIN.length) + table() + text.slice(end);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) writeFileSync(document, renewed());
