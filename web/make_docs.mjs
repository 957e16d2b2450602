// node make_docs.mjs ROOT OUT: makes linked HTML pages without scripts from the documents of the tree. Formulas between
// dollar signs become MathML. A link to a missing document or an invalid formula is an error.
import { mkdirSync, readFileSync, readdirSync, writeFileSync, existsSync } from 'node:fs';
import path from 'node:path';
import { Marked } from 'marked';
import temml from 'temml';

const [root, out] = process.argv.slice(2);

/** Path of each document in the tree, with the name of its page. */
const pages = new Map();
for (const name of readdirSync(path.join(root, 'docs')).sort()) {
  if (name.endsWith('.md')) pages.set(`docs/${name}`, name === 'README.md' ? 'index.html' : name.replace(/md$/, 'html'));
}
for (const name of readdirSync(path.join(root, 'docs/how-to')).sort()) {
  if (name.endsWith('.md')) pages.set(`docs/how-to/${name}`, `how-to-${name.replace(/md$/, 'html')}`);
}
pages.set('docs/embed/README.md', 'embed.html');
pages.set('CONTRIBUTING.md', 'contributing.html');
for (const family of ['random_features', 'extraction', 'in_context']) {
  pages.set(`core/${family}/README.md`, `${family.replaceAll('_', '-')}.html`);
}

const escaped = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');

/** Temml's inline styles and the classes that stand for them: the policy of these pages allows style sheets only. */
const classes = new Map();

function class_of(style) {
  if (!classes.has(style)) classes.set(style, `math${classes.size + 1}`);
  return classes.get(style);
}

/** MathML with classes in place of inline styles. */
function with_classes(mathml) {
  return mathml.replace(/<(\w+)([^>]*) style="([^"]*)"([^>]*)>/g, (_, tag, before, style, after) => {
    const rest = before + after;
    if (!style.includes(':')) return `<${tag}${rest}>`;
    const name = class_of(style);
    return / class="/.test(rest) ? `<${tag}${rest.replace(/ class="/, `$&${name} `)}>` : `<${tag}${rest} class="${name}">`;
  });
}

const formula = (tex, displayMode) =>
  with_classes(temml.renderToString(tex, { displayMode, throwOnError: true, trust: false }));
const formulas = [
  {
    name: 'display_formula', level: 'block',
    start: (text) => text.indexOf('$$'),
    tokenizer(text) {
      const match = /^\$\$\s*([^$]+?)\s*\$\$(?:\n|$)/.exec(text);
      return match ? { type: 'display_formula', raw: match[0], tex: match[1] } : undefined;
    },
    renderer: ({ tex }) => `<p class="formula">${formula(tex, true)}</p>\n`,
  },
  {
    name: 'formula', level: 'inline',
    start: (text) => text.indexOf('$'),
    tokenizer(text) {
      const match = /^\$([^\s$](?:[^$\n]*[^\s$])?)\$(?!\w)/.exec(text);
      return match ? { type: 'formula', raw: match[0], tex: match[1] } : undefined;
    },
    renderer: ({ tex }) => formula(tex, false),
  },
];

/** Target of a document's link in dist/docs; null for files of the tree that have no page. */
function target_of(document, href) {
  if (/^(https?:|mailto:|#)/.test(href)) return href;
  const [file, anchor] = href.split('#');
  const linked = path.posix.normalize(path.posix.join(path.posix.dirname(document), file));
  if (!existsSync(path.join(root, linked))) throw new Error(`${document} links to ${linked}, which is not there`);
  const page = pages.get(linked);
  return page ? page + (anchor ? `#${anchor}` : '') : null;
}

function html_of(document) {
  const slugs = new Map();
  const slug = (text) => {
    const plain = text.toLowerCase().replace(/[^\p{L}\p{N}\s-]/gu, '').trim().replace(/\s+/g, '-');
    const count = slugs.get(plain) ?? 0;
    slugs.set(plain, count + 1);
    return count ? `${plain}-${count}` : plain;
  };
  const marked = new Marked({ gfm: true, extensions: formulas });
  marked.use({
    renderer: {
      heading({ tokens, depth, text }) {
        return `<h${depth} id="${slug(text)}">${this.parser.parseInline(tokens)}</h${depth}>\n`;
      },
      link({ href, tokens }) {
        const inside = this.parser.parseInline(tokens);
        const target = target_of(document, href);
        return target === null ? inside : `<a href="${escaped(target)}">${inside}</a>`;
      },
      table(token) {
        return `<div class="wide">${render_table(this, token)}</div>\n`;
      },
      image: ({ text }) => escaped(text),
      html: ({ text }) => (/^\s*<!--[^]*-->\s*$/.test(text) ? '' : escaped(text)),
    },
  });
  return marked.parse(readFileSync(path.join(root, document), 'utf8'));
}

function render_table(renderer, { header, rows }) {
  const line = (cells, tag) => `<tr>${cells.map(({ tokens }) => `<${tag}>${renderer.parser.parseInline(tokens)}</${tag}>`).join('')}</tr>`;
  return `<table><thead>${line(header, 'th')}</thead><tbody>${rows.map((cells) => line(cells, 'td')).join('\n')}</tbody></table>`;
}

mkdirSync(out, { recursive: true });
for (const [document, page] of pages) {
  const body = html_of(document);
  const title = /<h1[^>]*>(.*?)<\/h1>/.exec(body)?.[1].replace(/<[^>]*>/g, '') ?? page;
  writeFileSync(path.join(out, page), `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'self'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${title} - Attention Lab</title>
<link rel="stylesheet" href="../page.css">
<link rel="stylesheet" href="docs.css">
</head>
<body class="document">
<nav><a href="../index.html">Attention Lab</a> · <a href="index.html">Documentation</a></nav>
<main>
${body}</main>
</body>
</html>
`);
}
const rules = [...classes].map(([style, name]) => `.${name} { ${style} }\n`).join('');
writeFileSync(path.join(out, 'docs.css'), readFileSync(path.join(root, 'docs/page.css'), 'utf8') + rules);
