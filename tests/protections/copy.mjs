// A copy of the tree in which protections are removed: its files, its builds, and the tests that run in it.
import { spawn, spawnSync } from 'node:child_process';
import {
  chmodSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { edits_of } from './table.mjs';

const data_kb = 3000000; // memory a test may take without its protection, browsers excepted
const ours = /^(?!(build|dist|node_modules|\.git)(\/|$))/; // not made by a build

// Checks in the browser compare numbers of the page with the program's.
const targets = { unit: ['attnlab_tests'], native: ['attnlab_native_tests'], program: ['attnlab'], browser: ['attnlab'],
  desktop: ['attnlab'], cli: ['attnlab', 'attnlab_faulty_calls'] };

const quoted = (name) => `^${name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}$`;
const bounded = (words) => ['bash', '-c', `ulimit -d ${data_kb}; exec "$0" "$@"`, ...words];

const files_below = (folder) => readdirSync(folder).filter((name) => ours.test(name)).flatMap((name) => {
  if (!statSync(path.join(folder, name)).isDirectory()) return [name];
  return readdirSync(path.join(folder, name), { recursive: true }).map((below) => path.join(name, below));
}).filter((name) => statSync(path.join(folder, name)).isFile());

/** The files of the tree: tracked or not ignored by git; without git, every file outside of build folders. */
function files_of(root) {
  const listed = spawnSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: root });
  const names = listed.status === 0 ? listed.stdout.toString().split('\0') : files_below(root);
  return names.filter((name) => name && statSync(path.join(root, name), { throwIfNoEntry: false })?.isFile());
}

export class Copy {
  #tree;
  #env;
  #configured = false;

  /** A copy of `root` in `tree`. An earlier copy is updated: only files that differ are written, so that its builds
   *  are incremental. */
  constructor(root, tree) {
    this.#tree = tree;
    this.#env = { ...process.env, CCACHE_BASEDIR: tree, CCACHE_NOHASHDIR: 'true',
      CCACHE_SLOPPINESS: 'pch_defines,time_macros', ATTNLAB_ROOT: tree, ATTNLAB_DIST: this.#in('dist'),
      ATTNLAB_BIN: this.#in('build/native/attnlab'), ATTNLAB_WEB_BUILD: this.#in('build/web'),
      ATTNLAB_CHROMIUM: process.env.ATTNLAB_CHROMIUM ?? '/usr/bin/chromium' };
    mkdirSync(tree, { recursive: true });
    const names = files_of(root);
    const wanted = new Set(names);
    for (const name of files_below(tree)) if (!wanted.has(name)) rmSync(this.#in(name));
    for (const name of names) this.#take(root, name);
    if (!existsSync(this.#in('node_modules'))) symlinkSync(path.join(root, 'node_modules'), this.#in('node_modules'));
  }

  #in(...names) {
    return path.join(this.#tree, ...names);
  }

  #take(root, name) {
    const from = path.join(root, name), to = this.#in(name), text = readFileSync(from);
    mkdirSync(path.dirname(to), { recursive: true });
    if (!existsSync(to) || !readFileSync(to).equals(text)) writeFileSync(to, text);
    chmodSync(to, statSync(from).mode);
  }

  /** Output and exit code of the command; after `limit_s` it is killed with all its children. */
  #run(words, { more = {}, limit_s = 3600 } = {}) {
    return new Promise((resolve) => {
      const child = spawn(words[0], words.slice(1), { cwd: this.#tree, env: { ...this.#env, ...more }, detached: true });
      let text = '';
      for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => { text += data; });
      let late = false;
      let timer = setTimeout(() => {
        late = true;
        // First asked to end: a browser is in a group of its own and would live on.
        process.kill(-child.pid, 'SIGTERM');
        timer = setTimeout(() => process.kill(-child.pid, 'SIGKILL'), 10_000);
      }, 1000 * limit_s);
      child.on('close', (code) => {
        clearTimeout(timer);
        resolve({ code, text, late });
      });
    });
  }

  async #succeed(words) {
    const { code, text } = await this.#run(words);
    if (code !== 0) throw new Error(`it does not build:\n${text.slice(-2000)}`);
  }

  /** Builds what tests of these kinds run; throws the compiler's messages if that fails. */
  async build(kinds) {
    if (kinds.includes('browser')) await this.#succeed(['bash', this.#in('lab'), 'page']);
    const wanted = new Set(kinds.flatMap((kind) => targets[kind] ?? []));
    if (!wanted.size) return;
    if (!this.#configured) await this.#succeed(['bash', this.#in('lab'), 'cli', '--version']);
    this.#configured = true;
    // With lower priority than the browser of the other copy, whose tests have time limits.
    await this.#succeed(['nice', 'cmake', '--build', this.#in('build/native'), '--target', ...wanted]);
  }

  #command_of([kind, where, name]) {
    const native = this.#in('build/native');
    // A comma would end the name in doctest.
    const one_case = `--test-case=${name.replaceAll(',', '?')}`;
    switch (kind) {
      case 'unit': return bounded([path.join(native, 'tests/attnlab_tests'), one_case]);
      case 'native': return bounded([path.join(native, 'tests/cli/attnlab_native_tests'), one_case]);
      case 'cli':
      case 'desktop':
        return bounded(['node', `--test-name-pattern=${quoted(name)}`, this.#in(`tests/${kind}/${where}.mjs`)]);
      case 'browser': return ['node', this.#in(`tests/browser/${where}.mjs`)];
      default: return bounded([this.#env.ATTNLAB_BIN, where]);
    }
  }

  /** Runs the test as it was built last: whether it ran and passed, its output, whether it was killed. */
  async test(test, limit_s) {
    const [kind, , name] = test;
    const { code, text, late } =
      await this.#run(this.#command_of(test), { limit_s, more: kind === 'browser' ? { ATTNLAB_CHECK: name } : {} });
    const ran = {
      unit: /test cases: +1 \| +1 passed/, native: /test cases: +1 \| +1 passed/, cli: /^\S+ pass [1-9]/m, desktop: /^\S+ pass [1-9]/m,
    }[kind] ?? /(?:)/;
    return { passed: code === 0 && ran.test(text), text, late };
  }

  /** Removes the protections of an entry during `use`. */
  async without(entry, use) {
    const before = new Map();
    for (const [file, text, without] of edits_of(entry)) {
      const now = readFileSync(this.#in(file), 'utf8');
      if (!before.has(file)) before.set(file, now);
      writeFileSync(this.#in(file), now.replace(text, () => without));
    }
    try {
      return await use();
    } finally {
      for (const [file, text] of before) writeFileSync(this.#in(file), text);
    }
  }
}
