#include "core/picture/together.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "core/findings/findings.h"
#include "core/picture/svg.h"

using namespace attnlab;

namespace {

std::size_t count(std::string_view text, std::string_view word) {
  std::size_t found = 0;
  for (std::size_t at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1))
    ++found;
  return found;
}

Figure lines(const char* id, const char* y_label, double height, const char* curve = "RFA") {
  Figure figure;
  figure.id = figure.title = id;
  figure.x.label = "n";
  figure.y.label = y_label;
  Series series;
  series.id = std::string(curve) + "/" + id;
  series.label = curve;
  series.points = {{1, height, 0, 2}, {2, 2 * height, 0, 2}};
  figure.draw_lines().series = {series};
  return figure;
}

Figure maps(const char* id, std::size_t panels) {
  Figure figure;
  figure.id = figure.title = id;
  HeatPanel panel;
  panel.rows = panel.columns = 2;
  panel.values = {1, 2, 3, 4};
  figure.draw_maps().panels.assign(panels, panel);
  return figure;
}

const Together& last(const std::vector<Figure>& figures) {
  return figures.back().together();
}

}  // namespace

TEST_CASE("figures together: axes of the same name share limits, and a name stands once") {
  std::vector<Figure> figures = {lines("a", "error", 1), lines("b", "error", 10, "BRFA"),
                                 lines("c", "queries", 500)};
  figures[1].draw_lines().series.push_back(figures[0].lines().series[0]);
  add_together(figures);
  REQUIRE(figures.size() == 4);
  CHECK(figures.back().id == kTogether);
  const std::vector<Figure>& parts = last(figures).figures;
  REQUIRE(parts.size() == 3);
  CHECK(parts[0].y.min == parts[1].y.min);
  CHECK(parts[0].y.max == parts[1].y.max);
  CHECK(parts[0].y.max >= 20);
  CHECK(parts[2].y.min > parts[0].y.max);
  CHECK(parts[2].x.max == parts[0].x.max);
  REQUIRE(last(figures).legend.size() == 2);
  CHECK(last(figures).legend[0].id == legend_id(parts[0].lines().series[0]));
  CHECK(last(figures).legend[0].id != last(figures).legend[1].id);
  CHECK(last(figures).legend[0].label == "RFA");
  CHECK(last(figures).legend[1].label == "BRFA");
  CHECK(last(figures).legend[0].points.empty());
}

TEST_CASE("figures together: one alone, one that moves and one of parts are left out") {
  std::vector<Figure> one = {lines("a", "error", 1)};
  add_together(one);
  CHECK(one.size() == 1);

  std::vector<Figure> moving = {lines("a", "error", 1), lines("b", "error", 1)};
  moving[0].handles.emplace_back();
  add_together(moving);
  CHECK(moving.size() == 2);

  std::vector<Figure> parts = {lines("a", "error", 1), lines("a_1", "error", 1),
                               lines("a_2", "error", 1), lines("ab", "error", 1)};
  add_together(parts);
  REQUIRE(parts.size() == 5);
  std::string ids;
  for (const Figure& figure : last(parts).figures) ids += figure.id + " ";
  CHECK(ids == "a_1 a_2 ab ");
}

TEST_CASE("boxes of figures together fill their rows, do not overlap and keep their order") {
  for (const float width : {260.0f, 520.0f, 760.0f, 1300.0f})
    for (std::size_t line_plots = 0; line_plots < 8; ++line_plots)
      for (const std::size_t panels : {0, 1, 3, 9}) {
        CAPTURE(width);
        CAPTURE(line_plots);
        CAPTURE(panels);
        std::vector<Figure> figures(line_plots, lines("a", "error", 1));
        if (panels > 0) figures.insert(figures.begin(), maps("m", panels));
        const Box area{10, 20, 10 + width, 620};
        const std::vector<Box> boxes = grid_boxes(figures, area, 230, 18);
        REQUIRE(boxes.size() == figures.size());
        double filled = 0;
        for (std::size_t i = 0; i < boxes.size(); ++i) {
          const Box& box = boxes[i];
          filled += (box.width() + 18.0) * (box.height() + 18.0);
          CHECK(box.width() >= 230);
          CHECK(box.x0 >= area.x0 - 0.01f);
          CHECK(box.x1 <= area.x1 + 0.01f);
          CHECK(box.y1 <= area.y1 + 0.01f);
          if (i == 0) continue;
          const bool same_row = box.y0 == boxes[i - 1].y0;
          CHECK((same_row ? box.x0 >= boxes[i - 1].x1 : box.y0 >= boxes[i - 1].y1));
        }
        if (!boxes.empty())
          CHECK(filled == doctest::Approx((width + 18.0) * (600 + 18.0)).epsilon(1e-4));
      }
}

TEST_CASE("the picture of all figures has every point of each of them") {
  std::vector<Figure> figures = {lines("a", "error", 1), maps("m", 3), lines("b", "error", 2)};
  std::size_t points = 0;
  for (const Figure& figure : figures) points += count(figure_svg(figure, {}), "class=\"point\"");
  add_together(figures);
  for (const int width : {320, 760, 1400})
    for (const bool slide : {false, true}) {
      const std::string svg = figure_svg(figures.back(), {.width = width, .slide = slide});
      CHECK(count(svg, "class=\"point\"") == points);
      CHECK(count(svg, ">RFA</text>") == 1);
    }
}

TEST_CASE("bytes that nest figures without end are refused") {
  for (const int depth : {2, 200000}) {
    Figure inner = lines("a", "error", 1), outer;
    outer.content.emplace<Together>().figures.push_back(inner);
    // A level is what stands before and after the inner figure's bytes.
    const Bytes a = encode_figure(inner), b = encode_figure(outer);
    const auto at = std::search(b.begin(), b.end(), a.begin(), a.end());
    REQUIRE(at != b.end());
    const Bytes before(b.begin(), at), after(at + static_cast<std::ptrdiff_t>(a.size()), b.end());
    Bytes bytes;
    for (int i = 0; i < depth; ++i) bytes.insert(bytes.end(), before.begin(), before.end());
    bytes.insert(bytes.end(), a.begin(), a.end());
    for (int i = 0; i < depth; ++i) bytes.insert(bytes.end(), after.begin(), after.end());
    CHECK(bool(decode_figure(bytes, nullptr)) == (depth == 2));
  }
}
