// What can be said of the promises without building anything: that each protection still stands where it is
// looked for, and the table of docs/promises.md.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { promises } from './promises.mjs';

/** [file, text, without] of everything that keeps a promise. */
export const edits_of = ({ file, text, without, more = [] }) => [[file, text, without], ...more];

const kinds = {
  unit: () => 'unit test',
  native: () => 'unit test of native/',
  cli: (where) => `tests/cli/${where}.mjs`,
  browser: (where) => `tests/browser/${where}.mjs`,
  program: () => 'the program itself',
};

/** How a reader finds the test. */
export function test_text([kind, where, name]) {
  return kind === 'program' ? `\`attnlab ${where}\`` : `${kinds[kind](where)}: ${name}`;
}

/** Sentences on what is wrong with the list; none when every protection stands exactly once in its file. */
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
    if (named && !readFileSync(path.join(root, named), 'utf8').includes(entry.test[2].replaceAll("'", "\\'"))
        && !entry.test[2].match(/^(after SIGINT|a program that fails|a sweep with)/)) {
      wrong.push(`${named} has no test named ${entry.test[2]}`);
    }
  }
  return wrong;
}

/** The script that a test stands in; nothing for the units, whose binaries say when there is no such case. */
function test_source(root, [kind, where]) {
  return ['cli', 'browser'].includes(kind) ? `tests/${kind}/${where}.mjs` : undefined;
}

/** docs/promises.md. */
export function document() {
  const rows = promises.map((entry) =>
    `| ${entry.promise} | ${[...new Set(edits_of(entry).map(([file]) => file))].join(', ')} | ${test_text(entry.test)} |`);
  return `# Promises, and the tests that fail when they are broken

Each line is a promise about faults, the file with the lines that keep it, and a test that passes with these lines and fails
without them: in a copy of the tree, tests/protections/run.mjs takes away one protection after the other, builds what is
needed, runs the test and demands that it fails. Every \`./lab test\` does so for a sixth of the ${promises.length} promises,
another one for every commit; \`./lab test --all\` does it for all of them. \`node tests/protections/run.mjs --only WORD\`
takes those with a word, \`--write\` renews this table after a change of the list (tests/protections/promises.mjs).

| promise | kept in | the test |
|---|---|---|
${rows.join('\n')}
`;
}
