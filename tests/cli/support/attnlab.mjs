// Runs the command line like a shell does, and examines its outputs and files.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const program = process.env.ATTNLAB_BIN ?? process.argv[2];
if (!program || !existsSync(program)) {
  console.error('set ATTNLAB_BIN to the attnlab program');
  process.exit(1);
}

/** A learning curve of a few milliseconds a job. */
export const small = ['run', 'rf-learning-curve', '--dim', '4', '--keys', '4', '--heads', '16',
  '--samples', '16,32', '--test-samples', '64', '--seed', '7'];

/** Runs attnlab to its end; `limitKb` limits its address space. */
export function attnlab(args, { cwd, env, limitKb } = {}) {
  const [command, words] = commandLine(args, limitKb);
  const done = spawnSync(command, words, { cwd, env, encoding: 'utf8', timeout: 240000 });
  return { code: done.status, out: done.stdout, err: done.stderr };
}

/** Starts attnlab; `ended` resolves to its exit code and texts. */
export function start(args, { cwd, limitKb } = {}) {
  const child = spawn(...commandLine(args, limitKb), { cwd });
  const texts = { out: '', err: '' };
  child.stdout.on('data', (data) => { texts.out += data; });
  child.stderr.on('data', (data) => { texts.err += data; });
  const ended = new Promise((resolve) => {
    child.on('close', (code, signal) => resolve({ code, signal, ...texts }));
  });
  return { child, texts, ended };
}

function commandLine(args, limitKb) {
  if (!limitKb) return [program, args];
  return ['bash', ['-c', `ulimit -v ${limitKb}; exec "$0" "$@"`, program, ...args]];
}

/** Programs under a sanitizer reserve more address space than any limit allows. */
export function canLimitMemory() {
  return attnlab(['--version'], { limitKb: 4000000 }).code === 0;
}

/** Calls `use` with the path of an empty folder that is removed afterwards. */
export async function inFolder(use) {
  const folder = mkdtempSync(join(tmpdir(), 'attnlab-cli-'));
  try {
    return await use(folder, (name) => join(folder, name));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** One sentence on standard error, nothing on standard output. */
export function assertRefused(result, code, patterns) {
  assert.equal(result.out, '');
  assert.match(result.err, /^attnlab: [^\n]+\n$/);
  for (const pattern of patterns) assert.match(result.err, pattern);
  assert.equal(result.code, code, result.err);
}

export function assertDone(result) {
  assert.equal(result.code, 0, result.err);
  return result.out;
}

export const files = (folder) => readdirSync(folder).sort();

/** Complete lines of a journal without its header; empty while there is no file. */
export function journalLines(path) {
  if (!existsSync(path)) return [];
  return readFileSync(path, 'utf8').split('\n').slice(1, -1);
}

/** Waits until `condition` holds; fails after a minute. */
export async function until(condition, what) {
  const deadline = Date.now() + 60000;
  while (!condition()) {
    if (Date.now() > deadline) assert.fail(`waited in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

/** Whether the process has installed its handler of SIGINT. */
export function handlesInterrupts(pid) {
  const [, caught] = /^SigCgt:\s*([0-9a-f]+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return (BigInt(`0x${caught}`) >> 1n) % 2n === 1n;
}

/** RFC 4180 fields, without quoted line breaks (our tables have none). */
export function parseCsv(text) {
  assert.ok(text.endsWith('\n'));
  return text.slice(0, -1).split('\n').map((line) =>
    [...`,${line}`.matchAll(/,(?:"((?:[^"]|"")*)"|([^,"]*))/g)].map(
      ([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain));
}
