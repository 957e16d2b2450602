#include <cmath>
#include <limits>

#include <doctest/doctest.h>

#include "core/base/text.h"
#include "core/picture/plot_layout.h"
#include "ui/table_view.h"

namespace attnlab {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

/// Seven pixels a character, superscripts five: about the font's widths.
float text_width(const TickText& text) {
  return 7.0f * static_cast<float>(text.base.size()) +
         5.0f * static_cast<float>(text.superscript.size());
}

Series measured(std::string id, std::vector<FigurePoint> points) {
  Series series;
  series.id = id;
  series.label = id;
  series.points = std::move(points);
  return series;
}

Figure two_curves() {
  Figure figure;
  figure.x = {"training samples n", true, 16, 256, {16, 64, 256}};
  figure.y = {"test error", true, 0, 0, {}};
  figure.draw_lines().series = {
      measured("rfa", {{16, 1.2, 0.1, 3}, {64, 0.5, 0.05, 3}, {256, 0.1, 0.01, 3}}),
      measured("rfmlp", {{16, 1.3, kNan, 1}, {64, 1.1, 0.02, 3}, {256, 1, 0.02, 3}})};
  return figure;
}

TEST_CASE("a scale and its inverse agree on linear and logarithmic axes") {
  for (const bool logarithmic : {false, true}) {
    const Scale scale{logarithmic, {0.01, 300}, 400, 20};
    for (const double value : {0.01, 0.5, 7.0, 300.0})
      CHECK(scale.value(scale.pixel(value)) == doctest::Approx(value).epsilon(1e-3));
    CHECK(scale.pixel(0.01) == doctest::Approx(400));
    CHECK(scale.pixel(300) == doctest::Approx(20));
  }
}

TEST_CASE("a value a logarithmic axis cannot show lands on its low end and is not shown") {
  const Scale scale{true, {0.1, 10}, 0, 100};
  CHECK(scale.pixel(0) == 0);
  CHECK(scale.pixel(-3) == 0);
  CHECK_FALSE(scale.shows(0));
  CHECK_FALSE(scale.shows(kNan));
  CHECK(scale.shows(10));
}

TEST_CASE("ranges and ticks stay finite when the data are as far apart as doubles can be") {
  for (const bool logarithmic : {false, true}) {
    Figure figure;
    figure.y = {"error", logarithmic, 0, 0, {}};
    figure.draw_lines().series = {
        measured("any", {{1, 5e-324, kNan, 1}, {2, 1.7e308, kNan, 1}, {3, -1.7e308, kNan, 1}})};
    const Range y = y_range(figure, {});
    CHECK(std::isfinite(y.hi - y.lo));
    CHECK(y.lo < y.hi);
    if (logarithmic) CHECK(std::isfinite(y.hi / y.lo));
    for (const Tick& tick : axis_ticks(figure.y, y, 400, text_width))
      CHECK(std::isfinite(tick.value));
  }
}

TEST_CASE("a range covers every visible point with its error bar") {
  Figure figure = two_curves();
  const Range y = y_range(figure, {});
  CHECK(y.lo < 0.09);
  CHECK(y.hi > 1.3);
  const Range without = y_range(figure, {"rfa"});
  CHECK(without.lo > 0.9);
  const Range x = x_range(figure, {});
  CHECK(x.lo == 16);
  CHECK(x.hi == 256);
}

TEST_CASE("an empty figure has a usable range on both kinds of axes") {
  for (const bool logarithmic : {false, true}) {
    Figure figure;
    figure.x.logarithmic = figure.y.logarithmic = logarithmic;
    for (const Range range : {x_range(figure, {}), y_range(figure, {})}) {
      CHECK(range.lo < range.hi);
      CHECK((!logarithmic || range.lo > 0));
    }
  }
}

TEST_CASE("linear axes start at zero when the data come near it") {
  Figure figure;
  figure.draw_lines().series = {measured("a", {{1, 0.2, 0, 1}, {2, 1, 0, 1}})};
  CHECK(y_range(figure, {}).lo == 0);
  figure.draw_lines().series = {measured("a", {{1, 10.2, 0, 1}, {2, 11, 0, 1}})};
  CHECK(y_range(figure, {}).lo > 9);
}

TEST_CASE("tick labels never touch and ticks stay inside the range") {
  for (const bool logarithmic : {false, true})
    for (const double lo : {1e-7, 0.013, 0.9, 16.0, 1234.0})
      for (const double ratio : {1.3, 2.0, 9.0, 256.0, 1e5})
        for (const float pixels : {40.0f, 120.0f, 358.0f, 900.0f}) {
          const Range range{lo, lo * ratio};
          Axis axis;
          axis.logarithmic = logarithmic;
          const std::vector<Tick> ticks = axis_ticks(axis, range, pixels, text_width);
          REQUIRE_FALSE(ticks.empty());
          const Scale scale{logarithmic, range, 0, pixels};
          float reached = -1e9f;
          int labels = 0;
          for (const Tick& tick : ticks) {
            CHECK(scale.shows(tick.value));
            if (tick.text.base.empty()) continue;
            const float centre = scale.pixel(tick.value), half = text_width(tick.text) / 2;
            CHECK(centre - half >= reached);
            reached = centre + half;
            ++labels;
          }
          CHECK(labels >= 1);
        }
}

TEST_CASE("wide logarithmic axes label decades as powers of ten with a superscript") {
  Axis axis;
  axis.logarithmic = true;
  const std::vector<Tick> ticks = axis_ticks(axis, {1e-8, 10}, 600, text_width);
  REQUIRE(ticks.size() == 10);
  CHECK(ticks.front().text.base == "10");
  CHECK(ticks.front().text.superscript == "-8");
}

TEST_CASE("short logarithmic axes use plain numbers with twos and fives") {
  Axis axis;
  axis.logarithmic = true;
  std::vector<std::string> labels;
  for (const Tick& tick : axis_ticks(axis, {0.08, 2.1}, 400, text_width))
    labels.push_back(tick.text.base);
  CHECK(labels == std::vector<std::string>{"0.1", "0.2", "0.5", "1", "2"});
}

TEST_CASE("wanted ticks keep their places and lose labels where there is no room") {
  Axis axis;
  axis.logarithmic = true;
  for (int k = 4; k <= 13; ++k) axis.ticks.push_back(std::pow(2, k));
  const auto labels = [&](float pixels) {
    int count = 0;
    const std::vector<Tick> ticks = axis_ticks(axis, {16, 8192}, pixels, text_width);
    CHECK(ticks.size() == 10);
    for (const Tick& tick : ticks) count += !tick.text.base.empty();
    return count;
  };
  CHECK(labels(800) == 10);
  CHECK(labels(220) == 5);
  CHECK(labels(60) >= 1);
}

TEST_CASE("spread labels keep their order, do not overlap and stay inside") {
  const std::vector<LabelWish> wishes = {{50, 20}, {52, 20}, {51, 20}, {300, 20}, {395, 20}};
  const std::vector<float> centres = spread_labels(wishes, 0, 400, 2);
  CHECK(centres[0] + 22 <= centres[2] + 0.01f);
  CHECK(centres[2] + 22 <= centres[1] + 0.01f);
  CHECK(centres[3] == doctest::Approx(300));
  CHECK(centres[4] == doctest::Approx(390));
  CHECK((centres[0] + centres[1] + centres[2]) / 3 == doctest::Approx(51));
}

TEST_CASE("too many labels for the space are squeezed evenly instead of leaving it") {
  std::vector<LabelWish> wishes(20, LabelWish{10, 20});
  const std::vector<float> centres = spread_labels(wishes, 0, 100, 2);
  for (std::size_t i = 0; i < centres.size(); ++i) {
    CHECK(centres[i] >= 9.9f);
    CHECK(centres[i] <= 90.1f);
    if (i > 0) CHECK(centres[i] > centres[i - 1]);
  }
  CHECK(spread_labels({}, 0, 100, 2).empty());
}

TEST_CASE("a label goes where no box and no line is in its way") {
  const std::vector<Box> candidates = {{0, 0, 40, 10}, {60, 0, 100, 10}, {120, 0, 160, 10}};
  const std::vector<Box> taken = {{10, 0, 20, 20}};
  const std::vector<Segment> lines = {{50, 5, 110, 5}};
  CHECK(least_crowded(candidates, taken, lines) == 2);
  CHECK(least_crowded(candidates, {}, {}) == 0);
}

TEST_CASE("the nearest point is found within reach and never in a hidden series") {
  const Figure figure = two_curves();
  const Scale x{true, {16, 256}, 0, 400}, y{true, {0.05, 2}, 300, 0};
  const float px = x.pixel(64), py = y.pixel(0.5);
  CHECK(nearest_point(figure, {}, x, y, px + 3, py - 4, 20) == PointRef{0, 1});
  CHECK_FALSE(nearest_point(figure, {}, x, y, px + 30, py - 40, 20));
  CHECK_FALSE(nearest_point(figure, {"rfa"}, x, y, px, py, 20));
}

TEST_CASE("arrow keys walk along a curve and between curves") {
  const Figure figure = two_curves();
  auto at = step_point(figure, {}, std::nullopt, Direction::kRight);
  CHECK(at == PointRef{0, 0});
  at = step_point(figure, {}, at, Direction::kRight);
  CHECK(at == PointRef{0, 1});
  at = step_point(figure, {}, at, Direction::kUp);
  CHECK(at == PointRef{1, 1});
  CHECK(step_point(figure, {}, at, Direction::kUp) == at);
  CHECK(step_point(figure, {"rfa"}, at, Direction::kDown) == at);
  CHECK(step_point(figure, {}, at, Direction::kDown) == PointRef{0, 1});
  CHECK(step_point(figure, {}, PointRef{0, 2}, Direction::kRight) == PointRef{0, 2});
  CHECK_FALSE(step_point(figure, {"rfa", "rfmlp"}, std::nullopt, Direction::kRight));
}

TEST_CASE("the read-out is one line with the digits of the table") {
  const Figure figure = two_curves();
  CHECK(read_out(figure, {0, 1}) ==
        "rfa: " + estimate_text(0.5, 0.05) + " at training samples n = 64 (3 trials)");
  CHECK(read_out(figure, {1, 0}) ==
        "rfmlp: 1.3 at training samples n = 16 (1 trial, error unknown)");
  CHECK(read_out(figure, {1, 7}).empty());

  Table table;
  table.columns = {{"mean", "test error", "std_error"}, {"std_error", "standard error", ""}};
  table.rows = {{0.5, 0.05}, {Cell{}, Cell{}}};
  const std::vector<TableViewColumn> view = table_view(table);
  REQUIRE(view.size() == 1);
  CHECK(cell_text(table, table.rows[0], view[0]) == estimate_text(0.5, 0.05));
  CHECK(cell_text(table, table.rows[1], view[0]).empty());
}

}  // namespace
}  // namespace attnlab
