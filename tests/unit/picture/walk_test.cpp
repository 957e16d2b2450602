#include "core/picture/walk.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <set>

#include "core/base/text.h"
#include "core/catalogue/catalogue.h"
#include "core/codecs/codecs.h"
#include "core/experiment/draft.h"
#include "core/findings/findings.h"
#include "core/picture/svg.h"
#include "tests/unit/support/experiments.h"

namespace attnlab {
namespace {

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

Series curve(std::string label, std::vector<FigurePoint> points) {
  Series series;
  series.id = series.label = std::move(label);
  series.points = std::move(points);
  return series;
}

Figure made_figure() {
  Figure figure;
  figure.x = {"training samples n", true, 16, 256, {}};
  figure.y = {"test error", true, 0.01, 1, {}};
  figure.draw_lines().series = {
      curve("RFA", {{16, 0.1, 0.02, 3}, {32, kUnknown, kUnknown, 0}, {256, 0.01, kUnknown, 1}}),
      curve("RFMLP", {{16, 1, 0.1, 3}, {256, 0.5, 0.1, 3}})};
  return figure;
}

/// The figures of a preset's cheapest run: every kind of curve that the experiment draws.
std::vector<Figure> cheapest_figures(const Experiment& experiment) {
  const RunSpec spec{&experiment, *preset_parameters(experiment, experiment.presets.front().name)};
  if (experiment.live) return experiment.find(spec, {}).figures;
  const auto plan_of = [](const RunSpec& some) { return some.experiment->plan(some); };
  const Draft draft = make_draft(spec, *plan_of(spec), 0, 1, plan_of);
  return experiment.find(draft.spec, test::run_all(draft.spec)).figures;
}

/// All points that steps reach from the first one.
std::set<std::pair<int, int>> reached(const Figure& figure) {
  std::set<std::pair<int, int>> seen;
  std::vector<PointRef> next;
  const auto visit = [&](std::optional<PointRef> at) {
    if (at && seen.insert({at->series, at->point}).second) next.push_back(*at);
  };
  visit(step_point(figure, {}, std::nullopt, Direction::kRight));
  while (!next.empty()) {
    const PointRef at = next.back();
    next.pop_back();
    for (const Direction step :
         {Direction::kLeft, Direction::kRight, Direction::kUp, Direction::kDown})
      visit(step_point(figure, {}, at, step));
  }
  return seen;
}

TEST_CASE("a point in words has the curve, its number, both values and the error") {
  const Figure figure = made_figure();
  CHECK(walk_place(figure, {}, {1, 1})->sentence == "RFMLP, 2 of 2: n = 256, 0.50 ± 0.10");
  CHECK(walk_place(figure, {}, {0, 0})->sentence == "RFA, 1 of 2: n = 16, 0.100 ± 0.020");
  // Points without a value are not counted; without an error there is no ±.
  CHECK(walk_place(figure, {}, {0, 2})->sentence == "RFA, 2 of 2: n = 256, 0.01");
  CHECK_FALSE(walk_place(figure, {}, {0, 1}));
  CHECK_FALSE(walk_place(figure, {"RFA"}, {0, 0}));
  for (const PointRef nowhere : {PointRef{}, PointRef{2, 0}, PointRef{1, 2}, PointRef{0, -1}})
    CHECK_FALSE(walk_place(figure, {}, nowhere));
  CHECK(walk_introduction(figure, {}) == "2 curves. Across: training samples n. Up: test error.");
  CHECK(walk_introduction(figure, {"RFA"}) ==
        "1 curve. Across: training samples n. Up: test error.");
  CHECK(walk_introduction(figure, {"RFA", "RFMLP"}).empty());
}

TEST_CASE("equal ratios are equal steps on a logarithmic axis, equal differences on a linear one") {
  Figure figure = made_figure();
  CHECK(walk_place(figure, {}, {0, 0})->along == doctest::Approx(0));
  CHECK(walk_place(figure, {}, {0, 2})->along == doctest::Approx(1));
  const WalkPlace place = *walk_place(figure, {}, {0, 0});  // the axis spans 0.01 to 1.1 or more
  const Range y = y_range(figure, {});
  CHECK(place.height == doctest::Approx(std::log(0.1 / y.lo) / std::log(y.hi / y.lo)));
  CHECK(place.low == doctest::Approx(std::log(0.08 / y.lo) / std::log(y.hi / y.lo)));
  CHECK(place.high == doctest::Approx(std::log(0.12 / y.lo) / std::log(y.hi / y.lo)));
  const WalkPlace sure = *walk_place(figure, {}, {0, 2});
  CHECK(sure.low == sure.height);
  CHECK(sure.high == sure.height);
  figure.y = {"test error", false, 0, 2, {}};
  CHECK(walk_place(figure, {}, {1, 0})->height == doctest::Approx(0.5));
  CHECK(walk_place(figure, {}, {1, 1})->height == doctest::Approx(0.25));
}

TEST_CASE("an axis' variable is the letter that its label ends with") {
  const auto variable = [](const char* label) {
    Axis axis;
    axis.label = label;
    return axis_variable(axis);
  };
  CHECK(variable("training samples n") == "n");
  CHECK(variable("noise τ") == "τ");
  CHECK(variable("noise σ²") == "σ²");
  CHECK(variable("mean of W, c (0: RFA)") == "c");
  CHECK(variable("size of W (Frobenius norm)") == "size of W (Frobenius norm)");
  CHECK(variable("angle of the key (degrees)") == "angle of the key (degrees)");
  CHECK(variable("training step") == "training step");
  CHECK(variable("value") == "value");
  CHECK(variable("") == "");
}

TEST_CASE("steps pass over points without a value and go to both ends") {
  const Figure figure = made_figure();
  CHECK(step_point(figure, {}, PointRef{0, 0}, Direction::kRight) == PointRef{0, 2});
  CHECK(step_point(figure, {}, PointRef{0, 2}, Direction::kLeft) == PointRef{0, 0});
  CHECK(step_point(figure, {}, PointRef{0, 0}, Direction::kEnd) == PointRef{0, 2});
  CHECK(step_point(figure, {}, PointRef{0, 2}, Direction::kStart) == PointRef{0, 0});
}

TEST_CASE("a place that is gone is replaced by the nearest one of its curve, else the first") {
  const Figure figure = made_figure();
  CHECK(nearest_place(figure, {}, PointRef{1, 1}) == PointRef{1, 1});
  CHECK(nearest_place(figure, {}, PointRef{1, 9}) == PointRef{1, 1});
  CHECK(nearest_place(figure, {}, PointRef{1, 1000000}) == PointRef{1, 1});
  CHECK(nearest_place(figure, {}, PointRef{0, 1}) == PointRef{0, 0});
  CHECK(nearest_place(figure, {"RFMLP"}, PointRef{1, 1}) == PointRef{0, 0});
  CHECK(nearest_place(figure, {}, PointRef{7, 0}) == PointRef{0, 0});
  CHECK(nearest_place(figure, {}, std::nullopt) == PointRef{0, 0});
  CHECK_FALSE(nearest_place(figure, {"RFA", "RFMLP"}, PointRef{0, 0}));
  CHECK_FALSE(nearest_place(Figure(), {}, PointRef{0, 0}));
}

TEST_CASE("every point of every experiment's first preset can be walked to and has a sentence") {
  std::size_t points = 0, experiments_with_curves = 0;
  for (const Experiment* experiment : experiments()) {
    CAPTURE(experiment->id);
    const std::size_t before = points;
    for (const Figure& figure : cheapest_figures(*experiment)) {
      CAPTURE(figure.id);
      const auto reach = reached(figure);
      const auto& series = figure.lines().series;
      for (int s = 0; s < static_cast<int>(series.size()); ++s) {
        CAPTURE(series[s].id);
        int number = 0;
        const auto finite = [](const FigurePoint& point) {
          return std::isfinite(point.x) && std::isfinite(point.y);
        };
        const auto count = std::count_if(series[s].points.begin(), series[s].points.end(), finite);
        for (int i = 0; i < static_cast<int>(series[s].points.size()); ++i) {
          const FigurePoint& point = series[s].points[i];
          const std::optional<WalkPlace> place = walk_place(figure, {}, {s, i});
          REQUIRE(place.has_value() == finite(point));
          if (!place) continue;
          ++points;
          CHECK(reach.contains({s, i}));
          // Put together another way than core does.
          std::string wanted = series[s].label + ", " + std::to_string(++number) + " of " +
                               std::to_string(count) + ": ";
          CHECK_FALSE(series[s].label.empty());
          CHECK(place->sentence.rfind(wanted, 0) == 0);
          CHECK(place->sentence.find(" = " + short_text(point.x) + ", ") != std::string::npos);
          const bool says_error = place->sentence.find("±") != std::string::npos;
          const bool has_error =
              series[s].role == SeriesRole::kMeasured && std::isfinite(point.error);
          CHECK(says_error == has_error);
          for (const double share : {place->along, place->height, place->low, place->high}) {
            CHECK(share >= 0);
            CHECK(share <= 1);
          }
          CHECK(place->low <= place->height);
          CHECK(place->high >= place->height);
        }
      }
      if (!reach.empty()) {
        const std::string about = walk_introduction(figure, {});
        CHECK(about.find(figure.x.label) != std::string::npos);
        CHECK(about.find(figure.y.label) != std::string::npos);
      }
    }
    experiments_with_curves += points > before;
  }
  CHECK(points > 1000);
  CHECK(experiments_with_curves >= 12);
}

TEST_CASE("the drawn figure has a ring at the point of the walk, and none without") {
  Figure figure = made_figure();
  const SvgOptions on_page{.height = 0, .interactive = true};
  CHECK(figure_svg(figure, on_page).find("class=\"walked\"") == std::string::npos);
  figure.walked = {0, 2};
  const Expected<Figure> read = decode_figure(encode_figure(figure), nullptr);
  REQUIRE(read);
  CHECK(read->walked == figure.walked);
  const std::string svg = figure_svg(*read, on_page);
  const std::size_t ring = svg.find("class=\"walked\"");
  REQUIRE(ring != std::string::npos);
  // Where the point's own mark is.
  const auto attribute = [&](const char* name) {
    const std::size_t at = svg.find(std::string(" ") + name + "=\"", ring) + 5;
    return svg.substr(at, svg.find('"', at) - at);
  };
  CHECK(svg.find("translate(" + attribute("cx") + "," + attribute("cy") + ")") !=
        std::string::npos);
  figure.walked = {0, 1};  // has no value
  CHECK(figure_svg(figure, on_page).find("class=\"walked\"") == std::string::npos);
}

TEST_CASE("where colours do not tell curves apart, marks do") {
  Figure figure;
  figure.x.label = "x", figure.y.label = "y";
  for (int colour = 0; colour < 4; ++colour) {
    std::vector<FigurePoint> points;
    for (int i = 0; i <= 50; ++i) points.push_back({i / 50.0, colour + i / 100.0});
    Series series = curve("curve " + std::to_string(colour), points);
    series.role = SeriesRole::kCurve;
    series.colour = colour;
    figure.draw_lines().series.push_back(series);
  }
  const auto marks = [&](SvgContrast contrast) {
    const std::string svg = figure_svg(figure, {.interactive = true, .contrast = contrast});
    std::set<std::string> shapes;
    std::size_t count = 0;
    for (std::size_t at = svg.find(")\" d=\""); at != std::string::npos;
         at = svg.find(")\" d=\"", at + 1)) {
      shapes.insert(svg.substr(at, svg.find("\"/>", at) - at));
      ++count;
    }
    return std::pair{shapes.size(), count};
  };
  CHECK(marks(SvgContrast::kPlain) == std::pair<std::size_t, std::size_t>{0, 0});
  for (const SvgContrast contrast : {SvgContrast::kMore, SvgContrast::kForced}) {
    const auto [shapes, count] = marks(contrast);
    CHECK(shapes == 4);
    CHECK(count >= 4 * 6);  // several along each curve, and one at its label
  }
  const std::string forced =
      figure_svg(figure, {.interactive = true, .contrast = SvgContrast::kForced});
  CHECK(forced.find('#' + std::string("0")) == std::string::npos);
  CHECK(forced.find("fill=\"CanvasText\"") != std::string::npos);
  CHECK(forced.find("fill=\"Canvas\"") != std::string::npos);
}

}  // namespace
}  // namespace attnlab
