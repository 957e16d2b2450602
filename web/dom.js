// Makes elements without markup strings, so that no text of an experiment is ever parsed as HTML.

/**
 * element('a', {href: '#'}, 'text', other): attributes that are false or undefined are omitted.
 * @template {keyof HTMLElementTagNameMap} Name
 * @param {Name} name
 * @param {Record<string, any>} attributes
 * @param {(Node | string | undefined)[]} children
 */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith('on')) made.addEventListener(key.slice(2), value);
    else if (value === true) made.setAttribute(key, '');
    else if (value !== false && value !== undefined) made.setAttribute(key, value);
  }
  made.append(...children.flatMap((child) => child ?? []));
  return made;
}

/**
 * The element of index.html with this id.
 * @param {string} id
 * @returns {HTMLElement}
 */
export function by_id(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no ${id}`);
  return found;
}

/**
 * The message of a thrown value.
 * @param {unknown} error
 */
export const message_of = (error) => (error instanceof Error ? error.message : String(error));

/**
 * Sets the text only if it changed, so that selections survive and live regions stay silent.
 * @param {Node} node
 * @param {string} text
 */
export function set_text(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/**
 * The state that an address's hash says; '' where it names a place on the page. What it means, however a mail
 * program left it, core decides.
 * @param {string} hash
 */
export function state_in(hash) {
  const text = hash.replace(/^#/, '');
  return document.getElementById(text) ? '' : text;
}

/**
 * What a key means to shortcuts: the character it types in small letters, or its name; where it types a character of
 * another alphabet, what its place types on an English keyboard.
 * @param {KeyboardEvent} event
 */
export function key_name({ key, code }) {
  if (/^[!-~]$/.test(key)) return key.toLowerCase();
  if (key.length > 1 && !['Dead', 'Process', 'Unidentified'].includes(key)) return key;
  return key === ' ' ? 'Space' : code.replace(/^(Key|Digit)/, '').toLowerCase();
}
