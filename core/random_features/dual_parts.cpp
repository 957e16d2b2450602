#include "core/random_features/dual_parts.h"

#include <algorithm>

#include "core/numerics/linear_algebra.h"

namespace attnlab {
namespace {

/// Copies rows [0, n) of the labels.
Matrix<double> leading_labels(const Matrix<double>& labels, std::size_t n) {
  Matrix<double> part(n, labels.cols());
  std::copy_n(labels.data(), n * labels.cols(), part.data());
  return part;
}

/// Error on the held-out samples of size n for every target, from a factor of all of them.
std::vector<double> held_errors(const FactorTask& task, std::size_t n, const Cholesky& factor) {
  const Matrix<double>& labels = *task.problem.train_labels;
  const std::size_t fitted = n - held_out(n);
  Matrix<double> part = leading_labels(labels, fitted);
  factor.solve_leading(fitted, part.view());
  Matrix<double> prediction(n - fitted, labels.cols());
  gemm_nn(task.gram.block(fitted, 0, n - fitted, fitted), part.const_view(), prediction.view(),
          false);
  std::vector<double> errors;
  for (std::size_t j = 0; j < labels.cols(); ++j) {
    errors.push_back(squared_error(prediction.const_view(), labels, fitted, j));
  }
  return errors;
}

TrialOutcome outcome_of(const FactorTask& task, std::size_t n, const Cholesky& factor) {
  TrialOutcome outcome;
  if (factor.valid() < n) return outcome;
  outcome.solved = true;
  outcome.solution = leading_labels(*task.problem.train_labels, n);
  factor.solve_leading(n, outcome.solution.view());
  if (task.problem.ridge.rule == RidgeChoice::Rule::kValidation) {
    outcome.held_errors = held_errors(task, n, factor);
  }
  return outcome;
}

}  // namespace

DualSource source_of(const NestedFitProblem& problem, std::size_t dual) {
  const bool validating = problem.ridge.rule == RidgeChoice::Rule::kValidation;
  const std::size_t columns = validating ? 1 : strengths_of(problem.ridge).size();
  return dual_source(problem.layer, {problem.train, problem.sizes[dual - 1], problem.test,
                                     dual * columns * problem.train_labels->cols()});
}

JobSteps add_gram_rows(DualSource& source, std::size_t first, MatrixView<double> rows,
                       Meter& meter) {
  const auto slices =
      std::visit([&](const auto& s) { return s.gram_slices(first, rows.rows); }, source);
  for (std::size_t slice = 0; slice < slices; ++slice) {
    co_yield meter.after(
        std::visit([&](auto& s) { return s.add_to_gram(slice, first, rows); }, source));
  }
  co_return JobResult{};
}

JobSteps factor_trials(const FactorTask& task, std::span<const Trial> trials, std::size_t begin,
                       std::size_t end, Cholesky& factor, Meter& meter, const TrialSink& sink) {
  for (std::size_t t = begin; t < end; ++t) {
    const std::size_t n = task.problem.sizes[trials[t].sizes - 1];
    factor.start(task.gram.block(0, 0, n, n), task.strengths[trials[t].strength] * task.scale);
    double counted = 0;
    while (factor.step() == Cholesky::State::kRunning) {
      co_yield meter.after(factor.flops_done() - counted);
      counted = factor.flops_done();
    }
    for (std::size_t s = 0; s < trials[t].sizes; ++s) {
      sink(t, s, outcome_of(task, task.problem.sizes[s], factor));
    }
    co_yield meter.after(std::max(0.0, factor.flops_total() - counted));
  }
  co_return JobResult{};
}

JobSteps predict_groups(DualSource& source, std::size_t begin, std::size_t end, std::size_t tests,
                        std::size_t columns, Meter& meter, const PredictionSink& sink) {
  const auto slices = std::visit([](const auto& s) { return s.prediction_slices(); }, source);
  Matrix<double> sums(tests, columns);
  for (std::size_t group = begin; group < end; ++group) {
    sums.set_zero();
    for (std::size_t slice = group * slices / kPredictionGroups;
         slice < (group + 1) * slices / kPredictionGroups; ++slice) {
      co_yield meter.after(
          std::visit([&](auto& s) { return s.add_to_predictions(slice, sums.view()); }, source));
    }
    sink(sums.view());
  }
  co_return JobResult{};
}

}  // namespace attnlab
