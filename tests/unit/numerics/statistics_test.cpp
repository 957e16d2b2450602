#include "core/numerics/statistics.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "core/numerics/random.h"

namespace attnlab {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

}  // namespace

TEST_CASE("mean and error of small samples are the closed forms") {
  const Estimate four = mean_and_error(std::vector<double>{1.0, 2.0, 3.0, 4.0});
  CHECK(four.mean == 2.5);
  CHECK(four.std_error == doctest::Approx(std::sqrt(5.0 / 3.0 / 4.0)).epsilon(1e-15));
  CHECK(four.count == 4);
  const Estimate one = mean_and_error(std::vector<double>{7.0});
  CHECK(one.mean == 7.0);
  CHECK(std::isnan(one.std_error));
  CHECK(one.count == 1);
  const Estimate none = mean_and_error({});
  CHECK(std::isnan(none.mean));
  CHECK(std::isnan(none.std_error));
  CHECK(none.count == 0);
}

TEST_CASE("mean and error survive a large common part and do not depend on the order") {
  RandomStream random(1, hash_name("statistics"), 0);
  std::vector<double> values(1001);
  random.fill_normal(values);
  const Estimate small = mean_and_error(values);
  for (double& value : values) value += 1e9;
  const Estimate shifted = mean_and_error(values);
  // Adding 1e9 rounds each value by up to 6e-8.
  CHECK(shifted.mean - 1e9 == doctest::Approx(small.mean).epsilon(1e-6));
  CHECK(shifted.std_error == doctest::Approx(small.std_error).epsilon(1e-7));
  std::vector<double> wide;
  for (int i = 0; i < 50; ++i) wide.insert(wide.end(), {1e17, 1.0, -1e17, 2.0});
  std::vector<double> sorted = wide;
  std::sort(sorted.begin(), sorted.end());
  CHECK(mean_and_error(wide).mean == 0.75);
  CHECK(mean_and_error(sorted).mean == 0.75);
}

TEST_CASE("equal values have error zero") {
  const Estimate estimate = mean_and_error(std::vector<double>(7, 0.1));
  CHECK(estimate.mean == doctest::Approx(0.1).epsilon(1e-15));
  CHECK(estimate.std_error < 1e-17);
}

TEST_CASE("student's t has the closed forms for one, two and four degrees of freedom") {
  const double pi = 3.14159265358979323846;
  for (const double t : {-1e5, -30.0, -2.0, -0.3, -1e-6, 0.0, 1e-3, 0.9, 1.7, 12.0, 400.0}) {
    CAPTURE(t);
    CHECK(student_t_cdf(t, 1) == doctest::Approx(0.5 + std::atan(t) / pi).epsilon(1e-12));
    const double root = std::sqrt(2 + t * t);
    if (t > -100)
      CHECK(student_t_cdf(t, 2) == doctest::Approx(0.5 + t / (2 * root)).epsilon(1e-11));
  }
  for (const double p : {1e-6, 0.001, 0.025, 0.3, 0.5, 0.75, 0.975, 0.9999}) {
    CAPTURE(p);
    const double alpha = 4 * p * (1 - p);
    CHECK(student_t_quantile(p, 1) == doctest::Approx(std::tan(pi * (p - 0.5))).epsilon(1e-9));
    CHECK(student_t_quantile(p, 2) ==
          doctest::Approx(2 * (p - 0.5) * std::sqrt(2 / alpha)).epsilon(1e-9));
    const double q = std::cos(std::acos(std::sqrt(alpha)) / 3) / std::sqrt(alpha);
    CHECK(student_t_quantile(p, 4) ==
          doctest::Approx((p < 0.5 ? -2 : 2) * std::sqrt(q - 1)).epsilon(1e-9));
  }
}

// Printed tables give three decimals; the last column is the normal quantile.
TEST_CASE("student's t quantiles agree with the printed tables") {
  CHECK(student_t_quantile(0.975, 3) == doctest::Approx(3.182446).epsilon(1e-6));
  CHECK(student_t_quantile(0.975, 9) == doctest::Approx(2.262157).epsilon(1e-6));
  CHECK(student_t_quantile(0.95, 19) == doctest::Approx(1.729133).epsilon(1e-6));
  CHECK(student_t_quantile(0.995, 30) == doctest::Approx(2.749996).epsilon(1e-6));
  CHECK(student_t_quantile(0.975, 120) == doctest::Approx(1.979930).epsilon(1e-6));
  CHECK(student_t_quantile(0.975, 1e9) == doctest::Approx(1.959963985).epsilon(1e-6));
  CHECK(student_t_quantile(0.975, kInfinity) == doctest::Approx(1.959963985).epsilon(1e-6));
}

TEST_CASE("the t quantile inverts the distribution function and is total") {
  for (const double dof : {0.5, 1.0, 2.5, 7.0, 33.3, 500.0}) {
    for (const double p : {1e-8, 0.01, 0.2, 0.499, 0.501, 0.9, 0.999999}) {
      CAPTURE(dof);
      CAPTURE(p);
      const double t = student_t_quantile(p, dof);
      CHECK(student_t_cdf(t, dof) == doctest::Approx(p).epsilon(1e-9));
      CHECK(student_t_quantile(1 - p, dof) == doctest::Approx(-t).epsilon(1e-6));
    }
  }
  CHECK(student_t_quantile(0.5, 3) == 0.0);
  CHECK(student_t_quantile(0.0, 3) == -kInfinity);
  CHECK(student_t_quantile(1.0, 3) == kInfinity);
  CHECK(std::isnan(student_t_quantile(-0.1, 3)));
  CHECK(std::isnan(student_t_quantile(NAN, 3)));
  CHECK(std::isnan(student_t_quantile(0.9, 0)));
}

TEST_CASE("a crossing is interpolated in log x, its interval by the curves of the errors") {
  const std::vector<double> x{16, 64, 256, 1024};
  const std::vector<double> y{1.0, 0.8, 0.2, 0.1};
  const std::vector<double> error{0.1, 0.1, 0.1, 0.05};
  const Crossing crossing = interpolated_crossing(x, y, error, 0.5);
  CHECK(crossing.found);
  CHECK(!crossing.below_range);
  CHECK(!crossing.above_range);
  CHECK(crossing.x == doctest::Approx(128.0));
  CHECK(crossing.low == doctest::Approx(64.0 * std::pow(4.0, 1.0 / 3)));
  CHECK(crossing.high == doctest::Approx(64.0 * std::pow(4.0, 2.0 / 3)));
}

TEST_CASE("the first of several crossings counts, and a point on the level is one") {
  const std::vector<double> x{1, 2, 4, 8, 16};
  CHECK(interpolated_crossing(x, std::vector<double>{1, 0, 1, 0, 0}, {}, 0.5).x ==
        doctest::Approx(std::sqrt(2.0)));
  CHECK(interpolated_crossing(x, std::vector<double>{1, 1, 0.5, 1, 1}, {}, 0.5).x ==
        doctest::Approx(4.0));
}

TEST_CASE("curves that start below or stay above the level say so") {
  const std::vector<double> x{16, 64, 256};
  const std::vector<double> error{0.1, 0.1, 0.1};
  const Crossing below = interpolated_crossing(x, std::vector<double>{0.4, 0.3, 0.2}, error, 0.5);
  CHECK(!below.found);
  CHECK(below.below_range);
  CHECK(below.x == 16);
  CHECK(below.low == 0.0);
  const Crossing above = interpolated_crossing(x, std::vector<double>{0.9, 0.8, 0.55}, error, 0.5);
  CHECK(!above.found);
  CHECK(above.above_range);
  CHECK(above.x == 256);
  CHECK(above.low > 64);
  CHECK(above.low < 256);
  CHECK(above.high == kInfinity);
  const Crossing late = interpolated_crossing(x, std::vector<double>{0.9, 0.8, 0.45}, error, 0.5);
  CHECK(late.found);
  CHECK(late.high == kInfinity);
  const Crossing empty = interpolated_crossing({}, {}, {}, 0.5);
  CHECK(!(empty.found || empty.below_range || empty.above_range));
}

TEST_CASE("unknown errors leave the interval open, missing points are left out") {
  const std::vector<double> x{1, 4, 16};
  const Crossing unknown = interpolated_crossing(x, std::vector<double>{1, 0.75, 0.25},
                                                 std::vector<double>(3, NAN), 0.5);
  CHECK(unknown.found);
  CHECK(unknown.x == doctest::Approx(8.0));
  CHECK(unknown.low == 0.0);
  CHECK(unknown.high == kInfinity);
  CHECK(interpolated_crossing(x, std::vector<double>{1, NAN, 0}, {}, 0.5).x ==
        doctest::Approx(4.0));
}

TEST_CASE("a power law has its exponent as slope, with the propagated error") {
  std::vector<double> x, y, error;
  for (int i = 0; i < 6; ++i) {
    x.push_back(std::pow(2.0, i));
    y.push_back(3.0 * std::pow(x.back(), -1.5));
    error.push_back(0.01 * y.back());
  }
  const Slope slope = log_log_slope(x, y, error, 0, x.size());
  CHECK(slope.value == doctest::Approx(-1.5).epsilon(1e-12));
  // Equal relative errors r at log-distances of log 2: r / sqrt(sum (i - 2.5)^2 log(2)^2).
  CHECK(slope.std_error == doctest::Approx(0.01 / (std::log(2.0) * std::sqrt(17.5))).epsilon(1e-9));
  y[5] *= 100;
  y[0] *= 100;
  CHECK(log_log_slope(x, y, error, 1, 5).value == doctest::Approx(-1.5).epsilon(1e-12));
}

TEST_CASE("scatter beyond the errors widens the slope's error, and unknown errors leave scatter") {
  const std::vector<double> x{1, 2, 4, 8};
  const std::vector<double> y{1.0, 0.7, 0.2, 0.14};
  const std::vector<double> tight{1e-4, 1e-4, 1e-4, 1e-4};
  const Slope from_scatter = log_log_slope(x, y, {}, 0, 4);
  CHECK(from_scatter.std_error > 0.05);
  CHECK(log_log_slope(x, y, tight, 0, 4).std_error > 0.05);
  // The textbook formula for equal weights, by hand.
  std::vector<double> lx, ly;
  for (int i = 0; i < 4; ++i) lx.push_back(std::log(x[i])), ly.push_back(std::log(y[i]));
  const double mx = (lx[0] + lx[1] + lx[2] + lx[3]) / 4, my = (ly[0] + ly[1] + ly[2] + ly[3]) / 4;
  double sxx = 0, sxy = 0, rest = 0;
  for (int i = 0; i < 4; ++i)
    sxx += (lx[i] - mx) * (lx[i] - mx), sxy += (lx[i] - mx) * (ly[i] - my);
  for (int i = 0; i < 4; ++i) rest += std::pow(ly[i] - my - sxy / sxx * (lx[i] - mx), 2);
  CHECK(from_scatter.value == doctest::Approx(sxy / sxx).epsilon(1e-12));
  CHECK(from_scatter.std_error == doctest::Approx(std::sqrt(rest / 2 / sxx)).epsilon(1e-12));
}

TEST_CASE("a slope needs two usable points and its error three without given errors") {
  const std::vector<double> x{1, 2, 4};
  CHECK(std::isnan(log_log_slope(x, std::vector<double>{1, -1, 0}, {}, 0, 3).value));
  CHECK(std::isnan(log_log_slope(x, std::vector<double>{1, 2, 3}, {}, 2, 2).value));
  const Slope two = log_log_slope(x, std::vector<double>{1, 0.5, NAN}, {}, 0, 3);
  CHECK(two.value == doctest::Approx(-1.0));
  CHECK(std::isnan(two.std_error));
  const Slope known =
      log_log_slope(x, std::vector<double>{1, 0.5, NAN}, std::vector<double>{0.1, 0.05, 0.1}, 0, 9);
  CHECK(known.std_error == doctest::Approx(0.1 * std::sqrt(2.0) / std::log(2.0)).epsilon(1e-9));
}

}  // namespace attnlab

TEST_CASE("Fieller's interval: exact where one is proportional to the other, open near 0") {
  const double b[] = {2, 3, 4, 5}, a[] = {1, 1.5, 2, 2.5};
  const attnlab::RatioEstimate half = attnlab::ratio_of_means(a, b, 0.025);
  CHECK(half.value == doctest::Approx(0.5));
  CHECK(half.low == doctest::Approx(0.5).epsilon(1e-6));
  CHECK(half.high == doctest::Approx(0.5).epsilon(1e-6));
  const double around_zero[] = {-1, 1, -0.5, 0.6};
  CHECK(attnlab::ratio_of_means(a, around_zero, 0.025).high ==
        std::numeric_limits<double>::infinity());
  // A denominator significantly below 0 is not above 0.
  const double negative[] = {-2, -3, -4, -5};
  CHECK(attnlab::ratio_of_means(a, negative, 0.025).low ==
        -std::numeric_limits<double>::infinity());
  // With a known denominator it is the t interval of the numerator: quantile 3.182446 at 3 degrees.
  const double two[] = {2, 2, 2, 2};
  const attnlab::RatioEstimate plain = attnlab::ratio_of_means(a, two, 0.025);
  const double error = std::sqrt(1.25 / 3 / 4);
  CHECK(plain.low == doctest::Approx((1.75 - 3.182446 * error) / 2).epsilon(1e-5));
  CHECK(plain.high == doctest::Approx((1.75 + 3.182446 * error) / 2).epsilon(1e-5));
}
