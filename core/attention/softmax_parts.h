// Shared by softmax() and softmax_groups(). These are in separate files because only the second
// needs the kernels, and the page's own module links none.
#pragma once

#include <algorithm>
#include <span>

namespace attnlab::detail {

inline void subtract_largest(std::span<double> logits) {
  const double largest = *std::ranges::max_element(logits);
  for (double& logit : logits) logit -= largest;
}

inline void divide_by_sum(std::span<double> weights) {
  double sum = 0;
  for (const double weight : weights) sum += weight;
  for (double& weight : weights) weight /= sum;
}

}  // namespace attnlab::detail
