// The closed forms: the numbers of the paper study, their limits, and a brute-force minimum.
#include "core/in_context/closed_forms.h"

#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <vector>

#include "core/numerics/random.h"

using namespace attnlab;
using namespace attnlab::in_context;

TEST_CASE("one-head constants and ratios agree with the leading-order theory") {
  CHECK(one_head_limit({5, 1, 0}) == doctest::Approx(19.156).epsilon(1e-4));
  CHECK(one_head_limit({20, 1, 0}) == doctest::Approx(59.84).epsilon(1e-4));
  const std::array<std::array<double, 2>, 6> ratios = {
      {{1, 4.218}, {2, 3.697}, {5, 3.193}, {10, 2.972}, {20, 2.850}, {100, 2.745}}};
  for (const auto& [dim, ratio] : ratios) {
    const RegressionTask task{dim, 1, 0};
    CHECK(one_head_limit(task) / many_head_limit(task) == doctest::Approx(ratio).epsilon(2e-4));
  }
  const RegressionTask huge{1e7, 1, 0};
  CHECK(one_head_limit(huge) / many_head_limit(huge) ==
        doctest::Approx(std::exp(1.0)).epsilon(1e-5));
}

TEST_CASE("the noiseless optimum is ((d+4) - sqrt(d^2+4d+8)) / (2(d+2))") {
  for (const double d : {1.0, 5.0, 50.0}) {
    const double b = one_head_best_scale({d, 1, 0});
    CHECK(b * b == doctest::Approx((d + 4 - std::sqrt(d * d + 4 * d + 8)) / (2 * (d + 2))));
  }
}

TEST_CASE("no scale beats the best scale of one head, with noise and signal of any size") {
  for (const RegressionTask& task : {RegressionTask{1, 1, 0}, RegressionTask{5, 1, 0.5},
                                     RegressionTask{5, 3, 100}, RegressionTask{40, 1, 1}}) {
    const double best = one_head_limit(task);
    for (double b = 0.001; b < 0.707; b += 0.001) CHECK(one_head_constant(task, b) >= best - 1e-9);
  }
}

TEST_CASE("two opposite heads fall to the many-head limit as their scale goes to 0") {
  for (const RegressionTask& task : {RegressionTask{1, 1, 0}, RegressionTask{5, 2, 0.7}}) {
    double last = two_head_constant(task, 0.5);
    for (double b = 0.25; b > 0.01; b /= 2) {
      const double now = two_head_constant(task, b);
      CHECK(now < last);
      CHECK(now > many_head_limit(task));
      last = now;
    }
    CHECK(two_head_constant(task, 1e-3) == doctest::Approx(many_head_limit(task)).epsilon(1e-5));
  }
}

TEST_CASE("one and two heads are cases of the general head set") {
  const RegressionTask task{3, 1.5, 0.4};
  const std::array<IsotropicHead, 1> one = {{{0.3, 1 / 0.3}}};
  CHECK(head_set_constant(task, one) == doctest::Approx(one_head_constant(task, 0.3)));
  const std::array<IsotropicHead, 2> two = {{{0.3, 1 / 0.6}, {-0.3, -1 / 0.6}}};
  CHECK(head_set_constant(task, two) == doctest::Approx(two_head_constant(task, 0.3)));
}

TEST_CASE("no head set is below the many-head limit") {
  const RegressionTask task{4, 1, 0.2};
  for (double b = -0.6; b < 0.65; b += 0.1) {
    for (double c = -0.6; c < 0.65; c += 0.1) {
      for (double share = -2; share <= 2; share += 0.25) {
        if (std::abs(b) < 0.01 || std::abs(c) < 0.01) continue;
        const std::array<IsotropicHead, 2> heads = {{{b, share / b}, {c, (1 - share) / c}}};
        CHECK(head_set_constant(task, heads) > many_head_limit(task));
      }
    }
  }
}

TEST_CASE("local limits: many heads never lose to one, and radius 0 leaves the noise") {
  for (const double radius : {0.1, 0.5, 1.0, 3.0}) {
    const RegressionTask task{5, 1, 0.3};
    const double best = local_one_head_best_scale(task, radius);
    CHECK(local_many_head_limit(task, radius) < local_one_head_constant(task, radius, best));
    for (double b = 0; b < 0.7 / radius; b += 0.005 / radius) {
      CHECK(local_one_head_constant(task, radius, b) >=
            local_one_head_constant(task, radius, best) - 1e-9);
    }
    const double tiny = 1e-3 / radius, slope = 1 / (1 + 0.5 * radius * radius);
    const std::array<IsotropicHead, 2> pair = {
        {{tiny, slope * (0.5 + 0.25 / tiny)}, {-tiny, slope * (0.5 - 0.25 / tiny)}}};
    CHECK(local_head_set_constant(task, radius, pair) > local_many_head_limit(task, radius));
  }
  CHECK(local_many_head_limit({5, 1, 0.3}, 0) == doctest::Approx(0.3));
  CHECK(local_many_head_limit({5, 1, 0}, 0) == 0);
}

TEST_CASE("the local many-head limit is reached by two heads with free weights as b goes to 0") {
  const RegressionTask task{5, 1, 0.3};
  const double radius = 0.8, square = radius * radius;
  const double mean = square * task.signal + task.noise;
  const double slope = square * task.signal * 1.2 + task.noise;
  // Inverse-variance weights: gain c0 of the mean, gain c1 radius^2 of the slope, sum 1.
  const double limit = local_many_head_limit(task, radius);
  const double c0 = limit / mean, c1 = limit / (5 * slope), b = 1e-3;
  const std::array<IsotropicHead, 2> pair = {
      {{b, c0 / 2 + c1 / (2 * b)}, {-b, c0 / 2 - c1 / (2 * b)}}};
  CHECK(local_head_set_constant(task, radius, pair) == doctest::Approx(limit).epsilon(1e-5));
}

TEST_CASE("linear attention is the best step of its exact quadratic risk") {
  for (const RegressionTask& task : {RegressionTask{1, 1, 0}, RegressionTask{5, 2, 0.7}}) {
    for (const double n : {1.0, 7.0, 400.0}) {
      CHECK(linear_step_risk(task, n).best() == doctest::Approx(linear_attention_risk(task, n)));
    }
  }
  CHECK(linear_attention_risk({5, 1, 2}, 40) == doctest::Approx((6.0 + 10) / (40 + 6 + 10)));
  CHECK(debiased_linear_risk({5, 1, 2}, 40) == doctest::Approx((6.0 + 10) / (40 + 5 + 10)));
}

TEST_CASE("the debiased risk of local examples agrees with Monte Carlo") {
  // From the definition: theta, noise and examples drawn, the best step by least squares.
  constexpr std::size_t kDim = 2, kLength = 8;
  constexpr double kRadius = 0.6, kNoise = 0.2;
  constexpr int kPrompts = 200000;
  RandomStream stream(5, hash_name("test"), 0);
  double cross = 0, square = 0, base = 0, square4 = 0;
  for (int k = 0; k < kPrompts; ++k) {
    double theta[kDim], query[kDim], x[kLength][kDim], y[kLength], mean_x[kDim] = {}, mean_y = 0;
    std::vector<double> normal(2 * kDim + kLength * (kDim + 1));
    stream.fill_normal(normal);
    std::size_t at = 0;
    for (std::size_t a = 0; a < kDim; ++a) {
      theta[a] = normal[at++] / std::sqrt(double(kDim));
      query[a] = normal[at++];
    }
    double truth = 0;
    for (std::size_t a = 0; a < kDim; ++a) truth += theta[a] * query[a];
    for (std::size_t i = 0; i < kLength; ++i) {
      y[i] = std::sqrt(kNoise) * normal[at++];
      for (std::size_t a = 0; a < kDim; ++a) {
        x[i][a] = query[a] + kRadius * normal[at++];
        y[i] += theta[a] * x[i][a];
        mean_x[a] += x[i][a] / kLength;
      }
      mean_y += y[i] / kLength;
    }
    double slope = 0;
    for (std::size_t i = 0; i < kLength; ++i) {
      for (std::size_t a = 0; a < kDim; ++a) {
        slope += (query[a] - mean_x[a]) * (x[i][a] - mean_x[a]) * (y[i] - mean_y) / (kLength - 1);
      }
    }
    const double rest = truth - mean_y;
    base += rest * rest / kPrompts;
    square4 += rest * rest * rest * rest / kPrompts;
    cross += rest * slope / kPrompts;
    square += slope * slope / kPrompts;
  }
  const double measured = base - cross * cross / square;
  const double error = std::sqrt((square4 - base * base) / kPrompts);
  const double exact = local_debiased_risk({kDim, 1, kNoise}, kRadius, kLength);
  CHECK(std::abs(measured - exact) < 4 * error);
  CHECK(measured < base - 4 * error);  // so that the step is tested, too
}
