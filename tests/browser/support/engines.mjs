// The browsers of the short suite: what starts each of them, and pages with the methods that it uses.
// An engine has name, webgl (whether the canvas can draw), new_page(), close(), and prints(page), which resolves to the
// bytes of a PDF, where its driver can print.
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import puppeteer from 'puppeteer-core';
import { chromium, flags, patience } from './lab.mjs';
import { start_screen } from './screen.mjs';
import { DriverPage, start_session } from './webdriver.mjs';

const firefox = process.env.ATTNLAB_FIREFOX || '/usr/bin/firefox-esr';

function of_puppeteer(name, webgl, browser, screen) {
  return {
    name,
    webgl,
    new_page: () => browser.newPage(),
    prints: async (page) => Buffer.from(await page.pdf({ timeout: patience })),
    async close() {
      await browser.close();
      screen?.close();
    },
  };
}

export async function start_chromium() {
  return of_puppeteer('chromium', true,
    await puppeteer.launch({ executablePath: chromium, args: flags, timeout: patience }));
}

/** As on a machine whose graphics driver is blocked: Chrome draws WebGL in software only where it is asked to. */
export async function start_chromium_without_webgl() {
  const args = [...flags.filter((flag) => flag !== '--enable-unsafe-swiftshader'), '--disable-gpu', '--disable-3d-apis'];
  return of_puppeteer('chromium-without-webgl', false,
    await puppeteer.launch({ executablePath: chromium, args, timeout: patience }));
}

/** Drawn by Mesa under Xvfb, because headless Firefox has no WebGL. */
export async function start_firefox() {
  const screen = await start_screen();
  return of_puppeteer('firefox', true, await puppeteer.launch({
    browser: 'firefox', executablePath: firefox, headless: false, timeout: patience,
    env: { ...process.env, ...screen.env },
    extraPrefsFirefox: { 'webgl.force-enabled': true, 'datareporting.policy.dataSubmissionEnabled': false },
  }), screen);
}

const free_port = () => new Promise((resolve, reject) => {
  const server = createServer();
  server.once('error', reject);
  server.listen(0, '127.0.0.1', () => {
    const { port } = server.address();
    server.close(() => resolve(port));
  });
});

/** WebKitGTK, the engine of Safari, in the small browser that comes with its driver. */
export async function start_webkit() {
  const screen = await start_screen();
  const home = mkdtempSync(path.join(tmpdir(), 'attnlab-webkit-'));
  mkdirSync(path.join(home, 'gtk-3.0'));
  // The window's own buttons would not let it be as narrow as a telephone.
  writeFileSync(path.join(home, 'gtk-3.0', 'gtk.css'),
    '* { padding: 0; margin: 0; min-width: 0; min-height: 0; border-width: 0; font-size: 6px; -gtk-icon-transform: scale(0.5); }\n');
  const port = await free_port();
  const folders = Object.fromEntries(['CONFIG', 'CACHE', 'DATA', 'STATE'].map((one) => [`XDG_${one}_HOME`, home]));
  const driver = spawn('WebKitWebDriver', [`--port=${port}`], {
    // Its sandbox needs rights that containers do not give; the pages it opens are ours.
    env: { ...process.env, ...screen.env, ...folders, WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: '1',
      NO_AT_BRIDGE: '1', GSETTINGS_BACKEND: 'memory' },
    stdio: 'ignore', detached: true, // a group of processes of its own
  });
  // Its browser would outlive a test that ends in the middle, with a processor for itself.
  const kill = () => {
    try {
      process.kill(-driver.pid, 'SIGKILL');
    } catch {
      // It is gone.
    }
  };
  process.once('exit', kill);
  const session = await start_session(`http://127.0.0.1:${port}`, {});
  return {
    name: 'webkit',
    webgl: true,
    new_page: async () => new DriverPage(session.ask), // its driver knows no command to print
    async close() {
      await session.end().catch(() => {}); // of a browser that hangs
      kill();
      screen.close();
      rmSync(home, { recursive: true, force: true, maxRetries: 50 }); // the browser may still write
    },
  };
}
