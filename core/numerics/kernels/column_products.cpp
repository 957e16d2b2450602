// Sums of the rows of a matrix, each times a factor, for a few sets of factors that share the pass
// over the matrix: bound by how fast the rows arrive.
#include "core/numerics/kernels/lanes.h"

namespace attnlab::kernels::ATTNLAB_SIMD_TARGET {
namespace {

constexpr std::size_t kRowsAtOnce = 8;  // few enough streams for the hardware prefetcher

/// Columns j .. j + kVectors * lanes of `kCount` sums. Every sum takes the rows in order, one by
/// one, so that no bit depends on the vector length or on how many sums share the pass.
template <class T, std::size_t kCount, std::size_t kVectors>
ATTNLAB_INLINE void add_columns(std::size_t rows, const T* a, std::size_t a_stride, const T* x,
                                std::size_t x_stride, T* y, std::size_t y_stride) {
  Vector<T> sums[kCount][kVectors];
#pragma GCC unroll 4
  for (std::size_t c = 0; c < kCount; ++c) {
#pragma GCC unroll 4
    for (std::size_t v = 0; v < kVectors; ++v) sums[c][v] = load(y + c * y_stride + v * kLanes<T>);
  }
  for (std::size_t i = 0; i < rows; ++i) {
    const T* const row = a + i * a_stride;
#pragma GCC unroll 4
    for (std::size_t v = 0; v < kVectors; ++v) {
      const Vector<T> values = load(row + v * kLanes<T>);
#pragma GCC unroll 4
      for (std::size_t c = 0; c < kCount; ++c) {
        sums[c][v] = multiply_add<T>(x[i * x_stride + c], values, sums[c][v]);
      }
    }
  }
#pragma GCC unroll 4
  for (std::size_t c = 0; c < kCount; ++c) {
#pragma GCC unroll 4
    for (std::size_t v = 0; v < kVectors; ++v) store(y + c * y_stride + v * kLanes<T>, sums[c][v]);
  }
}

/// The tail: the last columns, fewer than a vector, padded with zeros.
template <class T, std::size_t kCount>
ATTNLAB_NOINLINE void add_last_columns(std::size_t rows, std::size_t cols, const T* a,
                                       std::size_t a_stride, const T* x, std::size_t x_stride, T* y,
                                       std::size_t y_stride) {
  T values[kRowsAtOnce * kLanes<T>] = {}, sums[kCount * kLanes<T>] = {};
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t j = 0; j < cols; ++j) values[i * kLanes<T> + j] = a[i * a_stride + j];
  }
  for (std::size_t c = 0; c < kCount; ++c) {
    for (std::size_t j = 0; j < cols; ++j) sums[c * kLanes<T> + j] = y[c * y_stride + j];
  }
  add_columns<T, kCount, 1>(rows, values, kLanes<T>, x, x_stride, sums, kLanes<T>);
  for (std::size_t c = 0; c < kCount; ++c) {
    for (std::size_t j = 0; j < cols; ++j) y[c * y_stride + j] = sums[c * kLanes<T> + j];
  }
}

template <class T, std::size_t kCount>
ATTNLAB_NOINLINE void add_rows(std::size_t rows, std::size_t cols, const T* a, std::size_t a_stride,
                               const T* x, std::size_t x_stride, T* y, std::size_t y_stride) {
  constexpr std::size_t kVectors = kCount == 4 ? 2 : 4;
  std::size_t j = 0;
  for (; j + kVectors * kLanes<T> <= cols; j += kVectors * kLanes<T>) {
    add_columns<T, kCount, kVectors>(rows, a + j, a_stride, x, x_stride, y + j, y_stride);
  }
  for (; j + kLanes<T> <= cols; j += kLanes<T>) {
    add_columns<T, kCount, 1>(rows, a + j, a_stride, x, x_stride, y + j, y_stride);
  }
  if (j < cols) {
    add_last_columns<T, kCount>(rows, cols - j, a + j, a_stride, x, x_stride, y + j, y_stride);
  }
}

template <class T>
void column_products(const ColumnProducts<T>& task) {
  for (std::size_t i = 0; i < task.rows; i += kRowsAtOnce) {
    const std::size_t rows = task.rows - i < kRowsAtOnce ? task.rows - i : kRowsAtOnce;
    const T* const a = task.a + i * task.a_stride;
    for (std::size_t c = 0; c < task.count;) {
      const T* const x = task.x + i * task.x_stride + c;
      T* const y = task.y + c * task.y_stride;
      if (task.count - c >= 4) {
        add_rows<T, 4>(rows, task.cols, a, task.a_stride, x, task.x_stride, y, task.y_stride);
        c += 4;
      } else if (task.count - c >= 2) {
        add_rows<T, 2>(rows, task.cols, a, task.a_stride, x, task.x_stride, y, task.y_stride);
        c += 2;
      } else {
        add_rows<T, 1>(rows, task.cols, a, task.a_stride, x, task.x_stride, y, task.y_stride);
        c += 1;
      }
    }
  }
}

}  // namespace

void column_products_f32(const ColumnProducts<float>& task) {
  column_products(task);
}
void column_products_f64(const ColumnProducts<double>& task) {
  column_products(task);
}

}  // namespace attnlab::kernels::ATTNLAB_SIMD_TARGET
