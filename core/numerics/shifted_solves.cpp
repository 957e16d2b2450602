#include "core/numerics/shifted_solves.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/numerics/row_products.h"

namespace attnlab {
namespace {

constexpr std::size_t kLookBack = 4;  // steps from which the decay of residuals is extrapolated

double norm(std::span<const double> values) {
  double sum = 0;
  for (const double value : values) sum += value * value;
  return std::sqrt(sum);
}

}  // namespace

ShiftedSolves::ShiftedSolves(const Cholesky& factor, double shift, MatrixView<const double> rhs,
                             std::vector<double> shifts)
    : factor_(factor), shift_(shift), shifts_(std::move(shifts)), own_(rhs.rows, rhs.cols) {
  for (std::size_t j = 0; j < rhs.cols; ++j) {
    Space& space = spaces_.emplace_back();
    space.basis = Matrix<double>::unset(shifts_.empty() ? 1 : kMostSteps + 1, rhs.rows);
    const std::span<double> first = space.basis.row(0);
    for (std::size_t i = 0; i < rhs.rows; ++i) first[i] = rhs(i, j);
    space.norm = norm(first);
    for (double& value : first) value = space.norm > 0 ? value / space.norm : 0;
  }
}

bool ShiftedSolves::step() {
  const std::size_t n = own_.rows();
  Matrix<double> images(n, spaces_.size());
  for (std::size_t j = 0; j < spaces_.size(); ++j) {
    const std::span<const double> newest = spaces_[j].basis.row(steps_);
    for (std::size_t i = 0; i < n; ++i) images(i, j) = newest[i];
  }
  factor_.solve_leading(n, images.view());
  if (steps_ == 0) {
    for (std::size_t j = 0; j < spaces_.size(); ++j) {
      for (std::size_t i = 0; i < n; ++i) own_(i, j) = spaces_[j].norm * images(i, j);
    }
  }
  ++steps_;
  if (shifts_.empty()) return false;
  std::vector<double> image(n);
  for (std::size_t j = 0; j < spaces_.size(); ++j) {
    for (std::size_t i = 0; i < n; ++i) image[i] = images(i, j);
    extend(spaces_[j], image);
  }
  note_residuals();
  for (std::size_t s = 0; s < shifts_.size(); ++s) {
    if (!reached(s) && will_be_reached(s)) return true;
  }
  return false;
}

/// The next direction: the image of the newest one, orthogonalised against the space.
void ShiftedSolves::extend(Space& space, std::span<double> image) {
  const MatrixView<const double> known = space.basis.const_view().block(0, 0, steps_, image.size());
  const MatrixView<double> rest{image.data(), 1, image.size(), image.size()};
  std::vector<double> part(steps_);
  double along_newest = 0;
  const double length = norm(image);
  for (int turn = 0; turn < 2; ++turn) {
    row_products(known, image, part);
    along_newest += part.back();
    for (double& value : part) value = -value;
    add_column_products(known, {part.data(), steps_, 1, 1}, rest);
  }
  double off_diagonal = norm(image);
  // If only rounding error is left, the Krylov space is complete.
  if (!(off_diagonal > 1e-14 * length)) off_diagonal = 0;
  space.diagonal.push_back(along_newest);
  space.off_diagonal.push_back(off_diagonal);
  const std::span<double> next = space.basis.row(steps_);
  for (std::size_t i = 0; i < image.size(); ++i)
    next[i] = off_diagonal > 0 ? image[i] / off_diagonal : 0;
}

/// w in the basis, for a right-hand side of norm 1: (I + difference T) w = e_1, by elimination.
/// w is NaN where the matrix is not positive definite, for example for a shift too small for K.
std::vector<double> ShiftedSolves::small_solution(const Space& space, double difference) const {
  std::vector<double> pivots(steps_), w(steps_, 0.0);
  w[0] = 1;
  for (std::size_t i = 0; i < steps_; ++i) {
    pivots[i] = 1 + difference * space.diagonal[i];
    if (i == 0) continue;
    const double factor = difference * space.off_diagonal[i - 1] / pivots[i - 1];
    pivots[i] -= factor * difference * space.off_diagonal[i - 1];
    w[i] = -factor * w[i - 1];
  }
  for (double& pivot : pivots) pivot = pivot > 0 ? pivot : std::nan("");
  for (std::size_t i = steps_; i-- > 0;) {
    if (i + 1 < steps_) w[i] -= difference * space.off_diagonal[i] * w[i + 1];
    w[i] /= pivots[i];
  }
  return w;
}

void ShiftedSolves::note_residuals() {
  std::vector<double>& now = residuals_.emplace_back(shifts_.size(), 0.0);
  for (std::size_t s = 0; s < shifts_.size(); ++s) {
    const double difference = shifts_[s] - shift_;
    for (const Space& space : spaces_) {
      const double last = small_solution(space, difference).back();
      const double residual = std::abs(difference * space.off_diagonal.back() * last);
      // NaN counts as not converged.
      now[s] = residual >= 0 ? std::max(now[s], residual) : HUGE_VAL;
    }
  }
}

bool ShiftedSolves::reached(std::size_t shift) const {
  return !residuals_.empty() && residuals_.back()[shift] <= kTolerance;
}

bool ShiftedSolves::will_be_reached(std::size_t shift) const {
  if (steps_ >= kMostSteps) return false;
  if (steps_ <= kLookBack) return true;
  double residual = residuals_.back()[shift];
  const double fall = residual / residuals_[steps_ - 1 - kLookBack][shift];
  for (std::size_t step = steps_; step < kMostSteps; step += kLookBack) residual *= fall;
  return residual <= kTolerance;
}

Matrix<double> ShiftedSolves::solution(std::size_t shift) const {
  const std::size_t n = own_.rows();
  Matrix<double> result(n, spaces_.size());
  std::vector<double> sum(n);
  for (std::size_t j = 0; j < spaces_.size(); ++j) {
    const Space& space = spaces_[j];
    const std::vector<double> w = small_solution(space, shifts_[shift] - shift_);
    // A w, from A (basis) = (basis with the next direction) T.
    std::vector<double> along(steps_ + 1, 0.0);
    for (std::size_t i = 0; i < steps_; ++i) {
      along[i] += space.diagonal[i] * w[i];
      if (i > 0) along[i - 1] += space.off_diagonal[i - 1] * w[i];
      along[i + 1] += space.off_diagonal[i] * w[i];
    }
    for (double& value : along) value *= space.norm;
    std::fill(sum.begin(), sum.end(), 0.0);
    add_column_products(space.basis.const_view().block(0, 0, steps_ + 1, n),
                        {along.data(), steps_ + 1, 1, 1}, {sum.data(), 1, n, n});
    for (std::size_t i = 0; i < n; ++i) result(i, j) = sum[i];
  }
  return result;
}

double ShiftedSolves::bytes(double n, double rhs) {
  return 8 * n * rhs * (kMostSteps + 4);
}

}  // namespace attnlab
