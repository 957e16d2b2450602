// The plot widget: title, axes, series, labels and read-out of one frame.
#include "ui/plot.h"

#include <algorithm>
#include <cmath>

#include "core/picture/heat_layout.h"
#include "ui/field_view.h"
#include "ui/handles.h"
#include "ui/heat_map.h"
#include "ui/plot_draw.h"
#include "ui/plot_parts.h"
#include "ui/theme.h"

namespace attnlab {
namespace {

constexpr float kReach = 22.0f;  // pixels within which the mouse finds a point
constexpr float kTouchReach = 36.0f;
constexpr float kWidest = 1.75f;  // width over height beyond which a plot stays narrower
constexpr float kInset = 10.0f;   // between the axes' ends and the area's edges
constexpr float kNarrow = 480.0f;
constexpr float kUnderPicture = 0.3f;  // opacity of guides while a picture covers the plot

float draw_heading(ImDrawList* list, const Figure& figure, bool titled, bool alone,
                   const Box& outer) {
  const bool narrow = outer.width() < kNarrow;
  const float title_size = !alone ? kTextSize : narrow ? kHeadingSize : kTitleSize;
  float y = outer.y0;
  if (titled) {
    draw_text(list, ImVec2(outer.x0, y), figure.title, true, title_size, theme().ink,
              outer.width());
    y += text_size(figure.title, true, title_size, outer.width()).y + 3;
  }
  std::string text = figure.subtitle;
  if (!figure.invitation.empty()) text += (text.empty() ? "" : " ") + figure.invitation;
  if (!text.empty()) {
    draw_text(list, ImVec2(outer.x0, y), text, false, kTextSize, theme().muted, outer.width());
    y += text_size(text, false, kTextSize, outer.width()).y;
  }
  return y + 10;
}

/// The box of axes and the labels around it, from the space below the heading.
PlotFrame lay_out(const Figure& figure, const PlotState& state, const Box& outer, float top,
                  bool named) {
  PlotFrame frame;
  frame.x = {figure.x.logarithmic, *state.held.x, 0, 1};
  frame.y = {figure.y.logarithmic, *state.held.y, 0, 1};
  const float label_height = kSmallSize + 6;
  frame.area = {outer.x0, top + label_height, outer.x1, outer.y1 - 2 * label_height - 2};
  frame.y_ticks = axis_ticks(figure.y, frame.y.range, frame.area.height(),
                             [](const TickText&) { return kTickSize; });
  float tick_width = 0;
  for (const Tick& tick : frame.y_ticks)
    tick_width = std::max(tick_width, tick_text_size(tick.text, kTickSize).x);
  const float label_width = named ? series_label_width(figure) : 0;
  frame.legend_row = label_width > 0.26f * outer.width();
  frame.area.x0 += tick_width + 8;
  frame.area.x1 -= frame.legend_row || label_width == 0 ? 8 : label_width + kLabelOffset;
  if (frame.legend_row) frame.area.y0 += legend_row_height(figure, outer.width());
  frame.area.y1 = std::max(frame.area.y1, frame.area.y0 + 60);
  frame.x.begin = frame.area.x0 + kInset;
  frame.x.end = frame.area.x1 - kInset;
  frame.y.begin = frame.area.y1;
  frame.y.end = frame.area.y0;
  frame.x_ticks =
      axis_ticks(figure.x, frame.x.range, frame.x.end - frame.x.begin,
                 [](const TickText& text) { return tick_text_size(text, kTickSize).x; });
  frame.y_ticks = axis_ticks(figure.y, frame.y.range, frame.area.height(),
                             [](const TickText&) { return kTickSize; });
  return frame;
}

void draw_axes(ImDrawList* list, const Figure& figure, const PlotFrame& frame, const Box& outer) {
  const Box& area = frame.area;
  const Theme& t = theme();
  for (const Tick& tick : frame.y_ticks) {
    const float y = std::round(frame.y.pixel(tick.value)) + 0.5f;
    list->AddLine(ImVec2(area.x0, y), ImVec2(area.x1, y), t.grid, 1);
    const ImVec2 size = tick_text_size(tick.text, kTickSize);
    draw_tick_text(list, ImVec2(area.x0 - 8 - size.x, y - size.y / 2), tick.text, kTickSize,
                   t.muted);
  }
  for (const Tick& tick : frame.x_ticks) {
    const float x = std::round(frame.x.pixel(tick.value)) + 0.5f;
    list->AddLine(ImVec2(x, area.y0), ImVec2(x, area.y1), t.grid, 1);
    const ImVec2 size = tick_text_size(tick.text, kTickSize);
    const float left = std::clamp(x - size.x / 2, outer.x0, outer.x1 - size.x);
    draw_tick_text(list, ImVec2(left, area.y1 + 5), tick.text, kTickSize, t.muted);
  }
  draw_text(list, ImVec2(outer.x0, area.y0 - kSmallSize - 8), figure.y.label, false, kSmallSize,
            t.muted);
  const float width = text_size(figure.x.label, false, kSmallSize).x;
  const float centre = (area.x0 + area.x1 - width) / 2;
  draw_text(
      list,
      ImVec2(std::max(outer.x0, std::min(centre, outer.x1 - width)), area.y1 + kTickSize + 10),
      figure.x.label, false, kSmallSize, t.muted);
}

void draw_references(ImDrawList* list, const Figure& figure, const PlotFrame& frame,
                     float opacity) {
  const ImU32 colour = with_alpha(theme().muted, opacity);
  for (const ReferenceLine& line : figure.lines().references) {
    const Scale& scale = line.vertical ? frame.x : frame.y;
    if (!scale.shows(line.at)) continue;
    const float at = std::round(scale.pixel(line.at)) + 0.5f;
    const Box& a = frame.area;
    if (line.vertical) {
      list->AddLine(ImVec2(at, a.y0), ImVec2(at, a.y1), colour, 1);
    } else {
      list->AddLine(ImVec2(a.x0, at), ImVec2(a.x1, at), colour, 1);
    }
  }
}

/// `covered`: there is no point yet, and an icon with a sentence covers the plot.
void draw_all_series(ImDrawList* list, const Figure& figure, const PlotState& state,
                     const PlotFrame& frame, const PlotOptions& options, bool covered,
                     const std::vector<std::string>& emphasised) {
  const auto layer = [](const Series& series) {
    if (series.presence == Presence::kBehind) return 0;
    return series.role == SeriesRole::kMeasured ? 2 : 1;
  };
  for (const int now : {0, 1, 2})
    for (const Series& series : figure.lines().series) {
      if (layer(series) != now || is_hidden(state.hidden, series)) continue;
      const bool measured = series.role == SeriesRole::kMeasured;
      float opacity = measured ? options.opacity : covered ? kUnderPicture : 0.9f;
      opacity *= opacity_of(series.presence);
      if (!emphasised.empty() && std::ranges::count(emphasised, series.id) == 0) opacity *= 0.25f;
      draw_series(list, series, frame.x, frame.y, frame.area, opacity);
    }
}

/// The point to read out: under the mouse, else the one chosen by key or tap.
std::optional<PointRef> point_of_interest(const Figure& figure, PlotState& state,
                                          const PlotFrame& frame, const PlotOptions& options) {
  const Box& area = frame.area;
  ImGui::SetCursorScreenPos(ImVec2(area.x0, area.y0));
  ImGui::SetNextItemAllowOverlap();
  const bool pressed = ImGui::InvisibleButton("points", ImVec2(area.width(), area.height()),
                                              ImGuiButtonFlags_EnableNav);
  if (const auto step = arrow_keys_here()) {
    state.chosen = step_point(figure, state.hidden, state.chosen, *step);
    state.stepped = state.chosen.has_value();
  }
  std::optional<PointRef> hovered;
  if (ImGui::IsItemHovered()) {
    const ImVec2 mouse = ImGui::GetIO().MousePos;
    hovered = nearest_point(figure, state.hidden, frame.x, frame.y, mouse.x, mouse.y,
                            options.touch ? kTouchReach : kReach);
  }
  const bool stays = options.walk && !hovered;
  if (pressed && !ImGui::GetIO().NavVisible && !stays) state.chosen = hovered;
  if (hovered) return hovered;
  if (options.walk) return options.walk->at;
  if (state.chosen && read_out(figure, *state.chosen).empty()) state.chosen.reset();
  return state.chosen;
}

/// Limits grow at once and shrink at rest, so that a picture under the hand does not jump.
void hold_limits(const Figure& figure, PlotState& state, bool settled) {
  const auto held = [&](const std::optional<Range>& before, Range fitting) {
    return settled || !before ? fitting : united(*before, fitting);
  };
  state.held = {held(state.held.x, x_range(figure, state.hidden)),
                held(state.held.y, y_range(figure, state.hidden))};
}

bool line_plot(ImDrawList* list, const Figure& figure, PlotState& state, const PlotOptions& options,
               const Box& outer, float top) {
  hold_limits(figure, state, options.settled);
  const PlotFrame frame = lay_out(figure, state, outer, top, options.named);
  const bool shows_points = has_measured_points(figure);
  const bool live = options.phase == PlotPhase::kShown && !figure.handles.empty();
  const bool covered = !has_results(figure) && !live;
  draw_axes(list, figure, frame, outer);
  draw_references(list, figure, frame, covered ? kUnderPicture : 0.8f);
  const auto point =
      shows_points ? point_of_interest(figure, state, frame, options) : std::optional<PointRef>();
  LabelLayout labels = place_labels(figure, state, frame, outer, top, options.named);
  if (covered) drop_inside_labels(figure, labels);  // the picture is there
  const std::string emphasised = label_buttons(figure, state, labels, options.touch);
  draw_all_series(list, figure, state, frame, options, covered,
                  emphasised.empty() ? options.emphasised : std::vector<std::string>{emphasised});
  draw_labels(list, figure, state, frame, labels, emphasised);
  const bool on_handle =
      draw_handles(list, figure, state, options, {frame.area, frame.x, frame.y}, outer);
  const bool pointed = point && !on_handle && (!options.walk || *point != options.walk->at);
  if (pointed) {
    draw_read_out(list, figure, state, frame, outer, *point);
  } else if (options.walk) {
    draw_read_out(list, figure, state, frame, outer, options.walk->at);
    state.read_out = options.walk->sentence;
  }
  if (live) return false;
  if (covered) return empty_picture(list, frame.area, options);
  if (options.phase == PlotPhase::kPaused || options.phase == PlotPhase::kFailed)
    draw_badge(list, frame.area, options);
  return false;
}

bool heat_plot(ImDrawList* list, const Figure& figure, PlotState& state, const PlotOptions& options,
               const Box& outer, float top) {
  const Box area{outer.x0, top, outer.x1, outer.y1};
  heat_panels(list, figure, state, options, area);
  if (!has_known_cells(figure)) return empty_picture(list, area, options);
  if (options.phase == PlotPhase::kPaused || options.phase == PlotPhase::kFailed)
    draw_badge(list, area, options);
  return false;
}

bool field_plot(ImDrawList* list, const Figure& figure, PlotState& state,
                const PlotOptions& options, const Box& outer, float top) {
  const Box area{outer.x0, top, outer.x1, outer.y1};
  if (options.phase == PlotPhase::kFailed) return empty_picture(list, area, options);
  field_panels(list, figure, state, options, area);
  return false;
}

}  // namespace

bool plot(const char* id, const Figure& figure, PlotState& state, const PlotOptions& options,
          ImVec2 size) {
  ImGui::PushID(id);
  ImDrawList* list = ImGui::GetWindowDrawList();
  const ImVec2 origin = ImGui::GetCursorScreenPos();
  Box outer{origin.x, origin.y, origin.x + size.x, origin.y + size.y};
  const bool widest = std::holds_alternative<LinePlot>(figure.content) && options.named;
  if (widest && size.x > kWidest * size.y) {
    const float margin = (size.x - kWidest * size.y) / 2;
    outer.x0 += margin, outer.x1 -= margin;
  }
  state.read_out.clear();
  state.mark.reset();
  state.moved.reset();
  state.stepped = false;
  state.grabs.clear();
  const float top = draw_heading(list, figure, options.titled, options.named, outer);
  const auto draw = [&](auto& kind) { return kind(list, figure, state, options, outer, top); };
  const bool pressed = std::visit(Cases{[&](const LinePlot&) { return draw(line_plot); },
                                        [&](const HeatMaps&) { return draw(heat_plot); },
                                        [&](const Fields&) { return draw(field_plot); },
                                        [&](const Together&) { return draw(together_plot); }},
                                  figure.content);
  if (state.mark) draw_bubble(list, *state.mark, state.read_out);
  ImGui::SetCursorScreenPos(origin);
  ImGui::Dummy(size);
  ImGui::PopID();
  return pressed;
}

}  // namespace attnlab
