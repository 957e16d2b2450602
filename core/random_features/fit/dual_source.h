// The two sources of a dual ridge fit: the features of a finite layer, streamed in blocks of heads,
// and the exact kernel of an infinitely wide layer. Both divide their work into slices that fit
// into one step of a job.
#pragma once

#include <cstddef>
#include <variant>
#include <vector>

#include "core/attention/random_feature_layer.h"
#include "core/numerics/matrix.h"
#include "core/random_features/fit/infinite_width.h"

namespace attnlab::random_features {

/// A frozen layer of either kind.
using FrozenLayer = std::variant<RandomFeatureLayer, InfiniteLayer>;

/// The samples of one dual fit: the first `n` training samples, every test sample, and how many
/// columns of coefficients (sizes, ridge parameters, targets) there will be.
struct DualSamples {
  const TokenBatch* train = nullptr;
  std::size_t n = 0;
  const TokenBatch* test = nullptr;
  std::size_t columns = 0;
};

/// Kernel matrix: sum of f f^T over features f, a block of units at a time. Products in f32, see
/// syrk_accumulate. Predictions never form the test kernel: features are made a second time, turned
/// into weights (features^T coefficients) while they are in cache, and applied to test features,
/// which costs features instead of features x samples per test sample.
class StreamedFeatures {
 public:
  StreamedFeatures(const RandomFeatureLayer& layer, const DualSamples& samples);

  std::size_t gram_slices() const { return slices_; }
  std::size_t prediction_slices() const;

  /// Rows of the kernel matrix that are finished before the last slice is added.
  std::size_t rows_done(std::size_t) const { return 0; }
  /// Operations of slices `from` and later for rows [begin, end).
  double gram_flops_left(std::size_t from, std::size_t begin, std::size_t end) const;

  /// Adds a slice to rows [first, first + rows.rows) of the lower triangle of the kernel matrix
  /// (`rows` holds only these, with n columns, zero at first); returns its operations.
  double add_to_gram(std::size_t slice, std::size_t first, MatrixView<double> rows);

  /// Coefficients, one matrix (size x columns) for each of the first training-set sizes, at least
  /// one, sizes increasing; they must outlive the predictions.
  void take_coefficients(const std::vector<Matrix<double>>& coefficients);

  /// How many slices a helper should get at once.
  std::size_t prediction_slices_at_once() const;
  /// Adds slices [first, first + count) to predictions (test samples x columns of every size side
  /// by side, zero at first), in order; returns their operations.
  double add_to_predictions(std::size_t first, std::size_t count, MatrixView<double> predictions);

 private:
  FeatureBlock block(std::size_t slice) const;
  FeatureBlock prediction_block(std::size_t slice) const;
  double prediction_flops(std::size_t features) const;
  void predict(const FeatureBlock& units, MatrixView<double> predictions) const;

  RandomFeatureLayer layer_;
  DualSamples samples_;
  std::size_t units_, slices_;
  /// n x columns of every size, zero beyond the size; f32 because they meet f32 features.
  Matrix<float> coefficients_;
  std::vector<std::size_t> first_columns_, last_rows_;  ///< of every size
  Matrix<float> features_;  ///< of one slice; reused, since fresh pages are slow
};

/// The same interface for the kernel itself, all in f64: a slice is a range of rows of the kernel
/// matrix, or of the kernel between test and training samples.
class ExactKernel {
 public:
  ExactKernel(const InfiniteLayer& layer, const DualSamples& samples);

  std::size_t gram_slices() const;
  std::size_t prediction_slices() const;
  /// Rows that the slices before `slice` have filled.
  std::size_t rows_done(std::size_t slice) const;
  double gram_flops_left(std::size_t from, std::size_t begin, std::size_t end) const;
  double add_to_gram(std::size_t slice, std::size_t first, MatrixView<double> rows) const;
  void take_coefficients(const std::vector<Matrix<double>>& coefficients);
  std::size_t prediction_slices_at_once() const { return 1; }
  double add_to_predictions(std::size_t first, std::size_t count,
                            MatrixView<double> predictions) const;

 private:
  InfiniteLayer layer_;
  DualSamples samples_;
  std::size_t rows_;  ///< of the kernel at a time
  KernelSamples train_;
  const std::vector<Matrix<double>>* coefficients_ = nullptr;

  double add_slice(std::size_t slice, MatrixView<double> predictions) const;
};

using DualSource = std::variant<StreamedFeatures, ExactKernel>;
DualSource dual_source(const FrozenLayer& layer, const DualSamples& samples);

/// Operations for the kernel matrix and for one pass of predictions, and memory in addition to the
/// kernel matrix and its factor.
struct DualSourceCost {
  double gram_flops = 0;
  double prediction_flops = 0;
  double bytes = 0;
};
DualSourceCost dual_source_cost(const FrozenLayer& layer, std::size_t n, std::size_t test_samples,
                                std::size_t columns);

}  // namespace attnlab::random_features
