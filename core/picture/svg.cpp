// The SVG document around a figure: ground, heading, axes, curves. Heat maps are in svg_heat.cpp,
// fields and handles in svg_fields.cpp.
#include "core/picture/svg.h"

#include <algorithm>
#include <cmath>

#include "core/base/text.h"
#include "core/picture/field_layout.h"
#include "core/picture/heat_layout.h"
#include "core/picture/marks.h"
#include "core/picture/plot_layout.h"
#include "core/picture/svg_parts.h"

namespace attnlab {
namespace {

constexpr int kSlideWidth = 800;  // of the layout; texts are as large as its scale makes them
constexpr float kSlideScale = 2;  // pixels of the document for each one of the layout
constexpr float kInset = 10;      // between the axes' ends and the area's edges
constexpr float kLabelGap = 14;   // from the area's edge to the labels of the curves

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

const char* dashes(const Series& series) {
  switch (series.role) {
    case SeriesRole::kTheory:
      return " stroke-dasharray=\"6 4\"";
    case SeriesRole::kExact:
      return " stroke-dasharray=\"1.6 3.6\"";
    case SeriesRole::kFit:
      return "";
    case SeriesRole::kCurve:
    case SeriesRole::kMeasured:
    case SeriesRole::kDots:
      break;
  }
  return series.variant == 0 ? "" : " stroke-dasharray=\"11 4\"";
}

/// Pages may hold several of these documents, whose names must not meet.
std::string area_id(const Box& area) {
  std::string id = "area";
  for (const float side : {area.x0, area.y0, area.x1, area.y1})
    id += "-" + exact_text(static_cast<std::int64_t>(std::lround(side * 100)));
  return id;
}

/// Whether the picture says anything about the run.
bool shows_results(const Figure& figure) {
  return has_measured_points(figure) || has_known_cells(figure) ||
         std::holds_alternative<Fields>(figure.content);
}

class LineFigure {
 public:
  LineFigure(Svg& svg, const Figure& figure, const Box& outer)
      : svg_(svg), figure_(figure), outer_(outer) {}

  void draw() {
    lay_out();
    draw_grid();
    for (const ReferenceLine& line : figure_.lines().references) draw_reference(line);
    for (const bool measured : {false, true})
      for (std::size_t i = 0; i < figure_.lines().series.size(); ++i)
        if ((figure_.lines().series[i].role == SeriesRole::kMeasured) == measured) draw_series(i);
    svg_handles(svg_, figure_, axes_, nullptr);
    draw_labels();
    draw_walked();
  }

 private:
  void lay_out() {
    float labels = 0;
    for (const Series& series : figure_.lines().series)
      if (!series.points.empty())
        labels = std::max(labels, svg_text_width(series.label, kSvgSmall) + label_gap());
    axes_.area = {outer_.x0 + 52, outer_.y0 + 22, outer_.x1 - std::min(labels, outer_.width() / 3),
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
    svg_.text(outer_.x0, area.y0 - 8, figure_.y.label, svg_.colours().muted);
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
      svg_.text(at + (right ? 4 : -4), a.y0 + 12, line.label, muted,
                {.anchor = right ? "start" : "end"});
    } else {
      svg_.line(a.x0, at, a.x1, at, muted);
      svg_.text(a.x0 + 4, at - 5, line.label, muted);
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
    svg_.add("<path class=\"point\"" + mark_shape(series, x, y) + "><title>" +
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
    if (svg_.marks_curves() && marked) draw_mark(series, axes_.area.x1 + kLabelGap - 1, y);
    svg_.text(axes_.area.x1 + label_gap() - 4, y + 4, series.label, colour);
  }

  /// Without its title.
  void draw_mark(const Series& series, float x, float y) {
    svg_.add("<path stroke=\"" + svg_.series_colour(series.colour) + "\"" +
             mark_shape(series, x, y) + "/>");
  }

  /// Attributes of the path; the stroke is the curve's.
  std::string mark_shape(const Series& series, float x, float y) const {
    const Mark mark = mark_of(series);
    const std::string fill =
        mark.fill == MarkFill::kFull ? svg_.series_colour(series.colour) : svg_.colours().ground;
    return " stroke-width=\"" + svg_number(kMarkLineWidth) + "\" fill=\"" + fill +
           "\" transform=\"translate(" + svg_number(x) + "," + svg_number(y) + ")\" d=\"" +
           mark_path(mark) + "\"";
  }

  /// Marks along a curve that has none of its own.
  void mark_curve(const Series& series) {
    float last_x = -kCurveMarksApart, last_y = 0;
    for (const FigurePoint& point : series.points) {
      if (!axes_.x.shows(point.x) || !axes_.y.shows(point.y)) continue;
      const float x = axes_.x.pixel(point.x), y = axes_.y.pixel(point.y);
      if (std::hypot(x - last_x, y - last_y) < kCurveMarksApart) continue;
      last_x = x, last_y = y;
      draw_mark(series, x, y);
    }
  }

  Svg& svg_;
  const Figure& figure_;
  Box outer_;
  SvgPlane axes_;

 public:
  const SvgPlane& axes() const { return axes_; }
};

}  // namespace

namespace {

/// Of a figure whose cells are read as a table, above its panels and below them.
constexpr float kWrittenHeading = 110;

/// Height of a figure of this width on a screen: curves fit on it together with the controls; heat
/// maps and planes are below each other where they would be too small side by side.
int screen_height(const Figure& figure, int width) {
  constexpr float kHeading = 110, kNarrow = 600;
  const auto wide = static_cast<float>(width);
  const float curves = std::clamp(std::min(1.02f * wide, 190 + 0.45f * wide), 300.0f, 620.0f);
  const auto panels = [&](std::size_t shown, float aspect) {
    const std::size_t count = std::max<std::size_t>(shown, 1);  // none before the first result
    const std::size_t across = wide < kNarrow ? 1 : std::min<std::size_t>(count, count > 4 ? 3 : 2);
    const auto down = static_cast<float>((count + across - 1) / across);
    const float slot = wide / static_cast<float>(across);
    const float highest = wide < kNarrow || down < 2 ? 430 : 320;
    return kHeading + down * (std::min((slot - 90) / aspect, highest) + 70);
  };
  const float height =
      std::visit(Cases{[&](const LinePlot&) { return curves; },
                       [&](const HeatMaps& maps) {
                         const float written = written_height(figure);
                         if (written > 0) return std::max(curves, kWrittenHeading + written);
                         return std::max(curves, panels(maps.panels.size(), 1));
                       },
                       [&](const Fields& fields) {
                         const Range x = plane_range(figure.x), y = plane_range(figure.y);
                         const double aspect = (x.hi - x.lo) / (y.hi - y.lo);
                         return panels(fields.panels.size(), static_cast<float>(aspect));
                       }},
                 figure.content);
  return static_cast<int>(height);
}

std::string clip_path(const Box& area) {
  return "<clipPath id=\"" + area_id(area) + "\"><rect x=\"" + svg_number(area.x0) + "\" y=\"" +
         svg_number(area.y0) + "\" width=\"" + svg_number(area.width()) + "\" height=\"" +
         svg_number(area.height()) + "\"/></clipPath>\n";
}

/// The content as drawn: an interactive one has no more cells than a page can hold.
Figure shown(const Figure& figure, const SvgOptions& options) {
  Figure copy = figure;
  if (options.slide) {
    copy.subtitle.clear();
    if (auto* lines = std::get_if<LinePlot>(&copy.content))
      std::erase_if(lines->series, [](const Series& series) {
        return series.role == SeriesRole::kTheory || series.role == SeriesRole::kExact;
      });
  }
  if (!options.interactive) return copy;
  const bool movable = std::any_of(copy.handles.begin(), copy.handles.end(),
                                   [](const Handle& handle) { return !handle.parameter.empty(); });
  if (movable && !copy.invitation.empty()) copy.subtitle += " " + copy.invitation;
  if (auto* maps = std::get_if<HeatMaps>(&copy.content))
    for (HeatPanel& panel : maps->panels) panel = coarse_map(std::move(panel));
  return copy;
}

}  // namespace

PictureSize picture_size(const Figure& figure, const SvgOptions& options) {
  if (options.slide) return {kSlideWidth, kSlideWidth * 9 / 16};
  const int width = std::clamp(options.width, 320, 10000);
  if (options.height == 0) return {width, std::clamp(screen_height(figure, width), 240, 10000)};
  int height = std::clamp(options.height, 240, 10000);
  if (const float written = written_height(figure); written > 0)
    height = std::clamp(static_cast<int>(kWrittenHeading + written), height, 10000);
  return {width, figure.fields().panels.size() > 2 ? std::max(height, width) : height};
}

std::string figure_svg(const Figure& given, const SvgOptions& options) {
  const Figure figure = shown(given, options);
  const PictureSize pixels = picture_size(figure, options);
  const auto width = static_cast<float>(pixels.width);
  const auto height = static_cast<float>(pixels.height);
  Svg svg(options);
  Box outer{16, 14, width - 16, height - (options.source.empty() ? 8 : 26)};
  outer.y0 =
      svg.paragraph(outer.x0, outer.y0, outer.width(), figure.title, svg.colours().ink, kSvgTitle);
  outer.y0 = svg.paragraph(outer.x0, outer.y0 + 2, outer.width(), figure.subtitle,
                           svg.colours().muted, kSvgText) +
             8;
  const bool says = options.interactive && !figure.empty_text.empty();
  const bool pale = says && shows_results(figure);
  if (pale) svg.add("<g opacity=\"0.35\">");
  std::string clip, geometry;
  Box middle = outer;
  const auto draw_lines = [&](const LinePlot&) {
    LineFigure lines(svg, figure, outer);
    lines.draw();
    geometry = svg_geometry(lines.axes());
    middle = lines.axes().area;
    clip = clip_path(middle);
  };
  std::visit(Cases{draw_lines, [&](const HeatMaps&) { svg_heat_panels(svg, figure, outer); },
                   [&](const Fields&) { svg_fields(svg, figure, outer); }},
             figure.content);
  if (pale) svg.add("</g>\n");
  if (says) svg.centred(middle, figure.empty_text);
  if (!options.source.empty())
    svg.text(outer.x0, height - 10, options.source, svg.colours().muted, {.size = kSvgFine});
  const auto size_of = [](float wide, float high) {
    return "width=\"" + svg_number(wide) + "\" height=\"" + svg_number(high) + "\"";
  };
  const float scale = options.slide ? kSlideScale : 1;
  return "<svg xmlns=\"http://www.w3.org/2000/svg\" " + size_of(scale * width, scale * height) +
         " viewBox=\"0 0 " + svg_number(width) + " " + svg_number(height) +
         "\" font-family=\"Inter, system-ui, sans-serif\" role=\"img\"" + geometry + ">\n<title>" +
         xml_text(figure.title) + "</title>\n" + clip + "<rect " + size_of(width, height) +
         " fill=\"" + svg.colours().ground + "\"/>\n" + svg.body() + "</svg>\n";
}

}  // namespace attnlab
