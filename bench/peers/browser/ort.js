// onnxruntime-web on WebAssembly: the plain graph of matrix products and softmax, or its own fused
// attention operator. The model is written here, in the few fields of the ONNX format it needs.

const bytes_of = (text) => [...new TextEncoder().encode(text)];

function varint(value) {
  const bytes = [];
  for (; value > 127; value = Math.floor(value / 128)) bytes.push((value % 128) | 128);
  return [...bytes, value];
}

const number = (field, value) => [...varint(field * 8), ...varint(value)];
const block = (field, bytes) => [...varint(field * 8 + 2), ...varint(bytes.length), ...bytes];
const text = (field, value) => block(field, bytes_of(value));
const real = (field, value) =>
  [...varint(field * 8 + 5), ...new Uint8Array(new Float32Array([value]).buffer)];

/** Attributes: whole numbers, lists of them, or reals ({real}). */
function attribute(name, value) {
  const head = text(1, name);
  if (Array.isArray(value)) return [...head, ...value.flatMap((v) => number(8, v)), ...number(20, 7)];
  if (typeof value === 'object') return [...head, ...real(2, value.real), ...number(20, 1)];
  return [...head, ...number(3, value), ...number(20, 2)];
}

function node(operator, inputs, output, attributes = {}, domain = '') {
  return block(1, [
    ...inputs.flatMap((name) => text(1, name)), ...text(2, output), ...text(4, operator),
    ...Object.entries(attributes).flatMap(([name, value]) => block(5, attribute(name, value))),
    ...(domain ? text(7, domain) : []),
  ]);
}

function tensor_type(field, name, shape) {
  const dimensions = shape.flatMap((size) => block(1, number(1, size)));
  const type = block(1, [...number(1, 1), ...block(2, dimensions)]);
  return block(field, [...text(1, name), ...block(2, type)]);
}

function model(shape, fused) {
  const eighth = block(5, [...number(2, 1), ...text(8, 'scale'),
    ...block(9, [...new Uint8Array(new Float32Array([0.125]).buffer)])]);
  const plain = [
    ...node('Mul', ['q', 'scale'], 'scaled'),
    ...node('Transpose', ['k'], 'kt', { perm: [0, 2, 1] }),
    ...node('MatMul', ['scaled', 'kt'], 'scores'),
    ...node('Softmax', ['scores'], 'weights', { axis: 2 }),
    ...node('MatMul', ['weights', 'v'], 'out'), ...eighth,
  ];
  const nodes = fused
    ? node('MultiHeadAttention', ['q', 'k', 'v'], 'out', { num_heads: 1, scale: { real: 0.125 } },
      'com.microsoft')
    : plain;
  const graph = [...nodes, ...text(2, 'attention'),
    ...['q', 'k', 'v'].flatMap((name) => tensor_type(11, name, shape)), ...tensor_type(12, 'out', shape)];
  const operators = (domain, version) => block(8, [...text(1, domain), ...number(2, version)]);
  return new Uint8Array([...number(1, 8), ...operators('', 17), ...operators('com.microsoft', 1),
    ...block(7, graph)]);
}

export async function make_ort(inputs, shape, threads, fused) {
  const ort = await import('/npm/onnxruntime-web/dist/ort.wasm.min.mjs');
  ort.env.wasm.numThreads = threads;
  ort.env.wasm.wasmPaths = '/npm/onnxruntime-web/dist/';
  const session = await ort.InferenceSession.create(model(shape, fused),
    { executionProviders: ['wasm'], graphOptimizationLevel: 'all' });
  const feeds = Object.fromEntries(['q', 'k', 'v'].map((name, i) =>
    [name, new ort.Tensor('float32', inputs[i], shape)]));
  return {
    forward: async () => (await session.run(feeds)).out,
    read: (tensor) => tensor.data,
  };
}
