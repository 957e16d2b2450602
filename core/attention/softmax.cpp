#include "core/attention/softmax.h"

#include <algorithm>

#include "core/numerics/elementary_batch.h"

namespace attnlab {
namespace {

/// Calls `transform` with every group that is not empty.
template <class Transform>
void each_group(std::span<double> values, std::span<const std::size_t> ends, Transform transform) {
  std::size_t begin = 0;
  for (const std::size_t end : ends) {
    if (begin < end) transform(values.subspan(begin, end - begin));
    begin = end;
  }
}

}  // namespace

void softmax(std::span<double> logits) {
  const std::size_t end = logits.size();
  softmax_groups(logits, {&end, 1});
}

void softmax_groups(std::span<double> logits, std::span<const std::size_t> ends) {
  each_group(logits, ends, [](std::span<double> group) {
    const double largest = *std::ranges::max_element(group);
    for (double& logit : group) logit -= largest;
  });
  exp_of_each(logits);
  each_group(logits, ends, [](std::span<double> group) {
    double sum = 0;
    for (const double weight : group) sum += weight;
    for (double& weight : group) weight /= sum;
  });
}

}  // namespace attnlab
