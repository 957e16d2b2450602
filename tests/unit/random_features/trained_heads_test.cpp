// Trained heads: the loss and its gradients by hand against a slow oracle and finite differences,
// Adam and gradient descent, the alignment of heads, and ridge regression on features in double.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "core/numerics/random.h"
#include "core/random_features/fit/nested_fit.h"
#include "core/random_features/trained_heads.h"
#include "core/random_features/trained_ridge.h"

using namespace attnlab;
using namespace attnlab::random_features;

namespace {

constexpr std::uint32_t kDomain = hash_name("test/trained-heads");

struct Sizes {
  std::size_t dim, keys, heads, samples;
};

/// A layer with random values, its samples and random labels.
struct Example {
  explicit Example(const Sizes& sizes, std::uint64_t seed = 5)
      : layer{.dim = sizes.dim, .keys = sizes.keys, .units = sizes.heads, .seed = seed},
        batch(draw_sphere_tokens(seed, kDomain, 0, sizes.samples, sizes.keys, sizes.dim)),
        inputs(head_inputs(batch)),
        weights(start_weights(layer)),
        labels(sizes.samples) {
    RandomStream stream(seed, kDomain, 1);
    stream.fill_normal(weights.values.values());
    stream.fill_normal(std::span<double>(labels));
  }
  RandomFeatureLayer layer;
  TokenBatch batch;
  HeadInputs inputs;
  HeadWeights weights;
  std::vector<double> labels;
};

/// The definition, one product at a time.
double slow_output(const Example& example, const HeadWeights& weights, std::size_t sample) {
  const std::size_t width = weights.width, keys = example.batch.keys;
  const auto token = [&](std::size_t index, std::size_t a) {
    return a == width - 1 ? 1.0 : static_cast<double>(example.batch.token(sample, index)[a]);
  };
  double output = 0;
  for (std::size_t m = 0; m < weights.heads; ++m) {
    for (std::size_t i = 1; i <= keys; ++i) {
      double score = 0, read = 0;
      for (std::size_t a = 0; a < width; ++a) {
        for (std::size_t b = 0; b < width; ++b) {
          score += token(0, a) * weights.entry(m, a, b) * token(i, b);
        }
        read += weights.values(a, m) * token(i, a);
      }
      output += std::max(score, 0.0) * read / static_cast<double>(keys);
    }
  }
  return output;
}

double slow_loss(const Example& example, const HeadWeights& weights, std::size_t samples,
                 double penalty) {
  double squares = 0;
  for (std::size_t s = 0; s < samples; ++s) {
    const double residual = slow_output(example, weights, s) - example.labels[s];
    squares += residual * residual;
  }
  for (const double value : weights.values.values()) squares += penalty * value * value;
  return squares / (2 * static_cast<double>(samples));
}

double dot(std::span<const double> a, std::span<const double> b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

double norm(std::span<const double> a) {
  return std::sqrt(dot(a, a));
}

RidgeFit run_ridge(const Matrix<double>& features, const std::vector<double>& labels,
                   std::size_t fitted, const std::vector<double>& strengths) {
  WorkMeter meter(1, kRidgeStep);
  RidgeFit result;
  const auto job = [&]() -> JobSteps {
    Steps<RidgeFit> fitting = ridge_fit(features.view(), labels, fitted, strengths, meter);
    result = co_await fitting;
    co_return JobResult{};
  };
  JobSteps steps = job();
  while (steps.step() == JobSteps::State::kRunning) {
  }
  REQUIRE(steps.state() == JobSteps::State::kDone);
  return result;
}

}  // namespace

TEST_CASE("the gradients of trained heads are those of finite differences") {
  // The last sizes need more than one block of samples.
  for (const Sizes& sizes :
       {Sizes{1, 1, 1, 3}, Sizes{3, 4, 2, 7}, Sizes{4, 1, 5, 20}, Sizes{2, 6, 3, 300}}) {
    for (const double penalty : {0.0, 0.7}) {
      CAPTURE(sizes.dim);
      CAPTURE(penalty);
      const Example example(sizes);
      HeadGradient gradient;
      const double loss =
          head_loss(example.inputs, example.labels, example.weights, penalty, &gradient);
      CHECK(loss == doctest::Approx(slow_loss(example, example.weights, sizes.samples, penalty))
                        .epsilon(1e-12));
      // Central differences of step h in a piecewise polynomial: error h^2, and rounding 1e-16 / h.
      constexpr double kStep = 1e-5;
      HeadWeights moved = example.weights.clone();
      const auto check = [&](double& entry, double slope) {
        const double before = entry;
        entry = before + kStep;
        const double above = slow_loss(example, moved, sizes.samples, penalty);
        entry = before - kStep;
        const double below = slow_loss(example, moved, sizes.samples, penalty);
        entry = before;
        CHECK(slope == doctest::Approx((above - below) / (2 * kStep)).epsilon(1e-6).scale(1));
      };
      for (std::size_t j = 0; j < moved.matrices.size(); ++j) {
        check(moved.matrices.data()[j], gradient.matrices.data()[j]);
      }
      for (std::size_t j = 0; j < moved.values.size(); ++j) {
        check(moved.values.data()[j], gradient.values.data()[j]);
      }
    }
  }
}

TEST_CASE("the loss counts the first samples only, and without a gradient is the same") {
  const Example example({3, 4, 2, 40});
  const std::span<const double> few = std::span<const double>(example.labels).first(11);
  HeadGradient gradient;
  const double loss = head_loss(example.inputs, few, example.weights, 0.3, &gradient);
  CHECK(loss == head_loss(example.inputs, few, example.weights, 0.3, nullptr));
  CHECK(loss == doctest::Approx(slow_loss(example, example.weights, 11, 0.3)).epsilon(1e-12));
}

TEST_CASE("a head is homogeneous in its matrix and in its values: both gradients say so alike") {
  const Example example({5, 3, 4, 50});
  HeadGradient gradient;
  head_loss(example.inputs, example.labels, example.weights, 0, &gradient);
  for (std::size_t m = 0; m < 4; ++m) {
    double by_matrix = 0, by_value = 0;
    for (std::size_t a = 0; a < 6; ++a) {
      by_value += gradient.values(a, m) * example.weights.values(a, m);
      for (std::size_t b = 0; b < 6; ++b) {
        by_matrix += gradient.matrices(a, b * 4 + m) * example.weights.entry(m, a, b);
      }
    }
    CHECK(by_matrix == doctest::Approx(by_value).epsilon(1e-10));
  }
}

TEST_CASE("features of heads at the start are those of the frozen layer, to single precision") {
  const Example example({6, 5, 7, 200});
  const Matrix<double> features = head_features(example.inputs, example.weights);
  Matrix<float> frozen(200, example.layer.feature_count());
  FeatureBlock(example.layer, 0, 7).apply(example.batch, 0, frozen.view());
  double largest = 0, difference = 0;
  for (std::size_t j = 0; j < features.size(); ++j) {
    largest = std::max(largest, std::abs(features.data()[j]));
    difference =
        std::max(difference, std::abs(features.data()[j] - static_cast<double>(frozen.data()[j])));
  }
  CHECK(difference < 2e-6 * largest);
  for (const std::size_t sample : {0, 130, 199}) {
    CHECK(dot(features.row(sample), example.weights.values.values()) ==
          doctest::Approx(slow_output(example, example.weights, sample)).epsilon(1e-12));
  }
}

TEST_CASE("Adam lowers the loss, and the scale of the labels does not matter") {
  const Example example({4, 3, 6, 60});
  const auto trained = [&](double scale) {
    std::vector<double> labels = example.labels;
    for (double& label : labels) label *= scale;
    HeadWeights start = example.weights.clone();
    for (double& value : start.values.values()) value *= scale;
    HeadTrainer trainer(example.inputs, labels, std::move(start), 0.1, 0.02);
    const double first = trainer.step();
    for (int step = 1; step < 50; ++step) trainer.step();
    CHECK(trainer.steps_done() == 50);
    CHECK(head_loss(example.inputs, labels, trainer.weights(), 0.1, nullptr) < 0.5 * first);
    return trainer.weights().clone();
  };
  const HeadWeights one = trained(1), other = trained(1024);  // a power of two: the same digits
  for (std::size_t j = 0; j < one.matrices.size(); ++j) {
    CHECK(one.matrices.data()[j] == doctest::Approx(other.matrices.data()[j]).epsilon(1e-9));
  }
  // The first step of Adam is the rate times the root mean square of the start, in every entry.
  HeadTrainer trainer(example.inputs, example.labels, example.weights.clone(), 0, 0.02);
  trainer.step();
  double largest = 0;
  for (std::size_t j = 0; j < one.matrices.size(); ++j) {
    largest = std::max(largest, std::abs(trainer.weights().matrices.data()[j] -
                                         example.weights.matrices.data()[j]));
  }
  const double unit = norm(example.weights.matrices.values()) /
                      std::sqrt(static_cast<double>(example.weights.matrices.size()));
  CHECK(largest <= 0.02 * unit * (1 + 1e-12));
  CHECK(largest > 0.99 * 0.02 * unit);
}

TEST_CASE("without values or with labels that are met nothing is learned and nothing is NaN") {
  Example example({4, 3, 6, 30});
  example.weights.values.set_zero();
  HeadTrainer trainer(example.inputs, example.labels, example.weights.clone(), 0.1, 0.5);
  for (int step = 0; step < 3; ++step) trainer.step();
  CHECK(std::ranges::equal(trainer.weights().matrices.values(), example.weights.matrices.values()));
  CHECK(std::ranges::equal(
      descended(example.inputs, example.labels, example.weights, 2, 1).matrices.values(),
      example.weights.matrices.values()));
  CHECK(std::isnan(alignment_of(example.weights, std::vector<double>{1, 0, 0, 0}).key));
}

TEST_CASE("the first step of gradient descent has the length asked for, along the gradient") {
  const Example example({4, 3, 6, 60});
  HeadGradient gradient;
  const double before = head_loss(example.inputs, example.labels, example.weights, 0, &gradient);
  for (const double size : {0.001, 0.3}) {
    const HeadWeights moved = descended(example.inputs, example.labels, example.weights, 1, size);
    std::vector<double> change(moved.matrices.size());
    for (std::size_t j = 0; j < change.size(); ++j) {
      change[j] = moved.matrices.data()[j] - example.weights.matrices.data()[j];
    }
    CHECK(norm(change) ==
          doctest::Approx(size * norm(example.weights.matrices.values())).epsilon(1e-9));
    CHECK(dot(change, gradient.matrices.values()) ==
          doctest::Approx(-norm(change) * norm(gradient.matrices.values())).epsilon(1e-9));
    CHECK(std::ranges::equal(moved.values.values(), example.weights.values.values()));
    if (size < 0.01) {
      CHECK(head_loss(example.inputs, example.labels, moved, 0, nullptr) < before);
      // The second step has the same rate, so that it is about as long.
      const HeadWeights twice = descended(example.inputs, example.labels, example.weights, 2, size);
      for (std::size_t j = 0; j < change.size(); ++j) {
        change[j] = twice.matrices.data()[j] - example.weights.matrices.data()[j];
      }
      CHECK(norm(change) ==
            doctest::Approx(2 * size * norm(example.weights.matrices.values())).epsilon(0.02));
    }
  }
  CHECK(std::ranges::equal(
      descended(example.inputs, example.labels, example.weights, 0, 1).matrices.values(),
      example.weights.matrices.values()));
}

TEST_CASE("heads along beta have alignment 1, random heads their share of the dimensions") {
  const std::size_t dim = 4, width = 5;
  const std::vector<double> beta = {0.5, -0.5, 0.5, 0.5};
  const auto made = [&](auto entry) {
    HeadWeights weights{width, 1, Matrix<double>(width, width), Matrix<double>(width, 1)};
    for (std::size_t a = 0; a < width; ++a) {
      for (std::size_t b = 0; b < width; ++b) weights.entry(0, a, b) = entry(a, b);
      weights.values(a, 0) = a < dim ? 3 * beta[a] : 0;
    }
    return weights;
  };
  const auto bar = [&](std::size_t a) { return a < dim ? beta[a] : 0.0; };
  const HeadAlignment key = alignment_of(
      made([&](std::size_t a, std::size_t b) { return (a == dim ? 2.0 : 0.0) * bar(b); }), beta);
  CHECK(key.key == doctest::Approx(1));
  CHECK(key.value == doctest::Approx(1));
  CHECK(key.query == doctest::Approx(0));
  CHECK(key.both == doctest::Approx(0));
  const HeadAlignment query = alignment_of(
      made([&](std::size_t a, std::size_t b) { return bar(a) * (b == dim ? 2.0 : 0.0); }), beta);
  CHECK(query.query == doctest::Approx(1));
  CHECK(query.key == doctest::Approx(0));
  const HeadAlignment both =
      alignment_of(made([&](std::size_t a, std::size_t b) { return bar(a) * bar(b); }), beta);
  CHECK(both.both == doctest::Approx(1));
  CHECK(both.identity == doctest::Approx(0.25));
  const HeadAlignment same = alignment_of(
      made([&](std::size_t a, std::size_t b) { return a == b && a < dim ? -0.3 : 0.0; }), beta);
  CHECK(same.identity == doctest::Approx(1));
  CHECK(same.key == doctest::Approx(0.25));

  // 4000 random heads: the shares are means of Beta variables with deviations below 0.13, so that
  // six standard errors are 0.012: a correct program fails once in 1e8 runs, and the seed is fixed.
  HeadWeights random = start_weights({.dim = dim, .keys = 1, .units = 4000, .seed = 3});
  for (double& value : random.values.values()) value = 1;
  const HeadAlignment shares = alignment_of(random, beta);
  CHECK(shares.key == doctest::Approx(0.2).epsilon(0.06));
  CHECK(shares.query == doctest::Approx(0.2).epsilon(0.06));
  CHECK(std::abs(shares.both - 0.04) < 0.012);
  CHECK(std::abs(shares.identity - 0.04) < 0.012);
  // Rescaling a head's matrix against its values changes nothing.
  for (std::size_t a = 0; a < width; ++a) {
    for (std::size_t b = 0; b < width; ++b) random.entry(17, a, b) *= 8;
    random.values(a, 17) /= 8;
  }
  CHECK(alignment_of(random, beta).key == doctest::Approx(shares.key).epsilon(1e-12));
}

TEST_CASE("ridge regression in double meets its equations, with fewer and with more samples") {
  for (const std::size_t samples : {12, 40}) {  // 20 features: the dual and the primal system
    const Example example({4, 3, 4, samples});
    const Matrix<double> features = head_features(example.inputs, example.weights);
    const RidgeFit fit = run_ridge(features, example.labels, samples, {0.01});
    REQUIRE(fit.values.size() == 20);
    CHECK(fit.strength == 0.01);
    double diagonal = 0, label = 0;
    for (const double value : features.values()) diagonal += value * value;
    for (const double value : example.labels) label += value;
    CHECK(fit.penalty ==
          doctest::Approx(0.01 * diagonal / static_cast<double>(samples)).epsilon(1e-12));
    CHECK(fit.constant == doctest::Approx(label / static_cast<double>(samples)).epsilon(1e-12));
    const std::vector<double> predicted = predictions_of(fit, features.view());
    for (std::size_t j = 0; j < 20; ++j) {
      double moment = fit.penalty * fit.values[j];
      for (std::size_t i = 0; i < samples; ++i) {
        moment += features(i, j) * (predicted[i] - example.labels[i]);
      }
      CHECK(std::abs(moment) < 1e-10);
    }
  }
}

TEST_CASE("the ridge parameter is the one of least error on the held-out rows alone") {
  Example example({4, 3, 4, 60});
  const Matrix<double> features = head_features(example.inputs, example.weights);
  const std::vector<double> grid = ridge_grid();
  const RidgeFit chosen = run_ridge(features, example.labels, 48, grid);
  double least = std::numeric_limits<double>::infinity();
  for (const double strength : grid) {
    RidgeFit fit = run_ridge(features, example.labels, 48, {strength});
    const std::vector<double> predicted =
        predictions_of(fit, features.view().block(48, 0, 12, features.cols()));
    double squares = 0;
    for (std::size_t i = 0; i < 12; ++i) {
      squares += std::pow(predicted[i] - example.labels[48 + i], 2) / 12;
    }
    least = std::min(least, squares);
    if (strength != chosen.strength) continue;
    CHECK(fit.values == chosen.values);
    CHECK(squares == doctest::Approx(chosen.held_squares).epsilon(1e-12));
  }
  CHECK(chosen.held_squares == doctest::Approx(least).epsilon(1e-12));
}
