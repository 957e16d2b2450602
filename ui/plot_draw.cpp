// Strokes and marks of plots. Positions are logical pixels; the draw list is anti-aliased.
#include "ui/plot_draw.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/picture/marks.h"
#include "ui/theme.h"

namespace attnlab {
namespace {

constexpr float kLineWidth = 2.0f;
constexpr float kGuideWidth = 1.5f;
constexpr float kBarWidth = 1.3f;
constexpr float kMarkerRadius = 4.2f;
constexpr float kLeastBetweenMarks = 13.0f;
constexpr float kCapHalf = 3.0f;

/// Fills a polygon that is star-shaped around `centre`, with triangles.
void fill_polygon(ImDrawList* list, ImVec2 centre, std::span<const ImVec2> corners, ImU32 colour) {
  const int count = static_cast<int>(corners.size());
  const ImVec2 white = ImGui::GetFontTexUvWhitePixel();
  list->PrimReserve(3 * count, count + 1);
  const unsigned first = list->_VtxCurrentIdx;
  list->PrimWriteVtx(centre, white, colour);
  for (const ImVec2& corner : corners) list->PrimWriteVtx(corner, white, colour);
  for (unsigned i = 0; i < corners.size(); ++i) {
    list->PrimWriteIdx(static_cast<ImDrawIdx>(first));
    list->PrimWriteIdx(static_cast<ImDrawIdx>(first + 1 + i));
    list->PrimWriteIdx(static_cast<ImDrawIdx>(first + 1 + (i + 1) % corners.size()));
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
               std::span<const float> dashes) {
  if (dashes.empty()) {
    list->AddPolyline(points.data(), static_cast<int>(points.size()), colour, 0, width);
    return;
  }
  std::size_t now = 0;  // even: a dash, odd: a gap
  float left = dashes[0];
  for (std::size_t i = 1; i < points.size(); ++i) {
    const ImVec2 a = points[i - 1], b = points[i];
    const float length = std::hypot(b.x - a.x, b.y - a.y);
    for (float at = 0; at < length;) {
      const float next = std::min(length, at + left);
      const float s = at / length, t = next / length;
      if (now % 2 == 0)
        list->AddLine(ImVec2(a.x + s * (b.x - a.x), a.y + s * (b.y - a.y)),
                      ImVec2(a.x + t * (b.x - a.x), a.y + t * (b.y - a.y)), colour, width);
      left -= next - at;
      at = next;
      if (left > 1e-3f) continue;
      now = (now + 1) % dashes.size();
      left = dashes[now];
    }
  }
}

void draw_marker(ImDrawList* list, ImVec2 c, float radius, const Series& series, ImU32 colour,
                 ImU32 ground) {
  const Mark mark = mark_of(series);
  const float scale = radius / kMarkRadius;
  const ImU32 fill = mark.fill == MarkFill::kFull ? colour : ground;
  if (mark.outline.empty()) {
    list->AddCircleFilled(c, radius, fill);
    list->AddCircle(c, radius, colour, 0, kMarkLineWidth);
  } else {
    std::vector<ImVec2> outline;
    for (const MarkPoint& point : mark.outline)
      outline.emplace_back(c.x + scale * point.x, c.y + scale * point.y);
    fill_polygon(list, c, outline, fill);
    list->AddPolyline(outline.data(), static_cast<int>(outline.size()), colour, ImDrawFlags_Closed,
                      kMarkLineWidth);
  }
  if (mark.fill == MarkFill::kDotted) list->AddCircleFilled(c, scale * kMarkDot, colour);
  const float bar = scale * kMarkBar;
  if (mark.fill == MarkFill::kBarred)
    list->AddLine(ImVec2(c.x - bar, c.y), ImVec2(c.x + bar, c.y), colour, kMarkLineWidth);
}

void draw_key(ImDrawList* list, ImVec2 c, float radius, const Series& series, ImU32 colour,
              ImU32 ground) {
  if (series.role != SeriesRole::kCurve || theme().contrast)
    return draw_marker(list, c, radius, series, colour, ground);
  const float half = 1.6f * radius;
  const ImVec2 ends[] = {ImVec2(c.x - half, c.y), ImVec2(c.x + half, c.y)};
  std::vector<float> small;  // so that the pattern shows on a short piece
  for (const float length : dashes_of(series)) small.push_back(0.45f * length);
  draw_line(list, ends, colour, kLineWidth, small);
}

void draw_series(ImDrawList* list, const Series& series, const Scale& x, const Scale& y,
                 const Box& area, float opacity) {
  const std::vector<ImVec2> points = positions(series, x, y);
  if (points.empty()) return;
  const ImU32 colour = with_alpha(series_colour(series.colour), opacity);
  const bool measured = series.role == SeriesRole::kMeasured;
  list->PushClipRect(ImVec2(area.x0, area.y0), ImVec2(area.x1, area.y1), true);
  if (measured) draw_band(list, series, x, y, with_alpha(colour, 0.13f));
  if (series.role == SeriesRole::kDots) {
    for (const FigurePoint& point : series.points)
      if (x.shows(point.x) && y.shows(point.y))
        list->AddCircleFilled(ImVec2(x.pixel(point.x), y.pixel(point.y)), kDotRadius,
                              with_alpha(colour, 0.55f * opacity));
    return list->PopClipRect();
  }
  const bool curve = series.role == SeriesRole::kCurve;
  draw_line(list, points, colour, measured || curve ? kLineWidth : kGuideWidth, dashes_of(series));
  list->PopClipRect();
  const bool marked = measured || (curve && theme().contrast);
  if (!marked) return;
  const float between = measured ? kLeastBetweenMarks : kCurveMarksApart;
  const ImVec2 margin(kMarkerRadius * 2, kMarkerRadius * 2);
  list->PushClipRect(ImVec2(area.x0 - margin.x, area.y0 - margin.y),
                     ImVec2(area.x1 + margin.x, area.y1 + margin.y), true);
  ImVec2 last(-1e9f, 0);
  for (const FigurePoint& point : series.points) {
    if (!x.shows(point.x) || !y.shows(point.y)) continue;
    const ImVec2 centre(x.pixel(point.x), y.pixel(point.y));
    // Of very many points (hundreds of training steps) only some have a mark; line and band go
    // through all.
    if (std::hypot(centre.x - last.x, centre.y - last.y) < between &&
        (&point != &series.points.back() || !measured))
      continue;
    last = centre;
    if (measured) draw_error_bar(list, point, x, y, colour);
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
