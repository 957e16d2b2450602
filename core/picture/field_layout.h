// The geometry of fields and handles as plain functions: places, sizes, and the region where a
// field reaches a level. No drawing, so that every rule is unit tested.
#pragma once

#include <cstddef>
#include <vector>

#include "core/findings/figure.h"
#include "core/picture/plot_layout.h"

namespace attnlab {

struct FieldMargins {
  float left = 34, right = 8, top = 24, bottom = 38;
};

/// Boxes for `count` planes in rows, in the arrangement where they are largest; every box has the
/// aspect of the plane (equal units along both axes), centred in its slot.
std::vector<Box> field_places(std::size_t count, double aspect, const Box& area,
                              const FieldMargins& margins, float gap);

/// Whether all fields can share one colour bar.
bool shares_colours(const std::vector<FieldPanel>& fields);

/// The part of an axis that a plane shows: its limits, or [-1, 1] if it has none.
Range plane_range(const Axis& axis);

/// Radius in pixels of a handle's disc. Discs shrink with `plane_width` (in pixels), so that they
/// do not hide a small plane; their area shows the handle's share of the field.
float handle_radius(const FieldPanel* field, std::size_t handle, float plane_width);

/// A field at the corners of equal cells, row 0 at the top.
struct FieldGrid {
  std::size_t columns = 0, rows = 0;
  std::vector<double> corners;  ///< row-major, (rows + 1) x (columns + 1); NaN: unknown
  double corner(std::size_t row, std::size_t column) const {
    return corners[row * (columns + 1) + column];
  }
};
FieldGrid field_grid(const FieldPanel& field, Range x, Range y, std::size_t columns,
                     std::size_t rows);

struct Spot {
  float x = 0, y = 0;
};
using Outline = std::vector<Spot>;
/// Where the grid, linear along the edges of its cells, is at least `level`: outlines that do not
/// overlap, in units of cells. Neighbouring whole cells of a row are one outline; cells with an
/// unknown corner have no outline.
std::vector<Outline> region_at_least(const FieldGrid& grid, double level);

}  // namespace attnlab
