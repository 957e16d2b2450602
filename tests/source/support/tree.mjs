// What the checks of the source share: the tree's files, the native build beside it, and a share of
// slow work that differs from commit to commit.
import { execFileSync, spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import path from 'node:path';

export const root = path.resolve(process.env.ATTNLAB_ROOT ?? '.');
export const build = path.dirname(path.resolve(process.env.ATTNLAB_BIN ?? path.join(root, 'build/native/attnlab')));
/** `./lab test --all`: nothing is left to a later run. */
export const everything = process.env.ATTNLAB_TEST_ALL === '1';

const folders = ['core', 'ui', 'native', 'web', 'bench', 'tests'];

/** Our own C++ files, as paths from the root, in one order everywhere. */
export function sources(pattern = /\.(h|cpp)$/, among = folders) {
  return among.flatMap((folder) => readdirSync(path.join(root, folder), { recursive: true })
    .map((name) => path.join(folder, name))).filter((name) => pattern.test(name)).sort();
}

/** The standard output, or '' where the command fails or is not there. */
export function output(command, ...words) {
  try {
    return execFileSync(command, words, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'],
      maxBuffer: 1 << 30 });
  } catch {
    return '';
  }
}

/** Calls `use` for the items, as many at a time as there are processors; stops handing out after `limit_s`. */
export async function in_parallel(items, limit_s, use) {
  const end = performance.now() + 1000 * limit_s;
  let next = 0;
  const work = async () => {
    while (next < items.length && performance.now() < end) await use(items[next++]);
  };
  await Promise.all(Array.from({ length: availableParallelism?.() ?? cpus().length }, work));
  return items.slice(0, next);
}

/** Exit code and everything that a command says. */
export function run(command, ...words) {
  return new Promise((resolve) => {
    const child = spawn(command, words, { cwd: root });
    let text = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => { text += data; });
    child.on('error', (error) => resolve({ code: -1, text: error.message }));
    child.on('close', (code) => resolve({ code, text }));
  });
}
