// The page is built from its own modules alone: a first `./lab page` compiles no native program, which would take a
// third of its time, and what the page opens with has the same bytes on every machine.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';

const root = process.env.ATTNLAB_ROOT ?? '.';
const built = process.env.ATTNLAB_WEB_BUILD ?? path.join(root, 'build/web');

const commands = execFileSync('ninja', ['-C', built, '-t', 'commands', 'attnlab_page'],
  { encoding: 'utf8', maxBuffer: 1 << 26 }).split('\n');
assert.ok(commands.some((line) => line.includes('make_opening.mjs')), 'the build of the page makes its opening');
assert.deepEqual(commands.filter((line) => /build\/native|\/native\/|\bg\+\+/.test(line.replaceAll('em++', ''))), []);
console.log(`ok   none of the ${commands.length} commands of the page's build is native`);

const script = readFileSync(path.join(root, 'lab'), 'utf8');
const [, body] = /^build_page\(\) \{\n([^]*?)^\}/m.exec(script);
assert.match(body, /build web attnlab_page/);
assert.doesNotMatch(body, /native/);
console.log('ok   ./lab page needs no native program');
