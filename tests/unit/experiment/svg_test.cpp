#include "core/picture/svg.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "core/catalogue/catalogue.h"
#include "core/codecs/citation.h"

using namespace attnlab;

namespace {

std::size_t count(std::string_view text, std::string_view word) {
  std::size_t found = 0;
  if (word.empty()) return found;
  for (std::size_t at = text.find(word); at != std::string_view::npos;
       at = text.find(word, at + word.size())) {
    ++found;
  }
  return found;
}

/// Elements are closed in the order in which they were opened, and texts hold no bare markup.
bool well_formed(std::string_view text) {
  std::vector<std::string_view> open;
  for (std::size_t at = text.find('<'); at != std::string_view::npos; at = text.find('<', at)) {
    const std::size_t end = text.find('>', at);
    if (end == std::string_view::npos) return false;
    std::string_view tag = text.substr(at + 1, end - at - 1);
    at = end + 1;
    if (tag.back() == '/') continue;
    if (tag.front() == '/') {
      if (open.empty() || open.back() != tag.substr(1)) return false;
      open.pop_back();
    } else {
      open.push_back(tag.substr(0, tag.find_first_of(" \n")));
    }
  }
  return open.empty();
}

Figure curve() {
  Figure figure;
  figure.title = "Is a < b & \"c\"?";
  figure.x.label = "n";
  figure.x.logarithmic = true;
  figure.y.label = "error";
  Series series;
  series.id = series.label = "A & B";
  const double nan = std::numeric_limits<double>::quiet_NaN();
  series.points = {{16, 1, 0.1, 3}, {64, 0.5, nan, 1}, {256, nan, nan, 0}, {1024, 0.1, 0.01, 3}};
  Series theory = series;
  theory.role = SeriesRole::kTheory;
  figure.draw_lines().series = {series, theory};
  return figure;
}

}  // namespace

TEST_CASE("an svg has one point for every finite measured point, with its read-out") {
  for (const bool dark : {false, true}) {
    const std::string svg = figure_svg(curve(), {.dark = dark, .source = "x & y"});
    CHECK(well_formed(svg));
    CHECK(count(svg, "class=\"point\"") == 3);
    CHECK(count(svg, "1.00 ± 0.10") == 1);
    CHECK(count(svg, "a &lt; b &amp; &quot;c&quot;") == 2);
    CHECK(count(svg, "nan") == 0);
    CHECK(figure_svg(curve(), {.dark = dark, .source = "x & y"}) == svg);
  }
}

TEST_CASE("a slide has the form of a screen, large type, and no guides or subtitle") {
  Figure figure = curve();
  figure.subtitle = "d = 3";
  const std::string svg = figure_svg(figure, {.width = 400, .height = 900, .slide = true});
  CHECK(well_formed(svg));
  CHECK(count(svg, "width=\"1600\" height=\"900\" viewBox=\"0 0 800 450\"") == 1);
  CHECK(count(svg, "class=\"point\"") == 3);
  CHECK(count(svg, "d = 3") == 0);
  CHECK(count(svg, "stroke-dasharray") == 0);
  CHECK(count(figure_svg(figure, {}), "stroke-dasharray") > 0);
}

TEST_CASE("a heat map's svg has one point for every known cell") {
  Figure figure;
  HeatPanel panel;
  panel.title = "W";
  panel.rows = 2;
  panel.columns = 3;
  panel.values = {1, 2, 3, 4, std::nan(""), 6};
  panel.scale = ColourScale::kDiverging;
  panel.contours = {2.5};
  figure.draw_maps().panels = {panel, panel};
  const std::string svg = figure_svg(figure, {});
  CHECK(well_formed(svg));
  CHECK(count(svg, "class=\"point\"") == 10);
}

TEST_CASE("the label of a reference line is broken into lines as wide as the plot") {
  const std::string label =
      "a level that takes many words to describe and does not fit into one line of a small plot";
  for (const bool vertical : {false, true}) {
    Figure figure = curve();
    figure.draw_lines().references = {{vertical, vertical ? 256 : 0.5, label}};
    const std::string narrow = figure_svg(figure, {.width = 320, .height = 240});
    CHECK(well_formed(narrow));
    CHECK(narrow.find(label) == std::string::npos);
    CHECK(narrow.find(">a level") != std::string::npos);
    CHECK(figure_svg(figure, {.width = 1600}).find(label) != std::string::npos);
  }
}

TEST_CASE("every experiment's empty figures are well-formed svg, at any size") {
  for (const Experiment* experiment : experiments()) {
    const RunSpec spec{experiment, ParameterSet(experiment->schema)};
    for (const Figure& figure : experiment->find(spec, {}).figures)
      for (const int width : {-5, 320, 1500}) {
        INFO(experiment->id << " " << figure.id);
        CHECK(well_formed(figure_svg(figure, {width, 100, false, {}})));
      }
  }
}

TEST_CASE("a live experiment's svg shows every field, handle and contour") {
  int live = 0;
  for (const Experiment* experiment : experiments()) {
    if (!experiment->live) continue;
    ++live;
    const RunSpec spec{experiment, ParameterSet(experiment->schema)};
    for (const Figure& figure : experiment->find(spec, {}).figures) {
      INFO(experiment->id << " " << figure.id);
      const std::string svg = figure_svg(figure, {});
      CHECK(well_formed(svg));
      CHECK(count(svg, "class=\"field\"") == figure.fields().panels.size());
      const std::size_t planes = figure.fields().panels.empty() ? 1 : figure.fields().panels.size();
      CHECK(count(svg, "class=\"handle\"") ==
            (figure.maps().panels.empty() ? planes : 0) * figure.handles.size());
      CHECK(count(svg, "nan") == 0);
      // Every colour of the bar is somewhere in the picture of the prediction, which spans its
      // range.
      if (figure.id == "prediction")
        CHECK(count(svg, "\" d=\"M") > figure.fields().panels.size() * 20);
    }
  }
  CHECK(live >= 3);
}

TEST_CASE("a field's svg is filled between levels, with unknown places empty") {
  Figure figure;
  FieldPanel field;
  field.value = [](std::span<const float>, double x, double y) {
    return x < -0.5 ? std::numeric_limits<double>::quiet_NaN() : 2 * y;
  };
  field.min = -1;
  field.max = 1;
  field.contours = {0};
  figure.draw_fields().panels = {field};
  figure.handles.resize(1);
  figure.handles[0].help = "a < b";
  const std::string svg = figure_svg(figure, {});
  CHECK(well_formed(svg));
  CHECK(count(svg, "nan") == 0);
  CHECK(count(svg, "<title>a &lt; b</title>") == 1);
  CHECK(count(svg, "<path fill=\"#") == 24);
  CHECK(count(svg, "<path fill=\"none\"") == 2);  // white on a dark rim
}

TEST_CASE("a run's citation names the paper, every parameter and the seed") {
  for (const Experiment* experiment : experiments()) {
    RunSpec spec{experiment, ParameterSet(experiment->schema), 77};
    const std::string text = run_bibtex(spec, {"1.2_3", "wasm32", "simd128"});
    INFO(text);
    CHECK(count(text, "@misc{") == 2);
    CHECK(count(text, "seed = 77") == 1);
    CHECK(count(text, "1.2\\_3") == 1);
    CHECK(count(text, "{") == count(text, "}"));
    for (const Parameter& parameter : experiment->schema.parameters)
      CHECK(count(text, parameter.name + " = ") >= 1);
  }
}

TEST_CASE("an interactive svg has a slider for every handle that moves, in every plane") {
  for (const Experiment* experiment : experiments()) {
    const RunSpec spec{experiment, ParameterSet(experiment->schema)};
    for (Figure figure : experiment->find(spec, {}).figures) {
      if (figure.handles.empty()) continue;
      INFO(experiment->id << " " << figure.id);
      const std::size_t planes = std::max<std::size_t>(1, figure.fields().panels.size());
      const SvgOptions options{.height = 0, .interactive = true};
      const std::string svg = figure_svg(figure, options);
      CHECK(well_formed(svg));
      CHECK(count(svg, "class=\"handles\" data-area") == planes);
      CHECK(count(svg, "role=\"slider\"") == planes * figure.handles.size());
      CHECK(count(svg, "tabindex=\"0\"") == figure.handles.size());
      if (!figure.invitation.empty()) CHECK(count(svg, figure.invitation.substr(0, 8)) >= 1);
      CHECK(count(figure_svg(figure, {}), "slider") == 0);
      figure.handles[0].parameter.clear();  // locked
      CHECK(count(figure_svg(figure, options), "data-handle=\"0\"") == 0);
    }
  }
}

TEST_CASE("an interactive svg says what there is to say, over pale results where there are any") {
  Figure figure = curve();
  figure.empty_text = "Press Run & wait until the first points appear";
  const SvgOptions options{.interactive = true};
  CHECK(count(figure_svg(figure, options), "Press Run &amp; wait") == 1);
  CHECK(count(figure_svg(figure, options), "opacity=\"0.35\"") == 1);
  CHECK(count(figure_svg(figure, {}), "Press Run") == 0);
  for (Series& series : figure.draw_lines().series) series.points.clear();
  CHECK(count(figure_svg(figure, options), "opacity=\"0.35\"") == 0);
  CHECK(well_formed(figure_svg(figure, options)));
}

TEST_CASE("the names inside two pictures of one page meet only where they mean the same") {
  const auto name = [](int width) {
    const std::string svg = figure_svg(curve(), {.width = width});
    const std::size_t at = svg.find("id=\"") + 4;
    return svg.substr(at, svg.find('"', at) - at);
  };
  CHECK(name(700) != name(800));
  CHECK(name(700) == name(700));
}

TEST_CASE("a picture without a given height is as high as its panels need at this width") {
  Figure figure;
  figure.draw_maps().panels.resize(4);
  const auto height = [&](int width) {
    return picture_size(figure, {.width = width, .height = 0}).height;
  };
  CHECK(height(390) > 2 * height(900) * 390 / 900);
  figure = curve();
  CHECK(height(390) < 420);
  CHECK(height(3000) <= 620);
}
