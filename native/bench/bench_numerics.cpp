// Measures products, Gram updates, Cholesky factors, normal draws and formulas against their peers.
#include "native/bench/bench_numerics.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <functional>
#include <limits>
#include <random>
#include <utility>

#include "core/numerics/kernels/dispatch.h"
#include "core/numerics/linear_algebra.h"
#include "core/numerics/matrix.h"
#include "core/numerics/random.h"
#include "core/numerics/row_products.h"
#include "core/numerics/shifted_solves.h"
#include "core/random_features/formula_program.h"
#include "core/selftest/rates.h"
#include "native/bench/eigen_peer.h"

namespace attnlab {
namespace {

using Clock = std::chrono::steady_clock;
using Work = std::function<void()>;

constexpr double kSecondsPerRow = 0.5;
constexpr int kLeastRepetitions = 2;

double seconds_of(const Work& work) {
  if (!work) return std::numeric_limits<double>::infinity();
  const auto start = Clock::now();
  work();
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// Rates of ours and of the peer's work (0 without one), each `amount` units, best of many.
std::pair<double, double> best_rates(double amount, const Work& ours, const Work& peer) {
  double best_ours = std::numeric_limits<double>::infinity();
  double best_peer = best_ours;
  const auto start = Clock::now();
  const auto elapsed = [&] { return std::chrono::duration<double>(Clock::now() - start).count(); };
  for (int turn = 0; turn < kLeastRepetitions || elapsed() < kSecondsPerRow; ++turn) {
    best_ours = std::min(best_ours, seconds_of(ours));
    best_peer = std::min(best_peer, seconds_of(peer));
  }
  return {amount / best_ours, amount / best_peer};
}

class Bench {
 public:
  void add(const RateProbe& ours, const Work& peer = {}, std::string peer_name = {},
           const std::string& remark = {}) {
    const auto [value, peer_value] = best_rates(ours.amount, ours.run, peer);
    if (!peer) peer_name.clear();
    rows_.push_back({ours.name + remark, value, ours.unit, peer_value, std::move(peer_name)});
  }

  /// Work of the peer; empty where this machine cannot run it.
  static Work if_available(Work work) { return peer::is_available() ? std::move(work) : Work(); }

  std::vector<BenchRow> take() { return std::move(rows_); }

 private:
  std::vector<BenchRow> rows_;
};

/// "Eigen AVX" and the like: the first, widest set it was compiled for.
std::string eigen_name() {
  const std::string sets = peer::eigen_instruction_sets();
  return "Eigen " + sets.substr(0, sets.find(' '));
}

template <class T>
Matrix<T> random_matrix(std::size_t rows, std::size_t cols) {
  Matrix<T> matrix(rows, cols);
  RandomStream(1, hash_name("bench"), 0).fill_normal(matrix.values());
  return matrix;
}

constexpr std::size_t kProduct = 512;

template <class T>
void bench_product(Bench& bench, const RateProbe& ours, double (*multiply_adds)(double)) {
  const Matrix<T> a = random_matrix<T>(kProduct, kProduct);
  Matrix<T> c(kProduct, kProduct);
  bench.add(ours,
            Bench::if_available([&] { peer::eigen_gemm(kProduct, a.data(), a.data(), c.data()); }),
            eigen_name());
  // As many multiply-adds as the product has, without a load or a store.
  bench.add(
      ours, [&] { multiply_adds(1e9 * ours.amount); },
      "multiply-add units of " + std::string(simd_target_name()), ", of peak");
}

void bench_gram(Bench& bench) {
  constexpr std::size_t kSamples = 2048, kFeatures = 544;
  const Matrix<float> features = random_matrix<float>(kSamples, kFeatures);
  Matrix<float> gram(kSamples, kSamples);
  bench.add(gram_rate(kSamples), Bench::if_available([&] {
              peer::eigen_rank_update(kSamples, kFeatures, features.data(), gram.data());
            }),
            eigen_name() + ", all f32");
}

void bench_cholesky(Bench& bench, std::size_t n) {
  Matrix<double> gram = random_matrix<double>(n, n);
  for (std::size_t i = 0; i < n; ++i) gram(i, i) += 10.0 * static_cast<double>(n);
  Matrix<double> work(n, n);
  bench.add(cholesky_rate(n), Bench::if_available([&] {
              std::copy(gram.values().begin(), gram.values().end(), work.data());
              peer::eigen_cholesky(n, work.data());
            }),
            eigen_name());
}

/// A kernel matrix like that of random heads, with 544 large eigenvalues and a floor.
Matrix<double> floored_gram(std::size_t n) {
  constexpr std::size_t kFeatures = 544;
  const Matrix<float> features = random_matrix<float>(n, kFeatures);
  Matrix<double> gram(n, n);
  syrk_accumulate(features.view(), gram.view());
  for (std::size_t i = 0; i < n; ++i) gram(i, i) += 0.01 * kFeatures;
  return gram;
}

void bench_solves(Bench& bench, std::size_t n) {
  constexpr double kScale = 544;
  const Matrix<double> gram = floored_gram(n), rhs = random_matrix<double>(n, 1);
  Cholesky factor(n), other(n);
  factor.start(gram.view(), 0.01 * kScale);
  factor.run();
  Matrix<double> x = rhs.clone(), y = rhs.clone();
  const std::string size = std::to_string(n);
  const double solve = 2e-9 * static_cast<double>(n * n);
  bench.add({"solve with a factor f64, " + size, "GFLOP/s", solve, -1,
             [&] { factor.solve_leading(n, x.view()); }},
            Bench::if_available([&] {
              peer::eigen_solve(n, factor.factor().data, factor.factor().stride, y.data());
            }),
            eigen_name());
  std::vector<double> shifts;
  for (double ridge = 1e-8; ridge < 0.2; ridge *= 10) shifts.push_back(ridge * kScale);
  bench.add(
      {"ridge parameters by one factor, " + size, "a second", static_cast<double>(shifts.size()),
       -1,
       [&] {
         other.start(gram.view(), 0.01 * kScale);
         other.run();
         ShiftedSolves solves(other, 0.01 * kScale, rhs.view(), shifts);
         while (solves.step()) {
         }
         for (std::size_t s = 0; s < shifts.size(); ++s) x = solves.solution(s);
       }},
      [&] {
        for (const double shift : shifts) {
          x = rhs.clone();
          other.start(gram.view(), shift);
          other.run();
          other.solve_leading(n, x.view());
        }
      },
      "a factor for each");
}

template <class T>
void bench_normals(Bench& bench, const RateProbe& ours) {
  std::vector<T> values(1 << 16);
  std::mt19937_64 engine(1);
  std::normal_distribution<T> normal;
  bench.add(
      ours, [&] { std::generate(values.begin(), values.end(), [&] { return normal(engine); }); },
      "std::mt19937_64 and std::normal_distribution");
}

/// Peer: the two products alone, at the speed of a large product. The difference is the cost of
/// softmax and layout.
void bench_attention(Bench& bench) {
  const Matrix<float> a = random_matrix<float>(512, 512);
  Matrix<float> c(512, 512);
  bench.add(
      attention_rate(),
      [&] {
        gemm_nn(a.view().block(0, 0, 128, 512), a.view(), c.view().block(0, 0, 128, 512), false);
      },
      "a product of as many operations");
}

void bench_row_products(Bench& bench) {
  constexpr std::size_t kRows = 256;
  const Matrix<double> a = random_matrix<double>(kRows, kRows);
  std::vector<double> y0(kRows), y1(kRows);
  bench.add({"matrix x 2 vectors f64, 256", "GFLOP/s", 4e-9 * kRows * kRows, -1,
             [&] { row_products(a.view(), a.row(0), y0, a.row(1), y1); }});
}

/// Peer: the same target written by hand. Operations: those of the formula.
void bench_formula(Bench& bench, const char* id, double number, const std::string& formula) {
  using namespace random_features;
  constexpr std::size_t kSamples = 4096, kKeys = 16, kDim = 16;
  const TokenBatch batch = draw_sphere_tokens(1, 1, 0, kSamples, kKeys, kDim);
  const TargetDraw draw = draw_target(1, 0, kDim);
  const FormulaProgram program(*parse_formula(formula), kKeys, kDim);
  const Target& target = *find_target(id);
  std::vector<double> values;
  bench.add(
      {"target " + formula, "Mop/s", 1e-6 * program.operations() * kSamples, -1,
       [&] { values = program.values(draw, batch).values; }},
      [&] { values = target_values(target, draw, batch, number); }, "the target in C++");
}

}  // namespace

std::vector<BenchRow> bench_numerics() {
  Bench bench;
  const kernels::KernelTable& table = active_kernels();
  bench_product<float>(bench, product_f32_rate(kProduct), table.multiply_adds_f32);
  bench_product<double>(bench, product_f64_rate(kProduct), table.multiply_adds_f64);
  bench_gram(bench);
  bench_cholesky(bench, 1024);
  bench_cholesky(bench, 2048);
  bench_cholesky(bench, 4096);
  bench_solves(bench, 2048);
  bench_solves(bench, 4096);
  bench_attention(bench);
  bench_row_products(bench);
  bench_formula(bench, "correlation-value", 3, "mean(dot(q,x)^3*dot(b1,x))");
  bench_formula(bench, "mean-cosine", 4, "mean(cos(4*dot(b1,x)))");
  bench.add(training_rate());
  bench_normals<double>(bench, normals_f64_rate());
  bench_normals<float>(bench, normals_f32_rate());
  return bench.take();
}

}  // namespace attnlab
