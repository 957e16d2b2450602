// One side of the comparison in a browser, ?side=ours-plain | ours-relaxed | tfjs | ort | ort-fused.
// drive.mjs calls side.prepare(work), side.run() (seconds for one unit of work), side.result().
import { make_ort } from './ort.js';
import { make_tfjs } from './tfjs.js';

const query = new URLSearchParams(location.search);
const side_name = query.get('side');
const workers_wanted = Number(query.get('threads'));
const forwards = 40; // of attention in one run

/** A worker as a function: posts a message, gives the answer. */
function start_worker() {
  const worker = new Worker('our_worker.js', { type: 'module' });
  return (message) => new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => (data.error ? reject(new Error(data.error)) : resolve(data));
    worker.onerror = (event) => reject(new Error(event.message));
    worker.postMessage(message);
  });
}

/** Attention is shared by all workers, each with its sequences; other work has one worker. */
function make_ours(variant) {
  const workers = Array.from({ length: workers_wanted }, start_worker);
  let team = workers;
  return {
    async prepare(work) {
      team = work === 'attention' ? workers : workers.slice(0, 1);
      const answers = await Promise.all(team.map((worker, part) => worker({
        type: 'prepare', variant, work, parts: team.length, part: work === 'attention' ? part : -1 })));
      return answers[0];
    },
    async run() {
      if (team.length === 1) return (await team[0]({ type: 'run' })).seconds;
      const start = performance.now();
      for (let i = 0; i < forwards; ++i) {
        await Promise.all(team.map((worker) => worker({ type: 'run' })));
      }
      return (performance.now() - start) / 1000 / forwards;
    },
    async result() {
      // Every worker gives about 256 entries of its part, at twice the density of the whole.
      const parts = await Promise.all(team.map((worker) => worker({ type: 'result' })));
      const all = parts.flatMap(({ values }) => values);
      return team.length === 1 ? all : all.filter((_, i) => i % team.length === 0);
    },
  };
}

/** Entry i of the made-up inputs, as in workloads.cpp. */
function made_value(i) {
  let hash = Math.imul(i + 1, 2654435761 | 0) >>> 0;
  hash = Math.imul(hash ^ (hash >>> 15), 2246822519 | 0) >>> 0;
  hash = (hash ^ (hash >>> 13)) >>> 0;
  return hash * 2 ** -31 - 1;
}

/** Query, key and value of 256 sequences of 64 tokens of width 64. */
export const shape = [256, 64, 64];
export function made_inputs() {
  const size = shape.reduce((a, b) => a * b);
  return [4, 1, 1].map((scale, which) =>
    Float32Array.from({ length: size }, (_, i) => scale * made_value(which * size + i)));
}

/** A library's forward pass as a side. */
function make_library(make) {
  let library;
  let last;
  return {
    async prepare() {
      library = await make(made_inputs(), shape, workers_wanted);
      return {};
    },
    async run() {
      const start = performance.now();
      for (let i = 0; i < forwards; ++i) last = await library.forward();
      return (performance.now() - start) / 1000 / forwards;
    },
    async result() {
      const out = await library.read(last);
      const step = Math.floor(out.length / 256);
      return Array.from({ length: 256 }, (_, i) => out[i * step]);
    },
  };
}

window.side = {
  'ours-plain': () => make_ours('plain'),
  'ours-relaxed': () => make_ours('relaxed'),
  tfjs: () => make_library(make_tfjs),
  ort: () => make_library((...inputs) => make_ort(...inputs, false)),
  'ort-fused': () => make_library((...inputs) => make_ort(...inputs, true)),
}[side_name]();
