// Copies the page's files into dist/ without whole-line comments and types, which are a third of the scripts.
// Their lines stay, empty, so that line numbers are the same as in the source.
// usage: node copy_page.mjs DIST FILES... A file that is already equal is not written.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** The text without whole-line comments; template literals of several lines are not changed. */
function bare(name, text) {
  let comment = false; // of several lines
  let quoted = false;
  const lines = text.split('\n').map((line) => {
    if (!quoted && (comment || /^\s*(\/\/|\/\*)/.test(line))) {
      const block = comment || !/^\s*\/\//.test(line);
      const end = line.indexOf('*/');
      comment = block && end < 0;
      if (block && end >= 0 && line.slice(end + 2).trim()) {
        throw new Error(`${name} has code behind a comment: ${line}`);
      }
      return '';
    }
    if ((line.match(/`/g) ?? []).length % 2 === 1) quoted = !quoted;
    return quoted ? line : line.replace(/\/\*\* @(?:type|param) [^*]*\*\/ ?/g, '');
  });
  if (comment || quoted) throw new Error(`${name} ends inside a comment or a text`);
  return lines.join('\n');
}

const [dist, ...files] = process.argv.slice(2);
for (const file of files) {
  const name = path.basename(file);
  const source = readFileSync(file);
  const bytes = /\.(js|css)$/.test(name) ? Buffer.from(bare(name, source.toString())) : source;
  const to = path.join(dist, name);
  if (!existsSync(to) || !readFileSync(to).equals(bytes)) writeFileSync(to, bytes);
}
