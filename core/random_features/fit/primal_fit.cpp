// Ridge fits in the primal: normal equations of the features, for layers with few of them.
#include <algorithm>
#include <cmath>
#include <limits>

#include "core/numerics/cholesky.h"
#include "core/numerics/linear_algebra.h"
#include "core/random_features/fit/nested_fit_parts.h"

namespace attnlab::random_features {
namespace {

constexpr std::size_t kRowsAtOnce = 512;  ///< of features in double

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

  void grow_to(std::size_t n, const Matrix<float>& features) {
    while (samples < n) {
      const std::size_t rows = std::min(kRowsAtOnce, n - samples);
      const Matrix<double> wide = widened(features.view().block(samples, 0, rows, features.cols()));
      gemm_tn(wide.const_view(), wide.const_view(), matrix.view(), true);
      samples += rows;
    }
  }

  /// Features times labels, features x targets. Computed separately for each size, because the
  /// intercepts that are subtracted from the labels differ.
  Matrix<double> right_side(const NestedFitProblem& problem, const Matrix<float>& features) const {
    const Matrix<double> labels = centred_labels(problem, samples);
    Matrix<double> right(features.cols(), labels.cols());
    for (std::size_t row = 0; row < samples; row += kRowsAtOnce) {
      const std::size_t rows = std::min(kRowsAtOnce, samples - row);
      const Matrix<double> wide = widened(features.view().block(row, 0, rows, features.cols()));
      gemm_tn(wide.const_view(), labels.view().block(row, 0, rows, labels.cols()), right.view(),
              true);
    }
    return right;
  }
};

/// Predictions for rows [begin, begin + rows) of a feature matrix, rows x weights.cols().
Matrix<double> predict(const Matrix<float>& features, std::size_t begin, std::size_t rows,
                       const Matrix<double>& weights) {
  Matrix<double> prediction(rows, weights.cols());
  for (std::size_t row = 0; row < rows; row += kRowsAtOnce) {
    const std::size_t height = std::min(kRowsAtOnce, rows - row);
    const Matrix<double> wide =
        widened(features.view().block(begin + row, 0, height, features.cols()));
    gemm_nn(wide.const_view(), weights.const_view(),
            prediction.view().block(row, 0, height, weights.cols()), false);
  }
  return prediction;
}

/// Solutions side by side: column (strength, target), and whether it could be solved.
struct PrimalWeights {
  Matrix<double> columns;
  std::vector<bool> usable;
};

/// Solves the normal equations for every ridge parameter.
JobSteps solve_every_strength(NestedFit& fit, const PrimalData& data,
                              const NormalEquations& equations, std::size_t size_index,
                              PrimalWeights& weights) {
  const std::size_t p = equations.matrix.rows(), targets = fit.targets;
  const Matrix<double> right = equations.right_side(fit.problem, data.train);
  Cholesky factor(p);
  weights = {Matrix<double>(p, fit.strengths.size() * targets),
             std::vector<bool>(fit.strengths.size() * targets, false)};
  for (std::size_t l = 0; l < fit.strengths.size(); ++l) {
    factor.start(equations.matrix.const_view(), fit.strengths[l] * data.scale);
    while (factor.step() == Cholesky::State::kRunning) co_yield fit.meter.after(0);
    co_yield fit.meter.after(flops_of_cholesky(static_cast<double>(p)));
    if (factor.valid() < p) {
      for (std::size_t j = 0; j < targets; ++j) fit.point(size_index, j).failed |= 1u << l;
      continue;
    }
    Matrix<double> solution = right.clone();
    factor.solve_leading(p, solution.view());
    for (std::size_t i = 0; i < p; ++i) {
      std::copy_n(&solution(i, 0), targets, &weights.columns(i, l * targets));
    }
    std::fill_n(weights.usable.begin() + static_cast<std::ptrdiff_t>(l * targets), targets, true);
  }
  co_return JobResult{};
}

/// Per target, the index of the ridge parameter with the least error on the held-out rows, which
/// follow the first `fitted`; the predictions have columns (strength, target). strengths.size() if
/// no solution is usable. Ties go to the larger ridge parameter.
std::vector<std::size_t> validated_strengths(const NestedFit& fit, const Matrix<double>& held,
                                             const std::vector<bool>& usable, std::size_t fitted) {
  std::vector<std::size_t> best(fit.targets, fit.strengths.size());
  std::vector<double> least(fit.targets, std::numeric_limits<double>::infinity());
  for (std::size_t l = 0; l < fit.strengths.size(); ++l) {
    const std::vector<double> errors = held_errors(
        fit.problem, fitted, held.view().block(0, l * fit.targets, held.rows(), fit.targets));
    for (std::size_t j = 0; j < fit.targets; ++j) {
      if (!usable[l * fit.targets + j] || errors[j] > least[j]) continue;
      least[j] = errors[j];
      best[j] = l;
    }
  }
  return best;
}

/// Chooses a ridge parameter per target on the held-out rows and refits to all rows: `weights`
/// holds the solutions of all ridge parameters for the first `fitted` samples, and afterwards one
/// column per target.
JobSteps validate_and_refit(NestedFit& fit, const PrimalData& data, NormalEquations& equations,
                            std::size_t size_index, PrimalWeights& weights) {
  const std::size_t n = fit.problem.sizes[size_index], fitted = equations.samples;
  const std::size_t p = equations.matrix.rows();
  const Matrix<double> held = predict(data.train, fitted, n - fitted, weights.columns);
  const std::vector<std::size_t> best = validated_strengths(fit, held, weights.usable, fitted);
  equations.grow_to(n, data.train);
  const Matrix<double> right = equations.right_side(fit.problem, data.train);
  Cholesky factor(p);
  PrimalWeights chosen{Matrix<double>(p, fit.targets), std::vector<bool>(fit.targets, false)};
  for (std::size_t j = 0; j < fit.targets; ++j) {
    if (best[j] == fit.strengths.size()) continue;
    factor.start(equations.matrix.const_view(), fit.strengths[best[j]] * data.scale);
    while (factor.step() == Cholesky::State::kRunning) co_yield fit.meter.after(0);
    if (factor.valid() < p) {
      fit.point(size_index, j).failed |= 1u << best[j];
      continue;
    }
    Matrix<double> solution = right.clone();
    factor.solve_leading(p, solution.view());
    for (std::size_t i = 0; i < p; ++i) chosen.columns(i, j) = solution(i, j);
    chosen.usable[j] = true;
    fit.point(size_index, j).strength = fit.strengths[best[j]];
  }
  weights = std::move(chosen);
  co_return JobResult{};
}

/// Training errors of the columns that judge preferred: their predictions for the training rows.
void set_training_errors(NestedFit& fit, const PrimalData& data, std::size_t size_index,
                         const Matrix<double>& weights, const JudgedColumns& judged) {
  const std::size_t n = fit.problem.sizes[size_index];
  Matrix<double> preferred(weights.rows(), fit.targets);
  for (std::size_t j = 0; j < fit.targets; ++j) {
    if (judged.improved[j] == JudgedColumns::kNone) continue;
    for (std::size_t i = 0; i < weights.rows(); ++i) {
      preferred(i, j) = weights(i, judged.improved[j]);
    }
  }
  const Matrix<double> fitted = predict(data.train, 0, n, preferred);
  const Matrix<double> labels = centred_labels(fit.problem, n);
  for (std::size_t j = 0; j < fit.targets; ++j) {
    if (judged.improved[j] == JudgedColumns::kNone) continue;
    double squares = 0;
    for (std::size_t i = 0; i < n; ++i) {
      squares += (fitted(i, j) - labels(i, j)) * (fitted(i, j) - labels(i, j));
    }
    fit.set_training_error(size_index, j, squares);
  }
}

}  // namespace

PrimalData primal_data(const RandomFeatureLayer& layer, const NestedFitProblem& problem) {
  PrimalData data{all_features(layer, *problem.train, problem.sizes.back()),
                  all_features(layer, *problem.test, problem.test->count), 0};
  data.scale = mean_squared_row(data.train);
  return data;
}

JobSteps fit_primal(NestedFit& fit, std::size_t first, const PrimalData& data) {
  const std::size_t p = data.train.cols();
  for (std::size_t s = first; s < fit.problem.sizes.size(); ++s) {
    const std::size_t n = fit.problem.sizes[s];
    const std::size_t fitted = fit.choose_by_test() ? n : n - held_out(fit.problem, n);
    NormalEquations equations{0, Matrix<double>(p, p)};
    equations.grow_to(fitted, data.train);
    co_yield fit.meter.after(2.0 * static_cast<double>(p) * static_cast<double>(p) *
                             static_cast<double>(fitted));
    PrimalWeights weights;
    JobSteps solving = solve_every_strength(fit, data, equations, s, weights);
    co_await solving;
    if (!fit.choose_by_test()) {
      JobSteps refitting = validate_and_refit(fit, data, equations, s, weights);
      co_await refitting;
    }
    const Matrix<double> predictions = predict(data.test, 0, data.test.rows(), weights.columns);
    const JudgedColumns judged = fit.judge(s, predictions.view(), weights.usable, fit.strengths);
    co_yield fit.meter.after(0);
    set_training_errors(fit, data, s, weights.columns, judged);
    co_yield fit.meter.after(0);
  }
  co_return JobResult{};
}

}  // namespace attnlab::random_features
