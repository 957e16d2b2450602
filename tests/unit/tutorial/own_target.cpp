#include "tests/unit/tutorial/own_target.h"

#include <algorithm>
#include <cmath>

namespace attnlab::random_features::how_to {
namespace {

double spread(const TargetDraw& draw, const float* sample, std::size_t keys, std::size_t dim,
              double) {
  double lowest = HUGE_VAL, highest = -HUGE_VAL;
  for (std::size_t i = 1; i <= keys; ++i) {
    double along = 0;
    for (std::size_t j = 0; j < dim; ++j) along += draw.beta[j] * sample[i * dim + j];
    lowest = std::min(lowest, along);
    highest = std::max(highest, along);
  }
  return highest - lowest;
}

constexpr Target kSpread{.id = "spread",
                         .label = "spread of the keys",
                         .formula = "max ⟨β,xᵢ⟩ − min ⟨β,xᵢ⟩",
                         .number = TargetNumber::kNone,
                         .default_number = 0,
                         .reads_correlation = false,
                         .value = spread,
                         .affine_level = nullptr,
                         .norms = nullptr,
                         .constant_at_dim_one = [](double) { return false; }};

}  // namespace

const Target& spread_target() {
  return kSpread;
}

}  // namespace attnlab::random_features::how_to
