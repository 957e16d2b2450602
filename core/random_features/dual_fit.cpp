// Ridge fits in the dual: one kernel matrix serves every size, wherever it comes from.
#include <algorithm>
#include <cmath>
#include <limits>

#include "core/numerics/cholesky.h"
#include "core/numerics/linear_algebra.h"
#include "core/random_features/nested_fit_parts.h"

namespace attnlab {
namespace {

/// Copies rows [0, n) of the labels.
Matrix<double> leading_labels(const Matrix<double>& labels, std::size_t n) {
  Matrix<double> part(n, labels.cols());
  std::copy_n(labels.data(), n * labels.cols(), part.data());
  return part;
}

/// Which strength validation prefers so far, for one size and target.
struct Preference {
  double error = std::numeric_limits<double>::infinity();
};

/// Dual coefficients of one size: n x columns.
struct DualSize {
  std::size_t n = 0;
  Matrix<double> coefficients;
  std::vector<bool> usable;           ///< columns that hold a solution
  std::vector<Preference> preferred;  ///< per target, validation only
};

void store_columns(const Matrix<double>& solution, Matrix<double>& into, std::size_t first_column,
                   std::size_t only_target, std::size_t targets) {
  for (std::size_t i = 0; i < solution.rows(); ++i) {
    for (std::size_t j = 0; j < targets; ++j) {
      if (only_target != targets && j != only_target) continue;
      into(i, first_column + j) = solution(i, j);
    }
  }
}

/// Uses a finished factorisation for one size: solves for every target, and keeps the solution when
/// the rule wants it.
void take_dual_solution(NestedFit& fit, DualSize& size, std::size_t size_index,
                        std::size_t strength, const Cholesky& factor,
                        MatrixView<const double> gram) {
  const Matrix<double>& labels = *fit.problem.train_labels;
  const std::size_t n = size.n;
  if (factor.valid() < n) {
    for (std::size_t j = 0; j < fit.targets; ++j) ++fit.point(size_index, j).failures;
    return;
  }
  Matrix<double> solution = leading_labels(labels, n);
  factor.solve_leading(n, solution.view());
  if (fit.choose_by_test()) {
    store_columns(solution, size.coefficients, strength * fit.targets, fit.targets, fit.targets);
    std::fill_n(size.usable.begin() + static_cast<std::ptrdiff_t>(strength * fit.targets),
                fit.targets, true);
    return;
  }
  const std::size_t fitted = n - held_out(n);
  Matrix<double> part = leading_labels(labels, fitted);
  factor.solve_leading(fitted, part.view());
  Matrix<double> prediction(n - fitted, fit.targets);
  gemm_nn(gram.block(fitted, 0, n - fitted, fitted), part.const_view(), prediction.view(), false);
  for (std::size_t j = 0; j < fit.targets; ++j) {
    // Without a held-out sample (n = 1) every strength ties and the strongest ridge is taken.
    const double error = squared_error(prediction.const_view(), labels, fitted, j);
    if (error > size.preferred[j].error) continue;
    size.preferred[j].error = error;
    fit.point(size_index, j).strength = fit.strengths[strength];
    store_columns(solution, size.coefficients, 0, j, fit.targets);
    size.usable[j] = true;
  }
}

double mean_diagonal(MatrixView<const double> gram) {
  double sum = 0;
  for (std::size_t i = 0; i < gram.rows; ++i) sum += gram(i, i);
  return sum / static_cast<double>(std::max<std::size_t>(gram.rows, 1));
}

}  // namespace

JobSteps fit_dual(NestedFit& fit, std::size_t count, double scale) {
  const NestedFitProblem& problem = fit.problem;
  const std::size_t n = problem.sizes[count - 1], tests = problem.test->count;
  const std::size_t columns = (fit.choose_by_test() ? fit.strengths.size() : 1) * fit.targets;
  DualSource source = dual_source(problem.layer, {problem.train, n, problem.test, count * columns});

  Matrix<double> gram(n, n);
  const auto gram_slices = std::visit([](const auto& s) { return s.gram_slices(); }, source);
  for (std::size_t slice = 0; slice < gram_slices; ++slice) {
    co_yield fit.meter.after(
        std::visit([&](const auto& s) { return s.add_to_gram(slice, gram.view()); }, source));
  }
  if (std::isnan(scale)) scale = mean_diagonal(gram.const_view());

  std::vector<DualSize> sizes(count);
  for (std::size_t s = 0; s < count; ++s) {
    sizes[s].n = problem.sizes[s];
    sizes[s].coefficients = Matrix<double>(sizes[s].n, columns);
    sizes[s].usable.assign(columns, false);
    sizes[s].preferred.assign(fit.targets, {});
  }
  {
    Cholesky factor(n);
    for (std::size_t l = 0; l < fit.strengths.size(); ++l) {
      factor.start(gram.const_view(), fit.strengths[l] * scale);
      double counted = 0;
      while (factor.step() == Cholesky::State::kRunning) {
        co_yield fit.meter.after(factor.flops_done() - counted);
        counted = factor.flops_done();
      }
      for (std::size_t s = 0; s < count; ++s) {
        take_dual_solution(fit, sizes[s], s, l, factor, gram.const_view());
      }
      co_yield fit.meter.after(std::max(0.0, flops_of_cholesky(static_cast<double>(n)) - counted));
    }
  }
  gram = Matrix<double>();

  std::vector<Matrix<double>> coefficients;
  for (DualSize& size : sizes) coefficients.push_back(std::move(size.coefficients));
  std::visit([&](auto& s) { s.take_coefficients(std::move(coefficients)); }, source);
  Matrix<double> predictions(tests, count * columns);
  const auto slices = std::visit([](const auto& s) { return s.prediction_slices(); }, source);
  for (std::size_t slice = 0; slice < slices; ++slice) {
    co_yield fit.meter.after(std::visit(
        [&](const auto& s) { return s.add_to_predictions(slice, predictions.view()); }, source));
  }
  for (std::size_t s = 0; s < count; ++s) {
    fit.judge(s, predictions.const_view().block(0, s * columns, tests, columns), sizes[s].usable);
  }
  co_return JobResult{};
}

}  // namespace attnlab
