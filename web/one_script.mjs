// Adapts the second module of the workers to the script of the first. The linker gives imports one-letter
// names, in order of their number of calls, which may differ because calls are inlined in one module only.
// usage: node one_script.mjs FIRST/jobs.js SECOND/jobs.js SECOND/jobs.wasm OUT.wasm
// Fails if the scripts differ in anything else.
import { readFileSync, writeFileSync } from 'node:fs';

const [first, second, module, out] = process.argv.slice(2);
const list = /wasmImports=\{([\w:,]*)\}/;
const scripts = [first, second].map((file) => readFileSync(file, 'utf8'));
const [wanted, given] = scripts.map((text) =>
  new Map(text.match(list)[1].split(',').map((pair) => pair.split(':').reverse())));
const names = new Map([...given].map(([name, letter]) => [letter, wanted.get(name)]));
const fits = ([letter, other]) => letter.length === 1 && other?.length === 1;
if (scripts[0].replace(list, '') !== scripts[1].replace(list, '') || ![...names].every(fits)) {
  console.error(`${first} and ${second} differ in more than the names of imports`);
  process.exit(1);
}

const bytes = readFileSync(module);
let at = 8;
function number() {
  let value = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = bytes[at++];
    value += (byte & 127) * 2 ** shift;
    if (byte < 128) return value;
  }
}
while (bytes[at++] !== 2) { // to the section of imports
  const skipped = number();
  at += skipped;
}
number(); // its size
for (let left = number(); left > 0; left -= 1) {
  const skipped = number(); // bytes of the name of the imports' module
  at += skipped;
  const length = number();
  const letter = bytes.toString('latin1', at, at + length);
  if (bytes[at + length] !== 0 || !names.has(letter)) throw new Error(`${module} imports ${letter}, no function`);
  bytes.write(names.get(letter), at, 'latin1');
  at += length + 1;
  number(); // the function's type
}
writeFileSync(out, bytes);
