// Line plots in an SVG document: axes, guides, curves, labels.
#include <algorithm>
#include <cmath>

#include "core/base/text.h"
#include "core/picture/marks.h"
#include "core/picture/plot_layout.h"
#include "core/picture/svg_parts.h"

namespace attnlab {
namespace {

constexpr float kReferenceLine = kSvgSmall * 1.25f;  // height of a line of a reference's label

constexpr float kInset = 10;     // between the axes' ends and the area's edges
constexpr float kLabelGap = 14;  // from the area's edge to the labels of the curves

std::string points_text(const Series& series, const Scale& x, const Scale& y) {
  std::string text;
  for (const FigurePoint& point : series.points) {
    if (!std::isfinite(point.x) || !std::isfinite(point.y)) continue;
    text += (text.empty() ? "" : " ") + svg_number(x.pixel(point.x)) + "," +
            svg_number(y.pixel(point.y));
  }
  return text;
}

std::string disc_path(float radius) {
  const std::string r = svg_number(radius), across = svg_number(2 * radius);
  const std::string half = "a" + r + "," + r + " 0 1 0 ";
  return "M-" + r + ",0" + half + across + ",0" + half + "-" + across + ",0z";
}

/// The outline, and the strokes of a dot or bar inside it.
std::string mark_path(const Mark& mark) {
  std::string path = mark.outline.empty() ? disc_path(kMarkRadius) : "M";
  for (const MarkPoint& point : mark.outline) {
    path += (&point == mark.outline.data() ? "" : "L") + svg_number(point.x) + "," +
            svg_number(point.y);
  }
  if (!mark.outline.empty()) path += 'z';
  // A circle whose line is as wide as its radius, outside and inside, is a dot.
  if (mark.fill == MarkFill::kDotted) path += disc_path(kMarkDot - kMarkLineWidth / 2);
  if (mark.fill == MarkFill::kBarred) {
    path += "M-" + svg_number(kMarkBar) + ",0H" + svg_number(kMarkBar);
  }
  return path;
}

std::string dashes(const Series& series) {
  std::string lengths;
  for (const float length : dashes_of(series))
    lengths += (lengths.empty() ? "" : " ") + svg_number(length);
  return lengths.empty() ? lengths : " stroke-dasharray=\"" + lengths + "\"";
}

/// Pages may hold several of these documents, whose names must not meet.
std::string area_id(const Box& area) {
  std::string id = "area";
  for (const float side : {area.x0, area.y0, area.x1, area.y1})
    id += "-" + exact_text(static_cast<std::int64_t>(std::lround(side * 100)));
  return id;
}

std::string clip_path(const Box& area) {
  return "<clipPath id=\"" + area_id(area) + "\"><rect x=\"" + svg_number(area.x0) + "\" y=\"" +
         svg_number(area.y0) + "\" width=\"" + svg_number(area.width()) + "\" height=\"" +
         svg_number(area.height()) + "\"/></clipPath>\n";
}

/// Attributes of the path; the stroke is the curve's.
std::string mark_shape(const Svg& svg, const Series& series, float x, float y) {
  const Mark mark = mark_of(series);
  const std::string fill =
      mark.fill == MarkFill::kFull ? svg.series_colour(series.colour) : svg.colours().ground;
  return " stroke-width=\"" + svg_number(kMarkLineWidth) + "\" fill=\"" + fill +
         "\" transform=\"translate(" + svg_number(x) + "," + svg_number(y) + ")\" d=\"" +
         mark_path(mark) + "\"";
}

/// Without its title.
void draw_mark(Svg& svg, const Series& series, float x, float y) {
  svg.add("<path stroke=\"" + svg.series_colour(series.colour) + "\"" +
          mark_shape(svg, series, x, y) + "/>");
}

class LineFigure {
 public:
  LineFigure(Svg& svg, const Figure& figure, const Box& outer, bool named)
      : svg_(svg), figure_(figure), outer_(outer), named_(named) {}

  void draw() {
    lay_out();
    draw_grid();
    for (const ReferenceLine& line : figure_.lines().references) draw_reference(line);
    for (const bool measured : {false, true})
      for (std::size_t i = 0; i < figure_.lines().series.size(); ++i)
        if ((figure_.lines().series[i].role == SeriesRole::kMeasured) == measured) draw_series(i);
    svg_handles(svg_, figure_, axes_, nullptr);
    if (named_) draw_labels();
    draw_walked();
  }
  const SvgPlane& axes() const { return axes_; }

 private:
  void lay_out() {
    float labels = 0;
    for (const Series& series : figure_.lines().series)
      if (named_ && !series.points.empty())
        labels = std::max(labels, svg_text_width(series.label, kSvgSmall) + label_gap());
    axes_.area = {outer_.x0 + 52, outer_.y0 + 24, outer_.x1 - std::min(labels, outer_.width() / 3),
                  outer_.y1 - 44};
    axes_.x = {figure_.x.logarithmic, x_range(figure_, {}), axes_.area.x0 + kInset,
               axes_.area.x1 - kInset};
    axes_.y = {figure_.y.logarithmic, y_range(figure_, {}), axes_.area.y1, axes_.area.y0};
  }

  void draw_grid() {
    const Box& area = axes_.area;
    const auto width = [](const TickText& text) {
      return svg_text_width(text.base + text.superscript, kSvgSmall);
    };
    const auto height = [](const TickText&) { return kSvgSmall; };
    for (const Tick& tick : axis_ticks(figure_.y, axes_.y.range, area.height(), height)) {
      const float y = std::round(axes_.y.pixel(tick.value));
      svg_.line(area.x0, y, area.x1, y, svg_.colours().grid);
      svg_.tick(area.x0 - 8, y + 4, tick.text, "end");
    }
    for (const Tick& tick :
         axis_ticks(figure_.x, axes_.x.range, axes_.x.end - axes_.x.begin, width)) {
      const float x = std::round(axes_.x.pixel(tick.value));
      svg_.line(x, area.y0, x, area.y1, svg_.colours().grid);
      svg_.tick(x, area.y1 + 17, tick.text, "middle");
    }
    svg_.text(outer_.x0, area.y0 - 10, figure_.y.label, svg_.colours().muted);
    svg_.text((area.x0 + area.x1) / 2, area.y1 + 36, figure_.x.label, svg_.colours().muted,
              {.anchor = "middle"});
  }

  void draw_reference(const ReferenceLine& line) {
    const Scale& scale = line.vertical ? axes_.x : axes_.y;
    if (!scale.shows(line.at)) return;
    const float at = std::round(scale.pixel(line.at));
    const Box& a = axes_.area;
    const std::string& muted = svg_.colours().muted;
    if (line.vertical) {
      svg_.line(at, a.y0, at, a.y1, muted);
      const bool right = at < (a.x0 + a.x1) / 2;  // the side of the line with more room
      const float room = (right ? a.x1 - at : at - a.x0) - 8;
      float y = a.y0 + 12;
      for (const std::string& words : Svg::lines(line.label, room, kSvgSmall)) {
        svg_.text(at + (right ? 4 : -4), y, words, muted, {.anchor = right ? "start" : "end"});
        y += kReferenceLine;
      }
    } else {
      svg_.line(a.x0, at, a.x1, at, muted);
      const std::vector<std::string> words = Svg::lines(line.label, a.width() - 8, kSvgSmall);
      const float more = kReferenceLine * static_cast<float>(words.size() - !words.empty());
      const bool above = at - kSvgSmall - 5 - more > a.y0;
      float y = above ? at - 5 - more : at + kSvgSmall + 2;
      for (const std::string& part : words) {
        svg_.text(a.x0 + 4, y, part, muted);
        y += kReferenceLine;
      }
    }
  }

  void draw_series(std::size_t index) {
    const Series& series = figure_.lines().series[index];
    const std::string line = points_text(series, axes_.x, axes_.y);
    if (line.empty()) return;
    const std::string colour = svg_.series_colour(series.colour);
    if (series.role == SeriesRole::kDots) return draw_dots(series, colour);
    const bool measured = series.role == SeriesRole::kMeasured;
    svg_.add("<g fill=\"none\" stroke=\"" + colour + "\"" + svg_opacity(series.presence) + ">");
    svg_.add("<polyline clip-path=\"url(#" + area_id(axes_.area) + ")\" stroke-width=\"" +
             std::string(measured || series.role == SeriesRole::kCurve ? "2" : "1.5") + "\"" +
             dashes(series) + " points=\"" + line + "\"/>");
    if (measured)
      for (std::size_t i = 0; i < series.points.size(); ++i) draw_point(index, i);
    if (svg_.marks_curves() && series.role == SeriesRole::kCurve) mark_curve(series);
    svg_.add("</g>\n");
  }

  void draw_dots(const Series& series, const std::string& colour) {
    std::string path;
    for (const FigurePoint& point : series.points)
      if (axes_.x.shows(point.x) && axes_.y.shows(point.y))
        path += "M" + svg_number(axes_.x.pixel(point.x)) + "," +
                svg_number(axes_.y.pixel(point.y)) + "h0";
    svg_.add("<path clip-path=\"url(#" + area_id(axes_.area) + ")\" fill=\"none\" stroke=\"" +
             colour + "\" stroke-opacity=\"0.55\" stroke-linecap=\"round\" stroke-width=\"" +
             svg_number(2 * kDotRadius) + "\" d=\"" + path + "\"" + svg_opacity(series.presence) +
             "/>\n");
  }

  void draw_point(std::size_t s, std::size_t i) {
    const Series& series = figure_.lines().series[s];
    const FigurePoint& point = series.points[i];
    if (!std::isfinite(point.x) || !std::isfinite(point.y)) return;
    const float x = axes_.x.pixel(point.x), y = axes_.y.pixel(point.y);
    const auto clamped = [&](double value) {
      return std::clamp(axes_.y.pixel(value), axes_.area.y0, axes_.area.y1);
    };
    if (point.error > 0)
      svg_.add("<path d=\"M" + svg_number(x) + "," + svg_number(clamped(point.y + point.error)) +
               "V" + svg_number(clamped(point.y - point.error)) + "\"/>");
    svg_.add("<path class=\"point\"" + mark_shape(svg_, series, x, y) + "><title>" +
             xml_text(read_out(figure_, {static_cast<int>(s), static_cast<int>(i)})) +
             "</title></path>");
  }

  /// A ring around the point where the reader is.
  void draw_walked() {
    if (!can_stand(figure_, {}, figure_.walked)) return;
    const Series& series = figure_.lines().series[figure_.walked.series];
    const FigurePoint& point = series.points[figure_.walked.point];
    const Box& area = axes_.area;
    svg_.add("<circle class=\"walked\" fill=\"none\" stroke-width=\"2\" r=\"8.5\" stroke=\"" +
             svg_.series_colour(series.colour) + "\" cx=\"" +
             svg_number(std::clamp(axes_.x.pixel(point.x), area.x0, area.x1)) + "\" cy=\"" +
             svg_number(std::clamp(axes_.y.pixel(point.y), area.y0, area.y1)) + "\"/>\n");
  }

  /// At the curves' ends, pushed apart.
  void draw_labels() {
    std::vector<LabelWish> wishes;
    std::vector<const Series*> labelled;
    for (const Series& series : figure_.lines().series) {
      const auto last = std::find_if(series.points.rbegin(), series.points.rend(),
                                     [](const FigurePoint& p) { return std::isfinite(p.y); });
      if (last == series.points.rend() || series.label.empty()) continue;
      const float y = std::clamp(axes_.y.pixel(last->y), axes_.area.y0, axes_.area.y1);
      wishes.push_back({y, kSvgSmall + 2});
      labelled.push_back(&series);
    }
    const std::vector<float> centres = spread_labels(wishes, axes_.area.y0, axes_.area.y1 + 8, 1);
    for (std::size_t i = 0; i < labelled.size(); ++i) draw_label(*labelled[i], centres[i]);
  }

  float label_gap() const { return svg_.marks_curves() ? kLabelGap + 14 : kLabelGap; }

  void draw_label(const Series& series, float y) {
    const std::string colour = svg_.series_colour(series.colour);
    const bool marked = series.role == SeriesRole::kMeasured || series.role == SeriesRole::kCurve;
    if (svg_.marks_curves() && marked) draw_mark(svg_, series, axes_.area.x1 + kLabelGap - 1, y);
    svg_.text(axes_.area.x1 + label_gap() - 4, y + 4, series.label, colour);
  }

  /// Marks along a curve that has none of its own.
  void mark_curve(const Series& series) {
    float last_x = -kCurveMarksApart, last_y = 0;
    for (const FigurePoint& point : series.points) {
      if (!axes_.x.shows(point.x) || !axes_.y.shows(point.y)) continue;
      const float x = axes_.x.pixel(point.x), y = axes_.y.pixel(point.y);
      if (std::hypot(x - last_x, y - last_y) < kCurveMarksApart) continue;
      last_x = x, last_y = y;
      draw_mark(svg_, series, x, y);
    }
  }

  Svg& svg_;
  const Figure& figure_;
  Box outer_;
  bool named_;
  SvgPlane axes_;
};

}  // namespace

SvgPlane svg_lines(Svg& svg, const Figure& figure, const Box& outer, bool named,
                   std::string& clip) {
  LineFigure lines(svg, figure, outer, named);
  lines.draw();
  clip += clip_path(lines.axes().area);
  return lines.axes();
}

void svg_sample(Svg& svg, const Series& series, const Box& place) {
  const float y = (place.y0 + place.y1) / 2;
  const bool strong = series.role == SeriesRole::kMeasured || series.role == SeriesRole::kCurve;
  const std::string colour = svg.series_colour(series.colour);
  if (series.role != SeriesRole::kDots)
    svg.add("<path fill=\"none\" stroke-width=\"" + std::string(strong ? "2" : "1.5") +
            "\" stroke=\"" + colour + "\"" + dashes(series) + " d=\"M" + svg_number(place.x0) +
            "," + svg_number(y) + "H" + svg_number(place.x1) + "\"/>");
  const bool marked = series.role == SeriesRole::kMeasured || series.role == SeriesRole::kDots ||
                      (series.role == SeriesRole::kCurve && svg.marks_curves());
  if (marked) draw_mark(svg, series, (place.x0 + place.x1) / 2, y);
}

}  // namespace attnlab
