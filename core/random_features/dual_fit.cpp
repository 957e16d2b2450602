// Ridge fits in the dual: one kernel matrix serves every size, wherever it comes from.
#include <algorithm>
#include <cmath>
#include <limits>

#include "core/numerics/cholesky.h"
#include "core/numerics/linear_algebra.h"
#include "core/numerics/parallel.h"
#include "core/random_features/grid_search.h"
#include "core/random_features/nested_fit_parts.h"

namespace attnlab {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr std::size_t kRowsAtOnce = 128;  // of the kernel matrix, set to zero by one thread

/// Copies rows [0, n) of the labels.
Matrix<double> leading_labels(const Matrix<double>& labels, std::size_t n) {
  Matrix<double> part(n, labels.cols());
  std::copy_n(labels.data(), n * labels.cols(), part.data());
  return part;
}

/// One training-set size of a dual fit. A round tries some strengths; coefficients of that round
/// are n x (its strengths, targets), or n x targets with the best so far under validation.
struct DualSize {
  std::size_t n = 0;
  std::vector<GridSearch> searches;  ///< per target, over the strengths
  Matrix<double> coefficients;
  std::vector<bool> usable;        ///< columns that hold a solution
  std::vector<double> held_error;  ///< validation: of the preferred solution, per target
};

/// A strength to factorise, up to the largest of the sizes that want it.
struct Trial {
  std::size_t strength = 0;
  std::size_t sizes = 0;  ///< the first so many sizes are served
};

std::vector<Trial> next_round(const std::vector<DualSize>& sizes, std::size_t strengths) {
  std::vector<std::size_t> served(strengths, 0);
  for (std::size_t s = 0; s < sizes.size(); ++s) {
    for (const GridSearch& search : sizes[s].searches) {
      for (const std::size_t strength : search.wanted()) served[strength] = s + 1;
    }
  }
  std::vector<Trial> trials;
  for (std::size_t l = 0; l < strengths; ++l) {
    if (served[l] > 0) trials.push_back({l, served[l]});
  }
  return trials;
}

/// Copies a solution's columns, or one of them only.
void store_columns(const Matrix<double>& solution, Matrix<double>& into, std::size_t first_column,
                   std::size_t begin, std::size_t end) {
  for (std::size_t i = 0; i < solution.rows(); ++i) {
    for (std::size_t j = begin; j < end; ++j) into(i, first_column + j) = solution(i, j);
  }
}

/// Error on the held-out samples for every target, from a factor of all of them; keeps the
/// solutions that are the best so far. Ties go to the stronger ridge: without a held-out sample
/// (n = 1) every strength ties.
void keep_validated(NestedFit& fit, DualSize& size, std::size_t size_index, std::size_t strength,
                    const Cholesky& factor, const Matrix<double>& solution,
                    MatrixView<const double> gram) {
  const Matrix<double>& labels = *fit.problem.train_labels;
  const std::size_t n = size.n, fitted = n - held_out(n);
  Matrix<double> part = leading_labels(labels, fitted);
  factor.solve_leading(fitted, part.view());
  Matrix<double> prediction(n - fitted, fit.targets);
  gemm_nn(gram.block(fitted, 0, n - fitted, fitted), part.const_view(), prediction.view(), false);
  for (std::size_t j = 0; j < fit.targets; ++j) {
    const double error = squared_error(prediction.const_view(), labels, fitted, j);
    size.searches[j].tell(strength, error);
    const double chosen = fit.point(size_index, j).strength;
    const bool stronger = !(fit.strengths[strength] < chosen);
    if (error > size.held_error[j] || (error == size.held_error[j] && !stronger)) continue;
    size.held_error[j] = error;
    fit.point(size_index, j).strength = fit.strengths[strength];
    store_columns(solution, size.coefficients, 0, j, j + 1);
    size.usable[j] = true;
  }
}

/// Uses a finished factorisation for one size: solves for every target, and keeps the solution in
/// the round's columns from `column` on, or when validation prefers it.
void take_dual_solution(NestedFit& fit, DualSize& size, std::size_t size_index,
                        std::size_t strength, std::size_t column, const Cholesky& factor,
                        MatrixView<const double> gram) {
  if (factor.valid() < size.n) {
    for (std::size_t j = 0; j < fit.targets; ++j) {
      fit.point(size_index, j).failed |= 1u << strength;
      size.searches[j].tell(strength, kNaN);
    }
    return;
  }
  Matrix<double> solution = leading_labels(*fit.problem.train_labels, size.n);
  factor.solve_leading(size.n, solution.view());
  if (!fit.choose_by_test()) {
    keep_validated(fit, size, size_index, strength, factor, solution, gram);
    return;
  }
  store_columns(solution, size.coefficients, column, 0, fit.targets);
  std::fill_n(size.usable.begin() + static_cast<std::ptrdiff_t>(column), fit.targets, true);
}

double mean_diagonal(MatrixView<const double> gram) {
  double sum = 0;
  for (std::size_t i = 0; i < gram.rows; ++i) sum += gram(i, i);
  return sum / static_cast<double>(std::max<std::size_t>(gram.rows, 1));
}

/// Predictions of a round's coefficients for the test samples, judged size by size; the searches
/// hear of every error.
JobSteps predict_round(NestedFit& fit, std::vector<DualSize>& sizes,
                       const std::vector<Trial>& trials, std::size_t columns, DualSource& source) {
  std::vector<Matrix<double>> coefficients;
  for (DualSize& size : sizes) coefficients.push_back(std::move(size.coefficients));
  std::visit([&](auto& s) { s.take_coefficients(std::move(coefficients)); }, source);
  const std::size_t tests = fit.problem.test->count;
  Matrix<double> predictions(tests, sizes.size() * columns);
  const auto slices = std::visit([](const auto& s) { return s.prediction_slices(); }, source);
  for (std::size_t slice = 0; slice < slices; ++slice) {
    co_yield fit.meter.after(std::visit(
        [&](auto& s) { return s.add_to_predictions(slice, predictions.view()); }, source));
  }
  std::vector<double> strengths;
  for (const Trial& trial : trials) strengths.push_back(fit.strengths[trial.strength]);
  for (std::size_t s = 0; s < sizes.size(); ++s) {
    const std::vector<double> errors =
        fit.judge(s, predictions.const_view().block(0, s * columns, tests, columns),
                  sizes[s].usable, strengths);
    for (std::size_t c = 0; fit.choose_by_test() && c < columns; ++c) {
      const Trial& trial = trials[c / fit.targets];
      if (s < trial.sizes) sizes[s].searches[c % fit.targets].tell(trial.strength, errors[c]);
    }
  }
  co_return JobResult{};
}

/// Factorises for every trial of a round and takes the solutions.
JobSteps solve_round(NestedFit& fit, std::vector<DualSize>& sizes, const std::vector<Trial>& trials,
                     double scale, MatrixView<const double> gram, Cholesky& factor) {
  for (std::size_t t = 0; t < trials.size(); ++t) {
    const std::size_t n = sizes[trials[t].sizes - 1].n;
    factor.start(gram.block(0, 0, n, n), fit.strengths[trials[t].strength] * scale);
    double counted = 0;
    while (factor.step() == Cholesky::State::kRunning) {
      co_yield fit.meter.after(factor.flops_done() - counted);
      counted = factor.flops_done();
    }
    for (std::size_t s = 0; s < trials[t].sizes; ++s) {
      take_dual_solution(fit, sizes[s], s, trials[t].strength, t * fit.targets, factor, gram);
    }
    co_yield fit.meter.after(std::max(0.0, factor.flops_total() - counted));
  }
  co_return JobResult{};
}

}  // namespace

JobSteps fit_dual(NestedFit& fit, std::size_t count, double scale) {
  const NestedFitProblem& problem = fit.problem;
  const std::size_t n = problem.sizes[count - 1];
  DualSource source =
      dual_source(problem.layer, {problem.train, n, problem.test, count * fit.columns_at_once()});
  Matrix<double> gram = Matrix<double>::unset(n, n);  // the lower triangle is used
  in_parallel((n + kRowsAtOnce - 1) / kRowsAtOnce, [&](std::size_t part) {
    const std::size_t end = std::min(n, (part + 1) * kRowsAtOnce);
    for (std::size_t i = part * kRowsAtOnce; i < end; ++i) {
      std::fill_n(gram.row(i).data(), i + 1, 0.0);
    }
  });
  const auto gram_slices = std::visit([](const auto& s) { return s.gram_slices(); }, source);
  for (std::size_t slice = 0; slice < gram_slices; ++slice) {
    co_yield fit.meter.after(
        std::visit([&](auto& s) { return s.add_to_gram(slice, gram.view()); }, source));
  }
  if (std::isnan(scale)) scale = mean_diagonal(gram.const_view());

  std::vector<DualSize> sizes(count);
  for (std::size_t s = 0; s < count; ++s) {
    sizes[s].n = problem.sizes[s];
    sizes[s].searches.assign(fit.targets, GridSearch(fit.strengths.size()));
    sizes[s].held_error.assign(fit.targets, std::numeric_limits<double>::infinity());
  }
  Cholesky factor(n);
  std::vector<Trial> trials = next_round(sizes, fit.strengths.size());
  for (bool first = true; !trials.empty(); first = false) {
    const std::size_t columns = (fit.choose_by_test() ? trials.size() : 1) * fit.targets;
    for (DualSize& size : sizes) {
      if (!first && !fit.choose_by_test()) break;  // the solutions preferred so far stay
      size.coefficients = Matrix<double>(size.n, columns);
      size.usable.assign(columns, false);
    }
    JobSteps solving = solve_round(fit, sizes, trials, scale, gram.const_view(), factor);
    while (solving.step() == JobSteps::State::kRunning) {
      co_yield StepProgress{solving.fraction(), {}};
    }
    if (solving.state() == JobSteps::State::kFailed) co_return solving.error();
    std::vector<Trial> following = next_round(sizes, fit.strengths.size());
    if (fit.choose_by_test() || following.empty()) {
      JobSteps predicting = predict_round(fit, sizes, trials, columns, source);
      while (predicting.step() == JobSteps::State::kRunning) {
        co_yield StepProgress{predicting.fraction(), {}};
      }
      if (predicting.state() == JobSteps::State::kFailed) co_return predicting.error();
      following = next_round(sizes, fit.strengths.size());
    }
    trials = std::move(following);
  }
  co_return JobResult{};
}

}  // namespace attnlab
