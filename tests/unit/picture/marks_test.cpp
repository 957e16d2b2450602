#include "core/picture/marks.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/findings/palette.h"
#include "core/picture/svg.h"

using namespace attnlab;

namespace {

using Look = std::pair<const MarkPoint*, MarkFill>;

Look look_of(int slot, int variant) {
  Series series;
  series.colour = slot;
  series.variant = variant;
  const Mark mark = mark_of(series);
  return {mark.outline.data(), mark.fill};
}

/// Of the triangles between the centre and each edge: positive where the edge runs clockwise.
std::vector<double> areas(std::span<const MarkPoint> outline) {
  std::vector<double> each;
  for (std::size_t i = 0; i < outline.size(); ++i) {
    const MarkPoint &a = outline[i], &b = outline[(i + 1) % outline.size()];
    each.push_back((double{a.x} * b.y - double{a.y} * b.x) / 2);
  }
  return each;
}

}  // namespace

TEST_CASE("every colour slot has four marks that no other slot has") {
  std::set<Look> looks;
  for (int slot = 0; slot < kColourSlots; ++slot) {
    for (int variant = 0; variant < 4; ++variant) looks.insert(look_of(slot, variant));
  }
  CHECK(looks.size() == 4 * kColourSlots);
}

TEST_CASE("the variants of a slot have marks of their own as long as there are marks") {
  for (int slot = 0; slot < kColourSlots; ++slot) {
    std::set<Look> looks;
    for (int variant = 0; variant < 4 * kColourSlots; ++variant) {
      looks.insert(look_of(slot, variant));
    }
    CHECK(looks.size() == 4 * kColourSlots);
  }
}

TEST_CASE("outlines are polygons of about the same size around their centre") {
  for (int slot = 0; slot < kColourSlots; ++slot) {
    Series series;
    series.colour = slot;
    const Mark mark = mark_of(series);
    if (mark.outline.empty()) continue;  // the disc
    CAPTURE(slot);
    CHECK(mark.outline.size() >= 3);
    const std::vector<double> parts = areas(mark.outline);
    CHECK(*std::min_element(parts.begin(), parts.end()) >
          0);  // what filling around the centre needs
    const double area = std::accumulate(parts.begin(), parts.end(), 0.0);
    CHECK(area > 24);  // the disc has 50
    CHECK(area < 56);
    for (const MarkPoint& point : mark.outline) CHECK(std::hypot(point.x, point.y) < 5.5);
  }
}

TEST_CASE("four variants of a curve differ in their dashes, and guides from all of them") {
  std::set<std::vector<float>> seen;
  for (const SeriesRole role : {SeriesRole::kCurve, SeriesRole::kTheory, SeriesRole::kExact})
    for (int variant = 0; variant < (role == SeriesRole::kCurve ? 4 : 1); ++variant) {
      Series series;
      series.role = role;
      series.variant = variant;
      const std::span<const float> dashes = dashes_of(series);
      CHECK(dashes.size() % 2 == 0);
      CHECK(seen.insert({dashes.begin(), dashes.end()}).second);
    }
  CHECK(seen.contains({}));
}

TEST_CASE("an exported picture draws every slot and variant with a path of its own") {
  std::set<std::string> paths;
  for (int slot = 0; slot < kColourSlots; ++slot) {
    for (int variant = 0; variant < 4; ++variant) {
      Figure figure;
      Series series;
      series.colour = slot;
      series.variant = variant;
      series.points = {{1, 1, 0.1, 3}};
      figure.draw_lines().series = {series};
      const std::string svg = figure_svg(figure, {});
      const std::size_t point = svg.find("class=\"point\""), path = svg.find(" d=\"", point);
      REQUIRE(path != std::string::npos);
      paths.insert(std::to_string(variant == 0) +
                   svg.substr(path, svg.find("\"", path + 4) - path));
    }
  }
  CHECK(paths.size() == 4 * kColourSlots);
}
