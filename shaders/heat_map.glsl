// A grid of estimates: flat cells, because nothing is known between them, and lines through the
// values interpolated between the cells' centres. Column c, row r (downwards) is the unit square
// [c, c+1] x [r, r+1] of the plane.
// Numbers: columns, rows, gap between cells in x and y (cells), then the values row by row.
float cell(int row, int column, int columns) { return number(4 + row * columns + column); }

vec2 field(vec2 point) {
  int columns = int(number(0)), rows = int(number(1));
  ivec2 last = ivec2(columns, rows) - 1;
  ivec2 here = clamp(ivec2(floor(point)), ivec2(0), last);
  vec2 inside = point - vec2(here);
  float value = cell(here.y, here.x, columns);
  if (value <= kUnknown) g_cover = 0.0;
  if (inside.x > 1.0 - number(2) || inside.y > 1.0 - number(3)) g_cover = 0.0;

  // Lines are drawn only between four known centres.
  vec2 at = point - 0.5;
  ivec2 low = ivec2(floor(at));
  if (any(lessThan(low, ivec2(0))) || any(greaterThanEqual(low, last))) {
    return vec2(value, kUnknown);
  }
  vec2 t = at - vec2(low);
  float a = cell(low.y, low.x, columns), b = cell(low.y, low.x + 1, columns);
  float c = cell(low.y + 1, low.x, columns), d = cell(low.y + 1, low.x + 1, columns);
  if (min(min(a, b), min(c, d)) <= kUnknown) return vec2(value, kUnknown);
  return vec2(value, mix(mix(a, b, t.x), mix(c, d, t.x), t.y));
}
