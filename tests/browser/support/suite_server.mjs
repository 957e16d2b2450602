// Serves dist/ to engines that cannot run a script before a page or hold a request themselves: the page gets one more
// script, which tells this server of every complaint.
import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { create_static_server, headers, listen } from '../../../web/serve.mjs';
import { dist } from './lab.mjs';
import { types } from './page_files.mjs';

/** Self-contained: tells of errors, warnings, rejections and breaches of the policy. */
const complain = () => {
  if (self.origin === 'null') return; // the policy of such a frame allows no connection
  const tell = (text) => fetch('/complaint', { method: 'POST', body: String(text), keepalive: true });
  // Sizes that change again while they are told come with the next frame; WebKit reports that as an error.
  addEventListener('error', ({ error, message, target }) => {
    if (message?.startsWith('ResizeObserver loop')) return;
    const where = error instanceof WebAssembly.RuntimeError ? `\n${error.stack}` : '';
    tell(`uncaught: ${message ?? target?.src ?? target}${where}`);
  }, true);
  addEventListener('unhandledrejection', ({ reason }) => tell(`unhandled: ${reason}`));
  addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) =>
    tell(`policy: ${violatedDirective} ${blockedURI}`));
  for (const kind of ['error', 'warn']) {
    const log = console[kind].bind(console);
    console[kind] = (...words) => {
      tell(`console ${kind}: ${words.join(' ')}`);
      log(...words);
    };
  }
};

/**
 * origin; before: a function or text that runs first in the page; hold(name): holds answers to requests for that
 * file until the function it returns is called; instead: bytes for a name, or undefined: answered with 404, the first
 * time at refused_at (Date.now()); course: the text of /course.html; complaints; close().
 */
export async function start_suite_server() {
  const files = (await create_static_server(dist)).listeners('request')[0];
  const extra = { '/axe.js': path.join(dist, '../node_modules/axe-core/axe.min.js') };
  const held = new Map();
  const lab = { before: '', course: '', complaints: [], instead: new Map(), refused_at: 0, origin: '', hold, close };
  const send = (response, type, content) => response.writeHead(200,
    { ...headers, 'Content-Type': type.startsWith('text/') ? `${type}; charset=utf-8` : type, 'Cache-Control': 'no-store' }).end(content);

  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url, 'http://localhost');
    if (pathname === '/complaint') {
      let text = '';
      for await (const part of request) text += part;
      if (text) lab.complaints.push(text);
      response.writeHead(204).end();
    } else if (pathname === '/' || pathname === '/index.html') {
      const html = String(lab.instead.get('index.html') ?? await readFile(path.join(dist, 'index.html')));
      send(response, 'text/html', html.replace('<head>', '<head><script src="before.js"></script>'));
    } else if (pathname === '/before.js') {
      send(response, 'text/javascript', `(${complain})();\n${lab.before && `(${lab.before})();`}`);
    } else if (pathname === '/course.html') {
      response.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8', 'Cache-Control': 'no-store' }).end(lab.course);
    } else if (pathname in extra) {
      send(response, 'text/javascript', await readFile(extra[pathname]));
    } else if (lab.instead.has(pathname.slice(1))) {
      const bytes = lab.instead.get(pathname.slice(1));
      if (bytes) {
        send(response, types[path.extname(pathname)], bytes);
        return;
      }
      response.writeHead(404).end();
      lab.refused_at ||= Date.now();
    } else {
      await held.get(pathname.slice(1));
      response.once('finish', () => {
        if (response.statusCode >= 400) lab.complaints.push(`${response.statusCode}: ${request.url}`);
      });
      files(request, response);
    }
  });

  function hold(name) {
    let release = () => {};
    held.set(name, new Promise((resolve) => { release = resolve; }));
    return () => {
      held.delete(name);
      release();
    };
  }

  function close() {
    server.closeAllConnections();
    server.close();
  }

  lab.origin = `http://localhost:${await listen(server, 8760)}/`;
  return lab;
}
