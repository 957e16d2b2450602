// Makes the forms of the page that load no modules, from the finished files in dist/:
//   bundle.js            one plain script with every module, WebAssembly and worker (web/boot.js)
//   attention-lab.html   one file that runs from disk, its scripts allowed by their hashes
// usage: node make_bundle.mjs DIST. The same files give the same bytes.
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { deflateSync } from 'node:zlib';

const dist = process.argv[2];
const read = (name) => readFileSync(path.join(dist, name), 'utf8');

/** Names of './x.js' that a module's text imports. */
const imports_of = (text) =>
  [...text.matchAll(/(?:from|import\()\s*'\.\/([\w-]+\.js)'/g)].map(([, name]) => name);

/** A module as the body of a function that fills `exports`; handles only the syntax that our files use. */
function as_function(name, text) {
  const exported = [];
  const body = text
    .replace(/^import\s+(\w+)\s+from\s+'\.\/([\w-]+\.js)';?$/gm,
      (_, local, from) => `const ${local} = need('${from}').default;`)
    .replace(/^import\s+\{([^}]*)\}\s+from\s+'\.\/([\w-]+\.js)';?$/gm,
      (_, names, from) => `const {${names.replaceAll(' as ', ': ')}} = need('${from}');`)
    .replace(/\bimport\(\s*'\.\/([\w-]+\.js)'\s*\)/g, (_, from) => `Promise.resolve().then(() => need('${from}'))`)
    .replace(/import\.meta\.url/g, 'base')
    .replace(/^export\s+(async\s+function\*?|function\*?|class|const|let)\s+(\w+)/gm, (_, kind, local) => {
      exported.push(local);
      return `${kind} ${local}`;
    })
    .replace(/export\s+default\s+(\w+);?/, (_, local) => `exports.default = ${local};`);
  const left = /^\s*(import|export)\b[^(]/m.exec(body);
  if (left) throw new Error(`${name}: the bundle cannot express "${left[0]}"`);
  const fill = exported.map((local) => `exports.${local} = ${local};`).join(' ');
  return `'${name}'(exports) {\n${body}\n${fill}\n}`;
}

function bundle(entry) {
  const seen = new Set();
  const visit = (name) => {
    if (seen.has(name)) return;
    seen.add(name);
    imports_of(read(name)).forEach(visit);
  };
  visit(entry);
  const modules = [...seen].map((name) => as_function(name, read(name)));
  return `(() => {
const base = self.document ? document.baseURI : self.location.href;
const made = {};
const need = (name) => {
  if (!made[name]) modules[name](made[name] = {});
  return made[name];
};
const modules = {
${modules.join(',\n')}
};
need('${entry}');
})();
`;
}

const deflated = (name) => deflateSync(readFileSync(path.join(dist, name)), { level: 9 }).toString('base64');
const parts = Object.fromEntries(['attnlab.wasm', 'jobs.wasm', 'first.journal', 'oracle.html'].map((name) => [name, deflated(name)]));
const script = `globalThis.attnlab_parts = ${JSON.stringify(parts)};
globalThis.attnlab_worker = ${JSON.stringify(bundle('worker.js'))};
${bundle('page.js')}`;
writeFileSync(path.join(dist, 'bundle.js'), script);

// An inline script ends at the first closing tag, even inside a string.
const inline = script.replaceAll('</script', '<\\/script');
const sheets = ['page.css', 'oracle.css'];
const styles = sheets.map(read);
const data = (name) => `data:image/svg+xml;base64,${Buffer.from(read(name)).toString('base64')}`;
const hash = (text) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
const show_first = "document.getElementById('first').hidden = location.hash.includes('=');\n";
const replaced = (text, from, to) => {
  if (!text.includes(from)) throw new Error(`index.html has no ${from}`);
  return text.replaceAll(from, () => to);
};
let html = read('index.html');
html = replaced(html, `script-src 'self' 'wasm-unsafe-eval'`, `script-src ${hash(inline)} ${hash(show_first)} 'wasm-unsafe-eval'`);
html = replaced(html, `style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; worker-src 'self' blob:; font-src 'self'`,
  `style-src ${styles.map(hash).join(' ')}; img-src data: blob:; worker-src blob:`);
sheets.forEach((name, i) => {
  html = replaced(html, `<link rel="stylesheet" href="${name}">`, `<style>${styles[i]}</style>`);
});
html = replaced(html, '<script src="boot.js" defer></script>', '');
for (const name of ['icon.svg', 'first.svg', 'first-dark.svg']) html = replaced(html, `"${name}"`, `"${data(name)}"`);
html = replaced(html, '</body>', `<script>${show_first}</script><script>${inline}</script>\n</body>`);
writeFileSync(path.join(dist, 'attention-lab.html'), html);
