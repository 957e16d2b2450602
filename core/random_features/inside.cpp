#include "core/random_features/inside.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/numerics/cholesky.h"
#include "core/numerics/elementary.h"
#include "core/numerics/linear_algebra.h"
#include "core/numerics/random.h"
#include "core/numerics/statistics.h"
#include "core/random_features/own_target.h"

namespace attnlab::random_features {
namespace {

constexpr std::uint32_t kTrainDomain = hash_name("rf/train");
constexpr std::uint32_t kTestDomain = hash_name("rf/test");

Matrix<float> narrow_features(const RandomFeatureLayer& layer, const TokenBatch& batch) {
  Matrix<float> narrow(batch.count, layer.feature_count());
  FeatureBlock(layer, 0, layer.units).apply(batch, 0, narrow.view());
  return narrow;
}

Matrix<double> widened(const Matrix<float>& narrow) {
  Matrix<double> features(narrow.rows(), narrow.cols());
  std::transform(narrow.values().begin(), narrow.values().end(), features.values().begin(),
                 [](float value) { return static_cast<double>(value); });
  return features;
}

Matrix<double> features_of(const RandomFeatureLayer& layer, const TokenBatch& batch) {
  return widened(narrow_features(layer, batch));
}

double trace_of(const Matrix<double>& square) {
  double trace = 0;
  for (std::size_t i = 0; i < square.rows(); ++i) trace += square(i, i);
  return trace;
}

/// values <- (F^T F + shift)^-1 F^T y, or F^T (F F^T + shift)^-1 y: the smaller system of the two.
bool fit_values(const Matrix<float>& narrow, Matrix<double>& labels, double relative_ridge,
                std::vector<double>& values) {
  const std::size_t n = narrow.rows(), p = narrow.cols();
  const bool dual = n < p;
  const Matrix<double> features = widened(narrow);
  Matrix<double> system(dual ? n : p, dual ? n : p), right(p, 1);
  if (dual) {
    syrk_accumulate(narrow.view(), system.view());
  } else {
    gemm_tn(features.const_view(), features.const_view(), system.view(), false);
    gemm_tn(features.const_view(), labels.const_view(), right.view(), false);
  }
  Cholesky factor(system.rows());
  factor.start(system.const_view(), relative_ridge * trace_of(system) / static_cast<double>(n));
  if (factor.run() != Cholesky::State::kDone) return false;
  factor.solve_leading(system.rows(), dual ? labels.view() : right.view());
  if (dual) gemm_tn(features.const_view(), labels.const_view(), right.view(), false);
  std::copy_n(right.data(), p, values.begin());
  return true;
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

TokenBatch fresh_samples(std::uint64_t seed, std::size_t count, std::size_t keys, std::size_t dim) {
  return draw_sphere_tokens(seed, kTestDomain, 0, count, keys, dim);
}

std::vector<double> TrainedLayer::outputs(const TokenBatch& batch) const {
  constexpr std::size_t kBlock = 512;  // bounds the memory for features
  std::vector<double> result;
  result.reserve(batch.count);
  for (std::size_t first = 0; first < batch.count; first += kBlock) {
    const std::size_t count = std::min(kBlock, batch.count - first);
    const TokenBatch block{
        count, batch.keys, batch.dim, {batch.sample(first), batch.sample(first + count)}};
    const Matrix<double> features = features_of(layer, block);
    for (std::size_t i = 0; i < count; ++i) {
      const auto row = features.row(i);
      result.push_back(std::inner_product(row.begin(), row.end(), values.begin(), constant));
    }
  }
  return result;
}

std::vector<double> TrainedLayer::value_of(std::size_t head) const {
  std::vector<double> value(layer.dim + 1);
  for (std::size_t a = 0; a <= layer.dim; ++a) value[a] = values[a * layer.units + head];
  return value;
}

TokenBatch training_batch(const RandomFeatureLayer& layer, std::size_t samples) {
  return draw_sphere_tokens(layer.seed, kTrainDomain, layer.trial, samples, layer.keys, layer.dim);
}

std::vector<double> labels_of(const RandomFeatureLayer& layer, const TargetCase& target,
                              const TokenBatch& batch) {
  const TargetDraw draw = draw_target(layer.seed, layer.trial, layer.dim);
  return case_values(target, draw, batch);
}

TrainedLayer train_layer(const RandomFeatureLayer& layer, const TargetCase& target,
                         std::size_t samples, double relative_ridge) {
  TrainedLayer trained{layer, std::vector<double>(layer.feature_count()), 0};
  const TokenBatch train = training_batch(layer, samples);
  const std::vector<double> labels = labels_of(layer, target, train);
  Matrix<double> column(samples, 1);
  const double sum = std::accumulate(labels.begin(), labels.end(), 0.0);
  trained.constant = sum / static_cast<double>(samples);
  for (std::size_t i = 0; i < samples; ++i) column(i, 0) = labels[i] - trained.constant;
  trained.fitted =
      fit_values(narrow_features(layer, train), column, relative_ridge, trained.values);
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
