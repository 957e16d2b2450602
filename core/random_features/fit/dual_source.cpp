#include "core/random_features/fit/dual_source.h"

#include <algorithm>
#include <cmath>
#include <span>

#include "core/numerics/linear_algebra.h"
#include "core/numerics/parallel.h"
#include "core/numerics/row_products.h"
#include "core/random_features/fit/nested_fit_parts.h"

namespace attnlab::random_features {
namespace {

constexpr double kBlockBytes = 24e6;
constexpr std::size_t kUnitGrain = 32;  // heads come in SIMD lanes
constexpr double kMostTogether = 8e6;   // bytes of predictions that wait to be added in order
constexpr std::size_t kFewColumns = 8;  // too few for a product, which packs its operands

std::size_t slices_of(std::size_t whole, std::size_t part) {
  return (whole + part - 1) / part;
}

/// Units in one slice, few enough for the Gram update of n samples to fit into a step.
std::size_t units_at_once(const RandomFeatureLayer& layer, std::size_t n) {
  const double rows = static_cast<double>(n);
  const double width = static_cast<double>(layer.features_per_unit());
  const double one_sample = feature_flops(layer, 1) / static_cast<double>(layer.units);
  const double units = std::min(kStepFlops / (rows * rows * width + one_sample * rows),
                                kBlockBytes / (4 * width * rows));
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
  const double width = static_cast<double>(layer.features_per_unit());
  const double block = static_cast<double>(units_at_once(layer, n)) * width;
  const double waiting = 8 * test_rows * count;
  DualSourceCost cost;
  cost.gram_flops = rows * rows * features + feature_flops(layer, n);
  cost.prediction_flops = feature_flops(layer, n) + feature_flops(layer, tests) +
                          2 * features * count * (test_rows + rows);
  cost.bytes = 4 * block * rows + 4 * count * rows + std::max(kMostTogether, waiting) + waiting +
               kUnitGrain * width * (8 * FeatureBlock::kRowsAtOnce + 16 * count);
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
      units_(units_at_once(layer, samples.n)),
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

std::size_t StreamedFeatures::prediction_slices() const {
  return slices_of(layer_.units, kUnitGrain);
}

FeatureBlock StreamedFeatures::prediction_block(std::size_t slice) const {
  const std::size_t first = slice * kUnitGrain;
  return FeatureBlock(layer_, first, std::min(kUnitGrain, layer_.units - first));
}

double StreamedFeatures::prediction_flops(std::size_t features) const {
  const double samples = static_cast<double>(coefficients_.rows() + samples_.test->count);
  const double share = static_cast<double>(features) / static_cast<double>(layer_.feature_count());
  return share * feature_flops(layer_, coefficients_.rows() + samples_.test->count) +
         2 * static_cast<double>(features * coefficients_.cols()) * samples;
}

std::size_t StreamedFeatures::prediction_slices_at_once() const {
  const double bytes = 8 * static_cast<double>(samples_.test->count * coefficients_.cols());
  const double flops = prediction_flops(kUnitGrain * layer_.features_per_unit());
  const double many = static_cast<double>(parallel_width()) * kStepFlops / flops;
  return static_cast<std::size_t>(std::max(1.0, std::min(many, kMostTogether / (bytes + 1))));
}

void StreamedFeatures::take_coefficients(const std::vector<Matrix<double>>& coefficients) {
  std::size_t columns = 0;
  first_columns_.clear();
  last_rows_.clear();
  for (const Matrix<double>& size : coefficients) {
    first_columns_.push_back(columns);
    last_rows_.push_back(size.rows());
    columns += size.cols();
  }
  coefficients_ = Matrix<float>(last_rows_.back(), columns);
  for (std::size_t s = 0; s < coefficients.size(); ++s) {
    for (std::size_t i = 0; i < last_rows_[s]; ++i) {
      const std::span<const double> from = coefficients[s].row(i);
      std::copy(from.begin(), from.end(), &coefficients_(i, first_columns_[s]));
    }
  }
}

/// Adds the contribution of some units: their weights, in f64 from f32 sums over kRowsAtOnce
/// samples, times the features of test samples.
void StreamedFeatures::predict(const FeatureBlock& units, MatrixView<double> predictions) const {
  constexpr std::size_t kRows = FeatureBlock::kRowsAtOnce;
  const std::size_t width = units.features(), columns = predictions.cols;
  FeatureBlock::Scratch scratch = units.scratch();
  Matrix<float> features(kRows, width), part(columns, width);
  Matrix<double> sums(columns, width);
  std::size_t size = 0;
  for (std::size_t row = 0; row < coefficients_.rows(); row += kRows) {
    const MatrixView<float> some =
        features.view().block(0, 0, std::min(kRows, coefficients_.rows() - row), width);
    units.apply(*samples_.train, row, some, scratch);
    while (last_rows_[size] <= row) ++size;  // smaller sizes do not have these samples
    const std::size_t first = first_columns_[size], count = columns - first;
    const auto factors = coefficients_.const_view().block(row, first, some.rows, count);
    const MatrixView<float> products = part.view().block(0, 0, count, width);
    if (count <= kFewColumns) {
      std::fill_n(part.data(), count * width, 0.0f);
      add_column_products(some, factors, products);
    } else {
      gemm_tn(factors, some, products, false);
    }
    double* const to = &sums(first, 0);
    for (std::size_t i = 0; i < count * width; ++i) to[i] += static_cast<double>(part.data()[i]);
  }
  std::copy(sums.values().begin(), sums.values().end(), part.values().begin());
  Matrix<float> products(kRows, columns);
  for (std::size_t row = 0; row < predictions.rows; row += kRows) {
    const std::size_t rows = std::min(kRows, predictions.rows - row);
    const MatrixView<float> some = features.view().block(0, 0, rows, width);
    units.apply(*samples_.test, row, some, scratch);
    gemm_nt(some, part.const_view(), products.view().block(0, 0, rows, columns), false);
    for (std::size_t i = 0; i < rows; ++i) {
      for (std::size_t c = 0; c < columns; ++c) {
        predictions(row + i, c) += static_cast<double>(products(i, c));
      }
    }
  }
}

double StreamedFeatures::add_to_predictions(std::size_t first, std::size_t count,
                                            MatrixView<double> predictions) {
  std::vector<Matrix<double>> parts(count);
  in_parallel(count, [&](std::size_t i) {
    parts[i] = Matrix<double>(predictions.rows, predictions.cols);
    predict(prediction_block(first + i), parts[i].view());
  });
  std::size_t features = 0;
  for (std::size_t k = 0; k < count; ++k) {
    for (std::size_t i = 0; i < predictions.rows; ++i) {
      for (std::size_t c = 0; c < predictions.cols; ++c) predictions(i, c) += parts[k](i, c);
    }
    const std::size_t unit = (first + k) * kUnitGrain;
    features += std::min(kUnitGrain, layer_.units - unit) * layer_.features_per_unit();
  }
  return prediction_flops(features);
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

double ExactKernel::add_to_predictions(std::size_t first, std::size_t count,
                                       MatrixView<double> predictions) const {
  double flops = 0;
  for (std::size_t i = 0; i < count; ++i) flops += add_slice(first + i, predictions);
  return flops;
}

double ExactKernel::add_slice(std::size_t slice, MatrixView<double> predictions) const {
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

}  // namespace attnlab::random_features
