// Makes opening.bin, what the page opens with (core/codecs/opening.h), with the workers' module.
// usage: node make_opening.mjs JOBS.js JOBS.wasm first.journal OUT
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { call, instance } from './files.js';

const [script, module, journal, out] = process.argv.slice(2);
const { default: create } = await import(pathToFileURL(path.resolve(script)));
const jobs = await instance(create, new WebAssembly.Module(readFileSync(module)));
if (!call(jobs, '_compute_opening', readFileSync(journal, 'utf8'))) {
  throw new Error(jobs.UTF8ToString(jobs._compute_text()));
}
const begin = jobs._compute_bytes() >>> 0;
writeFileSync(out, jobs.HEAPU8.subarray(begin, begin + jobs._compute_bytes_size()));
