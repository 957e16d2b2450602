// A host that embeds the lab: pages from memory and folders from disk, with its own policy.
import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import path from 'node:path';

const types = {
  '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.mjs': 'text/javascript', '.css': 'text/css',
  '.wasm': 'application/wasm', '.svg': 'image/svg+xml', '.png': 'image/png',
};

/**
 * Serves `pages` ({'/path': html}) and `folders` ({'/prefix/': folder}), with the headers given. Anything
 * else is answered with "no content". The result has `origin` and close().
 */
export async function start_host({ pages = {}, folders = {}, headers = {} }) {
  const answer = async (url, response) => {
    const name = decodeURIComponent(new URL(url, 'http://localhost').pathname);
    const send = (type, body) =>
      response.writeHead(200, { ...headers, 'Content-Type': types[type] ?? 'application/octet-stream' }).end(body);
    if (name in pages) return send('.html', pages[name]);
    const prefix = Object.keys(folders).filter((one) => name.startsWith(one)).sort().at(-1);
    if (prefix === undefined || name.includes('..')) return response.writeHead(204).end();
    const file = path.join(folders[prefix], name.slice(prefix.length) || 'index.html');
    const body = await readFile(file).catch(() => undefined);
    if (!body) return response.writeHead(name === '/favicon.ico' ? 204 : 404).end();
    return send(path.extname(file), body);
  };
  const server = createServer((request, response) => answer(request.url, response));
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    origin: `http://127.0.0.1:${server.address().port}/`,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
