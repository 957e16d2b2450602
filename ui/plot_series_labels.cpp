// Labels of a plot: direct labels at the lines' ends, labels of guides and references inside, and
// their buttons.
#include <algorithm>
#include <cmath>

#include "ui/plot_draw.h"
#include "ui/plot_parts.h"
#include "ui/theme.h"
#include "ui/widgets.h"

namespace attnlab {
namespace {

constexpr float kLabelSize = kSmallSize;
constexpr float kGuideSize = kTickSize;
constexpr float kRowHeight = 24.0f;
constexpr float kMarkWidth = 16.0f;  // marker and gap before a label's text
constexpr float kLongestLeader = 90.0f;
constexpr float kMarkInLabel = 4.0f;  // radius

bool at_line_end(const Series& series) {
  return series.presence != Presence::kBehind &&
         (series.role == SeriesRole::kMeasured || series.role == SeriesRole::kCurve);
}

/// The last point of the series that the plot shows.
const FigurePoint* end_point(const Series& series, const PlotFrame& frame) {
  for (auto point = series.points.rbegin(); point != series.points.rend(); ++point)
    if (frame.x.shows(point->x) && frame.y.shows(point->y)) return &*point;
  return nullptr;
}

void place_end_labels(const Figure& figure, const PlotFrame& frame, std::vector<Box>& boxes) {
  std::vector<LabelWish> wishes;
  std::vector<std::size_t> indices;
  for (std::size_t s = 0; s < figure.lines().series.size(); ++s) {
    const Series& series = figure.lines().series[s];
    if (!at_line_end(series)) continue;
    const FigurePoint* end = end_point(series, frame);
    const float middle = (frame.area.y0 + frame.area.y1) / 2;
    wishes.push_back({end ? frame.y.pixel(end->y) : middle, kLabelSize + 5});
    indices.push_back(s);
  }
  const std::vector<float> centres =
      spread_labels(wishes, frame.area.y0 - 10, frame.area.y1 + 10, 3);
  const float left = frame.area.x1 + kLabelOffset - kMarkWidth;
  for (std::size_t i = 0; i < indices.size(); ++i) {
    const float width = text_size(figure.lines().series[indices[i]].label, true, kLabelSize).x;
    const float half = (kLabelSize + 5) / 2;
    boxes[indices[i]] = {left - 6, centres[i] - half, left + kMarkWidth + width + 2,
                         centres[i] + half};
  }
}

/// Calls place(series index, box) for a row of labels that wraps; returns its height.
template <class Place>
float walk_row(const Figure& figure, float x0, float y0, float width, Place place) {
  float x = x0, y = y0;
  bool any = false;
  for (std::size_t s = 0; s < figure.lines().series.size(); ++s) {
    if (!at_line_end(figure.lines().series[s])) continue;
    const float w = kMarkWidth + 6 + text_size(figure.lines().series[s].label, true, kLabelSize).x;
    if (x > x0 && x + w > x0 + width) x = x0, y += kRowHeight;
    place(s, Box{x, y, x + w, y + kRowHeight - 2});
    x += w + 10;
    any = true;
  }
  return any ? y - y0 + kRowHeight : 0;
}

std::vector<Segment> visible_segments(const Figure& figure, const PlotState& state,
                                      const PlotFrame& frame) {
  std::vector<Segment> segments;
  for (const Series& series : figure.lines().series) {
    if (is_hidden(state.hidden, series) || series.role == SeriesRole::kDots) continue;
    for (std::size_t i = 1; i < series.points.size(); ++i) {
      const FigurePoint &a = series.points[i - 1], &b = series.points[i];
      segments.push_back(
          {frame.x.pixel(a.x), frame.y.pixel(a.y), frame.x.pixel(b.x), frame.y.pixel(b.y)});
    }
  }
  return segments;
}

std::vector<Box> point_boxes(const Figure& figure, const PlotState& state, const PlotFrame& frame) {
  std::vector<Box> boxes;
  for (const Series& series : figure.lines().series) {
    if (!at_line_end(series) || is_hidden(state.hidden, series)) continue;
    for (const FigurePoint& point : series.points) {
      const float x = frame.x.pixel(point.x);
      const double error = point.error > 0 ? point.error : 0;
      boxes.push_back({x - 6, std::min(frame.y.pixel(point.y + error), frame.y.pixel(point.y) - 6),
                       x + 6,
                       std::max(frame.y.pixel(point.y - error), frame.y.pixel(point.y) + 6)});
    }
  }
  return boxes;
}

/// Boxes just above and below a line through the given points, kept inside the area.
std::vector<Box> beside(std::span<const ImVec2> points, ImVec2 size, const Box& area) {
  std::vector<Box> boxes;
  for (const ImVec2 p : points)
    for (const float dy : {-size.y - 3.0f, 3.0f}) {
      const float x = std::clamp(p.x, area.x0 + 4, std::max(area.x0 + 4, area.x1 - size.x - 4));
      const float y = std::clamp(p.y + dy, area.y0, area.y1 - size.y);
      boxes.push_back({x, y, x + size.x, y + size.y});
    }
  return boxes;
}

/// Width to which a label inside the plot is wrapped.
float inside_width(const Box& area) {
  return std::max(area.width() - 8, 60.0f);
}

ImVec2 inside_size(const std::string& text, const Box& area) {
  return text_size(text, false, kGuideSize, inside_width(area));
}

/// Boxes on both sides of an upright line at x; where there is no room, across it.
std::vector<Box> beside_upright(float x, ImVec2 size, const Box& area) {
  std::vector<Box> boxes;
  for (const float wanted : {x + 5, x - 5 - size.x}) {
    const float left = std::clamp(wanted, area.x0, std::max(area.x0, area.x1 - size.x));
    for (int k = 0; k <= 8; ++k) {
      const float y = area.y0 + static_cast<float>(k) / 8 * (area.height() - size.y);
      boxes.push_back({left, y, left + size.x, y + size.y});
    }
  }
  return boxes;
}

std::vector<ImVec2> guide_anchors(const Series& series, const PlotFrame& frame) {
  std::vector<ImVec2> anchors;
  const Box& a = frame.area;
  for (std::size_t i = 0; i + 1 < series.points.size(); ++i) {
    const FigurePoint &from = series.points[i], &to = series.points[i + 1];
    for (int k = 0; k < 4; ++k) {
      const float t = static_cast<float>(k) / 4;
      const float x = frame.x.pixel(from.x) + t * (frame.x.pixel(to.x) - frame.x.pixel(from.x));
      const float y = frame.y.pixel(from.y) + t * (frame.y.pixel(to.y) - frame.y.pixel(from.y));
      if (x >= a.x0 && x <= a.x1 && y >= a.y0 && y <= a.y1) anchors.emplace_back(x, y);
    }
  }
  return anchors;
}

void place_inside_labels(const Figure& figure, const PlotState& state, const PlotFrame& frame,
                         LabelLayout& labels) {
  std::vector<Segment> segments = visible_segments(figure, state, frame);
  for (const ReferenceLine& line : figure.lines().references)
    if (const float at = frame.x.pixel(line.at); line.vertical && frame.x.shows(line.at))
      segments.push_back({at, frame.area.y0, at, frame.area.y1});
  std::vector<Box> taken = point_boxes(figure, state, frame);
  for (const Handle& handle : figure.handles) {
    constexpr float kDisc = 12;
    const float x = frame.x.pixel(handle.x), y = frame.y.pixel(handle.y);
    taken.push_back({x - kDisc, y - kDisc,
                     x + 2 * kDisc + text_size(handle.label, false, kGuideSize).x, y + kDisc});
  }
  const auto place = [&](std::span<const Box> candidates) {
    if (candidates.empty()) return Box{};
    const Box box = candidates[least_crowded(candidates, taken, segments)];
    taken.push_back(box);
    return box;
  };
  const auto place_along = [&](const std::string& text, std::span<const ImVec2> anchors) {
    if (text.empty()) return Box{};
    return place(beside(anchors, inside_size(text, frame.area), frame.area));
  };
  for (std::size_t s = 0; s < figure.lines().series.size(); ++s)
    if (!at_line_end(figure.lines().series[s]))
      labels.series[s] = place_along(figure.lines().series[s].label,
                                     guide_anchors(figure.lines().series[s], frame));
  for (std::size_t r = 0; r < figure.lines().references.size(); ++r) {
    const ReferenceLine& line = figure.lines().references[r];
    const Scale& scale = line.vertical ? frame.x : frame.y;
    if (!scale.shows(line.at)) continue;
    const float at = scale.pixel(line.at);
    if (line.vertical) {
      if (!line.label.empty())
        labels.references[r] =
            place(beside_upright(at, inside_size(line.label, frame.area), frame.area));
      continue;
    }
    std::vector<ImVec2> anchors;
    for (int k = 0; k <= 8; ++k)
      anchors.emplace_back(frame.area.x0 + static_cast<float>(k) / 8 * frame.area.width(), at);
    labels.references[r] = place_along(line.label, anchors);
  }
}

void draw_leader(ImDrawList* list, const Series& series, const PlotFrame& frame, const Box& box,
                 ImU32 colour) {
  const FigurePoint* end = end_point(series, frame);
  if (!end) return;
  const ImVec2 from(frame.x.pixel(end->x) + 7, frame.y.pixel(end->y));
  const ImVec2 to(box.x0 + 4, (box.y0 + box.y1) / 2);
  if (to.x - from.x > kLongestLeader) return;
  list->AddLine(from, to, with_alpha(colour, 0.45f), 1);
}

}  // namespace

float series_label_width(const Figure& figure) {
  float width = 0;
  for (const Series& series : figure.lines().series)
    if (at_line_end(series)) width = std::max(width, text_size(series.label, true, kLabelSize).x);
  return width;
}

float legend_row_height(const Figure& figure, float width) {
  return walk_row(figure, 0, 0, width, [](std::size_t, Box) {}) + 4;
}

LabelLayout place_labels(const Figure& figure, const PlotState& state, const PlotFrame& frame,
                         const Box& outer, float top, bool named) {
  LabelLayout labels;
  labels.series.resize(figure.lines().series.size());
  labels.references.resize(figure.lines().references.size());
  if (frame.legend_row) {
    walk_row(figure, outer.x0, top, outer.width(),
             [&](std::size_t s, Box box) { labels.series[s] = box; });
  } else if (named) {
    place_end_labels(figure, frame, labels.series);
  }
  place_inside_labels(figure, state, frame, labels);
  return labels;
}

void drop_inside_labels(const Figure& figure, LabelLayout& labels) {
  labels.references.assign(labels.references.size(), Box{});
  for (std::size_t s = 0; s < figure.lines().series.size(); ++s)
    if (!at_line_end(figure.lines().series[s])) labels.series[s] = Box{};
}

std::string label_buttons(const Figure& figure, PlotState& state, const LabelLayout& labels,
                          bool touch) {
  std::string emphasised;
  for (std::size_t s = 0; s < figure.lines().series.size(); ++s) {
    const Series& series = figure.lines().series[s];
    Box box = labels.series[s];
    if (box.width() <= 0) continue;
    if (touch && at_line_end(series)) box.y0 -= 4, box.y1 += 4;
    ImGui::SetCursorScreenPos(ImVec2(box.x0, box.y0));
    ImGui::PushID(series.id.c_str());
    if (ImGui::InvisibleButton("toggle", ImVec2(box.width(), box.height()),
                               ImGuiButtonFlags_EnableNav)) {
      const auto at = std::find(state.hidden.begin(), state.hidden.end(), series.id);
      if (at == state.hidden.end()) {
        state.hidden.push_back(series.id);
      } else {
        state.hidden.erase(at);
      }
    }
    const bool focused = ImGui::IsItemFocused() && ImGui::GetIO().NavVisible;
    if (ImGui::IsItemHovered() || focused) emphasised = series.id;
    if (ImGui::IsItemHovered()) ImGui::SetMouseCursor(ImGuiMouseCursor_Hand);
    const bool hidden = is_hidden(state.hidden, series);
    if (hidden) {
      help_tooltip(("Show " + series.label).c_str());
      emphasised.clear();
    } else {
      help_tooltip(series.note.c_str());
    }
    ImGui::PopID();
  }
  return emphasised;
}

void draw_labels(ImDrawList* list, const Figure& figure, const PlotState& state,
                 const PlotFrame& frame, const LabelLayout& labels, const std::string& emphasised) {
  const ImU32 ground = theme().ground;
  for (std::size_t s = 0; s < figure.lines().series.size(); ++s) {
    const Series& series = figure.lines().series[s];
    const Box& box = labels.series[s];
    if (box.width() <= 0) continue;
    const bool hidden = is_hidden(state.hidden, series);
    ImU32 colour = hidden ? with_alpha(theme().muted, 0.8f) : series_colour(series.colour);
    if (!emphasised.empty() && emphasised != series.id) colour = with_alpha(colour, 0.4f);
    if (!at_line_end(series)) {
      list->AddRectFilled(ImVec2(box.x0 - 2, box.y0 + 1), ImVec2(box.x1 + 2, box.y1 - 1),
                          with_alpha(ground, 0.8f), 3);
      draw_text(list, ImVec2(box.x0, box.y0), series.label, false, kGuideSize, colour,
                inside_width(frame.area));
      if (hidden)
        list->AddLine(ImVec2(box.x0, (box.y0 + box.y1) / 2), ImVec2(box.x1, (box.y0 + box.y1) / 2),
                      colour, 1);
      continue;
    }
    const float middle = (box.y0 + box.y1) / 2;
    if (!frame.legend_row && !hidden) draw_leader(list, series, frame, box, colour);
    const float mark = box.x0 + (frame.legend_row ? 6.0f : 10.0f);
    draw_key(list, ImVec2(mark, middle), kMarkInLabel, series, colour, ground);
    const float text_x = mark + 9, height = text_size(series.label, true, kLabelSize).y;
    draw_text(list, ImVec2(text_x, middle - height / 2), series.label, true, kLabelSize, colour);
    if (hidden) list->AddLine(ImVec2(text_x, middle), ImVec2(box.x1, middle), colour, 1);
  }
  for (std::size_t r = 0; r < figure.lines().references.size(); ++r) {
    const Box& box = labels.references[r];
    if (box.width() <= 0) continue;
    list->AddRectFilled(ImVec2(box.x0 - 2, box.y0 + 1), ImVec2(box.x1 + 2, box.y1 - 1),
                        with_alpha(ground, 0.8f), 3);
    draw_text(list, ImVec2(box.x0, box.y0), figure.lines().references[r].label, false, kGuideSize,
              theme().muted, inside_width(frame.area));
  }
}

}  // namespace attnlab
