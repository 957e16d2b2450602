// Exact affine levels: the formulas and values of docs/derivations-random-features.md, and a
// regression that has to find them.
#include "core/random_features/targets.h"

#include <doctest/doctest.h>

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>

#include "core/numerics/random.h"
#include "core/random_features/fit/infinite_width.h"
#include "core/random_features/fit/nested_fit.h"

using namespace attnlab;
using namespace attnlab::random_features;

namespace {

/// Squared norm of a function in the space of a kernel, from below: y^T (K + s I)^-1 y for values y
/// on random samples.
double squared_norm(const InfiniteLayer& layer, const Target& target, double degree,
                    std::size_t samples) {
  const TokenBatch batch = draw_sphere_tokens(4, 1, 0, samples, layer.keys, layer.dim);
  const std::vector<double> values =
      target_values(target, draw_target(4, 0, layer.dim), batch, degree);
  const KernelSamples ready = kernel_samples(layer, batch, 0, samples);
  Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor> kernel(samples, samples);
  kernel_block(layer, ready, 0, ready, 0, {kernel.data(), samples, samples, samples});
  kernel.diagonal().array() += 1e-7;
  const Eigen::Map<const Eigen::VectorXd> y(values.data(), static_cast<Eigen::Index>(samples));
  return y.dot(kernel.llt().solve(y));
}

double level(const char* id, int degree, std::size_t keys = 16, std::size_t dim = 16) {
  return find_target(id)->affine_level(keys, dim, degree);
}

}  // namespace

TEST_CASE("affine levels at d = N = 16 are the rational numbers of the derivation") {
  CHECK(level("mean-power", 1) == doctest::Approx(0.0).epsilon(1e-12));
  for (const int p : {2, 4, 6}) CHECK(level("mean-power", p) == 1.0);
  CHECK(level("mean-power", 3) == doctest::Approx(1.0 / 3).epsilon(1e-12));
  CHECK(level("correlation-value", 1) == doctest::Approx(0.484).epsilon(1e-3));
  CHECK(level("correlation-value", 2) == doctest::Approx(0.625).epsilon(1e-12));
  CHECK(level("correlation-value", 3) == doctest::Approx(0.590).epsilon(1e-3));
  CHECK(level("correlation-value", 4) == doctest::Approx(0.869).epsilon(1e-3));
}

TEST_CASE("affine levels follow the derivation's formulas for any d and N") {
  for (const std::size_t dim : {2, 3, 10, 64}) {
    for (const std::size_t keys : {1, 5, 40}) {
      const double d = static_cast<double>(dim), n = static_cast<double>(keys);
      CHECK(level("mean-power", 3, keys, dim) == doctest::Approx(1 - 9.0 / 15 * (d + 4) / (d + 2)));
      double v0 = 1 / (d * d * d), v1 = (1 / (d * d) - 1 / (d * d * d)) / n;
      CHECK(level("correlation-value", 1, keys, dim) == doctest::Approx(v1 / (v1 + v0)));
      CHECK(level("correlation-value", 2, keys, dim) ==
            doctest::Approx(1 - 1 / (d * d * d) / ((3 + 12 / d) / (d * (d + 2) * (d + 4)))));
      v0 = 9 / (d * d * d * (d + 2) * (d + 2));
      v1 = ((15 + 90 / d) / (d * (d + 2) * (d + 4) * (d + 6)) - v0) / n;
      CHECK(level("correlation-value", 3, keys, dim) == doctest::Approx(v1 / (v0 + v1)));
      CHECK(
          level("correlation-value", 4, keys, dim) ==
          doctest::Approx(1 - 9 / (d * d * d * (d + 2) * (d + 2)) /
                                  ((105 + 840 / d) / (d * (d + 2) * (d + 4) * (d + 6) * (d + 8)))));
    }
  }
}

// A least-squares fit of all token coordinates on 40000 samples, tested on 40000 fresh ones. Its
// excess over the best affine function is (inputs / samples) = 4e-4 of the variance; the sampling
// error of a ratio of two variances of these bounded-kurtosis targets is below 0.02 (six standard
// errors, from the spread over seeds: one failure in more than a million runs).
TEST_CASE("a regression on all tokens finds the affine level of every target and degree") {
  const std::size_t dim = 4, keys = 3, count = 40000;
  const TokenBatch train = draw_sphere_tokens(1, 1, 0, count, keys, dim);
  const TokenBatch test = draw_sphere_tokens(1, 2, 0, count, keys, dim);
  const TargetDraw draw = draw_target(1, 0, dim);
  const auto design = [&](const TokenBatch& batch) {
    Eigen::MatrixXd x(batch.count, batch.sample_size() + 1);
    for (std::size_t i = 0; i < batch.count; ++i) {
      for (std::size_t j = 0; j < batch.sample_size(); ++j) x(i, j) = batch.sample(i)[j];
      x(i, batch.sample_size()) = 1;
    }
    return x;
  };
  const Eigen::MatrixXd a = design(train), b = design(test);
  const Eigen::LLT<Eigen::MatrixXd> normal(a.transpose() * a);
  for (const Target& target : targets()) {
    for (int degree = 1; degree <= 6 && target.affine_level != nullptr; ++degree) {
      const std::vector<double> y = target_values(target, draw, train, degree);
      const std::vector<double> truth = target_values(target, draw, test, degree);
      const Eigen::Map<const Eigen::VectorXd> labels(y.data(), static_cast<Eigen::Index>(count));
      const Eigen::VectorXd prediction = b * normal.solve(a.transpose() * labels);
      const double found = relative_error({prediction.data(), count}, truth);
      CAPTURE(target.id);
      CAPTURE(degree);
      CHECK(std::abs(found - target.affine_level(keys, dim, degree)) < 0.02);
    }
  }
}

TEST_CASE("the relative error of a constant predictor is exactly 1") {
  std::vector<double> truth(1000);
  RandomStream(3, 1, 4).fill_normal(truth);
  double mean = 0;
  for (const double value : truth) mean += value - truth[0];
  mean = truth[0] + mean / static_cast<double>(truth.size());
  CHECK(relative_error(std::vector<double>(truth.size(), mean), truth) == 1.0);
  CHECK(relative_error(truth, truth) == 0.0);
  CHECK(std::isnan(relative_error(truth, std::vector<double>(truth.size(), 0.1))));
}

TEST_CASE("the moments of a coordinate on the sphere have the closed form") {
  CHECK(sphere_moment(2, 16) == doctest::Approx(1.0 / 16));
  CHECK(sphere_moment(4, 16) == doctest::Approx(3.0 / (16 * 18)));
  CHECK(sphere_moment(6, 5) == doctest::Approx(15.0 / (5 * 7 * 9)));
  CHECK(sphere_moment(3, 5) == 0);
  for (int k = 0; k <= 12; k += 2) CHECK(sphere_moment(k, 1) == 1);
}

// 40000 samples: six standard errors of a variance of these bounded targets are below 12 %
// (kurtosis below 15), so a correct formula fails less than once in a million seeds.
TEST_CASE("the variances next to the norms equal sample variances") {
  const std::size_t dim = 4, keys = 3, count = 40000;
  const TokenBatch batch = draw_sphere_tokens(1, 2, 0, count, keys, dim);
  const TargetDraw draw = draw_target(1, 0, dim);
  for (const Target& target : targets()) {
    for (int degree = 1; degree <= 4 && target.norms != nullptr; ++degree) {
      const std::vector<double> values = target_values(target, draw, batch, degree);
      double mean = 0, variance = 0;
      for (const double value : values) mean += value / count;
      for (const double value : values) variance += (value - mean) * (value - mean) / count;
      CAPTURE(target.id);
      CAPTURE(degree);
      CHECK(variance == doctest::Approx(target.norms->variance(keys, dim, degree)).epsilon(0.12));
    }
  }
}

// Orders of norms are stated up to factors that do not contain N. Norms measured on a finite sample
// are bounds from below, nearly reached at d = 2.
TEST_CASE("RFMLP's norm over RFA's grows with the number of keys as derived") {
  const std::size_t dim = 2, samples = 400, few = 2, many = 8;
  const auto growth = [&](const Target& target, double degree) {
    const auto ratio = [&](std::size_t keys) {
      return squared_norm({false, 0, dim, keys}, target, degree, samples) /
             squared_norm({true, 0, dim, keys}, target, degree, samples);
    };
    return ratio(many) / ratio(few);
  };
  for (const double degree : {1.0, 2.0}) {
    const Target& target = *find_target("mean-power");
    const double derived =
        target.norms->rfmlp_over_rfa(many, degree) / target.norms->rfmlp_over_rfa(few, degree);
    CAPTURE(degree);
    CHECK(growth(target, degree) == doctest::Approx(derived).epsilon(0.35));
  }
}

TEST_CASE("targets that are constant in one dimension say so, and only they") {
  const TokenBatch batch = draw_sphere_tokens(3, 1, 0, 64, 3, 1);
  const TargetDraw draw = draw_target(3, 0, 1);
  for (const Target& target : targets()) {
    for (int degree = 1; degree <= 6; ++degree) {
      const std::vector<double> values = target_values(target, draw, batch, degree);
      const auto [low, high] = std::minmax_element(values.begin(), values.end());
      CAPTURE(target.id);
      CAPTURE(degree);
      CHECK(target.constant_at_dim_one(degree) == (*high - *low < 1e-9));
    }
  }
}
