#include "core/attention/softmax.h"

#include "core/attention/softmax_parts.h"
#include "core/numerics/elementary.h"

namespace attnlab {

void softmax(std::span<double> logits) {
  if (logits.empty()) return;
  detail::subtract_largest(logits);
  for (double& logit : logits) logit = portable_exp(logit);
  detail::divide_by_sum(logits);
}

}  // namespace attnlab
