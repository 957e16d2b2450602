#include "core/random_features/dual_source.h"

#include <algorithm>
#include <cmath>

#include "core/numerics/linear_algebra.h"
#include "core/random_features/nested_fit_parts.h"

namespace attnlab {
namespace {

constexpr double kBlockBytes = 24e6;
constexpr std::size_t kUnitGrain = 32;  // heads come in SIMD lanes
constexpr std::size_t kTestRowsAtOnce = 512;

std::size_t slices_of(std::size_t whole, std::size_t part) {
  return (whole + part - 1) / part;
}

/// Units handled in one slice, so that neither the Gram update of n samples nor the features of
/// n + `tests` samples and their products with `columns` weight columns take long.
std::size_t units_at_once(const RandomFeatureLayer& layer, std::size_t n, std::size_t tests,
                          std::size_t columns) {
  const double rows = static_cast<double>(n), count = static_cast<double>(columns);
  const double width = static_cast<double>(layer.features_per_unit());
  const double one_sample = feature_flops(layer, 1) / static_cast<double>(layer.units);
  const double gram = rows * rows * width + one_sample * rows;
  const double predict = (one_sample + 2 * width * count) * (rows + static_cast<double>(tests));
  const double units = std::min(kStepFlops / std::max(gram, predict),
                                kBlockBytes / (4 * width * std::max(rows, count)));
  const double whole = std::floor(units / kUnitGrain) * kUnitGrain;
  return std::min(layer.units,
                  static_cast<std::size_t>(std::clamp(whole, double{kUnitGrain}, 1024.0)));
}

/// Rows of the kernel against n training samples in one slice.
std::size_t kernel_rows_at_once(const InfiniteLayer& layer, std::size_t n, std::size_t columns) {
  const double row =
      static_cast<double>(n) * (kernel_flops(layer) + 4 * static_cast<double>(columns));
  return static_cast<std::size_t>(std::clamp(kStepFlops / row, 1.0, 1024.0));
}

DualSourceCost cost_of(const RandomFeatureLayer& layer, std::size_t n, std::size_t tests,
                       std::size_t columns) {
  const double rows = static_cast<double>(n), test_rows = static_cast<double>(tests);
  const double count = static_cast<double>(columns);
  const double features = static_cast<double>(layer.feature_count());
  const double block =
      static_cast<double>(units_at_once(layer, n, tests, columns) * layer.features_per_unit());
  DualSourceCost cost;
  cost.gram_flops = rows * rows * features + feature_flops(layer, n);
  cost.prediction_flops = feature_flops(layer, n) + feature_flops(layer, tests) +
                          2 * features * count * (test_rows + rows);
  cost.bytes = 4 * block * (rows + count + kTestRowsAtOnce) + count * (4 * rows);
  return cost;
}

DualSourceCost cost_of(const InfiniteLayer& layer, std::size_t n, std::size_t tests,
                       std::size_t columns) {
  const double rows = static_cast<double>(n), test_rows = static_cast<double>(tests);
  const std::size_t slice = kernel_rows_at_once(layer, n, columns);
  DualSourceCost cost;
  cost.gram_flops = kernel_flops(layer) * rows * rows / 2;
  cost.prediction_flops =
      (kernel_flops(layer) + 4 * static_cast<double>(columns)) * rows * test_rows;
  cost.bytes = kernel_samples_bytes(layer, n + slice) + kernel_block_bytes(layer) +
               8 * rows * static_cast<double>(slice);
  return cost;
}

}  // namespace

StreamedFeatures::StreamedFeatures(const RandomFeatureLayer& layer, const DualSamples& samples)
    : layer_(layer),
      samples_(samples),
      units_(units_at_once(layer, samples.n, samples.test->count, samples.columns)),
      slices_(slices_of(layer.units, units_)),
      features_(samples.n, units_ * layer.features_per_unit()) {}

FeatureBlock StreamedFeatures::block(std::size_t slice) const {
  const std::size_t first = slice * units_;
  return FeatureBlock(layer_, first, std::min(units_, layer_.units - first));
}

double StreamedFeatures::add_to_gram(std::size_t slice, std::size_t first,
                                     MatrixView<double> rows) {
  const FeatureBlock units = block(slice);
  const std::size_t end = first + rows.rows;
  const MatrixView<float> features = features_.view().block(0, 0, end, units.features());
  units.apply(*samples_.train, 0, features);
  syrk_accumulate_rows(features, first, rows);
  return gram_flops_left(slice, first, end) - gram_flops_left(slice + 1, first, end);
}

double StreamedFeatures::gram_flops_left(std::size_t from, std::size_t begin,
                                         std::size_t end) const {
  const std::size_t left = layer_.units - std::min(layer_.units, from * units_);
  const double width = static_cast<double>(left * layer_.features_per_unit());
  return static_cast<double>(end - begin) * static_cast<double>(begin + end) * width +
         width / static_cast<double>(layer_.feature_count()) * feature_flops(layer_, end);
}

void StreamedFeatures::take_coefficients(const std::vector<Matrix<double>>& coefficients) {
  coefficients_.clear();
  for (const Matrix<double>& wide : coefficients) {
    Matrix<float>& narrow = coefficients_.emplace_back(wide.rows(), wide.cols());
    std::transform(wide.values().begin(), wide.values().end(), narrow.values().begin(),
                   [](double value) { return static_cast<float>(value); });
  }
}

double StreamedFeatures::add_to_predictions(std::size_t slice, MatrixView<double> predictions) {
  const FeatureBlock units = block(slice);
  const std::size_t width = units.features(), fitted = coefficients_.back().rows();
  Matrix<float> weights(width, predictions.cols);  // of every size, side by side
  {
    const MatrixView<float> features = features_.view().block(0, 0, fitted, width);
    units.apply(*samples_.train, 0, features);
    std::size_t column = 0;
    for (const Matrix<float>& size : coefficients_) {
      gemm_tn(features.block(0, 0, size.rows(), width), size.view(),
              weights.view().block(0, column, width, size.cols()), false);
      column += size.cols();
    }
  }
  Matrix<float> features(std::min(predictions.rows, kTestRowsAtOnce), width);
  Matrix<float> part(features.rows(), predictions.cols);
  for (std::size_t row = 0; row < predictions.rows; row += kTestRowsAtOnce) {
    const std::size_t height = std::min(kTestRowsAtOnce, predictions.rows - row);
    const auto view = features.view().block(0, 0, height, width);
    units.apply(*samples_.test, row, view);
    gemm_nn(view, weights.const_view(), part.view().block(0, 0, height, predictions.cols), false);
    for (std::size_t i = 0; i < height; ++i) {
      for (std::size_t c = 0; c < predictions.cols; ++c) {
        predictions(row + i, c) += static_cast<double>(part(i, c));
      }
    }
  }
  const double samples = static_cast<double>(fitted + predictions.rows);
  return static_cast<double>(width) / static_cast<double>(layer_.feature_count()) *
             feature_flops(layer_, fitted + predictions.rows) +
         2 * static_cast<double>(width * predictions.cols) * samples;
}

ExactKernel::ExactKernel(const InfiniteLayer& layer, const DualSamples& samples)
    : layer_(layer),
      samples_(samples),
      rows_(kernel_rows_at_once(layer, samples.n, samples.columns)),
      train_(kernel_samples(layer, *samples.train, 0, samples.n)) {}

std::size_t ExactKernel::gram_slices() const {
  return slices_of(samples_.n, rows_);
}

std::size_t ExactKernel::rows_done(std::size_t slice) const {
  return std::min(samples_.n, slice * rows_);
}

double ExactKernel::gram_flops_left(std::size_t from, std::size_t begin, std::size_t end) const {
  const double first = static_cast<double>(std::clamp(rows_done(from), begin, end));
  const double last = static_cast<double>(end);
  return kernel_flops(layer_) * (last * last - first * first) / 2;
}

std::size_t ExactKernel::prediction_slices() const {
  return slices_of(samples_.test->count, rows_);
}

double ExactKernel::add_to_gram(std::size_t slice, std::size_t first,
                                MatrixView<double> rows) const {
  const std::size_t end = std::min(first + rows.rows, rows_done(slice + 1));
  const std::size_t begin = std::max(first, rows_done(slice));
  if (begin >= end) return 0;
  kernel_block(layer_, train_, begin, train_, 0,
               rows.block(begin - first, 0, end - begin, kernel_columns(layer_, end, samples_.n)));
  return gram_flops_left(slice, begin, end);
}

void ExactKernel::take_coefficients(const std::vector<Matrix<double>>& coefficients) {
  coefficients_ = &coefficients;
}

double ExactKernel::add_to_predictions(std::size_t slice, MatrixView<double> predictions) const {
  const std::size_t begin = slice * rows_, rows = std::min(rows_, predictions.rows - begin);
  const KernelSamples tests = kernel_samples(layer_, *samples_.test, begin, rows);
  Matrix<double> kernel(rows, samples_.n);
  kernel_block(layer_, tests, 0, train_, 0, kernel.view());
  std::size_t column = 0;
  for (const Matrix<double>& size : *coefficients_) {
    gemm_nn(kernel.const_view().block(0, 0, rows, size.rows()), size.view(),
            predictions.block(begin, column, rows, size.cols()), false);
    column += size.cols();
  }
  return static_cast<double>(rows) * static_cast<double>(samples_.n) *
         (kernel_flops(layer_) + 4 * static_cast<double>(predictions.cols));
}

DualSource dual_source(const FrozenLayer& layer, const DualSamples& samples) {
  if (const auto* infinite = std::get_if<InfiniteLayer>(&layer)) {
    return ExactKernel(*infinite, samples);
  }
  return StreamedFeatures(std::get<RandomFeatureLayer>(layer), samples);
}

DualSourceCost dual_source_cost(const FrozenLayer& layer, std::size_t n, std::size_t test_samples,
                                std::size_t columns) {
  return std::visit([&](const auto& kind) { return cost_of(kind, n, test_samples, columns); },
                    layer);
}

}  // namespace attnlab
