// The examples of docs/embed, served like their hosts serve them: opened, run, and saved as pictures.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { dist, open_page, patience, run_checks, screenshots, settle } from './support/lab.mjs';
import { start_host } from './support/host.mjs';

const root = process.env.ATTNLAB_ROOT ?? path.resolve(import.meta.dirname ?? '.', '../..');
const example = (name) => readFileSync(path.join(root, 'docs/embed', name), 'utf8');
const run = promisify(execFile);
mkdirSync(screenshots, { recursive: true });

/** Opens a page on a host that is closed together with the page. */
async function visit(lab, host, address = '', options = {}) {
  const started = await start_host(host);
  const page = await open_page({ ...lab, origin: started.origin, allowed: lab.origin }, address,
    { wait: false, ...options });
  page.once('close', () => started.close());
  return page;
}

/** No complaints, except that a sandbox does not protect a page of the lab's own origin. */
const assert_quiet = (page) => assert.deepEqual(
  page.complaints.filter((text) => !text.includes('can escape its sandboxing')), []);

const shoot = (page, name) => page.screenshot({ path: path.join(screenshots, `example-${name}.png`) });

/** Runs the element through its own methods; the rows of its main table. */
const rows_of_element = (page, index = 0) => page.evaluate((i) => new Promise((resolve, reject) => {
  const lab = document.querySelectorAll('attention-lab')[i];
  lab.addEventListener('attnlab-result', ({ detail }) => resolve(detail.state.tables[0].rows.length), { once: true });
  lab.addEventListener('attnlab-error', ({ detail }) => reject(new Error(detail.error)), { once: true });
  lab.scrollIntoView();
  lab.run();
}), index);

/** The pasted HTML after an editor that keeps only paragraphs and frames with these attributes. */
function sanitised(html, kept) {
  const tags = html.replace(/<!--[^]*?-->/g, '').replace(/<(\/?)([a-z-]+)([^>]*)>/g, (all, end, tag, words) => {
    if (tag !== 'p' && tag !== 'iframe') return '';
    const attributes = [...words.matchAll(/([a-z-]+)="([^"]*)"/g)].filter(([, name]) => kept.includes(name));
    return `<${end}${tag}${attributes.map(([whole]) => ` ${whole}`).join('')}>`;
  });
  assert.match(tags, /<iframe src=/, 'the frame is kept');
  return tags;
}

/** A page of a course system: it contains the lab only as a frame, and scripts are forbidden. */
async function course_page(lab, name, kept, shell) {
  const html = sanitised(example(name), kept).replaceAll('https://example.org/attnlab/', lab.origin);
  return visit(lab, {
    pages: { '/': `<!doctype html><html lang="en"><title>Course</title>${shell(html)}` },
    headers: { 'Content-Security-Policy': `default-src 'self'; script-src 'none'; style-src 'unsafe-inline'; frame-src ${lab.origin}` },
  });
}

/** Runs the lab in the only frame of a page through its controls. */
async function run_in_frame(page, setting) {
  const element = await page.waitForSelector('iframe');
  await element.evaluate((frame) => frame.scrollIntoView());
  const frame = await element.contentFrame();
  await frame.waitForSelector('html[data-ready]', { timeout: patience });
  await frame.evaluate(() => { document.getElementById('twin_details').open = true; });
  await frame.waitForSelector('#twin_body [data-action="run"]');
  if (setting) {
    await frame.evaluate(([name, value]) => {
      const field = document.getElementById(`parameter_${name}`);
      field.value = value;
      field.dispatchEvent(new Event('change'));
    }, setting);
  }
  await frame.evaluate(() => document.querySelector('#twin_body [data-action="run"]').click());
  await frame.waitForFunction(() => document.getElementById('twin_body').dataset.state === 'finished',
    { timeout: patience, polling: 100 });
  return frame.$$eval('#twin_body table:first-of-type tbody tr', (rows) => rows.length);
}

await run_checks({
  async 'plain.html: three labs, of which one starts by itself and one tells the page its result'(lab) {
    const page = await visit(lab, { pages: { '/plain.html': example('plain.html') }, folders: { '/attnlab/': dist } },
      'plain.html');
    const result = page.evaluate(() => new Promise((resolve) => {
      document.querySelectorAll('attention-lab')[1].addEventListener('attnlab-result', () => resolve(true));
    }));
    assert.ok(await rows_of_element(page, 0) > 0);
    assert.equal(await page.$eval('#answer', (answer) => answer.textContent), 'not run yet');
    await page.evaluate(() => document.querySelectorAll('attention-lab')[1].scrollIntoView());
    assert.equal(await result, true, 'the second one ran by itself');
    assert.ok(await rows_of_element(page, 2) > 0);
    await page.waitForFunction(() => document.getElementById('answer').textContent !== 'not run yet');
    assert.match(await page.$eval('#answer', (answer) => answer.textContent), /holds|fails|undecided|no counterexample|finished/);
    await page.evaluate(() => scrollTo(0, 0));
    await settle(500);
    await shoot(page, 'plain');
    assert_quiet(page);
  },

  async 'moodle.html: the frame alone, in a page without scripts'(lab) {
    const page = await course_page(lab, 'moodle.html',
      ['src', 'title', 'width', 'height', 'style', 'sandbox', 'allow', 'loading'], (html) =>
        '<body style="margin: 0; font: 16px sans-serif"><div style="max-width: 830px; margin: auto"><h2>Week 5</h2>' +
        `<div class="box generalbox center clearfix"><div class="no-overflow">${html}</div></div></div>`);
    assert.ok(await run_in_frame(page, ['prompts', '2000']) > 0);
    const frame = await (await page.$('iframe')).contentFrame();
    assert.equal(await frame.$eval('#parameter_heads, fieldset:has([id^=parameter_heads])', (field) => field.disabled), true);
    await frame.evaluate(() => { document.getElementById('twin_details').open = false; scrollTo(0, 0); });
    await settle(700);
    await shoot(page, 'moodle');
    assert_quiet(page);
  },

  async 'canvas.html: the frame with what every course system keeps: address, title, width and height'(lab) {
    const page = await course_page(lab, 'canvas.html', ['src', 'title', 'width', 'height'], (html) =>
      '<body style="margin: 0; font: 16px sans-serif"><div class="show-content user_content clearfix enhanced" ' +
      `style="padding: 0 36px"><h1>Week 6</h1>${html}</div>`);
    assert.ok(await run_in_frame(page) > 0);
    const frame = await (await page.$('iframe')).contentFrame();
    await frame.evaluate(() => { document.getElementById('twin_details').open = false; scrollTo(0, 0); });
    await settle(700);
    await shoot(page, 'canvas');
    assert_quiet(page);
  },

  async 'the zip unpacked as a course system does, and its main file opened in a frame of the same host'(lab) {
    const folder = mkdtempSync(path.join(tmpdir(), 'attnlab-zip-'));
    try {
      await run('/usr/bin/python3', ['-m', 'zipfile', '-e', path.join(dist, 'attention-lab.zip'), folder]);
      const page = await visit(lab, {
        pages: { '/': '<!doctype html><html lang="en"><title>Course</title><iframe title="File" width="1000" height="800" ' +
          'src="pluginfile.php/12/mod_resource/content/1/index.html"></iframe>' },
        folders: { '/pluginfile.php/12/mod_resource/content/1/': folder },
      });
      assert.ok(await run_in_frame(page, ['trials', '1']) > 0);
      assert_quiet(page);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },

  async 'jupyter-book/page.md: built by Sphinx with MyST, which Jupyter Book is made of'(lab) {
    const folder = mkdtempSync(path.join(tmpdir(), 'attnlab-book-'));
    try {
      const source = path.join(folder, 'source'), book = path.join(folder, 'book');
      cpSync(dist, path.join(source, '_static', 'attnlab'), { recursive: true });
      writeFileSync(path.join(source, 'conf.py'),
        "project = 'Course'\nextensions = ['myst_parser']\nhtml_static_path = ['_static']\nmaster_doc = 'page'\n");
      writeFileSync(path.join(source, 'page.md'), example('jupyter-book/page.md'));
      await run('/usr/bin/python3', ['-m', 'sphinx', '-q', '-W', '-b', 'html', source, book]);
      const page = await visit(lab, { folders: { '/': book } }, 'page.html');
      assert.equal(await page.$eval('h1', (title) => title.textContent.replace('¶', '')), 'One head or many');
      assert.ok(await rows_of_element(page) > 0);
      await settle(500);
      await shoot(page, 'jupyter-book');
      assert_quiet(page);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },

  async 'quarto/page.qmd: its HTML block inside the markup of a Quarto page'(lab) {
    const [, block] = /```\{=html\}\n([^]*?)```/.exec(example('quarto/page.qmd'));
    const html = '<!DOCTYPE html><html xmlns="http://www.w3.org/1999/xhtml" lang="en"><head><meta charset="utf-8">' +
      '<meta name="generator" content="quarto"><title>One head or many</title></head><body class="fullcontent quarto-light">' +
      '<div id="quarto-content" class="page-columns page-rows-contents page-layout-article">' +
      `<main class="content" id="quarto-document-content"><h1 class="title">One head or many</h1>${block}</main></div></body></html>`;
    const page = await visit(lab, { pages: { '/page.html': html }, folders: { '/attnlab/': dist } }, 'page.html');
    assert.ok(await rows_of_element(page) > 0);
    assert_quiet(page);
  },

  async 'reveal/slides.html: the lab runs in its slide, takes the keys while it has the focus, and gives them back'(lab) {
    const page = await visit(lab, {
      pages: { '/slides.html': example('reveal/slides.html') },
      folders: { '/attnlab/': dist, '/reveal.js/': path.join(root, 'node_modules/reveal.js') },
    }, 'slides.html', { width: 1280, height: 800 });
    await page.waitForSelector('.reveal.ready');
    const slide = () => page.evaluate(() => globalThis.Reveal.getState().indexh);
    assert.equal(await slide(), 0);
    await page.keyboard.press('ArrowRight');
    assert.equal(await slide(), 1);
    assert.ok(await rows_of_element(page) > 0);
    await settle(1500);
    await shoot(page, 'reveal');
    const box = await (await page.$('iframe')).boundingBox();
    assert.ok(box.x >= 0 && box.x + box.width <= 1280 && box.y >= 0 && box.y + box.height <= 800, 'whole on the slide');
    await page.mouse.click(box.x + 5, box.y + 5); // beside everything that a click opens
    await page.keyboard.press('ArrowLeft');
    assert.equal(await slide(), 1, 'the lab has the keys');
    await page.keyboard.press('Escape');
    await page.keyboard.press('ArrowLeft');
    assert.equal(await slide(), 0, 'the slides have them again');
    assert_quiet(page);
  },
});
