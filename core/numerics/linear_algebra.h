// Matrix products and the symmetric Gram update, on the widest SIMD that the machine offers.
// Experiments spend almost all of their time here.
//
// Shapes must agree; sizes may be 0, strides and alignments are free, but c must not overlap a or
// b. Every entry of a result is summed over the depth in runs of at most 320 (float) or 256
// (double) products, in order, whatever the sizes and the target: targets with fused multiply-add
// agree bit for bit with each other, and so do targets without. The error of an entry is at most
// (run + number of runs) * 2^-24 (float, 2^-53 double) * sum |a||b|, and typically its square root.
#pragma once

#include <cstddef>
#include <span>

#include "core/numerics/matrix.h"

namespace attnlab {

/// c (m x n) = a (m x k) b (k x n); with `accumulate`, c += a b.
void gemm_nn(MatrixView<const float> a, MatrixView<const float> b, MatrixView<float> c,
             bool accumulate);
void gemm_nn(MatrixView<const double> a, MatrixView<const double> b, MatrixView<double> c,
             bool accumulate);

/// c (m x n) = a (m x k) b^T for b (n x k); with `accumulate`, c += a b^T.
void gemm_nt(MatrixView<const float> a, MatrixView<const float> b, MatrixView<float> c,
             bool accumulate);
void gemm_nt(MatrixView<const double> a, MatrixView<const double> b, MatrixView<double> c,
             bool accumulate);

/// c (m x n) = a^T b for a (k x m), b (k x n); with `accumulate`, c += a^T b.
void gemm_tn(MatrixView<const float> a, MatrixView<const float> b, MatrixView<float> c,
             bool accumulate);
void gemm_tn(MatrixView<const double> a, MatrixView<const double> b, MatrixView<double> c,
             bool accumulate);

/// gram (n x n) += features features^T for features (n x k); only the lower triangle is read and
/// written. Products and sums in float over runs of at most 320 features, the runs' sums added to
/// gram in its own precision.
void syrk_accumulate(MatrixView<const float> features, MatrixView<double> gram);
void syrk_accumulate(MatrixView<const float> features, MatrixView<float> gram);

/// The same for rows [first, first + rows.rows) of gram alone, held by `rows`; bit for bit what
/// syrk_accumulate adds to them. The later rows of the features are not read.
void syrk_accumulate_rows(MatrixView<const float> features, std::size_t first,
                          MatrixView<double> rows);

/// Where part `part` of `parts` begins when rows [first, end) of a lower triangle are cut into
/// parts of about the same area; part == parts gives `end`.
std::size_t triangle_cut(std::size_t part, std::size_t parts, std::size_t first, std::size_t end);

/// One set of instructions the kernels are compiled for.
struct SimdTarget {
  const char* name;  ///< "avx512", "avx2", "sse2", "vector128", "wasm-simd128", "wasm-relaxed-simd"
};

/// The target in use.
const char* simd_target_name();

/// The targets this machine can run, slowest first.
std::span<const SimdTarget> available_targets();

/// Makes all threads use one of the available targets from now on (for tests and comparisons);
/// other targets are ignored. Call it while no kernel runs.
void force_target(const SimdTarget& target);

}  // namespace attnlab
