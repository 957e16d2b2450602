// Serves a folder on this computer: node web/serve.mjs [DIR] [--port N]. No dependencies.
//
// Sends the MIME types and the security policy that a real host should send, compresses files that shrink,
// serves nothing outside the folder, and takes the next free port if the port is in use.
import { createServer } from 'node:http';
import { readFile, realpath, stat } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const types = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.wasm': 'application/wasm',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.txt': 'text/plain; charset=utf-8',
};

// index.html has the same policy for hosts that send none. The hash belongs to the script in oracle.html,
// whose frame inherits this policy.
export const policy =
  "default-src 'none'; script-src 'self' 'wasm-unsafe-eval' " +
  "'sha256-kI4X+48bhWXLHrES9/8UaRnpz+eY4zOFf/NIyvdW7iE='; style-src 'self'; " +
  "img-src 'self' data: blob:; connect-src 'self'; worker-src 'self' data:; font-src 'self'; " +
  "base-uri 'none'; form-action 'none'";

export const headers = {
  'Content-Security-Policy': policy,
  'X-Content-Type-Options': 'nosniff',
  // Everything here is public: pages elsewhere may import embed.js as a module and isolate themselves.
  'Access-Control-Allow-Origin': '*',
  'Cross-Origin-Resource-Policy': 'cross-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Referrer-Policy': 'no-referrer',
  'Cache-Control': 'no-cache',
};

/** The file of a request path inside `root`; undefined if it is outside or missing. */
async function find_file(root, url) {
  let name;
  try {
    name = decodeURIComponent(new URL(url, 'http://localhost').pathname);
  } catch {
    return undefined;
  }
  if (name.includes('\0')) return undefined;
  let file = path.join(root, name);
  try {
    if ((await stat(file)).isDirectory()) file = path.join(file, 'index.html');
    file = await realpath(file);
    if (!file.startsWith(root + path.sep) || !(await stat(file)).isFile()) return undefined;
    return file;
  } catch {
    return undefined;
  }
}

function compressed(body, accepted) {
  if (body.length < 1024) return [body, undefined];
  if (/\bbr\b/.test(accepted)) {
    const params = { [constants.BROTLI_PARAM_QUALITY]: 5 };
    return [brotliCompressSync(body, { params }), 'br'];
  }
  if (/\bgzip\b/.test(accepted)) return [gzipSync(body), 'gzip'];
  return [body, undefined];
}

/** A server for the folder `directory`, not yet listening. */
export async function create_static_server(directory) {
  const root = await realpath(directory);
  const answer = async (request, response) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.writeHead(405, { ...headers, Allow: 'GET, HEAD' }).end();
      return;
    }
    const file = await find_file(root, request.url);
    if (!file) {
      response.writeHead(404, { ...headers, 'Content-Type': types['.txt'] }).end('not found\n');
      return;
    }
    const raw = await readFile(file);
    const tag = `"${createHash('sha1').update(raw).digest('base64url')}"`;
    const known = { ...headers, ETag: tag, Vary: 'Accept-Encoding' };
    // Its own policy allows its scripts by their hashes.
    if (path.basename(file) === 'attention-lab.html') delete known['Content-Security-Policy'];
    if (request.headers['if-none-match'] === tag) {
      response.writeHead(304, known).end();
      return;
    }
    const type = types[path.extname(file)] ?? 'application/octet-stream';
    const shrinks = !/^image\/png/.test(type);
    const [body, encoding] =
      shrinks ? compressed(raw, request.headers['accept-encoding'] ?? '') : [raw, undefined];
    if (encoding) known['Content-Encoding'] = encoding;
    response.writeHead(200, { ...known, 'Content-Type': type, 'Content-Length': body.length });
    response.end(request.method === 'HEAD' ? undefined : body);
  };
  return createServer((request, response) => {
    answer(request, response).catch((error) => {
      if (!response.headersSent) response.writeHead(500, headers);
      response.end();
      console.error(`serve: ${request.url}: ${error.message}`);
    });
  });
}

/** Listens on `port` or the first free one after it; resolves to the port. */
export function listen(server, port) {
  const last = Math.min(port + 100, 65535);
  return new Promise((resolve, reject) => {
    const attempt = (wanted) => {
      const failed = (error) => {
        if (error.code === 'EADDRINUSE' && wanted < last) attempt(wanted + 1);
        else reject(error);
      };
      server.once('error', failed);
      server.listen(wanted, '127.0.0.1', () => {
        server.off('error', failed);
        resolve(server.address().port);
      });
    };
    attempt(port);
  });
}

function read_arguments(words) {
  const options = { directory: 'dist', port: 8000 };
  for (let i = 0; i < words.length; ++i) {
    const word = words[i];
    if (word === '--port' || word.startsWith('--port=')) {
      const text = word === '--port' ? words[++i] : word.slice('--port='.length);
      options.port = Number(text);
      if (!/^\d+$/.test(text ?? '') || options.port > 65535) {
        throw new Error(`--port is "${text ?? ''}"; it must be a whole number from 0 to 65535`);
      }
    } else if (word.startsWith('-')) {
      throw new Error(`"${word}" is unknown; usage: node web/serve.mjs [DIR] [--port N]`);
    } else {
      options.directory = word;
    }
  }
  return options;
}

async function main() {
  let options;
  try {
    options = read_arguments(process.argv.slice(2));
    if (!(await stat(path.join(options.directory, 'index.html')).catch(() => undefined))) {
      throw new Error(`"${options.directory}" holds no index.html; build the page with ./lab page`);
    }
  } catch (error) {
    console.error(`serve: ${error.message}`);
    process.exit(2);
  }
  const server = await create_static_server(options.directory);
  const port = await listen(server, options.port).catch((error) => {
    console.error(`serve: no port from ${options.port} on can be opened (${error.code})`);
    process.exit(3);
  });
  const stop = () => {
    server.close(() => process.exit(0));
    server.closeAllConnections();
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  console.log(`Attention Lab is at http://localhost:${port}/  (Ctrl-C ends it)`);
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) await main();
