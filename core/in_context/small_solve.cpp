// Plain Cholesky: at these sizes as fast as Eigen's (docs/dependencies.md).
#include "core/in_context/small_solve.h"

#include <cmath>

namespace attnlab::in_context {

bool factor_small(std::size_t n, std::span<double> matrix, double tolerance) {
  for (std::size_t j = 0; j < n; ++j) {
    const double diagonal = matrix[j * n + j];
    double pivot = diagonal;
    for (std::size_t k = 0; k < j; ++k) pivot -= matrix[j * n + k] * matrix[j * n + k];
    if (!(pivot > tolerance * diagonal)) return false;
    pivot = std::sqrt(pivot);
    matrix[j * n + j] = pivot;
    for (std::size_t i = j + 1; i < n; ++i) {
      double sum = matrix[i * n + j];
      for (std::size_t k = 0; k < j; ++k) sum -= matrix[i * n + k] * matrix[j * n + k];
      matrix[i * n + j] = sum / pivot;
    }
  }
  return true;
}

void solve_small(std::size_t n, std::span<const double> factor, std::span<double> rhs) {
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t k = 0; k < i; ++k) rhs[i] -= factor[i * n + k] * rhs[k];
    rhs[i] /= factor[i * n + i];
  }
  for (std::size_t i = n; i-- > 0;) {
    for (std::size_t k = i + 1; k < n; ++k) rhs[i] -= factor[k * n + i] * rhs[k];
    rhs[i] /= factor[i * n + i];
  }
}

std::vector<double> inverse_small(std::size_t n, std::span<const double> matrix) {
  std::vector<double> factor(matrix.begin(), matrix.end());
  if (!factor_small(n, factor, 1e-14)) return {};
  std::vector<double> inverse(n * n), column(n);
  for (std::size_t j = 0; j < n; ++j) {
    for (std::size_t i = 0; i < n; ++i) column[i] = i == j ? 1 : 0;
    solve_small(n, factor, column);
    for (std::size_t i = 0; i < n; ++i) inverse[i * n + j] = column[i];
  }
  return inverse;
}

}  // namespace attnlab::in_context
