// The development server: MIME types, security headers, no files outside its folder, free ports.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { policy } from '../../web/serve.mjs';

const script = fileURLToPath(new URL('../../web/serve.mjs', import.meta.url));
const folder = await mkdtemp(path.join(os.tmpdir(), 'attnlab-serve-'));
await mkdir(path.join(folder, 'site/sub'), { recursive: true });
await writeFile(path.join(folder, 'secret.txt'), 'secret');
await writeFile(path.join(folder, 'site/index.html'), '<!doctype html><title>x</title>'.padEnd(4000));
await writeFile(path.join(folder, 'site/a.wasm'), Buffer.from([0, 97, 115, 109, 1, 0, 0, 0]));
await writeFile(path.join(folder, 'site/sub/a.js'), 'export {};');
await symlink('../secret.txt', path.join(folder, 'site/link.txt'));

async function start(...words) {
  const child = spawn(process.execPath, [script, path.join(folder, 'site'), ...words]);
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text) => { said += text; });
  while (!said.includes('\n')) await once(child.stdout, 'data');
  return { child, url: said.match(/http:\/\/\S+/)[0], said };
}

/** The status line of a raw request, because fetch would normalise the path. */
async function raw_status(url, target) {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  socket.write(`GET ${target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
  const [data] = await once(socket, 'data');
  socket.destroy();
  return Number(data.toString().split(' ')[1]);
}

test('serve.mjs', { timeout: 300_000 }, async (all) => {
  const { child, url } = await start('--port', '8790');
  await all.test('types, policy and compression', async () => {
    const page = await fetch(url);
    assert.equal(page.headers.get('content-type'), 'text/html; charset=utf-8');
    assert.equal(page.headers.get('content-security-policy'), policy);
    assert.ok(page.headers.get('content-encoding'));
    assert.equal((await fetch(`${url}a.wasm`)).headers.get('content-type'), 'application/wasm');
    assert.match((await fetch(`${url}sub/a.js`)).headers.get('content-type'), /text\/javascript/);
    const tag = page.headers.get('etag');
    assert.equal((await fetch(url, { headers: { 'If-None-Match': tag } })).status, 304);
  });
  await all.test('nothing outside the folder', async () => {
    for (const target of ['/../secret.txt', '/%2e%2e/secret.txt', '/sub/..%2f..%2fsecret.txt',
      '/link.txt', '/%00', '/%zz', '//etc/passwd', '/missing']) {
      assert.equal(await raw_status(url, target), 404, target);
    }
    assert.equal((await fetch(url, { method: 'POST' })).status, 405);
  });
  await all.test('the next port when one is taken, and a clean end on Ctrl-C', async () => {
    const second = await start('--port', '8790');
    assert.notEqual(second.url, url);
    for (const one of [second.child, child]) {
      one.kill('SIGINT');
      assert.deepEqual(await once(one, 'exit'), [0, null]);
    }
  });
  await all.test('bad input is one sentence and exit 2', async () => {
    for (const words of [['--port', 'x'], ['--port', '70000'], ['--nonsense'], ['/nowhere']]) {
      const bad = spawn(process.execPath, [script, ...words]);
      let said = '';
      bad.stderr.on('data', (text) => { said += text; });
      assert.equal((await once(bad, 'close'))[0], 2);
      assert.equal(said.trim().split('\n').length, 1);
    }
  });
  await rm(folder, { recursive: true });
});
