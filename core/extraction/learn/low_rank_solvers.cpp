// Low-rank W from random rank-one measurements: alternating least squares with Levenberg-Marquardt
// on the factors, and the smallest nuclear norm by Douglas-Rachford splitting.
#include <algorithm>
#include <cmath>

#include "core/experiment/step_budget.h"
#include "core/extraction/learn/dense.h"
#include "core/extraction/learn/low_rank.h"
#include "core/numerics/cholesky.h"
#include "core/numerics/linear_algebra.h"

namespace attnlab::extraction {
namespace {

constexpr double kSolved = 1e-9;  // relative residual at which a solution counts as exact
constexpr StepBudget kStep(20, per_millisecond::kSolverMultiplyAdds);
constexpr int kAlternations = 12;
constexpr int kMarquardtSteps = 60;

struct Factors {
  Matrix<double> left, right;  // d x r
  Factors clone() const { return {left.clone(), right.clone()}; }
};

double predict(std::span<const double> p, std::span<const double> q) {
  return dot(p, q);
}

/// residual_k = (a_k^T L).(b_k^T R) - y_k; its norm.
double residuals(const Measurements& data, const Factors& factors, std::vector<double>& residual) {
  const Matrix<double> p = product(data.a, factors.left), q = product(data.b, factors.right);
  residual.resize(data.y.size());
  for (std::size_t k = 0; k < residual.size(); ++k) {
    residual[k] = predict(p.row(k), q.row(k)) - data.y[k];
  }
  return norm(residual);
}

/// row = values (outer) weights, flattened with `weights` fastest.
void outer_row(std::span<const double> values, std::span<const double> weights,
               std::span<double> row) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    for (std::size_t c = 0; c < weights.size(); ++c) {
      row[i * weights.size() + c] = values[i] * weights[c];
    }
  }
}

/// (J^T J + shift I) step = J^T residual; false when the matrix is not positive.
bool solve_normal(const Matrix<double>& jacobian, double relative_shift,
                  std::span<const double> residual, Matrix<double>& step) {
  const std::size_t n = jacobian.cols();
  Matrix<double> gram(n, n);
  gemm_tn(jacobian.view(), jacobian.view(), gram.view(), false);
  double trace = 0;
  for (std::size_t i = 0; i < n; ++i) trace += gram(i, i);
  step = Matrix<double>(n, 1);
  for (std::size_t k = 0; k < jacobian.rows(); ++k) {
    add_scaled(residual[k], jacobian.row(k), step.values());
  }
  Cholesky factor(n);
  factor.start(gram.const_view(), relative_shift * trace / static_cast<double>(n));
  return factor.run() == Cholesky::State::kDone && factor.solve_leading(n, step.view());
}

/// Best left factor for an orthonormalised right one (or the other way round with a, b swapped).
void alternate(const Matrix<double>& a, const Matrix<double>& b, std::span<const double> y,
               Matrix<double>& left, Matrix<double>& right) {
  const std::size_t rank = right.cols();
  Matrix<double> basis = orthonormal_basis(right, 1e-14);
  if (basis.cols() == rank) right = std::move(basis);
  const Matrix<double> q = product(b, right);
  Matrix<double> jacobian(a.rows(), a.cols() * rank), solution;
  for (std::size_t k = 0; k < a.rows(); ++k) outer_row(a.row(k), q.row(k), jacobian.row(k));
  if (!solve_normal(jacobian, 1e-12, y, solution)) return;
  std::ranges::copy(solution.values(), left.values().begin());
}

/// One Levenberg-Marquardt trial step; true when it was taken.
bool marquardt(const Measurements& data, Factors& factors, double& damping,
               std::vector<double>& residual, double& size) {
  const std::size_t dim = factors.left.rows(), rank = factors.left.cols(), half = dim * rank;
  const Matrix<double> p = product(data.a, factors.left), q = product(data.b, factors.right);
  Matrix<double> jacobian(data.y.size(), 2 * half), step;
  for (std::size_t k = 0; k < data.y.size(); ++k) {
    outer_row(data.a.row(k), q.row(k), jacobian.row(k).first(half));
    outer_row(data.b.row(k), p.row(k), jacobian.row(k).last(half));
  }
  Factors trial = factors.clone();
  std::vector<double> trial_residual;
  if (solve_normal(jacobian, damping, residual, step)) {
    add_scaled(-1, step.values().first(half), trial.left.values());
    add_scaled(-1, step.values().last(half), trial.right.values());
    const double trial_size = residuals(data, trial, trial_residual);
    if (trial_size < size) {
      factors = std::move(trial);
      residual = std::move(trial_residual);
      size = trial_size;
      damping = std::max(damping / 8, 1e-15);
      return true;
    }
  }
  damping *= 10;
  return false;
}

/// Top singular directions of sum_k y_k a_k b_k^T, or normal ones.
Factors starting_point(const Measurements& data, std::size_t rank, bool spectral,
                       RandomStream& stream) {
  const std::size_t dim = data.a.cols();
  Factors factors{Matrix<double>(dim, rank), Matrix<double>(dim, rank)};
  stream.fill_normal(factors.left.values());
  stream.fill_normal(factors.right.values());
  if (!spectral) return factors;
  Matrix<double> weighted = data.a.clone(), sum(dim, dim);
  for (std::size_t k = 0; k < data.y.size(); ++k) {
    for (double& entry : weighted.row(k)) entry *= data.y[k];
  }
  gemm_tn(weighted.const_view(), data.b.view(), sum.view(), false);
  const SingularValues top = singular_values(sum);
  for (std::size_t i = 0; i < dim; ++i) {
    for (std::size_t c = 0; c < rank; ++c) factors.right(i, c) = top.right(i, c);
  }
  return factors;
}

void set_weight(const Factors& factors, Matrix<double>& weight) {
  gemm_nt(factors.left.view(), factors.right.view(), weight.view(), false);
}

/// A(W) - y
std::vector<double> misfit(const Measurements& data, const Matrix<double>& weight) {
  const Matrix<double> images = product(data.a, weight);
  std::vector<double> result(data.y.size());
  for (std::size_t k = 0; k < result.size(); ++k) {
    result[k] = dot(images.row(k), data.b.row(k)) - data.y[k];
  }
  return result;
}

/// Projection onto A(W) = y with the Gram matrix (a_k.a_l)(b_k.b_l) factorised once.
class MeasurementProjection {
 public:
  explicit MeasurementProjection(const Measurements& data) : data_(data), factor_(data.y.size()) {
    const std::size_t m = data.y.size();
    Matrix<double> gram(m, m), right(m, m);
    gemm_nt(data.a.view(), data.a.view(), gram.view(), false);
    gemm_nt(data.b.view(), data.b.view(), right.view(), false);
    double trace = 0;
    for (std::size_t i = 0; i < gram.size(); ++i) gram.values()[i] *= right.values()[i];
    for (std::size_t i = 0; i < m; ++i) trace += gram(i, i);
    // The shift is for more than d^2 measurements, which are linearly dependent.
    factor_.start(gram.const_view(), 1e-13 * trace);
    ok_ = factor_.run() == Cholesky::State::kDone;
  }
  bool ok() const { return ok_; }
  void apply(Matrix<double>& weight) const {
    const std::vector<double> gap = misfit(data_, weight);
    Matrix<double> multiplier(gap.size(), 1);
    std::ranges::copy(gap, multiplier.values().begin());
    factor_.solve_leading(gap.size(), multiplier.view());
    Matrix<double> weighted = data_.a.clone();
    for (std::size_t k = 0; k < gap.size(); ++k) {
      for (double& entry : weighted.row(k)) entry *= -multiplier(k, 0);
    }
    gemm_tn(weighted.const_view(), data_.b.view(), weight.view(), true);
  }

 private:
  const Measurements& data_;
  Cholesky factor_;
  bool ok_ = false;
};

/// Singular values moved towards 0 by `amount`.
Matrix<double> soft_thresholded(const Matrix<double>& a, double amount) {
  SingularValues svd = singular_values(a);
  for (std::size_t c = 0; c < a.cols(); ++c) {
    const double kept = std::max(0.0, svd.values[c] - amount);
    for (std::size_t i = 0; i < a.rows(); ++i) svd.left(i, c) *= kept;
  }
  Matrix<double> result(a.rows(), a.cols());
  gemm_nt(svd.left.const_view(), svd.right.const_view(), result.view(), false);
  return result;
}

}  // namespace

JobSteps complete_by_factors(const Measurements& data, std::size_t rank, int restarts,
                             RandomStream stream, Completion& completion) {
  const std::size_t dim = data.a.cols();
  const double unknowns = 2.0 * static_cast<double>(dim * rank);
  const double step_cost = static_cast<double>(data.y.size()) * unknowns * unknowns;
  const double target = kSolved * norm(data.y);
  completion.weight = Matrix<double>(dim, dim);
  completion.residual = 1;
  if (norm(data.y) == 0) completion.residual = 0;
  double best = INFINITY;
  StepBudget step = kStep;
  std::vector<double> residual;
  for (int start = 0; start <= restarts && best > target; ++start) {
    completion.restarts = start;
    Factors factors = starting_point(data, rank, start == 0, stream);
    for (int k = 0; k < kAlternations; ++k) {
      alternate(data.a, data.b, data.y, factors.left, factors.right);
      alternate(data.b, data.a, data.y, factors.right, factors.left);
      ++completion.iterations;
      if (step.spend(step_cost)) {
        co_yield StepProgress{static_cast<double>(start) / (restarts + 1)};
      }
    }
    double size = residuals(data, factors, residual), damping = 1e-3;
    for (int k = 0; k < kMarquardtSteps && damping < 1e6; ++k) {
      const double before = size;
      const bool taken = marquardt(data, factors, damping, residual, size);
      ++completion.iterations;
      if (step.spend(step_cost)) {
        co_yield StepProgress{static_cast<double>(start) / (restarts + 1)};
      }
      if (size < 1e-15 * norm(data.y) || (taken && size < target && size > 0.5 * before)) break;
    }
    if (size >= best) continue;
    best = size;
    set_weight(factors, completion.weight);
    completion.residual = norm(data.y) > 0 ? size / norm(data.y) : size;
  }
  co_return JobResult{};
}

JobSteps complete_by_nuclear_norm(const Measurements& data, int iterations,
                                  Completion& completion) {
  const std::size_t dim = data.a.cols();
  const MeasurementProjection projection(data);
  completion.weight = Matrix<double>(dim, dim);
  completion.residual = 1;
  if (!projection.ok()) co_return JobResult{};
  Matrix<double> point(dim, dim);
  projection.apply(point);  // the shortest W that agrees with the measurements
  const double amount = 0.3 * singular_values(point).values[0];
  const double d = static_cast<double>(dim);
  const double cost = 60 * d * d * d + 4 * static_cast<double>(data.y.size()) * d * d;
  StepBudget step = kStep;
  for (int k = 0; k < iterations; ++k) {
    const Matrix<double> shrunk = soft_thresholded(point, amount);
    Matrix<double> reflected = shrunk.clone();
    for (std::size_t i = 0; i < point.size(); ++i) {
      reflected.values()[i] = 2 * shrunk.values()[i] - point.values()[i];
    }
    projection.apply(reflected);
    double change = 0;
    for (std::size_t i = 0; i < point.size(); ++i) {
      const double delta = reflected.values()[i] - shrunk.values()[i];
      point.values()[i] += delta;
      change += delta * delta;
    }
    completion.weight = std::move(reflected);
    ++completion.iterations;
    if (!(std::sqrt(change) > 1e-10 * norm(completion.weight.values()))) break;
    if (step.spend(cost)) co_yield StepProgress{static_cast<double>(k) / iterations};
  }
  const double scale = norm(data.y);
  completion.residual = norm(misfit(data, completion.weight)) / (scale > 0 ? scale : 1);
  co_return JobResult{};
}

}  // namespace attnlab::extraction
