#include "core/picture/schematic.h"

#include <algorithm>

#include "core/findings/latex.h"
#include "core/picture/svg.h"
#include "core/picture/svg_parts.h"

namespace attnlab {
namespace {

constexpr float kGap = 10, kRowGap = 20, kPad = 7;

int lines_of(const LayerBlock& block) {
  return 1 + (block.term.empty() ? 0 : 1) + (block.shape.empty() ? 0 : 1);
}

float rise_of(LatexPlace place, float size) {
  return place == LatexPlace::kLine    ? 0
         : place == LatexPlace::kBelow ? size * kLatexDrop
                                       : -size * kLatexRise;
}

std::string text_element(float x, float y, std::string_view words, float size, bool bold,
                         std::string_view anchor) {
  return "<text x=\"" + svg_number(x) + "\" y=\"" + svg_number(y) + "\" font-size=\"" +
         svg_number(size) + "\" text-anchor=\"" + std::string(anchor) + "\"" +
         (bold ? " font-weight=\"600\"" : "") + ">" + xml_text(words) + "</text>";
}

/// The browser places the pieces one after the other: it knows its font.
std::string formula_element(float x, float y, std::string_view latex, float size) {
  const auto pieces = latex_pieces(latex);
  if (!pieces) return {};
  std::string spans;
  float moved = 0;
  for (const LatexPiece& piece : *pieces) {
    const float rise = rise_of(piece.place, size);
    const bool script = piece.place != LatexPlace::kLine;
    spans += "<tspan dy=\"" + svg_number(rise - moved) + "\"" +
             (script ? " font-size=\"" + svg_number(size * kLatexScript) + "\"" : "") + ">" +
             xml_text(piece.text) + "</tspan>";
    moved = rise;
  }
  return "<text x=\"" + svg_number(x) + "\" y=\"" + svg_number(y) + "\" font-size=\"" +
         svg_number(size) + "\" text-anchor=\"middle\" xml:space=\"preserve\">" + spans + "</text>";
}

std::string letters_of(const LayerBlock& block) {
  std::string letters;
  for (const std::string* formula : {&block.term, &block.shape}) {
    for (const std::string& letter : latex_letters(*formula))
      letters += (letters.empty() ? "" : " ") + letter;
  }
  return letters;
}

}  // namespace

Schematic schematic_layout(const Layer& layer, float width) {
  Schematic schematic;
  int rows = 0;
  for (const LayerBlock& block : layer.blocks) rows = std::max(rows, block.row + 1);
  std::vector<float> heights(static_cast<std::size_t>(rows));
  for (const LayerBlock& block : layer.blocks) {
    float& height = heights[static_cast<std::size_t>(block.row)];
    height = std::max(height, 2 * kPad + kSchematicLine * static_cast<float>(lines_of(block)) - 2);
  }
  std::vector<float> tops(heights.size());
  float top = 1;
  for (std::size_t row = 0; row < heights.size(); ++row) {
    tops[row] = top;
    top += heights[row] + kRowGap;
  }
  schematic.height = rows > 0 ? top - kRowGap + 1 : 0;
  const float lane = (width - 2 - kGap * (kLayerLanes - 1)) / kLayerLanes;
  for (const LayerBlock& block : layer.blocks) {
    const auto row = static_cast<std::size_t>(block.row);
    const float x0 = 1 + static_cast<float>(block.first) * (lane + kGap);
    const float x1 = 1 + static_cast<float>(block.last) * (lane + kGap) + lane;
    schematic.boxes.push_back({x0, tops[row], x1, tops[row] + heights[row]});
  }
  for (std::size_t i = 0; i < layer.blocks.size(); ++i) {
    for (const int from : layer.blocks[i].from) {
      const Box& a = schematic.boxes[static_cast<std::size_t>(from)];
      const Box& b = schematic.boxes[i];
      const float x = (std::max(a.x0, b.x0) + std::min(a.x1, b.x1)) / 2;
      schematic.arrows.push_back({x, a.y1, b.y0});
    }
  }
  return schematic;
}

std::string schematic_svg(const Layer& layer, float width) {
  const Schematic schematic = schematic_layout(layer, width);
  std::string svg = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " + svg_number(width) +
                    " " + svg_number(schematic.height) + "\" role=\"img\" fill=\"currentColor\">\n";
  std::string spoken;
  for (std::size_t i = 0; i < layer.blocks.size(); ++i) {
    const LayerBlock& block = layer.blocks[i];
    const Box& box = schematic.boxes[i];
    const float x = (box.x0 + box.x1) / 2;
    spoken += (i == 0 ? "" : ", ") + block.name;
    svg += "<g class=\"block\" data-letters=\"" + xml_text(letters_of(block)) + "\"><rect x=\"" +
           svg_number(box.x0) + "\" y=\"" + svg_number(box.y0) + "\" width=\"" +
           svg_number(box.x1 - box.x0) + "\" height=\"" + svg_number(box.y1 - box.y0) +
           "\" rx=\"5\" fill=\"none\" stroke=\"currentColor\" stroke-opacity=\"0.35\"/>";
    float y = box.y0 + kPad + 12;
    svg += text_element(x, y, block.name, kSchematicText, true, "middle");
    for (const std::string* formula : {&block.term, &block.shape}) {
      if (formula->empty()) continue;
      y += kSchematicLine;
      svg += formula_element(x, y, *formula, kSchematicText);
    }
    svg += "</g>\n";
  }
  for (const SchematicArrow& arrow : schematic.arrows) {
    const std::string x = svg_number(arrow.x), tip = svg_number(arrow.to - 2);
    svg += "<path d=\"M" + x + "," + svg_number(arrow.from + 2) + "L" + x + "," + tip + "M" +
           svg_number(arrow.x - 4) + "," + svg_number(arrow.to - 7) + "L" + x + "," + tip + "L" +
           svg_number(arrow.x + 4) + "," + svg_number(arrow.to - 7) +
           "\" fill=\"none\" stroke=\"currentColor\" stroke-opacity=\"0.7\"/>\n";
  }
  const std::size_t begin = svg.find(" fill=");
  svg.insert(begin, " aria-label=\"From the tokens to the output: " + xml_text(spoken) + "\"");
  return svg + "</svg>\n";
}

}  // namespace attnlab
