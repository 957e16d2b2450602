// Heat maps of an SVG document: cells, names, colour bars, contour lines.
#include <algorithm>
#include <cmath>

#include "core/base/text.h"
#include "core/picture/heat_layout.h"
#include "core/picture/svg.h"
#include "core/picture/svg_parts.h"

namespace attnlab {
namespace {

constexpr float kHatchApart = 7;

void draw_rect(Svg& svg, const Box& box, const std::string& fill) {
  svg.add("<rect x=\"" + svg_number(box.x0) + "\" y=\"" + svg_number(box.y0) + "\" width=\"" +
          svg_number(box.width()) + "\" height=\"" + svg_number(box.height()) + "\" fill=\"" +
          fill + "\"/>");
}

void draw_cells(Svg& svg, const HeatPanel& panel, const HeatPlace& place, Range range) {
  for (std::size_t r = 0; r < panel.rows; ++r)
    for (std::size_t c = 0; c < panel.columns; ++c) {
      const std::size_t cell = r * panel.columns + c;
      if (cell >= panel.values.size() || !std::isfinite(panel.values[cell])) continue;
      const Box box = place.cell(r, c);
      svg.add("<rect class=\"point\" x=\"" + svg_number(box.x0) + "\" y=\"" + svg_number(box.y0) +
              "\" width=\"" + svg_number(box.width()) + "\" height=\"" + svg_number(box.height()) +
              "\" fill=\"" +
              svg_colour(heat_rgb(panel.scale, heat_share(panel, range, panel.values[cell]))) +
              "\"><title>" + xml_text(heat_read_out(panel, r, c)) + "</title></rect>");
    }
  svg.add("\n");
}

void draw_outlines(Svg& svg, const HeatPanel& panel, const HeatPlace& place) {
  if (std::min(place.cell_width, place.cell_height) < kOutlinedCell) return;
  std::string path;
  for (std::size_t cell = 0; cell < panel.rows * panel.columns; ++cell) {
    if (!is_open(panel, cell)) continue;
    const Box box = place.cell(cell / panel.columns, cell % panel.columns);
    path += "M" + svg_number(box.x0 + 1) + " " + svg_number(box.y0 + 1) + "h" +
            svg_number(box.width() - 2) + "v" + svg_number(box.height() - 2) + "h-" +
            svg_number(box.width() - 2) + "z";
  }
  if (path.empty()) return;
  svg.add("<path class=\"open\" d=\"" + path + "\" fill=\"none\" stroke=\"" + svg.colours().muted +
          "\" stroke-opacity=\"0.4\"><title>not known yet</title></path>\n");
}

void draw_hatching(Svg& svg, const HeatPanel& panel, const HeatPlace& place) {
  for (std::size_t cell = 0; cell < panel.rows * panel.columns; ++cell) {
    if (!is_hatched(panel, cell)) continue;
    const std::size_t r = cell / panel.columns, c = cell % panel.columns;
    Box box = place.cell(r, c);
    box.x1 -= 1;
    box.y1 -= 1;
    svg.add("<g class=\"undecided\" opacity=\"0.45\"><title>" +
            xml_text(heat_read_out(panel, r, c)) + "</title>");
    for (const Segment& line : hatching(box, kHatchApart))
      svg.line(line.x0, line.y0, line.x1, line.y1, svg.colours().muted);
    svg.add("</g>\n");
  }
}

/// The texts of cells, where all of them fit: of panels that write more than values.
void draw_texts(Svg& svg, const HeatPanel& panel, const HeatPlace& place, Range range) {
  if (!is_written(panel)) return;
  const std::size_t cells = std::min(panel.rows * panel.columns, panel.values.size());
  for (std::size_t cell = 0; cell < cells; ++cell)
    if (svg_text_width(heat_text(panel, cell), kSvgFine) + 4 > place.cell_width ||
        kSvgFine + 2 > place.cell_height)
      return;
  for (std::size_t cell = 0; cell < cells; ++cell) {
    const std::string text = heat_text(panel, cell);
    if (text.empty()) continue;
    const Box box = place.cell(cell / panel.columns, cell % panel.columns);
    const float x = (box.x0 + box.x1) / 2, y = (box.y0 + box.y1) / 2;
    std::string colour = svg.colours().ink;
    if (std::isfinite(panel.values[cell])) {
      const unsigned rgb = heat_rgb(panel.scale, heat_share(panel, range, panel.values[cell]));
      const unsigned light = 3 * ((rgb >> 16) & 255) + 6 * ((rgb >> 8) & 255) + (rgb & 255);
      colour = svg_colour(light > 1300 ? 0x101218 : 0xffffff);
    } else {
      const float half = svg_text_width(text, kSvgFine) / 2 + 2;
      draw_rect(svg, {x - half, y - 7, x + half, y + 7}, svg.colours().ground);
    }
    svg.text(x, y + 4, text, colour, {.anchor = "middle", .size = kSvgFine});
  }
}

void draw_names(Svg& svg, const HeatPanel& panel, const HeatPlace& place) {
  const auto& muted = svg.colours().muted;
  const Box& cells = place.cells;
  const auto skip = [](std::size_t count) { return 1 + count / 12; };
  float widest = 0;
  for (std::size_t c = 0; c < panel.columns; ++c)
    widest = std::max(widest, svg_text_width(heat_name(panel.x_labels, c), kSvgFine));
  const auto apart = static_cast<std::size_t>(std::ceil((widest + 6) / place.cell_width));
  for (std::size_t c = 0; c < panel.columns; c += std::max(skip(panel.columns), apart))
    svg.text((place.cell(0, c).x0 + place.cell(0, c).x1) / 2, cells.y1 + 14,
             heat_name(panel.x_labels, c), muted, {.anchor = "middle", .size = kSvgFine});
  const auto below = static_cast<std::size_t>(std::ceil((kSvgFine + 1) / place.cell_height));
  const std::size_t every = is_written(panel) ? 1 : skip(panel.rows);
  for (std::size_t r = 0; r < panel.rows; r += std::max(every, below))
    svg.text(cells.x0 - 5, (place.cell(r, 0).y0 + place.cell(r, 0).y1) / 2 + 4,
             heat_name(panel.y_labels, r), muted, {.anchor = "end", .size = kSvgFine});
  svg.text((cells.x0 + cells.x1) / 2, cells.y1 + 30, panel.x.label, muted, {.anchor = "middle"});
  svg.text(place.slot.x0, cells.y0 - 23, panel.title, svg.colours().ink, {.bold = true});
  svg.text(place.slot.x0, cells.y0 - 7, panel.y.label, muted, {.size = kSvgFine});
}

void draw_contours(Svg& svg, const HeatPanel& panel, const HeatPlace& place) {
  for (const double level : panel.contours)
    for (const Segment& line : contour_lines(panel, level))
      svg.line(place.cells.x0 + line.x0 * place.cell_width,
               place.cells.y0 + line.y0 * place.cell_height,
               place.cells.x0 + line.x1 * place.cell_width,
               place.cells.y0 + line.y1 * place.cell_height, svg.colours().ink);
}

}  // namespace

void svg_colour_bar(Svg& svg, ColourScale scale, Range range, const std::string& label,
                    const Box& cells) {
  const Box bar{cells.x1 + 12, cells.y0, cells.x1 + 22, cells.y1};
  const float step = bar.height() / kSvgBands;
  for (int i = 0; i < kSvgBands; ++i)
    draw_rect(svg,
              {bar.x0, bar.y1 - step * static_cast<float>(i + 1), bar.x1,
               bar.y1 - step * static_cast<float>(i) + 0.5f},
              svg_colour(heat_rgb(scale, (i + 0.5) / kSvgBands)));
  const auto& muted = svg.colours().muted;
  svg.text(bar.x1 + 4, bar.y0 + 9, short_text(range.hi), muted, {.size = kSvgFine});
  svg.text(bar.x1 + 4, bar.y1, short_text(range.lo), muted, {.size = kSvgFine});
  svg.text(bar.x1, bar.y0 - 7, label, muted, {.anchor = "end", .size = kSvgFine});
}

void svg_heat_panels(Svg& svg, const Figure& figure, const Box& outer) {
  std::vector<HeatMargins> margins;
  for (const HeatPanel& panel : figure.maps().panels) {
    float names = 12;
    for (const std::string& name : panel.y_labels)
      names = std::max(names, svg_text_width(name, kSvgFine));
    margins.push_back({.left = names + 12,
                       .top = 38,
                       .bottom = 40,
                       .right = kSvgBarWidth,
                       .title = 1.05f * svg_text_width(panel.title, kSvgSmall)});  // bold
  }
  const std::vector<HeatPlace> places = heat_places(figure, outer, margins);
  for (std::size_t i = 0; i < places.size(); ++i) {
    const HeatPanel& panel = figure.maps().panels[i];
    const Range range = heat_range(figure, panel);
    const std::string opacity = svg_opacity(panel.presence);
    if (!opacity.empty()) svg.add("<g" + opacity + ">");
    draw_cells(svg, panel, places[i], range);
    draw_outlines(svg, panel, places[i]);
    draw_hatching(svg, panel, places[i]);
    draw_texts(svg, panel, places[i], range);
    if (!opacity.empty()) svg.add("</g>");
    draw_names(svg, panel, places[i]);
    if (places[i].bar) svg_colour_bar(svg, panel.scale, range, panel.value_label, places[i].cells);
    draw_contours(svg, panel, places[i]);
  }
}

}  // namespace attnlab
