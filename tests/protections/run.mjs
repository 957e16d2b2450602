// Removes each protection of promises.mjs in a copy of the tree, and demands that its test then fails.
//   node tests/protections/run.mjs [--only WORD] [--sixth N] [--folder DIR] [--write]
// --only: the promises whose entry contains WORD; --sixth: every sixth promise, beginning with the N-th (0 to 5);
// --folder: keeps copies and builds there for the next time; --write: only updates docs/promises.md.
// Needs what ./lab test needs.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Copy } from './copy.mjs';
import { promises } from './promises.mjs';
import { document, edits_of, stale, test_text } from './table.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const { values: options } = parseArgs({ options: { only: { type: 'string', default: '' },
  sixth: { type: 'string' }, folder: { type: 'string' }, write: { type: 'boolean' } } });

if (options.write) {
  writeFileSync(path.join(root, 'docs/promises.md'), document());
  process.exit(0);
}
const wrong = stale(root);
if (wrong.length) {
  console.log(wrong.join('\n'));
  process.exit(1);
}

// --- Which promises, in which order --------------------------------------------------------------

/** Sorted by what a test needs, so that every sixth has as much of each kind. */
function chosen() {
  const key = ({ test: [kind, where], file }) => `${kind} ${where} ${file}`;
  const sorted = [...promises].sort((a, b) => (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0));
  return sorted.filter((entry, i) => JSON.stringify(entry).includes(options.only) &&
    (options.sixth === undefined || i % 6 === Number(options.sixth)));
}

/** Headers last, because changing one rebuilds much. */
const by_cost = (entries) => {
  const header = (entry) => edits_of(entry).some(([file]) => file.endsWith('.h'));
  return [...entries.filter((entry) => !header(entry)), ...entries.filter(header)];
};

// --- One promise after the other -------------------------------------------------------------------

let failures = 0, successes = 0;
function report(entry, problem, how, seconds) {
  if (problem) {
    failures += 1;
    console.log(`FAIL ${entry.promise}\n     ${problem}`);
  } else {
    successes += 1;
    console.log(`ok   ${entry.promise} (without it the test ${how}; ${seconds.toFixed(1)} s)`);
  }
}

/** Runs each test once with every protection in place, after one build: how long it takes, or why it fails. */
async function untouched(copy, entries) {
  await copy.build([...new Set(entries.map(({ test: [kind] }) => kind))]);
  const found = new Map();
  for (const { test } of entries) {
    const key = test.join('\n');
    if (found.has(key)) continue;
    const begin = performance.now();
    const { passed, text } = await copy.test(test, 600);
    found.set(key, passed ? { seconds: (performance.now() - begin) / 1000 }
      : { problem: `its test fails with every protection in place:\n${text.slice(-2000)}` });
  }
  return ({ test }) => found.get(test.join('\n'));
}

/** Examines the entries in a separate copy. One build restores an entry's files and removes the next protection. */
async function examine(name, entries) {
  const copy = new Copy(root, path.join(folder, name));
  const of = await untouched(copy, entries);
  for (const entry of entries) {
    const begin = performance.now();
    const { seconds, problem } = of(entry);
    if (problem) {
      report(entry, problem);
      continue;
    }
    try {
      const result = await copy.without(entry, async () => {
        await copy.build([entry.test[0]]);
        return copy.test(entry.test, 4 * seconds + 10);
      });
      report(entry, result.passed ? `without the protection this still passes: ${test_text(entry.test)}` : '',
        result.late ? 'did not end' : 'failed', (performance.now() - begin) / 1000);
    } catch (error) {
      report(entry, error.message);
    }
  }
}

// The page has a copy of its own, so that a changed native file does not relink its modules, and because browsers and
// compilers wait for different things.
const folder = options.folder ?? mkdtempSync(path.join(tmpdir(), 'attnlab-protections-'));
const entries = by_cost(chosen());
const for_page = ({ test: [kind] }) => kind === 'browser';
try {
  await Promise.all([['page', entries.filter(for_page)], ['native', entries.filter((entry) => !for_page(entry))]]
    .filter(([, of_copy]) => of_copy.length)
    .map(async ([name, of_copy]) => {
      try {
        await examine(name, of_copy);
      } catch (error) {
        failures += 1;
        console.log(`FAIL the copy "${name}"\n     ${error.message}`);
      }
    }));
} finally {
  if (!options.folder) rmSync(folder, { recursive: true, force: true });
}
console.log(`${successes} passed, ${failures} failed, of ${promises.length} promises`);
process.exit(failures || !successes ? 1 : 0);
