// The schematic of a layer, laid out for any front end, and as an SVG document.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/findings/layer.h"
#include "core/picture/plot_layout.h"

namespace attnlab {

struct SchematicArrow {
  float x, from, to;  ///< straight down, from the lower edge of a box to the upper edge of another
};

struct Schematic {
  std::vector<Box> boxes;  ///< of the layer's blocks, in their order
  std::vector<SchematicArrow> arrows;
  float height = 0;
};

inline constexpr float kSchematicText = 13, kSchematicLine = 18;

/// For a drawing of this width, in logical pixels.
Schematic schematic_layout(const Layer& layer, float width);

/// Shapes and texts only, in the colour of the text around it. Each box is a group of class "block"
/// whose `data-letters` are the letters of its formulas (latex_letters).
std::string schematic_svg(const Layer& layer, float width = 340);

}  // namespace attnlab
