// The streamed, vectorised layers against plain double loops over the same weights.
#include "core/attention/random_feature_layer.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/numerics/linear_algebra.h"
#include "core/numerics/random.h"

using namespace attnlab;

namespace {

RandomFeatureLayer small_layer(bool attention, ScoreActivation activation, double mean_scale) {
  RandomFeatureLayer layer;
  layer.attention = attention;
  layer.activation = activation;
  layer.mean_scale = mean_scale;
  layer.dim = 5;
  layer.keys = 7;
  layer.units = 37;
  layer.seed = 11;
  layer.trial = 3;
  return layer;
}

double token(const TokenBatch& batch, std::size_t sample, std::size_t index, std::size_t j) {
  return j == batch.dim ? 1.0 : static_cast<double>(batch.token(sample, index)[j]);
}

/// Attention features of one head, straight from the definition, [coordinate].
std::vector<double> plain_head(const RandomFeatureLayer& layer, std::size_t head,
                               const TokenBatch& batch, std::size_t sample) {
  const std::size_t width = layer.dim + 1;
  std::vector<float> w(width * width);
  RandomStream(layer.seed, hash_name("rf/heads"), layer.trial, static_cast<std::uint32_t>(head))
      .fill_normal(std::span<float>(w));
  std::vector<double> weight(layer.keys);
  for (std::size_t i = 0; i < layer.keys; ++i) {
    double score = 0;
    for (std::size_t a = 0; a < width; ++a) {
      for (std::size_t b = 0; b < width; ++b) {
        const double mean = a == b && a < layer.dim ? layer.mean_scale : 0;
        score += (mean + 0.5 * static_cast<double>(w[a * width + b])) * token(batch, sample, 0, a) *
                 token(batch, sample, i + 1, b);
      }
    }
    weight[i] = score;
  }
  double total = static_cast<double>(layer.keys);
  if (layer.activation == ScoreActivation::kRelu) {
    for (double& s : weight) s = std::max(s, 0.0);
  } else {
    const bool softmax = layer.activation == ScoreActivation::kSoftmax;
    const double top = softmax ? *std::max_element(weight.begin(), weight.end()) : 0;
    double sum = 0;
    for (double& s : weight) sum += s = std::exp(s - top);
    if (softmax) total = sum;
  }
  std::vector<double> feature(width, 0.0);
  for (std::size_t i = 0; i < layer.keys; ++i) {
    for (std::size_t a = 0; a < width; ++a) {
      feature[a] += weight[i] / total * token(batch, sample, i + 1, a);
    }
  }
  return feature;
}

TokenBatch with_reversed_keys(TokenBatch batch) {
  for (std::size_t s = 0; s < batch.count; ++s) {
    float* keys = batch.values.data() + s * batch.sample_size() + batch.dim;
    for (std::size_t i = 0; i < batch.keys / 2; ++i) {
      std::swap_ranges(keys + i * batch.dim, keys + (i + 1) * batch.dim,
                       keys + (batch.keys - 1 - i) * batch.dim);
    }
  }
  return batch;
}

double largest_change(const RandomFeatureLayer& layer, const TokenBatch& a, const TokenBatch& b) {
  const FeatureBlock block(layer, 0, layer.units);
  Matrix<float> fa(a.count, block.features()), fb(a.count, block.features());
  block.apply(a, 0, fa.view());
  block.apply(b, 0, fb.view());
  double change = 0;
  for (std::size_t i = 0; i < fa.size(); ++i) {
    change = std::max(
        change, std::abs(static_cast<double>(fa.data()[i]) - static_cast<double>(fb.data()[i])));
  }
  return change;
}

}  // namespace

TEST_CASE("attention features equal the definition for every activation, mean and SIMD target") {
  const TokenBatch batch = draw_sphere_tokens(1, 2, 3, 9, 7, 5);
  for (const SimdTarget& target : available_targets()) {
    force_target(target);
    for (const auto activation :
         {ScoreActivation::kRelu, ScoreActivation::kSoftmax, ScoreActivation::kExponential}) {
      for (const double mean : {0.0, 4.0}) {
        const RandomFeatureLayer layer = small_layer(true, activation, mean);
        const FeatureBlock block(layer, 0, layer.units);
        Matrix<float> features(batch.count, block.features());
        block.apply(batch, 0, features.view());
        double worst = 0;
        for (std::size_t s = 0; s < batch.count; ++s) {
          for (std::size_t m = 0; m < layer.units; ++m) {
            const std::vector<double> plain = plain_head(layer, m, batch, s);
            for (std::size_t a = 0; a < plain.size(); ++a) {
              const double got = static_cast<double>(features(s, a * layer.units + m));
              worst = std::max(worst, std::abs(got - plain[a]) / (1 + std::abs(plain[a])));
            }
          }
        }
        CHECK(worst < 5e-6);  // f32 scores up to about 10, then exp of them
      }
    }
  }
  force_target(available_targets().back());
}

TEST_CASE("network features are the ReLU of random neurons on all tokens and a bias") {
  const RandomFeatureLayer layer = small_layer(false, ScoreActivation::kRelu, 0);
  const TokenBatch batch = draw_sphere_tokens(1, 2, 3, 4, 7, 5);
  const FeatureBlock block(layer, 0, layer.units);
  Matrix<float> features(batch.count, block.features());
  block.apply(batch, 0, features.view());
  const std::size_t inputs = batch.sample_size() + 1, width = layer.dim + 1;
  for (const std::size_t unit : {std::size_t{0}, std::size_t{20}, layer.units - 1}) {
    std::vector<float> w(width * inputs);
    RandomStream(layer.seed, hash_name("rf/neurons"), layer.trial, static_cast<std::uint32_t>(unit))
        .fill_normal(std::span<float>(w));
    for (std::size_t neuron = 0; neuron < width; ++neuron) {
      double sum = static_cast<double>(w[neuron * inputs + inputs - 1]);
      for (std::size_t j = 0; j + 1 < inputs; ++j) {
        sum +=
            static_cast<double>(w[neuron * inputs + j]) * static_cast<double>(batch.sample(2)[j]);
      }
      const double expected = std::max(0.0, sum / std::sqrt(static_cast<double>(layer.keys + 2)));
      CHECK(features(2, neuron * layer.units + unit) == doctest::Approx(expected).epsilon(1e-5));
    }
  }
}

TEST_CASE("pooled features are the mean over keys of neurons on the query and one key") {
  RandomFeatureLayer layer = small_layer(false, ScoreActivation::kRelu, 0);
  layer.pooled = true;
  const TokenBatch batch = draw_sphere_tokens(1, 2, 3, 4, 7, 5);
  const std::size_t inputs = 2 * layer.dim + 1, width = layer.dim + 1;
  for (const SimdTarget& target : available_targets()) {
    force_target(target);
    const FeatureBlock block(layer, 0, layer.units);
    Matrix<float> features(batch.count, block.features());
    block.apply(batch, 0, features.view());
    for (const std::size_t unit : {std::size_t{0}, std::size_t{20}, layer.units - 1}) {
      std::vector<float> w(width * inputs);
      RandomStream(layer.seed, hash_name("rf/pooled"), layer.trial,
                   static_cast<std::uint32_t>(unit))
          .fill_normal(std::span<float>(w));
      for (std::size_t neuron = 0; neuron < width; ++neuron) {
        const auto weight = [&](std::size_t j) {
          return static_cast<double>(w[neuron * inputs + j]);
        };
        double expected = 0;
        for (std::size_t i = 1; i <= layer.keys; ++i) {
          double sum = 0;
          for (std::size_t j = 0; j < width; ++j) sum += weight(j) * token(batch, 2, 0, j);
          for (std::size_t j = 0; j < layer.dim; ++j) {
            sum += weight(width + j) * token(batch, 2, i, j);
          }
          expected += std::max(0.0, sum / std::sqrt(3.0)) / static_cast<double>(layer.keys);
        }
        CHECK(features(2, neuron * layer.units + unit) == doctest::Approx(expected).epsilon(1e-5));
      }
    }
  }
  force_target(available_targets().back());
}

TEST_CASE("a unit's features do not depend on how the layer is cut into blocks") {
  for (const int kind : {0, 1, 2}) {
    RandomFeatureLayer layer = small_layer(kind == 0, ScoreActivation::kRelu, 0);
    layer.pooled = kind == 2;
    const TokenBatch batch = draw_sphere_tokens(1, 2, 3, 5, 7, 5);
    const std::size_t width = layer.features_per_unit();
    const FeatureBlock whole(layer, 0, layer.units), part(layer, 30, 4);
    Matrix<float> all(batch.count, whole.features()), some(2, part.features());
    whole.apply(batch, 0, all.view());
    part.apply(batch, 3, some.view());
    for (std::size_t row = 0; row < 2; ++row) {
      for (std::size_t a = 0; a < width; ++a) {
        for (std::size_t m = 0; m < 4; ++m) {
          CHECK(some(row, a * 4 + m) ==
                doctest::Approx(all(3 + row, a * layer.units + 30 + m)).epsilon(1e-5));
        }
      }
    }
  }
}

TEST_CASE(
    "permuting the keys changes attention and pooled features by rounding only, others a lot") {
  const TokenBatch batch = draw_sphere_tokens(4, 5, 6, 20, 7, 5);
  const TokenBatch permuted = with_reversed_keys(batch);
  for (const auto activation :
       {ScoreActivation::kRelu, ScoreActivation::kSoftmax, ScoreActivation::kExponential}) {
    CHECK(largest_change(small_layer(true, activation, 4), batch, permuted) < 1e-4);
  }
  CHECK(largest_change(small_layer(true, ScoreActivation::kRelu, 0), batch, permuted) < 2e-6);
  RandomFeatureLayer network = small_layer(false, ScoreActivation::kRelu, 0);
  CHECK(largest_change(network, batch, permuted) > 0.1);
  network.pooled = true;
  CHECK(largest_change(network, batch, permuted) < 2e-6);
}

TEST_CASE("the smallest layer works: one key, one dimension, one head, one sample") {
  RandomFeatureLayer layer = small_layer(true, ScoreActivation::kSoftmax, 0);
  layer.dim = layer.keys = layer.units = 1;
  const TokenBatch batch = draw_sphere_tokens(1, 2, 3, 1, 1, 1);
  Matrix<float> features(1, 2);
  FeatureBlock(layer, 0, 1).apply(batch, 0, features.view());
  // Softmax over one key is 1: the features are the key itself and the constant.
  CHECK(features(0, 0) == doctest::Approx(batch.token(0, 1)[0]));
  CHECK(features(0, 1) == doctest::Approx(1.0));
}

TEST_CASE("token sets are nested and lie on the unit sphere") {
  const TokenBatch many = draw_sphere_tokens(9, 8, 7, 50, 3, 4);
  const TokenBatch few = draw_sphere_tokens(9, 8, 7, 20, 3, 4);
  CHECK(std::equal(few.values.begin(), few.values.end(), many.values.begin()));
  for (std::size_t i = 0; i < many.count; ++i) {
    for (std::size_t t = 0; t <= many.keys; ++t) {
      double length = 0;
      for (std::size_t j = 0; j < many.dim; ++j) length += std::pow(many.token(i, t)[j], 2);
      CHECK(length == doctest::Approx(1.0).epsilon(1e-6));
    }
  }
}
