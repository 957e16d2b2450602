// Native and WebAssembly give the same results: random runs of every experiment of the catalogue by
// the native core and by the two modules of the workers (plain, and with relaxed multiply-add)
// under Node. The plain module has the arithmetic of the native kernels without fused multiply-add:
// whole documents are equal but for the last digits of what calls log, exp or pow of the C library,
// which differ between the two (the constants below). The relaxed module may fuse or not: if its documents
// equal neither native arithmetic, support/classes.mjs has the tolerances, as for the two native arithmetics
// compared with each other (docs/numerics.md).
// Environment: ATTNLAB_PARITY (the program of documents.cpp), ATTNLAB_WEB_BUILD, and, for other
// random runs or more of them, ATTNLAB_PARITY_SEED, ATTNLAB_PARITY_SETTINGS.
import { spawn } from 'node:child_process';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setFlagsFromString } from 'node:v8';
import { pathToFileURL } from 'node:url';
import { call } from '../../web/files.js';
import { between_classes } from './support/classes.mjs';
import { differences, essence } from './support/compare.mjs';

const { ATTNLAB_PARITY, ATTNLAB_WEB_BUILD, ATTNLAB_PARITY_SEED = '20260801',
  ATTNLAB_PARITY_SETTINGS = '6' } = process.env;

async function module_in(...folders) {
  const file = path.join(ATTNLAB_WEB_BUILD, 'web', ...folders, 'jobs.js');
  return (await import(pathToFileURL(file).href)).default();
}
setFlagsFromString('--experimental-wasm-relaxed-simd'); // newer versions of Node need no flag and accept it
const modules = { plain: await module_in(), relaxed: await module_in('relaxed') };

function web_document(compute, query) {
  const done = call(compute, '_compute_document', query);
  const text = compute.UTF8ToString(compute._compute_text());
  if (!done) throw new Error(`compute_document(${query}): ${text}`);
  return essence(JSON.parse(text));
}

/** Queries with the documents that the two kinds of native kernels give. */
async function* native_runs() {
  const program = spawn(ATTNLAB_PARITY, [ATTNLAB_PARITY_SEED, ATTNLAB_PARITY_SETTINGS],
    { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise((resolve) => program.on('close', resolve));
  const lines = createInterface({ input: program.stdout })[Symbol.asyncIterator]();
  for (;;) {
    const origin = await lines.next();
    if (origin.done) break;
    const [query, unfused, fused] = [(await lines.next()).value, (await lines.next()).value,
      (await lines.next()).value];
    yield { query, by_default: origin.value === 'default', unfused: essence(JSON.parse(unfused)), fused: essence(JSON.parse(fused)) };
  }
  if (await ended !== 0) throw new Error(`${ATTNLAB_PARITY} failed`);
}

/** Of plain against native. Recoveries of several heads go through rational fits whose roots start from
 *  complex arithmetic of the C library. Fits with condition numbers up to 1e11 are accepted, and 1e11 times
 *  2^-53 is 1e-5: docs/numerics.md has the measurement. */
const last_digits = ({ experiment }) => (experiment === 'extract-multi-head' ? 1e-5 : 1e-13);

/** Softmax weighs a single key by 1: all heads have the same features, the fit is singular, and which
 *  ridge parameter the validation prefers depends on rounding. */
const singular = (query) => /&keys=1&/.test(query) && /softmax/.test(query);

let failed = 0;
function judge(what, query, found) {
  if (!found.length) return;
  failed += 1;
  console.log(`FAIL ${what}: ${query}`);
  for (const sentence of found.slice(0, 10)) console.log(`     ${sentence}`);
}

const compared = new Map(); // runs of each experiment
const kinds = new Set(['unfused', 'fused']); // what relaxed multiply-add may be on this machine, given the results so far
for await (const native of native_runs()) {
  const { query } = native;
  const id = native.unfused.experiment;
  compared.set(id, (compared.get(id) ?? 0) + 1);
  judge('plain against native', query,
    differences('result', native.unfused, web_document(modules.plain, query), last_digits(native.unfused)));
  const relaxed = web_document(modules.relaxed, query);
  const found = [...kinds].map((kind) => [kind, differences('result', native[kind], relaxed, 0)]);
  const same = found.filter(([, list]) => !list.length);
  if (same.length) for (const [kind, list] of found) if (list.length) kinds.delete(kind);
  if (!native.by_default || singular(query)) continue;
  if (!same.length) judge(`relaxed against native (${[...kinds].join(' or ')})`, query, between_classes(native.fused, relaxed));
  judge('fused against unfused', query, between_classes(native.unfused, native.fused));
}

const counts = [...compared.values()];
console.log(`seed ${ATTNLAB_PARITY_SEED}: ${counts.length} experiments, ${counts[0]} random runs each; ` +
  `relaxed multiply-add is ${[...kinds].join(' or ')} here`);
console.log(failed ? `${failed} comparisons failed` : 'all runs agree');
process.exit(failed ? 1 : 0);
