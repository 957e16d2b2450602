// Fits of centred labels against kernel ridge regressions written from the definition: a dense
// solve in double for every size and ridge parameter.
#include <doctest/doctest.h>

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>

#include "core/numerics/random.h"
#include "core/random_features/fit/nested_fit.h"
#include "core/random_features/models.h"
#include "core/random_features/targets.h"

using namespace attnlab;
using namespace attnlab::random_features;

namespace {

constexpr std::size_t kDim = 3, kKeys = 4, kTests = 80;

/// Noisy labels of two targets far from zero, for nested training sets of the given sizes.
struct Case {
  TokenBatch train, test;
  Matrix<double> labels, truth;
  NestedFitProblem problem;

  Case(const char* model, std::size_t units, std::vector<std::size_t> sizes, RidgeChoice ridge) {
    train = draw_sphere_tokens(8, 1, 0, sizes.back(), kKeys, kDim);
    test = draw_sphere_tokens(8, 2, 0, kTests, kKeys, kDim);
    labels = values(train);
    truth = values(test);
    std::vector<double> noise(labels.size());
    RandomStream(8, 3, 0).fill_normal(noise);
    for (std::size_t i = 0; i < labels.size(); ++i) labels.data()[i] += 0.1 * noise[i];
    problem = {make_layer(*find_random_feature_model(model), {kDim, kKeys, units, 4.0}, 8, 0),
               &train,
               &test,
               &labels,
               &truth,
               std::move(sizes),
               ridge};
  }
  Case(const Case&) = delete;

  static Matrix<double> values(const TokenBatch& batch) {
    const TargetDraw draw = draw_target(8, 0, kDim);
    Matrix<double> columns(batch.count, 2);
    for (std::size_t i = 0; i < batch.count; ++i) {
      columns(i, 0) = 30 + target_values(targets()[0], draw, batch, 2)[i];
      columns(i, 1) = -7 + target_values(targets()[1], draw, batch, 1)[i];
    }
    return columns;
  }
};

std::vector<FitPoint> solve(const Case& c) {
  std::vector<FitPoint> points;
  JobSteps steps = fit_nested(c.problem, points);
  while (steps.step() == JobSteps::State::kRunning) {
  }
  REQUIRE(steps.state() == JobSteps::State::kDone);
  return points;
}

using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

RowMajor kernel_matrix(const InfiniteLayer& layer, const TokenBatch& a, const TokenBatch& b) {
  RowMajor kernel(a.count, b.count);
  kernel_block(layer, kernel_samples(layer, a, 0, a.count), 0, kernel_samples(layer, b, 0, b.count),
               0, {kernel.data(), a.count, b.count, b.count});
  return kernel;
}

/// Ridge regression of centred labels for a kernel given as matrices, from the definition.
struct Slow {
  RowMajor gram, cross;
  const Case& c;

  explicit Slow(const Case& of)
      : gram(kernel_matrix(std::get<InfiniteLayer>(of.problem.layer), of.train, of.train)),
        cross(kernel_matrix(std::get<InfiniteLayer>(of.problem.layer), of.test, of.train)),
        c(of) {}

  Eigen::VectorXd predict(const RowMajor& rows, std::size_t n, double strength, int target) const {
    const auto size = static_cast<Eigen::Index>(n);
    Eigen::VectorXd y(size);
    for (Eigen::Index i = 0; i < size; ++i) y(i) = c.labels(static_cast<std::size_t>(i), target);
    const double mean = c.problem.intercept == Intercept::kFree ? y.mean() : 0;
    Eigen::MatrixXd shifted = gram.topLeftCorner(size, size);
    shifted.diagonal().array() += strength * gram.trace() / static_cast<double>(gram.rows());
    const Eigen::VectorXd centred = y.array() - mean;
    return (rows.leftCols(size) * shifted.ldlt().solve(centred)).array() + mean;
  }

  double test_error(std::size_t n, double strength, int target) const {
    const Eigen::VectorXd prediction = predict(cross, n, strength, target);
    std::vector<double> truth(kTests);
    for (std::size_t i = 0; i < kTests; ++i) truth[i] = c.truth(i, target);
    return relative_error({prediction.data(), kTests}, truth);
  }

  /// Mean squared residual over the n samples, with their noise, divided by the variance of the
  /// target on the test set.
  double training_error(std::size_t n, double strength, int target) const {
    const RowMajor rows = gram.topRows(static_cast<Eigen::Index>(n));
    const Eigen::VectorXd prediction = predict(rows, n, strength, target);
    double squares = 0, mean = 0, variance = 0;
    for (std::size_t i = 0; i < n; ++i) {
      squares += std::pow(prediction(static_cast<Eigen::Index>(i)) - c.labels(i, target), 2);
    }
    for (std::size_t i = 0; i < kTests; ++i) mean += c.truth(i, target) / kTests;
    for (std::size_t i = 0; i < kTests; ++i) variance += std::pow(c.truth(i, target) - mean, 2);
    return squares / static_cast<double>(n) / (variance / kTests);
  }

  /// Squared error on the last fifth of the samples, at least one, of a fit to the others.
  double held_error(std::size_t n, double strength, int target) const {
    const std::size_t samples = n / c.problem.copies;
    if (samples < 2) return 0;
    const std::size_t held = std::max<std::size_t>(1, samples / 5) * c.problem.copies;
    const auto first = static_cast<Eigen::Index>(n - held);
    const RowMajor rows = gram.middleRows(first, static_cast<Eigen::Index>(held));
    const Eigen::VectorXd prediction = predict(rows, n - held, strength, target);
    double error = 0;
    for (std::size_t i = 0; i < held; ++i) {
      error +=
          std::pow(prediction(static_cast<Eigen::Index>(i)) - c.labels(n - held + i, target), 2);
    }
    return error;
  }
};

/// Checks that by `error_of` the chosen ridge parameter is no worse than its grid neighbours.
template <class Error>
void check_choice(double chosen, Error error_of) {
  const std::vector<double> grid = ridge_grid();
  const auto at = std::find(grid.begin(), grid.end(), chosen);
  REQUIRE(at != grid.end());
  const double own = error_of(chosen);
  if (at != grid.begin()) CHECK(own <= error_of(at[-1]) * (1 + 1e-6));
  if (at + 1 != grid.end()) CHECK(own <= error_of(at[1]) * (1 + 1e-6));
}

}  // namespace

TEST_CASE("a centred fit is the dense ridge regression of centred labels, for every ridge rule") {
  for (const char* model : {"rfa-kernel", "brfa-kernel", "rfmlp-kernel", "invariant-kernel"}) {
    for (const Intercept intercept : {Intercept::kFree, Intercept::kPenalised}) {
      for (const RidgeChoice ridge : {RidgeChoice{RidgeChoice::Rule::kFixed, 1e-3},
                                      RidgeChoice{RidgeChoice::Rule::kOracle, 0},
                                      RidgeChoice{RidgeChoice::Rule::kValidation, 0}}) {
        Case c(model, 1, {1, 2, 9, 40, 100}, ridge);
        c.problem.intercept = intercept;
        const std::vector<FitPoint> points = solve(c);
        const Slow slow(c);
        for (std::size_t i = 0; i < points.size(); ++i) {
          const std::size_t n = c.problem.sizes[i / 2];
          const int target = static_cast<int>(i % 2);
          const double strength = points[i].strength;
          CAPTURE(model);
          CAPTURE(n);
          CAPTURE(strength);
          CHECK(points[i].test_error ==
                doctest::Approx(slow.test_error(n, strength, target)).epsilon(1e-5));
          // A centred single label is 0, and so is its residual.
          const double training = slow.training_error(n, strength, target);
          CHECK(std::abs(points[i].training_error - training) <= 1e-6 * training + 1e-18);
          if (ridge.rule == RidgeChoice::Rule::kOracle) {
            check_choice(strength, [&](double s) { return slow.test_error(n, s, target); });
          }
          if (ridge.rule == RidgeChoice::Rule::kValidation) {
            check_choice(strength, [&](double s) { return slow.held_error(n, s, target); });
          }
        }
      }
    }
  }
}

TEST_CASE("copies of a sample stay on one side of the validation split") {
  // 7 and 13 samples of three rows each: a fifth of the rows would separate a sample from its
  // copies.
  Case c("rfmlp-kernel", 1, {3, 21, 39, 90}, {RidgeChoice::Rule::kValidation, 0});
  c.problem.copies = 3;
  for (std::size_t i = 0; i < c.train.count; ++i) {  // rows of a sample are alike
    const std::size_t first = i / 3 * 3;
    std::copy_n(c.train.sample(first), c.train.sample_size(),
                c.train.values.data() + i * c.train.sample_size());
    for (int j = 0; j < 2; ++j) c.labels(i, j) = c.labels(first, j);
  }
  const std::vector<FitPoint> points = solve(c);
  const Slow slow(c);
  for (std::size_t i = 0; i < points.size(); ++i) {
    const std::size_t n = c.problem.sizes[i / 2];
    const int target = static_cast<int>(i % 2);
    CAPTURE(n);
    CHECK(points[i].test_error ==
          doctest::Approx(slow.test_error(n, points[i].strength, target)).epsilon(1e-5));
    CHECK(points[i].training_error ==
          doctest::Approx(slow.training_error(n, points[i].strength, target)).epsilon(1e-6));
    check_choice(points[i].strength, [&](double s) { return slow.held_error(n, s, target); });
  }
}

// Features are f32: without centring, labels of size 100 would lose four digits.
TEST_CASE(
    "with a free constant a shift of the labels changes nothing, in the dual, the primal and "
    "mixed") {
  for (const std::size_t units : {6, 40}) {  // 24 and 160 features for sizes 10 .. 90
    for (const auto rule : {RidgeChoice::Rule::kOracle, RidgeChoice::Rule::kValidation}) {
      Case near("rfa", units, {10, 30, 90}, {rule, 0}), far("rfa", units, {10, 30, 90}, {rule, 0});
      for (double& label : far.labels.values()) label += 100;
      for (double& value : far.truth.values()) value += 100;
      const std::vector<FitPoint> a = solve(near), b = solve(far);
      for (std::size_t i = 0; i < a.size(); ++i) {
        CHECK(a[i].strength == b[i].strength);
        CHECK(a[i].test_error == doctest::Approx(b[i].test_error).epsilon(1e-5));
      }
      near.problem.intercept = far.problem.intercept = Intercept::kPenalised;
      const std::vector<FitPoint> c = solve(near), d = solve(far);
      CHECK(c[0].test_error != doctest::Approx(d[0].test_error).epsilon(0.01));
    }
  }
}

TEST_CASE("with a single sample a centred fit predicts its label") {
  Case c("rfa", 40, {1}, {RidgeChoice::Rule::kValidation, 0});
  const std::vector<FitPoint> points = solve(c);
  for (int j = 0; j < 2; ++j) {
    std::vector<double> truth(kTests);
    for (std::size_t i = 0; i < kTests; ++i) truth[i] = c.truth(i, j);
    CHECK(points[j].test_error ==
          doctest::Approx(relative_error(std::vector<double>(kTests, c.labels(0, j)), truth)));
  }
}
