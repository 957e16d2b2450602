// One Cholesky factor for all nested sample sizes: the factor of a leading block is the leading
// block of the factor.
#pragma once

#include <cstddef>

#include "core/numerics/matrix.h"

namespace attnlab {

/// Factor L of K + shift I = L L^T in double, kGroup columns at a time, so that a caller can pause
/// between them. Left-looking and blocked: n^3 / 3 operations, almost all of them in the matrix
/// product. A pivot that is not positive and finite ends the factorisation; the columns before it
/// stay valid and free of NaN.
class Cholesky {
 public:
  enum class State { kRunning, kDone, kFailed };

  /// Room for factors up to n x n (about 8 n^2 bytes).
  explicit Cholesky(std::size_t n);

  /// Copies the lower triangle of `gram`, a square of at most the capacity, and adds `shift` to the
  /// diagonal.
  void start(MatrixView<const double> gram, double shift);

  /// Factorises the next kGroup columns: at most n^2 kGroup / 4 multiply-adds to subtract the
  /// contribution of earlier columns, and n kGroup^2 / 2 more.
  State step();

  /// Factorises all remaining columns.
  State run();

  /// Takes over a factor that was computed elsewhere: marks the leading n x n block, n at most the
  /// capacity, as finished and valid; the caller writes its lower triangle into the returned view.
  MatrixView<double> adopt(std::size_t n);

  State state() const { return state_; }
  std::size_t size() const { return size_; }

  /// The largest n whose leading n x n block is factorised: the columns done so far, all of them at
  /// the end, and after a failure at pivot j (counted from 0) j.
  std::size_t valid() const { return valid_; }

  /// rhs (n x t) <- (K_n + shift I)^-1 rhs for the leading n x n block. Needs n <= valid() and
  /// rhs.rows == n; otherwise returns false and does not change rhs.
  bool solve_leading(std::size_t n, MatrixView<double> rhs) const;

  /// L in the lower triangle; the upper triangle is not meaningful.
  MatrixView<const double> factor() const { return factor_.view().block(0, 0, size_, size_); }

  /// Multiplications and additions done so far and in total, for progress.
  double flops_done() const;
  double flops_total() const;

  static constexpr std::size_t kGroup = 256;

 private:
  void update_rows(std::size_t first, std::size_t row, std::size_t end, std::size_t cols);
  bool factor_group(std::size_t first, std::size_t cols);

  Matrix<double> factor_;  ///< rows a little longer than n: see the constructor
  std::size_t size_ = 0;
  State state_ = State::kRunning;
  std::size_t next_ = 0;
  std::size_t valid_ = 0;
};

}  // namespace attnlab
