// Solutions for other shifts against factors of their own.
#include "core/numerics/shifted_solves.h"

#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include "tests/unit/numerics/reference.h"

using namespace attnlab;

namespace {

/// K = sum over k of eigenvalue(k) times the square of a reflected unit vector: eigenvalues are
/// known.
Matrix<double> gram_of(std::size_t n, RandomStream& random, double (*eigenvalue)(double)) {
  Matrix<double> direction(1, n), gram(n, n);
  random.fill_normal(direction.values());
  double square = 0;
  for (const double value : direction.values()) square += value * value;
  const auto entry = [&](std::size_t k, std::size_t i) {
    return (i == k ? 1.0 : 0.0) - 2 * direction(0, k) * direction(0, i) / square;
  };
  for (std::size_t k = 0; k < n; ++k) {
    const double weight = eigenvalue(static_cast<double>(k) / static_cast<double>(n));
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t j = 0; j <= i; ++j) gram(i, j) += weight * entry(k, i) * entry(k, j);
    }
  }
  return gram;
}

Matrix<double> normal_rhs(std::size_t n, std::size_t count, RandomStream& random) {
  Matrix<double> rhs(n, count);
  random.fill_normal(rhs.values());
  return rhs;
}

/// |(K + shift I) x - b| / |b|, the worst of all columns; K by its lower triangle.
double residual(const Matrix<double>& gram, double shift, const Matrix<double>& x,
                const Matrix<double>& b) {
  double worst = 0;
  for (std::size_t c = 0; c < b.cols(); ++c) {
    double error = 0, size = 0;
    for (std::size_t i = 0; i < b.rows(); ++i) {
      double sum = shift * x(i, c) - b(i, c);
      for (std::size_t j = 0; j < b.rows(); ++j) {
        sum += (j <= i ? gram(i, j) : gram(j, i)) * x(j, c);
      }
      error += sum * sum;
      size += b(i, c) * b(i, c);
    }
    worst = std::max(worst, size > 0 ? std::sqrt(error / size) : std::sqrt(error));
  }
  return worst;
}

std::size_t run_to_end(ShiftedSolves& solves) {
  std::size_t steps = 1;
  while (solves.step()) ++steps;
  return steps;
}

const std::vector<double> kShifts = {1e-8, 1e-6, 1e-4, 1e-3, 1e-1, 1, 10};

}  // namespace

TEST_CASE(
    "one factor solves for every shift that it says it has reached, and not to less accuracy") {
  test::TargetGuard guard;
  for (const SimdTarget& target : available_targets()) {
    force_target(target);
    CAPTURE(target.name);
    RandomStream random(1, hash_name("test/shifted-solves"), 0);
    for (const std::size_t n : {1, 2, 31, 150, 300}) {
      const Matrix<double> gram =
          gram_of(n, random, [](double at) { return 0.01 + std::exp(-12 * at) * 40; });
      const Matrix<double> rhs = normal_rhs(n, 3, random);
      Cholesky factor(n);
      factor.start(gram.view(), 1e-2);
      REQUIRE(factor.run() == Cholesky::State::kDone);
      ShiftedSolves solves(factor, 1e-2, rhs.view(), kShifts);
      CHECK(run_to_end(solves) <= ShiftedSolves::kMostSteps);
      CHECK(residual(gram, 1e-2, solves.own(), rhs) < 1e-12);
      for (std::size_t s = 0; s < kShifts.size(); ++s) {
        CAPTURE(kShifts[s]);
        if (kShifts[s] <= 1e-1) CHECK(solves.reached(s));
        if (!solves.reached(s)) continue;
        const Matrix<double> x = solves.solution(s);
        CHECK(residual(gram, kShifts[s], x, rhs) < 2 * ShiftedSolves::kTolerance);
        Matrix<double> direct = rhs.clone();
        Cholesky own(n);
        own.start(gram.view(), kShifts[s]);
        REQUIRE(own.run() == Cholesky::State::kDone);
        own.solve_leading(n, direct.view());
        double worst = 0, largest = 0;
        for (std::size_t i = 0; i < x.size(); ++i) {
          worst = std::max(worst, std::abs(x.values()[i] - direct.values()[i]));
          largest = std::max(largest, std::abs(direct.values()[i]));
        }
        CHECK(worst < 1e-7 * largest);
      }
    }
  }
}

TEST_CASE("a factor that does not serve other shifts is noticed soon") {
  RandomStream random(1, hash_name("test/shifted-solves"), 1);
  const std::size_t n = 300;
  const Matrix<double> gram =
      gram_of(n, random, [](double at) { return std::pow(10, 2 - 10 * at); });
  const Matrix<double> rhs = normal_rhs(n, 1, random);
  Cholesky factor(n);
  factor.start(gram.view(), 1e-2);
  REQUIRE(factor.run() == Cholesky::State::kDone);
  ShiftedSolves solves(factor, 1e-2, rhs.view(), {1e-7, 1e-6, 10, 100});
  CHECK(run_to_end(solves) <= 12);
  for (std::size_t s = 0; s < 4; ++s) CHECK(!solves.reached(s));
}

TEST_CASE("without other shifts one step is all, and right-hand sides of zero are solved by zero") {
  RandomStream random(1, hash_name("test/shifted-solves"), 2);
  const std::size_t n = 40;
  const Matrix<double> gram = gram_of(n, random, [](double at) { return 1 + at; });
  Cholesky factor(n);
  factor.start(gram.view(), 0.5);
  REQUIRE(factor.run() == Cholesky::State::kDone);
  const Matrix<double> rhs = normal_rhs(n, 2, random);
  ShiftedSolves alone(factor, 0.5, rhs.view(), {});
  CHECK(!alone.step());
  CHECK(residual(gram, 0.5, alone.own(), rhs) < 1e-13);
  const Matrix<double> zero(n, 1);
  ShiftedSolves nothing(factor, 0.5, zero.view(), {0.1, 3.0});
  run_to_end(nothing);
  for (std::size_t s = 0; s < 2; ++s) {
    REQUIRE(nothing.reached(s));
    const Matrix<double> x = nothing.solution(s);
    for (const double value : x.values()) CHECK(value == 0);
  }
}

TEST_CASE("a leading block is served by the factor of the whole") {
  RandomStream random(1, hash_name("test/shifted-solves"), 3);
  const Matrix<double> gram = gram_of(120, random, [](double at) { return 0.1 + at; });
  Cholesky factor(120);
  factor.start(gram.view(), 0.1);
  REQUIRE(factor.run() == Cholesky::State::kDone);
  const Matrix<double> rhs = normal_rhs(70, 1, random);
  ShiftedSolves solves(factor, 0.1, rhs.view(), {0.01});
  run_to_end(solves);
  REQUIRE(solves.reached(0));
  CHECK(residual(gram, 0.01, solves.solution(0), rhs) < 1e-8);
}
