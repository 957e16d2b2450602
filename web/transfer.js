// Saved files, embed code and dropped files. Core makes pictures and citations, in an instance of the
// workers' module, which is loaded when first needed.
import create_jobs from './jobs.js';
import { element } from './dom.js';
import { call, has_address, instance } from './files.js';

const png_scale = 2;
const most_letters = 20000; // of a dropped text that are looked through

/**
 * @typedef {{ query: string, file: string, journal: string, kept: string[], figure: number, dark: boolean }} Shown
 * @typedef {() => Promise<WebAssembly.Module>} Jobs
 */

/** @type {Promise<JobsModule> | undefined} */
let maker;

/**
 * The picture or citation of a run as text. `journal`: App::journal().
 * @param {Jobs} jobs
 * @param {string} format
 * @param {Shown} run
 */
async function made(jobs, format, { query, journal, kept, figure, dark }) {
  maker ??= instance(create_jobs, await jobs());
  const compute = await maker;
  for (const one of kept) call(compute, '_compute_keep', one.split(' ')[3], one);
  const done = call(compute, '_compute_export', format, query, journal, figure, dark ? 1 : 0);
  const text = compute.UTF8ToString(compute._compute_text());
  if (!done) throw new Error(text);
  return text;
}

/** Some browsers change the pixels that a page reads from a canvas, so that they do not identify the reader. */
function refuse_noise() {
  const side = 48;
  const canvas = element('canvas', { width: side, height: side });
  const context = /** @type {HTMLCanvasElement} */ (canvas).getContext('2d');
  if (!context) throw new Error('the browser gives no canvas');
  const colour = (/** @type {number} */ at) => [at * 5, 255 - at * 5, (at * 37) % 256];
  for (let at = 0; at < side; ++at) {
    context.fillStyle = `rgb(${colour(at).join()})`;
    context.fillRect(0, at, side, 1);
  }
  const { data } = context.getImageData(0, 0, side, side);
  const differs = data.some((value, i) => {
    const part = i % 4;
    return value !== (part === 3 ? 255 : colour(Math.floor(i / 4 / side))[part]);
  });
  if (differs) throw new Error('this browser changes the pixels of pictures to protect its reader; the SVG is exact');
}

/** @param {string} svg */
async function png_of(svg) {
  refuse_noise();
  const image = new Image();
  image.src = URL.createObjectURL(new Blob([svg], { type: 'image/svg+xml' }));
  try {
    await image.decode();
    const canvas = document.createElement('canvas');
    canvas.width = image.naturalWidth * png_scale;
    canvas.height = image.naturalHeight * png_scale;
    canvas.getContext('2d')?.drawImage(image, 0, 0, canvas.width, canvas.height);
    /** @type {Blob | null} */
    const blob = await new Promise((resolve) => canvas.toBlob(resolve, 'image/png'));
    if (!blob) throw new Error('the browser made no picture');
    return new Uint8Array(await blob.arrayBuffer());
  } finally {
    URL.revokeObjectURL(image.src);
  }
}

/**
 * {name, mime, bytes} of an export that the page's module cannot make. format: of the contract. A journal
 * names its own run; without one the picture shows `query` without results.
 * @param {Jobs} jobs
 * @param {SaveFormat} format
 * @param {Shown} run
 */
export async function exported(jobs, format, run) {
  const query = run.journal ? run.journal.split(' ')[3] : run.query;
  const name = `${run.file}.${format.extension}`;
  const picture = format.id === 'png';
  const text = await made(jobs, picture ? 'svg' : format.id, { ...run, query });
  return { name, mime: format.mime, bytes: picture ? await png_of(text) : text };
}

/** @param {string} text */
const attribute = (text) => text.replaceAll('&', '&amp;').replaceAll('"', '&quot;');

/**
 * HTML that shows the state of `query` in another page, for web/embed.js.
 * @param {string} query
 */
export function embed_code(query) {
  const base = has_address() ? new URL('.', location.href).href : '';
  const words = [];
  for (const [key, value] of new URLSearchParams(query)) {
    words.push(`${key === 'e' ? 'experiment' : key}="${attribute(value)}"`);
  }
  return `<script src="${base}embed.js"></script>\n<attention-lab ${words.join(' ')}></attention-lab>`;
}

/**
 * The permalink text in a file: a saved JSON result, a link, or the text itself; '' when there is none.
 * @param {string} text
 */
export function query_in_file(text) {
  try {
    const { experiment, params = {}, seed } = JSON.parse(text);
    if (typeof experiment !== 'string') return link_in(text.slice(0, most_letters));
    const query = new URLSearchParams({ e: experiment });
    for (const [name, value] of Object.entries(params)) query.set(name, String(value));
    if (seed !== undefined) query.set('seed', String(seed));
    return query.toString();
  } catch {
    return link_in(text.slice(0, most_letters));
  }
}

/** From the first address or word that names a state to the end: core drops what follows a link.
 *  @param {string} text */
function link_in(text) {
  for (const { 0: word, index } of text.matchAll(/[^\s"'<>(]+/g)) {
    const address = /^https?:/i.test(word) && /[#?]|%23/.test(word) && /=|%3D|%253D/i.test(word);
    if (address || /(?:^|[#?&;]|%26|%2526)e(?:=|%3D|%253D)/i.test(word)) return text.slice(index).trim();
  }
  return '';
}
