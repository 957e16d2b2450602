// All figures of a run next to each other, as one more figure.
#pragma once

#include <vector>

#include "core/findings/figure.h"
#include "core/picture/plot_layout.h"

namespace attnlab {

inline constexpr const char* kTogether = "all";  ///< id of that figure

/// Appends it where at least two figures stand still (no handles). One whose parts are figures, too
/// (is_part), is left out: it says the same. Axes of the
/// same name and scale get the same limits, and a name of a curve is said once, in the legend.
void add_together(std::vector<Figure>& figures);

/// The same for curves that one entry of the legend names: those of one label and look.
std::string legend_id(const Series& series);

/// Boxes in reading order that fill `area`, `gap` pixels apart, in rows of equal height, in the
/// arrangement with the largest plots (without a height: with the most columns). No column is
/// narrower than `least_width`, heat maps of several panels take as many columns, and the figures
/// of a row share its width.
std::vector<Box> grid_boxes(const std::vector<Figure>& figures, const Box& area, float least_width,
                            float gap);

/// Rows of such boxes.
std::size_t rows_of(const std::vector<Box>& boxes);

}  // namespace attnlab
