// One worker of our side: an instance of the module, told what to prepare and when to run.
let lab;

const answers = {
  async prepare({ variant, work, parts, part }) {
    if (!lab) {
      const { default: create } = await import(`/build/attnlab_peers_${variant}.js`);
      lab = await create();
    }
    const types = ['string', 'number', 'number'];
    if (!lab.ccall('peers_prepare', 'number', types, [work, parts, part])) {
      throw new Error(`there is no work named ${work}`);
    }
    return { simd: lab.UTF8ToString(lab._peers_simd()) };
  },
  run() {
    const start = performance.now();
    lab._peers_run();
    return { seconds: (performance.now() - start) / 1000 / lab._peers_units() };
  },
  result() {
    const count = lab._peers_result();
    const begin = lab._peers_values() / 8;
    return { values: [...lab.HEAPF64.slice(begin, begin + count)] };
  },
};

onmessage = async ({ data }) => {
  try {
    postMessage(await answers[data.type](data));
  } catch (error) {
    postMessage({ error: String(error) });
  }
};
