// Makes formulas.js: the MathML of the formulas of all experiments, by their LaTeX. An invalid formula is an error.
// usage: node make_formulas.mjs MAKING.js OUT (web/making)
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import temml from 'temml';

const [script, out] = process.argv.slice(2);
const { default: create } = await import(pathToFileURL(path.resolve(script)).href);
const making = await create();
making._making_experiments();
const { experiments } = JSON.parse(making.UTF8ToString(making._making_text()));

/** @param {string} latex */
function mathml(latex, displayMode) {
  const made = temml.renderToString(latex, { displayMode, xml: true, throwOnError: true, trust: false })
    .replace(' style="display:block math;"', ''); // the policy of the page allows no inline styles
  if (/ style=/.test(made)) throw new Error(`the formula ${latex} needs an inline style`);
  return made;
}

const made = {};
for (const { layer } of experiments) {
  for (const formula of layer.formulas) made[formula] ??= mathml(formula, true);
  for (const { symbol } of layer.symbols) made[symbol] ??= mathml(symbol, false);
}
writeFileSync(out, `export default ${JSON.stringify(made)};\n`);
