#include <cmath>
#include <limits>

#include <doctest/doctest.h>

#include "core/picture/heat_layout.h"
#include "tests/unit/ui/screen.h"
#include "ui/plot.h"

namespace attnlab {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

HeatPanel panel_of(std::size_t rows, std::size_t columns, std::vector<double> values) {
  HeatPanel panel;
  panel.id = panel.title = "true";
  panel.x.label = "column";
  panel.y.label = "row";
  panel.rows = rows;
  panel.columns = columns;
  panel.values = std::move(values);
  panel.value_label = "weight";
  return panel;
}

TEST_CASE("panels of one group share one colour range and differences are centred at zero") {
  Figure figure;
  figure.draw_maps().panels = {panel_of(1, 2, {1, 2}), panel_of(1, 2, {5, kNan}),
                               panel_of(1, 2, {-1, 3})};
  figure.draw_maps().panels[0].scale_group = figure.draw_maps().panels[1].scale_group = "weights";
  figure.draw_maps().panels[2].scale = ColourScale::kDiverging;
  for (int p : {0, 1}) {
    CHECK(heat_range(figure, figure.maps().panels[p]).lo == 1);
    CHECK(heat_range(figure, figure.maps().panels[p]).hi == 5);
  }
  CHECK(heat_range(figure, figure.maps().panels[2]).lo == -3);
  CHECK(heat_range(figure, figure.maps().panels[2]).hi == 3);
  CHECK(heat_share(figure.maps().panels[2], {-3, 3}, 0) == 0.5);
  CHECK(heat_rgb(ColourScale::kDiverging, 0.5) == 0xf7f7f7);
}

TEST_CASE("a panel can state the ends of its colours") {
  Figure figure;
  figure.draw_maps().panels = {panel_of(1, 2, {-3, 7})};
  figure.draw_maps().panels[0].max = 1;
  CHECK(heat_range(figure, figure.maps().panels[0]).lo == 0);
  CHECK(heat_range(figure, figure.maps().panels[0]).hi == 1);
  CHECK(heat_share(figure.maps().panels[0], {0, 1}, 7) == 1);
}

TEST_CASE("a measured cell without a value is hatched and says why") {
  HeatPanel panel = panel_of(1, 3, {0.5, kNan, kNan});
  panel.notes = {"0.4 to 0.6", "too few samples", ""};
  panel.texts = {"", "> 64", ""};
  CHECK_FALSE(is_hatched(panel, 0));
  CHECK(is_hatched(panel, 1));
  CHECK_FALSE(is_hatched(panel, 2));  // not measured yet
  CHECK(heat_text(panel, 0) == "0.5");
  CHECK(heat_text(panel, 1) == "> 64");
  CHECK(heat_text(panel, 2).empty());
  CHECK(heat_read_out(panel, 0, 0) == "true: weight 0.5 at column = 1, row = 1; 0.4 to 0.6");
  CHECK(heat_read_out(panel, 0, 1) == "true: weight > 64 at column = 2, row = 1; too few samples");
  CHECK(heat_read_out(panel, 0, 2) == "true: weight not known at column = 3, row = 1");
  CHECK(coarse_map(panel, 2).notes.empty());
}

TEST_CASE("hatching stays inside its box, at 45 degrees and equal distances") {
  const Box box{10.5f, 20, 40, 31};
  const std::vector<Segment> lines = hatching(box, 7);
  REQUIRE(lines.size() >= 5);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const Segment& line = lines[i];
    for (const float x : {line.x0, line.x1}) CHECK((x >= box.x0 && x <= box.x1));
    for (const float y : {line.y0, line.y1}) CHECK((y >= box.y0 - 1e-4f && y <= box.y1 + 1e-4f));
    CHECK(line.x1 - line.x0 == doctest::Approx(line.y0 - line.y1));
    if (i > 0) CHECK(line.x0 + line.y0 - lines[i - 1].x0 - lines[i - 1].y0 == doctest::Approx(7));
  }
}

TEST_CASE("a constant or unknown panel still has a usable range") {
  for (const bool logarithmic : {false, true})
    for (const double value : {0.0, 2.0, kNan}) {
      Figure figure;
      figure.draw_maps().panels = {panel_of(1, 1, {value})};
      figure.draw_maps().panels[0].logarithmic = logarithmic;
      const Range range = heat_range(figure, figure.maps().panels[0]);
      CHECK(range.lo < range.hi);
      CHECK((!logarithmic || range.lo > 0));
    }
}

TEST_CASE("matrices have square cells and every panel stays inside the area") {
  for (const float width : {358.0f, 900.0f})
    for (const std::size_t count : {1u, 2u, 3u, 5u}) {
      Figure figure;
      for (std::size_t i = 0; i < count; ++i)
        figure.draw_maps().panels.push_back(panel_of(4, 6, std::vector<double>(24, 1)));
      const std::vector<HeatMargins> margins(count);
      const Box area{10, 20, 10 + width, 20 + 600};
      for (const HeatPlace& place : heat_places(figure, area, margins)) {
        CHECK(place.cell_width == place.cell_height);
        CHECK(place.cells.x0 >= area.x0);
        CHECK(place.cells.x1 <= area.x1);
        CHECK(place.cells.y1 <= area.y1);
      }
    }
}

TEST_CASE("neighbours with the same colours have one colour bar, at the last of them") {
  Figure figure;
  for (int i = 0; i < 3; ++i) {
    figure.draw_maps().panels.push_back(panel_of(3, 3, std::vector<double>(9, i + 1.0)));
    figure.draw_maps().panels[i].scale_group = i < 2 ? "weight" : "difference";
  }
  const std::vector<HeatMargins> margins(3);
  const std::vector<HeatPlace> wide = heat_places(figure, {0, 0, 700, 240}, margins);
  REQUIRE(wide.size() == 3);
  CHECK(wide[0].cells.y0 == wide[2].cells.y0);  // one row
  CHECK_FALSE(wide[0].bar);
  CHECK(wide[1].bar);
  CHECK(wide[2].bar);
  CHECK(wide[1].cells.x0 - wide[0].cells.x1 < margins[0].right);  // no room for a bar between them
  const std::vector<HeatPlace> narrow = heat_places(figure, {0, 0, 360, 500}, margins);
  CHECK(narrow[0].cells.y0 == narrow[1].cells.y0);
  CHECK(narrow[0].cells.x0 == narrow[2].cells.x0);
  CHECK(narrow[2].cells.y0 > narrow[0].cells.y1);
  CHECK_FALSE(narrow[0].bar);
  // One below the other, each has its own.
  for (const HeatPlace& place : heat_places(figure, {0, 0, 150, 900}, margins)) CHECK(place.bar);
}

TEST_CASE("panels are side by side only where their titles fit") {
  Figure figure;
  figure.draw_maps().panels = {panel_of(2, 2, {1, 2, 3, 4}), panel_of(2, 2, {1, 2, 3, 4})};
  std::vector<HeatMargins> margins(2);
  CHECK(heat_places(figure, {0, 0, 400, 200}, margins)[1].cells.y0 < 100);
  margins[0].title = 250;
  CHECK(heat_places(figure, {0, 0, 400, 200}, margins)[1].cells.y0 > 100);
}

TEST_CASE("a figure of curves or dots has results, one of guides alone has none") {
  for (const SeriesRole role : {SeriesRole::kMeasured, SeriesRole::kCurve, SeriesRole::kDots,
                                SeriesRole::kTheory, SeriesRole::kExact, SeriesRole::kFit}) {
    Figure figure;
    Series series;
    series.role = role;
    figure.draw_lines().series = {series};
    CHECK_FALSE(has_results(figure));
    figure.draw_lines().series[0].points = {{1, 2, 0, 0}};
    const bool guide =
        role == SeriesRole::kTheory || role == SeriesRole::kExact || role == SeriesRole::kFit;
    CHECK(has_results(figure) != guide);
  }
}

TEST_CASE("a cell that is not known yet is open, a measured one without a value is not") {
  HeatPanel panel = panel_of(1, 3, {0.5, kNan, kNan});
  panel.notes = {"", "too few samples", ""};
  CHECK_FALSE(is_open(panel, 0));
  CHECK_FALSE(is_open(panel, 1));
  CHECK(is_open(panel, 2));
}

TEST_CASE("a contour runs where the interpolated values cross the level") {
  const HeatPanel panel = panel_of(2, 2, {0, 1, 0, 1});
  const std::vector<Segment> lines = contour_lines(panel, 0.25);
  REQUIRE(lines.size() == 1);
  CHECK(lines[0].x0 == doctest::Approx(0.75));
  CHECK(lines[0].x1 == doctest::Approx(0.75));
  CHECK(contour_lines(panel_of(2, 2, {0, 1, kNan, 1}), 0.25).empty());
  CHECK(contour_lines(panel, 7).empty());
}

TEST_CASE("a cell reads out with names and uncertainty, an unknown one says so") {
  HeatPanel panel = panel_of(1, 2, {0.161, kNan});
  panel.errors = {0.01, kNan};
  panel.x_labels = {"16", "64"};
  CHECK(heat_read_out(panel, 0, 0) == "true: weight 0.161 ± 0.010 at column = 16, row = 1");
  CHECK(heat_read_out(panel, 0, 1) == "true: weight not known at column = 64, row = 1");
  CHECK(heat_read_out(panel, 3, 0).empty());
}

TEST_CASE("heat panels of any shape are drawn, also without a single known cell") {
  Screen screen(500, 500);
  for (const std::size_t rows : {0u, 1u, 3u, 40u})
    for (const double value : {kNan, -0.5}) {
      Figure figure;
      figure.title = "Which weights?";
      figure.draw_maps().panels = {panel_of(rows, 5, std::vector<double>(rows * 5, value))};
      figure.draw_maps().panels[0].contours = {0.1};
      PlotState state;
      state.chosen = PointRef{0, 1};
      for (int i = 0; i < 3; ++i)
        screen.build([&] {
          ImGui::Begin("window");
          plot("heat", figure, state, {}, ImVec2(400, 400));
          ImGui::End();
        });
      CHECK(state.read_out.empty() == (rows == 0 || std::isnan(value)));
    }
}

}  // namespace
TEST_CASE("a large map becomes blocks that keep its largest entries and its names") {
  HeatPanel panel;
  panel.title = "W";
  panel.rows = 5;
  panel.columns = 512;
  panel.values.assign(panel.rows * panel.columns, 0.25);
  panel.values[3 * 512 + 100] = -7;
  panel.values[0] = std::nan("");
  const HeatPanel coarse = coarse_map(panel, 128);
  CHECK(coarse.columns == 128);
  CHECK(coarse.rows == 2);
  CHECK(coarse.values[25] == -7);
  CHECK(std::count(coarse.values.begin(), coarse.values.end(), 0.25) == 255);
  CHECK(coarse.x_labels[1] == "5");
  CHECK(coarse.y_labels == std::vector<std::string>{"1", "5"});
  CHECK(coarse.title == "W (the largest of 4 x 4)");
  CHECK(coarse_map(panel, 512).values.size() == panel.values.size());
}

}  // namespace attnlab
