// Native and WebAssembly give the same results: random runs of every experiment of the catalogue by
// the native core and by the two modules of the workers (plain, and with relaxed multiply-add)
// under Node. Rounding is no excuse, because each module has a native twin of the same bits
// (docs/numerics.md): plain has the arithmetic of the kernels without fused multiply-add, relaxed
// that of one of the two. So whole documents are equal, digit by digit, searches and training runs
// and what they end in included; across the two arithmetics, which may take another turn at every
// comparison, support/classes.mjs says what can be asked.
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
setFlagsFromString('--experimental-wasm-relaxed-simd'); // newer Nodes have it without, and do not mind
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

let failed = 0;
function judge(what, query, found) {
  if (!found.length) return;
  failed += 1;
  console.log(`FAIL ${what}: ${query}`);
  for (const sentence of found.slice(0, 10)) console.log(`     ${sentence}`);
}

const compared = new Map(); // runs of each experiment
const kinds = new Set(['unfused', 'fused']); // what relaxed multiply-add may still be here
for await (const native of native_runs()) {
  const { query } = native;
  const id = native.unfused.experiment;
  compared.set(id, (compared.get(id) ?? 0) + 1);
  judge('plain against native', query,
    differences('result', native.unfused, web_document(modules.plain, query), 0));
  const relaxed = web_document(modules.relaxed, query);
  const found = [...kinds].map((kind) => [kind, differences('result', native[kind], relaxed, 0)]);
  const same = found.filter(([, list]) => !list.length);
  if (same.length) for (const [kind, list] of found) if (list.length) kinds.delete(kind);
  if (!same.length) judge(`relaxed against native (${[...kinds].join(' or ')})`, query, found[0][1]);
  if (native.by_default)
    judge('fused against unfused', query, between_classes(native.unfused, native.fused));
}

const counts = [...compared.values()];
console.log(`seed ${ATTNLAB_PARITY_SEED}: ${counts.length} experiments, ${counts[0]} random runs each; ` +
  `relaxed multiply-add is ${[...kinds].join(' or ')} here`);
console.log(failed ? `${failed} comparisons failed` : 'all runs agree');
process.exit(failed ? 1 : 0);
