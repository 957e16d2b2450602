// Matrix times vector, for one vector or two that share the pass over the matrix: what a product
// kernel with its packing is too heavy for.
#pragma once

#include <span>

#include "core/numerics/matrix.h"

namespace attnlab {

/// y = a x for a (m x n), x (n), y (m). Sizes may be 0, alignments are free. Each entry is eight
/// interleaved sums added at the end: error at most (n / 8 + 4) 2^-53 sum |a||x|, and the same bits
/// on all targets with fused multiply-add, and on all without.
void row_products(MatrixView<const double> a, std::span<const double> x, std::span<double> y);

/// The same for two vectors; the bits do not depend on the company.
void row_products(MatrixView<const double> a, std::span<const double> x0, std::span<double> y0,
                  std::span<const double> x1, std::span<double> y1);

}  // namespace attnlab
