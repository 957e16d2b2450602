// The groups of checks; selftest.cpp lists them.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "core/selftest/selftest.h"

namespace attnlab::selftest {

std::vector<SelfCheck> check_random_numbers();
std::vector<SelfCheck> check_products();
std::vector<SelfCheck> check_factorisation();
std::vector<SelfCheck> check_softmax_attention();
std::vector<SelfCheck> check_attention_heads();
std::vector<SelfCheck> check_infinite_layers();
std::vector<SelfCheck> check_extraction();
std::vector<SelfCheck> check_prompt_heads();
std::vector<SelfCheck> check_training();
std::vector<SelfCheck> check_closed_forms();

/// The larger of two deviations; a NaN stays, so that it fails.
inline double worse(double worst, double deviation) {
  if (std::isnan(worst) || std::isnan(deviation)) return std::numeric_limits<double>::quiet_NaN();
  return std::max(worst, std::abs(deviation));
}

}  // namespace attnlab::selftest
