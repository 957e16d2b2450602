// The target of docs/how-to/own-target.md.
#include "tests/unit/tutorial/own_target.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

using namespace attnlab;
using namespace attnlab::random_features;

TEST_CASE("the how-to page's target is the maximum of the keys minus their minimum") {
  constexpr std::size_t kDim = 5, kKeys = 7;
  const TargetDraw draw = draw_target(3, 0, kDim);
  std::vector<float> sample((1 + kKeys) * kDim);
  for (std::size_t i = 0; i < sample.size(); ++i) {
    sample[i] = static_cast<float>(i * i % 11) / 11.0F - 0.4F;
  }
  std::vector<float> negative(sample);
  for (float& entry : negative) entry = -entry;

  const Target* maximum = find_target("maximum");
  REQUIRE(maximum != nullptr);
  // The minimum is the maximum of the negative keys, with the other sign.
  const double expected = maximum->value(draw, sample.data(), kKeys, kDim, 0) +
                          maximum->value(draw, negative.data(), kKeys, kDim, 0);
  CHECK(expected > 0.1);
  CHECK(how_to::spread_target().value(draw, sample.data(), kKeys, kDim, 0) ==
        doctest::Approx(expected).epsilon(1e-12));
  CHECK(find_target(how_to::spread_target().id) == nullptr);  // only the page has it
}
