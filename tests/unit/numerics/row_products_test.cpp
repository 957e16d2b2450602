// Products of rows with one and two vectors against plain sums.
#include "core/numerics/row_products.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "tests/unit/numerics/reference.h"

using namespace attnlab;
using attnlab::test::Fingerprint;
using attnlab::test::GuardedMatrix;
using attnlab::test::TargetGuard;

TEST_CASE("row products are the plain sums at every length, row count and alignment") {
  TargetGuard guard;
  for (const SimdTarget& target : available_targets()) {
    force_target(target);
    CAPTURE(target.name);
    RandomStream random(1, hash_name("test/row-products"), 0);
    bool right = true;
    for (std::size_t cols = 0; cols <= 33; ++cols) {
      for (const std::size_t rows : {0, 1, 3, 31, 32, 33, 65}) {
        const std::size_t offset = (cols + rows) % 8;
        GuardedMatrix<double> a(rows, cols, offset, cols % 3), x(2, cols, (offset + 3) % 8, 1),
            y(3, rows, (offset + 5) % 8, 2);
        a.fill_integers(random);
        x.fill_integers(random);
        row_products(a.const_view(), x.view().row(0), y.view().row(0));
        row_products(a.const_view(), x.view().row(0), y.view().row(1), x.view().row(1),
                     y.view().row(2));
        for (std::size_t i = 0; i < rows; ++i) {
          double sum[2] = {0, 0};
          for (std::size_t j = 0; j < cols; ++j) {
            for (std::size_t c = 0; c < 2; ++c) sum[c] += a.view()(i, j) * x.view()(c, j);
          }
          right = right && y.view()(0, i) == sum[0] && y.view()(1, i) == sum[0] &&
                  y.view()(2, i) == sum[1];
        }
        right = right && y.margin_is_untouched();
      }
    }
    CHECK(right);
  }
}

namespace {

/// Runs on every target and compares the bits of those that round alike.
template <class Results>
void check_bits_of_classes(Results results) {
  TargetGuard guard;
  std::vector<std::uint64_t> fused, separate;
  for (const SimdTarget& target : available_targets()) {
    force_target(target);
    Fingerprint bits;
    for (const double value : results()) bits.add(value);
    const std::string name = target.name;
    (name == "avx2" || name == "avx512" ? fused : separate).push_back(bits.value());
  }
  for (const std::uint64_t bits : fused) CHECK(bits == fused.front());
  for (const std::uint64_t bits : separate) CHECK(bits == separate.front());
}

}  // namespace

TEST_CASE("row products have the same bits on all targets of a class, alone or in company") {
  RandomStream random(1, hash_name("test/row-products"), 1);
  Matrix<double> a(37, 203), x(2, 203);
  random.fill_normal(a.values());
  random.fill_normal(x.values());
  check_bits_of_classes([&] {
    std::vector<double> alone(37), both(74);
    const std::span<double> first(both.data(), 37), second(both.data() + 37, 37);
    row_products(a.view(), x.row(0), alone);
    row_products(a.view(), x.row(0), first, x.row(1), second);
    CHECK(std::equal(alone.begin(), alone.end(), first.begin()));
    return both;
  });
}

TEST_CASE("column products have the same bits on all targets of a class, alone or in company") {
  RandomStream random(1, hash_name("test/row-products"), 2);
  Matrix<double> a(37, 203), x(37, 7);
  random.fill_normal(a.values());
  random.fill_normal(x.values());
  check_bits_of_classes([&] {
    Matrix<double> y(7, 203), alone(7, 203);
    add_column_products(a.view(), x.view(), y.view());
    for (std::size_t c = 0; c < 7; ++c) {
      add_column_products(a.view(), x.view().block(0, c, 37, 1), alone.view().block(c, 0, 1, 203));
    }
    CHECK(std::equal(y.values().begin(), y.values().end(), alone.values().begin()));
    return std::vector<double>(y.values().begin(), y.values().end());
  });
}
