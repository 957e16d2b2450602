// Takes each protection of promises.mjs away, in a copy of the tree, and demands that its test fails then.
//   node tests/protections/run.mjs [--only WORD] [--from WORD] [--turn N] [--limit S] [--folder DIR] [--write]
// --only: the promises, files and tests with this word; --from: the first with this word and all behind it;
// --turn: begins N times three promises further on, around the list's end; --limit: begins with no other promise
// after S seconds; --folder: keeps copy and builds there for the next time; --write: only renews docs/promises.md.
// Needs what ./lab test needs.
import { spawn, spawnSync } from 'node:child_process';
import {
  chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { promises } from './promises.mjs';
import { document, edits_of, stale, test_text } from './table.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const { values: options } = parseArgs({ options: {
  only: { type: 'string', default: '' }, from: { type: 'string', default: '' }, turn: { type: 'string' },
  limit: { type: 'string' }, folder: { type: 'string' }, write: { type: 'boolean' } } });
const a_turn = 3; // promises: about what a limit of two minutes lets through
const data_kb = 3000000; // what a test without its protection may take of the memory, browsers excepted

if (options.write) {
  writeFileSync(path.join(root, 'docs/promises.md'), document());
  process.exit(0);
}
const wrong = stale(root);
if (wrong.length) {
  console.log(wrong.join('\n'));
  process.exit(1);
}

// --- The copy ------------------------------------------------------------------------------------

const folder = options.folder ?? mkdtempSync(path.join(tmpdir(), 'attnlab-protections-'));
const tree = path.join(folder, 'tree');
const in_tree = (...names) => path.join(tree, ...names);
const native = in_tree('build/native');

/** Writes only what differs, so that a folder that is kept is not built anew. */
function take(name) {
  const from = path.join(root, name), to = in_tree(name), text = readFileSync(from);
  mkdirSync(path.dirname(to), { recursive: true });
  if (!existsSync(to) || !readFileSync(to).equals(text)) writeFileSync(to, text);
  chmodSync(to, statSync(from).mode);
}

function copy_tree() {
  const listed = spawnSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: root });
  for (const name of listed.stdout.toString().split('\0').filter(Boolean)) {
    if (existsSync(path.join(root, name))) take(name);
  }
  if (!existsSync(in_tree('node_modules'))) symlinkSync(path.join(root, 'node_modules'), in_tree('node_modules'));
}

// --- Building and testing ------------------------------------------------------------------------

const env = { ...process.env, CCACHE_BASEDIR: tree, CCACHE_NOHASHDIR: 'true',
  CCACHE_SLOPPINESS: 'pch_defines,time_macros', ATTNLAB_ROOT: tree, ATTNLAB_DIST: in_tree('dist'),
  ATTNLAB_BIN: path.join(native, 'attnlab'), ATTNLAB_CHROMIUM: process.env.ATTNLAB_CHROMIUM ?? '/usr/bin/chromium' };

/** What the command said, and its exit code; after `limit_s` it is ended with all it has started. */
function run(words, { more = {}, limit_s = 3600 } = {}) {
  return new Promise((resolve) => {
    const child = spawn(words[0], words.slice(1), { cwd: tree, env: { ...env, ...more }, detached: true });
    let text = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => { text += data; });
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      process.kill(-child.pid, 'SIGKILL');
    }, 1000 * limit_s);
    child.on('close', (code) => {
      clearTimeout(timer);
      resolve({ code, text, late });
    });
  });
}

const targets = { unit: ['attnlab_tests'], native: ['attnlab_native_tests'], program: ['attnlab'],
  cli: ['attnlab', 'attnlab_faulty_calls'] };

/** Builds what a test of this kind runs; an error with the compiler's words where that fails. */
async function build(kind) {
  const words = kind === 'browser' ? ['bash', in_tree('lab'), 'page']
    : ['cmake', '--build', native, '--target', ...targets[kind]];
  const { code, text } = await run(words);
  if (code !== 0) throw new Error(`it does not build:\n${text.slice(-2000)}`);
}

const quoted = (name) => `^${name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}$`;
const bounded = (words) => ['bash', '-c', `ulimit -d ${data_kb}; exec "$0" "$@"`, ...words];

function command_of([kind, where, name]) {
  // A comma would end the name in doctest.
  const one_case = `--test-case=${name.replaceAll(',', '?')}`;
  switch (kind) {
    case 'unit': return bounded([path.join(native, 'tests/attnlab_tests'), one_case]);
    case 'native': return bounded([path.join(native, 'tests/cli/attnlab_native_tests'), one_case]);
    case 'cli': return bounded(['node', `--test-name-pattern=${quoted(name)}`, in_tree(`tests/cli/${where}.mjs`)]);
    case 'browser': return ['node', in_tree(`tests/browser/${where}.mjs`)];
    default: return bounded([env.ATTNLAB_BIN, where]);
  }
}

/** Whether the test ran and passed. */
function passed([kind], { code, text }) {
  if (code !== 0) return false;
  if (kind === 'unit' || kind === 'native') return /test cases: +1 \| +1 passed/.test(text);
  return kind !== 'cli' || /^\S+ pass [1-9]/m.test(text);
}

const run_test = (test, limit_s) =>
  run(command_of(test), { limit_s, more: test[0] === 'browser' ? { ATTNLAB_CHECK: test[2] } : {} });

// --- One promise after the other -------------------------------------------------------------------

const untouched = new Map(); // seconds a test takes with every protection in place

async function time_untouched(test) {
  const key = test.join('\n');
  if (untouched.has(key)) return untouched.get(key);
  await build(test[0]);
  const begin = performance.now();
  const result = await run_test(test, 600);
  if (!passed(test, result)) throw new Error(`its test does not pass as things are:\n${result.text.slice(-2000)}`);
  const seconds = (performance.now() - begin) / 1000;
  untouched.set(key, seconds);
  return seconds;
}

/** Takes the protections of an entry away for as long as `use` lasts. */
async function without_protection(entry, use) {
  const before = new Map();
  for (const [file, text, without] of edits_of(entry)) {
    const now = readFileSync(in_tree(file), 'utf8');
    if (!before.has(file)) before.set(file, now);
    writeFileSync(in_tree(file), now.replace(text, () => without));
  }
  try {
    return await use();
  } finally {
    for (const [file, text] of before) writeFileSync(in_tree(file), text);
  }
}

async function examine(entry) {
  const seconds = await time_untouched(entry.test);
  const result = await without_protection(entry, async () => {
    await build(entry.test[0]);
    return run_test(entry.test, 3 * seconds + 30);
  });
  if (passed(entry.test, result)) throw new Error(`without it this passes all the same: ${test_text(entry.test)}`);
  return result.late ? 'the test did not end' : 'the test failed';
}

const has = (entry, word) => JSON.stringify(entry).includes(word);
const first = (Number(options.turn ?? 0) * a_turn) % promises.length;
const chosen = [...promises.slice(first), ...promises.slice(0, options.turn ? first : 0)];
chosen.splice(0, chosen.findIndex((entry) => has(entry, options.from)));
const limit_s = Number(options.limit ?? Infinity);
let failures = 0, successes = 0;
try {
  copy_tree();
  const prepared = await run(['bash', in_tree('lab'), 'cli', '--version']);
  if (prepared.code !== 0) throw new Error(prepared.text);
  const begin = performance.now();
  for (const entry of chosen.filter((each) => has(each, options.only))) {
    if (performance.now() - begin > 1000 * limit_s) break;
    try {
      const how = await examine(entry);
      successes += 1;
      console.log(`ok   ${entry.promise} (without it ${how})`);
    } catch (error) {
      failures += 1;
      console.log(`FAIL ${entry.promise}\n     ${error.message}`);
    }
  }
} finally {
  if (!options.folder) rmSync(folder, { recursive: true, force: true });
}
console.log(`${successes} passed, ${failures} failed, of ${promises.length} promises from number ${first + 1} on`);
process.exit(failures || !successes ? 1 : 0);
