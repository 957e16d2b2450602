// The contract between the public linear algebra and its kernels, which are compiled once for each
// SIMD target. Plain data only: translation units compiled for different instruction sets share
// this header, so it must not define a function.
#pragma once

#include <cstddef>
#include <cstdint>

namespace attnlab::kernels {

/// Rows that fill whole register tiles on every target, which simd.h checks.
inline constexpr std::size_t kRowGrain = 84;

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

/// Rows first_row .. end_row - 1 of the lower triangle of a Gram matrix += f f^T for f (rows x
/// depth, row-major, at least end_row rows); `gram` points to the first of these rows.
template <class Sum>
struct GramUpdate {
  std::size_t first_row, end_row, depth;
  const float* features;
  std::size_t stride;
  Sum* gram;
  std::size_t gram_stride;
};

/// y[c][i] = sum_j a(i, j) x[c][j] for c < count, count 1 or 2.
struct RowProducts {
  std::size_t rows, cols;
  const double* a;
  std::size_t a_stride;
  std::size_t count;
  const double* x[2];
  double* y[2];
};

/// y(c, j) += sum_i a(i, j) x(i, c) for c < count, rows i in order.
template <class T>
struct ColumnProducts {
  std::size_t rows, cols;
  const T* a;
  std::size_t a_stride;
  std::size_t count;
  const T* x;  ///< rows x count
  std::size_t x_stride;
  T* y;  ///< count x cols
  std::size_t y_stride;
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

/// One sample under a block of random neurons that read one key at a time: feature m is
/// (1/keys) sum_i max(0, offsets(m) + sum_a weights(a, m) * tokens(i, a)). offsets(m) is the
/// query's contribution to neuron m. Needs keys <= kMaxHeadRows.
struct NeuronsTask {
  std::size_t neurons, keys, dim;
  const float* weights;  ///< dim x (neurons padded to kHeadPadding), row stride weight_stride
  std::size_t weight_stride;
  const float* offsets;  ///< neurons, padded
  const float* tokens;   ///< keys x dim, row after row
  float* features;       ///< neurons
};

/// Softmax attention of many sequences: out = softmax_j(scale <query_i, key_j>) value_j. Sequence b
/// owns rows [b queries, (b + 1) queries) of `query` and `out`, rows [b keys, (b + 1) keys) of
/// `key` and `value`. Needs keys > 0 and width + value_width <= kMaxAttentionWidth.
struct AttentionTask {
  std::size_t sequences, queries, keys, width, value_width;
  float scale;
  const float* query;
  std::size_t query_stride;
  const float* key;
  std::size_t key_stride;
  const float* value;
  std::size_t value_stride;
  float* out;
  std::size_t out_stride;
};
inline constexpr std::size_t kMaxAttentionWidth = 4096;

/// One prompt under softmax heads that differ in the scale of their scores: with
/// score_i = sum_a direction[a] tokens(a, i), head b weighs example i by exp(scales[b] score_i) and
/// gives the weighted mean of the tokens. `examples` <= `stride`, a multiple of kExamplePadding,
/// and 2 stride <= kMaxPromptFloats; padding columns of tokens hold zeros.
struct PromptTask {
  std::size_t examples, stride, dim;
  const float* tokens;     ///< dim x stride
  const float* direction;  ///< dim
  std::size_t scale_count;
  const float* scales;
  float* means;    ///< scale_count x dim
  float* weights;  ///< scale_count x stride (normalised, zeros in the padding), or null
};
inline constexpr std::size_t kExamplePadding = 16;
inline constexpr std::size_t kMaxPromptFloats = 1u << 19;

/// A batch of prompts under trained softmax heads. Prompts come in groups of kPromptLanes, one lane
/// each: token entry (key i, entry a) of a group is at ((i * (dim + 1)) + a) * kPromptLanes.
/// Head h scores key z by z^T score_matrix query and outputs value^T (weighted mean of z); the
/// prediction is the sum of the heads' outputs, the loss the squared error summed over the batch.
template <class T>
struct BatchTask {
  std::size_t groups, keys, dim, heads;
  const T* tokens;          ///< groups x keys x (dim + 1) x kPromptLanes
  const T* queries;         ///< groups x dim x kPromptLanes
  const T* targets;         ///< groups x kPromptLanes
  const T* score_matrices;  ///< heads x (dim + 1) x dim
  const T* values;          ///< heads x (dim + 1)
  T* predictions;           ///< groups x kPromptLanes, or null
  double* loss;
  double* gradient;  ///< heads x ((dim + 1) x dim, then dim + 1) of the summed loss, or null
};
inline constexpr std::size_t kPromptLanes = 16;
inline constexpr std::size_t kMaxBatchHeads = 8;
inline constexpr std::size_t kMaxTokenWidth = 33;
/// Bound of heads x (keys + (dim + 1) (dim + 1)).
inline constexpr std::size_t kMaxBatchRows = 24000;

/// One sample's keys i against columns c, which are keys of other samples, for infinitely many
/// random heads: sums[c] = sum_i f(i, c, scales[c] products(i, c)) products(i, c).
struct KeySums {
  std::size_t keys, columns;  ///< columns a multiple of kKeyPadding
  const double* products;     ///< <xt_i, xt_c>, keys x columns, row stride `stride`
  std::size_t stride;
  const double* scales;  ///< columns; |scales[c] products(i, c)| <= 1 up to rounding
  double* sums;          ///< columns
};
inline constexpr std::size_t kKeyPadding = 32;

/// The same where the scores have means: f(i, c, rho) = E[relu(a_i + g) relu(b_c + g')], g and g'
/// standard normal of correlation rho. Terms as relu_terms makes them.
struct BiasedKeySums {
  KeySums keys;
  const double* row_terms;  ///< (1 + kReluTerms) x keys, row stride `row_stride`
  std::size_t row_stride;
  /// For every kKeyPadding columns (1 + kReluTerms) x kKeyPadding, row after row: with a row stride
  /// of all columns, often a power of two, the rows would compete for the same cache sets.
  const double* column_terms;
};
inline constexpr std::size_t kReluTerms = 80;

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

  void (*row_products)(const RowProducts& task);
  void (*column_products_f32)(const ColumnProducts<float>& task);
  void (*column_products_f64)(const ColumnProducts<double>& task);

  /// Box-Muller normals of `blocks` consecutive Philox blocks: 2 doubles or 4 floats a block.
  void (*normals_f64)(const std::uint32_t key[2], const std::uint32_t counter[4],
                      std::size_t blocks, double* values);
  void (*normals_f32)(const std::uint32_t key[2], const std::uint32_t counter[4],
                      std::size_t blocks, float* values);

  /// values[i] <- e^values[i] for values of at most 709, <- log values[i] for positive normal ones:
  /// the bits of portable_exp and portable_log.
  void (*exp_values)(std::size_t count, double* values);
  void (*log_values)(std::size_t count, double* values);

  /// exp within 2 ulp, products in f32.
  void (*attend_heads)(const HeadsTask& task, void* workspace);

  /// Everything in f32.
  void (*pool_neurons)(const NeuronsTask& task, void* workspace);

  /// Everything in f32; accuracy: core/attention/softmax_attention.h.
  void (*attend_sequences)(const AttentionTask& task, void* workspace);

  /// exp within 2 ulp, sums over examples in f32.
  void (*attend_prompt)(const PromptTask& task, void* workspace);
  void (*batch_f32)(const BatchTask<float>& task, void* workspace);
  void (*batch_f64)(const BatchTask<double>& task, void* workspace);

  /// values[j] <- kappa(values[j]), the arc-cosine kernel of one ReLU; absolute error below 4e-15.
  void (*arc_cosine_values)(std::size_t count, double* values);
  /// f = kappa of the third argument.
  void (*arc_cosine_sums)(const KeySums& task);
  /// Row 0 of `terms` holds means a; row 1 + k becomes the k-th derivative of E[relu(a + g)] by a,
  /// up to the sign (-1)^k divided by sqrt(k!), for k < kReluTerms.
  void (*relu_terms)(std::size_t count, double* terms, std::size_t stride);
  /// Absolute error of f below 1e-12 (1 + |a b|).
  void (*biased_relu_sums)(const BiasedKeySums& task);

  /// Does at least `operations` multiplications and additions in registers and returns their
  /// number. Ask for about a million at a time: V8 does not replace a function that is running.
  double (*multiply_adds_f32)(double operations);
  double (*multiply_adds_f64)(double operations);
};

}  // namespace attnlab::kernels
