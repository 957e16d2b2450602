// Checks of the promises that need no build: each protection is in its file. Also makes the table of docs/promises.md.
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { promises } from './promises.mjs';

/** [file, text, without] of every protection of a promise. */
export const edits_of = ({ file, text, without, more = [] }) => [[file, text, without], ...more];

const kinds = {
  unit: () => 'unit test',
  native: () => 'unit test of native/',
  cli: (where) => `tests/cli/${where}.mjs`,
  browser: (where) => `tests/browser/${where}.mjs`,
  desktop: (where) => `tests/desktop/${where}.mjs`,
  program: () => 'the program itself',
};

/** How a reader finds the test. */
export function test_text([kind, where, name]) {
  return kind === 'program' ? `\`attnlab ${where}\`` : `${kinds[kind](where)}: ${name}`;
}

/** Errors of the list as sentences; empty if every file contains its protections exactly once. */
export function stale(root) {
  const wrong = [];
  const names = promises.map(({ promise }) => promise);
  for (const entry of promises) {
    if (names.indexOf(entry.promise) !== names.lastIndexOf(entry.promise)) wrong.push(`twice: ${entry.promise}`);
    if (!kinds[entry.test[0]]) wrong.push(`${entry.promise} has no test`);
    for (const [file, text, without] of edits_of(entry)) {
      const count = text ? readFileSync(path.join(root, file), 'utf8').split(text).length - 1 : 0;
      if (count !== 1) wrong.push(`${entry.promise} ${file} has the protection ${count} times, not once: ${text}`);
      if (without === text) wrong.push(`${entry.promise} The text without the protection has it.`);
    }
    const named = test_source(root, entry.test);
    if (named.length && !named.some((file) => readFileSync(file, 'utf8').includes(entry.test[2].replaceAll("'", "\\'")))
        && !entry.test[2].match(/^(after SIGINT|a program that fails|a sweep with)/)) {
      wrong.push(`${named.map((file) => path.relative(root, file))} has no test named ${entry.test[2]}`);
    }
  }
  return wrong;
}

/** The scripts that may have this test; none for unit tests, whose programs report a missing case. */
function test_source(root, [kind, where]) {
  if (!['cli', 'browser', 'desktop'].includes(kind)) return [];
  const script = path.join(root, `tests/${kind}/${where}.mjs`);
  if (!/run_short_suite/.test(readFileSync(script, 'utf8'))) return [script];
  const support = path.join(root, 'tests/browser/support');
  return readdirSync(support).filter((name) => name.startsWith('short_')).map((name) => path.join(support, name));
}

/** docs/promises.md. */
export function document() {
  const rows = promises.map((entry) =>
    `| ${entry.promise} | ${[...new Set(edits_of(entry).map(([file]) => file))].join(', ')} | ${test_text(entry.test)} |`);
  return `# Promises, and the tests that fail when they are broken

Each row has a promise about faults, the files with the lines that keep it, and a test that fails without these lines.
tests/protections/run.mjs removes the lines in a copy of the tree, one promise at a time, builds, runs the test and demands that
it fails. Every \`./lab test\` does so for a sixth of the ${promises.length} promises,
another one for every commit; \`./lab test --all\` does it for all of them. \`node tests/protections/run.mjs --only WORD\`
runs the promises that contain a word; \`--write\` updates this table after a change of the list
(tests/protections/promises.mjs).

| promise | kept in | test |
|---|---|---|
${rows.join('\n')}
`;
}
