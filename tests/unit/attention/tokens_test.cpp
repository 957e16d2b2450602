// Laws of tokens against closed forms of their moments. Statistical tests have fixed seeds and
// compare within six standard errors (2e-9 for each comparison, of at most a few hundred: a correct
// program fails less than once in a million seeds).
#include "core/attention/tokens.h"

#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include "core/numerics/random.h"
#include "core/numerics/statistics.h"

using namespace attnlab;

namespace {

constexpr std::size_t kKeys = 3, kDim = 5;

const TokenWorld kWorlds[] = {{},
                              {.law = TokenLaw::kGaussian},
                              {.law = TokenLaw::kUnequal},
                              {.law = TokenLaw::kCorrelated, .correlation = 0.6},
                              {.law = TokenLaw::kClustered, .centres = 3}};

constexpr TokenDraw kDraw{11, 5, 2, 40000, kKeys, kDim};

double dot(const float* a, const float* b) {
  double sum = 0;
  for (std::size_t j = 0; j < kDim; ++j) {
    sum += static_cast<double>(a[j]) * static_cast<double>(b[j]);
  }
  return sum;
}

double dot(const std::vector<double>& a, const float* b) {
  double sum = 0;
  for (std::size_t j = 0; j < kDim; ++j) sum += a[j] * static_cast<double>(b[j]);
  return sum;
}

/// The mean over samples of a function of the sample's index is `expected`.
template <class Function>
void check_mean(const TokenBatch& batch, double expected, const Function& of) {
  std::vector<double> values;
  for (std::size_t s = 0; s < batch.count; ++s) values.push_back(of(s));
  const Estimate found = mean_and_error(values);
  CHECK(std::abs(found.mean - expected) < 6 * found.std_error + 1e-6);  // float on the sphere
}

std::vector<double> some_direction() {
  std::vector<double> u(kDim);
  RandomStream(3, 1, 0).fill_sphere(u);
  return u;
}

/// E |x|^4 and E <u, x>^4 of laws that have no direction of their own.
struct Fourth {
  double length, coordinate;
};
Fourth fourth(TokenLaw law) {
  const double d = kDim;
  switch (law) {
    case TokenLaw::kSphere:
      return {1, 3 / (d * (d + 2))};
    case TokenLaw::kUnequal:
      return {9.0 / 5, 9.0 / 5 * 3 / (d * (d + 2))};
    default:
      return {1 + 2 / d, 3 / (d * d)};
  }
}

}  // namespace

TEST_CASE("tokens of every law have the squared length 1 on average, the query too") {
  for (const TokenWorld& world : kWorlds) {
    const TokenBatch batch = draw_tokens(world, kDraw);
    CAPTURE(static_cast<int>(world.law));
    for (std::size_t t = 0; t <= kKeys; ++t) {
      if (world.law == TokenLaw::kClustered) continue;  // given the centres, below
      check_mean(batch, 1,
                 [&](std::size_t s) { return dot(batch.token(s, t), batch.token(s, t)); });
    }
  }
  // Over the centres, which are fixed in a trial: one sample of each of many trials.
  std::vector<double> lengths;
  for (std::uint32_t trial = 0; trial < 4000; ++trial) {
    const TokenBatch one = draw_tokens(kWorlds[4], {11, 5, trial, 1, kKeys, kDim});
    lengths.push_back(dot(one.token(0, 1), one.token(0, 1)));
  }
  const Estimate found = mean_and_error(lengths);
  CHECK(std::abs(found.mean - 1) < 6 * found.std_error);
}

TEST_CASE("fourth moments of lengths and coordinates have their closed forms") {
  const std::vector<double> u = some_direction();
  for (const TokenWorld& world : kWorlds) {
    if (world.law == TokenLaw::kClustered) continue;
    const TokenBatch batch = draw_tokens(world, kDraw);
    const Fourth exact = fourth(world.law);
    CAPTURE(static_cast<int>(world.law));
    for (const std::size_t t : {std::size_t{0}, kKeys}) {
      check_mean(batch, exact.length, [&](std::size_t s) {
        const double square = dot(batch.token(s, t), batch.token(s, t));
        return square * square;
      });
      check_mean(batch, exact.coordinate, [&](std::size_t s) {
        const double square = std::pow(dot(u, batch.token(s, t)), 2);
        return square * square;
      });
    }
  }
}

TEST_CASE("keys are correlated where the law says so, and never with the query") {
  for (const TokenWorld& world : kWorlds) {
    if (world.law == TokenLaw::kClustered) continue;
    const TokenBatch batch = draw_tokens(world, kDraw);
    CAPTURE(static_cast<int>(world.law));
    const double rho = world.correlation, d = kDim;
    check_mean(batch, 0, [&](std::size_t s) { return dot(batch.token(s, 0), batch.token(s, 2)); });
    check_mean(batch, rho,
               [&](std::size_t s) { return dot(batch.token(s, 1), batch.token(s, 3)); });
    check_mean(batch, rho * rho + (1 + rho * rho) / d, [&](std::size_t s) {
      return std::pow(dot(batch.token(s, 1), batch.token(s, 3)), 2);
    });
  }
}

TEST_CASE("clustered tokens are a mixture of Gaussians around centres on the sphere") {
  const TokenWorld& world = kWorlds[4];
  const TokenBatch batch = draw_tokens(world, kDraw);
  const Matrix<double> centres = cluster_centres(world, kDraw.seed, kDraw.index, kDim);
  const std::vector<double> u = some_direction();
  const double variance = kClusterScatter / kDim;
  double first = 0, second = 0, fourth_moment = 0;
  for (std::size_t k = 0; k < world.centres; ++k) {
    double mean = 0, square = 0;
    for (std::size_t j = 0; j < kDim; ++j) {
      mean += std::sqrt(1 - kClusterScatter) * centres(k, j) * u[j];
      square += centres(k, j) * centres(k, j);
    }
    CHECK(square == doctest::Approx(1));
    const double share = 1.0 / static_cast<double>(world.centres);
    first += share * mean;
    second += share * (mean * mean + variance);
    fourth_moment +=
        share * (std::pow(mean, 4) + 6 * mean * mean * variance + 3 * variance * variance);
  }
  for (const std::size_t t : {std::size_t{0}, kKeys}) {
    check_mean(batch, first, [&](std::size_t s) { return dot(u, batch.token(s, t)); });
    check_mean(batch, second,
               [&](std::size_t s) { return std::pow(dot(u, batch.token(s, t)), 2); });
    check_mean(batch, fourth_moment,
               [&](std::size_t s) { return std::pow(dot(u, batch.token(s, t)), 4); });
  }
  // Training and test samples of a trial have the same centres, other trials have others.
  CHECK(cluster_centres(world, 11, 2, kDim)(0, 0) == centres(0, 0));
  CHECK(cluster_centres(world, 11, 3, kDim)(0, 0) != centres(0, 0));
}

TEST_CASE("samples of every law are nested, and on the sphere they are those of the sphere") {
  for (const TokenWorld& world : kWorlds) {
    TokenDraw few = kDraw, many = kDraw;
    few.count = 20;
    many.count = 50;
    const TokenBatch a = draw_tokens(world, few), b = draw_tokens(world, many);
    CHECK(std::equal(a.values.begin(), a.values.end(), b.values.begin()));
    const bool same = a.values == draw_sphere_tokens(11, 5, 2, 20, kKeys, kDim).values;
    CHECK(same == (world.law == TokenLaw::kSphere));
  }
}

TEST_CASE("whitened tokens have mean 0 and covariance I, for every law") {
  for (const TokenWorld& world : kWorlds) {
    const TokenBatch white = whitened_tokens(world, kDraw, draw_tokens(world, kDraw));
    CAPTURE(static_cast<int>(world.law));
    for (std::size_t a = 0; a < white.sample_size(); ++a) {
      const auto value = [&](std::size_t s, std::size_t j) {
        return static_cast<double>(white.sample(s)[j]);
      };
      check_mean(white, 0, [&](std::size_t s) { return value(s, a); });
      for (std::size_t b = a; b < white.sample_size(); b += 3) {  // keys apart and the same
        check_mean(white, a == b ? 1 : 0, [&](std::size_t s) { return value(s, a) * value(s, b); });
      }
    }
  }
}

TEST_CASE("positions are one unit vector for each place of a trial, and leave the query alone") {
  const TokenWorld world{.law = TokenLaw::kGaussian, .positions = true};
  TokenDraw draw = kDraw;
  draw.count = 30;
  const TokenBatch plain = draw_tokens(world, draw);
  TokenBatch seen = plain, other = plain, without = plain;
  add_positions(world, draw.seed, draw.index, seen);
  add_positions(world, draw.seed, draw.index + 1, other);
  add_positions({.law = TokenLaw::kGaussian}, draw.seed, draw.index, without);
  CHECK(without.values == plain.values);
  CHECK(seen.values != other.values);
  std::vector<double> first(kDim), second(kDim);
  for (std::size_t s = 0; s < draw.count; ++s) {
    for (std::size_t i = 0; i <= kKeys; ++i) {
      double square = 0, apart = 0;
      for (std::size_t j = 0; j < kDim; ++j) {
        const double position =
            i == 0
                ? static_cast<double>(seen.token(s, 0)[j]) - plain.token(s, 0)[j]
                : std::sqrt(2.0) * static_cast<double>(seen.token(s, i)[j]) - plain.token(s, i)[j];
        square += position * position;
        if (i == 1 && s == 0) first[j] = position;
        if (i == 2 && s == 0) second[j] = position;
        if (i == 1) apart += std::abs(position - first[j]);
      }
      CHECK(square == doctest::Approx(i == 0 ? 0.0 : 1.0).epsilon(1e-5));
      if (i == 1) CHECK(apart < 1e-5);
    }
  }
  CHECK(first != second);
}
