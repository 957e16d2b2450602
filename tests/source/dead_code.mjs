// Every function with external linkage in the native build is called, or its address is taken, by code of the
// programs and not only by tests. References between objects are read from their relocations. A function used only in
// its own file may be inlined there, and the page is another build, so for these the source text is searched.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { build, output, root, sources } from './support/tree.mjs';

// Functions that only tests use, and why they exist.
const for_tests = {
  'App::theme_dark': 'what a test of the theme asks',
  'RandomStream::fill_uniform': 'shows that blocks and single draws are the same stream',
  'Run::jobs_in_flight': 'what tests of executors ask',
  'extraction::canonical_heads': 'compares heads that are known up to their order',
  force_kernels: 'proves that the self-check notices a wrong kernel',
  'in_context::local_head_set_constant': 'the closed form that the tests hold the general one beside',
  'in_context::two_head_constant': 'the closed form that the tests hold the general one beside',
  read_parameters_json: 'reads back what is written, for round trips and fuzzing',
};

const source_of = new Map(); // path of an object -> our source, as a path from the root of its tree
for (const { file, command } of JSON.parse(readFileSync(path.join(build, 'compile_commands.json'), 'utf8'))) {
  const source = path.relative(path.dirname(path.dirname(build)), file);
  const [, object] = / -o (\S+\.o) /.exec(command) ?? [];
  if (object && /^(core|ui|native|bench|tests)\//.test(source)) source_of.set(path.join(build, object), source);
}
const objects = [...source_of.keys()].filter((object) => existsSync(object));
assert.ok(objects.length > 200, `only ${objects.length} objects were found`);

/** Calls `use` with the object and a match, for every line that such a command says of the objects. */
function each_line(command, pattern, use) {
  let object = '';
  for (const line of output(command[0], ...command.slice(1), ...objects).split('\n')) {
    const file = /^(?:File: )?(\/.*?\.o):?$/.exec(line);
    if (file) [, object] = file;
    const found = pattern.exec(line);
    if (found) use(object, found);
  }
}

/** Constructors and destructors have several symbols of which a program may need any one. */
const function_of = (name) => name.replace(/[CD][0-5](?=E)/, '*');

const defined = new Map(); // function -> [mangled name, object]
each_line(['nm', '--defined-only', '--extern-only'], /^\S+ T (_Z\S+)$/, (object, [, name]) => {
  if (!source_of.get(object).startsWith('tests/')) defined.set(function_of(name), [name, object]);
});
const used = { programs: new Set(), tests: new Set() };
each_line(['readelf', '--relocs', '--wide'], /^[0-9a-f]{8,} .* (_Z\S+?)(?: [-+] [0-9a-f]+)?$/, (object, [, name]) => {
  used[source_of.get(object).startsWith('tests/') ? 'tests' : 'programs'].add(function_of(name));
});
assert.ok(defined.size > 500 && used.programs.size > 500 && used.tests.size > 500, 'the objects are not understood');

const text_of = (names) => names.map((name) => readFileSync(path.join(root, name), 'utf8')).join('\n')
  .replace(/\/\/[^\n]*/g, '');
const page = text_of(sources(/\.(h|cpp)$/, ['web']));
const count = (text, word) => text.split(new RegExp(`\\b${word}\\b`)).length - 1;

const suspects = [...defined].filter(([name]) => !used.programs.has(name));
const readable = output('c++filt', ...suspects.map(([, [name]]) => name)).trim().split('\n');
const found = { unused: [], used_by_tests: [] };
for (const [i, [name, [, object]]] of suspects.entries()) {
  const short = readable[i].replace(/^attnlab::|[[(<].*/g, '');
  const word = short.split('::').at(-1).replace('~', '');
  const source = source_of.get(object);
  if (count(page, word) > 0 || count(text_of([source]), word) > 1) continue;
  found[used.tests.has(name) ? 'used_by_tests' : 'unused'].push(`${source}: ${short}`);
}
assert.deepEqual(found.unused, [], 'functions that nothing uses');
assert.deepEqual(found.used_by_tests.map((text) => text.split(': ')[1]).sort(), Object.keys(for_tests).sort(),
  'functions that only tests use; for_tests has a reason for each');
console.log(`${defined.size} functions, ${found.used_by_tests.length} of them for tests only`);
