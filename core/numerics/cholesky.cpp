// Blocked Cholesky factorisation and triangular solves on top of the product kernel.
#include "core/numerics/cholesky.h"

#include <algorithm>
#include <atomic>
#include <cfloat>
#include <span>

#include "core/numerics/kernels/dispatch.h"
#include "core/numerics/parallel.h"
#include "core/numerics/row_products.h"

namespace attnlab {
namespace {

/// Columns handled by the triangular solve kernel; wider panels are updated by products.
constexpr std::size_t kStrip = 32;
/// Block heights, in whole register tiles of every target: small in the diagonal block, which is on
/// the critical path; cache-sized for the solves.
constexpr std::size_t kCornerRows = kRowGrain;
constexpr std::size_t kSolvedRows = 2 * kRowGrain;

/// Where part `i` of `parts` begins.
std::size_t row_cut(std::size_t i, std::size_t parts, std::size_t rows) {
  return part_begin(i, parts, rows, kRowGrain);
}

/// c -= a b^T, by the calling thread alone.
void subtract_product_nt(MatrixView<const double> a, MatrixView<const double> b,
                         MatrixView<double> c) {
  if (c.rows == 0 || c.cols == 0 || a.cols == 0) return;
  active_kernels().product_f64({c.rows, c.cols, a.cols, a.data, a.stride, 1, b.data, 1, b.stride,
                                c.data, c.stride, kernels::Update::kSubtract},
                               kernel_workspace());
}

/// Factorises a small block in place, column by column; returns the number of good pivots.
std::size_t factor_small(MatrixView<double> block) {
  const std::size_t n = block.rows;
  for (std::size_t j = 0; j < n; ++j) {
    double pivot = block(j, j);
    for (std::size_t p = 0; p < j; ++p) pivot -= block(j, p) * block(j, p);
    if (!(pivot > 0.0 && pivot <= DBL_MAX)) return j;
    const double root = __builtin_sqrt(pivot);
    block(j, j) = root;
    for (std::size_t i = j + 1; i < n; ++i) {
      double sum = block(i, j);
      for (std::size_t p = 0; p < j; ++p) sum -= block(i, p) * block(j, p);
      block(i, j) = sum / root;
    }
  }
  return n;
}

/// x <- x l^-T for one strip.
void solve_strip(MatrixView<const double> l, MatrixView<double> x) {
  if (x.rows == 0) return;
  active_kernels().solve_right(x.rows, l.rows, l.data, l.stride, x.data, x.stride);
}

/// x <- x l^-T, strip by strip.
void solve_rows(MatrixView<const double> l, MatrixView<double> x) {
  for (std::size_t j = 0; j < l.rows; j += kStrip) {
    const std::size_t width = std::min(kStrip, l.rows - j);
    const MatrixView<double> strip = x.block(0, j, x.rows, width);
    subtract_product_nt(x.block(0, 0, x.rows, j), l.block(j, 0, width, j), strip);
    solve_strip(l.block(j, j, width, width), strip);
  }
}

/// Factorises a block in place, strip by strip; returns the number of good pivots.
std::size_t factor_block(MatrixView<double> block) {
  for (std::size_t j = 0; j < block.rows; j += kStrip) {
    const std::size_t width = std::min(kStrip, block.rows - j), below = block.rows - j - width;
    subtract_product_nt(block.block(j, 0, width + below, j), block.block(j, 0, width, j),
                        block.block(j, j, width + below, width));
    const MatrixView<double> corner = block.block(j, j, width, width);
    const std::size_t good = factor_small(corner);
    if (good < width) return j + good;
    solve_strip(corner, block.block(j + width, j, below, width));
  }
  return block.rows;
}

/// Subtracts l x from every vector: reads the entries from `from` on (l's columns) and changes the
/// entries from `to` on (l's rows).
void subtract_rows(MatrixView<const double> l, std::size_t from, std::size_t to,
                   MatrixView<double> vectors) {
  constexpr std::size_t kRows = 16;  // stay in cache for all vectors
  double sums[2][kRows];
  for (std::size_t row = 0; row < l.rows; row += kRows) {
    const MatrixView<const double> some = l.block(row, 0, std::min(kRows, l.rows - row), l.cols);
    for (std::size_t v = 0; v < vectors.rows; v += 2) {
      const std::size_t count = std::min<std::size_t>(2, vectors.rows - v);
      const std::span<const double> first(&vectors(v, from), l.cols);
      const std::span<double> sum(sums[0], some.rows);
      if (count == 1) {
        row_products(some, first, sum);
      } else {
        const std::span<const double> second(&vectors(v + 1, from), l.cols);
        row_products(some, first, sum, second, std::span(sums[1], some.rows));
      }
      for (std::size_t c = 0; c < count; ++c) {
        for (std::size_t i = 0; i < some.rows; ++i) vectors(v + c, to + row + i) -= sums[c][i];
      }
    }
  }
}

/// Subtracts l^T x from every vector: reads the entries from `from` on (l's rows) and changes the
/// entries from `to` on (l's columns).
void subtract_columns(MatrixView<const double> l, std::size_t from, std::size_t to,
                      MatrixView<double> vectors) {
  Matrix<double> factors(l.rows, vectors.rows);
  for (std::size_t i = 0; i < l.rows; ++i) {
    for (std::size_t v = 0; v < vectors.rows; ++v) factors(i, v) = -vectors(v, from + i);
  }
  add_column_products(l, factors.view(), vectors.block(0, to, vectors.rows, l.cols));
}

/// x <- l^-1 x for the entries x from `first` on of every vector; l is a small lower triangle.
void solve_small(MatrixView<const double> l, std::size_t first, MatrixView<double> vectors) {
  for (std::size_t v = 0; v < vectors.rows; ++v) {
    double* const x = &vectors(v, first);
    for (std::size_t i = 0; i < l.rows; ++i) {
      for (std::size_t p = 0; p < i; ++p) x[i] -= l(i, p) * x[p];
      x[i] /= l(i, i);
    }
  }
}

/// x <- l^-T x for the entries x from `first` on of every vector; l is a small lower triangle.
void solve_small_transposed(MatrixView<const double> l, std::size_t first,
                            MatrixView<double> vectors) {
  for (std::size_t v = 0; v < vectors.rows; ++v) {
    double* const x = &vectors(v, first);
    for (std::size_t i = l.rows; i-- > 0;) {
      x[i] /= l(i, i);
      for (std::size_t p = 0; p < i; ++p) x[p] -= l(i, p) * x[i];
    }
  }
}

/// The number of parts into which a pass over `entries` entries of the factor is cut.
std::size_t parts_of_pass(std::size_t entries) {
  constexpr double kOperations = 64;  // done while one entry arrives from memory
  return parts_worth(kOperations * static_cast<double>(entries));
}

}  // namespace

// Rows a power of two apart share few cache sets, and reading a panel of them misses every time.
Cholesky::Cholesky(std::size_t n)
    : factor_(Matrix<double>::unset(n, n % 64 == 0 ? n + 8 : n)), size_(n) {}

void Cholesky::start(MatrixView<const double> gram, double shift) {
  size_ = std::min(gram.rows, factor_.rows());
  in_parallel((size() + kGroup - 1) / kGroup, [&](std::size_t group) {
    const std::size_t first = group * kGroup, end = std::min(size(), first + kGroup);
    for (std::size_t i = first; i < end; ++i) {
      std::copy_n(gram.data + i * gram.stride, i + 1, factor_.row(i).data());
      factor_(i, i) += shift;
      // Diagonal blocks are updated as rectangles: initialise their upper triangles too.
      std::fill(&factor_(i, i) + 1, &factor_(i, 0) + end, 0.0);
    }
  });
  next_ = 0;
  valid_ = 0;
  state_ = size() == 0 ? State::kDone : State::kRunning;
}

/// Subtracts the contribution of the finished columns [0, first) from rows [row, end).
void Cholesky::update_rows(std::size_t first, std::size_t row, std::size_t end, std::size_t cols) {
  const MatrixView<double> all = factor_.view();
  subtract_product_nt(all.block(row, 0, end - row, first), all.block(first, 0, cols, first),
                      all.block(row, first, end - row, cols));
}

bool Cholesky::factor_group(std::size_t first, std::size_t cols) {
  const std::size_t corner_end = first + cols, below = size() - corner_end;
  const MatrixView<double> all = factor_.view();
  const MatrixView<double> corner = all.block(first, first, cols, cols);
  // The thread that finishes the last update of the diagonal block also factorises it, while others
  // keep updating the rows below. A row of the diagonal block needs only the columns up to its own.
  const std::size_t corner_parts = std::max<std::size_t>(1, cols / kCornerRows);
  const std::size_t row_parts =
      below == 0
          ? 0
          : parts_worth(2.0 * static_cast<double>(below * cols) * static_cast<double>(first));
  std::atomic<std::size_t> corner_left = corner_parts;
  std::size_t good = 0;
  in_parallel(corner_parts + row_parts, [&](std::size_t part) {
    if (part >= corner_parts) {
      const std::size_t i = part - corner_parts;
      update_rows(first, corner_end + row_cut(i, row_parts, below),
                  corner_end + row_cut(i + 1, row_parts, below), cols);
      return;
    }
    const std::size_t end = part + 1 == corner_parts ? cols : (part + 1) * kCornerRows;
    update_rows(first, first + part * kCornerRows, first + end, end);
    if (corner_left.fetch_sub(1) == 1) good = factor_block(corner);
  });
  valid_ = first + good;
  if (good < cols) return false;
  const std::size_t pieces = (below + kSolvedRows - 1) / kSolvedRows;
  in_parallel(pieces, [&](std::size_t piece) {
    const std::size_t row = corner_end + piece * kSolvedRows;
    solve_rows(corner, all.block(row, first, std::min(kSolvedRows, size() - row), cols));
  });
  return true;
}

Cholesky::State Cholesky::step() {
  if (state_ != State::kRunning) return state_;
  const std::size_t cols = std::min(kGroup, size() - next_);
  if (!factor_group(next_, cols)) return state_ = State::kFailed;
  next_ += cols;
  if (next_ == size()) state_ = State::kDone;
  return state_;
}

Cholesky::State Cholesky::run() {
  while (state_ == State::kRunning) step();
  return state_;
}

MatrixView<double> Cholesky::adopt(std::size_t n) {
  size_ = next_ = valid_ = n;
  state_ = State::kDone;
  return factor_.view().block(0, 0, n, n);
}

bool Cholesky::solve_leading(std::size_t n, MatrixView<double> rhs) const {
  if (n > valid_ || rhs.rows != n) return false;
  const MatrixView<const double> l = factor_.view();
  Matrix<double> rows(rhs.cols, n);  // one right-hand side each
  const MatrixView<double> x = rows.view();
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t t = 0; t < rhs.cols; ++t) x(t, i) = rhs(i, t);
  }
  for (std::size_t first = 0; first < n; first += kGroup) {
    const std::size_t count = std::min(kGroup, n - first);
    const std::size_t parts = parts_of_pass(count * first);
    in_parallel(parts, [&](std::size_t part) {
      const std::size_t row = first + row_cut(part, parts, count);
      const std::size_t end = first + row_cut(part + 1, parts, count);
      subtract_rows(l.block(row, 0, end - row, first), 0, row, x);
    });
    for (std::size_t j = first; j < first + count; j += kStrip) {
      const std::size_t width = std::min(kStrip, first + count - j);
      subtract_rows(l.block(j, first, width, j - first), first, j, x);
      solve_small(l.block(j, j, width, width), j, x);
    }
  }
  for (std::size_t end = n; end > 0;) {
    const std::size_t count = (end - 1) % kGroup + 1, first = end - count;
    for (std::size_t j = end; j > first;) {
      const std::size_t width = (j - first - 1) % kStrip + 1;
      j -= width;
      solve_small_transposed(l.block(j, j, width, width), j, x);
      subtract_columns(l.block(j, first, width, j - first), j, first, x);
    }
    const std::size_t parts = parts_of_pass(count * first);
    in_parallel(parts, [&](std::size_t part) {
      const std::size_t column = row_cut(part, parts, first);
      const std::size_t columns = row_cut(part + 1, parts, first) - column;
      subtract_columns(l.block(first, column, count, columns), first, column, x);
    });
    end = first;
  }
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t t = 0; t < rhs.cols; ++t) rhs(i, t) = x(t, i);
  }
  return true;
}

double Cholesky::flops_total() const {
  const double n = static_cast<double>(size());
  return n * n * n / 3.0;
}

double Cholesky::flops_done() const {
  // A left-looking column j costs 2 j (n - j).
  const double n = static_cast<double>(size());
  const double j = static_cast<double>(next_);
  return j * j * (n - 2.0 * j / 3.0);
}

}  // namespace attnlab
