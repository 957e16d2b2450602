// No two types of the same name: linked into one program they are undefined behaviour, and nobody
// warns. (Two types `Sweep` shared one destructor: what it did depended on the order of linking.)
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

const root = process.env.ATTNLAB_ROOT ?? '.';
const folders = ['core', 'ui', 'native', 'web', 'bench'];

/** Names of the types that the text defines outside types, functions and unnamed namespaces. */
export function types_of(text) {
  const bare = text.replace(/\/\/[^\n]*|R"\((?:.|\n)*?\)"|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])'/g, '""');
  const pattern = /namespace\s*([\w:]*)\s*\{|(template\s*<[^{}]*?>\s*)?\b(?:struct|class|enum class|union)\s+([\w:]+)(?:\s+final)?(?:\s*:[^{};()]*)?\s*\{|[{}]/g;
  const stack = [];
  const found = [];
  for (const [token, space, , type] of bare.matchAll(pattern)) {
    if (token === '}') {
      stack.pop();
    } else if (token.startsWith('namespace')) {
      stack.push({ space });
    } else {
      const outside = stack.every((entry) => entry.space);
      if (type && outside) found.push([...stack.map((entry) => entry.space), type].join('::'));
      stack.push({});
    }
  }
  return found;
}

assert.deepEqual(types_of('namespace a { struct B { int c; }; namespace { struct D {}; } enum class E : int { f }; }'),
  ['a::B', 'a::E']);

const places = new Map();
for (const folder of folders) {
  for (const name of readdirSync(path.join(root, folder), { recursive: true })) {
    if (!/\.(h|cpp)$/.test(name)) continue;
    const file = path.join(folder, name);
    for (const type of types_of(readFileSync(path.join(root, file), 'utf8'))) {
      places.set(type, [...(places.get(type) ?? []), file]);
    }
  }
}
assert.ok(places.size > 100, `only ${places.size} types were found`);
const twice = [...places].filter(([, files]) => files.length > 1);
assert.deepEqual(twice, [], 'types that are defined twice');
console.log(`${places.size} types, each defined once`);
