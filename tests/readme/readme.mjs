// Runs every command of the README in a separate folder.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

const root = process.env.ATTNLAB_ROOT ?? process.cwd();
const folder = mkdtempSync(join(tmpdir(), 'attnlab-readme-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const text = readFileSync(join(root, 'README.md'), 'utf8');
const commands = [...text.matchAll(/```sh\n([\s\S]*?)```/g)]
  .flatMap(([, block]) => block.split('\n'))
  .filter((line) => line.trim() !== '');

function run(line, wrapper = [], environment = {}) {
  const words = line.replace(/^\.\/lab/, join(root, 'lab')).split(' ');
  const [program, ...rest] = [...wrapper, ...words];
  return spawnSync(program, rest, {
    cwd: folder,
    encoding: 'utf8',
    timeout: 500_000,
    env: { ...process.env, ...environment },
  });
}

/** Starts the demo, fetches the page at its address, stops it with Ctrl-C. */
async function demo(line) {
  const words = line.split(' ').slice(1);
  const server = spawn(join(root, 'lab'), words, { cwd: folder });
  const closed = new Promise((resolve) => server.on('exit', (code) => resolve(code)));
  const address = await new Promise((resolve, reject) => {
    let said = '';
    server.stdout.on('data', (part) => {
      said += part;
      const found = /http:\/\/\S+/.exec(said);
      if (found) resolve(found[0]);
    });
    closed.then((code) => reject(new Error(`the demo ended with ${code}: ${said}`)));
  });
  const page = await fetch(address);
  assert.equal(page.status, 200);
  assert.match(await page.text(), /Attention Lab/);
  server.kill('SIGINT');
  assert.equal(await closed, 0);
}

assert.ok(commands.length >= 8, 'the README has its commands');
for (const line of commands) {
  test(line, async () => {
    assert.match(line, /^\.\/lab /, 'a command of the README starts with ./lab');
    if (line.startsWith('./lab test')) return; // this very run
    if (line.startsWith('./lab demo')) return demo(line);
    const window = line.startsWith('./lab desktop');
    const result = window
      ? run(line, ['xvfb-run', '-a'], { ATTNLAB_SCREENSHOT: join(folder, 'window.png'), XDG_STATE_HOME: join(folder, 'state') })
      : run(line);
    assert.equal(result.status, 0, result.stderr);
    const file = /--out (\S+)/.exec(line);
    if (file) assert.ok(statSync(join(folder, file[1])).size > 100, `${file[1]} has a result`);
    if (window) assert.ok(statSync(join(folder, 'window.png')).size > 1e5, 'the window was drawn');
  });
}

test('the picture and the documents that the README links to exist', () => {
  for (const [, target] of text.matchAll(/\]\((?!https?:)([^)]+)\)/g)) {
    assert.ok(statSync(join(root, target)).size > 0, target);
  }
});
