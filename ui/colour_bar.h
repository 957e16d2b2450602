// The bar that shows which value a colour means, next to heat maps and fields.
#pragma once

#include <string_view>

#include "core/findings/figure.h"
#include "core/picture/plot_layout.h"
#include "imgui.h"

namespace attnlab {

/// Room that bar and numbers need to the right of the cells.
float colour_bar_width(Range range);

/// `corner` is the top right corner of the cells, `height` their height. A label (may be empty) is
/// above the bar and ends where the numbers end.
void draw_colour_bar(ImDrawList* list, ColourScale scale, Range range, std::string_view label,
                     ImVec2 corner, float height, float opacity);

}  // namespace attnlab
