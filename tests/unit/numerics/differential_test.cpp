// The kernels of every instruction set against the plainest loops in a wider type: random sizes
// with 0 and 1 among them, and entries that are zeros of both signs, subnormal, infinite or NaN.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <span>
#include <vector>

#include "core/numerics/kernels/dispatch.h"
#include "core/numerics/linear_algebra.h"
#include "core/numerics/random.h"
#include "core/numerics/row_products.h"
#include "tests/unit/numerics/reference.h"

using namespace attnlab;
using attnlab::test::check_every_target;
using attnlab::test::GuardedMatrix;
using attnlab::test::TargetGuard;

namespace {

RandomStream random_stream(std::uint32_t index) {
  return {11, hash_name("test/differential"), index};
}

template <class T>
T special(RandomStream& random, bool finite) {
  using Limits = std::numeric_limits<T>;
  const T values[] = {T(0),
                      -T(0),
                      T(1),
                      T(-1),
                      Limits::denorm_min(),
                      -Limits::min() / 3,
                      Limits::min(),
                      T(1e15),
                      Limits::infinity(),
                      -Limits::infinity(),
                      Limits::quiet_NaN()};
  return values[random.below(finite ? 8 : 11)];
}

/// Normal entries, one in `rarity` of them special; rarity 0: no special ones.
template <class T>
void fill(GuardedMatrix<T>& matrix, RandomStream& random, std::uint32_t rarity) {
  // Few numbers are infinite or NaN, or every sum would be.
  for (std::size_t i = 0; i < matrix.view().rows; ++i) {
    for (T& entry : matrix.view().row(i)) {
      entry = static_cast<T>(random.normal());
      if (rarity > 0 && random.below(rarity) == 0) entry = special<T>(random, random.below(4) != 0);
    }
  }
}

/// A sum of products as the definition has it, and how far a sum in T may be from it.
template <class T>
struct PlainSum {
  using Wide = std::conditional_t<std::is_same_v<T, float>, double, long double>;
  Wide sum = 0, size = 0;
  std::size_t terms = 0;

  void add(T a, T b) {
    const Wide product = static_cast<Wide>(a) * static_cast<Wide>(b);
    sum += product;
    size += std::fabs(product);
    ++terms;
  }
  bool is(double value) const {
    if (std::isnan(sum)) return std::isnan(value);
    if (std::isinf(sum)) return static_cast<Wide>(value) == sum;
    const Wide n = static_cast<Wide>(terms + 2);
    const Wide allowed = n * std::numeric_limits<T>::epsilon() * size +
                         n * static_cast<Wide>(std::numeric_limits<T>::denorm_min());
    return std::fabs(static_cast<Wide>(value) - sum) <= allowed;
  }
};

std::size_t random_size(RandomStream& random, std::uint32_t most) {
  return random.below(4) == 0 ? random.below(2) : random.below(most + 1);
}

/// The three products of one random shape; returns the number of wrong entries.
template <class T>
std::size_t wrong_products(RandomStream& random) {
  const std::size_t m = random_size(random, 70), n = random_size(random, 70),
                    k = random_size(random, random.below(8) == 0 ? 700 : 60);
  const std::uint32_t rarity = random.below(3) == 0 ? 0 : 1 + static_cast<std::uint32_t>(3 * k);
  const auto offset = [&] { return random.below(16); };
  GuardedMatrix<T> a(m, k, offset(), offset()), at(k, m, offset(), offset()),
      b(k, n, offset(), offset()), bt(n, k, offset(), offset());
  fill(a, random, rarity);
  fill(b, random, rarity);
  for (std::size_t p = 0; p < k; ++p) {
    for (std::size_t i = 0; i < m; ++i) at.view()(p, i) = a.view()(i, p);
    for (std::size_t j = 0; j < n; ++j) bt.view()(j, p) = b.view()(p, j);
  }
  GuardedMatrix<T> nn(m, n, offset(), offset()), nt(m, n, offset(), offset()),
      tn(m, n, offset(), offset());
  gemm_nn(a.const_view(), b.const_view(), nn.view(), false);
  gemm_nt(a.const_view(), bt.const_view(), nt.view(), false);
  gemm_tn(at.const_view(), b.const_view(), tn.view(), false);
  std::size_t wrong = 0;
  for (std::size_t i = 0; i < m; ++i) {
    for (std::size_t j = 0; j < n; ++j) {
      PlainSum<T> sum;
      for (std::size_t p = 0; p < k; ++p) sum.add(a.view()(i, p), b.view()(p, j));
      for (GuardedMatrix<T>* c : {&nn, &nt, &tn}) {
        wrong += !sum.is(static_cast<double>(c->view()(i, j)));
      }
    }
  }
  for (GuardedMatrix<T>* c : {&nn, &nt, &tn}) wrong += !c->margin_is_untouched();
  return wrong;
}

template <class Sum>
std::size_t wrong_grams(RandomStream& random) {
  const std::size_t n = random_size(random, 80), k = random_size(random, 400);
  GuardedMatrix<float> features(n, k, random.below(16), random.below(16));
  fill(features, random, random.below(3) == 0 ? 0 : 1 + static_cast<std::uint32_t>(5 * k));
  GuardedMatrix<Sum> gram(n, n, random.below(16), random.below(16));
  for (std::size_t i = 0; i < n; ++i) std::ranges::fill(gram.view().row(i), Sum(0));
  syrk_accumulate(features.const_view(), gram.view());
  std::size_t wrong = !gram.margin_is_untouched();
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j <= i; ++j) {
      PlainSum<float> sum;
      for (std::size_t p = 0; p < k; ++p) sum.add(features.view()(i, p), features.view()(j, p));
      wrong += !sum.is(static_cast<double>(gram.view()(i, j)));
    }
  }
  return wrong;
}

std::size_t wrong_row_products(RandomStream& random) {
  const std::size_t m = random_size(random, 40), n = random_size(random, 90);
  const std::uint32_t rarity = random.below(3) == 0 ? 0 : 1 + static_cast<std::uint32_t>(3 * n);
  GuardedMatrix<double> a(m, n, random.below(16), random.below(16)), x(2, n, 1, 3), y(3, m, 2, 5);
  fill(a, random, rarity);
  fill(x, random, rarity);
  const MatrixView<double> xs = x.view(), ys = y.view();
  row_products(a.const_view(), xs.row(0), ys.row(0), xs.row(1), ys.row(1));
  row_products(a.const_view(), xs.row(0), ys.row(2));
  std::size_t wrong = !y.margin_is_untouched();
  for (std::size_t i = 0; i < m; ++i) {
    PlainSum<double> sums[2];
    for (std::size_t j = 0; j < n; ++j) {
      for (std::size_t c = 0; c < 2; ++c) sums[c].add(a.view()(i, j), xs(c, j));
    }
    wrong += !sums[0].is(ys(0, i)) + !sums[1].is(ys(1, i)) + !sums[0].is(ys(2, i));
  }
  return wrong;
}

/// y + x^T a, on what y held.
template <class T>
std::size_t wrong_column_products(RandomStream& random) {
  const std::size_t m = random_size(random, 40), n = random_size(random, 150),
                    count = random_size(random, 9);
  const std::uint32_t rarity = random.below(3) == 0 ? 0 : 1 + static_cast<std::uint32_t>(3 * m);
  const auto offset = [&] { return random.below(16); };
  GuardedMatrix<T> a(m, n, offset(), offset()), x(m, count, offset(), offset()),
      y(count, n, offset(), offset()), before(count, n, 0, 0);
  fill(a, random, rarity);
  fill(x, random, rarity);
  fill(y, random, 0);
  for (std::size_t c = 0; c < count; ++c) {
    std::ranges::copy(y.view().row(c), before.view().row(c).begin());
  }
  add_column_products(a.const_view(), x.const_view(), y.view());
  std::size_t wrong = !y.margin_is_untouched();
  for (std::size_t c = 0; c < count; ++c) {
    for (std::size_t j = 0; j < n; ++j) {
      PlainSum<T> sum;
      sum.add(before.view()(c, j), 1);
      for (std::size_t i = 0; i < m; ++i) sum.add(a.view()(i, j), x.view()(i, c));
      wrong += !sum.is(static_cast<double>(y.view()(c, j)));
    }
  }
  return wrong;
}

/// x L^T must give x back, for a triangle of moderate condition.
std::size_t wrong_solutions(RandomStream& random) {
  const std::size_t rows = random_size(random, 40), size = 1 + random.below(32);
  GuardedMatrix<double> l(size, size, random.below(8), random.below(8)),
      x(rows, size, random.below(8), random.below(8)), b(rows, size, 0, 0);
  fill(l, random, 0);
  fill(x, random, 3 * size);  // subnormal and zero entries; others spread over the whole row
  for (std::size_t i = 0; i < size; ++i) l.view()(i, i) = 6 + std::abs(l.view()(i, i));
  for (std::size_t i = 0; i < rows; ++i) {
    for (double& entry : x.view().row(i)) entry = std::isfinite(entry) ? entry : 0;
    std::ranges::copy(x.view().row(i), b.view().row(i).begin());
  }
  active_kernels().solve_right(rows, size, l.view().data, l.view().stride, x.view().data,
                               x.view().stride);
  std::size_t wrong = !x.margin_is_untouched();
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t j = 0; j < size; ++j) {
      PlainSum<double> sum;
      for (std::size_t p = 0; p <= j; ++p) sum.add(x.view()(i, p), l.view()(j, p));
      // Substitution is backward stable: each of the sums is off by its own rounding.
      sum.terms += 4;
      sum.size += std::abs(b.view()(i, j));
      wrong += !sum.is(b.view()(i, j));
    }
  }
  return wrong;
}

}  // namespace

TEST_CASE("products are plain sums for random sizes and any entries, on every target") {
  check_every_target(wrong_products<float>, 60, random_stream(1));
  check_every_target(wrong_products<double>, 60, random_stream(2));
}

TEST_CASE("Gram matrices are plain sums for random sizes and any entries, on every target") {
  check_every_target(wrong_grams<float>, 30, random_stream(3));
  check_every_target(wrong_grams<double>, 30, random_stream(4));
}

TEST_CASE("matrix times vector is a plain sum for random sizes and any entries, on every target") {
  check_every_target(wrong_row_products, 100, random_stream(5));
  check_every_target(wrong_column_products<float>, 100, random_stream(12));
  check_every_target(wrong_column_products<double>, 100, random_stream(13));
}

TEST_CASE("solutions of triangles solve them for random sizes, on every target") {
  check_every_target(wrong_solutions, 100, random_stream(6));
}

TEST_CASE("the arc-cosine kernel is its formula at any number of values, special ones too") {
  check_every_target(
      [](RandomStream& random) {
        const std::size_t count = random_size(random, 50);
        GuardedMatrix<double> values(1, count, random.below(8), 3);
        for (double& value : values.view().row(0)) {
          value = 2 * random.uniform() - 1;
          if (random.below(4) == 0) value = std::clamp(special<double>(random, true), -1.0, 1.0);
          if (random.below(20) == 0) value = std::numeric_limits<double>::quiet_NaN();
        }
        const std::vector<double> rho(values.view().row(0).begin(), values.view().row(0).end());
        active_kernels().arc_cosine_values(count, values.view().data);
        std::size_t wrong = !values.margin_is_untouched();
        for (std::size_t i = 0; i < count; ++i) {
          const double value = values.view()(0, i), pi = std::numbers::pi;
          const double exact =
              (std::sqrt((1 - rho[i]) * (1 + rho[i])) + rho[i] * (pi - std::acos(rho[i]))) /
              (2 * pi);
          wrong += std::isnan(exact) ? !std::isnan(value) : !(std::abs(value - exact) < 5e-15);
        }
        return wrong;
      },
      100, random_stream(7));
}

TEST_CASE("normals have the same bits on every target, any number of blocks") {
  TargetGuard guard;
  std::vector<std::vector<double>> doubles;
  std::vector<std::vector<float>> floats;
  for (const SimdTarget& target : available_targets()) {
    force_target(target);
    RandomStream random = random_stream(8);
    doubles.emplace_back();
    floats.emplace_back();
    for (int i = 0; i < 40; ++i) {
      const std::size_t blocks = random_size(random, 70);
      const std::uint32_t key[2] = {static_cast<std::uint32_t>(i), random.below(1u << 31)};
      const std::uint32_t counter[4] = {random.below(2) == 0 ? 0xfffffff0u : 3u, 0, 1, 2};
      std::vector<double> twice(2 * blocks);
      std::vector<float> single(4 * blocks);
      active_kernels().normals_f64(key, counter, blocks, twice.data());
      active_kernels().normals_f32(key, counter, blocks, single.data());
      doubles.back().insert(doubles.back().end(), twice.begin(), twice.end());
      floats.back().insert(floats.back().end(), single.begin(), single.end());
    }
    CAPTURE(target.name);
    CHECK(doubles.back() == doubles.front());
    CHECK(floats.back() == floats.front());
  }
}
