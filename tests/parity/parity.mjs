// Native and WebAssembly give the same result: the same small runs by `attnlab run` and by the two
// modules of the workers (plain, and with relaxed multiply-add) under Node. Integers and texts are
// identical, reals within the tolerance that docs/numerics.md states. Environment: ATTNLAB_BIN,
// ATTNLAB_WEB_BUILD.
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { pathToFileURL } from 'node:url';
import { call } from '../../web/files.js';
import { differences, distance, essence } from './support/compare.mjs';

const tolerance = 1e-4;

const sizes = 'dim=8&keys=6&heads=60&samples=16,64,200&test-samples=256';
const runs = [
  `e=rf-learning-curve&${sizes}&trials=2&seed=1`,
  `e=rf-learning-curve&${sizes}&trials=2&seed=9007199254740991&degree=1,2,3,4,5,6`,
  `e=rf-learning-curve&${sizes}&trials=2&seed=7&target=correlation-value&degree=3&bias-scale=0`,
  `e=rf-learning-curve&${sizes}&trials=2&seed=42&ridge=validation&noise=0.3`,
  `e=rf-learning-curve&${sizes}&trials=2&seed=5&ridge=0.001&target=mean-power,correlation-value`,
  `e=rf-learning-curve&${sizes}&seed=11&trials=1&models=rfmlp`,
  // Large enough that one factor serves many ridge strengths.
  'e=rf-learning-curve&dim=4&keys=3&heads=80&samples=60,300&test-samples=60&trials=1&seed=4',
  'e=rf-learning-curve&dim=3&keys=1&heads=1&samples=16&test-samples=100&trials=3&seed=2',
  'e=rf-learning-curve&dim=16&keys=16&heads=100&samples=64,256&test-samples=512&trials=1&seed=3',
];

async function module_in(...folders) {
  const file = path.join(process.env.ATTNLAB_WEB_BUILD, 'web', ...folders, 'jobs.js');
  return (await import(pathToFileURL(file).href)).default();
}
setFlagsFromString('--experimental-wasm-relaxed-simd'); // newer Nodes have it without, and do not mind
const modules = { plain: await module_in(), relaxed: await module_in('relaxed') };

function web_document(compute, query) {
  const done = call(compute, '_compute_document', query);
  const text = compute.UTF8ToString(compute._compute_text());
  if (!done) throw new Error(`compute_document(${query}): ${text}`);
  return JSON.parse(text);
}

function native_document(query) {
  const words = [];
  for (const [name, value] of new URLSearchParams(query)) {
    if (name === 'e') words.unshift('run', value);
    else words.push(`--${name}`, value);
  }
  const options = { encoding: 'utf8', maxBuffer: 1 << 26 };
  return JSON.parse(execFileSync(process.env.ATTNLAB_BIN,
    [...words, '--format', 'json', '--quiet'], options));
}

/** Largest distance between two reals of the tables. */
function largest_distance(a, b) {
  if (typeof a === 'number' && typeof b === 'number') return distance(a, b);
  if (a === null || b === null || typeof a !== 'object' || typeof b !== 'object') return 0;
  return Math.max(0, ...Object.keys(a).map((key) => largest_distance(a[key], b[key])));
}

let failed = 0;
for (const query of runs) {
  const native = essence(native_document(query));
  for (const [name, compute] of Object.entries(modules)) {
    const web = essence(web_document(compute, query));
    const found = differences('result', native, web, tolerance);
    const largest = largest_distance(native.tables, web.tables).toExponential(1);
    console.log(`${found.length ? 'FAIL' : 'ok  '} ${name} ${query} (largest difference ${largest})`);
    for (const sentence of found.slice(0, 10)) console.log(`     ${sentence}`);
    failed += found.length ? 1 : 0;
  }
}
console.log(failed ? `${failed} of ${2 * runs.length} runs differ` : 'all runs agree');
process.exit(failed ? 1 : 0);
