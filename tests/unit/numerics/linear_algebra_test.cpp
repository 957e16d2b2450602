#include "core/numerics/linear_algebra.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "core/numerics/cholesky.h"
#include "tests/unit/numerics/reference.h"

namespace attnlab {
namespace {

using test::GuardedMatrix;

constexpr std::size_t kMostTileRows = 14;  // of all targets
constexpr std::size_t kMostTileCols = 32;
enum class Form { kNn, kNt, kTn };

template <class T>
void multiply(Form form, MatrixView<const T> a, MatrixView<const T> b, MatrixView<T> c,
              bool accumulate) {
  if (form == Form::kNn) gemm_nn(a, b, c, accumulate);
  if (form == Form::kNt) gemm_nt(a, b, c, accumulate);
  if (form == Form::kTn) gemm_tn(a, b, c, accumulate);
}

/// One product of integer matrices against the plainest loop, on every target; sums are exact, so
/// results must be equal.
template <class T>
bool product_is_right(Form form, std::size_t m, std::size_t n, std::size_t k,
                      RandomStream& random) {
  const auto gap = [&] { return std::size_t{random.below(5)}; };
  const auto offset = [&] { return std::size_t{random.below(16)}; };
  GuardedMatrix<T> a(form == Form::kTn ? k : m, form == Form::kTn ? m : k, offset(), gap());
  GuardedMatrix<T> b(form == Form::kNt ? n : k, form == Form::kNt ? k : n, offset(), gap());
  a.fill_integers(random);
  b.fill_integers(random);
  GuardedMatrix<T> start(m, n, offset(), gap());
  start.fill_integers(random);
  const bool accumulate = random.below(2) == 0;
  const auto va = a.view(), vb = b.view(), vs = start.view();
  Matrix<T> expected(m, n);
  for (std::size_t i = 0; i < m; ++i) {
    for (std::size_t j = 0; j < n; ++j) {
      T sum = accumulate ? vs(i, j) : T(0);
      for (std::size_t p = 0; p < k; ++p) {
        sum +=
            (form == Form::kTn ? va(p, i) : va(i, p)) * (form == Form::kNt ? vb(j, p) : vb(p, j));
      }
      expected(i, j) = sum;
    }
  }
  for (const SimdTarget& target : available_targets()) {
    force_target(target);
    GuardedMatrix<T> c = start;
    multiply<T>(form, a.const_view(), b.const_view(), c.view(), accumulate);
    if (!c.margin_is_untouched()) return false;
    for (std::size_t i = 0; i < m; ++i) {
      if (!std::equal(c.view().row(i).begin(), c.view().row(i).end(), expected.row(i).begin())) {
        return false;
      }
    }
  }
  return true;
}

template <class T>
void sweep_products(std::uint32_t index) {
  test::TargetGuard guard;
  RandomStream random(1, hash_name("products"), index);
  const auto any = [&](std::size_t most) { return std::size_t{random.below(most + 1)}; };
  const std::size_t rows = 2 * kMostTileRows + 1, cols = 2 * kMostTileCols + 1;
  for (const Form form : {Form::kNn, Form::kNt, Form::kTn}) {
    CAPTURE(static_cast<int>(form));
    for (std::size_t size = 0; size <= cols; ++size) {
      CAPTURE(size);
      for (int repeat = 0; repeat < 3; ++repeat) {
        CHECK(product_is_right<T>(form, size, any(cols), any(40), random));
        CHECK(product_is_right<T>(form, any(rows), size, any(40), random));
        CHECK(product_is_right<T>(form, any(rows), any(cols), size, random));
      }
    }
    // Beyond one cache block in each direction, and several depth runs.
    CHECK(product_is_right<T>(form, 203, 37, 9, random));
    CHECK(product_is_right<T>(form, 5, 1030, 11, random));
    CHECK(product_is_right<T>(form, 19, 41, 700, random));
  }
}

/// One Gram update of integer features against the plainest loop, on every target.
template <class Sum>
bool gram_is_right(std::size_t n, std::size_t k, RandomStream& random) {
  GuardedMatrix<float> features(n, k, random.below(16), random.below(5));
  features.fill_integers(random);
  GuardedMatrix<Sum> start(n, n, random.below(16), random.below(5));
  start.fill_integers(random);
  for (const SimdTarget& target : available_targets()) {
    force_target(target);
    GuardedMatrix<Sum> gram = start;
    syrk_accumulate(features.const_view(), gram.view());
    if (!gram.margin_is_untouched()) return false;
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t j = 0; j < n; ++j) {
        Sum expected = start.view()(i, j);
        for (std::size_t p = 0; j <= i && p < k; ++p) {
          expected += static_cast<Sum>(features.view()(i, p) * features.view()(j, p));
        }
        if (gram.view()(i, j) != expected) return false;
      }
    }
  }
  return true;
}

}  // namespace

TEST_CASE("float products equal the plain loop for every size, stride and alignment") {
  sweep_products<float>(0);
}

TEST_CASE("double products equal the plain loop for every size, stride and alignment") {
  sweep_products<double>(1);
}

TEST_CASE("gram updates equal the plain loop and leave the upper triangle alone") {
  test::TargetGuard guard;
  RandomStream random(1, hash_name("gram"), 0);
  for (std::size_t n = 0; n <= 2 * kMostTileCols + 1; ++n) {
    CAPTURE(n);
    CHECK(gram_is_right<double>(n, random.below(40), random));
    CHECK(gram_is_right<float>(n, random.below(40), random));
  }
  for (std::size_t k = 0; k <= 70; k += 7) CHECK(gram_is_right<double>(33, k, random));
  // Around the cuts of the depth (runs of 320, two packed together) and of the blocks (96, 1024).
  for (const std::size_t k : {319, 320, 321, 544, 640, 641, 1300}) {
    CAPTURE(k);
    CHECK(gram_is_right<double>(45, k, random));
  }
  CHECK(gram_is_right<double>(211, 17, random));
  CHECK(gram_is_right<float>(1100, 5, random));
}

// Depth 500 is summed in two runs of 250. With |a| |b| the sum of absolute products, the error is
// at most 252 * 2^-24 |a| |b| and in practice near its square root; 20 leaves a wide margin.
TEST_CASE("float products have the rounding error of short runs") {
  test::TargetGuard guard;
  RandomStream random(2, hash_name("products"), 2);
  Matrix<float> a(40, 500), b(70, 500), c(40, 70);
  random.fill_normal(a.values());
  random.fill_normal(b.values());
  for (const SimdTarget& target : available_targets()) {
    force_target(target);
    gemm_nt(a.const_view(), b.const_view(), c.view(), false);
    double worst = 0.0;
    for (std::size_t i = 0; i < a.rows(); ++i) {
      for (std::size_t j = 0; j < b.rows(); ++j) {
        double exact = 0.0, size = 0.0;
        for (std::size_t p = 0; p < a.cols(); ++p) {
          const double product = static_cast<double>(a(i, p)) * b(j, p);
          exact += product;
          size += std::fabs(product);
        }
        worst = std::max(worst, std::fabs(c(i, j) - exact) / size);
      }
    }
    CHECK(worst < 20 * 0x1p-24);
  }
}

namespace {

/// The bits of a Gram matrix, a product, a factor and a solution on the target in use.
std::uint64_t linear_algebra_fingerprint() {
  RandomStream random(4, hash_name("products"), 4);
  const std::size_t n = 330;  // more columns than are factorised at a time
  Matrix<float> features(n, 700), singles(n, n);
  random.fill_normal(features.values());
  Matrix<double> gram(n, n), product(n, n), rhs(n, 3);
  random.fill_normal(rhs.values());
  syrk_accumulate(features.const_view(), gram.view());
  gemm_nt(features.const_view(), features.const_view(), singles.view(), false);
  Cholesky cholesky(n);
  cholesky.start(gram.view(), 1.0);
  cholesky.run();
  cholesky.solve_leading(n, rhs.view());
  gemm_tn(gram.const_view(), gram.const_view(), product.view(), false);
  test::Fingerprint print;
  for (const float value : singles.values()) print.add(value);
  for (const Matrix<double>* matrix : {&gram, &product, &rhs}) {
    for (const double value : matrix->values()) print.add(value);
  }
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j <= i; ++j) print.add(cholesky.factor()(i, j));
  }
  return print.value();
}

}  // namespace

// One fingerprint for the targets that round once in a multiply-add, one for those that round
// twice, whatever the vector length and whether native or WebAssembly.
TEST_CASE("targets with the same arithmetic give the same bits on every platform") {
  test::TargetGuard guard;
  for (const SimdTarget& target : available_targets()) {
    const std::string name = target.name;
    INFO(name);
    force_target(target);
    if (name == "avx2" || name == "avx512")
      CHECK(linear_algebra_fingerprint() == 13359882447105754288u);
    if (name == "sse2" || name == "wasm-simd128")
      CHECK(linear_algebra_fingerprint() == 18316761237962663116u);
  }
}

TEST_CASE("NaN in an input stays in its own rows and columns") {
  Matrix<float> a(20, 10), b(10, 40), c(20, 40);
  a(3, 4) = NAN;
  gemm_nn(a.const_view(), b.const_view(), c.view(), false);
  for (std::size_t i = 0; i < 20; ++i) {
    for (std::size_t j = 0; j < 40; ++j) CHECK(std::isnan(c(i, j)) == (i == 3));
  }
}

TEST_CASE("the best target is in use at first, and only available ones can be forced") {
  test::TargetGuard guard;
  REQUIRE(!available_targets().empty());
  CHECK(std::string_view(simd_target_name()) == available_targets().back().name);
  force_target({"no-such-target"});
  CHECK(std::string_view(simd_target_name()) == available_targets().back().name);
}

TEST_CASE("a matrix is zero at first, aligned, and moves without copying") {
  Matrix<double> matrix(3, 5);
  CHECK(
      std::all_of(matrix.values().begin(), matrix.values().end(), [](double x) { return x == 0; }));
  CHECK(reinterpret_cast<std::uintptr_t>(matrix.data()) % 64 == 0);
  matrix(2, 4) = 7;
  CHECK(matrix.view().block(1, 3, 2, 2)(1, 1) == 7);
  const double* const data = matrix.data();
  Matrix<double> other = std::move(matrix);
  CHECK(other.data() == data);
  CHECK(matrix.size() == 0);
  const Matrix<double> copy = other.clone();
  CHECK(copy.data() != data);
  CHECK(copy(2, 4) == 7);
  other = Matrix<double>(0, 4);
  CHECK(other.size() == 0);
  CHECK(other.view().cols == 4);
}

}  // namespace attnlab
