// The contract between the public linear algebra and its kernels, which are compiled once for each
// SIMD target. Plain data only: translation units compiled for different instruction sets share
// this header, so it must not define a function.
#pragma once

#include <cstddef>
#include <cstdint>

namespace attnlab::kernels {

enum class Update { kSet, kAdd, kSubtract };

/// c (rows x cols, row-major, stride c_stride) = / += / -= a b, where entry (i, p) of a is
/// a[i * a_row + p * a_col] and entry (p, j) of b is b[p * b_row + j * b_col], p < depth.
template <class T>
struct Product {
  std::size_t rows, cols, depth;
  const T* a;
  std::size_t a_row, a_col;
  const T* b;
  std::size_t b_row, b_col;
  T* c;
  std::size_t c_stride;
  Update update;
};

/// gram (size x size, lower triangle) += f f^T for f (size x depth, row-major).
template <class Sum>
struct GramUpdate {
  std::size_t size, depth;
  const float* features;
  std::size_t stride;
  Sum* gram;
  std::size_t gram_stride;
};

/// What a head does with its scores over the keys: max(s, 0) / keys, softmax, or exp(s) / keys.
enum class HeadActivation { kRelu, kSoftmax, kExponential };

/// Query weights of a block of heads are padded with zeros to a multiple of this.
inline constexpr std::size_t kHeadPadding = 32;

/// One sample under a block of random attention heads: feature a of head m is
/// sum_i weight_i(scores of head m) * tokens(i, a), with score_i = sum_a query_weights(a, m) *
/// tokens(i, a). Needs keys + width <= kMaxHeadRows.
struct HeadsTask {
  std::size_t heads, keys, width;
  const float* query_weights;  ///< width x (heads padded), row stride query_stride
  std::size_t query_stride;
  const float* tokens;  ///< keys x width, row after row
  HeadActivation activation;
  float* features;  ///< width x heads, row stride feature_stride
  std::size_t feature_stride;
};
inline constexpr std::size_t kMaxHeadRows = 4096;

/// What one target offers. `workspace` is workspace_bytes long and 64-byte aligned.
struct KernelTable {
  const char* name;
  std::size_t workspace_bytes;

  void (*product_f32)(const Product<float>&, void* workspace);
  void (*product_f64)(const Product<double>&, void* workspace);
  void (*gram_f32)(const GramUpdate<float>&, void* workspace);
  void (*gram_f64)(const GramUpdate<double>&, void* workspace);

  /// x (rows x size, stride x_stride) <- x L^-T for the lower triangle l (size x size), size <= 32.
  void (*solve_right)(std::size_t rows, std::size_t size, const double* l, std::size_t l_stride,
                      double* x, std::size_t x_stride);

  /// Box-Muller normals of `blocks` consecutive Philox blocks: 2 doubles or 4 floats a block.
  void (*normals_f64)(const std::uint32_t key[2], const std::uint32_t counter[4],
                      std::size_t blocks, double* values);
  void (*normals_f32)(const std::uint32_t key[2], const std::uint32_t counter[4],
                      std::size_t blocks, float* values);

  /// exp within 2 ulp, products in f32.
  void (*attend_heads)(const HeadsTask& task, void* workspace);
};

}  // namespace attnlab::kernels
