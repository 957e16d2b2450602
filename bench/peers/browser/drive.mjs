// Sides of the comparison that run in Chromium: a tab each, served with the headers that give the
// libraries their threads (our workers need none); the learning curve runs on the finished page.
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import puppeteer from 'puppeteer-core';
import { create_static_server, listen } from '../../../web/serve.mjs';

const flags = ['--no-sandbox', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync', '--enable-unsafe-swiftshader',
  '--disable-dev-shm-usage', '--disable-background-timer-throttling',
  '--disable-renderer-backgrounding', '--disable-backgrounding-occluded-windows'];
const kinds = { '.html': 'text/html', '.js': 'text/javascript', '.mjs': 'text/javascript',
  '.wasm': 'application/wasm' };

let browser;
const servers = [];

function bench_server(folders) {
  return http.createServer(async (request, response) => {
    const [, mount, ...rest] = new URL(request.url, 'http://localhost').pathname.split('/');
    const file = path.join(folders[mount] ?? '/nowhere', path.normalize(`/${rest.join('/')}`));
    try {
      const body = await readFile(file);
      response.writeHead(200, {
        'content-type': kinds[path.extname(file)] ?? 'application/octet-stream',
        'cross-origin-opener-policy': 'same-origin',
        'cross-origin-embedder-policy': 'require-corp',
      });
      response.end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
}

/** A tab with one side of bench/peers/browser/page.js. */
class Tab {
  constructor(name, address) {
    this.name = name;
    this.address = address;
  }
  async prepare(work) {
    this.page = await browser.newPage();
    this.page.on('pageerror', (error) => console.error(`lab: ${this.name}: ${error.message}`));
    await this.page.goto(this.address);
    await this.page.waitForFunction('window.side', { timeout: 60000 });
    const { simd } = await this.page.evaluate((name) => window.side.prepare(name), work);
    if (simd) this.name += ` (${simd})`;
  }
  run() { return this.page.evaluate(() => window.side.run()); }
  result() { return this.page.evaluate(() => window.side.result()); }
  async close() { await this.page?.close(); }
}

/** The finished page itself: the time from pressing Run to the finished result. */
class Page {
  constructor(name, origin) {
    this.name = name;
    this.origin = origin;
    this.seed = 0;
  }
  async prepare() {
    this.page = await browser.newPage();
    await this.page.setViewport({ width: 1280, height: 900 });
  }
  async run() {
    this.seed += 1;
    const query = new URLSearchParams({ e: 'rf-learning-curve', models: 'rfa', target: 'mean-power',
      degree: 2, dim: 16, keys: 16, heads: 1000, 'test-samples': 2048, trials: 1, ridge: 'oracle',
      samples: '16,32,64,128,256,512,1024,2048,4096', seed: this.seed });
    await this.page.goto('about:blank');
    await this.page.goto(`${this.origin}#${query}`);
    await this.page.waitForSelector('html[data-ready]', { timeout: 60000 });
    await this.page.evaluate(() => { document.getElementById('twin_details').open = true; });
    await this.page.waitForSelector('#twin_body [data-action="run"]');
    return this.page.evaluate(() => new Promise((resolve) => {
      const start = performance.now();
      document.querySelector('#twin_body [data-action="run"]').click();
      const timer = setInterval(() => {
        if (document.getElementById('twin_body').dataset.state !== 'finished') return;
        clearInterval(timer);
        resolve((performance.now() - start) / 1000);
      }, 20);
    }));
  }
  result() {
    return this.page.evaluate(() => {
      const table = document.querySelector('#twin_body table[data-name="test_error"]');
      const column = [...table.tHead.rows[0].cells].findIndex((cell) => cell.dataset.column === 'mean');
      return [...table.tBodies[0].rows].map((row) => Number(row.cells[column].title));
    });
  }
  async close() { await this.page?.close(); }
}

/** Starts Chromium and gives the browser's lines of the table. */
export async function browser_sides(root, cores, checks) {
  const { same_numbers, same_recovery, same_training, same_curves, numpy, torch, one_or_all } = checks;
  const cache = process.env.ATTNLAB_CACHE ??
    path.join(process.env.XDG_CACHE_HOME ?? path.join(os.homedir(), '.cache'), 'attnlab');
  const server = bench_server({ bench: path.join(root, 'bench/peers/browser'),
    build: path.join(root, 'build/web/bench/peers'), npm: path.join(cache, 'peers/node_modules') });
  const page_server = await create_static_server(path.join(root, 'dist'));
  servers.push(server, page_server);
  const port = await listen(server, 8800);
  const page_port = await listen(page_server, 8850);
  const chromium = process.env.ATTNLAB_CHROMIUM || ['/usr/bin/chromium', '/usr/bin/google-chrome']
    .find((file) => existsSync(file));
  browser = await puppeteer.launch({ executablePath: chromium, args: flags, timeout: 120000,
    protocolTimeout: 600000 });

  const tab = (name, side, threads = cores) => () =>
    new Tab(name, `http://localhost:${port}/bench/page.html?side=${side}&threads=${threads}`);
  const plain = tab('Attention Lab', 'ours-plain');
  const relaxed = tab('Attention Lab', 'ours-relaxed');
  const both = (row, target_plain, target_relaxed = target_plain) => [
    { ...row, name: `${row.name}, plain`, ours: plain, target: target_plain, where: 'browser' },
    { ...row, name: `${row.name}, relaxed`, ours: relaxed, target: target_relaxed, where: 'browser' }];
  const libraries = [tab('TensorFlow.js WASM', 'tfjs'), tab('onnxruntime-web', 'ort'),
    tab('onnxruntime-web, fused', 'ort-fused')];
  return [
    { work: 'curve', name: 'rf-learning-curve, n to 4096', where: 'browser', target: 1,
      ours: () => new Page('the page', `http://localhost:${page_port}/`), peers: numpy(cores),
      compare: same_curves },
    ...both({ work: 'training', name: 'training step', peers: torch(...one_or_all),
      compare: same_training }, 8),
    ...both({ work: 'extraction', name: 'exact extraction, d = 256', peers: numpy(...one_or_all),
      compare: same_recovery }, 4),
    ...[256, 512, 1024].flatMap((size) => both({ work: `gemm${size}`, name: `product f32 ${size}`,
      peers: numpy(1), compare: same_numbers(1e-5) }, 0.45, 0.6)),
    ...libraries.flatMap((peer, i) => both({ work: 'attention',
      name: `attention, ${['TF.js', 'ORT', 'ORT fused'][i]}`, peers: [peer],
      compare: same_numbers(1e-5) }, 2)),
  ];
}

export async function close_browser() {
  await browser?.close();
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
}
