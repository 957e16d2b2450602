// Computes the result that the page opens with and makes opening.bin (core/codecs/opening.h), first.svg and
// first-dark.svg of it, with the module of web/making.
// usage: node make_opening.mjs MAKING.js QUERY FOLDER
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { call } from './files.js';

const [script, query, folder] = process.argv.slice(2);
const { default: create } = await import(pathToFileURL(path.resolve(script)).href);
const making = await create();
const text = () => making.UTF8ToString(making._making_text());
const fail = () => { throw new Error(text()); };

if (!call(making, '_making_start', query)) fail();
let step = 1;
while (step === 1) step = making._making_step();
if (step === 2 || !making._making_opening()) fail();
const begin = making._making_bytes() >>> 0;
writeFileSync(path.join(folder, 'opening.bin'), making.HEAPU8.subarray(begin, begin + making._making_bytes_size()));
for (const [dark, name] of ['first.svg', 'first-dark.svg'].entries()) {
  making._making_picture(dark);
  writeFileSync(path.join(folder, name), text());
}
