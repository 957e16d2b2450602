// Draws fields: by the shader, else on a grid by the CPU.
#include "ui/field_view.h"

#include <algorithm>
#include <cmath>

#include "core/base/text.h"
#include "core/picture/heat_layout.h"
#include "ui/colour_bar.h"
#include "ui/field_layout.h"
#include "ui/field_renderer.h"
#include "ui/handles.h"
#include "ui/heat_map.h"
#include "ui/plot_draw.h"
#include "ui/plot_parts.h"
#include "ui/text_draw.h"
#include "ui/theme.h"

namespace attnlab {
namespace {

constexpr float kBetween = 12.0f;
constexpr float kPixelsPerCell = 6.0f;    // of the CPU's version
constexpr float kSmallestPlane = 180.0f;  // width of a plane next to another one
constexpr float kStackedPlane = 250.0f;   // and of planes below each other
constexpr float kNarrowArea = 480.0f;
constexpr float kHeading = 130.0f;  // title, subtitle and figure chips of a narrow lab

void draw_on_grid(ImDrawList* list, const FieldPanel& field, const FieldDrawing& drawing) {
  const Box& box = drawing.box;
  const auto columns = static_cast<std::size_t>(std::max(2.0f, box.width() / kPixelsPerCell));
  const auto rows = static_cast<std::size_t>(std::max(2.0f, box.height() / kPixelsPerCell));
  const HeatPanel panel = sampled(field, drawing.x, drawing.y, columns, rows);
  const float w = box.width() / static_cast<float>(columns);
  const float h = box.height() / static_cast<float>(rows);
  for (std::size_t i = 0; i < panel.values.size(); ++i) {
    if (!std::isfinite(panel.values[i])) continue;
    const unsigned rgb = heat_rgb(panel.scale, heat_share(panel, drawing.colours, panel.values[i]));
    const ImVec2 corner(box.x0 + w * static_cast<float>(i % columns),
                        box.y0 + h * static_cast<float>(i / columns));
    list->AddRectFilled(corner, ImVec2(corner.x + w, corner.y + h),
                        IM_COL32((rgb >> 16) & 255, (rgb >> 8) & 255, rgb & 255, 255));
  }
  draw_contours(list, panel, box);
}

void draw_field(ImDrawList* list, const Figure& figure, const FieldPanel& field, const Box& box,
                FieldRenderer* renderer) {
  FieldDrawing drawing;
  drawing.shader = field.shader;
  drawing.box = box;
  drawing.x = plane_range(figure.x);
  drawing.y = plane_range(figure.y);
  drawing.data = field.data;
  drawing.scale = field.scale;
  drawing.colours = {field.min, field.max};
  drawing.contours = field.contours;
  if (renderer != nullptr && renderer->can_draw(field.shader)) {
    renderer->draw(list, drawing);
  } else {
    draw_on_grid(list, field, drawing);
  }
}

void draw_plane(ImDrawList* list, const Figure& figure, const FieldPanel& field,
                const HandlePlane& plane) {
  const Theme& t = theme();
  const Box& a = plane.area;
  draw_text(list, ImVec2(a.x0, a.y0 - kSmallSize - 7), field.title, true, kSmallSize, t.ink,
            a.width() + 8);
  const auto tick_width = [](const TickText& text) { return tick_text_size(text, kTickSize).x; };
  for (const Tick& tick : axis_ticks(figure.x, plane.x.range, a.width(), tick_width)) {
    const float width = tick_text_size(tick.text, kTickSize).x;
    const float x = plane.x.pixel(tick.value);
    list->AddLine(ImVec2(x, a.y1), ImVec2(x, a.y1 + 3), t.muted, 1);
    draw_tick_text(list, ImVec2(x - width / 2, a.y1 + 4), tick.text, kTickSize, t.muted);
  }
  for (const Tick& tick :
       axis_ticks(figure.y, plane.y.range, a.height(), [](const TickText&) { return kTickSize; })) {
    const float width = tick_text_size(tick.text, kTickSize).x;
    const float y = plane.y.pixel(tick.value);
    list->AddLine(ImVec2(a.x0 - 3, y), ImVec2(a.x0, y), t.muted, 1);
    draw_tick_text(list, ImVec2(a.x0 - 6 - width, y - kTickSize / 2 - 1), tick.text, kTickSize,
                   t.muted);
  }
  const float width = text_size(figure.x.label, false, kSmallSize).x;
  draw_text(list, ImVec2((a.x0 + a.x1 - width) / 2, a.y1 + 4 + kTickSize), figure.x.label, false,
            kSmallSize, t.muted);
  const float high = text_size(figure.y.label, false, kSmallSize).x;
  draw_text(list, ImVec2(a.x0 - 6 - high, a.y0 - kSmallSize - 6), figure.y.label, false, kSmallSize,
            t.muted);
}

/// The field's value under the mouse.
void read_out_field(const Figure& figure, const FieldPanel& field, const HandlePlane& plane,
                    PlotState& state, const Box& outer) {
  const ImVec2 mouse = ImGui::GetIO().MousePos;
  const Box& a = plane.area;
  const bool inside = mouse.x >= a.x0 && mouse.x < a.x1 && mouse.y >= a.y0 && mouse.y < a.y1;
  if (!inside || !ImGui::IsWindowHovered(ImGuiHoveredFlags_AllowWhenBlockedByActiveItem)) return;
  state.read_out = field_read_out(figure, field, plane.x.value(mouse.x), plane.y.value(mouse.y));
  state.mark = ReadOutMark{mouse, 8, outer};
}

float right_most(const std::vector<Box>& boxes) {
  float right = boxes.front().x1;
  for (const Box& box : boxes) right = std::max(right, box.x1);
  return right;
}

FieldMargins field_margins(const Figure& figure, float width) {
  FieldMargins margins;
  if (width < kNarrowArea) margins.left = 24, margins.right = 2;
  if (!shares_colours(figure.fields().panels))
    margins.right +=
        colour_bar_width({figure.fields().panels[0].min, figure.fields().panels[0].max});
  return margins;
}

}  // namespace

float field_figure_height(const Figure& figure, float width) {
  const Range x = plane_range(figure.x), y = plane_range(figure.y);
  const FieldMargins margins = field_margins(figure, width);
  const float bar =
      colour_bar_width({figure.fields().panels[0].min, figure.fields().panels[0].max});
  const float room = width - (shares_colours(figure.fields().panels) ? bar : 0) - 4;
  const auto plane_width = [&](float across) {
    return room / across - margins.left - margins.right;
  };
  // Handles and labels need room: where two planes side by side are too small, they are stacked.
  const bool stacked = figure.fields().panels.size() > 1 && plane_width(2) < kSmallestPlane;
  const float across = stacked || figure.fields().panels.size() == 1 ? 1.0f : 2.0f;
  const float rows = std::ceil(static_cast<float>(figure.fields().panels.size()) / across);
  const auto aspect = static_cast<float>((x.hi - x.lo) / (y.hi - y.lo));
  const float widest = stacked ? std::min(kStackedPlane, plane_width(1)) : plane_width(across);
  const float plane = widest / aspect;
  return kHeading + rows * (plane + margins.top + margins.bottom + 4);
}

void field_panels(ImDrawList* list, const Figure& figure, PlotState& state,
                  const PlotOptions& options, const Box& area) {
  const Range x = plane_range(figure.x), y = plane_range(figure.y);
  const bool shared = shares_colours(figure.fields().panels);
  const float bar =
      colour_bar_width({figure.fields().panels[0].min, figure.fields().panels[0].max});
  const bool narrow = area.width() < kNarrowArea;
  const FieldMargins margins = field_margins(figure, area.width());
  Box room = area;
  if (shared) room.x1 -= bar;
  const double aspect = (x.hi - x.lo) / (y.hi - y.lo);
  const std::vector<Box> places =
      field_places(figure.fields().panels.size(), aspect, room, margins, narrow ? 4 : kBetween);
  bool busy = false;
  for (std::size_t i = 0; i < places.size(); ++i) {
    const FieldPanel& field = figure.fields().panels[i];
    const Box& box = places[i];
    HandlePlane plane{box, {false, x, box.x0, box.x1}, {false, y, box.y1, box.y0}, &field};
    draw_field(list, figure, field, box, options.fields);
    draw_plane(list, figure, field, plane);
    if (!shared || i + 1 == places.size())
      draw_colour_bar(list, field.scale, {field.min, field.max}, field.value_label,
                      shared ? ImVec2(right_most(places), places[0].y0) : ImVec2(box.x1, box.y0),
                      box.height(), 1);
    ImGui::PushID(static_cast<int>(i));
    busy |= draw_handles(list, figure, state, options, plane, area);
    ImGui::PopID();
    if (!busy) read_out_field(figure, field, plane, state, area);
  }
}

}  // namespace attnlab
