// Loads the page's parts: from files next to it, or, if those cannot be loaded (from disk, in a frame of
// opaque origin), from bundle.js (web/make_bundle.mjs).

const carried = () => globalThis.attnlab_parts;

/** @param {string} name */
const url = (name) => new URL(name, import.meta.url);

/** @param {string} name */
async function fetched(name) {
  const response = await fetch(url(name));
  if (!response.ok) throw new Error(`${name} could not be loaded (${response.status})`);
  return response;
}

/** @param {string} base64 */
const bytes_of = (base64) => Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));

/**
 * A file in bundle.js: base64 of its deflated bytes.
 * @param {string} name
 */
async function unpacked(name) {
  const stream = new Blob([bytes_of(carried()?.[name] ?? '')]).stream().pipeThrough(new DecompressionStream('deflate'));
  return new Response(stream).arrayBuffer();
}

// A function that needs f32x4.relaxed_madd.
const relaxed = 'AGFzbQEAAAABBQFgAAF7AwIBAAoTAREAQQD9D0EA/Q9BAP0P/YUCCw==';

/** The file with the fastest workers' module that this browser supports. */
export const jobs_file = () =>
  !carried() && WebAssembly.validate(bytes_of(relaxed)) ? 'jobs_relaxed.wasm' : 'jobs.wasm';

/**
 * The compiled module of that file.
 * @param {string} name
 */
export async function compile(name) {
  if (carried()) return WebAssembly.compile(await unpacked(name));
  const response = await fetched(name);
  const typed = response.headers.get('Content-Type')?.startsWith('application/wasm');
  if (typed && WebAssembly.compileStreaming) return WebAssembly.compileStreaming(response);
  return WebAssembly.compile(await response.arrayBuffer());
}

/** @param {string} name */
export async function text_of(name) {
  if (carried()) return new TextDecoder().decode(await unpacked(name));
  return (await fetched(name)).text();
}

/**
 * An instance of the compiled module, with the script that Emscripten generated for it.
 * @template Module
 * @param {Create<Module>} create
 * @param {WebAssembly.Module} compiled
 * @param {object} options
 * @returns {Promise<Module>}
 */
export function instance(create, compiled, options = {}) {
  return new Promise((resolve, reject) => {
    create({
      ...options,
      /** @param {WebAssembly.Imports} imports @param {Function} receive */
      instantiateWasm(imports, receive) {
        WebAssembly.instantiate(compiled, imports).then((made) => receive(made, compiled), reject);
        return {};
      },
    }).then(resolve, reject);
  });
}

/**
 * Copies bytes to the module's heap; returns their address, for _free.
 * @param {WasmModule} module
 * @param {Uint8Array} bytes
 */
export function put(module, bytes) {
  const at = module._malloc(bytes.length || 1) >>> 0; // addresses may exceed 2 GB
  if (!at) throw new Error('out of memory');
  module.HEAPU8.set(bytes, at);
  return at;
}

/** Calls a function of the module with numbers, texts and bytes. (Emscripten's ccall puts texts on the stack,
 *  where a long text overwrites other data.)
 *  @template {WasmModule} Module
 *  @param {Module} module
 *  @param {keyof Module} name
 *  @param {(number | string | boolean | Uint8Array)[]} values
 *  @returns {any} */
export function call(module, name, ...values) {
  /** @type {number[]} */
  const lent = [];
  /** @param {Uint8Array} bytes */
  const lend = (bytes) => {
    const at = put(module, bytes);
    lent.push(at);
    return at;
  };
  try {
    const asked = /** @type {(...values: unknown[]) => any} */ (module[name]);
    return asked(...values.map((value) => {
      if (typeof value === 'string') return lend(new TextEncoder().encode(`${value}\0`));
      return value instanceof Uint8Array ? lend(value) : value;
    }));
  } finally {
    lent.forEach((at) => module._free(at));
  }
}

/** @type {string | undefined} */
let worker_url;

/** A new worker. */
export function start_worker() {
  if (!carried()) return new Worker(url('worker.js'), { type: 'module' });
  worker_url ??= URL.createObjectURL(
    new Blob([globalThis.attnlab_worker], { type: 'text/javascript' }));
  return new Worker(worker_url);
}

/** The address of this page, for links and embed code; undefined if it has none of its own. */
export const has_address = () => /^https?:$/.test(location.protocol);
