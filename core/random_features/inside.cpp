#include "core/random_features/inside.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/numerics/cholesky.h"
#include "core/numerics/elementary.h"
#include "core/numerics/linear_algebra.h"
#include "core/numerics/random.h"
#include "core/numerics/statistics.h"

namespace attnlab::random_features {
namespace {

constexpr std::uint32_t kTrainDomain = hash_name("rf/train");
constexpr double kRelativeRidge = 1e-4;

Matrix<double> features_of(const RandomFeatureLayer& layer, const TokenBatch& batch) {
  Matrix<float> narrow(batch.count, layer.feature_count());
  FeatureBlock(layer, 0, layer.units).apply(batch, 0, narrow.view());
  Matrix<double> features(narrow.rows(), narrow.cols());
  std::transform(narrow.values().begin(), narrow.values().end(), features.values().begin(),
                 [](float value) { return static_cast<double>(value); });
  return features;
}

/// Attention weights from the scores of one head.
std::vector<double> weights_of(ScoreActivation activation, const std::vector<double>& scores) {
  const double count = static_cast<double>(scores.size());
  const double highest = *std::max_element(scores.begin(), scores.end());
  std::vector<double> weights(scores.size());
  double sum = 0;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    switch (activation) {
      case ScoreActivation::kRelu:
        weights[i] = std::max(scores[i], 0.0) / count;
        break;
      case ScoreActivation::kSoftmax:
        weights[i] = portable_exp(scores[i] - highest);
        break;
      case ScoreActivation::kExponential:
        weights[i] = portable_exp(scores[i]) / count;
        break;
    }
    sum += weights[i];
  }
  if (activation == ScoreActivation::kSoftmax) {
    for (double& weight : weights) weight /= sum;
  }
  return weights;
}

}  // namespace

std::vector<double> TrainedLayer::outputs(const TokenBatch& batch) const {
  const Matrix<double> features = features_of(layer, batch);
  std::vector<double> result(batch.count);
  for (std::size_t i = 0; i < batch.count; ++i) {
    const auto row = features.row(i);
    result[i] = std::inner_product(row.begin(), row.end(), values.begin(), constant);
  }
  return result;
}

std::vector<double> TrainedLayer::value_of(std::size_t head) const {
  std::vector<double> value(layer.dim + 1);
  for (std::size_t a = 0; a <= layer.dim; ++a) value[a] = values[a * layer.units + head];
  return value;
}

TrainedLayer train_layer(const RandomFeatureLayer& layer, const TargetCase& target,
                         std::size_t samples) {
  const std::size_t p = layer.feature_count();
  TrainedLayer trained{layer, std::vector<double>(p), 0};
  const TokenBatch train =
      draw_sphere_tokens(layer.seed, kTrainDomain, layer.trial, samples, layer.keys, layer.dim);
  const TargetDraw draw = draw_target(layer.seed, layer.trial, layer.dim);
  const std::vector<double> labels = target_values(*target.target, draw, train, target.number);
  const Matrix<double> features = features_of(layer, train);
  Matrix<double> normal(p, p), right(p, 1), column(samples, 1);
  const double sum = std::accumulate(labels.begin(), labels.end(), 0.0);
  trained.constant = sum / static_cast<double>(samples);
  for (std::size_t i = 0; i < samples; ++i) column(i, 0) = labels[i] - trained.constant;
  gemm_tn(features.const_view(), features.const_view(), normal.view(), false);
  gemm_tn(features.const_view(), column.const_view(), right.view(), false);
  double trace = 0;
  for (std::size_t i = 0; i < p; ++i) trace += normal(i, i);
  Cholesky factor(p);
  factor.start(normal.const_view(), kRelativeRidge * trace / static_cast<double>(samples));
  if (factor.run() != Cholesky::State::kDone) return trained;
  factor.solve_leading(p, right.view());
  std::copy_n(right.data(), p, trained.values.begin());
  return trained;
}

TokenBatch with_key_order(const TokenBatch& batch, const std::vector<std::size_t>& order) {
  TokenBatch moved = batch;
  for (std::size_t s = 0; s < batch.count; ++s) {
    for (std::size_t i = 0; i < batch.keys; ++i) {
      std::copy_n(batch.token(s, 1 + order[i]), batch.dim,
                  moved.values.data() + s * batch.sample_size() + (1 + i) * batch.dim);
    }
  }
  return moved;
}

std::vector<std::size_t> order_of(const std::vector<double>& positions, std::size_t count) {
  std::vector<std::size_t> order(count);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return positions[a] < positions[b]; });
  return order;
}

HeadOnSample look_inside(const TrainedLayer& trained, std::size_t head, const TokenBatch& batch,
                         std::size_t sample) {
  const std::size_t width = trained.layer.dim + 1, keys = batch.keys;
  const Matrix<float> matrix = head_matrix(trained.layer, head);
  const std::vector<double> value = trained.value_of(head);
  const auto token = [&](std::size_t index, std::size_t a) {
    return a == width - 1 ? 1.0 : static_cast<double>(batch.token(sample, index)[a]);
  };
  HeadOnSample inside;
  for (std::size_t i = 1; i <= keys; ++i) {
    double score = 0, read = 0;
    for (std::size_t a = 0; a < width; ++a) {
      for (std::size_t b = 0; b < width; ++b) {
        score += token(0, a) * static_cast<double>(matrix(a, b)) * token(i, b);
      }
      read += value[a] * token(i, a);
    }
    inside.scores.push_back(score);
    inside.reads.push_back(read);
  }
  inside.weights = weights_of(trained.layer.activation, inside.scores);
  for (std::size_t i = 0; i < keys; ++i) {
    inside.contributions.push_back(inside.weights[i] * inside.reads[i]);
  }
  return inside;
}

OrderEffect order_effect(const TrainedLayer& trained, const TokenBatch& batch,
                         const std::vector<std::size_t>& order) {
  const std::vector<double> before = trained.outputs(batch);
  const std::vector<double> after = trained.outputs(with_key_order(batch, order));
  OrderEffect effect;
  for (std::size_t i = 0; i < before.size(); ++i) {
    effect.largest_change = std::max(effect.largest_change, std::abs(after[i] - before[i]));
  }
  effect.deviation =
      mean_and_error(before).std_error * std::sqrt(static_cast<double>(before.size()));
  return effect;
}

}  // namespace attnlab::random_features
