// Symmetric positive definite systems of a handful of unknowns, solved in place.
#pragma once

#include <span>
#include <vector>

namespace attnlab::in_context {

/// Lower Cholesky factor of `matrix` (n x n, row-major; the lower triangle is read) in its own
/// lower triangle. False when a pivot falls to `tolerance` times its diagonal entry or below.
bool factor_small(std::size_t n, std::span<double> matrix, double tolerance);

/// Solves with a factor of factor_small, in place.
void solve_small(std::size_t n, std::span<const double> factor, std::span<double> rhs);

/// Inverse of a symmetric positive definite matrix; empty when it is not one.
std::vector<double> inverse_small(std::size_t n, std::span<const double> matrix);

}  // namespace attnlab::in_context
