#include "core/numerics/random.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "tests/unit/numerics/reference.h"

namespace attnlab {
namespace {

RandomStream stream(std::uint32_t index) {
  return RandomStream(20230711, hash_name("random-test"), index);
}

/// The four first raw moments less those of the standard normal, in units of their standard error.
template <class T>
std::array<double, 4> moment_deviations(std::span<const T> values) {
  std::array<double, 4> sums{};
  for (const double x : values) {
    sums[0] += x;
    sums[1] += x * x;
    sums[2] += x * x * x;
    sums[3] += x * x * x * x;
  }
  // Var x^k = E x^2k - (E x^k)^2 with E x^2, x^4, x^6, x^8 = 1, 3, 15, 105.
  constexpr std::array<double, 4> kMean{0, 1, 0, 3};
  constexpr std::array<double, 4> kVariance{1, 2, 15, 96};
  const double n = static_cast<double>(values.size());
  for (std::size_t k = 0; k < 4; ++k) {
    sums[k] = (sums[k] / n - kMean[k]) / std::sqrt(kVariance[k] / n);
  }
  return sums;
}

/// Largest distance between the values' distribution function and the normal one, times sqrt(n).
template <class T>
double kolmogorov_distance(std::vector<T> values) {
  std::sort(values.begin(), values.end());
  const double n = static_cast<double>(values.size());
  double worst = 0.0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double exact = 0.5 * std::erfc(-static_cast<double>(values[i]) / std::sqrt(2.0));
    worst = std::max({worst, exact - i / n, (i + 1) / n - exact});
  }
  return worst * std::sqrt(n);
}

}  // namespace

TEST_CASE("normal draws have the same bits on every platform and every SIMD target") {
  test::TargetGuard guard;
  for (const SimdTarget& target : available_targets()) {
    INFO(std::string(target.name));
    force_target(target);
    test::Fingerprint doubles, floats, uniforms, sphere;
    std::vector<double> values(100000);
    stream(1).fill_normal(values);
    for (const double value : values) doubles.add(value);
    std::vector<float> singles(100000);
    stream(2).fill_normal(singles);
    for (const float value : singles) floats.add(value);
    stream(3).fill_uniform(values);
    for (const double value : values) uniforms.add(value);
    stream(4).fill_sphere(std::span(values).first(1000));
    for (std::size_t i = 0; i < 1000; ++i) sphere.add(values[i]);
    CHECK(doubles.value() == 11964748608551111238u);
    CHECK(floats.value() == 6071625082024694432u);
    CHECK(uniforms.value() == 15384575409018688206u);
    CHECK(sphere.value() == 8669664340884804775u);
  }
}

TEST_CASE("filling gives what single draws give, whatever the lengths") {
  for (std::size_t length = 0; length < 140; ++length) {
    RandomStream filled = stream(5), single = stream(5);
    std::vector<double> values(length);
    for (int round = 0; round < 3; ++round) {
      filled.fill_normal(values);
      for (const double value : values) CHECK(value == single.normal());
    }
    filled.fill_uniform(values);
    for (const double value : values) CHECK(value == single.uniform());
    CHECK(filled.next_u32() == single.next_u32());
  }
}

TEST_CASE("a float fill of any length begins with the same numbers and leaves its surroundings") {
  std::vector<float> longest(300);
  stream(6).fill_normal(longest);
  for (std::size_t length = 0; length < 290; length += length < 20 ? 1 : 9) {
    std::vector<float> values(length + 2, -99.0F);
    stream(6).fill_normal(std::span(values).subspan(1, length));
    CHECK(values.front() == -99.0F);
    CHECK(values.back() == -99.0F);
    CHECK(std::equal(values.begin() + 1, values.end() - 1, longest.begin()));
  }
}

TEST_CASE("streams with different seeds, domains, indices or substreams differ") {
  const std::uint32_t first = RandomStream(1, 2, 3, 4).next_u32();
  CHECK(first != RandomStream(2, 2, 3, 4).next_u32());
  CHECK(first != RandomStream(1ull + (1ull << 32), 2, 3, 4).next_u32());
  CHECK(first != RandomStream(1, 3, 3, 4).next_u32());
  CHECK(first != RandomStream(1, 2, 4, 4).next_u32());
  CHECK(first != RandomStream(1, 2, 3, 5).next_u32());
  CHECK(first == RandomStream(1, 2, 3, 4).next_u32());
}

// Each deviation is nearly standard normal; beyond 5.5 with probability 4e-8. The Kolmogorov
// distance exceeds 2.8 with probability 2 exp(-2 * 2.8^2) = 3e-7.
TEST_CASE("normal draws have the moments and the distribution of a normal") {
  std::vector<double> doubles(400000);
  stream(7).fill_normal(doubles);
  for (const double deviation : moment_deviations<double>(doubles)) {
    CHECK(std::fabs(deviation) < 5.5);
  }
  CHECK(kolmogorov_distance(doubles) < 2.8);
  std::vector<float> floats(400000);
  stream(8).fill_normal(floats);
  for (const double deviation : moment_deviations<float>(floats)) CHECK(std::fabs(deviation) < 5.5);
  CHECK(kolmogorov_distance(floats) < 2.8);
  // Neighbours are uncorrelated: the sum of 4e5 products has standard deviation sqrt(4e5).
  for (const std::size_t lag : {1, 2, 3, 4}) {
    double sum_double = 0.0, sum_float = 0.0;
    for (std::size_t i = lag; i < doubles.size(); ++i) {
      sum_double += doubles[i] * doubles[i - lag];
      sum_float += static_cast<double>(floats[i]) * floats[i - lag];
    }
    CHECK(std::fabs(sum_double) < 5.5 * std::sqrt(4e5));
    CHECK(std::fabs(sum_float) < 5.5 * std::sqrt(4e5));
  }
}

// P(|x| > 4) = 6.33e-5: 63.3 expected of 1e6, Poisson; outside 25..115 with probability below 1e-6.
TEST_CASE("normal draws reach into the tails as often as they should") {
  std::vector<double> doubles(1000000);
  stream(9).fill_normal(doubles);
  const auto beyond = [](auto value) { return std::fabs(value) > 4; };
  const auto count = std::count_if(doubles.begin(), doubles.end(), beyond);
  CHECK(count > 25);
  CHECK(count < 115);
  std::vector<float> floats(1000000);
  stream(10).fill_normal(floats);
  const auto count_float = std::count_if(floats.begin(), floats.end(), beyond);
  CHECK(count_float > 25);
  CHECK(count_float < 115);
}

// The mean of 1e5 uniforms has standard deviation 1/sqrt(12e5); 5.5 of them: probability 4e-8.
TEST_CASE("uniform draws lie strictly inside the unit interval and have mean one half") {
  RandomStream random = stream(11);
  double sum = 0.0, least = 1.0, largest = 0.0;
  for (int i = 0; i < 100000; ++i) {
    const double u = random.uniform();
    sum += u;
    least = std::min(least, u);
    largest = std::max(largest, u);
  }
  CHECK(least > 0.0);
  CHECK(largest < 1.0);
  CHECK(std::fabs(sum / 1e5 - 0.5) < 5.5 / std::sqrt(12e5));
}

// Each count is binomial(70000, 1/7) with standard deviation 92.6; 5.5 of them, seven counts: 3e-7.
TEST_CASE("below is uniform on its range and total at the edges") {
  RandomStream random = stream(12);
  CHECK(random.below(0) == 0);
  CHECK(random.below(1) == 0);
  std::array<int, 7> counts{};
  for (int i = 0; i < 70000; ++i) ++counts[random.below(7)];
  for (const int count : counts) CHECK(std::abs(count - 10000) < 510);
  for (int i = 0; i < 1000; ++i) CHECK(random.below(0xffffffffu) < 0xffffffffu);
}

// A coordinate's square has mean 1/d; the average over 4000 points of dimension 16 has standard
// deviation sqrt(2 (d - 1) / (d^2 (d + 2)) / 4000) = 0.00127; 5.5 of them.
TEST_CASE("sphere draws have unit length and no preferred axis") {
  RandomStream random = stream(13);
  std::array<double, 16> point{};
  std::array<double, 16> squares{};
  for (int i = 0; i < 4000; ++i) {
    random.fill_sphere(point);
    double length = 0.0;
    for (std::size_t j = 0; j < point.size(); ++j) {
      length += point[j] * point[j];
      squares[j] += point[j] * point[j];
    }
    CHECK(length == doctest::Approx(1.0).epsilon(1e-14));
  }
  for (const double square : squares) CHECK(std::fabs(square / 4000 - 1.0 / 16) < 5.5 * 0.00127);
  double line[1];
  random.fill_sphere(line);
  CHECK(std::fabs(line[0]) == 1.0);
  random.fill_sphere({});
}

}  // namespace attnlab
