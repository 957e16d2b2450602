// A source of logits as a separate program: `node logit_box.mjs DIM HIDDEN LOGITS NORM HOW [FAULT AFTER]`. Tokens have
// DIM numbers, the hidden state HIDDEN; NORM is rms or layer; HOW is exact, digits:6, bfloat16, or float32 (a program
// that computes in single precision). FAULT is what comes in place of the answers after the first AFTER.
// `node logit_box.mjs ... truth` prints U.
import { createInterface } from 'node:readline';

const [dim, hidden, logits] = process.argv.slice(2, 5).map(Number);
const [norm, how, fault = '', after = '0'] = process.argv.slice(5);
const r = how === 'float32' ? Math.fround : (x) => x;

/** Numbers in (-1, 1) that depend on their place only. */
const made = (place) => {
  const x = Math.sin(12.9898 * (place + 1)) * 43758.5453;
  return 2 * (x - Math.floor(x)) - 1;
};
const matrix = (seed, rows, columns) => Array.from({ length: rows }, (_, i) =>
  Array.from({ length: columns }, (__, j) => r(made(100000 * seed + 1000 * i + j))));
const dot = (a, b) => a.reduce((sum, x, i) => r(sum + r(x * b[i])), 0);
const apply = (rows, x) => rows.map((row) => dot(row, x));

const E = matrix(1, hidden, dim);
const W = matrix(2, dim, dim);
const V = matrix(3, hidden, dim);
const U = matrix(4, logits, hidden);
if (fault === 'truth') {
  console.log(JSON.stringify(U));
  process.exit(0);
}

function answer(X) {
  const image = apply(W, X.at(-1));
  const scores = X.map((x) => dot(x, image));
  const weights = scores.map((score) => r(Math.exp(score - Math.max(...scores))));
  const total = weights.reduce((a, b) => r(a + b));
  let h = apply(E, X.at(-1));
  X.forEach((x, i) => {
    const value = apply(V, x);
    h = h.map((sum, k) => r(sum + r(r(weights[i] / total) * value[k])));
  });
  if (norm === 'layer') {
    const mean = r(h.reduce((a, b) => r(a + b)) / hidden);
    h = h.map((x) => r(x - mean));
  }
  const size = r(Math.sqrt(r(dot(h, h) / hidden)));
  return apply(U, h.map((x) => r(x / size)));
}

function letters(x) {
  if (how.startsWith('digits:')) return x.toExponential(Number(how.slice(7)) - 1);
  if (how === 'bfloat16') {
    const bits = new Uint32Array(Float32Array.of(x).buffer);
    bits[0] += 0x7fff + ((bits[0] >> 16) & 1); // to the nearest, ties to even
    bits[0] &= 0xffff0000;
    return String(new Float32Array(bits.buffer)[0]);
  }
  return JSON.stringify(x);
}

let count = 0;
for await (const line of createInterface({ input: process.stdin })) {
  const y = answer(JSON.parse(line).x).map(letters);
  count += 1;
  const wrong = count > Number(after) ? fault : '';
  if (wrong === 'exit') process.exit(3);
  if (wrong === 'short') y.pop();
  if (wrong === 'long') y.push('0');
  if (wrong === 'null') y[1] = 'null';
  if (wrong === 'nan') y[1] = 'NaN';
  if (wrong === 'infinite') y[1] = '1e999';
  if (wrong === 'text') y[1] = '"1"';
  if (wrong === 'nested') y[1] = '[1]';
  console.log(wrong === 'number' ? '{"y": 0.5}' : wrong === 'empty' ? '{"y": []}' : `{"y": [${y.join(', ')}]}`);
}
