// Blocked Cholesky factorisation and triangular solves on top of the product kernel.
#include "core/numerics/cholesky.h"

#include <algorithm>
#include <cfloat>

#include "core/numerics/kernels/dispatch.h"
#include "core/numerics/parallel.h"

namespace attnlab {
namespace {

/// Columns handled by the triangular solve kernel; wider panels are updated by products.
constexpr std::size_t kStrip = 32;

/// c -= a b^T.
void subtract_product_nt(MatrixView<const double> a, MatrixView<const double> b,
                         MatrixView<double> c) {
  if (c.rows == 0 || c.cols == 0 || a.cols == 0) return;
  run_product(kernels::Product<double>{c.rows, c.cols, a.cols, a.data, a.stride, 1, b.data, 1,
                                       b.stride, c.data, c.stride, kernels::Update::kSubtract});
}

/// c -= a b, or c -= a^T b.
void subtract_product(MatrixView<const double> a, bool transposed, MatrixView<const double> b,
                      MatrixView<double> c) {
  if (c.rows == 0 || c.cols == 0 || b.rows == 0) return;
  run_product(kernels::Product<double>{c.rows, c.cols, b.rows, a.data, transposed ? 1 : a.stride,
                                       transposed ? a.stride : 1, b.data, b.stride, 1, c.data,
                                       c.stride, kernels::Update::kSubtract});
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

/// x <- l^-1 x for a small lower triangle.
void solve_small(MatrixView<const double> l, MatrixView<double> x) {
  for (std::size_t i = 0; i < x.rows; ++i) {
    for (std::size_t p = 0; p < i; ++p) {
      const double factor = l(i, p);
      for (std::size_t t = 0; t < x.cols; ++t) x(i, t) -= factor * x(p, t);
    }
    for (std::size_t t = 0; t < x.cols; ++t) x(i, t) /= l(i, i);
  }
}

/// x <- l^-T x for a small lower triangle.
void solve_small_transposed(MatrixView<const double> l, MatrixView<double> x) {
  for (std::size_t i = x.rows; i-- > 0;) {
    for (std::size_t t = 0; t < x.cols; ++t) x(i, t) /= l(i, i);
    for (std::size_t p = 0; p < i; ++p) {
      const double factor = l(i, p);
      for (std::size_t t = 0; t < x.cols; ++t) x(p, t) -= factor * x(i, t);
    }
  }
}

}  // namespace

// Rows a power of two apart share few cache sets, and reading a panel of them misses every time.
Cholesky::Cholesky(std::size_t n)
    : factor_(Matrix<double>::unset(n, n % 64 == 0 ? n + 8 : n)), size_(n) {}

void Cholesky::start(MatrixView<const double> gram, double shift) {
  size_ = std::min(gram.rows, factor_.rows());
  in_parallel((size() + kPanel - 1) / kPanel, [&](std::size_t panel) {
    const std::size_t first = panel * kPanel, end = std::min(size(), first + kPanel);
    for (std::size_t i = first; i < end; ++i) {
      std::copy_n(gram.data + i * gram.stride, i + 1, factor_.row(i).data());
      factor_(i, i) += shift;
      // Panels are updated as rectangles: give what they hold above the diagonal a value.
      std::fill(&factor_(i, i) + 1, &factor_(i, 0) + end, 0.0);
    }
  });
  next_ = 0;
  valid_ = 0;
  state_ = size() == 0 ? State::kDone : State::kRunning;
}

/// Subtracts what the columns before `first` mean for the next kGroup columns, panel by panel above
/// their diagonal and for all of them at once below: what a product packs of the rows serves twice
/// as many columns as it would for one panel.
void Cholesky::update_group(std::size_t first) {
  const MatrixView<double> all = factor_.view();
  const std::size_t end = std::min(size(), first + kGroup);
  for (std::size_t row = first; row < size();) {
    const std::size_t last = row < end ? std::min(end, row + kPanel) : size();
    const bool below = last == end;  // the last panel's rows see all columns, as those below do
    const std::size_t rows = (below ? size() : last) - row, cols = std::min(last, end) - first;
    subtract_product_nt(all.block(row, 0, rows, first), all.block(first, 0, cols, first),
                        all.block(row, first, rows, cols));
    row += rows;
  }
}

bool Cholesky::factor_panel(std::size_t first, std::size_t cols) {
  const std::size_t rows = size() - first, group = first / kGroup * kGroup;
  const MatrixView<double> all = factor_.view();
  const MatrixView<double> panel = all.block(first, first, rows, cols);
  if (first == group) update_group(first);
  subtract_product_nt(all.block(first, group, rows, first - group),
                      all.block(first, group, cols, first - group), panel);
  for (std::size_t j = 0; j < cols; j += kStrip) {
    const std::size_t width = std::min(kStrip, cols - j);
    const MatrixView<double> strip = panel.block(j, j, rows - j, width);
    subtract_product_nt(panel.block(j, 0, rows - j, j), panel.block(j, 0, width, j), strip);
    const std::size_t good = factor_small(strip.block(0, 0, width, width));
    valid_ = first + j + good;
    if (good < width) return false;
    const MatrixView<double> below = strip.block(width, 0, rows - j - width, width);
    if (below.rows != 0) {
      active_kernels().solve_right(below.rows, width, strip.data, strip.stride, below.data,
                                   below.stride);
    }
  }
  return true;
}

Cholesky::State Cholesky::step() {
  if (state_ != State::kRunning) return state_;
  const std::size_t cols = std::min(kPanel, size() - next_);
  if (!factor_panel(next_, cols)) return state_ = State::kFailed;
  next_ += cols;
  if (next_ == size()) state_ = State::kDone;
  return state_;
}

Cholesky::State Cholesky::run() {
  while (state_ == State::kRunning) step();
  return state_;
}

bool Cholesky::solve_leading(std::size_t n, MatrixView<double> rhs) const {
  if (n > valid_ || rhs.rows != n) return false;
  const MatrixView<const double> l = factor_.view();
  for (std::size_t first = 0; first < n; first += kStrip) {
    const std::size_t count = std::min(kStrip, n - first);
    const MatrixView<double> part = rhs.block(first, 0, count, rhs.cols);
    subtract_product(l.block(first, 0, count, first), false, rhs.block(0, 0, first, rhs.cols),
                     part);
    solve_small(l.block(first, first, count, count), part);
  }
  for (std::size_t end = n; end > 0;) {
    const std::size_t count = end % kStrip == 0 ? kStrip : end % kStrip;
    const std::size_t first = end - count;
    const MatrixView<double> part = rhs.block(first, 0, count, rhs.cols);
    subtract_product(l.block(end, first, n - end, count), true,
                     rhs.block(end, 0, n - end, rhs.cols), part);
    solve_small_transposed(l.block(first, first, count, count), part);
    end = first;
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
