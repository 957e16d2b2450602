// Matrix times a few vectors that share one pass over the matrix. A product kernel, which packs its
// operands first, is too heavy for this.
#pragma once

#include <span>

#include "core/numerics/matrix.h"

namespace attnlab {

/// y = a x for a (m x n), x (n), y (m). Sizes may be 0, alignments are free. Each entry is eight
/// interleaved sums added at the end: error at most (n / 8 + 4) 2^-53 sum |a||x|. Targets with
/// fused multiply-add agree bit for bit, and so do targets without.
void row_products(MatrixView<const double> a, std::span<const double> x, std::span<double> y);

/// The same for two vectors; each gets the same bits as alone.
void row_products(MatrixView<const double> a, std::span<const double> x0, std::span<double> y0,
                  std::span<const double> x1, std::span<double> y1);

/// y += x^T a for a (m x n), x (m x t), y (t x n): the sum of the rows of a, each times a factor,
/// for t sets of factors. Every sum takes the rows in order, one by one: error at most m eps sum
/// |x||a|. Targets with fused multiply-add agree bit for bit, and so do targets without.
void add_column_products(MatrixView<const float> a, MatrixView<const float> x, MatrixView<float> y);
void add_column_products(MatrixView<const double> a, MatrixView<const double> x,
                         MatrixView<double> y);

}  // namespace attnlab
