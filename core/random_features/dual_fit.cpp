// Ridge fits in the dual: one kernel matrix serves every size, wherever it comes from. What is large
// is cut into parts that helpers may compute (dual_parts.h).
#include <algorithm>
#include <cmath>
#include <limits>

#include "core/numerics/linear_algebra.h"
#include "core/numerics/parallel.h"
#include "core/random_features/dual_share.h"
#include "core/random_features/grid_search.h"

namespace attnlab {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr std::size_t kRowsAtOnce = 128;  // of the kernel matrix, set to zero by one thread
/// One training-set size of a dual fit. A round tries some strengths; coefficients of that round
/// are n x (its strengths, targets), or n x targets with the best so far under validation.
struct DualSize {
  std::size_t n = 0;
  std::vector<GridSearch> searches;  ///< per target, over the strengths
  Matrix<double> coefficients;
  std::vector<bool> usable;        ///< columns that hold a solution
  std::vector<double> held_error;  ///< validation: of the preferred solution, per target
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

/// Keeps the solutions that are the best so far on the held-out samples. Ties go to the stronger
/// ridge: without a held-out sample (n = 1) every strength ties.
void keep_validated(NestedFit& fit, DualSize& size, std::size_t size_index, std::size_t strength,
                    const TrialOutcome& outcome) {
  for (std::size_t j = 0; j < fit.targets; ++j) {
    const double error = outcome.held_errors[j];
    size.searches[j].tell(strength, error);
    const double chosen = fit.point(size_index, j).strength;
    const bool stronger = !(fit.strengths[strength] < chosen);
    if (error > size.held_error[j] || (error == size.held_error[j] && !stronger)) continue;
    size.held_error[j] = error;
    fit.point(size_index, j).strength = fit.strengths[strength];
    store_columns(outcome.solution, size.coefficients, 0, j, j + 1);
    size.usable[j] = true;
  }
}

/// Takes what a factorisation gave for one size: keeps its solution in the round's columns from
/// `column` on, or when validation prefers it.
void take_outcome(NestedFit& fit, DualSize& size, std::size_t size_index, std::size_t strength,
                  std::size_t column, const TrialOutcome& outcome) {
  if (!outcome.solved) {
    for (std::size_t j = 0; j < fit.targets; ++j) {
      fit.point(size_index, j).failed |= 1u << strength;
      size.searches[j].tell(strength, kNaN);
    }
    return;
  }
  if (!fit.choose_by_test()) {
    keep_validated(fit, size, size_index, strength, outcome);
    return;
  }
  store_columns(outcome.solution, size.coefficients, column, 0, fit.targets);
  std::fill_n(size.usable.begin() + static_cast<std::ptrdiff_t>(column), fit.targets, true);
}

double mean_diagonal(MatrixView<const double> gram) {
  double sum = 0;
  for (std::size_t i = 0; i < gram.rows; ++i) sum += gram(i, i);
  return sum / static_cast<double>(std::max<std::size_t>(gram.rows, 1));
}

/// The lower triangle of the kernel matrix, zero at first.
Matrix<double> empty_gram(std::size_t n) {
  Matrix<double> gram = Matrix<double>::unset(n, n);
  in_parallel((n + kRowsAtOnce - 1) / kRowsAtOnce, [&](std::size_t part) {
    const std::size_t end = std::min(n, (part + 1) * kRowsAtOnce);
    for (std::size_t i = part * kRowsAtOnce; i < end; ++i) {
      std::fill_n(gram.row(i).data(), i + 1, 0.0);
    }
  });
  return gram;
}

/// Factorises for every trial of a round and takes the solutions.
JobSteps solve_round(NestedFit& fit, std::vector<DualSize>& sizes, const std::vector<Trial>& trials,
                     double scale, MatrixView<const double> gram, Cholesky& factor) {
  const TrialWork::Sink take = [&](std::size_t t, std::size_t s, const TrialOutcome& outcome) {
    take_outcome(fit, sizes[s], s, trials[t].strength, t * fit.targets, outcome);
  };
  TrialWork work({fit.problem, fit.strengths, scale, gram}, trials, factor, fit.meter, take);
  JobSteps solving = run_divided(work);
  while (solving.step() == JobSteps::State::kRunning) co_yield fit.meter.after(0);
  if (solving.state() == JobSteps::State::kFailed) co_return solving.error();
  co_return JobResult{};
}

/// Predictions of a round's coefficients for the test samples, judged size by size; the searches
/// hear of every error.
JobSteps predict_round(NestedFit& fit, std::vector<DualSize>& sizes,
                       const std::vector<Trial>& trials, std::size_t columns, DualSource& source) {
  // Sizes beyond those of this round have no new coefficients; validated ones wait for the end.
  std::size_t served = fit.choose_by_test() ? 0 : sizes.size();
  for (const Trial& trial : trials) served = std::max(served, trial.sizes);
  std::vector<Matrix<double>> coefficients;
  for (std::size_t s = 0; s < served; ++s) coefficients.push_back(std::move(sizes[s].coefficients));
  const std::size_t tests = fit.problem.test->count, all_columns = served * columns;
  Matrix<double> predictions(tests, all_columns);
  const PredictionWork::Sink add = [&](MatrixView<double> sums) {
    for (std::size_t i = 0; i < tests; ++i) {
      for (std::size_t c = 0; c < all_columns; ++c) predictions(i, c) += sums(i, c);
    }
  };
  const double flops =
      dual_source_cost(fit.problem.layer, sizes[served - 1].n, tests, all_columns).prediction_flops;
  PredictionWork work(source, coefficients, {0, kPredictionGroups, 0}, tests, flops, fit.meter, add);
  JobSteps predicting = run_divided(work);
  while (predicting.step() == JobSteps::State::kRunning) co_yield fit.meter.after(0);
  if (predicting.state() == JobSteps::State::kFailed) co_return predicting.error();

  std::vector<double> strengths;
  for (const Trial& trial : trials) strengths.push_back(fit.strengths[trial.strength]);
  for (std::size_t s = 0; s < served; ++s) {
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

}  // namespace

JobSteps fit_dual(NestedFit& fit, std::size_t count, double scale) {
  const NestedFitProblem& problem = fit.problem;
  const std::size_t n = problem.sizes[count - 1];
  DualSource source = source_of(problem, count);
  Matrix<double> gram = empty_gram(n);
  GramWork gram_work(source, {0, n, 0}, gram.view(), fit.meter);
  JobSteps filling = run_divided(gram_work);
  while (filling.step() == JobSteps::State::kRunning) co_yield fit.meter.after(0);
  if (filling.state() == JobSteps::State::kFailed) co_return filling.error();
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
    while (solving.step() == JobSteps::State::kRunning) co_yield fit.meter.after(0);
    if (solving.state() == JobSteps::State::kFailed) co_return solving.error();
    std::vector<Trial> following = next_round(sizes, fit.strengths.size());
    if (fit.choose_by_test() || following.empty()) {
      JobSteps predicting = predict_round(fit, sizes, trials, columns, source);
      while (predicting.step() == JobSteps::State::kRunning) co_yield fit.meter.after(0);
      if (predicting.state() == JobSteps::State::kFailed) co_return predicting.error();
      following = next_round(sizes, fit.strengths.size());
    }
    trials = std::move(following);
  }
  co_return JobResult{};
}

}  // namespace attnlab
