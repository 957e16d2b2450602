// A page driven by plain WebDriver (https://www.w3.org/TR/webdriver2/), with those of puppeteer's methods that the
// short suite uses. One window serves all pages, one after the other.
import { settle, until } from './lab.mjs';

const element_key = 'element-6066-11e4-a52e-4f735466cecf';

/** Calls `source` with the arguments before `done`, whose promise it fulfils; no evaluation of text in the page. */
const wrapped = (source) => `const done = arguments[arguments.length - 1];
  const given = [...arguments].slice(0, -1).map((one) => (one === null ? undefined : one));
  Promise.resolve().then(() => (${source})(...given))
    .then((value) => done({ value }), (error) => done({ error: \`\${error}\\n\${error?.stack ?? ''}\` }));`;

/** One session; ask(method, path, body) for what WebDriver answers. */
export async function start_session(address, capabilities) {
  const request = async (method, path, body) => {
    const response = await fetch(address + path, { method, body: body && JSON.stringify(body) });
    const { value } = await response.json();
    if (!response.ok) throw Object.assign(new Error(`${method} ${path}: ${value.error}: ${value.message}`), { code: value.error });
    return value;
  };
  await until(() => request('GET', '/status').then(() => true, () => false), 'the driver answers');
  const { sessionId } = await request('POST', '/session', { capabilities });
  const ask = (method, path, body) => request(method, `/session/${sessionId}${path}`, body);
  await ask('POST', '/timeouts', { script: 120000, pageLoad: 120000 });
  return { ask, end: () => request('DELETE', `/session/${sessionId}`) };
}

class DriverElement {
  constructor(page, id) {
    this.page = page;
    this.id = id;
    this.argument = { [element_key]: id };
  }

  evaluate(work, ...given) {
    return this.page.evaluate(work, this.argument, ...given);
  }

  click() {
    return this.page.ask('POST', `/element/${this.id}/click`, {});
  }
}

export class DriverPage {
  constructor(ask) {
    this.ask = ask;
    const act = (source) => ask('POST', '/actions', { actions: [source] });
    const pointer = (...actions) => act({ type: 'pointer', id: 'mouse', parameters: { pointerType: 'mouse' }, actions });
    let at = { x: 0, y: 0 };
    let turns = 0;
    this.mouse = {
      move: (x, y) => {
        at = { x: Math.round(x), y: Math.round(y) };
        return pointer({ type: 'pointerMove', ...at, origin: 'viewport' });
      },
      down: () => pointer({ type: 'pointerDown', button: 0 }),
      up: () => pointer({ type: 'pointerUp', button: 0 }),
      // WebKit's driver turns a wheel again only under another name: it compares with where the wheel of a name was.
      wheel: ({ deltaY }) => act({ type: 'wheel', id: `turn ${turns += 1}`,
        actions: [{ type: 'scroll', ...at, deltaX: 0, deltaY, origin: 'viewport' }] }),
    };
    const keys = { ArrowRight: '\uE014', ArrowUp: '\uE013', ArrowDown: '\uE015', Tab: '\uE004', Escape: '\uE00C', Enter: '\uE007',
      PageUp: '\uE00E', PageDown: '\uE00F', End: '\uE010', Home: '\uE011' };
    this.keyboard = {
      press: (key) => act({ type: 'key', id: 'keys', actions: ['keyDown', 'keyUp'].map((type) =>
        ({ type, value: keys[key] ?? key })) }),
    };
  }

  goto(address) {
    return this.ask('POST', '/url', { url: address });
  }

  async evaluate(work, ...given) {
    const script = wrapped(String(work));
    const answer = await this.ask('POST', '/execute/async', { script, args: given });
    if (answer.error) throw new Error(answer.error);
    return answer.value ?? undefined;
  }

  async $(selector) {
    const found = await this.ask('POST', '/element', { using: 'css selector', value: selector });
    return new DriverElement(this, found[element_key]);
  }

  async $eval(selector, work, ...given) {
    return (await this.$(selector)).evaluate(work, ...given);
  }

  async click(selector) {
    await (await this.$(selector)).click();
  }

  /** The page may be reloaded meanwhile ("no such frame"): a question that it leaves without an answer is asked again. */
  async waitForFunction(work, _options, ...given) {
    await until(() => this.evaluate(work, ...given).catch((error) => {
      if (error.code !== 'no such frame') throw error;
    }), `${work}`);
  }

  waitForSelector(selector) {
    return this.waitForFunction('(name) => document.querySelector(name) !== null', {}, selector);
  }

  /** The window so large that the page has this size. */
  async setViewport({ width, height }) {
    const inner = () => this.evaluate(() => [innerWidth, innerHeight, outerWidth - innerWidth, outerHeight - innerHeight]);
    const [, , beside, above] = await inner();
    await this.ask('POST', '/window/rect', { width: width + beside, height: height + above });
    let now = [];
    await until(async () => {
      now = await inner();
      return now[0] === width && now[1] === height;
    }, `the page is ${width} x ${height}`).catch((error) => { throw new Error(`${error.message}, not ${now}`); });
  }

  /** PNG of the window, or of the part `clip` of it, written to a file where there is a path. */
  async screenshot({ clip, path } = {}) {
    let data = await this.ask('GET', '/screenshot');
    if (clip) {
      data = await this.evaluate(async (text, { x, y, width, height }) => {
        const image = new Image();
        image.src = `data:image/png;base64,${text}`;
        await image.decode();
        const part = Object.assign(document.createElement('canvas'), { width, height });
        part.getContext('2d').drawImage(image, x, y - scrollY, width, height, 0, 0, width, height);
        return part.toDataURL('image/png').replace(/^.*,/, '');
      }, data, clip);
    }
    const bytes = Buffer.from(data, 'base64');
    if (path) await (await import('node:fs/promises')).writeFile(path, bytes);
    return bytes;
  }

  async close() {
    await this.goto('about:blank');
    await settle(0);
  }
}
