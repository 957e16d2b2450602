// Layers of infinitely many random units as kernels: the limits of the layers of core/attention.
// docs/numerics.md has the derivation.
#pragma once

#include <cstddef>
#include <vector>

#include "core/attention/tokens.h"
#include "core/numerics/matrix.h"

namespace attnlab::random_features {

/// The limit units -> infinity of a RandomFeatureLayer with ReLU. For tokens on the unit sphere,
/// with xt = [x; 1], rho_ij = <xt_0, xt'_0> <xt_i, xt'_j> / 4 (never negative) and
/// t_i = mean_scale <x_0, x_i>:
///   attention: K(X, X') = N^-2 sum_ij E[relu(t_i + g) relu(t'_j + g')] <xt_i, xt'_j>, g and g'
///     standard normal of correlation rho_ij. Without a mean the expectation is
///     kappa(rho) = (sqrt(1 - rho^2) + rho (pi - arccos rho)) / (2 pi).
///   network: K(X, X') = kappa((1 + sum_{i=0..N} <x_i, x'_i>) / (N + 2));
///   pooled: K(X, X') = N^-2 sum_ij kappa((1 + <x_0, x'_0> + <x_i, x'_j>) / 3).
/// For tokens of any length the scores have deviations s_i = |xt_0| |xt_i| / 2 in place of 1, and
/// the inputs z of neurons have other lengths. ReLU is positively homogeneous, so
///   attention: g and g' have the correlation of unit vectors xt / |xt|, t_i becomes t_i / s_i, and
///     the term of (i, j) gets the factor s_i s'_j;
///   network, pooled: |z| |z'| kappa(cosine of z and z') / (number of tokens read + 1).
struct InfiniteLayer {
  bool attention = true;
  double mean_scale = 0;
  std::size_t dim = 0;
  std::size_t keys = 0;
  bool pooled = false;      ///< networks only
  bool unit_tokens = true;  ///< all tokens have length 1
  bool operator==(const InfiniteLayer&) const = default;
};

/// Samples prepared for the kernel of one layer, in double. Unit tokens are scaled to length 1 (in
/// float their length is off by 1e-8, and the kernel matrix would not be positive semidefinite).
struct KernelSamples {
  std::size_t count = 0;
  /// Attention: xt_0 / 2; network: [x_0; ...; x_N; 1] / sqrt(N + 2); pooled: [x_0; x_i; 1] /
  /// sqrt(3) for every key, N rows a sample. All scaled to length 1 unless tokens are.
  Matrix<double> inputs;
  Matrix<double> keys;   ///< attention: xt_1 .. xt_N of every sample, a row each (or of length 1)
  Matrix<double> means;  ///< attention: t_1 .. t_N (or t_i / s_i), a row for every sample
  /// Empty for unit tokens. Attention: s_i |xt_i| for every key; else the lengths of the rows of
  /// `inputs` before they were scaled.
  std::vector<double> weights;
};

/// Samples [begin, begin + count) of the batch.
KernelSamples kernel_samples(const InfiniteLayer& layer, const TokenBatch& batch, std::size_t begin,
                             std::size_t count);

/// out(p, q) = K(rows[row_begin + p], columns[column_begin + q]). Absolute error below
/// 1e-13 (1 + mean_scale^2), times the lengths of the tokens where they are not 1.
void kernel_block(const InfiniteLayer& layer, const KernelSamples& rows, std::size_t row_begin,
                  const KernelSamples& columns, std::size_t column_begin, MatrixView<double> out);

/// Number of columns, at least `end` and at most `count`, that kernel_block must compute from
/// column 0 on to give columns [0, end) values that do not depend on where the block ends. (Pairs
/// of keys are summed in groups of columns, each with as many terms as its worst pair needs.)
std::size_t kernel_columns(const InfiniteLayer& layer, std::size_t end, std::size_t count);

/// Work of one entry of the kernel, in floating-point operations of a matrix product that take as
/// long.
double kernel_flops(const InfiniteLayer& layer);

/// Memory of `count` prepared samples, and the workspace of kernel_block (bytes).
double kernel_samples_bytes(const InfiniteLayer& layer, std::size_t count);
double kernel_block_bytes(const InfiniteLayer& layer);

}  // namespace attnlab::random_features
