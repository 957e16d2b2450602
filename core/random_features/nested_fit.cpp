#include "core/random_features/nested_fit.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/numerics/cholesky.h"
#include "core/numerics/linear_algebra.h"

namespace attnlab {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr std::size_t kTestRowsAtOnce = 512;
constexpr double kBlockFlops = 3e9;      // about 50 ms natively, 150 ms in a browser
constexpr double kBlockBytes = 24e6;
constexpr std::size_t kUnitGrain = 16;   // heads come in SIMD lanes

/// Work done so far, as the fraction that a step reports.
struct Meter {
  double total = 1, done = 0;
  StepProgress after(double flops) {
    done += flops;
    return {std::min(1.0, done / total), {}};
  }
};

/// Samples that choose the ridge strength of size n: the last 20 %, at least one, none for n = 1.
std::size_t held_out(std::size_t n) { return n < 2 ? 0 : std::max<std::size_t>(1, n / 5); }

std::vector<double> strengths_to_try(const RidgeChoice& ridge) {
  return ridge.rule == RidgeChoice::Rule::kFixed ? std::vector{ridge.value} : ridge_grid();
}

std::size_t units_at_once(const RandomFeatureLayer& layer, std::size_t rows) {
  const double width = static_cast<double>(layer.features_per_unit());
  const double n = static_cast<double>(std::max<std::size_t>(rows, 1));
  const double units = std::min(kBlockFlops / (n * n * width), kBlockBytes / (4 * n * width));
  const double whole = std::floor(units / kUnitGrain) * kUnitGrain;
  return std::min(layer.units, static_cast<std::size_t>(std::clamp(whole, 16.0, 1024.0)));
}

std::size_t sizes_in_dual(const NestedFitProblem& problem) {
  const auto& sizes = problem.sizes;
  return static_cast<std::size_t>(
      std::upper_bound(sizes.begin(), sizes.end(), problem.layer.feature_count()) - sizes.begin());
}

double flops_of_cholesky(double n) { return n * n * n / 3; }

/// Everything of one fit that outlives a step. Columns of `coefficients` and `predictions` are
/// (strength, target) pairs, or targets alone once validation has chosen.
struct Fit {
  const NestedFitProblem& problem;
  std::vector<FitPoint>& points;
  std::vector<double> strengths;
  std::size_t targets;
  Meter meter;

  bool choose_by_test() const { return problem.ridge.rule != RidgeChoice::Rule::kValidation; }
  FitPoint& point(std::size_t size, std::size_t target) { return points[size * targets + target]; }

  /// Takes the strength with the least test error over the columns of one size.
  void judge(std::size_t size, MatrixView<const double> predictions,
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
};

/// Copies rows [0, n) of the labels.
Matrix<double> leading_labels(const Matrix<double>& labels, std::size_t n) {
  Matrix<double> part(n, labels.cols());
  std::copy_n(labels.data(), n * labels.cols(), part.data());
  return part;
}

/// Sum over the rows of squared prediction errors against the labels of rows [begin, begin + rows).
double squared_error(MatrixView<const double> prediction, const Matrix<double>& labels,
                     std::size_t begin, std::size_t target) {
  double sum = 0;
  for (std::size_t i = 0; i < prediction.rows; ++i) {
    const double difference = prediction(i, target) - labels(begin + i, target);
    sum += difference * difference;
  }
  return sum;
}

/// Which strength validation prefers so far, for one size and target.
struct Preference {
  double error = std::numeric_limits<double>::infinity();
};

// --- Dual: sizes up to the number of features ------------------------------------------------

/// Dual coefficients of one size: n x columns, f32 because they meet f32 features.
struct DualSize {
  std::size_t n = 0;
  Matrix<float> coefficients;
  std::vector<bool> usable;           ///< columns that hold a solution
  std::vector<Preference> preferred;  ///< per target, validation only
};

void store_columns(const Matrix<double>& solution, Matrix<float>& into, std::size_t first_column,
                   std::size_t only_target, std::size_t targets) {
  for (std::size_t i = 0; i < solution.rows(); ++i) {
    for (std::size_t j = 0; j < targets; ++j) {
      if (only_target != targets && j != only_target) continue;
      into(i, first_column + j) = static_cast<float>(solution(i, j));
    }
  }
}

/// Uses a finished factorisation for one size: solves for every target, and keeps the solution when
/// the rule wants it.
void take_dual_solution(Fit& fit, DualSize& size, std::size_t size_index, std::size_t strength,
                        const Cholesky& factor, MatrixView<const double> gram) {
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

/// One block of units: weights = features^T coefficients for every size, side by side; then the test
/// predictions gain features * weights.
void add_block_predictions(const Fit& fit, const FeatureBlock& block,
                           const std::vector<DualSize>& sizes, Matrix<double>& predictions) {
  const std::size_t k = block.features(), columns = predictions.cols();
  Matrix<float> weights(k, columns);
  {
    Matrix<float> features(sizes.back().n, k);
    block.apply(*fit.problem.train, 0, features.view());
    std::size_t column = 0;
    for (const DualSize& size : sizes) {
      gemm_tn(features.const_view().block(0, 0, size.n, k), size.coefficients.view(),
              weights.view().block(0, column, k, size.coefficients.cols()), false);
      column += size.coefficients.cols();
    }
  }
  const std::size_t rows = predictions.rows();
  Matrix<float> features(std::min(rows, kTestRowsAtOnce), k);
  Matrix<float> part(features.rows(), columns);
  for (std::size_t row = 0; row < rows; row += kTestRowsAtOnce) {
    const std::size_t height = std::min(kTestRowsAtOnce, rows - row);
    const auto view = features.view().block(0, 0, height, k);
    block.apply(*fit.problem.test, row, view);
    gemm_nn(view, weights.const_view(), part.view().block(0, 0, height, columns), false);
    for (std::size_t i = 0; i < height; ++i) {
      for (std::size_t c = 0; c < columns; ++c) {
        predictions(row + i, c) += static_cast<double>(part(i, c));
      }
    }
  }
}

double mean_diagonal(MatrixView<const double> gram) {
  double sum = 0;
  for (std::size_t i = 0; i < gram.rows; ++i) sum += gram(i, i);
  return sum / static_cast<double>(std::max<std::size_t>(gram.rows, 1));
}

/// Fits the first `count` sizes. `scale` is the mean kernel diagonal, NaN when the largest of these
/// sizes defines it.
JobSteps fit_dual(Fit& fit, std::size_t count, double scale) {
  const RandomFeatureLayer& layer = fit.problem.layer;
  const std::size_t n = fit.problem.sizes[count - 1];
  const double nd = static_cast<double>(n);

  Matrix<double> gram(n, n);
  const std::size_t units = units_at_once(layer, n);
  for (std::size_t first = 0; first < layer.units; first += units) {
    const FeatureBlock block(layer, first, std::min(units, layer.units - first));
    Matrix<float> features(n, block.features());
    block.apply(*fit.problem.train, 0, features.view());
    syrk_accumulate(features.const_view(), gram.view());
    const double share = static_cast<double>(block.features()) /
                         static_cast<double>(layer.feature_count());
    co_yield fit.meter.after(share * feature_flops(layer, n) +
                             nd * nd * static_cast<double>(block.features()));
  }
  if (std::isnan(scale)) scale = mean_diagonal(gram.const_view());

  const std::size_t columns = (fit.choose_by_test() ? fit.strengths.size() : 1) * fit.targets;
  std::vector<DualSize> sizes(count);
  for (std::size_t s = 0; s < count; ++s) {
    sizes[s].n = fit.problem.sizes[s];
    sizes[s].coefficients = Matrix<float>(sizes[s].n, columns);
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
      co_yield fit.meter.after(std::max(0.0, flops_of_cholesky(nd) - counted));
    }
  }
  gram = Matrix<double>();

  Matrix<double> predictions(fit.problem.test->count, count * columns);
  for (std::size_t first = 0; first < layer.units; first += units) {
    const FeatureBlock block(layer, first, std::min(units, layer.units - first));
    add_block_predictions(fit, block, sizes, predictions);
    const double share = static_cast<double>(block.features()) /
                         static_cast<double>(layer.feature_count());
    co_yield fit.meter.after(share * feature_flops(layer, n + fit.problem.test->count));
  }
  for (std::size_t s = 0; s < count; ++s) {
    fit.judge(s, predictions.const_view().block(0, s * columns, predictions.rows(), columns),
              sizes[s].usable);
  }
  co_return JobResult{};
}

// --- Primal: sizes above the number of features ----------------------------------------------

Matrix<double> widened(MatrixView<const float> values) {
  Matrix<double> wide(values.rows, values.cols);
  for (std::size_t i = 0; i < values.rows; ++i) {
    for (std::size_t j = 0; j < values.cols; ++j) wide(i, j) = static_cast<double>(values(i, j));
  }
  return wide;
}

Matrix<float> all_features(const RandomFeatureLayer& layer, const TokenBatch& batch,
                           std::size_t samples) {
  Matrix<float> features(samples, layer.feature_count());
  FeatureBlock(layer, 0, layer.units).apply(batch, 0, features.view());
  return features;
}

double mean_squared_row(const Matrix<float>& features) {
  double sum = 0;
  for (const float value : features.values()) sum += static_cast<double>(value) * value;
  return sum / static_cast<double>(std::max<std::size_t>(features.rows(), 1));
}

/// Normal equations of a growing number of samples.
struct NormalEquations {
  std::size_t samples = 0;
  Matrix<double> matrix;  ///< features x features
  Matrix<double> right;   ///< features x targets

  void grow_to(std::size_t n, const Matrix<float>& features, const Matrix<double>& labels) {
    constexpr std::size_t kRows = 512;
    while (samples < n) {
      const std::size_t rows = std::min(kRows, n - samples);
      const Matrix<double> wide =
          widened(features.view().block(samples, 0, rows, features.cols()));
      Matrix<double> part(rows, labels.cols());
      std::copy_n(&labels(samples, 0), rows * labels.cols(), part.data());
      gemm_tn(wide.const_view(), wide.const_view(), matrix.view(), true);
      gemm_tn(wide.const_view(), part.const_view(), right.view(), true);
      samples += rows;
    }
  }
};

/// Predictions for rows [begin, begin + rows) of a feature matrix, rows x weights.cols().
Matrix<double> predict(const Matrix<float>& features, std::size_t begin, std::size_t rows,
                       const Matrix<double>& weights) {
  Matrix<double> prediction(rows, weights.cols());
  const Matrix<double> wide = widened(features.view().block(begin, 0, rows, features.cols()));
  gemm_nn(wide.const_view(), weights.const_view(), prediction.view(), false);
  return prediction;
}

/// Fits the sizes from `first` on.
JobSteps fit_primal(Fit& fit, std::size_t first, const Matrix<float>& features, double scale) {
  const Matrix<double>& labels = *fit.problem.train_labels;
  const std::size_t p = features.cols(), targets = fit.targets;
  const Matrix<float> test = all_features(fit.problem.layer, *fit.problem.test,
                                          fit.problem.test->count);
  const bool validate = !fit.choose_by_test();
  Cholesky factor(p);
  for (std::size_t s = first; s < fit.problem.sizes.size(); ++s) {
    const std::size_t n = fit.problem.sizes[s];
    const std::size_t fitted = validate ? n - held_out(n) : n;
    NormalEquations equations{0, Matrix<double>(p, p), Matrix<double>(p, targets)};
    equations.grow_to(fitted, features, labels);
    co_yield fit.meter.after(2.0 * static_cast<double>(p) * static_cast<double>(p) *
                             static_cast<double>(fitted));
    Matrix<double> weights(p, fit.strengths.size() * targets);
    std::vector<bool> usable(weights.cols(), false);
    for (std::size_t l = 0; l < fit.strengths.size(); ++l) {
      factor.start(equations.matrix.const_view(), fit.strengths[l] * scale);
      while (factor.step() == Cholesky::State::kRunning) co_yield fit.meter.after(0);
      co_yield fit.meter.after(flops_of_cholesky(static_cast<double>(p)));
      if (factor.valid() < p) {
        for (std::size_t j = 0; j < targets; ++j) ++fit.point(s, j).failures;
        continue;
      }
      Matrix<double> solution = equations.right.clone();
      factor.solve_leading(p, solution.view());
      for (std::size_t i = 0; i < p; ++i) {
        std::copy_n(&solution(i, 0), targets, &weights(i, l * targets));
      }
      std::fill_n(usable.begin() + static_cast<std::ptrdiff_t>(l * targets), targets, true);
    }
    if (validate) {
      // Choose on the held-out rows, then refit on all n samples with the chosen strengths.
      const Matrix<double> held = predict(features, fitted, n - fitted, weights);
      equations.grow_to(n, features, labels);
      Matrix<double> chosen(p, targets);
      std::vector<bool> chosen_usable(targets, false);
      for (std::size_t j = 0; j < targets; ++j) {
        std::size_t best = fit.strengths.size();
        double least = std::numeric_limits<double>::infinity();
        for (std::size_t l = 0; l < fit.strengths.size(); ++l) {
          if (!usable[l * targets + j]) continue;
          const double error = squared_error(
              held.view().block(0, l * targets, n - fitted, targets), labels, fitted, j);
          if (error <= least) least = error, best = l;
        }
        if (best == fit.strengths.size()) continue;
        factor.start(equations.matrix.const_view(), fit.strengths[best] * scale);
        while (factor.step() == Cholesky::State::kRunning) co_yield fit.meter.after(0);
        if (factor.valid() < p) continue;
        Matrix<double> solution = equations.right.clone();
        factor.solve_leading(p, solution.view());
        for (std::size_t i = 0; i < p; ++i) chosen(i, j) = solution(i, j);
        chosen_usable[j] = true;
        fit.point(s, j).strength = fit.strengths[best];
      }
      weights = std::move(chosen);
      usable = std::move(chosen_usable);
    }
    const Matrix<double> predictions = predict(test, 0, test.rows(), weights);
    fit.judge(s, predictions.view(), usable);
    co_yield fit.meter.after(0);
  }
  co_return JobResult{};
}

}  // namespace

std::vector<double> ridge_grid() {
  return {1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1e0, 1e1};
}

JobSteps fit_nested(const NestedFitProblem& problem, std::vector<FitPoint>& points) {
  const std::size_t targets = problem.train_labels->cols();
  points.assign(problem.sizes.size() * targets, {kNaN, kNaN, 0});
  Fit fit{problem, points, strengths_to_try(problem.ridge), targets, {}};
  fit.meter.total = fit_cost(problem.layer, problem.sizes, problem.test->count, targets,
                             problem.ridge)
                        .flops;
  const std::size_t dual = sizes_in_dual(problem);
  double scale = kNaN;
  if (dual < problem.sizes.size()) {
    const Matrix<float> features =
        all_features(problem.layer, *problem.train, problem.sizes.back());
    scale = mean_squared_row(features);
    JobSteps steps = fit_primal(fit, dual, features, scale);
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
    const double columns = dual_sizes * t *
                           (ridge.rule == RidgeChoice::Rule::kOracle ? strengths : 1);
    cost.flops += dual * dual * p + strengths * flops_of_cholesky(dual) +
                  2 * feature_flops(layer, n) + feature_flops(layer, test_samples) +
                  2 * p * columns * (tests + dual);
    const double block = static_cast<double>(units_at_once(layer, n) * layer.features_per_unit());
    const double fit_bytes = 16 * dual * dual + 4 * dual * block;
    const double predict_bytes = 8 * dual * dual + 4 * block * (dual + columns + 512) +
                                 columns * (4 * dual + 8 * tests);
    cost.bytes = std::max(cost.bytes, std::max(fit_bytes, predict_bytes));
  }
  const double tokens = static_cast<double>((layer.keys + 1) * layer.dim) * 4 *
                        (static_cast<double>(sizes.empty() ? 0 : sizes.back()) + tests);
  cost.bytes += tokens;
  return cost;
}

double relative_error(std::span<const double> prediction, std::span<const double> truth) {
  const double count = static_cast<double>(truth.size());
  double mean = 0;
  for (const double value : truth) mean += value / count;
  double variance = 0, error = 0;
  for (std::size_t i = 0; i < truth.size(); ++i) {
    variance += (truth[i] - mean) * (truth[i] - mean);
    error += (prediction[i] - truth[i]) * (prediction[i] - truth[i]);
  }
  return variance > 0 ? error / variance : kNaN;
}

}  // namespace attnlab
