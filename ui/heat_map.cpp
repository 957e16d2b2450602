// Draws heat panels.
#include "ui/heat_map.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "core/base/text.h"
#include "ui/colour_bar.h"
#include "ui/field_renderer.h"
#include "ui/plot_parts.h"
#include "ui/text_draw.h"
#include "ui/theme.h"

namespace attnlab {
namespace {

constexpr float kCellText = kTickSize;
constexpr float kHatchApart = 7;

ImU32 colour_of(unsigned rgb, float opacity) {
  return with_alpha(IM_COL32((rgb >> 16) & 255, (rgb >> 8) & 255, rgb & 255, 255), opacity);
}

float widest_name(const std::vector<std::string>& names, std::size_t count) {
  float width = 0;
  for (std::size_t i = 0; i < count; ++i)
    width = std::max(width, text_size(heat_name(names, i), false, kTickSize).x);
  return width;
}

HeatMargins margins_of(const Figure& figure, const HeatPanel& panel) {
  const Range range = heat_range(figure, panel);
  HeatMargins margins;
  margins.left = widest_name(panel.y_labels, panel.rows) + 8;
  margins.right = colour_bar_width(range);
  margins.title = text_size(panel.title, true, kSmallSize).x;
  return margins;
}

void draw_cells(ImDrawList* list, const Figure& figure, const HeatPanel& panel,
                const HeatPlace& place, float opacity) {
  const Range range = heat_range(figure, panel);
  const float gap = std::min(place.cell_width, place.cell_height) >= 8 ? 1.0f : 0.0f;
  for (std::size_t i = 0; i < panel.rows * panel.columns && i < panel.values.size(); ++i) {
    const Box box = place.cell(i / panel.columns, i % panel.columns);
    const double value = panel.values[i];
    if (!std::isfinite(value)) continue;
    list->AddRectFilled(ImVec2(box.x0, box.y0), ImVec2(box.x1 - gap, box.y1 - gap),
                        colour_of(heat_rgb(panel.scale, heat_share(panel, range, value)), opacity));
  }
}

/// Cells and contours in one go by the fragment shader; false without a shader.
bool draw_by_shader(ImDrawList* list, const Figure& figure, const HeatPanel& panel,
                    const HeatPlace& place, const PlotOptions& options) {
  if (options.fields == nullptr || !options.fields->can_draw("heat_map")) return false;
  const auto columns = static_cast<float>(panel.columns), rows = static_cast<float>(panel.rows);
  const float gap = std::min(place.cell_width, place.cell_height) >= 8 ? 1.0f : 0.0f;
  std::vector<float> data = {columns, rows, gap / place.cell_width, gap / place.cell_height};
  for (std::size_t i = 0; i < panel.rows * panel.columns; ++i) {
    const double value = i < panel.values.size() ? panel.values[i] : std::nan("");
    data.push_back(std::isfinite(value) ? static_cast<float>(value) : kUnknownNumber);
  }
  FieldDrawing drawing;
  drawing.shader = "heat_map";
  drawing.box = place.cells;
  drawing.x = {0, panel.columns + 0.0};
  drawing.y = {panel.rows + 0.0, 0};  // rows run downwards
  drawing.data = data;
  drawing.scale = panel.scale;
  drawing.colours = heat_range(figure, panel);
  drawing.logarithmic = panel.logarithmic && panel.scale == ColourScale::kSequential;
  drawing.contours = panel.contours;
  drawing.opacity = options.opacity * opacity_of(panel.presence);
  options.fields->draw(list, drawing);
  return true;
}

void draw_outlines(ImDrawList* list, const HeatPanel& panel, const HeatPlace& place,
                   float opacity) {
  if (std::min(place.cell_width, place.cell_height) < kOutlinedCell) return;
  for (std::size_t i = 0; i < panel.rows * panel.columns; ++i) {
    if (!is_open(panel, i)) continue;
    const Box box = place.cell(i / panel.columns, i % panel.columns);
    list->AddRect(ImVec2(box.x0 + 1, box.y0 + 1), ImVec2(box.x1 - 1, box.y1 - 1),
                  with_alpha(theme().muted, 0.4f * opacity));
  }
}

void draw_hatching(ImDrawList* list, const HeatPanel& panel, const HeatPlace& place,
                   float opacity) {
  for (std::size_t i = 0; i < panel.rows * panel.columns; ++i) {
    if (!is_hatched(panel, i)) continue;
    Box box = place.cell(i / panel.columns, i % panel.columns);
    box.x1 -= 1;
    box.y1 -= 1;
    for (const Segment& line : hatching(box, kHatchApart))
      list->AddLine(ImVec2(line.x0, line.y0), ImVec2(line.x1, line.y1),
                    with_alpha(theme().muted, 0.45f * opacity), 1);
  }
}

/// The numbers, if all of them fit into their cells, each on a patch that covers contours.
void draw_cell_numbers(ImDrawList* list, const Figure& figure, const HeatPanel& panel,
                       const HeatPlace& place) {
  const Range range = heat_range(figure, panel);
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < panel.values.size(); ++i) {
    texts.push_back(heat_text(panel, i));
    const ImVec2 size = text_size(texts.back(), false, kCellText);
    if (size.x + 8 > place.cell_width || size.y + 4 > place.cell_height) return;
  }
  for (std::size_t i = 0; i < panel.rows * panel.columns && i < texts.size(); ++i) {
    if (texts[i].empty()) continue;
    const Box box = place.cell(i / panel.columns, i % panel.columns);
    const ImVec2 size = text_size(texts[i], false, kCellText);
    const ImVec2 at((box.x0 + box.x1 - size.x) / 2, (box.y0 + box.y1 - size.y) / 2);
    if (!std::isfinite(panel.values[i])) {  // on a patch that covers the hatching
      list->AddRectFilled(ImVec2(at.x - 2, at.y), ImVec2(at.x + size.x + 2, at.y + size.y),
                          theme().panel, 2);
      draw_text(list, at, texts[i], false, kCellText, theme().muted);
      continue;
    }
    const unsigned rgb = heat_rgb(panel.scale, heat_share(panel, range, panel.values[i]));
    const unsigned light = 3 * ((rgb >> 16) & 255) + 6 * ((rgb >> 8) & 255) + (rgb & 255);
    if (!panel.contours.empty())
      list->AddRectFilled(ImVec2(at.x - 2, at.y), ImVec2(at.x + size.x + 2, at.y + size.y),
                          colour_of(rgb, 1), 2);
    draw_text(list, at, texts[i], false, kCellText,
              light > 1300 ? IM_COL32(16, 18, 24, 255) : IM_COL32_WHITE);
  }
}

void draw_names(ImDrawList* list, const HeatPanel& panel, const HeatPlace& place) {
  const Theme& t = theme();
  draw_text(list, ImVec2(place.slot.x0, place.slot.y0), panel.title, true, kSmallSize, t.ink,
            place.slot.width());
  draw_text(list, ImVec2(place.slot.x0, place.cells.y0 - kSmallSize - 7), panel.y.label, false,
            kSmallSize, t.muted);
  float free_from = -1e9f;
  for (std::size_t c = 0; c < panel.columns; ++c) {
    const std::string name = heat_name(panel.x_labels, c);
    const Box box = place.cell(0, c);
    const float width = text_size(name, false, kTickSize).x;
    const float x = (box.x0 + box.x1 - width) / 2;
    if (x < free_from) continue;
    draw_text(list, ImVec2(x, place.cells.y1 + 3), name, false, kTickSize, t.muted);
    free_from = x + width + 8;
  }
  free_from = -1e9f;
  for (std::size_t r = 0; r < panel.rows; ++r) {
    const std::string name = heat_name(panel.y_labels, r);
    const Box box = place.cell(r, 0);
    const ImVec2 size = text_size(name, false, kTickSize);
    const float y = (box.y0 + box.y1 - size.y) / 2;
    if (y < free_from) continue;
    draw_text(list, ImVec2(place.cells.x0 - 6 - size.x, y), name, false, kTickSize, t.muted);
    free_from = y + size.y;
  }
  const float width = text_size(panel.x.label, false, kSmallSize).x;
  const float centre = (place.cells.x0 + place.cells.x1 - width) / 2;
  draw_text(list, ImVec2(std::max(place.slot.x0, centre), place.cells.y1 + kTickSize + 6),
            panel.x.label, false, kSmallSize, t.muted);
}

/// The label of the colour bar, if there is room next to the rows' name.
std::string_view bar_label(const HeatPanel& panel, const HeatPlace& place) {
  const auto width = [](const std::string& text) { return text_size(text, false, kSmallSize).x; };
  const bool fits =
      width(panel.y.label) + width(panel.value_label) + 16 < place.cells.x1 - place.slot.x0 + 30;
  return fits ? std::string_view(panel.value_label) : std::string_view();
}

/// The cell under the mouse, else the one chosen by a press or the arrow keys.
std::optional<PointRef> cell_of_interest(const Figure& figure, PlotState& state,
                                         std::span<const HeatPlace> places) {
  std::optional<PointRef> hovered;
  for (std::size_t p = 0; p < places.size(); ++p) {
    const HeatPanel& panel = figure.maps().panels[p];
    const HeatPlace& place = places[p];
    if (panel.rows == 0 || panel.columns == 0) continue;
    const int columns = static_cast<int>(panel.columns);
    const int cells = static_cast<int>(panel.rows) * columns;
    ImGui::PushID(static_cast<int>(p));
    ImGui::SetCursorScreenPos(ImVec2(place.cells.x0, place.cells.y0));
    const bool pressed = ImGui::InvisibleButton(
        "cells", ImVec2(place.cells.width(), place.cells.height()), ImGuiButtonFlags_EnableNav);
    if (ImGui::IsItemHovered()) {
      const ImVec2 mouse = ImGui::GetIO().MousePos;
      const int c = static_cast<int>((mouse.x - place.cells.x0) / place.cell_width);
      const int r = static_cast<int>((mouse.y - place.cells.y0) / place.cell_height);
      hovered = PointRef{static_cast<int>(p), std::clamp(r * columns + c, 0, cells - 1)};
      if (pressed && !ImGui::GetIO().NavVisible) state.chosen = hovered;
    }
    if (const auto step = arrow_keys_here()) {
      int cell =
          state.chosen && state.chosen->series == static_cast<int>(p) ? state.chosen->point : 0;
      if (*step == Direction::kLeft) cell -= 1;
      if (*step == Direction::kRight) cell += 1;
      if (*step == Direction::kUp) cell -= columns;
      if (*step == Direction::kDown) cell += columns;
      if (cell >= 0 && cell < cells) state.chosen = PointRef{static_cast<int>(p), cell};
    }
    ImGui::PopID();
  }
  return hovered ? hovered : state.chosen;
}

}  // namespace

void draw_contours(ImDrawList* list, const HeatPanel& panel, const Box& box) {
  const float w = box.width() / static_cast<float>(panel.columns);
  const float h = box.height() / static_cast<float>(panel.rows);
  for (const double level : panel.contours)
    for (const Segment& line : contour_lines(panel, level)) {
      const ImVec2 a(box.x0 + line.x0 * w, box.y0 + line.y0 * h);
      const ImVec2 b(box.x0 + line.x1 * w, box.y0 + line.y1 * h);
      if (has_thin_lines(panel.scale)) {
        list->AddLine(a, b, IM_COL32(16, 18, 24, 166), 1.5f);
      } else {
        list->AddLine(a, b, IM_COL32(16, 18, 24, 255), 4);
        list->AddLine(a, b, IM_COL32_WHITE, 2);
      }
    }
}

void heat_panels(ImDrawList* list, const Figure& figure, PlotState& state,
                 const PlotOptions& options, const Box& area) {
  std::vector<HeatMargins> margins;
  for (const HeatPanel& panel : figure.maps().panels) margins.push_back(margins_of(figure, panel));
  const std::vector<HeatPlace> places = heat_places(figure, area, margins);
  for (std::size_t p = 0; p < places.size(); ++p) {
    const HeatPanel& panel = figure.maps().panels[p];
    if (!draw_by_shader(list, figure, panel, places[p], options)) {
      draw_cells(list, figure, panel, places[p], options.opacity * opacity_of(panel.presence));
      draw_contours(list, panel, places[p].cells);
    }
    draw_outlines(list, panel, places[p], options.opacity * opacity_of(panel.presence));
    draw_hatching(list, panel, places[p], options.opacity * opacity_of(panel.presence));
    if (options.opacity > 0.9f && panel.presence != Presence::kBehind)
      draw_cell_numbers(list, figure, panel, places[p]);
    draw_names(list, panel, places[p]);
    if (has_known_cells(figure) && places[p].bar)
      draw_colour_bar(list, panel.scale, heat_range(figure, panel), bar_label(panel, places[p]),
                      ImVec2(places[p].cells.x1, places[p].cells.y0), places[p].cells.height(),
                      options.opacity);
  }
  if (!has_known_cells(figure)) return;
  const auto chosen = cell_of_interest(figure, state, places);
  if (!chosen || chosen->series >= static_cast<int>(places.size())) return;
  const HeatPanel& panel = figure.maps().panels[static_cast<std::size_t>(chosen->series)];
  const std::size_t row = static_cast<std::size_t>(chosen->point) / panel.columns;
  const std::size_t column = static_cast<std::size_t>(chosen->point) % panel.columns;
  state.read_out = heat_read_out(panel, row, column);
  if (state.read_out.empty()) return;
  const Box box = places[static_cast<std::size_t>(chosen->series)].cell(row, column);
  list->AddRect(ImVec2(box.x0 - 1, box.y0 - 1), ImVec2(box.x1, box.y1), theme().ink, 0, 0, 2);
  const ImVec2 middle((box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2);
  state.mark = ReadOutMark{middle, box.height() / 2, area};
}

}  // namespace attnlab
