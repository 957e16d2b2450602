// One trained random-feature layer small enough to look into: the matrix of a head, its scores and
// weights on one sample, the contribution of every key, and the effect of reordering the keys.
#pragma once

#include <cstdint>
#include <vector>

#include "core/attention/random_feature_layer.h"
#include "core/attention/tokens.h"
#include "core/numerics/matrix.h"
#include "core/random_features/error_curves.h"
#include "core/random_features/models.h"
#include "core/random_features/targets.h"

namespace attnlab::random_features {

/// Limits of rf-inside: keys of a sample, and fresh samples to look at.
inline constexpr std::size_t kMostInsideKeys = 12;
inline constexpr int kInsideSamples = 200;

/// The first `count` fresh samples of a seed.
TokenBatch fresh_samples(std::uint64_t seed, std::size_t count, std::size_t keys, std::size_t dim);

/// Relative to the mean diagonal of the kernel matrix.
inline constexpr double kInsideRidge = 1e-4;

/// A layer whose values are fitted to the centred labels of a target by ridge regression.
struct TrainedLayer {
  RandomFeatureLayer layer;
  std::vector<double> values;  ///< v, in the order of the columns of a FeatureBlock
  double constant = 0;         ///< the mean label, added to the sum over the heads
  bool fitted = true;          ///< false: the kernel matrix was not positive definite

  /// Outputs for the samples of a batch.
  std::vector<double> outputs(const TokenBatch& batch) const;
  /// v_m in R^{dim + 1} of one head.
  std::vector<double> value_of(std::size_t head) const;
};

/// Fits the layer to the target on `samples` fresh samples. Meant for at most some hundred
/// features. All values are 0 where the kernel matrix is not positive definite (features overflow).
/// With fewer samples than features the kernel matrix is factorised, products in f32.
TrainedLayer train_layer(const RandomFeatureLayer& layer, const TargetCase& target,
                         std::size_t samples, double relative_ridge = kInsideRidge);

/// The samples and labels that train_layer fits a layer to.
TokenBatch training_batch(const RandomFeatureLayer& layer, std::size_t samples);
std::vector<double> labels_of(const RandomFeatureLayer& layer, const TargetCase& target,
                              const TokenBatch& batch);

/// Every sample of the batch with its keys in another order: place i gets key order[i].
TokenBatch with_key_order(const TokenBatch& batch, const std::vector<std::size_t>& order);

/// Keys 0..count-1 in the order of their positions; equal positions keep their order.
std::vector<std::size_t> order_of(const std::vector<double>& positions, std::size_t count);

/// One head on one sample, per key.
struct HeadOnSample {
  std::vector<double> scores;         ///< s_i = <W, xt_0 xt_i^T>
  std::vector<double> weights;        ///< a_i
  std::vector<double> reads;          ///< <v, xt_i>
  std::vector<double> contributions;  ///< a_i <v, xt_i>, which the key adds to the output
};
HeadOnSample look_inside(const TrainedLayer& trained, std::size_t head, const TokenBatch& batch,
                         std::size_t sample);

/// Largest change of the output over a batch when the keys are reordered, and the standard
/// deviation of the output over the batch.
struct OrderEffect {
  double largest_change = 0, deviation = 0;
};
OrderEffect order_effect(const TrainedLayer& trained, const TokenBatch& batch,
                         const std::vector<std::size_t>& order);

}  // namespace attnlab::random_features
