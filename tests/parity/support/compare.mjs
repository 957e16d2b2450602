// Compares two result documents: integers and words must be identical, reals within a tolerance, and
// reals printed inside a sentence within that or one unit of their last digit.

/** |a - b| relative to the larger of them, or to 1 where both are small. */
export const distance = (a, b) => Math.abs(a - b) / Math.max(Math.abs(a), Math.abs(b), 1);

const number_pattern = /\d+(?:\.\d+)?(?:e[-+]?\d+)?/g;

/** Texts with the same words whose reals differ by one in the last digit or by the tolerance. */
export function same_sentence(a, b, tolerance) {
  const words = (text) => text.replace(number_pattern, '#');
  const numbers = (text) => text.match(number_pattern) ?? [];
  const unit = (text) => {
    const [mantissa, exponent = '0'] = text.split('e');
    return 10 ** (Number(exponent) - (mantissa.split('.')[1] ?? '').length);
  };
  if (words(a) !== words(b)) return false;
  return numbers(a).every((text, i) => {
    const other = numbers(b)[i];
    const rounded = text.includes('.') || text.includes('e');
    if (!rounded) return text === other;
    const [x, y] = [Number(text), Number(other)];
    return Math.abs(x - y) <= 1.001 * Math.max(unit(text), unit(other)) ||
      distance(x, y) <= tolerance;
  });
}

/** Differences between two values, as sentences; `tolerance` for reals, texts cell by cell. */
export function differences(name, a, b, tolerance) {
  if (typeof a === 'number' && typeof b === 'number') {
    const exact = Number.isInteger(a) && Number.isInteger(b);
    if (exact ? a === b : distance(a, b) <= tolerance) return [];
    return [`${name}: ${a} against ${b}, off by ${distance(a, b).toExponential(2)}`];
  }
  if (Array.isArray(a) && Array.isArray(b)) {
    if (a.length !== b.length) return [`${name}: ${a.length} against ${b.length} entries`];
    return a.flatMap((item, i) => differences(`${name}[${i}]`, item, b[i], tolerance));
  }
  if (a && b && typeof a === 'object' && typeof b === 'object') {
    const names = [...new Set([...Object.keys(a), ...Object.keys(b)])];
    return names.flatMap((key) => differences(`${name}.${key}`, a[key], b[key], tolerance));
  }
  const agree = typeof a === 'string' && typeof b === 'string'
    ? same_sentence(a, b, tolerance) : a === b;
  return agree ? [] : [`${name}: ${JSON.stringify(a)} against ${JSON.stringify(b)}`];
}

/** The part of a document that a run determines: not the build, not the time. */
export function essence({ experiment, params, seed, tables, claims, notes, jobs }) {
  return { experiment, params, seed, tables, claims, notes, jobs };
}
