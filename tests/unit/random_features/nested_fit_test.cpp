// The nested ridge fit against one plain ridge regression for each size and ridge parameter.
#include "core/random_features/fit/nested_fit.h"

#include <doctest/doctest.h>

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>

#include "core/numerics/random.h"
#include "core/numerics/statistics.h"
#include "core/random_features/models.h"
#include "core/random_features/targets.h"

using namespace attnlab;
using namespace attnlab::random_features;

namespace {

struct Case {
  TokenBatch train, test;
  Matrix<double> labels, truth;
  NestedFitProblem problem;
};

// Filled in place: the problem points into the case. `noise` is the standard deviation of the label
// noise, relative to the labels. With noise no ridge parameter below 1e-5 is the best, so no
// comparison meets matrices whose f32 products lack precision.
void make_case(Case& c, const char* model, std::size_t units, std::vector<std::size_t> sizes,
               RidgeChoice ridge, double noise = 0) {
  const std::size_t dim = 4, keys = 3;
  c.train = draw_sphere_tokens(5, 1, 0, sizes.back(), keys, dim);
  c.test = draw_sphere_tokens(5, 2, 0, 60, keys, dim);
  const TargetDraw draw = draw_target(5, 0, dim);
  const auto values = [&](const TokenBatch& batch) {
    Matrix<double> columns(batch.count, 2);
    for (int j = 0; j < 2; ++j) {
      const auto column = target_values(targets()[j], draw, batch, 2);
      for (std::size_t i = 0; i < column.size(); ++i) columns(i, j) = column[i];
    }
    return columns;
  };
  c.labels = values(c.train);
  RandomStream stream(5, 3, 0);
  for (int j = 0; j < 2 && noise > 0; ++j) {
    std::vector<double> column(c.labels.rows());
    for (std::size_t i = 0; i < column.size(); ++i) column[i] = c.labels(i, j);
    const Estimate mean = mean_and_error(column);
    const double spread = mean.std_error * std::sqrt(static_cast<double>(column.size()));
    for (std::size_t i = 0; i < column.size(); ++i) {
      c.labels(i, j) += noise * spread * stream.normal();
    }
  }
  c.truth = values(c.test);
  const FrozenLayer layer =
      make_layer(*find_random_feature_model(model), {dim, keys, units, 4.0}, 5, 0);
  c.problem = {layer, &c.train, &c.test, &c.labels, &c.truth, std::move(sizes), ridge};
}

std::vector<FitPoint> solve(const Case& c) {
  std::vector<FitPoint> points;
  JobSteps steps = fit_nested(c.problem, points);
  double last = 0;
  while (steps.step() == JobSteps::State::kRunning) {
    CHECK(steps.fraction() >= last);
    CHECK(steps.fraction() <= 1);
    last = steps.fraction();
  }
  REQUIRE(steps.state() == JobSteps::State::kDone);
  return points;
}

Eigen::MatrixXd features(const RandomFeatureLayer& layer, const TokenBatch& batch) {
  Matrix<float> f(batch.count, layer.feature_count());
  FeatureBlock(layer, 0, layer.units).apply(batch, 0, f.view());
  Eigen::MatrixXd wide(f.rows(), f.cols());
  for (std::size_t i = 0; i < f.rows(); ++i) {
    for (std::size_t j = 0; j < f.cols(); ++j) wide(i, j) = static_cast<double>(f(i, j));
  }
  return wide;
}

struct PlainErrors {
  double test, training;
};

/// Errors of a ridge fit to the centred labels of the first n samples, in the primal, by LDL^T in
/// double.
PlainErrors plain_errors(const Case& c, std::size_t n, double strength, int target) {
  const auto& layer = std::get<RandomFeatureLayer>(c.problem.layer);
  const Eigen::MatrixXd f = features(layer, c.train);
  const Eigen::MatrixXd g = features(layer, c.test);
  const double scale = f.squaredNorm() / static_cast<double>(f.rows());
  const auto fn = f.topRows(static_cast<Eigen::Index>(n));
  Eigen::VectorXd y(n);
  for (std::size_t i = 0; i < n; ++i) y(i) = c.labels(i, target);
  const double constant = c.problem.intercept == Intercept::kFree ? y.mean() : 0;
  y.array() -= constant;
  Eigen::MatrixXd normal = fn.transpose() * fn;
  normal.diagonal().array() += strength * scale;
  const Eigen::VectorXd weights = normal.ldlt().solve(fn.transpose() * y);
  const Eigen::VectorXd prediction = (g * weights).array() + constant;
  std::vector<double> truth(c.truth.rows());
  for (std::size_t i = 0; i < truth.size(); ++i) truth[i] = c.truth(i, target);
  const Eigen::Map<const Eigen::VectorXd> true_values(truth.data(),
                                                      static_cast<Eigen::Index>(truth.size()));
  const double variance = (true_values.array() - true_values.mean()).square().mean();
  return {relative_error({prediction.data(), truth.size()}, truth),
          (fn * weights - y).squaredNorm() / static_cast<double>(n) / variance};
}

double plain_error(const Case& c, std::size_t n, double strength, int target) {
  return plain_errors(c, n, strength, target).test;
}

}  // namespace

TEST_CASE("nested fits equal plain ridge regressions in the dual, the primal and mixed") {
  for (const char* model : {"rfa", "brfa", "rfmlp", "rf-invariant", "brfa-softmax"}) {
    for (const std::size_t units : {6, 40}) {  // 30 and 200 features for sizes 10 .. 120
      Case c;
      make_case(c, model, units, {10, 25, 60, 120}, {RidgeChoice::Rule::kFixed, 1e-2});
      const std::vector<FitPoint> points = solve(c);
      for (std::size_t s = 0; s < 4; ++s) {
        for (int j = 0; j < 2; ++j) {
          CAPTURE(model);
          CAPTURE(units);
          CAPTURE(s);
          const PlainErrors expected = plain_errors(c, c.problem.sizes[s], 1e-2, j);
          CHECK(points[s * 2 + j].test_error == doctest::Approx(expected.test).epsilon(2e-4));
          CHECK(points[s * 2 + j].training_error ==
                doctest::Approx(expected.training).epsilon(2e-4));
          CHECK(points[s * 2 + j].strength == 1e-2);
        }
      }
    }
  }
}

TEST_CASE("the oracle takes the best ridge parameter, separately for every size and target") {
  Case c;
  make_case(c, "rfa", 40, {10, 60, 120}, {}, 0.5);
  const std::vector<FitPoint> points = solve(c);
  for (std::size_t s = 0; s < 3; ++s) {
    for (int j = 0; j < 2; ++j) {
      double best = 1e300, own = 0;
      for (const double strength : ridge_grid()) {
        const double error = plain_error(c, c.problem.sizes[s], strength, j);
        best = std::min(best, error);
        if (strength == points[s * 2 + j].strength) own = error;
      }
      CAPTURE(s);
      CAPTURE(j);
      CAPTURE(points[s * 2 + j].strength);
      CHECK(points[s * 2 + j].test_error == doctest::Approx(best).epsilon(1e-3));
      CHECK(own == doctest::Approx(best).epsilon(1e-3));
    }
  }
}

TEST_CASE("the training error is that of the fit with the chosen ridge parameter") {
  for (const auto rule : {RidgeChoice::Rule::kOracle, RidgeChoice::Rule::kValidation}) {
    for (const std::size_t units : {6, 40}) {  // 30 and 200 features: mixed, and all in the dual
      Case c;
      make_case(c, "rfa", units, {10, 25, 60, 120}, {rule, 0}, 0.5);
      const std::vector<FitPoint> points = solve(c);
      for (std::size_t i = 0; i < points.size(); ++i) {
        CAPTURE(units);
        CAPTURE(i);
        const PlainErrors expected =
            plain_errors(c, c.problem.sizes[i / 2], points[i].strength, static_cast<int>(i % 2));
        CHECK(points[i].training_error == doctest::Approx(expected.training).epsilon(2e-4));
      }
    }
  }
}

TEST_CASE("the search finds the same ridge parameter as trying all of them") {
  const std::vector<std::size_t> sizes = {4, 10, 25, 60, 120};
  for (const char* model : {"rfa", "brfa", "rfmlp", "rfa-softmax", "rfa-kernel"}) {
    Case searched;
    make_case(searched, model, 40, sizes, {});
    const std::vector<FitPoint> found = solve(searched);
    std::vector<FitPoint> best(found.size(), {1e300, 0, 0});
    for (const double strength : ridge_grid()) {
      Case fixed;
      make_case(fixed, model, 40, sizes, {RidgeChoice::Rule::kFixed, strength});
      const std::vector<FitPoint> points = solve(fixed);
      for (std::size_t i = 0; i < points.size(); ++i) {
        if (points[i].test_error <= best[i].test_error) best[i] = points[i];
      }
    }
    for (std::size_t i = 0; i < found.size(); ++i) {
      CAPTURE(model);
      CAPTURE(i);
      CHECK(found[i].test_error == best[i].test_error);
      CHECK(found[i].strength == best[i].strength);
    }
  }
}

// Large enough that factors for all strengths would cost more than predictions.
TEST_CASE("where one factor serves many ridge parameters the search still finds the least error") {
  const std::vector<std::size_t> sizes = {60, 300};
  for (const char* model : {"rfa", "brfa", "rfmlp", "rfa-softmax", "rfa-kernel"}) {
    Case searched;
    make_case(searched, model, 80, sizes, {});
    const std::vector<FitPoint> found = solve(searched);
    std::vector<double> least(found.size(), 1e300), own(found.size(), 0);
    for (const double strength : ridge_grid()) {
      Case fixed;
      make_case(fixed, model, 80, sizes, {RidgeChoice::Rule::kFixed, strength});
      const std::vector<FitPoint> points = solve(fixed);
      for (std::size_t i = 0; i < points.size(); ++i) {
        least[i] = std::min(least[i], points[i].test_error);
        if (found[i].strength == strength) own[i] = points[i].test_error;
      }
    }
    for (std::size_t i = 0; i < found.size(); ++i) {
      CAPTURE(model);
      CAPTURE(i);
      CHECK(found[i].test_error <= least[i] * (1 + 2e-5));
      CHECK(found[i].test_error == doctest::Approx(own[i]).epsilon(2e-5));
    }
  }
}

TEST_CASE("validation never looks at the test set") {
  for (const std::size_t units : {6, 40}) {
    Case c;
    make_case(c, "rfa", units, {1, 2, 25, 120}, {RidgeChoice::Rule::kValidation, 0});
    const std::vector<FitPoint> before = solve(c);
    for (double& value : c.truth.values()) value = -3 * value + 1;
    const std::vector<FitPoint> after = solve(c);
    for (std::size_t i = 0; i < before.size(); ++i) {
      CHECK(before[i].strength == after[i].strength);
      CHECK(before[i].test_error != after[i].test_error);
    }
    CHECK(before[0].strength ==
          ridge_grid().back());  // nothing to hold out at n = 1: the strongest ridge
  }
}

TEST_CASE(
    "a validated fit has, for every size, the error of a plain one with the parameter it chose") {
  for (const char* model : {"rfa", "brfa", "rfmlp"}) {
    Case c;
    make_case(c, model, 40, {4, 10, 25, 60, 120}, {RidgeChoice::Rule::kValidation, 0}, 0.5);
    const std::vector<FitPoint> points = solve(c);
    for (std::size_t i = 0; i < points.size(); ++i) {
      CAPTURE(model);
      CAPTURE(i);
      CAPTURE(points[i].strength);
      const double expected =
          plain_error(c, c.problem.sizes[i / 2], points[i].strength, static_cast<int>(i % 2));
      CHECK(points[i].test_error == doctest::Approx(expected).epsilon(1e-3));
    }
  }
}

TEST_CASE("validation chooses the parameter with the least error on the held-out samples") {
  Case c;
  make_case(c, "rfa", 80, {300}, {RidgeChoice::Rule::kValidation, 0}, 0.5);
  const std::vector<FitPoint> points = solve(c);
  // The same as a test set of the last fifth, with the first four fifths for training.
  Case held;
  make_case(held, "rfa", 80, {300}, {}, 0.5);
  const std::size_t fitted = 240, dim = held.train.dim, keys = held.train.keys;
  TokenBatch last = draw_sphere_tokens(5, 1, 0, 300, keys, dim);
  Matrix<double> truth(60, 2);
  held.test = draw_sphere_tokens(5, 1, 0, 60, keys, dim);
  for (std::size_t i = 0; i < 60; ++i) {
    std::copy_n(last.sample(fitted + i), last.sample_size(),
                held.test.values.begin() + static_cast<std::ptrdiff_t>(i * last.sample_size()));
    for (int j = 0; j < 2; ++j) truth(i, j) = c.labels(fitted + i, j);
  }
  held.truth = std::move(truth);
  for (int j = 0; j < 2; ++j) {
    double least = 1e300, own = 0;
    for (const double strength : ridge_grid()) {
      const double error = plain_error(held, fitted, strength, j);
      least = std::min(least, error);
      if (strength == points[j].strength) own = error;
    }
    CAPTURE(points[j].strength);
    CHECK(own == doctest::Approx(least).epsilon(1e-3));
  }
}

TEST_CASE("validation agrees between the dual and the primal") {
  // 35 features: size 30 is solved in the dual, and in the primal when the features are fewer.
  Case dual, primal;
  make_case(dual, "rfa", 7, {30}, {RidgeChoice::Rule::kValidation, 0});
  make_case(primal, "rfa", 7, {30, 36}, {RidgeChoice::Rule::kValidation, 0});
  const auto a = solve(dual), b = solve(primal);
  for (int j = 0; j < 2; ++j) {
    // The scale of lambda differs with the largest size, by a few percent.
    CHECK(a[j].test_error == doctest::Approx(b[j].test_error).epsilon(0.1));
  }
}

TEST_CASE("one head, one sample, one ridge parameter: the smallest fit is finite") {
  for (const auto rule : {RidgeChoice::Rule::kOracle, RidgeChoice::Rule::kValidation}) {
    Case c;
    make_case(c, "rfa", 1, {1}, {rule, 0});
    for (const FitPoint& point : solve(c)) CHECK(std::isfinite(point.test_error));
  }
}

TEST_CASE("a fit with more targets has the same errors for each of them") {
  Case both, one;
  make_case(both, "rfa", 40, {25, 60}, {});
  make_case(one, "rfa", 40, {25, 60}, {});
  Matrix<double> labels(one.labels.rows(), 1), truth(one.truth.rows(), 1);
  for (std::size_t i = 0; i < labels.rows(); ++i) labels(i, 0) = one.labels(i, 1);
  for (std::size_t i = 0; i < truth.rows(); ++i) truth(i, 0) = one.truth(i, 1);
  one.problem.train_labels = &labels;
  one.problem.test_values = &truth;
  const auto a = solve(both), b = solve(one);
  for (std::size_t s = 0; s < 2; ++s) {
    CHECK(b[s].test_error == doctest::Approx(a[s * 2 + 1].test_error).epsilon(1e-4));
  }
}

TEST_CASE("exact kernels give plain kernel ridge regressions, for every size and target") {
  for (const char* model : {"rfa-kernel", "brfa-kernel", "rfmlp-kernel", "invariant-kernel"}) {
    Case c;
    make_case(c, model, 1, {1, 25, 60, 120}, {RidgeChoice::Rule::kFixed, 1e-4});
    const std::vector<FitPoint> points = solve(c);
    const auto& layer = std::get<InfiniteLayer>(c.problem.layer);
    const KernelSamples train = kernel_samples(layer, c.train, 0, c.train.count);
    const KernelSamples test = kernel_samples(layer, c.test, 0, c.test.count);
    Matrix<double> gram(train.count, train.count), cross(test.count, train.count);
    kernel_block(layer, train, 0, train, 0, gram.view());
    kernel_block(layer, test, 0, train, 0, cross.view());
    using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
    const Eigen::Map<const RowMajor> k(gram.data(), 120, 120), t(cross.data(), 60, 120);
    for (std::size_t s = 0; s < 4; ++s) {
      const auto n = static_cast<Eigen::Index>(c.problem.sizes[s]);
      for (int j = 0; j < 2; ++j) {
        Eigen::VectorXd y(n);
        for (Eigen::Index i = 0; i < n; ++i) y(i) = c.labels(static_cast<std::size_t>(i), j);
        const double constant = y.mean();
        y.array() -= constant;
        Eigen::MatrixXd shifted = k.topLeftCorner(n, n);
        shifted.diagonal().array() += 1e-4 * k.trace() / 120;
        const Eigen::VectorXd prediction =
            (t.leftCols(n) * shifted.ldlt().solve(y)).array() + constant;
        std::vector<double> truth(c.truth.rows());
        for (std::size_t i = 0; i < truth.size(); ++i) truth[i] = c.truth(i, j);
        CAPTURE(model);
        CAPTURE(n);
        CHECK(points[s * 2 + j].test_error ==
              doctest::Approx(relative_error({prediction.data(), truth.size()}, truth))
                  .epsilon(1e-9));
      }
    }
  }
}

TEST_CASE("validation with an exact kernel is finite from one sample on") {
  Case c;
  make_case(c, "brfa-kernel", 1, {1, 2, 60}, {RidgeChoice::Rule::kValidation, 0});
  for (const FitPoint& point : solve(c)) CHECK(std::isfinite(point.test_error));
}

// The excess error of finitely many heads falls as one over their number, so that 4000 and 2000
// heads of one draw extrapolate to infinitely many. The result scatters from draw to draw; the
// kernel has to lie within five standard deviations of one draw. For a correct kernel the error of
// the mean exceeds that twice in a million seeds (Student's t, 7 degrees of freedom, at 5 sqrt(8)).
TEST_CASE("layers of more and more heads converge to kernel ridge regression") {
  for (const char* model : {"rfa", "brfa", "rf-invariant", "rfmlp"}) {
    const std::string_view limit = find_random_feature_model(model)->limit;
    Case exact;
    make_case(exact, limit.data(), 1, {32, 512}, {RidgeChoice::Rule::kFixed, 1e-3});
    const std::vector<FitPoint> kernel = solve(exact);
    std::vector<std::vector<double>> errors(kernel.size());
    for (std::uint32_t draw = 0; draw < 8; ++draw) {
      const auto finite = [&](std::size_t units) {
        Case c;
        make_case(c, model, units, {32, 512}, {RidgeChoice::Rule::kFixed, 1e-3});
        std::get<RandomFeatureLayer>(c.problem.layer).trial = draw;
        return solve(c);
      };
      const std::vector<FitPoint> few = finite(2000), many = finite(4000);
      for (std::size_t i = 0; i < kernel.size(); ++i) {
        errors[i].push_back(2 * many[i].test_error - few[i].test_error);
      }
    }
    for (std::size_t i = 0; i < kernel.size(); ++i) {
      const Estimate mean = mean_and_error(errors[i]);
      const double spread = mean.std_error * std::sqrt(8.0);
      CAPTURE(model);
      CAPTURE(i);
      CHECK(std::abs(kernel[i].test_error - mean.mean) < 5 * spread);
    }
  }
}
