// Figures next to each other: a legend whose names hide curves in all of them, and a grid of plots.
#include <algorithm>
#include <cmath>

#include "core/picture/heat_layout.h"
#include "core/picture/together.h"
#include "ui/plot.h"
#include "ui/plot_parts.h"
#include "ui/text_draw.h"
#include "ui/theme.h"

namespace attnlab {
namespace {

constexpr float kLeastWidth = 190, kApart = 22;
constexpr float kLowest = 230;  // of one figure, with its title

Figure legend_of(const Together& together) {
  Figure legend;
  legend.draw_lines().series = together.legend;
  return legend;
}

/// Ids of the curves that these entries of the legend name.
HiddenSeries named(const HiddenSeries& entries, const Figure& figure) {
  HiddenSeries hidden;
  for (const Series& series : figure.lines().series)
    if (std::ranges::count(entries, legend_id(series)) > 0) hidden.push_back(series.id);
  return hidden;
}

}  // namespace

TogetherHeight together_height(const Together& together, float width) {
  const std::vector<Box> boxes =
      grid_boxes(together.figures, {0, 0, width, 0}, kLeastWidth, kApart);
  const auto rows = static_cast<float>(rows_of(boxes));
  const float heading = 40 + legend_row_height(legend_of(together), width);
  const float wanted = std::clamp(0.85f * boxes.front().width(), 260.0f, 380.0f);
  return {heading + rows * (kLowest + kApart), heading + rows * (wanted + kApart)};
}

bool together_plot(ImDrawList* list, const Figure& figure, PlotState& state,
                   const PlotOptions& options, const Box& outer, float top) {
  const Together& together = figure.together();
  const Figure legend = legend_of(together);
  PlotFrame row;
  row.legend_row = true;
  const LabelLayout labels = place_labels(legend, state, row, outer, top, true);
  const std::string emphasised = label_buttons(legend, state, labels, options.touch);
  draw_labels(list, legend, state, row, labels, emphasised);

  const Box area{outer.x0, top + legend_row_height(legend, outer.width()), outer.x1, outer.y1};
  if (!has_results(figure)) return empty_picture(list, area, options);
  PlotOptions of_part = options;
  of_part.phase = PlotPhase::kShown;
  of_part.titled = true;
  of_part.named = false;
  const std::vector<Box> boxes = grid_boxes(together.figures, area, kLeastWidth, kApart);
  state.parts.resize(boxes.size());
  for (std::size_t i = 0; i < boxes.size(); ++i) {
    const Figure& part = together.figures[i];
    state.parts[i].hidden = named(state.hidden, part);
    of_part.emphasised = emphasised.empty() ? HiddenSeries() : named({emphasised}, part);
    ImGui::SetCursorScreenPos(ImVec2(boxes[i].x0, boxes[i].y0));
    plot(part.id.c_str(), part, state.parts[i], of_part,
         ImVec2(boxes[i].width(), boxes[i].height()));
    if (!state.parts[i].read_out.empty()) state.read_out = state.parts[i].read_out;
  }
  if (options.phase == PlotPhase::kPaused || options.phase == PlotPhase::kFailed)
    draw_badge(list, area, options);
  return false;
}

}  // namespace attnlab
