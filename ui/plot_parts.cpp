// The read-out of a plot, and the icons it shows while there are no points.
#include "ui/plot_parts.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "imgui_internal.h"
#include "ui/icons.h"
#include "ui/plot_draw.h"
#include "ui/theme.h"

namespace attnlab {
namespace {

constexpr float kIconRadius = 30.0f;

Icon icon_of(PlotPhase phase) {
  switch (phase) {
    case PlotPhase::kPaused:
      return Icon::kPause;
    case PlotPhase::kFailed:
      return Icon::kWarning;
    default:
      return Icon::kPlay;
  }
}

void draw_loading_ring(ImDrawList* list, ImVec2 centre, float fraction) {
  constexpr float kTop = -1.5707963f, kTurn = 6.2831853f;
  list->AddCircle(centre, kIconRadius, theme().faint, 0, 4);
  if (fraction <= 0) return;
  list->PathArcTo(centre, kIconRadius, kTop, kTop + kTurn * std::min(fraction, 1.0f));
  list->PathStroke(theme().accent, 0, 4);
}

/// The narrowest width that needs no more lines than `widest` does, so that lines have similar
/// lengths.
float balanced_width(std::string_view text, float widest) {
  const float height = text_size(text, false, kTextSize, widest).y;
  float width = widest;
  while (width > 80 && text_size(text, false, kTextSize, width - 8).y <= height) width -= 8;
  return width;
}

}  // namespace

void draw_read_out(ImDrawList* list, const Figure& figure, PlotState& state, const PlotFrame& frame,
                   const Box& outer, PointRef ref) {
  const Series& series = figure.lines().series[ref.series];
  const FigurePoint& point = series.points[ref.point];
  if (is_hidden(state.hidden, series)) return;
  state.read_out = read_out(figure, ref);
  // A point outside the axes (of a guide) is marked at their edge.
  const Box& area = frame.area;
  const ImVec2 at(std::clamp(frame.x.pixel(point.x), area.x0, area.x1),
                  std::clamp(frame.y.pixel(point.y), area.y0, area.y1));
  const ImU32 colour = series_colour(series.colour);
  list->AddCircle(at, 8.5f, colour, 0, 2);
  state.mark = ReadOutMark{at, 8.5f, outer};
}

void draw_bubble(ImDrawList* list, const ReadOutMark& mark, const std::string& text) {
  const auto& [at, radius, outer] = mark;
  // One line where it fits; wrapped only where the plot is narrower than the line.
  const float widest = outer.width() - 20;
  const ImVec2 size = text_size(text, false, kTextSize, widest);
  const float left =
      std::clamp(at.x - size.x / 2, outer.x0 + 10, std::max(outer.x0 + 10, outer.x1 - size.x - 10));
  const bool above = at.y - radius - size.y - 18 >= outer.y0;
  const float top = above ? at.y - radius - size.y - 13 : at.y + radius + 12;
  const ImVec2 corner0(left - 9, top - 5), corner1(left + size.x + 9, top + size.y + 5);
  list->AddRectFilled(corner0, corner1, theme().raised, 5);
  list->AddRect(corner0, corner1, theme().faint, 5);
  draw_text(list, ImVec2(left, top), text, false, kTextSize, theme().ink, widest);
}

std::optional<Direction> arrow_keys_here() {
  if (!ImGui::IsItemFocused() || !ImGui::GetIO().NavVisible) return std::nullopt;
  static constexpr std::pair<ImGuiKey, Direction> kKeys[] = {
      {ImGuiKey_LeftArrow, Direction::kLeft},
      {ImGuiKey_RightArrow, Direction::kRight},
      {ImGuiKey_UpArrow, Direction::kUp},
      {ImGuiKey_DownArrow, Direction::kDown}};
  const ImGuiID owner = ImGui::GetItemID();
  std::optional<Direction> pressed;
  for (const auto& [key, direction] : kKeys) {
    if (ImGui::IsKeyPressed(key, ImGuiInputFlags_Repeat, owner)) pressed = direction;
    ImGui::SetKeyOwner(key, owner);
  }
  return pressed;
}

void draw_badge(ImDrawList* list, const Box& area, const PlotOptions& options) {
  const bool failed = options.phase == PlotPhase::kFailed;
  const ImU32 colour = failed ? theme().fails : theme().muted;
  const float widest = std::max(60.0f, area.width() - 60);
  const ImVec2 size = text_size(options.sentence, false, kSmallSize, widest);
  const ImVec2 corner1(area.x1, area.y0 + size.y + 10);
  const ImVec2 corner0(area.x1 - size.x - 36, area.y0);
  list->AddRectFilled(corner0, corner1, with_alpha(theme().raised, 0.94f), 5);
  list->AddRect(corner0, corner1, theme().faint, 5);
  draw_icon(list, icon_of(options.phase), ImVec2(corner0.x + 14, area.y0 + 12), 12, colour);
  draw_text(list, ImVec2(corner0.x + 27, area.y0 + 5), options.sentence, false, kSmallSize,
            failed ? theme().fails : theme().ink, widest);
}

bool empty_picture(ImDrawList* list, const Box& area, const PlotOptions& options) {
  const float widest = balanced_width(options.sentence, std::min(340.0f, area.width() - 48));
  const ImVec2 text = text_size(options.sentence, false, kTextSize, widest);
  const float height = 2 * kIconRadius + 14 + text.y;
  const ImVec2 middle((area.x0 + area.x1) / 2, (area.y0 + area.y1) / 2);
  const ImVec2 icon(middle.x, middle.y - height / 2 + kIconRadius);
  const float half = std::max(text.x / 2, kIconRadius) + 16;
  const ImVec2 corner0(middle.x - half, middle.y - height / 2 - 14);
  const ImVec2 corner1(middle.x + half, middle.y + height / 2 + 14);
  list->AddRectFilled(corner0, corner1, with_alpha(theme().ground, 0.92f), 10);

  const bool can_press = options.phase == PlotPhase::kEmpty || options.phase == PlotPhase::kPaused;
  bool pressed = false, hovered = false;
  if (can_press) {
    ImGui::SetCursorScreenPos(corner0);
    pressed = ImGui::InvisibleButton("start", ImVec2(corner1.x - corner0.x, corner1.y - corner0.y),
                                     ImGuiButtonFlags_EnableNav);
    hovered = ImGui::IsItemHovered();
    if (hovered) ImGui::SetMouseCursor(ImGuiMouseCursor_Hand);
  }
  switch (options.phase) {
    case PlotPhase::kLoading:
      draw_loading_ring(list, icon, options.fraction);
      break;
    case PlotPhase::kFailed:
      draw_icon(list, Icon::kWarning, icon, 2 * kIconRadius, theme().fails);
      break;
    case PlotPhase::kPaused:
      list->AddCircle(icon, kIconRadius, theme().muted, 0, 3);
      draw_icon(list, Icon::kPause, icon, 26, theme().muted);
      break;
    default:
      list->AddCircleFilled(icon, kIconRadius + (hovered ? 2 : 0), theme().accent);
      draw_icon(list, Icon::kPlay, icon, 26, theme().accent_ink);
      break;
  }
  draw_text_centred(list, ImVec2(middle.x, icon.y + kIconRadius + 14), options.sentence, false,
                    kTextSize, options.phase == PlotPhase::kFailed ? theme().fails : theme().ink,
                    widest);
  return pressed;
}

}  // namespace attnlab
