// The inner loop of a random-feature attention layer: heads are SIMD lanes, keys are a loop.
#pragma once

#include <cstddef>

#include "core/attention/random_feature_layer.h"

namespace attnlab {

/// Heads handled together; head blocks are padded to a multiple of it.
inline constexpr std::size_t kHeadLanes = 16;

/// One sample and one block of heads.
struct ScoreKernelInput {
  const float* query_weights;  ///< (d+1) x heads, row stride heads: xt_0^T W_m, coordinate b of head m
                               ///< at [b * heads + m]; 64-byte aligned rows
  const float* keys;           ///< N x (d+1): xt_i, row after row
  std::size_t heads;           ///< a multiple of kHeadLanes
  std::size_t key_count;       ///< N
  std::size_t width;           ///< d + 1
  ScoreActivation activation;
};

/// out[a * heads + m] = sum_i weight_i(s_1..s_N of head m) * xt_i[a]; scratch holds
/// (N + d + 1) * kHeadLanes floats on a 64-byte boundary. exp accurate to 2 ulp in float.
void attend(const ScoreKernelInput& input, float* scratch, float* out);

}  // namespace attnlab
