// Where the program is started by others: launchers without MPI, batch systems, containers, odd terminals and streams.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { assertDone, assertRefused, attnlab, files, inFolder, journalLines, program, small } from './support/attnlab.mjs';

const run = [...small, '--trials', '2', '--format', 'csv'];

/** This environment without what launchers, batch systems and terminals set, and with `more`. */
function environment(more = {}) {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) =>
    !/^(OMPI_|PMIX?_|SLURM_|PBS_|LSB_|NCPUS$|NSLOTS$|OMP_NUM_THREADS$|COLUMNS$|NO_COLOR$|CLICOLOR)/.test(name)));
  return { ...env, ...more };
}

const one_rank = {
  'a PMI launcher': { PMI_RANK: '0', PMI_SIZE: '1', PMI_FD: '9' },
  'Open MPI': { OMPI_COMM_WORLD_SIZE: '1', OMPI_COMM_WORLD_RANK: '0', PMIX_RANK: '0' },
  'srun with PMIx': { PMIX_RANK: '0', PMIX_NAMESPACE: 'slurm.pmix.1.0', SLURM_PROCID: '0', SLURM_STEP_NUM_TASKS: '1' },
};
const several_ranks = {
  'a PMI launcher': { PMI_RANK: '1', PMI_SIZE: '4' },
  'Open MPI': { OMPI_COMM_WORLD_SIZE: '4', OMPI_COMM_WORLD_RANK: '2' },
  'srun with PMIx': { PMIX_RANK: '0', SLURM_STEP_NUM_TASKS: '4' },
};

/** Set by nobody who could be asked for the number of ranks. */
const remainders = { 'PMIX_RANK': { PMIX_RANK: '0' }, 'PMI_RANK': { PMI_RANK: '0' } };

/** Calls `use` with an attnlab that has no MPI module beside it, and with one whose module is broken. */
const withoutMpi = (use) => inFolder((_, path) => {
  for (const module of [undefined, 'no module\n']) {
    copyFileSync(program, path('attnlab'));
    if (module) writeFileSync(path('attnlab_mpi.so'), module);
    use((words, env) => {
      const done = spawnSync(path('attnlab'), words, { env: environment(env), encoding: 'utf8', timeout: 60000 });
      return { code: done.status, out: done.stdout, err: done.stderr };
    });
  }
});

test('version, help and list answer under the marks of any launcher, with or without MPI', () => withoutMpi((start) => {
  for (const marks of [...Object.values(one_rank), ...Object.values(several_ranks), ...Object.values(remainders)]) {
    for (const words of [['--version'], ['--help'], ['list', 'rf-heads'], ['run', 'rf-heads', '--help']]) {
      for (const done of [start(words, marks), attnlab(words, { env: environment(marks) })]) {
        assert.ok(assertDone(done).length > 20);
        assert.equal(done.err, '');
      }
    }
  }
}));

test('the only rank computes alone, with a remark', async () => {
  const expected = assertDone(attnlab(run, { env: environment() }));
  const check = (done, launcher) => {
    assert.equal(assertDone(done), expected, launcher);
    assert.match(done.err, /^attnlab: one rank, by \w+: the run is computed here, without MPI\n$/, launcher);
  };
  for (const [launcher, marks] of Object.entries(one_rank)) check(attnlab(run, { env: environment(marks) }), launcher);
  await withoutMpi((start) => {
    for (const [launcher, marks] of Object.entries(one_rank)) {
      check(start(run, marks), launcher);
      assert.equal(start([...run, '--quiet'], marks).err, '', launcher);
    }
  });
});

test('a rank number without a launcher that could be asked is no launcher: the run goes on alone, with a remark', async () => {
  const expected = assertDone(attnlab(run, { env: environment() }));
  const check = (done, name) => {
    assert.equal(assertDone(done), expected, name);
    assert.match(done.err, new RegExp(`^attnlab: ${name} is set, but no launcher: the run is computed here, without MPI\n$`));
  };
  for (const [name, marks] of Object.entries(remainders)) check(attnlab(run, { env: environment(marks) }), name);
  await withoutMpi((start) => {
    for (const [name, marks] of Object.entries(remainders)) {
      check(start(run, marks), name);
      // Another number says that there are others, and a server knows how many.
      assertRefused(start(run, { [name]: '1' }), 3, [/cannot join the other ranks/]);
      assertRefused(start(run, { ...marks, PMIX_NAMESPACE: 'prterun-1@1', PMI_FD: '9' }), 3, [/cannot join the other ranks/]);
    }
  });
});

test('variables of a launcher that are empty are as if they were not set', () => {
  const done = attnlab(run, { env: environment({ PMI_RANK: '', PMI_SIZE: '', PMIX_RANK: '', OMPI_COMM_WORLD_SIZE: '' }) });
  assert.equal(assertDone(done), assertDone(attnlab(run, { env: environment() })));
  assert.equal(done.err, '');
});

test('one of several ranks that cannot join them computes nothing', () => withoutMpi((start) => {
  for (const marks of Object.values(several_ranks)) {
    assertRefused(start(run, marks), 3, [/started by an MPI launcher and cannot join the other ranks/]);
  }
}));

test('a rank that finds fewer others than its launcher says computes nothing', {
  skip: !attnlab(['--version']).out.includes('MPI') && 'this build has no MPI' }, () => {
  // Open MPI does not know PMI_RANK and starts a world of one.
  const root = { OMPI_ALLOW_RUN_AS_ROOT: '1', OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: '1' };
  const done = attnlab(run, { env: environment({ PMI_RANK: '0', PMI_SIZE: '4', ...root }) });
  assert.equal(done.code, 3, done.err);
  assert.equal(done.out, '');
  assert.match(done.err, /attnlab: .*cannot join the other ranks: the launcher says that there are 4 \(PMI_SIZE\), and MPI finds 1/);
});

test("Slurm's variables alone are no launcher: a program in a batch script runs by itself", () => {
  const done = attnlab(run, { env: environment({ SLURM_JOB_ID: '7', SLURM_NTASKS: '8', SLURM_PROCID: '0' }) });
  assert.equal(assertDone(done), assertDone(attnlab(run, { env: environment() })));
  assert.equal(done.err, '');
});

const threads = (env, prefix = []) => {
  const [command, ...words] = [...prefix, program, '--version'];
  const done = spawnSync(command, words, { env: environment(env), encoding: 'utf8' });
  assert.equal(done.status, 0, done.stderr);
  return done.stdout.split('\n')[1];
};

test('the default number of threads keeps to what batch systems, OpenMP and the affinity mask allow, and says so', () => {
  const all = threads({});
  const machine = Number(/(\d+) processors?/.exec(all)[1]);
  const several = Number(/^(\d+)/.exec(all)[1]) > 1; // this test itself may be bound to one processor
  for (const name of ['NSLOTS', 'SLURM_CPUS_PER_TASK', 'SLURM_CPUS_ON_NODE', 'PBS_NUM_PPN', 'PBS_NP', 'NCPUS',
    'LSB_DJOB_NUMPROC', 'OMP_NUM_THREADS']) {
    for (const ignored of ['', 'many', '0', '-2', '1000000']) assert.equal(threads({ [name]: ignored }), all);
    if (several) {
      assert.equal(threads({ [name]: '1' }), `1 thread by default: 1 of ${machine} processors, by ${name}`);
      const help = assertDone(attnlab(['run', '--help'], { env: environment({ [name]: '1' }) }));
      assert.match(help.replaceAll(/\s+/g, ' '), new RegExp(`default 1 \\(1 of ${machine} processors, by ${name}\\)`));
    }
  }
  if (several) {
    assert.equal(threads({ OMP_NUM_THREADS: '1,4' }), `1 thread by default: 1 of ${machine} processors, by OMP_NUM_THREADS`);
    assert.equal(threads({}, ['taskset', '-c', '0']), `1 thread by default: 1 of ${machine} processors, by the affinity mask`);
  }
});

/** Runs attnlab on a terminal of so many columns (0: the terminal does not know); the lines it shows. */
function onTerminal(columns, words, env = {}) {
  const quoted = [program, ...words].map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ');
  const done = spawnSync('script', ['-qec', `stty cols ${columns}; ${quoted}`, '/dev/null'],
    { env: environment({ TERM: 'xterm', ...env }), encoding: 'utf8', input: '' });
  assert.equal(done.status, 0, done.stdout + done.stderr);
  return done.stdout.replaceAll('\r\n', '\n');
}

const lines = (text) => text.split('\n').filter((line) => !line.startsWith('e='));
const widest = (text) => Math.max(...lines(text).map((line) => [...line].length));
const shown = {
  'a learning curve': [...small, '--trials', '2', '--quiet'],
  'an extraction with long evidence': ['run', 'extract-single', '--dim', '4', '--trials', '2', '--quiet'],
  'a membership test': ['run', 'extract-membership', '--quiet'],
  'one experiment': ['list', 'rf-learning-curve'],
  'every experiment': ['list'],
  'a help': ['run', 'rf-learning-curve', '--help'],
  'the help': ['--help'],
  'the self-test': ['selftest'],
};
for (const [what, words] of Object.entries(shown)) {
  test(`tables and texts fit a terminal of 120, 80 and 40 columns: ${what}`, () => {
    for (const columns of [120, 80, 40]) {
      const text = onTerminal(columns, words);
      const long = lines(text).filter((line) => [...line].length > columns);
      assert.deepEqual(long, [], `${columns} columns`);
      assert.equal(onTerminal(0, words, { COLUMNS: String(columns) }), text);
      // The same words as in a pipe, in a narrower shape.
      const piped = assertDone(attnlab(words, { env: environment({ COLUMNS: String(columns) }) }));
      assert.ok(columns < 120 || widest(piped) > columns || text === piped || what === 'every experiment');
    }
  });
}

test('in a pipe a row of a table is one line, whatever COLUMNS says', () => {
  const words = ['run', 'extract-single', '--dim', '4', '--trials', '2', '--quiet'];
  const wide = assertDone(attnlab(words, { env: environment() }));
  assert.equal(assertDone(attnlab(words, { env: environment({ COLUMNS: '40', TERM: 'xterm' }) })), wide);
  assert.ok(widest(wide) > 120);
});

test('no terminal gets an escape code, and a terminal that cannot go back gets no status line', () => {
  const words = [...small, '--trials', '60'];
  for (const env of [{}, { NO_COLOR: '1' }, { CLICOLOR: '0' }, { TERM: 'dumb' }, { TERM: '' }]) {
    const text = onTerminal(40, words, env);
    assert.ok(!text.includes('\x1b'), JSON.stringify(env));
    const status = text.split('\n').filter((line) => line.includes('\r'));
    if (/TERM/.test(Object.keys(env).join())) assert.deepEqual(status, []);
    else assert.ok(status.join('').split('\r').every((part) => part.length < 40), status.join('\n'));
  }
});

test('a dash and the names of standard output are standard output; links are followed, also to a new file', () =>
  inFolder((folder, path) => {
    const expected = assertDone(attnlab(run, { env: environment() }));
    for (const name of ['-', '/dev/stdout', '/dev/fd/1', '/proc/self/fd/1']) {
      assert.equal(assertDone(attnlab([...run, '--out', name], { cwd: folder })), expected);
    }
    // A device takes the result as it is.
    assert.equal(assertDone(attnlab([...run, '--out', '/dev/null'], { cwd: folder })), '');
    assert.deepEqual(files(folder), []);
    // A file that standard output is appended to keeps what it has.
    writeFileSync(path('log'), 'before\n');
    const appended = spawnSync('bash', ['-c', '"$0" "$@" --out /dev/stdout >> log', program, ...run], { cwd: folder });
    assert.equal(appended.status, 0);
    assert.equal(readFileSync(path('log'), 'utf8'), `before\n${expected}`);
    // So does the file of any other stream, by whatever name.
    symlinkSync('/dev/stdout', path('stream'));
    for (const [name, redirection] of [['stream', '> log'], ['//dev/stdout', '>> log'], ['/proc/thread-self/fd/1', '> log'],
      ['/dev/stderr', '2>> log'], ['/dev/fd/3', '3>> log'], ['log', '>> log']]) {
      const script = `(echo before >> log; "$0" "$@" --quiet --out ${name}; echo after >&1) ${redirection}`;
      writeFileSync(path('log'), '');
      const done = spawnSync('bash', ['-c', script, program, ...run], { cwd: folder, encoding: 'utf8' });
      const log = readFileSync(path('log'), 'utf8');
      assert.ok(log.includes(expected), `${name}: ${log}`);
      if (redirection.includes('>>')) assert.ok(log.startsWith('before\n'), `${name}: ${log}`);
      assert.ok((log + done.stdout).endsWith('after\n'), `${name}: ${log}`);
    }
    rmSync(path('stream'));
    writeFileSync(path('log'), 'before\n');
    symlinkSync('log', path('link'));
    symlinkSync('new', path('dangling'));
    symlinkSync('dangling', path('twice'));
    for (const [link, file] of [['link', 'log'], ['twice', 'new']]) {
      assertDone(attnlab([...run, '--out', path(link)]));
      assert.equal(readFileSync(path(file), 'utf8'), expected);
    }
    assert.deepEqual(files(folder), ['dangling', 'link', 'log', 'new', 'twice']);
    symlinkSync('missing/new', path('nowhere'));
    symlinkSync('circle', path('circle'));
    for (const [link, reason] of [['nowhere', /missing/], ['circle', /[Ll]evels of symbolic links/]]) {
      assertRefused(attnlab([...small, '--trials', '1000', '--out', path(link)]), 2, [/--out .* cannot be written/, reason]);
    }
  }));

test('with closed streams a run is refused before it computes, and no message goes into the journal', () =>
  inFolder((folder, path) => {
    const shell = (redirection, words) => {
      const done = spawnSync('bash', ['-c', `"$0" "$@" ${redirection}`, program, ...words], { encoding: 'utf8', cwd: folder });
      return { code: done.status, out: done.stdout, err: done.stderr };
    };
    // At this size a run would take minutes.
    assertRefused(shell('>&-', [...small, '--trials', '1000']), 2, [/standard output cannot be written; --out FILE/]);
    const streams = ['<&- >&- 2>&-', '2>&-', '<&- 2>&-'];
    for (const closed of streams) {
      // The second run has something to say: jobs are taken over.
      for (const _ of [1, 2]) assert.equal(shell(closed, [...run, '--resume', 'journal', '--out', 'result']).code, 0);
      assert.ok(journalLines(path('journal')).every((line) => !line.includes('attnlab')), closed);
      const again = attnlab([...run, '--resume', path('journal')]);
      assert.match(again.err, /^attnlab: (\d+) of \1 jobs are taken over from .*journal\n$/, closed);
      assert.equal(readFileSync(path('result'), 'utf8'), assertDone(again));
      rmSync(path('journal'));
    }
    assert.deepEqual(files(folder), ['result']);
  }));
