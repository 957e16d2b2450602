// Ridge fits in the dual: one kernel matrix serves every size. Large computations are cut into
// parts that helpers may compute (dual_parts.h).
#include <algorithm>
#include <cmath>
#include <limits>

#include "core/numerics/linear_algebra.h"
#include "core/numerics/parallel.h"
#include "core/random_features/fit/dual_share.h"
#include "core/random_features/fit/grid_search.h"

namespace attnlab::random_features {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr std::size_t kRowsAtOnce = 128;  // of the kernel matrix, set to zero by one thread

/// One training-set size of a dual fit. A round computes solutions for some ridge parameters; under
/// validation only the best so far is stored.
struct DualSize {
  std::size_t n = 0;
  std::vector<GridSearch> searches;  ///< per target, over the strengths
  std::vector<Solution> solutions;   ///< of this round
  Matrix<double> preferred;          ///< validation: n x targets
  std::vector<bool> usable;          ///< validation: targets with a solution
  std::vector<double> held_error;    ///< validation: of the preferred solution, per target
};

/// The ridge parameters that the next round factorises for. `others`: whether factors should serve
/// other ridge parameters; the nearest factor serves each, so that no result depends on order.
std::vector<Trial> next_round(const std::vector<DualSize>& sizes, std::size_t strengths,
                              bool others) {
  std::vector<std::size_t> served(strengths, 0);
  std::uint32_t unknown = 0;
  for (std::size_t s = 0; s < sizes.size(); ++s) {
    for (const GridSearch& search : sizes[s].searches) {
      for (const std::size_t strength : search.wanted()) served[strength] = s + 1;
      for (std::size_t l = 0; l < strengths; ++l) {
        if (!search.known(l)) unknown |= 1u << l;
      }
    }
  }
  std::vector<Trial> trials;
  for (std::size_t l = 0; l < strengths; ++l) {
    if (served[l] > 0) trials.push_back({l, served[l]});
  }
  for (std::size_t l = 0; others && !trials.empty() && l < strengths; ++l) {
    if ((unknown >> l & 1) == 0 || served[l] > 0) continue;
    const auto distance = [l](const Trial& trial) {
      return trial.strength < l ? l - trial.strength : trial.strength - l;
    };
    const auto nearest =
        std::min_element(trials.begin(), trials.end(),
                         [&](const Trial& a, const Trial& b) { return distance(a) < distance(b); });
    nearest->others |= 1u << l;
  }
  return trials;
}

/// Stores the solutions that are the best so far on the held-out samples. Ties go to the larger
/// ridge parameter: without a held-out sample (n = 1) all tie.
void keep_validated(NestedFit& fit, DualSize& size, std::size_t size_index,
                    const Solution& solution) {
  const double strength = fit.strengths[solution.strength];
  for (std::size_t j = 0; j < fit.targets; ++j) {
    const double error = solution.held_errors[j];
    size.searches[j].tell(solution.strength, error);
    const bool stronger = !(strength < fit.point(size_index, j).strength);
    if (error > size.held_error[j] || (error == size.held_error[j] && !stronger)) continue;
    size.held_error[j] = error;
    fit.point(size_index, j).strength = strength;
    for (std::size_t i = 0; i < size.n; ++i) size.preferred(i, j) = solution.values(i, j);
    size.usable[j] = true;
  }
}

/// Stores the solutions of a factorisation for one size.
void take_outcome(NestedFit& fit, DualSize& size, std::size_t size_index, std::size_t strength,
                  const TrialOutcome& outcome) {
  if (outcome.empty()) {
    for (std::size_t j = 0; j < fit.targets; ++j) {
      fit.point(size_index, j).failed |= 1u << strength;
      size.searches[j].tell(strength, kNaN);
    }
    return;
  }
  for (const Solution& solution : outcome) {
    if (fit.choose_by_test()) {
      size.solutions.push_back({solution.strength, solution.values.clone(), {}});
    } else {
      keep_validated(fit, size, size_index, solution);
    }
  }
}

/// The coefficients of a round as columns, and the meaning of the columns.
struct RoundColumns {
  std::vector<std::size_t> strengths;        ///< increasing; one group of targets each
  std::vector<Matrix<double>> coefficients;  ///< per size, size x (strengths, targets)
  std::vector<std::vector<bool>> usable;     ///< per size and column

  std::size_t columns(std::size_t targets) const { return strengths.size() * targets; }
};

/// Moves the solutions of the round out of the sizes that have any.
RoundColumns columns_of(const NestedFit& fit, std::vector<DualSize>& sizes) {
  RoundColumns round;
  std::size_t served = 0;  // sizes beyond the last that got solutions have no columns
  std::uint32_t solved = 0;
  for (std::size_t s = 0; s < sizes.size(); ++s) {
    for (const Solution& solution : sizes[s].solutions) {
      served = s + 1;
      solved |= 1u << solution.strength;
    }
  }
  std::vector<std::size_t> group(fit.strengths.size(), 0);
  for (std::size_t l = 0; l < fit.strengths.size(); ++l) {
    if ((solved >> l & 1) == 0) continue;
    group[l] = round.strengths.size();
    round.strengths.push_back(l);
  }
  for (std::size_t s = 0; s < served; ++s) {
    Matrix<double>& wide = round.coefficients.emplace_back(sizes[s].n, round.columns(fit.targets));
    std::vector<bool>& usable = round.usable.emplace_back(wide.cols(), false);
    for (const Solution& solution : sizes[s].solutions) {
      const std::size_t first = group[solution.strength] * fit.targets;
      for (std::size_t i = 0; i < sizes[s].n; ++i) {
        for (std::size_t j = 0; j < fit.targets; ++j) wide(i, first + j) = solution.values(i, j);
      }
      for (std::size_t j = 0; j < fit.targets; ++j) usable[first + j] = true;
    }
    sizes[s].solutions.clear();
  }
  return round;
}

/// The solutions that validation prefers, as the only group.
RoundColumns preferred_columns(std::vector<DualSize>& sizes) {
  RoundColumns round;
  round.strengths = {0};
  for (DualSize& size : sizes) {
    round.coefficients.push_back(std::move(size.preferred));
    round.usable.push_back(size.usable);
  }
  return round;
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

/// Factorises for every ridge parameter of a round and stores the solutions.
JobSteps solve_round(NestedFit& fit, std::vector<DualSize>& sizes, const std::vector<Trial>& trials,
                     double scale, MatrixView<const double> gram, Cholesky& factor) {
  const TrialWork::Sink take = [&](std::size_t t, std::size_t s, const TrialOutcome& outcome) {
    take_outcome(fit, sizes[s], s, trials[t].strength, outcome);
  };
  const FactorTask task{fit.problem, fit.strengths, scale, gram};
  if (trials.size() == 1) {
    // A single factorisation cannot be handed out; its solves, which take about as long, can.
    JobSteps factorising = factorise(task, trials[0], factor, fit.meter);
    co_await factorising;
    SolveWork work(task, trials[0], factor, fit.meter,
                   [&](std::size_t s, const TrialOutcome& outcome) { take(0, s, outcome); });
    JobSteps solving = run_divided(work);
    co_await solving;
    co_return JobResult{};
  }
  TrialWork work(task, trials, factor, fit.meter, take);
  JobSteps solving = run_divided(work);
  co_await solving;
  co_return JobResult{};
}

/// The residuals of a dual fit are the ridge parameter times its coefficients: y - K a = lambda a.
/// Their sum of squares for one column of coefficients.
double squared_residuals(const Matrix<double>& coefficients, std::size_t column, double lambda) {
  double squares = 0;
  for (std::size_t i = 0; i < coefficients.rows(); ++i) {
    const double residual = lambda * coefficients(i, column);
    squares += residual * residual;
  }
  return squares;
}

/// Predictions of a round's coefficients for the test samples, judged size by size; every error is
/// passed to the searches. `scale`: unit of the ridge parameters.
JobSteps predict_round(NestedFit& fit, std::vector<DualSize>& sizes, const RoundColumns& round,
                       double scale, DualSource& source) {
  const std::size_t served = round.coefficients.size(), columns = round.columns(fit.targets);
  if (served == 0) co_return JobResult{};
  const std::size_t tests = fit.problem.test->count, all_columns = served * columns;
  Matrix<double> predictions(tests, all_columns);
  const PredictionWork::Sink add = [&](MatrixView<double> sums) {
    for (std::size_t i = 0; i < tests; ++i) {
      for (std::size_t c = 0; c < all_columns; ++c) predictions(i, c) += sums(i, c);
    }
  };
  const double flops =
      dual_source_cost(fit.problem.layer, sizes[served - 1].n, tests, all_columns).prediction_flops;
  PredictionWork work(source, round.coefficients, {0, kPredictionGroups, 0}, tests, flops,
                      fit.meter, add);
  JobSteps predicting = run_divided(work);
  co_await predicting;

  std::vector<double> strengths;
  for (const std::size_t strength : round.strengths) strengths.push_back(fit.strengths[strength]);
  for (std::size_t s = 0; s < served; ++s) {
    const JudgedColumns judged =
        fit.judge(s, predictions.const_view().block(0, s * columns, tests, columns),
                  round.usable[s], strengths);
    for (std::size_t j = 0; j < fit.targets; ++j) {
      if (judged.improved[j] == JudgedColumns::kNone) continue;
      const double lambda = fit.point(s, j).strength * scale;
      fit.set_training_error(s, j,
                             squared_residuals(round.coefficients[s], judged.improved[j], lambda));
    }
    for (std::size_t c = 0; fit.choose_by_test() && c < columns; ++c) {
      if (!round.usable[s][c]) continue;
      sizes[s].searches[c % fit.targets].tell(round.strengths[c / fit.targets], judged.errors[c]);
    }
  }
  co_return JobResult{};
}

/// How the search for the best ridge parameter begins.
GridSearch::Start start_of(const NestedFit& fit, std::size_t count) {
  if (!fit.choose_by_test()) return GridSearch::Start::kOne;  // there are no passes to save
  const NestedFitProblem& problem = fit.problem;
  const std::size_t n = problem.sizes[count - 1];
  const DualSourceCost cost = dual_source_cost(problem.layer, n, problem.test->count,
                                               count * fit.strengths.size() * fit.targets);
  return factors_are_cheap(static_cast<double>(n), fit.strengths.size(), cost.prediction_flops)
             ? GridSearch::Start::kAll
             : GridSearch::Start::kOne;
}

}  // namespace

JobSteps fit_dual(NestedFit& fit, std::size_t count, double scale) {
  const NestedFitProblem& problem = fit.problem;
  const std::size_t n = problem.sizes[count - 1], strengths = fit.strengths.size();
  DualSource source = source_of(problem, count);
  Matrix<double> gram = empty_gram(n);
  GramWork gram_work(source, {0, n, 0}, gram.view(), fit.meter);
  JobSteps filling = run_divided(gram_work);
  co_await filling;
  if (std::isnan(scale)) scale = mean_diagonal(gram.const_view());

  const GridSearch::Start start = start_of(fit, count);
  const bool others = start == GridSearch::Start::kOne;
  std::vector<DualSize> sizes(count);
  for (std::size_t s = 0; s < count; ++s) {
    sizes[s].n = problem.sizes[s];
    sizes[s].searches.assign(fit.targets, GridSearch(strengths, start));
    if (fit.choose_by_test()) continue;
    sizes[s].preferred = Matrix<double>(sizes[s].n, fit.targets);
    sizes[s].usable.assign(fit.targets, false);
    sizes[s].held_error.assign(fit.targets, std::numeric_limits<double>::infinity());
  }
  Cholesky factor(n);
  std::vector<Trial> trials = next_round(sizes, strengths, others);
  while (!trials.empty()) {
    JobSteps solving = solve_round(fit, sizes, trials, scale, gram.const_view(), factor);
    co_await solving;
    trials = next_round(sizes, strengths, others);
    if (!fit.choose_by_test() && !trials.empty()) continue;
    const RoundColumns round =
        fit.choose_by_test() ? columns_of(fit, sizes) : preferred_columns(sizes);
    JobSteps predicting = predict_round(fit, sizes, round, scale, source);
    co_await predicting;
    trials = next_round(sizes, strengths, others);
  }
  co_return JobResult{};
}

}  // namespace attnlab::random_features
