#include "core/random_features/nested_fit.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/random_features/nested_fit_parts.h"

namespace attnlab {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kStepFlops = 1.5e9;  // about 30 ms natively, 80 ms in a browser
constexpr double kBlockBytes = 24e6;
constexpr std::size_t kUnitGrain = 32;  // heads come in SIMD lanes

std::vector<double> strengths_to_try(const RidgeChoice& ridge) {
  return ridge.rule == RidgeChoice::Rule::kFixed ? std::vector{ridge.value} : ridge_grid();
}

std::size_t sizes_in_dual(const NestedFitProblem& problem) {
  const auto& sizes = problem.sizes;
  return static_cast<std::size_t>(
      std::upper_bound(sizes.begin(), sizes.end(), problem.layer.feature_count()) - sizes.begin());
}

}  // namespace

std::size_t held_out(std::size_t n) {
  return n < 2 ? 0 : std::max<std::size_t>(1, n / 5);
}

double flops_of_cholesky(double n) {
  return n * n * n / 3;
}

std::size_t units_at_once(const RandomFeatureLayer& layer, double rows, double tests,
                          double columns) {
  const double width = static_cast<double>(layer.features_per_unit());
  const double one_sample = feature_flops(layer, 1) / static_cast<double>(layer.units);
  const double gram = rows * rows * width + one_sample * rows;
  const double predict = (one_sample + 2 * width * columns) * (rows + tests);
  const double units = std::min(kStepFlops / std::max(gram, predict),
                                kBlockBytes / (4 * width * std::max(rows, columns)));
  const double whole = std::floor(units / kUnitGrain) * kUnitGrain;
  return std::min(layer.units,
                  static_cast<std::size_t>(std::clamp(whole, double{kUnitGrain}, 1024.0)));
}

double squared_error(MatrixView<const double> prediction, const Matrix<double>& labels,
                     std::size_t begin, std::size_t target) {
  double sum = 0;
  for (std::size_t i = 0; i < prediction.rows; ++i) {
    const double difference = prediction(i, target) - labels(begin + i, target);
    sum += difference * difference;
  }
  return sum;
}

void NestedFit::judge(std::size_t size, MatrixView<const double> predictions,
                      const std::vector<bool>& usable) {
  std::vector<double> column(predictions.rows), truth(predictions.rows);
  for (std::size_t j = 0; j < targets; ++j) {
    for (std::size_t i = 0; i < truth.size(); ++i) truth[i] = (*problem.test_values)(i, j);
    FitPoint& best = point(size, j);
    for (std::size_t c = j; c < predictions.cols; c += targets) {
      if (!usable[c]) continue;
      for (std::size_t i = 0; i < column.size(); ++i) column[i] = predictions(i, c);
      const double error = relative_error(column, truth);
      if (std::isnan(best.test_error) || error < best.test_error) {
        best.test_error = error;
        if (choose_by_test()) best.strength = strengths[c / targets];
      }
    }
  }
}

std::vector<double> ridge_grid() {
  return {1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1e0, 1e1};
}

JobSteps fit_nested(const NestedFitProblem& problem, std::vector<FitPoint>& points) {
  const std::size_t targets = problem.train_labels->cols();
  points.assign(problem.sizes.size() * targets, {kNaN, kNaN, 0});
  NestedFit fit{problem, points, strengths_to_try(problem.ridge), targets, {}};
  fit.meter.total =
      fit_cost(problem.layer, problem.sizes, problem.test->count, targets, problem.ridge).flops;
  const std::size_t dual = sizes_in_dual(problem);
  double scale = kNaN;
  if (dual < problem.sizes.size()) {
    const PrimalData data = primal_data(problem);
    scale = data.scale;
    JobSteps steps = fit_primal(fit, dual, data);
    while (steps.step() == JobSteps::State::kRunning) {
      co_yield StepProgress{steps.fraction(), {}};
    }
    if (steps.state() == JobSteps::State::kFailed) co_return steps.error();
  }
  if (dual > 0) {
    JobSteps steps = fit_dual(fit, dual, scale);
    while (steps.step() == JobSteps::State::kRunning) {
      co_yield StepProgress{steps.fraction(), {}};
    }
    if (steps.state() == JobSteps::State::kFailed) co_return steps.error();
  }
  co_return JobResult{};
}

FitCost fit_cost(const RandomFeatureLayer& layer, const std::vector<std::size_t>& sizes,
                 std::size_t test_samples, std::size_t targets, const RidgeChoice& ridge) {
  FitCost cost;
  const double p = static_cast<double>(layer.feature_count());
  const double strengths = static_cast<double>(strengths_to_try(ridge).size());
  const double tests = static_cast<double>(test_samples), t = static_cast<double>(targets);
  double dual = 0, dual_sizes = 0;
  for (const std::size_t size : sizes) {
    const double n = static_cast<double>(size);
    if (n <= p) {
      dual = n;
      dual_sizes += 1;
      continue;
    }
    cost.flops += 2 * p * p * n + strengths * flops_of_cholesky(p) + feature_flops(layer, size);
    cost.bytes = std::max(cost.bytes, 4 * p * (n + tests) + 24 * p * p + 16 * 512 * p);
  }
  if (dual > 0) {
    const std::size_t n = static_cast<std::size_t>(dual);
    const double columns =
        dual_sizes * t * (ridge.rule == RidgeChoice::Rule::kOracle ? strengths : 1);
    cost.flops += dual * dual * p + strengths * flops_of_cholesky(dual) +
                  2 * feature_flops(layer, n) + feature_flops(layer, test_samples) +
                  2 * p * columns * (tests + dual);
    const double block =
        static_cast<double>(units_at_once(layer, dual, tests, columns) * layer.features_per_unit());
    const double fit_bytes = 16 * dual * dual + 4 * dual * block;
    const double predict_bytes =
        8 * dual * dual + 4 * block * (dual + columns + 512) + columns * (4 * dual + 8 * tests);
    cost.bytes = std::max(cost.bytes, std::max(fit_bytes, predict_bytes));
  }
  const double tokens = static_cast<double>((layer.keys + 1) * layer.dim) * 4 *
                        (static_cast<double>(sizes.empty() ? 0 : sizes.back()) + tests);
  cost.bytes += tokens;
  return cost;
}

double relative_error(std::span<const double> prediction, std::span<const double> truth) {
  if (truth.empty()) return kNaN;
  // Differences from the first value: a constant truth has a variance of exactly 0.
  double mean = 0;
  for (const double value : truth) mean += value - truth[0];
  mean = truth[0] + mean / static_cast<double>(truth.size());
  double variance = 0, error = 0;
  for (std::size_t i = 0; i < truth.size(); ++i) {
    variance += (truth[i] - mean) * (truth[i] - mean);
    error += (prediction[i] - truth[i]) * (prediction[i] - truth[i]);
  }
  return variance > 0 ? error / variance : kNaN;
}

}  // namespace attnlab
