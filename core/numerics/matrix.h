// Row-major matrices: a tiny view that every kernel takes, and an owner with cache-line alignment.
#pragma once

#include <cstddef>
#include <cstring>
#include <new>
#include <span>
#include <type_traits>
#include <utility>

namespace attnlab {

/// A view of `rows` x `cols` numbers; row i starts at data + i * stride (stride >= cols).
/// Any alignment, any size including 0.
template <class T>
struct MatrixView {
  T* data = nullptr;
  std::size_t rows = 0;
  std::size_t cols = 0;
  std::size_t stride = 0;

  T& operator()(std::size_t i, std::size_t j) const { return data[i * stride + j]; }
  std::span<T> row(std::size_t i) const { return {data + i * stride, cols}; }

  /// The `height` x `width` part whose upper left corner is (i, j); must lie inside.
  MatrixView block(std::size_t i, std::size_t j, std::size_t height, std::size_t width) const {
    return {data + i * stride + j, height, width, stride};
  }

  operator MatrixView<const T>() const requires(!std::is_const_v<T>) {
    return {data, rows, cols, stride};
  }
};

/// Owns rows x cols numbers, zero at first, rows contiguous, first entry on a 64-byte boundary.
/// Movable, not copyable by accident (`clone`); throws nothing but std::bad_alloc.
template <class T>
class Matrix {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  Matrix() = default;
  Matrix(std::size_t rows, std::size_t cols) : Matrix(rows, cols, Unset{}) { set_zero(); }
  /// Uninitialised: for large matrices of which only a part is used, since memory that is never
  /// touched costs nothing.
  static Matrix unset(std::size_t rows, std::size_t cols) { return Matrix(rows, cols, Unset{}); }
  Matrix(Matrix&& other) noexcept { swap(other); }
  Matrix& operator=(Matrix&& other) noexcept {
    Matrix taken(std::move(other));
    swap(taken);
    return *this;
  }
  ~Matrix() { ::operator delete(data_, kAlignment); }

  Matrix clone() const {
    Matrix copy = unset(rows_, cols_);
    if (size() != 0) std::memcpy(copy.data_, data_, size() * sizeof(T));
    return copy;
  }

  std::size_t rows() const { return rows_; }
  std::size_t cols() const { return cols_; }
  std::size_t size() const { return rows_ * cols_; }
  T* data() { return data_; }
  const T* data() const { return data_; }
  T& operator()(std::size_t i, std::size_t j) { return data_[i * cols_ + j]; }
  const T& operator()(std::size_t i, std::size_t j) const { return data_[i * cols_ + j]; }
  std::span<T> row(std::size_t i) { return {data_ + i * cols_, cols_}; }
  std::span<const T> row(std::size_t i) const { return {data_ + i * cols_, cols_}; }
  std::span<T> values() { return {data_, size()}; }
  std::span<const T> values() const { return {data_, size()}; }

  MatrixView<T> view() { return {data_, rows_, cols_, cols_}; }
  MatrixView<const T> view() const { return {data_, rows_, cols_, cols_}; }
  MatrixView<const T> const_view() const { return view(); }

  void set_zero() {
    if (size() != 0) std::memset(static_cast<void*>(data_), 0, size() * sizeof(T));
  }

 private:
  static constexpr std::align_val_t kAlignment{64};

  struct Unset {};
  Matrix(std::size_t rows, std::size_t cols, Unset) : rows_(rows), cols_(cols) {
    if (size() != 0) data_ = static_cast<T*>(::operator new(size() * sizeof(T), kAlignment));
  }

  void swap(Matrix& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(rows_, other.rows_);
    std::swap(cols_, other.cols_);
  }

  T* data_ = nullptr;
  std::size_t rows_ = 0;
  std::size_t cols_ = 0;
};

}  // namespace attnlab
