// Random numbers, products and factorisations against known answers and plain loops.
#include <array>
#include <span>

#include "core/numerics/cholesky.h"
#include "core/numerics/linear_algebra.h"
#include "core/numerics/philox.h"
#include "core/numerics/random.h"
#include "core/numerics/row_products.h"
#include "core/selftest/checks.h"

namespace attnlab::selftest {
namespace {

constexpr std::uint32_t kDomain = hash_name("selftest");
constexpr double kPi = 3.14159265358979323846;

template <class T>
Matrix<T> normal_matrix(std::uint32_t index, std::size_t rows, std::size_t cols) {
  Matrix<T> matrix(rows, cols);
  RandomStream(1, kDomain, index).fill_normal(matrix.values());
  return matrix;
}

/// Box-Muller by the standard library from the words of one block: cosine and sine.
void plain_normals(const std::array<std::uint32_t, 4>& words, double* values) {
  const auto bits = [](std::uint32_t low, std::uint32_t high) {
    return (std::uint64_t{high} << 32) | low;
  };
  const double uniform = std::ldexp(static_cast<double>(bits(words[0], words[1]) >> 12) + 0.5, -52);
  const std::uint64_t turn = bits(words[2], words[3]);
  // The top two bits name the quadrant, in which the angle is centred.
  const double quadrant = static_cast<double>(turn >> 62);
  const double within = std::ldexp(static_cast<double>((turn >> 10) & 0xfffffffffffff) + 0.5, -52);
  const double angle = (quadrant + within - 0.5) * kPi / 2;
  const double radius = std::sqrt(-2 * std::log(uniform));
  values[0] = radius * std::cos(angle);
  values[1] = radius * std::sin(angle);
}

void plain_normals_f32(std::uint32_t radius_word, std::uint32_t angle_word, double* values) {
  const double radius = std::sqrt(-2 * std::log((radius_word + 0.5) * 0x1p-32));
  const double within = ((angle_word & 0x3fffffffu) * 0x1p-30) - 0.5;
  const double angle = (static_cast<double>(angle_word >> 30) + within) * kPi / 2;
  values[0] = radius * std::cos(angle);
  values[1] = radius * std::sin(angle);
}

template <class T>
double product_error(std::size_t rows, std::size_t cols, std::size_t depth) {
  const Matrix<T> a = normal_matrix<T>(1, rows, depth), b = normal_matrix<T>(2, depth, cols);
  Matrix<T> a_turned(depth, rows), b_turned(cols, depth), c(rows, cols), nt(rows, cols),
      tn(rows, cols);
  for (std::size_t p = 0; p < depth; ++p) {
    for (std::size_t i = 0; i < rows; ++i) a_turned(p, i) = a(i, p);
    for (std::size_t j = 0; j < cols; ++j) b_turned(j, p) = b(p, j);
  }
  gemm_nn(a.view(), b.view(), c.view(), false);
  gemm_nn(a.view(), b.view(), c.view(), true);
  gemm_nt(a.view(), b_turned.view(), nt.view(), false);
  gemm_tn(a_turned.view(), b.view(), tn.view(), false);
  double worst = 0;
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t j = 0; j < cols; ++j) {
      double sum = 0;
      for (std::size_t p = 0; p < depth; ++p) sum += double{a(i, p)} * double{b(p, j)};
      worst = worse(worst, c(i, j) - 2 * sum);
      worst = worse(worst, nt(i, j) - sum);
      worst = worse(worst, tn(i, j) - sum);
    }
  }
  return worst;
}

double row_product_error(std::size_t rows, std::size_t cols) {
  const Matrix<double> a = normal_matrix<double>(5, rows, cols);
  const Matrix<double> x = normal_matrix<double>(6, 2, cols);
  Matrix<double> y(2, rows), alone(1, rows);
  row_products(a.view(), x.row(0), y.row(0), x.row(1), y.row(1));
  row_products(a.view(), x.row(0), alone.row(0));
  double worst = 0;
  for (std::size_t i = 0; i < rows; ++i) {
    double sums[2] = {};
    for (std::size_t j = 0; j < cols; ++j) {
      for (std::size_t c = 0; c < 2; ++c) sums[c] += a(i, j) * x(c, j);
    }
    worst = worse(worst, worse(y(0, i) - sums[0], y(1, i) - sums[1]));
    worst = worse(worst, alone(0, i) - sums[0]);
  }
  return worst;
}

template <class T>
double column_product_error(std::size_t rows, std::size_t cols, std::size_t count) {
  const Matrix<T> a = normal_matrix<T>(7, rows, cols), x = normal_matrix<T>(8, rows, count);
  Matrix<T> y(count, cols);
  add_column_products(a.view(), x.view(), y.view());
  double worst = 0;
  for (std::size_t c = 0; c < count; ++c) {
    for (std::size_t j = 0; j < cols; ++j) {
      double sum = 0;
      for (std::size_t i = 0; i < rows; ++i) sum += double{a(i, j)} * double{x(i, c)};
      worst = worse(worst, double{y(c, j)} - sum);
    }
  }
  return worst;
}

template <class Sum>
double gram_error(std::size_t size, std::size_t depth) {
  const Matrix<float> features = normal_matrix<float>(3, size, depth);
  Matrix<Sum> gram(size, size);
  syrk_accumulate(features.view(), gram.view());
  double worst = 0;
  for (std::size_t i = 0; i < size; ++i) {
    for (std::size_t j = 0; j <= i; ++j) {
      double sum = 0;
      for (std::size_t p = 0; p < depth; ++p)
        sum += double{features(i, p)} * double{features(j, p)};
      worst = worse(worst, gram(i, j) - sum);
    }
  }
  return worst;
}

}  // namespace

std::vector<SelfCheck> check_random_numbers() {
  const std::array<std::uint32_t, 4> known = {0x408f276du, 0x41c83b0eu, 0xa20bc7c6u, 0x6d5451fdu};
  const std::uint32_t ones = 0xffffffffu;
  const bool same = philox4x32({ones, ones, ones, ones}, {ones, ones}) == known;

  constexpr std::size_t kBlocks = 1000;
  std::vector<double> doubles(2 * kBlocks);
  std::vector<float> floats(4 * kBlocks);
  RandomStream(7, kDomain, 0).fill_normal(std::span(doubles));
  RandomStream(7, kDomain, 0).fill_normal(std::span(floats));
  double double_error = 0, float_error = 0;
  for (std::uint32_t block = 0; block < kBlocks; ++block) {
    const auto words = philox4x32({block, 0, 0, kDomain}, {7, 0});
    double expected[4];
    plain_normals(words, expected);
    for (int i = 0; i < 2; ++i)
      double_error = worse(double_error, doubles[2 * block + i] - expected[i]);
    plain_normals_f32(words[0], words[1], expected);
    plain_normals_f32(words[2], words[3], expected + 2);
    for (int i = 0; i < 4; ++i)
      float_error = worse(float_error, floats[4 * block + i] - expected[i]);
  }
  return {{"numerics", "Philox4x32-10 gives its published words", same ? 0.0 : 1.0, 0},
          {"numerics", "normals in double are Box-Muller of their words", double_error, 1e-13},
          {"numerics", "normals in float are Box-Muller of their words", float_error, 4e-6}};
}

std::vector<SelfCheck> check_products() {
  double single = 0, twice = 0;
  for (const std::size_t size : {1u, 7u, 33u, 70u}) {
    single = worse(single, product_error<float>(size, size + 3, 2 * size + 1));
    twice = worse(twice, product_error<double>(size, size + 3, 2 * size + 1));
  }
  // Rounding of a sum of 141 products of size 1: 2^-24 * 141 * E|ab| = 5e-6 at the very worst.
  return {
      {"numerics", "products in float agree with three plain loops", single, 1e-4},
      {"numerics", "products in double agree with three plain loops", twice, 2e-13},
      {"numerics", "matrix times vector agrees with two plain loops",
       worse(row_product_error(13, 141), row_product_error(3, 5)), 2e-13},
      {"numerics", "a few vectors times a matrix agree with plain loops",
       worse(column_product_error<double>(19, 141, 7), column_product_error<double>(3, 5, 1)),
       2e-13},
      {"numerics", "the same in float",
       worse(column_product_error<float>(19, 141, 7), column_product_error<float>(3, 5, 1)), 1e-4},
      {"numerics", "Gram matrices in double agree with plain loops",
       worse(gram_error<double>(61, 350), gram_error<double>(5, 3)), 2e-3},
      {"numerics", "Gram matrices in float agree with plain loops",
       worse(gram_error<float>(61, 350), gram_error<float>(5, 3)), 2e-3}};
}

std::vector<SelfCheck> check_factorisation() {
  constexpr std::size_t kSize = 150;  // more than a panel, and panels of 32 within it
  const Matrix<double> a = normal_matrix<double>(4, kSize, kSize);
  Matrix<double> gram(kSize, kSize), rhs(kSize, 1);
  gemm_nt(a.view(), a.view(), gram.view(), false);
  Cholesky cholesky(kSize);
  cholesky.start(gram.view(), kSize);
  for (std::size_t i = 0; i < kSize; ++i) {
    gram(i, i) += kSize;
    for (std::size_t j = 0; j < kSize; ++j) rhs(i, 0) += gram(i, j) * (j % 5 == 0 ? 1 : -0.5);
  }
  double worst = cholesky.run() == Cholesky::State::kDone ? 0 : std::nan("");
  if (!cholesky.solve_leading(kSize, rhs.view())) worst = std::nan("");
  for (std::size_t j = 0; j < kSize; ++j) worst = worse(worst, rhs(j, 0) - (j % 5 == 0 ? 1 : -0.5));
  return {{"numerics", "a Cholesky factor solves the equations it was made of", worst, 1e-12}};
}

}  // namespace attnlab::selftest
