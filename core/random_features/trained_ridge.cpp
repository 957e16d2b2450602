#include "core/random_features/trained_ridge.h"

#include <algorithm>
#include <cmath>

#include "core/numerics/cholesky.h"
#include "core/numerics/linear_algebra.h"
#include "core/random_features/fit/grid_search.h"

namespace attnlab::random_features {
namespace {

constexpr std::size_t kRows = 256;  ///< of the system or of the features in one product

/// The mean of the first values, by differences so that equal ones give exactly that value.
double mean_of(std::span<const double> values) {
  double mean = 0;
  for (const double value : values) mean += value - values[0];
  return values.empty() ? 0 : values[0] + mean / static_cast<double>(values.size());
}

double mean_diagonal(MatrixView<const double> features) {
  double sum = 0;
  for (std::size_t i = 0; i < features.rows; ++i) {
    for (const double value : features.row(i)) sum += value * value;
  }
  return sum / static_cast<double>(features.rows);
}

/// Mean squared error on the rows after `fitted`; infinite where it is not finite.
double held_squares(const RidgeFit& fit, MatrixView<const double> features,
                    std::span<const double> labels, std::size_t fitted) {
  const std::size_t held = features.rows - fitted;
  const std::vector<double> predicted =
      predictions_of(fit, features.block(fitted, 0, held, features.cols));
  double squares = 0;
  for (std::size_t i = 0; i < held; ++i) {
    squares += (predicted[i] - labels[fitted + i]) * (predicted[i] - labels[fitted + i]);
  }
  return std::isfinite(squares) ? squares / static_cast<double>(held)
                                : std::numeric_limits<double>::infinity();
}

}  // namespace

std::vector<double> predictions_of(const RidgeFit& fit, MatrixView<const double> features) {
  Matrix<double> sums(features.rows, 1);
  gemm_nn(features, {fit.values.data(), fit.values.size(), 1, 1}, sums.view(), false);
  std::vector<double> predicted(features.rows);
  for (std::size_t i = 0; i < predicted.size(); ++i) predicted[i] = sums(i, 0) + fit.constant;
  return predicted;
}

double ridge_flops(std::size_t fitted, std::size_t features, std::size_t strengths) {
  const double rows = static_cast<double>(fitted), p = static_cast<double>(features);
  const double least = std::min(rows, p), factors = strengths == 1 ? 1 : rows < p ? 5 : 11;
  return 2 * least * rows * p + factors * (least * least * least / 3 + 4 * rows * p);
}

Steps<RidgeFit> ridge_fit(MatrixView<const double> features, std::span<const double> labels,
                          std::size_t fitted, std::span<const double> strengths, WorkMeter& meter) {
  const std::size_t p = features.cols;
  const bool dual = fitted < p;
  const std::size_t order = dual ? fitted : p;
  const MatrixView<const double> rows = features.block(0, 0, fitted, p);
  RidgeFit best;
  best.constant = mean_of(labels.first(fitted));
  Matrix<double> centred(fitted, 1), system(order, order), moments(p, 1);
  for (std::size_t i = 0; i < fitted; ++i) centred(i, 0) = labels[i] - best.constant;
  for (std::size_t first = 0; first < fitted; first += kRows) {
    const std::size_t count = std::min(kRows, fitted - first);
    const MatrixView<const double> part = rows.block(first, 0, count, p);
    if (dual) {
      gemm_nt(part, rows, system.view().block(first, 0, count, order), false);
    } else {
      gemm_tn(part, part, system.view(), true);
    }
    meter.spend(2.0 * static_cast<double>(count) * static_cast<double>(p) *
                static_cast<double>(order));
    if (meter.pause()) co_yield StepProgress(meter.fraction());
  }
  if (!dual) gemm_tn(rows, centred.const_view(), moments.view(), false);
  const double scale = mean_diagonal(features);
  Cholesky factor(order);
  // With fewer features than samples a factorisation costs little next to the system: try all.
  GridSearch search(strengths.size(), dual ? GridSearch::Start::kOne : GridSearch::Start::kAll);
  for (std::vector<std::size_t> wanted = search.wanted(); !wanted.empty();
       wanted = search.wanted()) {
    for (const std::size_t index : wanted) {
      RidgeFit fit;
      fit.constant = best.constant;
      fit.strength = strengths[index];
      fit.penalty = strengths[index] * scale;
      factor.start(system.const_view(), fit.penalty);
      while (factor.step() == Cholesky::State::kRunning) {
        if (meter.pause()) co_yield StepProgress(meter.fraction());
      }
      meter.spend(factor.flops_total());
      if (meter.pause()) co_yield StepProgress(meter.fraction());
      if (factor.state() == Cholesky::State::kFailed) {
        best.failed |= std::uint32_t{1} << index;
        search.tell(index, std::numeric_limits<double>::infinity());
        continue;
      }
      Matrix<double> solution = dual ? centred.clone() : moments.clone();
      factor.solve_leading(order, solution.view());
      if (dual) {
        Matrix<double> values(p, 1);
        gemm_tn(rows, solution.const_view(), values.view(), false);
        solution = std::move(values);
      }
      fit.values.assign(solution.data(), solution.data() + p);
      if (strengths.size() > 1) fit.held_squares = held_squares(fit, features, labels, fitted);
      search.tell(index, strengths.size() > 1 ? fit.held_squares : 0);
      const bool better = best.values.empty() || fit.held_squares < best.held_squares ||
                          (fit.held_squares == best.held_squares && fit.strength > best.strength);
      if (!better) continue;
      fit.failed = best.failed;
      best = std::move(fit);
    }
  }
  co_return std::move(best);
}

}  // namespace attnlab::random_features
