#include "core/attention/softmax_attention.h"

#include <algorithm>

#include "core/numerics/kernels/dispatch.h"

namespace attnlab {

static_assert(kMaxAttentionWidth == kernels::kMaxAttentionWidth);

void softmax_attention(std::size_t sequences, MatrixView<const float> queries,
                       MatrixView<const float> keys, MatrixView<const float> values, float scale,
                       MatrixView<float> out) {
  if (sequences == 0 || out.rows == 0 || out.cols == 0) return;
  if (keys.rows == 0) {
    for (std::size_t i = 0; i < out.rows; ++i) std::ranges::fill(out.row(i), 0.0f);
    return;
  }
  active_kernels().attend_sequences(
      {sequences, queries.rows / sequences, keys.rows / sequences, queries.cols, values.cols, scale,
       queries.data, queries.stride, keys.data, keys.stride, values.data, values.stride, out.data,
       out.stride},
      kernel_workspace());
}

}  // namespace attnlab
