// Softmax attention against the plain formula in double, at every size up to two tiles and every
// misalignment, within the bound its header states.
#include "core/attention/softmax_attention.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/numerics/random.h"
#include "tests/unit/numerics/reference.h"

using namespace attnlab;
using attnlab::test::Fingerprint;
using attnlab::test::GuardedMatrix;
using attnlab::test::TargetGuard;

namespace {

struct Shape {
  std::size_t sequences, queries, keys, width, value_width;
};

struct Problem {
  Problem(Shape s, std::size_t offset, float spread, RandomStream& random)
      : shape(s),
        q(s.sequences * s.queries, s.width, offset, offset),
        k(s.sequences * s.keys, s.width, (offset + 1) % 16, 3 * offset),
        v(s.sequences * s.keys, s.value_width, (offset + 2) % 16, offset),
        out(s.sequences * s.queries, s.value_width, (offset + 3) % 16, offset + 1) {
    for (GuardedMatrix<float>* matrix : {&q, &k, &v}) {
      for (std::size_t i = 0; i < matrix->view().rows; ++i) {
        for (float& entry : matrix->view().row(i)) entry = static_cast<float>(random.normal());
      }
    }
    scale = spread / std::sqrt(static_cast<float>(std::max<std::size_t>(s.width, 1)));
  }

  void solve() {
    softmax_attention(shape.sequences, q.const_view(), k.const_view(), v.const_view(), scale,
                      out.view());
  }

  /// Largest error over the bound of the header; a NaN counts as infinite.
  double worst() {
    double top_score = 0, top_value = 0, error = 0;
    std::vector<double> weight(shape.keys);
    for (std::size_t i = 0; i < q.view().rows; ++i) {
      const std::size_t first = shape.queries == 0 ? 0 : i / shape.queries * shape.keys;
      double highest = -1e300, total = 0;
      for (std::size_t j = 0; j < shape.keys; ++j) {
        double score = 0, size = 0;
        for (std::size_t a = 0; a < shape.width; ++a) {
          const double term =
              double(q.view()(i, a)) * double(k.view()(first + j, a)) * double(scale);
          score += term;
          size += std::abs(term);
        }
        weight[j] = score;
        highest = std::max(highest, score);
        top_score = std::max(top_score, size);
      }
      for (double& w : weight) total += w = std::exp(w - highest);
      for (std::size_t a = 0; a < shape.value_width; ++a) {
        double exact = 0;
        for (std::size_t j = 0; j < shape.keys; ++j) {
          const double value = double(v.view()(first + j, a));
          exact += weight[j] / total * value;
          top_value = std::max(top_value, std::abs(value));
        }
        const double off = std::abs(double(out.view()(i, a)) - exact);
        error = std::isfinite(off) ? std::max(error, off) : HUGE_VAL;
      }
    }
    const double m = double(shape.keys), d = double(shape.width);
    const double bound =
        std::ldexp(2 * (d + 3) * top_score + 2 * m + 16 * (1 + m / 128), -24) * top_value;
    return error == 0 ? 0 : error / bound;
  }

  bool margins_untouched() const {
    return q.margin_is_untouched() && k.margin_is_untouched() && v.margin_is_untouched() &&
           out.margin_is_untouched();
  }

  Shape shape;
  float scale;
  GuardedMatrix<float> q, k, v, out;
};

void check_shape(Shape shape, std::size_t offset, float spread, RandomStream& random) {
  Problem problem(shape, offset, spread, random);
  problem.solve();
  const double worst = problem.worst();
  const bool untouched = problem.margins_untouched();
  if (worst <= 1 && untouched) return;  // one CHECK a shape would take longer than the work
  CAPTURE(shape.queries);
  CAPTURE(shape.keys);
  CAPTURE(shape.width);
  CAPTURE(shape.value_width);
  CAPTURE(offset);
  CHECK(worst <= 1);
  CHECK(untouched);
}

}  // namespace

TEST_CASE("softmax attention is the plain formula at every size up to two tiles, on every target") {
  TargetGuard guard;
  for (const SimdTarget& target : available_targets()) {
    force_target(target);
    CAPTURE(target.name);
    RandomStream random(1, hash_name("test/softmax-attention"), 0);
    // A block has up to 64 queries, a tile up to 6 keys or value columns; depth has no tile.
    for (std::size_t n = 0; n <= 130; n += n < 20 ? 1 : 11) {
      for (const std::size_t m : {1, 5, 7}) check_shape({2, n, m, 3, 4}, n % 16, 1, random);
    }
    for (std::size_t m = 0; m <= 13; ++m) {
      for (std::size_t w = 0; w <= 13; ++w) check_shape({1, 5, m, w, 13 - w}, w, 1, random);
    }
    for (std::size_t w = 0; w <= 13; ++w) check_shape({3, 17, 6, 7, w}, 1, 1, random);
    check_shape({2, 64, 64, 64, 64}, 0, 1, random);
  }
}

TEST_CASE("softmax attention reads and writes at any alignment and nowhere else") {
  TargetGuard guard;
  for (const SimdTarget& target : available_targets()) {
    force_target(target);
    RandomStream random(1, hash_name("test/softmax-attention"), 1);
    for (std::size_t offset = 0; offset < 16; ++offset) {
      check_shape({2, 35, 9, 8, 11}, offset, 1, random);
    }
  }
}

TEST_CASE("softmax attention over many runs of keys corrects its running maximum") {
  TargetGuard guard;
  for (const SimdTarget& target : available_targets()) {
    force_target(target);
    RandomStream random(1, hash_name("test/softmax-attention"), 2);
    for (const std::size_t m : {127, 128, 129, 256, 257, 400}) {
      for (const float spread : {1.0f, 30.0f}) check_shape({1, 19, m, 8, 5}, 2, spread, random);
    }
    // Growing scores: every run has a new maximum, and only e^-87 of the first remains.
    Problem growing({1, 20, 384, 1, 2}, 0, 1, random);
    for (std::size_t i = 0; i < 20; ++i) growing.q.view()(i, 0) = static_cast<float>(i) - 10;
    for (std::size_t j = 0; j < 384; ++j) growing.k.view()(j, 0) = static_cast<float>(j) / 4;
    growing.solve();
    CHECK(growing.worst() <= 1);
  }
}

TEST_CASE("softmax attention with scores of 1e30 picks the largest without overflow") {
  RandomStream random(1, hash_name("test/softmax-attention"), 3);
  Problem problem({1, 3, 5, 1, 1}, 0, 1, random);
  for (std::size_t i = 0; i < 3; ++i) problem.q.view()(i, 0) = 1e15f;
  for (std::size_t j = 0; j < 5; ++j) {
    problem.k.view()(j, 0) = j == 2 ? 1e15f : -1e15f;
    problem.v.view()(j, 0) = static_cast<float>(j);
  }
  problem.solve();
  for (std::size_t i = 0; i < 3; ++i) CHECK(problem.out.view()(i, 0) == 2.0f);
}

TEST_CASE(
    "softmax attention has the same bits on all targets with fused multiply-add, and without") {
  TargetGuard guard;
  std::vector<std::uint64_t> fused, separate;
  for (const SimdTarget& target : available_targets()) {
    force_target(target);
    RandomStream random(1, hash_name("test/softmax-attention"), 4);
    Problem problem({2, 33, 200, 17, 9}, 0, 2, random);
    problem.solve();
    Fingerprint bits;
    for (std::size_t i = 0; i < 66; ++i) {
      for (const float entry : problem.out.view().row(i)) bits.add(entry);
    }
    const std::string name = target.name;
    if (name == "avx2" || name == "avx512") fused.push_back(bits.value());
    if (name == "sse2" || name == "wasm-simd128") separate.push_back(bits.value());
  }
  for (const std::uint64_t bits : fused) CHECK(bits == 8474063012889553025u);
  for (const std::uint64_t bits : separate) CHECK(bits == 13969508282624641814u);
}
