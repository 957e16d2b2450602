// One softmax head.
#pragma once

#include <vector>

#include "core/numerics/matrix.h"

namespace attnlab {

/// f(X) = sum_i alpha_i value.x_i with alpha = softmax_i(x_i^T weight x_N), for a sequence X of
/// tokens x_1 .. x_N whose last one is the query token (and a key as well).
///
/// Family C's IsotropicHead (core/attention/one_prompt.h) differs: it has two parameters,
/// averages labels in place of tokens, and its query token is not a key. Both compute their weights
/// with softmax().
struct Head {
  Matrix<double> weight;      ///< W, the query-key matrix, dim x dim
  std::vector<double> value;  ///< v, dim
  Head clone() const { return {weight.clone(), value}; }
};

}  // namespace attnlab
