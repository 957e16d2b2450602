// The layer of the experiment: its formula, what the letters stand for, and its schematic. Pointing
// at a letter marks the control of its parameter.
#include <algorithm>
#include <string>

#include "core/base/text.h"
#include "core/findings/latex.h"
#include "core/picture/schematic.h"
#include "ui/text_draw.h"
#include "ui/theme.h"
#include "ui/views.h"
#include "ui/widgets.h"

namespace attnlab {
namespace {

constexpr float kFormulaSize = kHeadingSize, kSmallestFormula = kTickSize;

/// Draws with the baseline of `size` at `top`, where a list is given; returns the width.
float formula(ImDrawList* list, ImVec2 top, std::string_view latex, float size, ImU32 colour) {
  const auto pieces = latex_pieces(latex);
  if (!pieces) return 0;
  float begin = 0, end = 0;
  for (const LatexPiece& piece : *pieces) {
    const bool line = piece.place == LatexPlace::kLine;
    const float piece_size = line ? size : size * kLatexScript;
    const float at = piece.stacked ? begin : end;
    if (list != nullptr) {
      // Scripts are placed by their baselines, which lie at the same part of each height.
      const float rise = line                                ? 0
                         : piece.place == LatexPlace::kBelow ? size * kLatexDrop
                                                             : -size * kLatexRise;
      const float y = top.y + rise + 0.8f * (size - piece_size);
      draw_text(list, ImVec2(top.x + at, y), piece.text, false, piece_size, colour);
    }
    begin = at;
    end = std::max(end, at + text_size(piece.text, false, piece_size).x);
  }
  return end;
}

void formula_line(std::string_view latex, float width) {
  const float whole = formula(nullptr, {}, latex, kFormulaSize, 0);
  const float size = std::max(kSmallestFormula, kFormulaSize * std::min(1.0f, width / whole));
  const ImVec2 at = ImGui::GetCursorScreenPos();
  formula(ImGui::GetWindowDrawList(), ImVec2(at.x, at.y + 4), latex, size, theme().ink);
  ImGui::Dummy(ImVec2(std::min(width, whole), 1.5f * size + 6));
}

void symbol_line(const View& view, const LayerSymbol& symbol, float width) {
  AppState& s = view.state;
  const ImVec2 at = ImGui::GetCursorScreenPos();
  constexpr float kColumn = 34;
  std::string words = symbol.words;
  if (!symbol.parameter.empty())  // with blanks, so that a line breaks between numbers
    words += " = " + join(split(s.spec.parameters.text(symbol.parameter), ','), ", ");
  const float text_width = width - kColumn;
  const ImVec2 size = text_size(words, false, kSmallSize, text_width);
  ImGui::PushID(symbol.symbol.c_str());
  ImGui::Dummy(ImVec2(width, size.y + 3));
  if (ImGui::IsItemHovered() && !symbol.parameter.empty()) s.view.pointed = symbol.parameter;
  ImGui::PopID();
  ImDrawList* list = ImGui::GetWindowDrawList();
  const bool marked = !symbol.parameter.empty() && s.view.marked == symbol.parameter;
  if (marked)
    list->AddRectFilled(at, ImVec2(at.x + width, at.y + size.y + 2), theme().accent_soft, 3);
  formula(list, at, symbol.symbol, kSmallSize, theme().ink);
  draw_text(list, ImVec2(at.x + kColumn, at.y), words, false, kSmallSize, theme().muted,
            text_width);
}

void schematic_drawing(const Layer& layer, float width) {
  const Schematic schematic = schematic_layout(layer, width);
  const ImVec2 at = ImGui::GetCursorScreenPos();
  ImDrawList* list = ImGui::GetWindowDrawList();
  for (std::size_t i = 0; i < layer.blocks.size(); ++i) {
    const LayerBlock& block = layer.blocks[i];
    const Box& box = schematic.boxes[i];
    list->AddRect(ImVec2(at.x + box.x0, at.y + box.y0), ImVec2(at.x + box.x1, at.y + box.y1),
                  theme().faint, 5);
    const float middle = at.x + (box.x0 + box.x1) / 2;
    float y = at.y + box.y0 + 5;
    const float name = text_size(block.name, true, kSchematicText).x;
    draw_text(list, ImVec2(middle - name / 2, y), block.name, true, kSchematicText, theme().ink);
    for (const std::string* each : {&block.term, &block.shape}) {
      if (each->empty()) continue;
      y += kSchematicLine;
      const float wide = formula(nullptr, {}, *each, kSchematicText, 0);
      formula(list, ImVec2(middle - wide / 2, y), *each, kSchematicText,
              each == &block.term ? theme().ink : theme().muted);
    }
  }
  for (const SchematicArrow& arrow : schematic.arrows) {
    const ImVec2 tip(at.x + arrow.x, at.y + arrow.to - 2);
    list->AddLine(ImVec2(tip.x, at.y + arrow.from + 2), tip, theme().muted);
    list->AddLine(ImVec2(tip.x - 4, tip.y - 5), tip, theme().muted);
    list->AddLine(ImVec2(tip.x + 4, tip.y - 5), tip, theme().muted);
  }
  ImGui::Dummy(ImVec2(width, schematic.height));
}

}  // namespace

void layer_view(const View& view, float width) {
  const Layer& layer = view.state.spec.experiment->layer;
  if (layer.formulas.empty()) return;
  for (const std::string& each : layer.formulas) formula_line(each, width);
  ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, ImVec2(0, 1));
  for (const LayerSymbol& symbol : layer.symbols) symbol_line(view, symbol, width);
  ImGui::PopStyleVar();
  if (fold("schematic", "Schematic", &view.state.view.schematic_open, width))
    schematic_drawing(layer, width);
}

}  // namespace attnlab
