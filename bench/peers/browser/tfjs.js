// TensorFlow.js on its WebAssembly backend, with SIMD and threads where the browser has them.
const scripts = ['/npm/@tensorflow/tfjs-core/dist/tf-core.min.js',
  '/npm/@tensorflow/tfjs-backend-wasm/dist/tf-backend-wasm.min.js'];

function load(source) {
  return new Promise((resolve, reject) => {
    const script = document.createElement('script');
    script.src = source;
    script.onload = resolve;
    script.onerror = () => reject(new Error(`${source} did not load`));
    document.head.append(script);
  });
}

export async function make_tfjs(inputs, shape, threads) {
  for (const source of scripts) await load(source);
  const { tf } = window;
  tf.wasm.setThreadsCount(threads);
  tf.wasm.setWasmPaths('/npm/@tensorflow/tfjs-backend-wasm/dist/');
  await tf.setBackend('wasm');
  await tf.ready();
  const [q, k, v] = inputs.map((values) => tf.tensor(values, shape, 'float32'));
  let last;
  return {
    forward() {
      last?.dispose();
      last = tf.tidy(() => {
        const scores = tf.matMul(tf.mul(q, 0.125), k, false, true);
        return tf.matMul(tf.softmax(scores), v);
      });
      return last;
    },
    read: (tensor) => tensor.data(),
  };
}
