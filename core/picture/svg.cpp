// The SVG document around a figure: ground, heading, and several figures with one legend. Curves
// are in svg_lines.cpp, heat maps in svg_heat.cpp, fields and handles in svg_fields.cpp.
#include "core/picture/svg.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "core/picture/field_layout.h"
#include "core/picture/heat_layout.h"
#include "core/picture/plot_layout.h"
#include "core/picture/svg_parts.h"
#include "core/picture/together.h"

namespace attnlab {
namespace {

constexpr int kSlideWidth = 800;  // of the layout; texts are as large as its scale makes them
constexpr float kSlideScale = 2;  // pixels of the document for each one of the layout
constexpr float kLeastPanel = 230, kPanelGap = 18;  // width of one of several figures
constexpr float kSample = 26, kLegendRow = 22;      // of a legend: length of a line, height
constexpr float kSourceRow = 15;

/// Whether the picture says anything about the run.
bool shows_results(const Figure& figure) {
  return has_results(figure) || std::holds_alternative<Fields>(figure.content);
}

/// Figures next to each other are about as high as wide, below their heading and the legend.
float together_height(const Together& together, float width) {
  const std::vector<Box> boxes =
      grid_boxes(together.figures, {0, 0, width, 0}, kLeastPanel, kPanelGap);
  const float one = std::clamp(boxes.front().width(), 270.0f, 340.0f) + kPanelGap;
  return 110 + kLegendRow + static_cast<float>(rows_of(boxes)) * one;
}

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
  const float height = std::visit(
      Cases{[&](const LinePlot&) { return curves; },
            [&](const HeatMaps& maps) {
              const float written = written_height(figure);
              if (written > 0) return std::max(curves, kWrittenHeading + written);
              return std::max(curves, panels(maps.panels.size(), 1));
            },
            [&](const Together& together) { return together_height(together, wide - 32); },
            [&](const Fields& fields) {
              const Range x = plane_range(figure.x), y = plane_range(figure.y);
              const double aspect = (x.hi - x.lo) / (y.hi - y.lo);
              return panels(fields.panels.size(), static_cast<float>(aspect));
            }},
      figure.content);
  return static_cast<int>(height);
}

/// Names of all curves in rows that wrap; returns where the rows end.
float draw_legend(Svg& svg, const std::vector<Series>& legend, const Box& area) {
  float x = area.x0, y = area.y0;
  for (const Series& series : legend) {
    const float width = kSample + 8 + svg_text_width(series.label, kSvgSmall);
    if (x > area.x0 && x + width > area.x1) x = area.x0, y += kLegendRow;
    svg_sample(svg, series, {x, y, x + kSample, y + kLegendRow});
    svg.text(x + kSample + 8, y + kLegendRow / 2 + 4, series.label,
             svg.series_colour(series.colour));
    x += width + 16;
  }
  return legend.empty() ? y : y + kLegendRow + 6;
}

void draw_together(Svg& svg, const Together& together, const Box& outer, std::string& clip) {
  Box rest = outer;
  rest.y0 = draw_legend(svg, together.legend, outer);
  std::vector<Box> boxes = grid_boxes(together.figures, rest, kLeastPanel, kPanelGap);
  std::map<float, float> below;  // the titles of a row
  for (std::size_t i = 0; i < boxes.size(); ++i) {
    const Box& box = boxes[i];
    float& end = below[box.y0];
    end = std::max(end, svg.paragraph(box.x0, box.y0, box.width(), together.figures[i].title,
                                      svg.colours().ink, kSvgText) +
                            4);
  }
  for (std::size_t i = 0; i < boxes.size(); ++i) {
    const Figure& figure = together.figures[i];
    boxes[i].y0 = below[boxes[i].y0];
    if (std::holds_alternative<HeatMaps>(figure.content)) {
      svg_heat_panels(svg, figure, boxes[i]);
    } else {
      svg_lines(svg, figure, boxes[i], false, clip);
    }
  }
}

/// A line of parameters, broken where one ends.
std::vector<std::string> source_lines(const std::string& source, float width) {
  std::vector<std::string> lines;
  std::string line;
  for (std::size_t begin = 0; begin < source.size();) {
    const std::size_t next = source.find('&', begin + 1);
    const std::string part = source.substr(begin, next - begin);
    if (!line.empty() && svg_text_width(line + part, kSvgFine) > width)
      lines.push_back(std::exchange(line, std::string()));
    line += part;
    begin = std::min(next, source.size());
  }
  if (!line.empty()) lines.push_back(line);
  return lines;
}

/// The content as drawn: an interactive one has no more cells than a page can hold.
Figure shown(const Figure& figure, const SvgOptions& options) {
  Figure copy = figure;
  if (options.slide) {
    copy.subtitle.clear();
    const auto guide = [](const Series& series) {
      return series.role == SeriesRole::kTheory || series.role == SeriesRole::kExact;
    };
    if (auto* lines = std::get_if<LinePlot>(&copy.content)) std::erase_if(lines->series, guide);
    if (auto* together = std::get_if<Together>(&copy.content))
      std::erase_if(together->legend, guide);
  }
  if (auto* together = std::get_if<Together>(&copy.content))
    for (Figure& part : together->figures) part = shown(part, options);
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
  if (const auto* together = std::get_if<Together>(&figure.content))
    height = std::max(height,
                      static_cast<int>(together_height(*together, static_cast<float>(width) - 32)));
  return {width, figure.fields().panels.size() > 2 ? std::max(height, width) : height};
}

std::string figure_svg(const Figure& given, const SvgOptions& options) {
  const Figure figure = shown(given, options);
  const PictureSize pixels = picture_size(figure, options);
  const auto width = static_cast<float>(pixels.width);
  const auto height = static_cast<float>(pixels.height);
  Svg svg(options);
  const std::vector<std::string> source = source_lines(options.source, width - 32);
  const float source_top = height - 10 - kSourceRow * (static_cast<float>(source.size()) - 1);
  Box outer{16, 14, width - 16, source.empty() ? height - 8 : source_top - 16};
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
    const SvgPlane plane = svg_lines(svg, figure, outer, true, clip);
    geometry = svg_geometry(plane);
    middle = plane.area;
  };
  std::visit(Cases{draw_lines, [&](const HeatMaps&) { svg_heat_panels(svg, figure, outer); },
                   [&](const Fields&) { svg_fields(svg, figure, outer); },
                   [&](const Together& together) { draw_together(svg, together, outer, clip); }},
             figure.content);
  if (pale) svg.add("</g>\n");
  if (says) svg.centred(middle, figure.empty_text);
  for (std::size_t i = 0; i < source.size(); ++i)
    svg.text(outer.x0, source_top + kSourceRow * static_cast<float>(i), source[i],
             svg.colours().muted, {.size = kSvgFine});
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
