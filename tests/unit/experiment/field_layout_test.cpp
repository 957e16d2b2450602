#include "core/picture/field_layout.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

using namespace attnlab;

namespace {

double plane(std::span<const float> data, double x, double y) {
  return static_cast<double>(data[0]) * x + static_cast<double>(data[1]) * y;
}

FieldPanel field_of(double (*value)(std::span<const float>, double, double)) {
  FieldPanel field;
  field.data = {0.7f, -0.4f};
  field.value = value;
  return field;
}

double area_of(const std::vector<Outline>& region) {
  double area = 0;
  for (const Outline& outline : region)
    for (std::size_t i = 0; i < outline.size(); ++i) {
      const Spot a = outline[i], b = outline[(i + 1) % outline.size()];
      area += (static_cast<double>(a.x) * b.y - static_cast<double>(b.x) * a.y) / 2;
    }
  return area;
}

}  // namespace

TEST_CASE("the region above a level of a linear field has the area that integration gives") {
  const FieldGrid grid = field_grid(field_of(plane), {-1, 1}, {-2, 2}, 16, 32);
  // The mean of a function with values in [-2, 2] is the integral over the levels of the share
  // above.
  constexpr int kLevels = 4000;
  double mean = -2;
  for (int i = 0; i < kLevels; ++i)
    mean += area_of(region_at_least(grid, -2 + 4 * (i + 0.5) / kLevels)) / (16 * 32) * 4 / kLevels;
  CHECK(std::abs(mean) < 1e-4);
  CHECK(area_of(region_at_least(grid, 0)) == doctest::Approx(256));
  CHECK(area_of(region_at_least(grid, -HUGE_VAL)) == doctest::Approx(512));
  CHECK(region_at_least(grid, 1.6).empty());
  // Above 0.7 x - 0.4 y = 1 there is the triangle with corners (1, -2), (2/7, -2) and (1, -0.75).
  CHECK(area_of(region_at_least(grid, 1)) ==
        doctest::Approx(0.5 * (5.0 / 7) * 1.25 * 64).epsilon(1e-4));
}

TEST_CASE("every outline runs the same way round, and whole cells of a row are one") {
  const auto bowl = [](std::span<const float>, double x, double y) { return x * x + y * y; };
  const FieldGrid grid = field_grid(field_of(bowl), {-1, 1}, {-1, 1}, 20, 20);
  const std::vector<Outline> region = region_at_least(grid, 0.5);
  for (const Outline& outline : region) CHECK(area_of({outline}) >= 0);
  CHECK(area_of(region) / 100 == doctest::Approx(4 - 3.14159265 * 0.5).epsilon(5e-3));
  CHECK(region_at_least(grid, -1).size() == 20);
}

TEST_CASE("unknown values of a field are in no region") {
  const auto half = [](std::span<const float>, double x, double) {
    return x < 0 ? std::numeric_limits<double>::quiet_NaN() : 1.0;
  };
  const FieldGrid grid = field_grid(field_of(half), {-1, 1}, {-1, 1}, 8, 8);
  CHECK(area_of(region_at_least(grid, 0)) == doctest::Approx(32));
  CHECK(region_at_least(field_grid(field_of(nullptr), {0, 1}, {0, 1}, 4, 4), -HUGE_VAL).empty());
}
