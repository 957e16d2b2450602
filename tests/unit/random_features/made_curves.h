// Shared by the tests of claims: parameters of a run, and curves whose verdict is known beforehand.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "core/random_features/error_curves.h"
#include "core/random_features/sweep.h"
#include "tests/unit/support/experiments.h"

namespace attnlab::test {
using namespace random_features;

/// A curve with the given mean errors at n = 16, 64, 256, ... and a spread of +-2 % between three
/// trials.
inline ErrorCurve made_curve(const char* model, const TargetCase& item, std::vector<double> means,
                             double variant = 0) {
  ErrorCurve curve{find_random_feature_model(model), item, variant, {}, {}, {}, {}, {}, {}};
  double n = 16;
  for (const double mean : means) {
    curve.sizes.push_back(n);
    curve.errors.push_back({mean * 0.98, mean, mean * 1.02});
    curve.strengths.push_back({1, 1, 1});
    curve.training.push_back({0.5 * mean, 0.5 * mean, 0.5 * mean});
    curve.failed.push_back(0);
    curve.without_result.push_back(0);
    n *= 4;
  }
  return curve;
}

inline const Claim& claim_of(const std::vector<Claim>& claims, const char* id) {
  const auto found = std::find_if(claims.begin(), claims.end(),
                                  [&](const Claim& claim) { return claim.id == id; });
  REQUIRE(found != claims.end());
  return *found;
}

}  // namespace attnlab::test
