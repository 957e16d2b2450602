// The axes of core's SVG (svg_geometry in core/picture), for scripts that draw on top of it.

/**
 * data-x="begin end low high log|linear" as a pair of functions.
 * @param {string} text
 */
export function axis_of(text) {
  const [begin, end, low, high, kind] = text.split(' ');
  const [a, b, lo, hi] = [begin, end, low, high].map(Number);
  const log = kind === 'log';
  return {
    begin: a,
    end: b,
    value: (/** @type {number} */ pixel) => {
      const share = (pixel - a) / (b - a);
      return log ? lo * (hi / lo) ** share : lo + share * (hi - lo);
    },
    pixel: (/** @type {number} */ value) => {
      const share = log ? Math.log(value / lo) / Math.log(hi / lo) : (value - lo) / (hi - lo);
      return a + share * (b - a);
    },
  };
}
