#include "core/attention/softmax.h"
#include "core/attention/softmax_parts.h"
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

void softmax_groups(std::span<double> logits, std::span<const std::size_t> ends) {
  each_group(logits, ends, detail::subtract_largest);
  exp_of_each(logits);
  each_group(logits, ends, detail::divide_by_sum);
}

}  // namespace attnlab
