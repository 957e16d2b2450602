#include "core/random_features/fit/nested_fit.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/numerics/shifted_solves.h"
#include "core/random_features/fit/nested_fit_parts.h"

namespace attnlab::random_features {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

FitCost dual_cost(const FrozenLayer& layer, std::size_t n, std::size_t sizes,
                  std::size_t test_samples, std::size_t targets, const RidgeChoice& ridge) {
  const std::size_t strengths = strengths_of(ridge).size();
  const bool validating = ridge.rule == RidgeChoice::Rule::kValidation;
  const std::size_t columns = sizes * targets * (validating ? 1 : strengths);
  const DualSourceCost source = dual_source_cost(layer, n, test_samples, columns);
  const double rows = static_cast<double>(n);
  // One factor and some twenty solves with it (by validation twice as many) serve most strengths,
  // and there are one or two rounds.
  const bool all = strengths == 1 ||
                   (!validating && factors_are_cheap(rows, strengths, source.prediction_flops));
  const double solves = (validating ? 40 : 20) * static_cast<double>(targets);
  const double factors =
      all ? static_cast<double>(strengths)
          : 1.5 + solves * 2 * rows * rows / std::max(1.0, flops_of_cholesky(rows));
  const double passes = all || validating ? 1 : 1.5;
  return {source.gram_flops + passes * source.prediction_flops + factors * flops_of_cholesky(rows),
          source.bytes + 16 * rows * rows +
              ShiftedSolves::bytes(rows, static_cast<double>(targets)) +
              8 * static_cast<double>(columns) * (rows + 2 * static_cast<double>(test_samples))};
}

FitCost primal_cost(const RandomFeatureLayer& layer, const std::vector<std::size_t>& sizes,
                    std::size_t first, std::size_t test_samples, std::size_t targets,
                    const RidgeChoice& ridge) {
  const double p = static_cast<double>(layer.feature_count());
  const double strengths = static_cast<double>(strengths_of(ridge).size());
  FitCost cost;
  for (std::size_t s = first; s < sizes.size(); ++s) {
    cost.flops += 2 * p * p * static_cast<double>(sizes[s]) + strengths * flops_of_cholesky(p) +
                  feature_flops(layer, sizes[s]);
  }
  const double columns = strengths * static_cast<double>(targets);
  cost.bytes = 4 * p * static_cast<double>(sizes.back() + test_samples) + 24 * p * p +
               16 * 512 * p + 8 * columns * (2 * p + static_cast<double>(test_samples));
  return cost;
}

/// Sum of squared differences from the mean.
double squares_about_mean(std::span<const double> values) {
  // Differences from the first value: equal values give exactly 0.
  double mean = 0, squares = 0;
  for (const double value : values) mean += value - values[0];
  if (!values.empty()) mean = values[0] + mean / static_cast<double>(values.size());
  for (const double value : values) squares += (value - mean) * (value - mean);
  return squares;
}

}  // namespace

std::size_t sizes_in_dual(const FrozenLayer& layer, const std::vector<std::size_t>& sizes) {
  const auto* finite = std::get_if<RandomFeatureLayer>(&layer);
  if (finite == nullptr) return sizes.size();
  return static_cast<std::size_t>(
      std::upper_bound(sizes.begin(), sizes.end(), finite->feature_count()) - sizes.begin());
}

std::size_t held_out(const NestedFitProblem& problem, std::size_t n) {
  const std::size_t samples = n / problem.copies;
  return samples < 2 ? 0 : std::max<std::size_t>(1, samples / 5) * problem.copies;
}

std::vector<double> intercepts(const NestedFitProblem& problem, std::size_t n) {
  const Matrix<double>& labels = *problem.train_labels;
  std::vector<double> means(labels.cols(), 0.0);
  if (problem.intercept == Intercept::kPenalised || n == 0) return means;
  // Differences from the first label, so that equal labels give exactly 0.
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < means.size(); ++j) means[j] += labels(i, j) - labels(0, j);
  }
  for (std::size_t j = 0; j < means.size(); ++j) {
    means[j] = labels(0, j) + means[j] / static_cast<double>(n);
  }
  return means;
}

Matrix<double> centred_labels(const NestedFitProblem& problem, std::size_t n) {
  const std::vector<double> means = intercepts(problem, n);
  Matrix<double> centred(n, means.size());
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < means.size(); ++j) {
      centred(i, j) = (*problem.train_labels)(i, j) - means[j];
    }
  }
  return centred;
}

std::vector<double> held_errors(const NestedFitProblem& problem, std::size_t fitted,
                                MatrixView<const double> prediction) {
  const std::vector<double> means = intercepts(problem, fitted);
  std::vector<double> errors(means.size(), 0.0);
  for (std::size_t i = 0; i < prediction.rows; ++i) {
    for (std::size_t j = 0; j < means.size(); ++j) {
      const double difference =
          prediction(i, j) + means[j] - (*problem.train_labels)(fitted + i, j);
      errors[j] += difference * difference;
    }
  }
  return errors;
}

double flops_of_cholesky(double n) {
  return n * n * n / 3;
}

bool factors_are_cheap(double n, std::size_t strengths, double prediction_flops) {
  return static_cast<double>(strengths) * flops_of_cholesky(n) <= prediction_flops;
}

JudgedColumns NestedFit::judge(std::size_t size, MatrixView<const double> predictions,
                               const std::vector<bool>& usable,
                               std::span<const double> column_strengths) {
  JudgedColumns judged{std::vector<double>(predictions.cols, kNaN),
                       std::vector<std::size_t>(targets, JudgedColumns::kNone)};
  const std::vector<double> means = intercepts(problem, problem.sizes[size]);
  std::vector<double> column(predictions.rows), truth(predictions.rows);
  for (std::size_t j = 0; j < targets; ++j) {
    for (std::size_t i = 0; i < truth.size(); ++i) truth[i] = (*problem.test_values)(i, j);
    FitPoint& best = point(size, j);
    for (std::size_t c = j; c < predictions.cols; c += targets) {
      if (!usable[c]) continue;
      for (std::size_t i = 0; i < column.size(); ++i) column[i] = predictions(i, c) + means[j];
      const double error = judged.errors[c] = relative_error(column, truth);
      const double strength = choose_by_test() ? column_strengths[c / targets] : best.strength;
      const bool better = std::isnan(best.test_error) || error < best.test_error ||
                          (error == best.test_error && strength > best.strength);
      if (!better) continue;
      best.test_error = error;
      best.strength = strength;
      judged.improved[j] = c;
    }
  }
  return judged;
}

void NestedFit::set_training_error(std::size_t size, std::size_t target, double squares) {
  std::vector<double> truth(problem.test_values->rows());
  for (std::size_t i = 0; i < truth.size(); ++i) truth[i] = (*problem.test_values)(i, target);
  const double variance = variance_of(truth);
  const double mean = squares / static_cast<double>(problem.sizes[size]);
  point(size, target).training_error = variance > 0 ? mean / variance : kNaN;
}

std::vector<double> ridge_grid() {
  return {1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1e0, 1e1, 1e2};
}

std::vector<double> strengths_of(const RidgeChoice& ridge) {
  return ridge.rule == RidgeChoice::Rule::kFixed ? std::vector{ridge.value} : ridge_grid();
}

JobSteps fit_nested(const NestedFitProblem& problem, std::vector<FitPoint>& points) {
  const std::size_t targets = problem.train_labels->cols();
  points.assign(problem.sizes.size() * targets, {kNaN, kNaN, kNaN, 0});
  NestedFit fit{problem, points, strengths_of(problem.ridge), targets, {}};
  fit.meter.total =
      fit_cost(problem.layer, problem.sizes, problem.test->count, targets, problem.ridge).flops;
  const std::size_t dual = sizes_in_dual(problem.layer, problem.sizes);
  double scale = kNaN;
  if (dual < problem.sizes.size()) {
    const PrimalData data = primal_data(std::get<RandomFeatureLayer>(problem.layer), problem);
    scale = data.scale;
    JobSteps steps = fit_primal(fit, dual, data);
    co_await steps;
  }
  if (dual > 0) {
    JobSteps steps = fit_dual(fit, dual, scale);
    co_await steps;
  }
  co_return JobResult{};
}

FitCost fit_cost(const FrozenLayer& layer, const std::vector<std::size_t>& sizes,
                 std::size_t test_samples, std::size_t targets, const RidgeChoice& ridge) {
  const std::size_t dual = sizes_in_dual(layer, sizes);
  FitCost cost;
  if (dual > 0) cost = dual_cost(layer, sizes[dual - 1], dual, test_samples, targets, ridge);
  if (dual < sizes.size()) {
    const FitCost primal =
        primal_cost(std::get<RandomFeatureLayer>(layer), sizes, dual, test_samples, targets, ridge);
    cost.flops += primal.flops;
    cost.bytes = std::max(cost.bytes, primal.bytes);
  }
  const double tokens = std::visit(
      [](const auto& kind) { return static_cast<double>((kind.keys + 1) * kind.dim); }, layer);
  cost.bytes += (4 * tokens + 8 * static_cast<double>(targets)) *
                static_cast<double>(sizes.back() + test_samples);
  return cost;
}

double relative_error(std::span<const double> prediction, std::span<const double> truth) {
  const double squares = squares_about_mean(truth);
  double error = 0;
  for (std::size_t i = 0; i < truth.size(); ++i) {
    error += (prediction[i] - truth[i]) * (prediction[i] - truth[i]);
  }
  return squares > 0 ? error / squares : kNaN;
}

double variance_of(std::span<const double> values) {
  return values.empty() ? 0 : squares_about_mean(values) / static_cast<double>(values.size());
}

}  // namespace attnlab::random_features
