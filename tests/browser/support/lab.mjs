// Shared by the browser tests: a served page in real Chromium that collects every complaint, and access to the twin's
// elements by name. Environment: ATTNLAB_DIST, ATTNLAB_CHROMIUM, ATTNLAB_BIN.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import puppeteer from 'puppeteer-core';
import { create_static_server, listen } from '../../../web/serve.mjs';
import { run_named } from './checks.mjs';

const root = process.env.ATTNLAB_ROOT ?? path.resolve(import.meta.dirname ?? '.', '../../..');
export const dist = process.env.ATTNLAB_DIST ?? path.join(root, 'dist');
export const screenshots = path.join(root, 'build', 'screenshots');
const program = process.env.ATTNLAB_BIN ?? path.join(root, 'build/native/attnlab');
export const chromium = process.env.ATTNLAB_CHROMIUM || 'chromium';

/** What a busy machine may need for anything, in milliseconds: what takes longer has hung. A limit that people notice
 *  is measured by the check that promises it. */
export const patience = 180_000;

/** The result document of `attnlab run EXPERIMENT ...` for parameters as a permalink has them. */
export async function native_result(query) {
  const words = ['run', new URLSearchParams(query).get('e')];
  for (const [name, value] of new URLSearchParams(query)) {
    if (name !== 'e' && name !== 'run') words.push(`--${name}`, value);
  }
  const { stdout } = await promisify(execFile)(program, [...words, '--format', 'json', '--quiet'],
    { maxBuffer: 1 << 26 });
  return JSON.parse(stdout);
}

export const flags = [
  '--no-sandbox', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync', '--enable-unsafe-swiftshader',
  '--disable-gpu-driver-bug-workarounds', '--force-color-profile=srgb', '--disable-dev-shm-usage',
  // Frames of other origins stay in the page's process: for frames with a process of their own, the driver sometimes
  // misses the script context and waits for ever.
  '--disable-site-isolation-trials',
  '--disable-features=IsolateOrigins,site-per-process,IsolateSandboxedIframes',
];

export async function open_browser() {
  const server = await create_static_server(dist);
  const port = await listen(server, 8700);
  const browser = await puppeteer.launch({ executablePath: chromium, args: flags, timeout: patience,
    protocolTimeout: 900000 });
  return {
    origin: `http://localhost:${port}/`,
    browser,
    async close() {
      await browser.close();
      server.closeAllConnections();
      server.close();
    },
  };
}

/**
 * A new page at `address` (relative), with `complaints`: console errors and warnings, uncaught errors
 * and rejections, failed requests, and requests to anywhere but the server. `before` runs first in
 * the page.
 */
export async function open_page(lab, address, options = {}) {
  const { width = 1280, height = 900, ratio = 1, dark = false, before, wait = true } = options;
  const page = await lab.browser.newPage();
  const complaints = [];
  page.on('console', (message) => {
    // SwiftShader reads every picture back for a software compositor and logs a warning.
    if (message.text().includes('GPU stall due to ReadPixels')) return;
    if (['error', 'warn', 'warning'].includes(message.type())) {
      complaints.push(`console ${message.type()}: ${message.text()}`);
    }
  });
  page.on('pageerror', (error) => complaints.push(`uncaught: ${error.message}`));
  page.on('requestfailed', (request) => complaints.push(`failed: ${request.url()}`));
  page.on('request', (request) => {
    const url = request.url();
    const home = url.startsWith(lab.origin) || (lab.allowed && url.startsWith(lab.allowed));
    if (!home && !url.startsWith('blob:') && !url.startsWith('data:')) {
      complaints.push(`a request went elsewhere: ${url}`);
    }
  });
  page.on('response', (response) => {
    if (response.status() >= 400) complaints.push(`${response.status()}: ${response.url()}`);
  });
  await page.setViewport({ width, height, deviceScaleFactor: ratio });
  await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: dark ? 'dark' : 'light' }]);
  await page.evaluateOnNewDocument(() => {
    addEventListener('unhandledrejection', ({ reason }) => console.error(`unhandled: ${reason}`));
  });
  if (before) await page.evaluateOnNewDocument(before);
  if (options.prepare) await options.prepare(page);
  // Tests press Run themselves, unless they are about drafts. (allowed: the page is of another server.)
  const manual = options.drafts || lab.allowed || /[?&]auto=/.test(address) ? address
    : address.includes('?') ? address.replace('?', '?auto=0&') : address.replace(/(?=#)|$/, '?auto=0');
  await page.goto(lab.origin + manual);
  if (wait) await page.waitForSelector('html[data-ready]', { timeout: patience });
  page.complaints = complaints;
  return page;
}

/**
 * For `before`: bare_app(workers) then returns the page's module without the page, with a mock pool (workers:
 * {total, free, post}), all experiments and their plans, but no findings; call() of web/files.js is also available.
 */
export const bare_app = () => {
  globalThis.bare_app = async (workers) => {
    const { call, put } = await import(new URL('files.js', location.href));
    const made = async (name, options) => {
      const { default: create } = await import(new URL(`${name}.js`, location.href));
      return create({ ...options,
        instantiateWasm(imports, receive) {
          WebAssembly.instantiateStreaming(fetch(`./${name}.wasm`), imports)
            .then(({ instance, module }) => receive(instance, module));
          return {};
        } });
    };
    const jobs = await made('jobs');
    const left = () => jobs.HEAPU8.slice(jobs._compute_bytes(), jobs._compute_bytes() + jobs._compute_bytes_size());
    const nothing = () => '';
    const host = { workers: { hold: nothing, drop: nothing, spare: nothing, problem: nothing, ...workers } };
    for (const name of ['show_permalink', 'link_text', 'copy_text', 'save_file', 'state_changed',
      'theme_changed', 'set_cursor', 'clipboard_text', 'fetch_parts']) host[name] = nothing;
    let app;
    host.answer = (what, query) => {
      if (what !== 'plan' || !call(jobs, '_compute_plan', query)) return undefined;
      return [put(app, left()), left().length];
    };
    app = await made('attnlab', { host });
    const opening = new Uint8Array(await (await fetch('./opening.bin')).arrayBuffer());
    call(app, '_app_opening', opening, opening.length);
    jobs._compute_faces();
    call(app, '_app_parts_arrived', left(), left().length);
    globalThis.call = call;
    return app;
  };
};

/**
 * For `before`, as text: the memory of the first `count` workers cannot grow. (If requests are intercepted, the
 * driver sometimes loses an import of a worker.)
 */
export function without_growth(count) {
  const refuse = (most) => {
    let started = 0;
    globalThis.Worker = class extends Worker {
      constructor(address, options) {
        const text = `WebAssembly.Memory.prototype.grow = () => { throw new RangeError('Maximum memory size exceeded'); };
          import '${new URL(address, location.href)}';`;
        const ours = options?.type === 'module'; // not the worker of the reader's own box
        const script = ours && started++ < most ? `data:text/javascript,${encodeURIComponent(text)}` : address;
        super(script, options);
      }
    };
  };
  return `(${refuse})(${count});`;
}

/** The twin's content; opens it first. */
export async function read_twin(page) {
  return page.evaluate(async () => {
    const details = document.getElementById('twin_details');
    if (!details.open) {
      details.open = true;
      await new Promise((resolve) => details.addEventListener('toggle', resolve, { once: true }));
    }
    const value = (id) => document.getElementById(id)?.value;
    const parameters = {};
    for (const field of document.querySelectorAll('#twin_body .field [id^=parameter_]')) {
      if (field.matches('input, select')) parameters[field.id.slice(10)] = field.value;
    }
    for (const group of document.querySelectorAll('#twin_body fieldset')) {
      parameters[group.querySelector('legend').textContent] =
        [...group.querySelectorAll('input:checked')].map((box) => box.value).join(',');
    }
    const tables = {};
    for (const table of document.querySelectorAll('#twin_body table')) {
      tables[table.dataset.name] = {
        columns: [...table.tHead.rows[0].cells].map((cell) => cell.dataset.column),
        rows: [...table.tBodies[0].rows].map((row) => [...row.cells].map((cell) => cell.title)),
      };
    }
    const enabled = {};
    for (const button of document.querySelectorAll('#twin_body [data-action]')) {
      enabled[button.dataset.action] = !button.disabled;
    }
    return {
      experiment: value('twin_experiment'),
      preset: value('twin_preset'),
      parameters,
      tables,
      enabled,
      fraction: document.querySelector('#twin_body progress').value,
      state: document.getElementById('twin_body').dataset.state,
      status: document.querySelector('#twin_body .status').textContent,
      live: document.getElementById('live').textContent,
      notes: [...document.querySelectorAll('#twin_body .notes li')].map((item) => item.textContent),
      claims: [...document.querySelectorAll('#twin_body .claims li')].map((item) => item.textContent),
      hash: location.hash.slice(1),
    };
  });
}

/** Presses a button of the twin as a reader would. */
export async function press(page, action) {
  await read_twin(page);
  const button = await page.$(`#twin_body [data-action="${action}"]`);
  // A sentence above it that grows at that moment moves it away: who misses a button presses again.
  for (let heard = false, turn = 0; !heard && turn < 5; turn += 1) {
    await button.evaluate((element) => new Promise((resolve) => {
      element.addEventListener('click', () => { element.dataset.heard = ''; }, { once: true });
      element.scrollIntoView({ block: 'center' });
      requestAnimationFrame(() => requestAnimationFrame(resolve)); // elements above may change their height
    }));
    await button.click();
    heard = await button.evaluate((element) => {
      const was = element.disabled || 'heard' in element.dataset;
      delete element.dataset.heard;
      return was;
    });
    if (!heard && turn === 4) throw new Error(`the button ${action} did not hear five presses`);
  }
}

/** Types into a parameter's field and leaves it. */
export async function type_parameter(page, name, text) {
  await read_twin(page);
  const field = await page.$(`#parameter_${name}`);
  await field.click({ count: 3 });
  await field.type(text);
  await page.keyboard.press('Tab');
}

export async function wait_for_state(page, state, timeout = patience) {
  await read_twin(page);
  await page.waitForFunction(
    (wanted) => document.getElementById('twin_body').dataset.state === wanted,
    { timeout, polling: 50 }, state);
}

/** Waits a fixed time: to show that something does not happen, or before a picture. For all else there is until(). */
export async function settle(ms) {
  await new Promise((resolve) => setTimeout(resolve, ms));
}

/** Waits until `condition()` holds. */
export async function until(condition, what) {
  const deadline = performance.now() + patience;
  while (!await condition()) {
    assert.ok(performance.now() < deadline, `waited in vain until ${what}`);
    await settle(50);
  }
}

/** Runs named checks in one browser (checks.mjs). */
export async function run_checks(checks) {
  const lab = await open_browser();
  await run_named(checks, {
    run: (check) => check(lab),
    async after() {
      for (const page of await lab.browser.pages()) {
        if (page.url() !== 'about:blank') await page.close();
      }
    },
    close: () => lab.close(),
  });
}

export function assert_quiet(page) {
  assert.deepEqual(page.complaints, []);
}
