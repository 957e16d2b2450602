// The small triangular solve inside a Cholesky panel, many rows at a time.
#include "core/numerics/kernels/simd.h"

namespace attnlab::kernels::ATTNLAB_SIMD_TARGET {
namespace {

constexpr std::size_t kMaxSize = 32;
constexpr std::size_t kGroup = 2 * kLanes<double>;  // rows solved together, two vectors
constexpr std::size_t kBlock = 4;  // columns that share one pass over the solved ones

/// lines[c][0 .. kGroup) holds column c of the group's rows; columns become those of x L^-T.
ATTNLAB_NOINLINE void solve_group(std::size_t size, const double* l, std::size_t l_stride,
                                  double* lines) {
  for (std::size_t c0 = 0; c0 < size; c0 += kBlock) {
    Vector<double> sums[kBlock][2];
    const std::size_t count = size - c0 < kBlock ? size - c0 : kBlock;
    const double* rows[kBlock];
#pragma GCC unroll 4
    for (std::size_t c = 0; c < kBlock; ++c) {
      const std::size_t line = c < count ? c0 + c : c0;
      rows[c] = l + line * l_stride;
      sums[c][0] = load<double>(lines + line * kGroup);
      sums[c][1] = load<double>(lines + line * kGroup + kLanes<double>);
    }
    for (std::size_t p = 0; p < c0; ++p) {
      const Vector<double> x0 = load<double>(lines + p * kGroup);
      const Vector<double> x1 = load<double>(lines + p * kGroup + kLanes<double>);
#pragma GCC unroll 4
      for (std::size_t c = 0; c < kBlock; ++c) {
        sums[c][0] = multiply_add<double>(-rows[c][p], x0, sums[c][0]);
        sums[c][1] = multiply_add<double>(-rows[c][p], x1, sums[c][1]);
      }
    }
    for (std::size_t c = 0; c < count; ++c) {
      const double scale = 1.0 / rows[c][c0 + c];
      const Vector<double> x0 = sums[c][0] * scale;
      const Vector<double> x1 = sums[c][1] * scale;
      store<double>(lines + (c0 + c) * kGroup, x0);
      store<double>(lines + (c0 + c) * kGroup + kLanes<double>, x1);
      for (std::size_t later = c + 1; later < count; ++later) {
        sums[later][0] = multiply_add<double>(-rows[later][c0 + c], x0, sums[later][0]);
        sums[later][1] = multiply_add<double>(-rows[later][c0 + c], x1, sums[later][1]);
      }
    }
  }
}

}  // namespace

void solve_right(std::size_t rows, std::size_t size, const double* l, std::size_t l_stride,
                 double* x, std::size_t x_stride) {
  alignas(64) double lines[kMaxSize * kGroup] = {};
  for (std::size_t i = 0; i < rows; i += kGroup) {
    const std::size_t count = rows - i < kGroup ? rows - i : kGroup;
    for (std::size_t r = 0; r < count; ++r) {
      for (std::size_t c = 0; c < size; ++c) lines[c * kGroup + r] = x[(i + r) * x_stride + c];
    }
    solve_group(size, l, l_stride, lines);
    for (std::size_t r = 0; r < count; ++r) {
      for (std::size_t c = 0; c < size; ++c) x[(i + r) * x_stride + c] = lines[c * kGroup + r];
    }
  }
}

}  // namespace attnlab::kernels::ATTNLAB_SIMD_TARGET
