// The geometry of heat maps as plain functions: colours, ranges shared by panels, places, contour
// lines and read-outs. No drawing, so that every rule is unit tested.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "core/findings/figure.h"
#include "core/picture/plot_layout.h"

namespace attnlab {

/// Colour of a share 0..1 of the range, 0xRRGGBB: viridis, or blue - white - red for differences.
unsigned heat_rgb(ColourScale scale, double share);
/// The colours it mixes, at equal steps of the range.
std::span<const unsigned> heat_knots(ColourScale scale);

/// Contours on pale colours are thin and dark; on viridis they are white with a dark rim.
bool has_thin_lines(ColourScale scale);

/// The range of the colour bar: the panel's own ends where it has some, else the values of all
/// panels of the panel's group; symmetric around 0 for diverging scales. Never empty.
Range heat_range(const Figure& figure, const HeatPanel& panel);

/// Position of a value in the range, 0..1, clamped.
double heat_share(const HeatPanel& panel, Range range, double value);

/// Places of one panel's cells, colour bar and texts.
struct HeatPlace {
  Box slot;   ///< everything of the panel
  Box cells;  ///< the grid
  float cell_width = 0, cell_height = 0;
  bool bar = true;  ///< has a colour bar; else the panel to the right has one for both
  Box cell(std::size_t row, std::size_t column) const;
};

struct HeatMargins {
  float left = 30, top = 40, bottom = 40;
  float right = 64;  ///< for the colour bar
  float title = 0;   ///< width of the title: panels stand side by side only where it fits
};

/// Panels in rows, in the arrangement with the largest cells; cells of a panel without names are
/// square, others at most twice as wide as high. `margins[i]` belongs to panel i. Neighbours in a
/// row with the same colours have one colour bar, at the last of them.
std::vector<HeatPlace> heat_places(const Figure& figure, const Box& area,
                                   std::span<const HeatMargins> margins);

/// Lines where the values cross the level, in units of cells: cell (row r, column c) has its centre
/// at x = c + 0.5, y = r + 0.5. Unknown cells have no lines.
std::vector<Segment> contour_lines(const HeatPanel& panel, double level);

/// "64" or "3": the column's or row's own name, else its number from 1.
std::string heat_name(const std::vector<std::string>& names, std::size_t index);

/// "RFA: test error 0.161 ± 0.010 at training samples n = 64, degree p = 2".
std::string heat_read_out(const HeatPanel& panel, std::size_t row, std::size_t column);

/// What is written in a cell: its text, else its value; empty for an unknown cell without a text.
std::string heat_text(const HeatPanel& panel, std::size_t cell);

/// Whether the panel's cells are to be read as a table: it has notes.
bool is_written(const HeatPanel& panel);
/// The height at which the texts of all written panels fit into their cells, one panel below the
/// other; 0 without written panels.
float written_height(const Figure& figure);

/// Whether a cell was measured and has no value: it is hatched.
bool is_hatched(const HeatPanel& panel, std::size_t cell);
/// Whether a cell is not known yet: it has an outline, so that it does not look like a value near
/// 0.
bool is_open(const HeatPanel& panel, std::size_t cell);
inline constexpr float kOutlinedCell = 5;  ///< smaller cells have no outline
/// The lines of the hatching of a cell, at 45 degrees, `apart` from each other, inside the box.
std::vector<Segment> hatching(const Box& box, float apart);

bool has_known_cells(const Figure& figure);
/// Whether anything is known: a measured point, a curve, a dot or a cell. Until then views show the
/// figure's empty_text.
bool has_results(const Figure& figure);

/// A map of more than `most` rows or columns with square blocks of cells as its cells. A block has
/// the value that is farthest from 0, so that a single large entry of a matrix stays visible, and
/// the names of its first row and column; the title says how many cells it stands for.
HeatPanel coarse_map(HeatPanel panel, std::size_t most = 96);

}  // namespace attnlab
