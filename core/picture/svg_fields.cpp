// Fields and handles of an SVG document: bands of colour with their contour lines, discs, arrows.
#include <algorithm>
#include <cmath>

#include "core/base/text.h"
#include "core/picture/field_layout.h"
#include "core/picture/heat_layout.h"
#include "core/picture/svg.h"
#include "core/picture/svg_parts.h"

namespace attnlab {
namespace {

constexpr float kBetween = 14;
constexpr std::size_t kCells = 64;  // of the grid, along a plane's longer side
constexpr const char* kDark = "#101218";

std::string spot_text(Spot spot) {
  return svg_number(spot.x) + "," + svg_number(spot.y);
}

/// A unit of the grid in pixels, and where the grid begins.
struct GridPlace {
  float x0, y0, w, h;
  Spot pixel(Spot at) const { return {x0 + at.x * w, y0 + at.y * h}; }
};

std::string region_path(const std::vector<Outline>& region, const GridPlace& place) {
  std::string path;
  for (const Outline& outline : region) {
    for (std::size_t i = 0; i < outline.size(); ++i)
      path += (i == 0 ? "M" : " ") + spot_text(place.pixel(outline[i]));
    path += "z";
  }
  return path;
}

/// Each band of the colour bar on top of the one below it.
void draw_bands(Svg& svg, const FieldPanel& field, const FieldGrid& grid, const GridPlace& place) {
  for (int band = 0; band < kSvgBands; ++band) {
    const double share = static_cast<double>(band) / kSvgBands;
    const double level = band == 0 ? -HUGE_VAL : field.min + share * (field.max - field.min);
    const std::string path = region_path(region_at_least(grid, level), place);
    if (path.empty()) continue;
    svg.add("<path fill=\"" + svg_colour(heat_rgb(field.scale, share + 0.5 / kSvgBands)) +
            "\" d=\"" + path + "\"/>\n");
  }
}

void draw_contours(Svg& svg, const FieldPanel& field, const FieldGrid& grid,
                   const GridPlace& place) {
  HeatPanel corners;  // contour lines run through the centres of cells: here the grid's corners
  corners.rows = grid.rows + 1;
  corners.columns = grid.columns + 1;
  corners.values = grid.corners;
  std::string path;
  for (const double level : field.contours)
    for (const Segment& line : contour_lines(corners, level))
      path += "M" + spot_text(place.pixel({line.x0 - 0.5f, line.y0 - 0.5f})) + " " +
              spot_text(place.pixel({line.x1 - 0.5f, line.y1 - 0.5f}));
  if (path.empty()) return;
  const std::string begin = "<path fill=\"none\" stroke=\"", end = "\" d=\"" + path + "\"/>\n";
  const std::string dark = begin + kDark + "\" stroke-";
  if (has_thin_lines(field.scale)) {
    svg.add(dark + "opacity=\"0.65\" stroke-width=\"1.2" + end);
  } else {
    svg.add(dark + "width=\"3" + end);
    svg.add(begin + "#ffffff\" stroke-width=\"1.5" + end);
  }
}

void draw_field(Svg& svg, const FieldPanel& field, Range x, Range y, const Box& box) {
  const float longer = std::max(box.width(), box.height());
  const auto cells = [&](float length) {
    const float share = length / longer;
    return std::max<std::size_t>(2, static_cast<std::size_t>(std::lround(share * kCells)));
  };
  const FieldGrid grid = field_grid(field, x, y, cells(box.width()), cells(box.height()));
  const GridPlace place{box.x0, box.y0, box.width() / static_cast<float>(grid.columns),
                        box.height() / static_cast<float>(grid.rows)};
  svg.add("<g class=\"field\">");
  draw_bands(svg, field, grid, place);
  draw_contours(svg, field, grid, place);
  svg.add("</g>\n");
}

void draw_plane(Svg& svg, const Figure& figure, const FieldPanel& field, const SvgPlane& plane) {
  const Box& a = plane.area;
  const std::string& muted = svg.colours().muted;
  svg.text(a.x0, a.y0 - 8, field.title, svg.colours().ink, {.bold = true});
  const auto width = [](const TickText& text) { return svg_text_width(text.base, kSvgSmall); };
  for (const Tick& tick : axis_ticks(figure.x, plane.x.range, a.width(), width)) {
    const float x = plane.x.pixel(tick.value);
    svg.line(x, a.y1, x, a.y1 + 3, muted);
    svg.tick(x, a.y1 + 15, tick.text, "middle");
  }
  const auto height = [](const TickText&) { return kSvgSmall; };
  for (const Tick& tick : axis_ticks(figure.y, plane.y.range, a.height(), height)) {
    const float y = plane.y.pixel(tick.value);
    svg.line(a.x0 - 3, y, a.x0, y, muted);
    svg.tick(a.x0 - 6, y + 4, tick.text, "end");
  }
  svg.text((a.x0 + a.x1) / 2, a.y1 + 30, figure.x.label, muted, {.anchor = "middle"});
  svg.text(a.x0 - 6, a.y0 - 8, figure.y.label, muted, {.anchor = "end"});
}

void draw_arrow(Svg& svg, Spot from, Spot to, const std::string& colour) {
  const float length = std::hypot(to.x - from.x, to.y - from.y);
  if (length < 2) return;
  const float ux = (to.x - from.x) / length, uy = (to.y - from.y) / length;
  const float head = std::min(11.0f, length);
  const auto shape = [&](const std::string& paint, float width, float grow) {
    const float h = head + grow, w = 5.5f + grow;
    const Spot tip{to.x + ux * grow, to.y + uy * grow}, foot{to.x - ux * h, to.y - uy * h};
    svg.add("<path stroke=\"" + paint + "\" stroke-width=\"" + svg_number(width) + "\" d=\"M" +
            spot_text(from) + " " + spot_text({to.x - ux * (head - 2), to.y - uy * (head - 2)}) +
            "\"/><path fill=\"" + paint + "\" d=\"M" + spot_text(tip) + " " +
            spot_text({foot.x - uy * w, foot.y + ux * w}) + " " +
            spot_text({foot.x + uy * w, foot.y - ux * w}) + "z\"/>");
  };
  shape("#ffffff", 6, 1.8f);
  shape(colour, 3, 0);
}

void draw_disc(Svg& svg, Spot at, float radius, const std::string& fill) {
  svg.add("<circle cx=\"" + svg_number(at.x) + "\" cy=\"" + svg_number(at.y) + "\" r=\"" +
          svg_number(radius) + "\" fill=\"" + fill + "\"/>");
}

/// Next to the disc, on a patch that keeps the picture off it.
void draw_label(Svg& svg, const std::string& label, Spot at, float radius, const Box& area) {
  if (label.empty()) return;
  const float width = svg_text_width(label, kSvgSmall);
  float x = at.x + radius + 5;
  if (x + width + 3 > area.x1) x = at.x - radius - 5 - width;
  const float y =
      std::clamp(at.y + 4, area.y0 + kSvgSmall, std::max(area.y0 + kSvgSmall, area.y1 - 4));
  svg.add("<rect x=\"" + svg_number(x - 3) + "\" y=\"" + svg_number(y - kSvgSmall) + "\" width=\"" +
          svg_number(width + 6) + "\" height=\"" + svg_number(kSvgSmall + 4) +
          "\" rx=\"3\" fill=\"" + svg.colours().ground + "\" fill-opacity=\"0.82\"/>");
  svg.text(x, y, label, svg.colours().ink, {.bold = true});
}

std::string fill_of(const Svg& svg, const Handle& handle, const FieldPanel* field) {
  if (field == nullptr || !std::isfinite(handle.value)) return svg.series_colour(handle.colour);
  const double share = (handle.value - field->min) / (field->max - field->min);
  return svg_colour(heat_rgb(field->scale, std::clamp(share, 0.0, 1.0)));
}

/// Attributes of a handle that the reader can move: a slider, whose value is the coordinate that
/// moves, and whose text has both.
std::string slider(const Figure& figure, std::size_t index, Spot at, bool first) {
  const Handle& handle = figure.handles[index];
  const auto attribute = [](const char* name, std::string_view value) {
    return " " + std::string(name) + "=\"" + xml_text(value) + "\"";
  };
  const auto coordinate = [](const Axis& axis, double value) {
    return axis.label + " = " + short_text(value);
  };
  const bool along_x = handle.x_item != Handle::kFixed;
  return attribute("data-handle", exact_text(static_cast<std::int64_t>(index))) +
         attribute("data-at", svg_number(at.x) + " " + svg_number(at.y)) +
         attribute("role", "slider") + attribute("tabindex", first ? "0" : "-1") +
         attribute("aria-label", handle.help.empty() ? handle.label : handle.help) +
         attribute("aria-valuenow", short_text(along_x ? handle.x : handle.y)) +
         attribute("aria-valuetext",
                   coordinate(figure.x, handle.x) + ", " + coordinate(figure.y, handle.y));
}

}  // namespace

void svg_handles(Svg& svg, const Figure& figure, const SvgPlane& plane, const FieldPanel* field,
                 bool first) {
  if (svg.interactive()) svg.add("<g class=\"handles\"" + svg_geometry(plane) + ">");
  for (std::size_t i = 0; i < figure.handles.size(); ++i) {
    const Handle& handle = figure.handles[i];
    const Box& a = plane.area;
    const Spot at{std::clamp(plane.x.pixel(handle.x), a.x0, a.x1),
                  std::clamp(plane.y.pixel(handle.y), a.y0, a.y1)};
    float radius = handle_radius(field, i, a.width());
    const std::string fill = fill_of(svg, handle, field);
    const bool moves = svg.interactive() && !handle.parameter.empty();
    svg.add("<g class=\"handle\"" + (moves ? slider(figure, i, at, first) : "") + ">");
    if (!handle.help.empty()) svg.add("<title>" + xml_text(handle.help) + "</title>");
    if (handle.arrow) {
      const Spot origin{plane.x.pixel(0), plane.y.pixel(0)};
      draw_disc(svg, origin, 3.5f, "#ffffff");
      draw_disc(svg, origin, 2.5f, fill);
      draw_arrow(svg, origin, at, fill);
      radius = 4;
    } else {
      draw_disc(svg, at, radius + 3, kDark);
      draw_disc(svg, at, radius + 2, "#ffffff");
      draw_disc(svg, at, radius, fill);
    }
    draw_label(svg, handle.label, at, radius + 3, a);
    svg.add("</g>\n");
  }
  if (svg.interactive()) svg.add("</g>\n");
}

void svg_fields(Svg& svg, const Figure& figure, const Box& outer) {
  const Range x = plane_range(figure.x), y = plane_range(figure.y);
  const bool shared = shares_colours(figure.fields().panels);
  FieldMargins margins{.left = 40};
  Box room = outer;
  if (shared) {
    room.x1 -= kSvgBarWidth;
  } else {
    margins.right += kSvgBarWidth;
  }
  const std::vector<Box> places = field_places(
      figure.fields().panels.size(), (x.hi - x.lo) / (y.hi - y.lo), room, margins, kBetween);
  float right = 0;
  for (const Box& box : places) right = std::max(right, box.x1);
  for (std::size_t i = 0; i < places.size(); ++i) {
    const FieldPanel& field = figure.fields().panels[i];
    // On whole pixels: where bands end together, the lower ones must not show.
    const Box box{std::round(places[i].x0), std::round(places[i].y0), std::round(places[i].x1),
                  std::round(places[i].y1)};
    const SvgPlane plane{box, {false, x, box.x0, box.x1}, {false, y, box.y1, box.y0}};
    draw_field(svg, field, x, y, box);
    draw_plane(svg, figure, field, plane);
    if (!shared || i + 1 == places.size()) {
      const Box bar = shared ? Box{right, places[0].y0, right, places[0].y1} : box;
      svg_colour_bar(svg, field.scale, {field.min, field.max}, field.value_label, bar);
    }
    svg_handles(svg, figure, plane, &field, i == 0);
  }
}

}  // namespace attnlab
