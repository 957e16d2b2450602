// Compares two result documents: integers and texts must be identical, reals within a tolerance.

/** |a - b| relative to the larger of them, or to 1 where both are small. */
export const distance = (a, b) => Math.abs(a - b) / Math.max(Math.abs(a), Math.abs(b), 1);

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
  return a === b ? [] : [`${name}: ${JSON.stringify(a)} against ${JSON.stringify(b)}`];
}

/** The part of a document that a run determines: not the build, not the time. */
export function essence({ experiment, params, seed, tables, claims, notes, jobs }) {
  return { experiment, params, seed, tables, claims, notes, jobs };
}
