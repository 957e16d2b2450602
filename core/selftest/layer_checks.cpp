// Layers: attention of the textbooks, and random layers of infinitely many heads.
#include <numbers>

#include "core/attention/softmax_attention.h"
#include "core/numerics/random.h"
#include "core/random_features/fit/infinite_width.h"
#include "core/selftest/checks.h"

namespace attnlab::selftest {
using namespace random_features;
namespace {

constexpr std::uint32_t kDomain = hash_name("selftest-layers");
constexpr double kPi = std::numbers::pi;

Matrix<float> normal_matrix(std::uint32_t index, std::size_t rows, std::size_t cols) {
  Matrix<float> matrix(rows, cols);
  RandomStream(1, kDomain, index).fill_normal(matrix.values());
  return matrix;
}

/// Two sequences of 37 queries and 11 keys.
double softmax_attention_error() {
  constexpr std::size_t kSequences = 2, kQueries = 37, kKeys = 11, kWidth = 5, kValues = 6;
  constexpr float kScale = 0.4F;
  const Matrix<float> queries = normal_matrix(1, kSequences * kQueries, kWidth);
  const Matrix<float> keys = normal_matrix(2, kSequences * kKeys, kWidth);
  const Matrix<float> values = normal_matrix(3, kSequences * kKeys, kValues);
  Matrix<float> out(kSequences * kQueries, kValues);
  softmax_attention(kSequences, queries.view(), keys.view(), values.view(), kScale, out.view());
  double worst = 0;
  for (std::size_t i = 0; i < out.rows(); ++i) {
    const std::size_t first = i / kQueries * kKeys;
    double total = 0;
    std::vector<double> expected(kValues, 0.0);
    for (std::size_t j = first; j < first + kKeys; ++j) {
      double score = 0;
      for (std::size_t a = 0; a < kWidth; ++a) score += double{queries(i, a)} * double{keys(j, a)};
      const double weight = std::exp(double{kScale} * score);
      total += weight;
      for (std::size_t a = 0; a < kValues; ++a) expected[a] += weight * double{values(j, a)};
    }
    for (std::size_t a = 0; a < kValues; ++a) {
      worst = worse(worst, double{out(i, a)} - expected[a] / total);
    }
  }
  return worst;
}

/// E[relu(t + g)^2] of a standard normal g.
double relu_square_mean(double t) {
  const double density = std::exp(-t * t / 2) / std::sqrt(2 * kPi);
  return (t * t + 1) * std::erfc(-t / std::numbers::sqrt2) / 2 + t * density;
}
double arc_cosine(double rho) {
  return (std::sqrt(1 - rho * rho) + rho * (kPi - std::acos(rho))) / (2 * kPi);
}
double dot(const float* a, const float* b, std::size_t dim) {
  double sum = 0, a_square = 0, b_square = 0;
  for (std::size_t i = 0; i < dim; ++i) {
    sum += double{a[i]} * double{b[i]};
    a_square += double{a[i]} * double{a[i]};
    b_square += double{b[i]} * double{b[i]};
  }
  return sum / std::sqrt(a_square * b_square);
}

/// Largest relative gap between the layer's kernel and its definition on a few samples.
double layer_error(bool attention) {
  constexpr std::size_t kCount = 5, kKeys = 3, kDim = 4;
  const TokenBatch batch = draw_sphere_tokens(1, kDomain, 3, kCount, kKeys, kDim);
  const InfiniteLayer layer{attention, 0, kDim, kKeys};
  const KernelSamples samples = kernel_samples(layer, batch, 0, kCount);
  Matrix<double> kernel(kCount, kCount);
  kernel_block(layer, samples, 0, samples, 0, kernel.view());
  double worst = 0;
  for (std::size_t p = 0; p < kCount; ++p) {
    for (std::size_t q = 0; q < p; ++q) {
      const auto product = [&](std::size_t i, std::size_t j) {
        return dot(batch.token(p, i), batch.token(q, j), kDim);
      };
      double expected = 0;
      if (attention) {
        for (std::size_t i = 1; i <= kKeys; ++i) {
          for (std::size_t j = 1; j <= kKeys; ++j) {
            const double keys = 1 + product(i, j);
            expected += arc_cosine((1 + product(0, 0)) * keys / 4) * keys / (kKeys * kKeys);
          }
        }
      } else {
        double sum = 1;
        for (std::size_t i = 0; i <= kKeys; ++i) sum += product(i, i);
        expected = arc_cosine(sum / (kKeys + 2));
      }
      worst = worse(worst, kernel(p, q) - expected);
    }
  }
  return worst;
}

/// E[relu(a + g) relu(b + g')] for standard normals of correlation rho: in closed form given g,
/// then Simpson's rule over all g with a + g > 0.
double relu_pair_mean(double a, double b, double rho) {
  const double spread = std::sqrt(1 - rho * rho);
  const auto density = [](double t) { return std::exp(-t * t / 2) / std::sqrt(2 * kPi); };
  const auto integrand = [&](double g) {
    const double mean = b + rho * g;
    const double below = std::erfc(-mean / spread / std::numbers::sqrt2) / 2;
    return (a + g) * density(g) * (mean * below + spread * density(mean / spread));
  };
  constexpr int kSteps = 4000;
  const double step = (std::max(a, 0.0) + 10) / kSteps;
  double sum = 0;
  for (int i = 0; i <= kSteps; ++i) {
    const double weight = i == 0 || i == kSteps ? 1 : i % 2 == 1 ? 4 : 2;
    sum += weight * integrand(-a + i * step);
  }
  return sum * step / 3;
}

/// With means and one key: of a sample with itself, where both scores are the same normal
/// variable, and of samples with each other.
struct BiasedLayerErrors {
  double same = 0, pairs = 0;
};
BiasedLayerErrors biased_layer_errors() {
  constexpr std::size_t kCount = 7, kDim = 4;
  const TokenBatch batch = draw_sphere_tokens(1, kDomain, 4, kCount, 1, kDim);
  const InfiniteLayer layer{true, 1.5, kDim, 1};
  const KernelSamples samples = kernel_samples(layer, batch, 0, kCount);
  Matrix<double> kernel(kCount, kCount);
  kernel_block(layer, samples, 0, samples, 0, kernel.view());
  const auto mean = [&](std::size_t p) {
    return 1.5 * dot(batch.token(p, 0), batch.token(p, 1), kDim);
  };
  BiasedLayerErrors errors;
  for (std::size_t p = 0; p < kCount; ++p) {
    errors.same = worse(errors.same, kernel(p, p) - 2 * relu_square_mean(mean(p)));
    for (std::size_t q = 0; q < p; ++q) {
      const double keys = 1 + dot(batch.token(p, 1), batch.token(q, 1), kDim);
      const double rho = (1 + dot(batch.token(p, 0), batch.token(q, 0), kDim)) * keys / 4;
      errors.pairs =
          worse(errors.pairs, kernel(p, q) - keys * relu_pair_mean(mean(p), mean(q), rho));
    }
  }
  return errors;
}

}  // namespace

std::vector<SelfCheck> check_softmax_attention() {
  return {{"numerics", "softmax attention is its formula", softmax_attention_error(), 3e-6}};
}

std::vector<SelfCheck> check_infinite_layers() {
  const BiasedLayerErrors biased = biased_layer_errors();
  return {{"A", "infinitely many heads have the arc-cosine kernel", layer_error(true), 1e-13},
          {"A", "an infinitely wide network has the arc-cosine kernel", layer_error(false), 1e-13},
          {"A", "heads with means have the moments of a rectified normal", biased.same, 1e-11},
          {"A", "heads with means have the moments of two rectified normals", biased.pairs, 1e-10}};
}

}  // namespace attnlab::selftest
