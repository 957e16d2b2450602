// Makes dist/ from the page's sources and the modules:
//   every script and sheet minified, under its own name (esbuild);
//   bundle.js            one plain script with every module, WebAssembly and worker (web/boot.js)
//   attention-lab.html   one file that runs from disk, its scripts allowed by their hashes
// usage: node make_page.mjs DIST FILES...   The same files give the same bytes; what is there already is left alone.
//
// So that no cache can mix two versions of the page, every file asks for the others by names that carry the build
// (`./dom.js?v=BUILD`), every script and sheet says of which build it is, and web/files.js knows size and sum of what
// is neither. The build is a sum over all of these files.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { deflateSync } from 'node:zlib';
import { build as make, transform } from 'esbuild';

const [dist, ...sources] = process.argv.slice(2);
const files = new Map(sources.map((file) => [path.basename(file), readFileSync(file)])
  .sort(([one], [other]) => (one < other ? -1 : 1)));
const sum = (bytes, form = 'hex') => createHash('sha256').update(bytes).digest(form);
const target = 'es2022';

function put(name, content) {
  const bytes = Buffer.from(content);
  const to = path.join(dist, name);
  if (!existsSync(to) || !readFileSync(to).equals(bytes)) writeFileSync(to, bytes);
}

/** The text with `from` replaced, which must be there. */
function replaced(name, text, from, to) {
  if (!text.includes(from)) throw new Error(`${name} has no ${from}`);
  return text.replaceAll(from, () => to);
}

const text_of = (name) => files.get(name).toString();

// --- Files of their own ------------------------------------------------------------------------

const build = sum([...files].map(([name, bytes]) => `${name} ${sum(bytes)}\n`).join('')).slice(0, 10);
const expected = Object.fromEntries([...files].filter(([name]) => /\.(wasm|bin)$|^oracle\.html$/.test(name))
  .map(([name, bytes]) => [name, { bytes: bytes.length, sha256: sum(bytes) }]));

async function script(name) {
  const { code } = await transform(text_of(name), { minify: true, format: 'esm', target,
    define: { attnlab_build: `'${build}'`, attnlab_expected: JSON.stringify(expected) } });
  if (name === 'embed.js') return code; // stands alone in other people's pages
  const asked = code.replace(/((?:from|import\()\s*["']\.\/[\w-]+\.js)(?=["'])/g, `$1?v=${build}`);
  return `(globalThis.attnlab_builds??={})["${name}"]="${build}";${asked}`;
}

async function sheet(name) {
  const { code } = await transform(text_of(name), { minify: true, loader: 'css', target });
  // At the end: a sheet that was cut does not say it.
  return `${code.trimEnd()}:root{--${path.basename(name, '.css')}-build:${build}}\n`;
}

for (const [name, bytes] of files) {
  if (name.endsWith('.js')) put(name, await script(name));
  else if (name.endsWith('.css')) put(name, await sheet(name));
  else if (name !== 'index.html') put(name, bytes);
}
const html = replaced('index.html', text_of('index.html'), '<html lang="en"', `<html lang="en" data-build="${build}"`);
put('index.html', html.replace(/(?:src|href)="[\w-]+\.(?:js|css)(?=")/g, `$&?v=${build}`));

// --- One script, one file ----------------------------------------------------------------------

/** A script and all that it imports as one plain script. Its parts cannot be mixed with others. */
async function bundle(entry) {
  // From the texts, not from where they lie: folders would show in the bytes.
  const ours = { name: 'page', setup(steps) {
    steps.onResolve({ filter: /^\.\// }, ({ path: name }) => ({ path: name.slice(2), namespace: 'page' }));
    steps.onLoad({ filter: /./, namespace: 'page' }, ({ path: name }) => ({ contents: text_of(name), loader: 'js' }));
  } };
  const { outputFiles: [{ text }] } = await make({ entryPoints: [`./${entry}`], bundle: true, write: false,
    format: 'iife', minify: true, target, plugins: [ours], external: ['module'], banner: {
      js: 'var attnlab_base=self.document?document.baseURI:self.location.href;' },
    define: { 'import.meta.url': 'attnlab_base', attnlab_build: "''", attnlab_expected: '{}' } });
  return text;
}

const deflated = (name) => deflateSync(files.get(name), { level: 9 }).toString('base64');
const parts = ['attnlab.wasm', 'jobs.wasm', 'opening.bin', 'oracle.html'].map((name) => [name, deflated(name)]);
const whole = `globalThis.attnlab_parts = ${JSON.stringify(Object.fromEntries(parts))};
globalThis.attnlab_worker = ${JSON.stringify(await bundle('worker.js'))};
${await bundle('page.js')}`;
put('bundle.js', whole);

// An inline script ends at the first closing tag, whatever the language says.
const inline = whole.replaceAll('</script', '<\\/script');
const sheets = ['page.css', 'oracle.css'];
const styles = sheets.map(text_of);
const data = (name) => `data:image/svg+xml;base64,${files.get(name).toString('base64')}`;
const hash = (text) => `'sha256-${sum(text, 'base64')}'`;
const show_first = "if (parent !== self) parent.postMessage({ attnlab: 1, type: 'starting' }, '*');\n" +
  "document.getElementById('no_boot').remove();\n" +
  "document.getElementById('first').hidden = location.hash.length > 1;\n";
let page = text_of('index.html');
const change = (from, to) => { page = replaced('index.html', page, from, to); };
change(`script-src 'self' 'wasm-unsafe-eval'`, `script-src ${hash(inline)} ${hash(show_first)} 'wasm-unsafe-eval'`);
change(`style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; worker-src 'self' data:; font-src 'self'`,
  `style-src ${styles.map(hash).join(' ')}; img-src data: blob:; worker-src data:`);
sheets.forEach((name, i) => change(`<link rel="stylesheet" href="${name}">`, `<style>${styles[i]}</style>`));
change('<script src="boot.js" defer></script>', '');
for (const name of ['icon.svg', 'first.svg', 'first-dark.svg']) change(`"${name}"`, `"${data(name)}"`);
change('</body>', `<script>${show_first}</script><script>${inline}</script>\n</body>`);
put('attention-lab.html', page);
