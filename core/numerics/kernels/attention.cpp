// The inner loops of random-feature layers that read keys one by one: heads or neurons are SIMD
// lanes, keys are a loop.
#include "core/numerics/kernels/lanes.h"

namespace attnlab::kernels::ATTNLAB_SIMD_TARGET {
namespace {

using Lanes = Vector<float>;

constexpr std::size_t kWidth = kLanes<float>;
constexpr std::size_t kGroup = 2 * kWidth;  // heads handled together: two registers
static_assert(kHeadPadding % kGroup == 0);

/// Outputs whose sums are built together: two registers of heads each, and eight sums hide the
/// latency of an addition; more on targets with more registers, so that each load serves more sums.
constexpr std::size_t kMostRows = kVectorBytes == 64 ? 8 : 4;

/// out[j] = sum_p left[p] * right[j * right_row + p * right_col] for kRows values of j, each a
/// group of heads.
template <std::size_t kRows>
ATTNLAB_INLINE void product_rows(std::size_t depth, const float* left, std::size_t left_stride,
                                 const float* right, std::size_t right_row, std::size_t right_col,
                                 float* out, std::size_t out_stride) {
  Lanes sum[kRows][2] = {};
  for (std::size_t p = 0; p < depth; ++p) {
    const Lanes l0 = load(left + p * left_stride), l1 = load(left + p * left_stride + kWidth);
#pragma GCC unroll 8
    for (std::size_t j = 0; j < kRows; ++j) {
      const float r = right[j * right_row + p * right_col];
      sum[j][0] = multiply_add<float>(r, l0, sum[j][0]);
      sum[j][1] = multiply_add<float>(r, l1, sum[j][1]);
    }
  }
#pragma GCC unroll 8
  for (std::size_t j = 0; j < kRows; ++j) {
    store(out + j * out_stride, sum[j][0]);
    store(out + j * out_stride + kWidth, sum[j][1]);
  }
}

/// All rows, in runs of nearly the same length: a run of one row would take as long as a run of
/// four.
template <std::size_t kRows>
ATTNLAB_INLINE void product_run(std::size_t rows, std::size_t depth, const float* left,
                                std::size_t left_stride, const float* right, std::size_t right_row,
                                std::size_t right_col, float* out, std::size_t out_stride) {
  if (rows == kRows) {
    product_rows<kRows>(depth, left, left_stride, right, right_row, right_col, out, out_stride);
  } else if constexpr (kRows > 1) {
    product_run<kRows - 1>(rows, depth, left, left_stride, right, right_row, right_col, out,
                           out_stride);
  }
}

ATTNLAB_INLINE void product_group(std::size_t rows, std::size_t depth, const float* left,
                                  std::size_t left_stride, const float* right,
                                  std::size_t right_row, std::size_t right_col, float* out,
                                  std::size_t out_stride) {
  for (std::size_t runs = (rows + kMostRows - 1) / kMostRows; runs > 0; --runs) {
    const std::size_t length = rows / runs;
    product_run<kMostRows>(length, depth, left, left_stride, right, right_row, right_col, out,
                           out_stride);
    right += length * right_row;
    out += length * out_stride;
    rows -= length;
  }
}

/// e^x, clamped to normal results; the order of the comparisons propagates NaN.
ATTNLAB_INLINE Lanes exp_lanes(Lanes x) {
  return exp_normal(larger<float>(broadcast(-87.0f), smaller<float>(broadcast(88.0f), x)));
}

/// Scores of one register of heads (keys x kGroup, stride kGroup) to attention weights.
ATTNLAB_INLINE void activate(HeadActivation activation, std::size_t keys, float* s) {
  const Lanes mean = broadcast(1.0f / static_cast<float>(keys));
  if (activation == HeadActivation::kRelu) {
    for (std::size_t i = 0; i < keys; ++i) {
      store(s + i * kGroup, larger<float>(Lanes{}, load(s + i * kGroup)) * mean);
    }
    return;
  }
  if (activation == HeadActivation::kExponential) {
    for (std::size_t i = 0; i < keys; ++i) {
      store(s + i * kGroup, exp_lanes(load(s + i * kGroup)) * mean);
    }
    return;
  }
  Lanes highest = load(s);
  for (std::size_t i = 1; i < keys; ++i) highest = larger<float>(highest, load(s + i * kGroup));
  Lanes sum{};
  for (std::size_t i = 0; i < keys; ++i) {
    const Lanes e = exp_lanes(load(s + i * kGroup) - highest);
    store(s + i * kGroup, e);
    sum += e;
  }
  const Lanes scale = 1.0f / sum;
  for (std::size_t i = 0; i < keys; ++i) store(s + i * kGroup, load(s + i * kGroup) * scale);
}

}  // namespace

ATTNLAB_NOINLINE void attend_heads(const HeadsTask& task, void* workspace) {
  float* weights = static_cast<float*>(workspace);
  float* tail = weights + task.keys * kGroup;
  for (std::size_t head = 0; head < task.heads; head += kGroup) {
    product_group(task.keys, task.width, task.query_weights + head, task.query_stride, task.tokens,
                  task.width, 1, weights, kGroup);
    activate(task.activation, task.keys, weights);
    activate(task.activation, task.keys, weights + kWidth);
    const std::size_t valid = task.heads - head;
    if (valid >= kGroup) {
      product_group(task.width, task.keys, weights, kGroup, task.tokens, 1, task.width,
                    task.features + head, task.feature_stride);
      continue;
    }
    product_group(task.width, task.keys, weights, kGroup, task.tokens, 1, task.width, tail, kGroup);
    for (std::size_t a = 0; a < task.width; ++a) {
      for (std::size_t m = 0; m < valid; ++m) {
        task.features[a * task.feature_stride + head + m] = tail[a * kGroup + m];
      }
    }
  }
}

ATTNLAB_NOINLINE void pool_neurons(const NeuronsTask& task, void* workspace) {
  float* scores = static_cast<float*>(workspace);
  const float mean = 1.0f / static_cast<float>(task.keys);
  for (std::size_t first = 0; first < task.neurons; first += kGroup) {
    product_group(task.keys, task.dim, task.weights + first, task.weight_stride, task.tokens,
                  task.dim, 1, scores, kGroup);
    const Lanes offset0 = load(task.offsets + first), offset1 = load(task.offsets + first + kWidth);
    Lanes sum0{}, sum1{};
    for (std::size_t i = 0; i < task.keys; ++i) {
      sum0 += larger<float>(Lanes{}, load(scores + i * kGroup) + offset0);
      sum1 += larger<float>(Lanes{}, load(scores + i * kGroup + kWidth) + offset1);
    }
    alignas(64) float sums[kGroup];
    store(sums, sum0 * mean);
    store(sums + kWidth, sum1 * mean);
    const std::size_t valid = task.neurons - first;
    __builtin_memcpy(task.features + first, sums,
                     (valid < kGroup ? valid : kGroup) * sizeof(float));
  }
}

}  // namespace attnlab::kernels::ATTNLAB_SIMD_TARGET
