#include "core/random_features/fit/grid_search.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace attnlab::random_features {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr std::size_t kFewPoints = 4;  // too few for a bracket to pay

}  // namespace

std::vector<std::size_t> GridSearch::wanted() const {
  const std::size_t points = values_.size();
  std::vector<std::size_t> indices;
  const bool nothing_known = std::find(known_.begin(), known_.end(), true) == known_.end();
  if (nothing_known && points > kFewPoints && start_ != Start::kAll) return {points / 2 + 1};
  std::size_t best = points;
  for (std::size_t i = 0; i < points; ++i) {
    if (!known_[i] || values_[i] == kInfinity) continue;
    if (best == points || values_[i] <= values_[best]) best = i;
  }
  if (best == points) {
    for (std::size_t i = 0; i < points; ++i) {
      if (!known_[i]) indices.push_back(i);
    }
    return indices;
  }
  // Errors rise steeply towards large ridge parameters and little, if at all, towards small ones:
  // one step on the large side, half of the unknown points on the small side.
  std::size_t left = 0, right = 0;
  while (left < best && !known_[best - left - 1]) ++left;
  while (best + right + 1 < points && !known_[best + right + 1]) ++right;
  if (left > 0) indices.push_back(best - (left + 1) / 2);
  if (right > 0) indices.push_back(best + 1);
  return indices;
}

void GridSearch::tell(std::size_t index, double value) {
  known_[index] = true;
  values_[index] = std::isnan(value) ? kInfinity : value;
}

}  // namespace attnlab::random_features
