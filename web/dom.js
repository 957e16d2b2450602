// Making elements without markup strings, so that no text of an experiment is ever read as HTML.

/** element('a', {href: '#'}, 'text', other) : attributes that are false or undefined are left out. */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith('on')) made.addEventListener(key.slice(2), value);
    else if (value === true) made.setAttribute(key, '');
    else if (value !== false && value !== undefined) made.setAttribute(key, value);
  }
  made.append(...children.filter((child) => child !== undefined));
  return made;
}

/** Sets the text only when it changed: selections and live regions are left in peace. */
export function set_text(node, text) {
  if (node.textContent !== text) node.textContent = text;
}
