// Products of every row of a matrix with one or two vectors: bound by how fast the rows arrive.
#include "core/numerics/kernels/lanes.h"

namespace attnlab::kernels::ATTNLAB_SIMD_TARGET {
namespace {

/// Eight sums side by side, whatever the length of a vector, so that targets agree on the bits.
constexpr std::size_t kSums = 8;
constexpr std::size_t kVectors = kSums / kLanes<double>;

/// kCount vectors against one row; the tail of a row is padded with zeros.
template <std::size_t kCount>
ATTNLAB_NOINLINE void row_block(const RowProducts& task, std::size_t first, std::size_t rows) {
  const std::size_t whole = task.cols / kSums * kSums;
  for (std::size_t i = first; i < first + rows; ++i) {
    const double* const row = task.a + i * task.a_stride;
    Vector<double> sum[kCount][kVectors] = {};
    for (std::size_t j = 0; j < whole; j += kSums) {
#pragma GCC unroll 4
      for (std::size_t v = 0; v < kVectors; ++v) {
        const Vector<double> a = load(row + j + v * kLanes<double>);
#pragma GCC unroll 2
        for (std::size_t c = 0; c < kCount; ++c) {
          sum[c][v] = multiply_add<double>(a, load(task.x[c] + j + v * kLanes<double>), sum[c][v]);
        }
      }
    }
    double rest[kCount + 1][kSums] = {};
    for (std::size_t j = whole; j < task.cols; ++j) {
      rest[kCount][j - whole] = row[j];
      for (std::size_t c = 0; c < kCount; ++c) rest[c][j - whole] = task.x[c][j];
    }
    for (std::size_t c = 0; c < kCount; ++c) {
      double part[kSums];
      for (std::size_t v = 0; v < kVectors; ++v) {
        const std::size_t at = v * kLanes<double>;
        store(part + at, sum[c][v] + load(rest[kCount] + at) * load(rest[c] + at));
      }
      task.y[c][i] =
          ((part[0] + part[4]) + (part[2] + part[6])) + ((part[1] + part[5]) + (part[3] + part[7]));
    }
  }
}

}  // namespace

void row_products(const RowProducts& task) {
  constexpr std::size_t kBlock = 32;  // short enough for V8 to replace the function between calls
  for (std::size_t i = 0; i < task.rows; i += kBlock) {
    const std::size_t rows = task.rows - i < kBlock ? task.rows - i : kBlock;
    if (task.count == 1) {
      row_block<1>(task, i, rows);
    } else {
      row_block<2>(task, i, rows);
    }
  }
}

}  // namespace attnlab::kernels::ATTNLAB_SIMD_TARGET
