// Shared by the checks of the source: the tree's files, its native build, and the part of slow work that is this
// commit's turn.
import { execFileSync, spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import path from 'node:path';

export const root = path.resolve(process.env.ATTNLAB_ROOT ?? '.');
export const build = path.dirname(path.resolve(process.env.ATTNLAB_BIN ?? path.join(root, 'build/native/attnlab')));
/** `./lab test --all`: slow checks run in full. */
export const everything = process.env.ATTNLAB_TEST_ALL === '1';

/** Slow work is divided into six parts; returns the number of this commit's part, 0 to 5. Six commits in a row run
 *  every part. In a shallow clone the commit's name decides, without git the day. */
export function turn() {
  const day = Math.floor(Date.now() / 86400000);
  const whole = output('git', 'rev-parse', '--is-shallow-repository').trim() === 'false';
  const count = whole ? output('git', 'rev-list', '--count', 'HEAD').trim() : '';
  const commit = output('git', 'rev-parse', '--short=8', 'HEAD').trim();
  return Number(count || (commit && `0x${commit.slice(0, 8)}`) || day) % 6;
}

const folders = ['core', 'ui', 'native', 'web', 'bench', 'tests'];

/** Our own C++ files, as paths from the root, in one order everywhere. */
export function sources(pattern = /\.(h|cpp)$/, among = folders) {
  return among.flatMap((folder) => readdirSync(path.join(root, folder), { recursive: true })
    .map((name) => path.join(folder, name))).filter((name) => pattern.test(name)).sort();
}

/** The standard output, or '' if the command fails or is missing. */
export function output(command, ...words) {
  try {
    return execFileSync(command, words, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'],
      maxBuffer: 1 << 30 });
  } catch {
    return '';
  }
}

/** Calls `use` for the items, as many at a time as there are processors. */
export async function in_parallel(items, use) {
  let next = 0;
  const work = async () => {
    while (next < items.length) await use(items[next++]);
  };
  await Promise.all(Array.from({ length: availableParallelism?.() ?? cpus().length }, work));
}

/** Exit code and output of a command. */
export function run(command, ...words) {
  return new Promise((resolve) => {
    const child = spawn(command, words, { cwd: root });
    let text = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => { text += data; });
    child.on('error', (error) => resolve({ code: -1, text: error.message }));
    child.on('close', (code) => resolve({ code, text }));
  });
}
