// Ridge fits in the dual: one kernel matrix, streamed in blocks of heads, serves every size.
#include <algorithm>
#include <cmath>
#include <limits>

#include "core/numerics/cholesky.h"
#include "core/numerics/linear_algebra.h"
#include "core/random_features/nested_fit_parts.h"

namespace attnlab {
namespace {

constexpr std::size_t kTestRowsAtOnce = 512;

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

/// One block of units: weights = features^T coefficients for every size, side by side; then the
/// test predictions gain features * weights.
void add_block_predictions(const NestedFit& fit, const FeatureBlock& block,
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

}  // namespace

JobSteps fit_dual(NestedFit& fit, std::size_t count, double scale) {
  const RandomFeatureLayer& layer = fit.problem.layer;
  const std::size_t n = fit.problem.sizes[count - 1];
  const double nd = static_cast<double>(n);
  const std::size_t columns = (fit.choose_by_test() ? fit.strengths.size() : 1) * fit.targets;
  const std::size_t units = units_at_once(layer, nd, static_cast<double>(fit.problem.test->count),
                                          static_cast<double>(count * columns));

  Matrix<double> gram(n, n);
  for (std::size_t first = 0; first < layer.units; first += units) {
    const FeatureBlock block(layer, first, std::min(units, layer.units - first));
    Matrix<float> features(n, block.features());
    block.apply(*fit.problem.train, 0, features.view());
    syrk_accumulate(features.const_view(), gram.view());
    const double share =
        static_cast<double>(block.features()) / static_cast<double>(layer.feature_count());
    co_yield fit.meter.after(share * feature_flops(layer, n) +
                             nd * nd * static_cast<double>(block.features()));
  }
  if (std::isnan(scale)) scale = mean_diagonal(gram.const_view());

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
    const double share =
        static_cast<double>(block.features()) / static_cast<double>(layer.feature_count());
    co_yield fit.meter.after(share * feature_flops(layer, n + fit.problem.test->count));
  }
  for (std::size_t s = 0; s < count; ++s) {
    fit.judge(s, predictions.const_view().block(0, s * columns, predictions.rows(), columns),
              sizes[s].usable);
  }
  co_return JobResult{};
}

}  // namespace attnlab
