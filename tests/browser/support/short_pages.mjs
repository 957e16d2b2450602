// Pages that the short suite opens in every engine, and what it asks of them.
import { start_host } from './host.mjs';
import { patience } from './lab.mjs';

export const small = 'e=rf-learning-curve&dim=6&keys=5&heads=50&samples=16,64&test-samples=200&trials=1&seed=3';

/** A check that a browser without WebGL does not repeat: it is about the canvas, or draws nothing. */
export const once_an_engine = (check) => Object.assign(check, { once_an_engine: true });

/** In the page: counts the frames that it asks for. */
export const count_frames = () => {
  globalThis.frames_asked = 0;
  const next = globalThis.requestAnimationFrame.bind(globalThis);
  globalThis.requestAnimationFrame = (call) => {
    globalThis.frames_asked += 1;
    return next(call);
  };
};

/** Opens a state in a page of the engine, with a script that runs before the page's own. */
export async function open({ page, server }, query, { width = 1280, height = 900, before = '' } = {}) {
  server.before = before;
  await page.goto('about:blank'); // an address that differs in its hash alone would not be loaded
  await page.setViewport({ width, height });
  await page.goto(`${server.origin}#${query}`);
  await page.waitForSelector('html[data-ready]', { timeout: patience });
}

export const lab_element = (words) =>
  `<attention-lab query="${small.replaceAll('&', '&amp;')}" ${words}></attention-lab>`;

/** Opens a page of another origin that allows only scripts and frames of the lab's origin. */
export async function with_course({ page, server }, body, work, { type = 'text/javascript', headers = {} } = {}) {
  server.before = '';
  // It asks for an icon.
  const policy = `default-src 'none'; img-src 'self'; script-src ${server.origin}; frame-src ${server.origin}`;
  const html = `<!doctype html><html lang="en"><title>Course</title><body><h1>Course</h1>${body}` +
    `<script type="${type}" src="${server.origin}embed.js"></script></body></html>`;
  const course = await start_host({ pages: { '/': html }, headers: { 'Content-Security-Policy': policy, ...headers } });
  try {
    await page.setViewport({ width: 1280, height: 900 });
    await page.goto(course.origin);
    await work();
  } finally {
    course.close();
  }
}

/** Opens a page of the lab's own origin, which can look into its frames; `before` runs first in each frame. */
export async function open_own_course({ page, server }, body, { search = '', before = '', script = 'embed.js' } = {}) {
  server.before = before;
  server.course = `<!doctype html><html lang="en"><title>Course</title><link rel="icon" href="icon.svg"><body>${body}` +
    `<script src="${script}"></script></body></html>`;
  await page.goto('about:blank');
  await page.setViewport({ width: 1280, height: 900 });
  await page.goto(`${server.origin}course.html${search}`);
}

export const ask = (page, index = 0) =>
  page.evaluate((i) => document.querySelectorAll('attention-lab')[i].get(), index);
export const frames = (page) => page.evaluate(() => document.querySelectorAll('iframe').length);

/** Runs a lab of the course page; rows of its main table. */
export const rows_of = (page, index = 0, action = 'run') => page.evaluate((i, what) => new Promise((resolve, reject) => {
  setTimeout(() => reject(new Error('there is no result')), 180_000);
  const lab = document.querySelectorAll('attention-lab')[i];
  // A step computes one job: there is no result, but a state with what it gave.
  const heard = what === 'run' ? 'result' : 'state';
  lab.addEventListener(`attnlab-${heard}`, ({ detail }) => {
    const rows = detail.state.tables[0]?.rows.length;
    if (rows) resolve(rows);
  });
  lab[what]();
}), index, action);
