#include "core/numerics/cholesky.h"

#include <doctest/doctest.h>

#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>
#include <string>

#include "tests/unit/numerics/reference.h"

namespace attnlab {
namespace {

using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

/// G G^T / n for a normal n x n matrix G: positive definite, eigenvalues of order 1 down to 1 /
/// n^2.
Matrix<double> random_gram(std::size_t n, std::uint32_t index) {
  RandomStream random(1, hash_name("cholesky"), index);
  Matrix<double> normals(n, n), gram(n, n);
  random.fill_normal(normals.values());
  gemm_nt(normals.const_view(), normals.const_view(), gram.view(), false);
  for (double& value : gram.values()) value /= static_cast<double>(n);
  return gram;
}

Matrix<double> random_rhs(std::size_t n, std::size_t cols) {
  RandomStream random(2, hash_name("cholesky"), 0);
  Matrix<double> rhs(n, cols);
  random.fill_normal(rhs.values());
  return rhs;
}

/// The textbook factorisation, one entry after the other.
Matrix<double> plain_factor(const Matrix<double>& gram, double shift) {
  const std::size_t n = gram.rows();
  Matrix<double> l(n, n);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j <= i; ++j) {
      double sum = gram(i, j) + (i == j ? shift : 0.0);
      for (std::size_t p = 0; p < j; ++p) sum -= l(i, p) * l(j, p);
      l(i, j) = i == j ? std::sqrt(sum) : sum / l(j, j);
    }
  }
  return l;
}

double largest_lower_difference(MatrixView<const double> a, MatrixView<const double> b) {
  double worst = 0.0;
  for (std::size_t i = 0; i < a.rows; ++i) {
    for (std::size_t j = 0; j <= i; ++j) worst = std::max(worst, std::fabs(a(i, j) - b(i, j)));
  }
  return worst;
}

/// |(K_n + shift) X - B| / (|K_n| |X|), entries' maxima.
double relative_residual(const Matrix<double>& gram, double shift, std::size_t n,
                         MatrixView<const double> x, MatrixView<const double> b) {
  double worst = 0.0, largest = 0.0;
  for (std::size_t t = 0; t < b.cols; ++t) {
    for (std::size_t i = 0; i < n; ++i) {
      double sum = shift * x(i, t) - b(i, t);
      for (std::size_t j = 0; j < n; ++j) sum += (j <= i ? gram(i, j) : gram(j, i)) * x(j, t);
      worst = std::max(worst, std::fabs(sum));
      largest = std::max(largest, std::fabs(x(i, t)));
    }
  }
  return worst / ((4.0 + shift) * largest);
}

}  // namespace

// Backward error of a Cholesky factor: below n eps |K|; with a shift of 0.1 the factor itself is
// perturbed by about |K| / 0.1 times that, 300 * 1e-16 * 40.
TEST_CASE("the blocked factor equals the plain loop's on every target, at every panel edge") {
  test::TargetGuard guard;
  for (const std::size_t n : {1, 2, 3, 31, 32, 33, 63, 64, 65, 127, 128, 129, 160, 257, 300}) {
    CAPTURE(n);
    const Matrix<double> gram = random_gram(n, 1);
    const Matrix<double> expected = plain_factor(gram, 0.1);
    for (const SimdTarget& target : available_targets()) {
      INFO(std::string(target.name));
      force_target(target);
      Cholesky cholesky(n);
      cholesky.start(gram.view(), 0.1);
      CHECK(cholesky.run() == Cholesky::State::kDone);
      CHECK(cholesky.valid() == n);
      CHECK(largest_lower_difference(cholesky.factor(), expected.view()) < 1e-12);
    }
  }
}

TEST_CASE("factor and solution agree with Eigen's LLT") {
  const std::size_t n = 200;
  const Matrix<double> gram = random_gram(n, 2);
  Cholesky cholesky(n);
  cholesky.start(gram.view(), 0.5);
  REQUIRE(cholesky.run() == Cholesky::State::kDone);
  Matrix<double> rhs = random_rhs(n, 3);
  RowMajor k = Eigen::Map<const RowMajor>(gram.data(), n, n);
  k.diagonal().array() += 0.5;
  const Eigen::LLT<RowMajor> eigen(k);
  const RowMajor l = eigen.matrixL();
  const RowMajor x = eigen.solve(Eigen::Map<const RowMajor>(rhs.data(), n, 3));
  CHECK(largest_lower_difference(cholesky.factor(), {l.data(), n, n, n}) < 1e-13);
  REQUIRE(cholesky.solve_leading(n, rhs.view()));
  CHECK((Eigen::Map<const RowMajor>(rhs.data(), n, 3) - x).cwiseAbs().maxCoeff() < 1e-12);
}

TEST_CASE("the cholesky of a leading block is the leading block of the cholesky") {
  const std::size_t n = 290;
  const Matrix<double> gram = random_gram(n, 3);
  Cholesky whole(n);
  whole.start(gram.view(), 0.01);
  REQUIRE(whole.run() == Cholesky::State::kDone);
  for (const std::size_t part : {1, 16, 33, 128, 130, 289}) {
    CAPTURE(part);
    Cholesky leading(part);
    leading.start(gram.view().block(0, 0, part, part), 0.01);
    REQUIRE(leading.run() == Cholesky::State::kDone);
    CHECK(largest_lower_difference(leading.factor(), whole.factor().block(0, 0, part, part)) <
          1e-11);
  }
}

// The residual of a backward stable solve is a small multiple of n eps; eps is 2.2e-16.
TEST_CASE("one factor solves every leading system to rounding error, for any number of columns") {
  const std::size_t n = 300;
  const Matrix<double> gram = random_gram(n, 4);
  for (const double shift : {1e-8, 1e-3, 10.0}) {
    Cholesky cholesky(n);
    cholesky.start(gram.view(), shift);
    REQUIRE(cholesky.run() == Cholesky::State::kDone);
    for (const std::size_t part : {1, 5, 31, 32, 33, 64, 127, 200, 299, 300}) {
      for (const std::size_t cols : {1, 2, 5, 17}) {
        CAPTURE(part);
        CAPTURE(cols);
        const Matrix<double> rhs = random_rhs(part, cols);
        Matrix<double> x = rhs.clone();
        REQUIRE(cholesky.solve_leading(part, x.view()));
        CHECK(relative_residual(gram, shift, part, x.view(), rhs.view()) < 1e-14);
      }
    }
  }
}

TEST_CASE("a factor made elsewhere gives the bits of the one it was copied from") {
  const std::size_t n = 300;
  const Matrix<double> gram = random_gram(n, 4);
  Cholesky made(n);
  made.start(gram.view(), 1e-3);
  REQUIRE(made.run() == Cholesky::State::kDone);
  for (const std::size_t part : {1, 33, 257, 300}) {
    CAPTURE(part);
    Cholesky copy(part);
    const MatrixView<double> rows = copy.adopt(part);
    for (std::size_t i = 0; i < part; ++i) {
      for (std::size_t j = 0; j < part; ++j) {
        rows(i, j) = j <= i ? made.factor()(i, j) : std::nan("");  // above: never read
      }
    }
    Matrix<double> wanted = random_rhs(part, 3), found = wanted.clone();
    REQUIRE(made.solve_leading(part, wanted.view()));
    REQUIRE(copy.valid() == part);
    REQUIRE(copy.solve_leading(part, found.view()));
    CHECK(std::ranges::equal(found.values(), wanted.values()));
  }
}

TEST_CASE("right-hand sides with a stride are solved in place, and the gaps stay as they are") {
  const std::size_t n = 70;
  const Matrix<double> gram = random_gram(n, 5);
  Cholesky cholesky(n);
  cholesky.start(gram.view(), 0.1);
  REQUIRE(cholesky.run() == Cholesky::State::kDone);
  Matrix<double> rhs = random_rhs(n, 3);
  test::GuardedMatrix<double> guarded(n, 3, 5, 4);
  for (std::size_t i = 0; i < n; ++i) {
    std::copy(rhs.row(i).begin(), rhs.row(i).end(), guarded.view().row(i).begin());
  }
  REQUIRE(cholesky.solve_leading(n, rhs.view()));
  REQUIRE(cholesky.solve_leading(n, guarded.view()));
  CHECK(guarded.margin_is_untouched());
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t t = 0; t < 3; ++t) CHECK(guarded.view()(i, t) == rhs(i, t));
  }
}

TEST_CASE("a pivot that is not positive fails there and leaves the leading blocks usable") {
  const std::size_t n = 290;
  for (const std::size_t bad : {0, 1, 31, 32, 64, 127, 128, 200, 289}) {
    for (const double poison : {-1.0, static_cast<double>(NAN), static_cast<double>(INFINITY)}) {
      CAPTURE(bad);
      CAPTURE(poison);
      Matrix<double> gram = random_gram(n, 6);
      gram(bad, bad) = poison;
      Cholesky cholesky(n);
      cholesky.start(gram.view(), 0.1);
      CHECK(cholesky.run() == Cholesky::State::kFailed);
      CHECK(cholesky.step() == Cholesky::State::kFailed);
      CHECK(cholesky.valid() == bad);
      const Matrix<double> rhs = random_rhs(bad, 2);
      Matrix<double> x = rhs.clone();
      CHECK(cholesky.solve_leading(bad, x.view()));
      CHECK(!(relative_residual(gram, 0.1, bad, x.view(), rhs.view()) > 1e-13));
      Matrix<double> too_large = random_rhs(bad + 1, 1);
      const double first = too_large(0, 0);
      CHECK(!cholesky.solve_leading(bad + 1, too_large.view()));
      CHECK(too_large(0, 0) == first);
    }
  }
}

TEST_CASE("NaN below the diagonal fails at its own row, not before") {
  Matrix<double> gram = random_gram(200, 7);
  gram(150, 20) = NAN;
  Cholesky cholesky(200);
  cholesky.start(gram.view(), 0.1);
  CHECK(cholesky.run() == Cholesky::State::kFailed);
  CHECK(cholesky.valid() == 150);
}

TEST_CASE("an empty matrix is factorised and solved at once") {
  Cholesky cholesky(0);
  cholesky.start({}, 1.0);
  CHECK(cholesky.run() == Cholesky::State::kDone);
  CHECK(cholesky.valid() == 0);
  CHECK(cholesky.solve_leading(0, {}));
  CHECK(cholesky.flops_total() == 0.0);
}

TEST_CASE("steps advance group by group, and what is done is usable before the end") {
  const std::size_t n = 600;
  const Matrix<double> gram = random_gram(n, 8);
  Cholesky cholesky(n);
  cholesky.start(gram.view(), 0.1);
  CHECK(cholesky.flops_done() == 0.0);
  CHECK(cholesky.step() == Cholesky::State::kRunning);
  CHECK(cholesky.valid() == Cholesky::kGroup);
  const double after_one = cholesky.flops_done();
  CHECK(after_one > 0.0);
  const Matrix<double> rhs = random_rhs(100, 1);
  Matrix<double> x = rhs.clone();
  CHECK(cholesky.solve_leading(100, x.view()));
  CHECK(relative_residual(gram, 0.1, 100, x.view(), rhs.view()) < 1e-14);
  CHECK(cholesky.step() == Cholesky::State::kRunning);
  CHECK(cholesky.flops_done() > after_one);
  CHECK(cholesky.step() == Cholesky::State::kDone);
  CHECK(cholesky.flops_done() == doctest::Approx(cholesky.flops_total()));
  // The same object serves the next shift.
  cholesky.start(gram.view(), 1.0);
  CHECK(cholesky.valid() == 0);
  CHECK(cholesky.run() == Cholesky::State::kDone);
  CHECK(largest_lower_difference(cholesky.factor(), plain_factor(gram, 1.0).view()) < 1e-13);
}

}  // namespace attnlab
