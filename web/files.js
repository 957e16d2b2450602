// Where the page's parts come from: files beside it, or, where those cannot be loaded (from disk, in a
// frame of opaque origin), the parts that bundle.js carries (web/make_page.mjs).

import { message_of } from './dom.js';

const carried = () => globalThis.attnlab_parts;

// What make_page.mjs puts in place of these two names; empty in bundle.js, whose parts cannot be mixed.
const build = typeof attnlab_build === 'string' ? attnlab_build : '';
const expected = typeof attnlab_expected === 'object' ? attnlab_expected : {};

/**
 * By a name that carries the build: no cache takes a file of another build for it.
 * @param {string} name
 */
const url = (name) => new URL(build ? `${name}?v=${build}` : name, import.meta.url);

/** @param {CSSStyleSheet} sheet */
function rules_of(sheet) {
  try {
    return sheet.cssRules;
  } catch {
    return []; // it did not come, or an extension's: not readable
  }
}

/**
 * What a style sheet says of its build; not the computed style, which Firefox leaves empty in a frame that is not
 * displayed.
 * @param {string} property
 */
function build_of_sheet(property) {
  for (const sheet of document.styleSheets) {
    for (const rule of rules_of(sheet)) {
      const value = rule instanceof CSSStyleRule ? rule.style.getPropertyValue(property).trim() : '';
      if (value) return value;
    }
  }
  return '';
}

/** A sentence on the files that are of another build than most; '' if there are none. */
export function mixed_builds() {
  if (!build) return '';
  const of = Object.entries({ 'index.html': document.documentElement.dataset.build, ...globalThis.attnlab_builds,
    ...Object.fromEntries(['page', 'oracle'].map((name) => [`${name}.css`, build_of_sheet(`--${name}-build`)])) });
  /** @param {string | undefined} wanted */
  const count = (wanted) => of.filter(([, it]) => it === wanted).length;
  const [, most] = of.reduce((one, other) => (count(other[1]) > count(one[1]) ? other : one));
  const odd = of.filter(([, it]) => it !== most).map(([name]) => name);
  return odd.length === 0 ? '' : `${odd.join(', ')} and the other files of this page are of different versions, ` +
    'or damaged on the way';
}

/**
 * A part that is loaded when it is first used; an error says which part did not come, and what the reader can do.
 * @template Part
 * @param {string} name @param {Promise<Part>} loading @returns {Promise<Part>}
 */
export async function part(name, loading, advice = '; reload the page to try again') {
  let loaded;
  try {
    loaded = await loading;
  } catch (error) {
    // It, or what it imports.
    const what = build ? await globalThis.attnlab_missing?.(`${name}?v=${build}`) : undefined;
    throw new Error(`${what ?? `${name} could not be loaded (${message_of(error)})`}${advice}`);
  }
  if (build && !globalThis.attnlab_builds?.[name]) throw new Error(`${name} came empty${advice}`);
  const mixed = mixed_builds();
  if (mixed) throw new Error(mixed + advice);
  return loaded;
}

/**
 * Imports a part that did not come, by another name: browsers keep the failure of a name.
 * @param {string} name
 */
export const import_again = (name) => import(`${url(name)}&again=${Date.now()}`);

/** @param {string} name */
async function fetched(name) {
  let response;
  try {
    response = await fetch(url(name));
  } catch (error) {
    throw new Error(`${name} could not be loaded (${message_of(error)})`);
  }
  if (!response.ok) throw new Error(`${name} could not be loaded (${response.status})`);
  return response;
}

/**
 * Refuses a file that is not the build's own.
 * @param {string} name @param {ArrayBuffer} bytes
 */
async function check(name, bytes) {
  const wanted = expected[name];
  if (!wanted) return;
  // Pages without a secure connection cannot compute the sum.
  const sum = !crypto.subtle ? wanted.sha256
    : [...new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  if (bytes.byteLength === wanted.bytes && sum === wanted.sha256) return;
  throw new Error(`it is not the file of this build: ${bytes.byteLength} bytes, ${wanted.bytes} expected`);
}

/** @param {string} base64 */
const decoded = (base64) => Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));

/**
 * A file in bundle.js: base64 of its deflated bytes.
 * @param {string} name
 */
async function unpacked(name) {
  const stream = new Blob([decoded(carried()?.[name] ?? '')]).stream().pipeThrough(new DecompressionStream('deflate'));
  return new Response(stream).arrayBuffer();
}

// A function that needs f32x4.relaxed_madd.
const relaxed = 'AGFzbQEAAAABBQFgAAF7AwIBAAoTAREAQQD9D0EA/Q9BAP0P/YUCCw==';

/** The file with the fastest workers' module that this browser supports. */
export const jobs_file = () =>
  !carried() && WebAssembly.validate(decoded(relaxed)) ? 'jobs_relaxed.wasm' : 'jobs.wasm';

/**
 * The compiled module of that file.
 * @param {string} name
 */
export async function compile(name) {
  if (carried()) return WebAssembly.compile(await unpacked(name));
  const response = await fetched(name);
  const typed = response.headers.get('Content-Type')?.startsWith('application/wasm');
  const bytes = response.clone().arrayBuffer();
  const streamed = typed && WebAssembly.compileStreaming;
  try {
    const [compiled] = await Promise.all([
      streamed ? WebAssembly.compileStreaming(response) : bytes.then((whole) => WebAssembly.compile(whole)),
      bytes.then((whole) => check(name, whole)),
    ]);
    return compiled;
  } catch (error) {
    throw new Error(`${name} was cut, damaged or is of another version (${message_of(error)})`);
  }
}

/** @param {string} name */
export async function bytes_of(name) {
  if (carried()) return new Uint8Array(await unpacked(name));
  const bytes = await (await fetched(name)).arrayBuffer();
  await check(name, bytes).catch((error) => { throw new Error(`${name} was damaged (${message_of(error)})`); });
  return new Uint8Array(bytes);
}

/** @param {string} name */
export const text_of = async (name) => new TextDecoder().decode(await bytes_of(name));

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

/** Why no worker of worker.js can answer: it, or what it imports, does not come or comes empty, which no event
 *  tells. undefined where all came. */
export const worker_problem = async () => (build ? globalThis.attnlab_missing?.(`worker.js?v=${build}`) : undefined);

/** A new worker. Carried ones start from data: WebKit refuses blobs in isolated frames of opaque origin. */
export const start_worker = () => (carried()
  ? new Worker(`data:text/javascript,${encodeURIComponent(globalThis.attnlab_worker)}`)
  : new Worker(url('worker.js'), { type: 'module' }));

/** The address of this page, for links and embed code; undefined if it has none of its own. */
export const has_address = () => /^https?:$/.test(location.protocol);
