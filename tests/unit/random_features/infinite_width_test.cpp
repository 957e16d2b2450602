// Kernels of infinitely wide layers: their expectations against formulas and quadrature in long
// double, the kernels against the definition and against many random heads.
#include "core/random_features/fit/infinite_width.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "core/attention/random_feature_layer.h"
#include "core/numerics/cholesky.h"
#include "core/numerics/kernels/dispatch.h"
#include "core/numerics/linear_algebra.h"
#include "core/numerics/random.h"
#include "core/numerics/statistics.h"
#include "tests/unit/numerics/reference.h"

using namespace attnlab;
using namespace attnlab::random_features;

namespace {

constexpr long double kPi = 3.14159265358979323846264338327950288L;

long double plain_kappa(long double r) {
  r = std::clamp(r, -1.0L, 1.0L);
  return (std::sqrt((1 - r) * (1 + r)) + r * (kPi - std::acos(r))) / (2 * kPi);
}

long double normal_density(long double x) {
  return std::exp(-x * x / 2) / std::sqrt(2 * kPi);
}

/// E[relu(a + g) relu(b + g')] given g, times the density of g.
long double integrand(long double g, long double a, long double b, long double rho) {
  const long double mean = b + rho * g, s = std::sqrt((1 - rho) * (1 + rho));
  const long double second =
      s == 0 ? std::max(mean, 0.0L)
             : mean * std::erfc(-mean / (s * std::sqrt(2.0L))) / 2 + s * normal_density(mean / s);
  return normal_density(g) * std::max(a + g, 0.0L) * second;
}

struct Panel {
  long double low, high, at_low, at_middle, at_high;
};

long double simpson(const Panel& p, long double a, long double b, long double rho,
                    long double tolerance, int depth) {
  const long double middle = (p.low + p.high) / 2, width = p.high - p.low;
  const long double left = integrand((p.low + middle) / 2, a, b, rho);
  const long double right = integrand((middle + p.high) / 2, a, b, rho);
  const long double coarse = width / 6 * (p.at_low + 4 * p.at_middle + p.at_high);
  const long double fine =
      width / 12 * (p.at_low + 4 * left + 2 * p.at_middle + 4 * right + p.at_high);
  if (depth == 0 || std::abs(fine - coarse) < 15 * tolerance) return fine + (fine - coarse) / 15;
  return simpson({p.low, middle, p.at_low, left, p.at_middle}, a, b, rho, tolerance / 2,
                 depth - 1) +
         simpson({middle, p.high, p.at_middle, right, p.at_high}, a, b, rho, tolerance / 2,
                 depth - 1);
}

/// Adaptive quadrature over g, split at integers and at the kink of the inner ReLU.
long double expectation(long double a, long double b, long double rho) {
  const long double low = std::max(-a, -10.0L);
  std::vector<long double> cuts = {low, 10};
  for (int i = -9; i < 10; ++i) cuts.push_back(i);
  if (rho != 0) cuts.push_back(-b / rho);
  std::sort(cuts.begin(), cuts.end());
  long double sum = 0;
  for (std::size_t i = 0; i + 1 < cuts.size(); ++i) {
    const long double from = cuts[i], to = cuts[i + 1];
    if (from < low || to > 10 || to <= from) continue;
    sum += simpson({from, to, integrand(from, a, b, rho), integrand((from + to) / 2, a, b, rho),
                    integrand(to, a, b, rho)},
                   a, b, rho, 1e-13L, 20);
  }
  return sum;
}

/// The kernel's expectation for one a, one rho and several b.
std::vector<double> biased_values(double a, double rho, const std::vector<double>& b) {
  constexpr std::size_t kColumns = kernels::kKeyPadding, kRows = 1 + kernels::kReluTerms;
  REQUIRE(b.size() <= kColumns);
  std::vector<double> row(kRows), columns(kRows * kColumns), ones(kColumns, 1.0);
  std::vector<double> scales(kColumns, rho), sums(kColumns);
  row[0] = a;
  std::copy(b.begin(), b.end(), columns.begin());
  active_kernels().relu_terms(1, row.data(), 1);
  active_kernels().relu_terms(kColumns, columns.data(), kColumns);
  active_kernels().biased_relu_sums(
      {{1, kColumns, ones.data(), kColumns, scales.data(), sums.data()},
       row.data(),
       1,
       columns.data()});
  sums.resize(b.size());
  return sums;
}

TokenBatch some_tokens(std::size_t count, std::size_t keys, std::size_t dim) {
  return draw_sphere_tokens(8, 1, 2, count, keys, dim);
}

Matrix<double> kernel_of(const InfiniteLayer& layer, const TokenBatch& batch) {
  const KernelSamples samples = kernel_samples(layer, batch, 0, batch.count);
  Matrix<double> kernel(batch.count, batch.count);
  kernel_block(layer, samples, 0, samples, 0, kernel.view());
  return kernel;
}

/// <xt, xt'> or <x, x'> of tokens scaled to length 1.
long double product(const TokenBatch& batch, std::size_t s, std::size_t i, std::size_t r,
                    std::size_t j) {
  long double dot = 0, a2 = 0, b2 = 0;
  for (std::size_t c = 0; c < batch.dim; ++c) {
    const long double a = batch.token(s, i)[c], b = batch.token(r, j)[c];
    dot += a * b;
    a2 += a * a;
    b2 += b * b;
  }
  return dot / std::sqrt(a2 * b2);
}

long double plain_kernel(const InfiniteLayer& layer, const TokenBatch& batch, std::size_t s,
                         std::size_t r) {
  const std::size_t keys = batch.keys;
  if (layer.pooled) {
    long double sum = 0;
    for (std::size_t i = 1; i <= keys; ++i) {
      for (std::size_t j = 1; j <= keys; ++j) {
        sum += plain_kappa((1 + product(batch, s, 0, r, 0) + product(batch, s, i, r, j)) / 3);
      }
    }
    return sum / static_cast<long double>(keys * keys);
  }
  if (!layer.attention) {
    long double sum = 1;
    for (std::size_t t = 0; t <= keys; ++t) sum += product(batch, s, t, r, t);
    return plain_kappa(sum / static_cast<long double>(keys + 2));
  }
  long double sum = 0;
  for (std::size_t i = 1; i <= keys; ++i) {
    for (std::size_t j = 1; j <= keys; ++j) {
      const long double value = 1 + product(batch, s, i, r, j);
      const long double rho = std::min(1.0L, (1 + product(batch, s, 0, r, 0)) * value / 4);
      sum += value * (layer.mean_scale == 0
                          ? plain_kappa(rho)
                          : expectation(layer.mean_scale * product(batch, s, 0, s, i),
                                        layer.mean_scale * product(batch, r, 0, r, j), rho));
    }
  }
  return sum / static_cast<long double>(keys * keys);
}

}  // namespace

TEST_CASE("the arc-cosine kernel is exact to 4e-15 on every target, ends included") {
  std::vector<double> r;
  for (int i = -1000; i <= 1000; ++i) r.push_back(i / 1000.0);
  for (double gap = 0.5; gap > 1e-16; gap /= 3) {
    r.push_back(1 - gap);
    r.push_back(gap - 1);
  }
  const test::TargetGuard guard;
  for (const SimdTarget& target : available_targets()) {
    force_target(target);
    std::vector<double> values = r;
    active_kernels().arc_cosine_values(values.size(), values.data());
    long double worst = 0;
    for (std::size_t i = 0; i < r.size(); ++i) {
      worst = std::max(worst, std::abs(plain_kappa(r[i]) - values[i]));
    }
    CHECK(worst < 4e-15L);
  }
}

TEST_CASE("the biased expectation equals adaptive quadrature, also at correlations near +-1") {
  const std::vector<double> means = {0, 1e-9, -0.3, 1, 1.0000001, -1, 2.5, -4, 6};
  const test::TargetGuard guard;
  for (const double rho : {0.0, 0.2, 0.5, 0.7499, 0.7501, 0.9, 0.999, 1 - 1e-8, 1 - 1e-15, 1.0,
                           -0.5, -0.9, -1 + 1e-9, -1.0}) {
    for (const double a : means) {
      std::vector<double> expected;
      for (const double b : means) expected.push_back(static_cast<double>(expectation(a, b, rho)));
      for (const SimdTarget& target : available_targets()) {
        force_target(target);
        const std::vector<double> found = biased_values(a, rho, means);
        for (std::size_t j = 0; j < means.size(); ++j) {
          CAPTURE(a);
          CAPTURE(means[j]);
          CAPTURE(rho);
          // The promise is 1e-12; the remainder is the error of the quadrature.
          CHECK(std::abs(found[j] - expected[j]) < 3e-12 * (1 + std::abs(a * means[j])));
        }
      }
    }
  }
}

TEST_CASE("at correlation 1 the biased expectation is its closed form, for large means too") {
  const std::vector<double> means = {-64, -10, -3, 0, 1, 3, 10, 64};
  for (const double a : means) {
    const std::vector<double> found = biased_values(a, 1, means);
    for (std::size_t j = 0; j < means.size(); ++j) {
      const double low = std::min(a, means[j]), high = std::max(a, means[j]);
      const double expected = (low * high + 1) * std::erfc(-low / std::sqrt(2.0)) / 2 +
                              high * static_cast<double>(normal_density(low));
      CHECK(std::abs(found[j] - expected) < 1e-12 * (1 + std::abs(a * means[j])));
    }
  }
}

TEST_CASE("the kernels are their double sums, for tiles of any shape") {
  struct Shape {
    std::size_t count, keys, dim;
  };
  for (const Shape& shape : {Shape{9, 3, 4}, Shape{70, 2, 2}, Shape{3, 33, 5}, Shape{5, 1, 1},
                             Shape{1, 2, 3}, Shape{2, 300, 2}}) {
    const TokenBatch batch = some_tokens(shape.count, shape.keys, shape.dim);
    for (const bool attention : {true, false}) {
      const InfiniteLayer layer{attention, 0, shape.dim, shape.keys};
      const Matrix<double> kernel = kernel_of(layer, batch);
      long double worst = 0;
      for (std::size_t s = 0; s < shape.count; ++s) {
        for (std::size_t r = 0; r < shape.count; ++r) {
          worst = std::max(worst, std::abs(plain_kernel(layer, batch, s, r) - kernel(s, r)));
        }
      }
      CAPTURE(shape.keys);
      CHECK(worst < 1e-14L);
    }
  }
  const TokenBatch batch = some_tokens(3, 3, 2);
  const InfiniteLayer biased{true, 4, 2, 3};
  const Matrix<double> kernel = kernel_of(biased, batch);
  for (std::size_t s = 0; s < 3; ++s) {
    for (std::size_t r = 0; r < 3; ++r) {
      CHECK(std::abs(plain_kernel(biased, batch, s, r) - kernel(s, r)) < 1e-11L);
    }
  }
}

// 20000 units of the streamed layer: each entry of their mean Gram matrix must lie within six
// standard errors, measured over the units, of the kernel (2e-9 for each of 8 x 21 entries: a
// correct kernel fails less than once in a million seeds).
TEST_CASE("the kernels are the mean over random heads and neurons of the streamed layers") {
  struct Setting {
    bool attention;
    double mean;
    bool pooled = false;
  };
  constexpr std::size_t kUnits = 20000, kSamples = 6;
  for (const auto& [dim, keys] : {std::pair<std::size_t, std::size_t>{2, 5}, {7, 3}}) {
    TokenBatch batch = some_tokens(kSamples, keys, dim);
    // The last sample repeats the first with its keys in reverse order.
    std::copy_n(batch.sample(0), dim, batch.values.end() - batch.sample_size());
    for (std::size_t i = 1; i <= keys; ++i) {
      std::copy_n(batch.token(0, i), dim, batch.values.end() - i * dim);
    }
    for (const Setting& setting : {Setting{true, 0}, Setting{true, 1}, Setting{true, 4},
                                   Setting{false, 0}, Setting{false, 0, true}}) {
      RandomFeatureLayer layer;
      layer.attention = setting.attention;
      layer.pooled = setting.pooled;
      layer.mean_scale = setting.mean;
      layer.dim = dim;
      layer.keys = keys;
      layer.units = kUnits;
      layer.seed = 12;
      const FeatureBlock block(layer, 0, kUnits);
      Matrix<float> features(kSamples, block.features());
      block.apply(batch, 0, features.view());
      const Matrix<double> kernel =
          kernel_of({setting.attention, setting.mean, dim, keys, setting.pooled}, batch);
      for (std::size_t s = 0; s < kSamples; ++s) {
        for (std::size_t r = 0; r <= s; ++r) {
          double sum = 0, squares = 0;
          for (std::size_t m = 0; m < kUnits; ++m) {
            double unit = 0;
            for (std::size_t a = 0; a <= dim; ++a) {
              unit += static_cast<double>(features(s, a * kUnits + m)) *
                      static_cast<double>(features(r, a * kUnits + m));
            }
            if (!setting.attention) unit /= static_cast<double>(dim + 1);  // neurons of a unit
            sum += unit;
            squares += unit * unit;
          }
          const double mean = sum / kUnits;
          const double error = std::sqrt((squares / kUnits - mean * mean) / kUnits);
          CAPTURE(dim);
          CAPTURE(setting.mean);
          CHECK(std::abs(mean - kernel(s, r)) < 6 * error + 1e-6);
        }
      }
      if (setting.attention || setting.pooled)
        CHECK(kernel(5, 0) == doctest::Approx(kernel(0, 0)).epsilon(1e-12));
    }
  }
}

namespace {

/// <z, z'> of [tokens; 1], in long double; `tokens` are those that one neuron or head reads.
long double with_one(const TokenBatch& batch, std::size_t s, std::vector<std::size_t> in_s,
                     std::size_t r, std::vector<std::size_t> in_r) {
  long double sum = 1;
  for (std::size_t t = 0; t < in_s.size(); ++t) {
    for (std::size_t c = 0; c < batch.dim; ++c) {
      sum += static_cast<long double>(batch.token(s, in_s[t])[c]) * batch.token(r, in_r[t])[c];
    }
  }
  return sum;
}

/// The kernel of tokens of any length, from the definition: scores and pre-activations are normal.
long double plain_lengths_kernel(const InfiniteLayer& layer, const TokenBatch& batch, std::size_t s,
                                 std::size_t r) {
  const auto of_neuron = [&](const std::vector<std::size_t>& in_s,
                             const std::vector<std::size_t>& in_r) {
    const long double scale = static_cast<long double>(in_s.size()) + 1;
    const long double a = std::sqrt(with_one(batch, s, in_s, s, in_s) / scale);
    const long double b = std::sqrt(with_one(batch, r, in_r, r, in_r) / scale);
    return a * b * plain_kappa(with_one(batch, s, in_s, r, in_r) / scale / (a * b));
  };
  const std::size_t keys = batch.keys;
  if (!layer.attention && !layer.pooled) {
    std::vector<std::size_t> all;
    for (std::size_t t = 0; t <= keys; ++t) all.push_back(t);
    return of_neuron(all, all);
  }
  long double sum = 0;
  for (std::size_t i = 1; i <= keys; ++i) {
    for (std::size_t j = 1; j <= keys; ++j) {
      if (layer.pooled) {
        sum += of_neuron({0, i}, {0, j});
        continue;
      }
      const auto deviation = [&](std::size_t of, std::size_t key) {
        return std::sqrt(with_one(batch, of, {0}, of, {0}) *
                         with_one(batch, of, {key}, of, {key})) /
               2;
      };
      const long double a = deviation(s, i), b = deviation(r, j);
      const long double value = with_one(batch, s, {i}, r, {j});
      const long double rho =
          std::clamp(with_one(batch, s, {0}, r, {0}) * value / 4 / (a * b), -1.0L, 1.0L);
      const auto mean = [&](std::size_t of, std::size_t key) {
        return layer.mean_scale * (with_one(batch, of, {0}, of, {key}) - 1);
      };
      sum += value * a * b *
             (layer.mean_scale == 0 ? plain_kappa(rho)
                                    : expectation(mean(s, i) / a, mean(r, j) / b, rho));
    }
  }
  return sum / static_cast<long double>(keys * keys);
}

}  // namespace

// Gaussian tokens: correlations of scores can be negative, and lengths differ.
TEST_CASE("kernels of tokens of any length are their double sums") {
  for (const auto& [count, keys, dim] :
       {std::array<std::size_t, 3>{9, 3, 4}, {3, 33, 2}, {60, 2, 1}}) {
    const TokenBatch batch = draw_tokens({.law = TokenLaw::kGaussian}, {8, 1, 2, count, keys, dim});
    for (const InfiniteLayer& layer : {InfiniteLayer{true, 0, dim, keys, false, false},
                                       InfiniteLayer{false, 0, dim, keys, false, false},
                                       InfiniteLayer{false, 0, dim, keys, true, false},
                                       InfiniteLayer{true, 2, dim, keys, false, false}}) {
      if (layer.mean_scale != 0 && keys > 3) continue;  // quadrature of every pair takes long
      const Matrix<double> kernel = kernel_of(layer, batch);
      const std::size_t shown = layer.mean_scale != 0 ? 3 : count;
      for (std::size_t s = 0; s < shown; ++s) {
        for (std::size_t r = 0; r < shown; ++r) {
          CAPTURE(layer.mean_scale);
          const long double size = 1 + std::abs(kernel(s, s)) + std::abs(kernel(r, r));
          const double error = layer.mean_scale == 0 ? 2e-14 : 2e-11;
          CHECK(std::abs(plain_lengths_kernel(layer, batch, s, r) - kernel(s, r)) < error * size);
        }
      }
    }
  }
}

TEST_CASE("on the unit sphere both ways to the kernels agree to the rounding of a token") {
  const TokenBatch batch = some_tokens(20, 3, 4);
  for (const InfiniteLayer& unit :
       {InfiniteLayer{true, 0, 4, 3}, InfiniteLayer{true, 3, 4, 3}, InfiniteLayer{false, 0, 4, 3},
        InfiniteLayer{false, 0, 4, 3, true}}) {
    InfiniteLayer any = unit;
    any.unit_tokens = false;
    const Matrix<double> a = kernel_of(unit, batch), b = kernel_of(any, batch);
    for (std::size_t s = 0; s < 20; ++s) {
      for (std::size_t r = 0; r < 20; ++r) CHECK(std::abs(a(s, r) - b(s, r)) < 2e-6);
    }
  }
}

// As for the sphere above: 20000 units, six standard errors, 4 x 21 entries.
TEST_CASE("kernels of clustered tokens with positions are the mean over random heads") {
  constexpr std::size_t kUnits = 20000, kSamples = 6, kDim = 3, kKeys = 4;
  const TokenWorld world{.law = TokenLaw::kClustered, .centres = 2, .positions = true};
  TokenBatch batch = draw_tokens(world, {8, 1, 2, kSamples, kKeys, kDim});
  add_positions(world, 8, 2, batch);
  for (const InfiniteLayer& limit : {InfiniteLayer{true, 0, kDim, kKeys, false, false},
                                     InfiniteLayer{true, 3, kDim, kKeys, false, false},
                                     InfiniteLayer{false, 0, kDim, kKeys, false, false},
                                     InfiniteLayer{false, 0, kDim, kKeys, true, false}}) {
    RandomFeatureLayer layer;
    layer.attention = limit.attention;
    layer.pooled = limit.pooled;
    layer.mean_scale = limit.mean_scale;
    layer.dim = kDim;
    layer.keys = kKeys;
    layer.units = kUnits;
    layer.seed = 12;
    const FeatureBlock block(layer, 0, kUnits);
    Matrix<float> features(kSamples, block.features());
    block.apply(batch, 0, features.view());
    const Matrix<double> kernel = kernel_of(limit, batch);
    for (std::size_t s = 0; s < kSamples; ++s) {
      for (std::size_t r = 0; r <= s; ++r) {
        std::vector<double> units(kUnits);
        for (std::size_t m = 0; m < kUnits; ++m) {
          for (std::size_t a = 0; a <= kDim; ++a) {
            units[m] += static_cast<double>(features(s, a * kUnits + m)) *
                        static_cast<double>(features(r, a * kUnits + m));
          }
          if (!limit.attention) units[m] /= kDim + 1;  // neurons of a unit
        }
        const Estimate found = mean_and_error(units);
        CHECK(std::abs(found.mean - kernel(s, r)) < 6 * found.std_error + 1e-6);
      }
    }
  }
}

TEST_CASE("kernel matrices are symmetric and positive semidefinite, with repeated samples too") {
  for (const auto& [dim, keys] : {std::pair<std::size_t, std::size_t>{1, 1}, {2, 4}, {6, 3}}) {
    const TokenBatch batch = some_tokens(60, keys, dim);  // d = 1: only four different samples
    for (const double mean : {-1.0, 0.0, 1.0, 4.0}) {
      const InfiniteLayer layer{mean >= 0, std::max(mean, 0.0), dim, keys};
      const Matrix<double> kernel = kernel_of(layer, batch);
      double trace = 0, asymmetry = 0;
      for (std::size_t s = 0; s < 60; ++s) {
        trace += kernel(s, s);
        for (std::size_t r = 0; r < s; ++r) {
          asymmetry = std::max(asymmetry, std::abs(kernel(s, r) - kernel(r, s)));
        }
      }
      CHECK(asymmetry < 1e-13 * trace);
      Cholesky factor(60);
      factor.start(kernel.view(), 1e-12 * trace);
      CAPTURE(dim);
      CAPTURE(mean);
      CHECK(factor.run() == Cholesky::State::kDone);
    }
  }
}

TEST_CASE("the pooled network's kernel equals the definition, in tiles and for any block") {
  for (const auto& [dim, keys] : {std::pair<std::size_t, std::size_t>{1, 1}, {5, 3}, {3, 40}}) {
    const TokenBatch batch = some_tokens(30, keys, dim);
    const InfiniteLayer layer{false, 0, dim, keys, true};
    const Matrix<double> kernel = kernel_of(layer, batch);
    const KernelSamples samples = kernel_samples(layer, batch, 0, batch.count);
    Matrix<double> block(4, 7);
    kernel_block(layer, samples, 11, samples, 20, block.view());
    for (std::size_t s = 0; s < 4; ++s) {
      for (std::size_t r = 0; r < 7; ++r) {
        CHECK(std::abs(plain_kernel(layer, batch, 11 + s, 20 + r) - block(s, r)) < 1e-13L);
        CHECK(kernel(11 + s, 20 + r) == block(s, r));
      }
    }
  }
}

TEST_CASE("one key in one dimension: the kernel of a sample with itself is 1") {
  // xt_0 and xt_1 have squared length 2, so rho = 1, kappa(1) = 1/2 and <xt_1, xt_1> = 2.
  const TokenBatch batch = some_tokens(1, 1, 1);
  CHECK(kernel_of({true, 0, 1, 1}, batch)(0, 0) == doctest::Approx(1.0).epsilon(1e-14));
  CHECK(kernel_of({false, 0, 1, 1}, batch)(0, 0) == doctest::Approx(0.5).epsilon(1e-14));
}

TEST_CASE("targets with fused multiply-add give the same kernel bits") {
  const TokenBatch batch = some_tokens(20, 5, 2);
  const test::TargetGuard guard;
  std::vector<std::uint64_t> fused;
  for (const SimdTarget& target : available_targets()) {
    force_target(target);
    test::Fingerprint bits;
    for (const double mean : {0.0, 2.0}) {
      const Matrix<double> kernel = kernel_of({true, mean, 2, 5}, batch);
      for (const double value : kernel.values()) bits.add(value);
    }
    if (std::string_view(target.name).starts_with("avx")) fused.push_back(bits.value());
  }
  for (const std::uint64_t value : fused) CHECK(value == fused.front());
}
