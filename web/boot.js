// Starts the page: as modules from files beside it, or, where a browser does not load those (from disk,
// and in frames of opaque origin), from bundle.js, one plain script that carries everything. Until the lab
// is ready it also says which file did not come, or came damaged.
(() => {
  const by_id = (/** @type {string} */ name) => /** @type {HTMLElement} */ (document.getElementById(name));
  const { src } = /** @type {HTMLScriptElement} */ (document.currentScript);
  const { search } = new URL(src); // the build (web/make_page.mjs)
  const alone = self.origin === 'null' || location.protocol === 'file:';
  const entry = alone ? 'bundle.js' : 'page.js';
  const is_ready = () => document.documentElement.dataset.ready === 'true';

  const fail = (/** @type {string} */ sentence) => {
    by_id('cover').hidden = by_id('again').hidden = false;
    by_id('cover').classList.add('failed');
    by_id('first').hidden = by_id('cover_progress').hidden = true;
    by_id('cover_text').textContent = sentence;
    by_id('again').onclick = () => location.reload();
    if (parent !== self) parent.postMessage({ attnlab: 1, type: 'error', error: sentence }, '*');
  };

  /**
   * The first module that does not come, or comes empty, of this one and those it imports; undefined if all do.
   * @type {(name: string, seen?: Set<string>) => Promise<string | undefined>}
   */
  const missing = async (name, seen = new Set()) => {
    if (seen.has(name)) return undefined;
    seen.add(name);
    const response = await fetch(name).catch(() => undefined);
    const scripts = /javascript/.test(response?.headers.get('Content-Type') ?? '');
    const file = name.replace(/\?.*/, '');
    if (!response?.ok) return `${file} could not be loaded${response ? ` (${response.status})` : ''}`;
    if (!scripts) return `${file} was sent with a wrong type, so the browser does not run it`;
    const text = await response.text();
    if (!text) return `${file} came empty`;
    for (const [, next] of text.matchAll(/from ?["']\.\/([\w-]+\.js[^"']*)/g)) {
      const found = await missing(next, seen);
      if (found) return found;
    }
    return undefined;
  };

  globalThis.attnlab_missing = missing;

  const advice = 'Check the connection and try again; if that does not help, tell the owner of this site.';
  const name_of = (/** @type {string} */ address) => new URL(address, location.href).pathname.replace(/.*\//, '');
  // Files that do not come are told to capturing listeners only; scripts that are damaged to all.
  addEventListener('error', async ({ target, filename, message }) => {
    if (is_ready()) return;
    if (target instanceof HTMLScriptElement) {
      const what = alone ? undefined : await missing(entry + search);
      fail(`The lab could not be loaded: ${what ?? `${entry} could not be loaded`}. ${advice}`);
    } else if (target instanceof HTMLLinkElement && target.rel === 'stylesheet') {
      fail(`The lab could not be loaded: ${name_of(target.href)} could not be loaded. ${advice}`);
    } else if (filename) {
      const what = alone ? undefined : await missing(entry + search);
      fail(`The lab could not be loaded: ${what ?? `${name_of(filename)} is damaged or of another version (${message})`}. ${advice}`);
    }
  }, true);

  if (parent !== self) parent.postMessage({ attnlab: 1, type: 'starting' }, '*');
  by_id('no_boot')?.remove();
  // A sheet that failed before this script ran. (WebKit runs it while sheets are still on their way.)
  addEventListener('load', () => {
    for (const link of document.querySelectorAll('link')) {
      if (link.rel === 'stylesheet' && !link.sheet) {
        fail(`The lab could not be loaded: ${name_of(link.href)} could not be loaded. ${advice}`);
      }
    }
  });
  const script = document.createElement('script');
  if (!alone) script.type = 'module';
  script.src = entry + search;
  // An empty script runs without an error.
  if (!alone && document.documentElement.dataset.build) {
    script.onload = async () => {
      const what = globalThis.attnlab_builds?.[entry] ? undefined : await missing(entry + search);
      if (what) fail(`The lab could not be loaded: ${what}. ${advice}`);
    };
  }
  document.head.append(script);
  // The picture is that of the state the lab opens with when the address says nothing.
  by_id('first')?.toggleAttribute('hidden', location.hash.length > 1);
})();
