// A black box as a separate program: `node box.mjs KIND DIM [FAULT [AFTER]]`. KIND is the hidden function, FAULT what
// the box does instead of its answers after the first AFTER. `node box.mjs KIND DIM truth` prints the hidden numbers.
// `node box.mjs KIND DIM round HOW` answers as services do, HOW being one of exact, decimals:4, digits:6, step:0.05,
// float32 (shortest digits), bfloat16, float16, bits:16 and trunc:2 (cut), floor:2; float32/decimals:6 one after the other;
// HOW+long puts each answer into a line of 20,000 other letters. KIND float32 is a head that computes in float32, KIND
// overflow one whose softmax does not subtract the largest logit.
import { createInterface } from 'node:readline';

const [kind = 'head', dim_text = '3', fault = '', after_text = '0'] = process.argv.slice(2);
const dim = Number(dim_text);
const after = fault === 'round' ? 0 : Number(after_text);

/** Numbers in (-1, 1) that depend on their place only. */
const made = (place) => {
  const x = Math.sin(12.9898 * (place + 1)) * 43758.5453;
  return 2 * (x - Math.floor(x)) - 1;
};
const vector = (seed, scale = 1) =>
  Array.from({ length: dim }, (_, i) => scale * made(1000 * seed + i));
const matrix = (seed, scale = 1) =>
  Array.from({ length: dim }, (_, i) => vector(seed + 1 + i, scale / Math.sqrt(dim)));
const dot = (a, b) => a.reduce((sum, x, i) => sum + x * b[i], 0);

const head = { W: matrix(1), v: vector(90) };
const other = { W: matrix(40), v: vector(91) };
switch (kind) {
  case 'zero-value': head.v.fill(0); break;
  case 'basis-value': head.v = head.v.map((_, i) => (i === 0 ? 1 : 0)); break;
  case 'tiny-entry': head.v[dim - 1] = 1e-9 * made(5); break;
  case 'zero-weight': head.W.forEach((row) => row.fill(0)); break;
  case 'small-value': head.v = head.v.map((x) => 1e-3 * x); break;
  case 'small-weight': head.W = matrix(1, 1e-3); break;
  case 'large-weight': head.W = matrix(1, 100); break;
  case 'rank-one': head.W = vector(7).map((a) => vector(8).map((b) => a * b)); break;
  case 'rank-two':
    head.W = vector(7).map((a, i) => vector(8).map((b, j) => a * b + vector(9)[i] * vector(10)[j]));
    break;
}

/** The head with every sum, product and weight rounded to float32. */
function answer_in_single({ W, v }, X) {
  const r = Math.fround;
  const dot32 = (a, b) => a.reduce((sum, x, i) => r(sum + r(r(x) * r(b[i]))), 0);
  const image = W.map((row) => dot32(row, X.at(-1)));
  const logits = X.map((x) => dot32(x, image));
  const largest = Math.max(...logits);
  const weights = logits.map((logit) => r(Math.exp(r(logit - largest))));
  const total = X.reduce((sum, x, i) => r(sum + r(weights[i] * dot32(v, x))), 0);
  return r(total / weights.reduce((a, b) => r(a + b), 0));
}

function answer_of({ W, v }, X) {
  const image = W.map((row) => dot(row, X.at(-1)));
  const logits = X.map((x) => dot(x, image));
  const largest = kind === 'overflow' ? 0 : Math.max(...logits);
  const weights = logits.map((logit) => Math.exp(logit - largest));
  const sum = weights.reduce((a, b) => a + b, 0);
  return X.reduce((total, x, i) => total + (weights[i] / sum) * dot(v, x), 0);
}

const network = [1, 2, 3].map((j) => ({ a: vector(60 + j), c: made(70 + j), o: 1 + made(80 + j) / 2 }));
function f(X) {
  const moved = kind === 'positions'
    ? X.map((x, n) => x.map((value, i) => value + 0.3 * made(500 + 17 * n + i))) : X;
  if (kind === 'network') {
    const z = vector(0).map((_, i) =>
      answer_of({ W: head.W, v: vector(0).map((__, k) => (k === i ? 1 : 0)) }, X));
    return network.reduce((sum, { a, c, o }) => sum + o * Math.max(0, dot(a, z) + c), 0.25);
  }
  if (kind === 'float32') return answer_in_single(head, X);
  let y = answer_of(head, moved);
  if (kind === 'two-heads') y += answer_of(other, X);
  if (kind === 'residual') y += dot(vector(95), X.at(-1));
  if (kind === 'noise') y += 1e-3 * Math.random();
  if (kind === 'single-precision') y = Math.fround(y);
  return y;
}

if (fault === 'truth') {
  console.log(JSON.stringify(head));
  process.exit(0);
}

/** x as the letters of a service that rounds its answers. */
function rounded(x, how) {
  const [first, ...later] = how.split('/');
  if (later.length > 0) {
    return rounded(first === 'float32' ? Math.fround(x) : Number(rounded(x, first)), later.join('/'));
  }
  const [name, figures] = how.split(':');
  if (name === 'bits' || name === 'float16') {
    const bits = name === 'bits' ? Number(figures) : 11;
    const unit = 2 ** Math.max(Math.floor(Math.log2(Math.abs(x))) - bits + 1, name === 'bits' ? -1000 : -24);
    return String(x === 0 ? 0 : (name === 'bits' ? Math.trunc : Math.round)(x / unit) * unit);
  }
  if (name === 'floor' || name === 'trunc') return String(Math[name](x * 10 ** figures) / 10 ** figures);
  if (name === 'decimals') return x.toFixed(Number(figures));
  if (name === 'digits') return x.toExponential(Number(figures) - 1);
  if (name === 'step') return String(Math.round(x / Number(figures)) * Number(figures));
  if (name === 'bfloat16') {
    const bits = new Uint32Array(Float32Array.of(x).buffer);
    bits[0] += 0x7fff + ((bits[0] >> 16) & 1); // to the nearest, ties to even
    bits[0] &= 0xffff0000;
    return String(new Float32Array(bits.buffer)[0]);
  }
  if (name === 'float32') {
    const single = Math.fround(x);
    for (let digits = 1; digits < 10; digits += 1) {
      const text = single.toPrecision(digits);
      if (Math.fround(Number(text)) === single) return text;
    }
    return String(single);
  }
  return JSON.stringify(x);
}
const [how, long] = fault === 'round' ? after_text.split('+') : ['exact'];
const letters = 'abcdefghij'.repeat(1000);

let count = 0;
if (fault === 'silent') setInterval(() => {}, 1000);
if (fault === 'banner') console.log('loading the model ...');
for await (const line of createInterface({ input: process.stdin })) {
  const y = f(JSON.parse(line).x);
  count += 1;
  const now = count > after;
  if (fault === 'silent' && now) continue;
  if (fault === 'nan' && now) console.log('{"y": NaN}');
  else if (fault === 'null' && now) console.log(JSON.stringify({ y: NaN }));
  else if (fault === 'text' && now) console.log('I do not know');
  else if (fault === 'bare' && now) console.log(String(y));
  else if (fault === 'infinite' && now) console.log('{"y": 1e999}');
  else if (fault === 'endless' && now) process.stdout.write('7'.repeat(10000));
  else if (fault === 'exit' && now) process.exit(3);
  else if (fault === 'killed' && now) process.kill(process.pid, 'SIGKILL');
  else if (fault === 'twice' && now) console.log(`${JSON.stringify({ y })}\n${JSON.stringify({ y })}`);
  else if (long) console.log(`{"before": "${letters}", "y": ${rounded(y, how)}, "after": "${letters}"}`);
  else console.log(`{"y": ${rounded(y, how)}}`);
  if (fault === 'slow') await new Promise((done) => { setTimeout(done, after); });
}
if (fault === 'farewell') console.log('bye');
