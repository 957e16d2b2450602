// Strokes and marks of plots. Positions are logical pixels; the draw list is anti-aliased.
#include "ui/plot_draw.h"

#include <algorithm>
#include <cmath>

#include "ui/theme.h"

namespace attnlab {
namespace {

constexpr float kLineWidth = 2.0f;
constexpr float kGuideWidth = 1.5f;
constexpr float kBarWidth = 1.3f;
constexpr float kMarkerRadius = 4.2f;
constexpr float kLeastBetweenMarks = 13.0f;
constexpr float kCapHalf = 3.0f;
constexpr int kShapes = 8;

struct Pattern {
  float on, off;
};

Pattern pattern_of(Dash dash) {
  switch (dash) {
    case Dash::kLong:
      return {11, 4};
    case Dash::kDashed:
      return {6, 4};
    case Dash::kDotted:
      return {1.6f, 3.6f};
    case Dash::kSolid:
      break;
  }
  return {1, 0};
}

Dash dash_of(const Series& series) {
  switch (series.role) {
    case SeriesRole::kTheory:
      return Dash::kDashed;
    case SeriesRole::kExact:
      return Dash::kDotted;
    case SeriesRole::kFit:
      return Dash::kSolid;
    case SeriesRole::kCurve:
    case SeriesRole::kMeasured:
      break;
  }
  return series.variant == 0 ? Dash::kSolid : Dash::kLong;
}

void polygon(ImDrawList* list, ImVec2 c, float r, int corners, float turn, ImU32 fill,
             ImU32 stroke) {
  ImVec2 points[12];
  for (int i = 0; i < corners; ++i) {
    const float a = turn + 6.2831853f * static_cast<float>(i) / static_cast<float>(corners);
    points[i] = ImVec2(c.x + r * std::cos(a), c.y + r * std::sin(a));
  }
  list->AddConvexPolyFilled(points, corners, fill);
  list->AddPolyline(points, corners, stroke, ImDrawFlags_Closed, 1.5f);
}

void arms(ImDrawList* list, ImVec2 c, float r, int count, float turn, ImU32 colour) {
  for (int i = 0; i < count; ++i) {
    const float a = turn + 3.1415927f * static_cast<float>(i) / static_cast<float>(count);
    const ImVec2 d(r * std::cos(a), r * std::sin(a));
    list->AddLine(ImVec2(c.x - d.x, c.y - d.y), ImVec2(c.x + d.x, c.y + d.y), colour, 2.0f);
  }
}

std::vector<ImVec2> positions(const Series& series, const Scale& x, const Scale& y) {
  std::vector<ImVec2> result;
  result.reserve(series.points.size());
  for (const FigurePoint& point : series.points) {
    if (!std::isfinite(point.x) || !std::isfinite(point.y)) continue;
    result.emplace_back(x.pixel(point.x), y.pixel(point.y));
  }
  return result;
}

void draw_band(ImDrawList* list, const Series& series, const Scale& x, const Scale& y,
               ImU32 colour) {
  for (std::size_t i = 1; i < series.points.size(); ++i) {
    const FigurePoint& a = series.points[i - 1];
    const FigurePoint& b = series.points[i];
    if (!(a.error > 0) || !(b.error > 0)) continue;
    list->AddQuadFilled(ImVec2(x.pixel(a.x), y.pixel(a.y + a.error)),
                        ImVec2(x.pixel(b.x), y.pixel(b.y + b.error)),
                        ImVec2(x.pixel(b.x), y.pixel(b.y - b.error)),
                        ImVec2(x.pixel(a.x), y.pixel(a.y - a.error)), colour);
  }
}

void draw_error_bar(ImDrawList* list, const FigurePoint& point, const Scale& x, const Scale& y,
                    ImU32 colour) {
  if (!(point.error > 0)) return;
  const float px = x.pixel(point.x);
  const float top = y.pixel(point.y + point.error), bottom = y.pixel(point.y - point.error);
  if (std::abs(bottom - top) < 2) return;
  list->AddLine(ImVec2(px, top), ImVec2(px, bottom), colour, kBarWidth);
  list->AddLine(ImVec2(px - kCapHalf, top), ImVec2(px + kCapHalf, top), colour, kBarWidth);
  if (!y.logarithmic || point.y > point.error)
    list->AddLine(ImVec2(px - kCapHalf, bottom), ImVec2(px + kCapHalf, bottom), colour, kBarWidth);
}

}  // namespace

void draw_line(ImDrawList* list, std::span<const ImVec2> points, ImU32 colour, float width,
               Dash dash) {
  if (dash == Dash::kSolid) {
    list->AddPolyline(points.data(), static_cast<int>(points.size()), colour, 0, width);
    return;
  }
  const Pattern pattern = pattern_of(dash);
  bool on = true;
  float left = pattern.on;
  for (std::size_t i = 1; i < points.size(); ++i) {
    const ImVec2 a = points[i - 1], b = points[i];
    const float length = std::hypot(b.x - a.x, b.y - a.y);
    for (float at = 0; at < length;) {
      const float next = std::min(length, at + left);
      const float s = at / length, t = next / length;
      if (on)
        list->AddLine(ImVec2(a.x + s * (b.x - a.x), a.y + s * (b.y - a.y)),
                      ImVec2(a.x + t * (b.x - a.x), a.y + t * (b.y - a.y)), colour, width);
      left -= next - at;
      at = next;
      if (left > 1e-3f) continue;
      on = !on;
      left = on ? pattern.on : pattern.off;
    }
  }
}

void draw_marker(ImDrawList* list, ImVec2 c, float radius, const Series& series, ImU32 colour,
                 ImU32 ground) {
  const ImU32 fill = series.variant > 0 ? ground : colour;
  constexpr float kUp = -1.5707963f, kQuarter = 0.7853982f;
  switch ((series.colour + 3 * series.variant) % kShapes) {
    case 0:
      list->AddCircleFilled(c, radius, fill);
      list->AddCircle(c, radius, colour, 0, 1.5f);
      break;
    case 1:
      polygon(list, c, radius * 1.2f, 4, kQuarter, fill, colour);
      break;  // square
    case 2:
      polygon(list, c, radius * 1.25f, 3, kUp, fill, colour);
      break;  // triangle
    case 3:
      polygon(list, c, radius * 1.3f, 4, kUp, fill, colour);
      break;  // diamond
    case 4:
      polygon(list, c, radius * 1.25f, 3, -kUp, fill, colour);
      break;  // down
    case 5:
      arms(list, c, radius * 1.2f, 2, 0, colour);
      break;  // plus
    case 6:
      arms(list, c, radius * 1.2f, 2, kQuarter, colour);
      break;  // cross
    default:
      polygon(list, c, radius * 1.15f, 6, kUp, fill, colour);
      break;  // hexagon
  }
}

void draw_key(ImDrawList* list, ImVec2 c, float radius, const Series& series, ImU32 colour,
              ImU32 ground) {
  if (series.role != SeriesRole::kCurve)
    return draw_marker(list, c, radius, series, colour, ground);
  const float half = 1.4f * radius, gap = series.variant > 0 ? 1.5f : 0.0f;  // two dashes, or one
  for (const float side : {-1.0f, 1.0f})
    list->AddLine(ImVec2(c.x + side * gap, c.y), ImVec2(c.x + side * half, c.y), colour,
                  kLineWidth);
}

void draw_series(ImDrawList* list, const Series& series, const Scale& x, const Scale& y,
                 const Box& area, float opacity) {
  const std::vector<ImVec2> points = positions(series, x, y);
  if (points.empty()) return;
  const ImU32 colour = with_alpha(series_colour(series.colour), opacity);
  const bool measured = series.role == SeriesRole::kMeasured;
  list->PushClipRect(ImVec2(area.x0, area.y0), ImVec2(area.x1, area.y1), true);
  if (measured) draw_band(list, series, x, y, with_alpha(colour, 0.13f));
  const bool curve = series.role == SeriesRole::kCurve;
  draw_line(list, points, colour, measured || curve ? kLineWidth : kGuideWidth, dash_of(series));
  list->PopClipRect();
  if (!measured) return;
  const ImVec2 margin(kMarkerRadius * 2, kMarkerRadius * 2);
  list->PushClipRect(ImVec2(area.x0 - margin.x, area.y0 - margin.y),
                     ImVec2(area.x1 + margin.x, area.y1 + margin.y), true);
  ImVec2 last(-1e9f, 0);
  for (const FigurePoint& point : series.points) {
    if (!x.shows(point.x) || !y.shows(point.y)) continue;
    const ImVec2 centre(x.pixel(point.x), y.pixel(point.y));
    // Of a crowd (hundreds of training steps) only some have a mark; line and band go through all.
    if (std::hypot(centre.x - last.x, centre.y - last.y) < kLeastBetweenMarks &&
        &point != &series.points.back())
      continue;
    last = centre;
    draw_error_bar(list, point, x, y, colour);
    // A rim in the ground's colour keeps marks apart where curves meet.
    list->AddCircleFilled(centre, kMarkerRadius + 2, with_alpha(theme().ground, opacity));
    draw_marker(list, centre, kMarkerRadius, series, colour, theme().ground);
  }
  list->PopClipRect();
}

ImVec2 tick_text_size(const TickText& text, float size) {
  const ImVec2 base = text_size(text.base, false, size);
  return {
      base.x + (text.superscript.empty() ? 0 : text_size(text.superscript, false, size * 0.75f).x),
      base.y};
}

void draw_tick_text(ImDrawList* list, ImVec2 position, const TickText& text, float size,
                    ImU32 colour) {
  draw_text(list, position, text.base, false, size, colour);
  if (text.superscript.empty()) return;
  const float width = text_size(text.base, false, size).x;
  draw_text(list, ImVec2(position.x + width, position.y - size * 0.22f), text.superscript, false,
            size * 0.75f, colour);
}

}  // namespace attnlab
