// The bracketing search against evaluating every point.
#include "core/random_features/fit/grid_search.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "core/numerics/random.h"

using namespace attnlab;
using namespace attnlab::random_features;

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

struct Found {
  std::size_t index = 0, evaluations = 0, rounds = 0;
};

Found search(const std::vector<double>& values, GridSearch::Start start = GridSearch::Start::kOne) {
  GridSearch grid(values.size(), start);
  Found found;
  double best = kInfinity;
  for (std::vector<std::size_t> wanted = grid.wanted(); !wanted.empty(); wanted = grid.wanted()) {
    ++found.rounds;
    REQUIRE(found.rounds <= values.size());
    for (const std::size_t i : wanted) {
      ++found.evaluations;
      grid.tell(i, values[i]);
      if (!(values[i] < best || (values[i] == best && i > found.index))) continue;
      best = values[i];
      found.index = i;
    }
  }
  return found;
}

/// Index of the least value; the last one if several are equal.
std::size_t last_minimum(const std::vector<double>& values) {
  std::size_t best = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (values[i] <= values[best]) best = i;
  }
  return best;
}

}  // namespace

TEST_CASE("the search finds the minimum of every sequence that falls and then rises") {
  RandomStream random(1, hash_name("test/grid-search"), 0);
  for (std::size_t points = 1; points <= 20; ++points) {
    for (std::size_t minimum = 0; minimum < points; ++minimum) {
      for (int shape = 0; shape < 20; ++shape) {
        std::vector<double> values(points, 1.0);
        for (std::size_t i = minimum; i-- > 0;) values[i] = values[i + 1] + random.uniform();
        for (std::size_t i = minimum + 1; i < points; ++i) {
          values[i] = values[i - 1] + random.uniform();
        }
        // Factorisation fails for the smallest ridge parameters.
        for (std::size_t i = 0; shape % 2 == 1 && i < minimum / 2; ++i) values[i] = std::nan("");
        const Found found = search(values);
        CHECK(found.index == minimum);
        if (points == 10) CHECK(found.evaluations <= 7);
        if (points == 10) CHECK(found.rounds <= 5);
      }
    }
  }
}

TEST_CASE(
    "of a plateau at the minimum the last point wins, and without usable values all are asked "
    "for") {
  for (std::size_t begin = 0; begin < 10; ++begin) {
    for (std::size_t end = begin + 1; end <= 10; ++end) {
      std::vector<double> values(10);
      for (std::size_t i = 0; i < 10; ++i) {
        const double below = begin > i ? static_cast<double>(begin - i) : 0;
        values[i] = i >= end ? static_cast<double>(i - end + 1) : below;
      }
      CHECK(search(values).index == last_minimum(values));
    }
  }
  CHECK(search(std::vector<double>(10, kInfinity)).evaluations == 10);
  std::vector<double> only_last(10, kInfinity);
  only_last[9] = 1;
  CHECK(search(only_last).index == 9);
}

TEST_CASE("wherever the search begins it finds the minimum") {
  for (std::size_t minimum = 0; minimum < 10; ++minimum) {
    std::vector<double> values(10);
    for (std::size_t i = 0; i < 10; ++i) {
      values[i] = std::abs(static_cast<double>(i) - static_cast<double>(minimum));
    }
    CHECK(search(values, GridSearch::Start::kOne).index == minimum);
    const Found all = search(values, GridSearch::Start::kAll);
    CHECK(all.index == minimum);
    CHECK(all.rounds == 1);
    CHECK(all.evaluations == 10);
    // One value brings all others up to the seventh.
    GridSearch grid(10, GridSearch::Start::kOne);
    REQUIRE(grid.wanted() == std::vector<std::size_t>{6});
    for (std::size_t i = 0; i < 8; ++i) grid.tell(i, values[i]);
    CHECK(grid.wanted().empty() == (minimum < 7));
  }
}
