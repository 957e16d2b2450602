// Measures products, Gram updates, Cholesky factors and normal draws against their peers.
#include "bench/bench_numerics.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <functional>
#include <limits>
#include <random>
#include <utility>

#include "bench/eigen_peer.h"
#include "core/attention/softmax_attention.h"
#include "core/in_context/training.h"
#include "core/numerics/cholesky.h"
#include "core/numerics/kernels/dispatch.h"
#include "core/numerics/linear_algebra.h"
#include "core/numerics/matrix.h"
#include "core/numerics/random.h"
#include "core/numerics/row_products.h"

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
  void add(std::string name, std::string unit, double amount, const Work& ours, const Work& peer,
           std::string peer_name) {
    const auto [value, peer_value] = best_rates(amount, ours, peer);
    if (!peer) peer_name.clear();
    rows_.push_back({std::move(name), value, std::move(unit), peer_value, std::move(peer_name)});
  }

  /// Work of the peer, or none where this machine cannot run it.
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

template <class T>
void bench_gemm(Bench& bench, const std::string& name) {
  constexpr std::size_t kSize = 512;
  const Matrix<T> a = random_matrix<T>(kSize, kSize);
  Matrix<T> c(kSize, kSize);
  const double gflop = 2e-9 * kSize * kSize * kSize;
  const Work ours = [&] { gemm_nn(a.view(), a.view(), c.view(), false); };
  bench.add(name + " 512", "GFLOP/s", gflop, ours,
            Bench::if_available([&] { peer::eigen_gemm(kSize, a.data(), a.data(), c.data()); }),
            eigen_name());
  // As many multiply-adds as the product has, without a load or a store.
  const kernels::KernelTable& table = active_kernels();
  const auto multiply_adds = sizeof(T) == 4 ? table.multiply_adds_f32 : table.multiply_adds_f64;
  bench.add(
      name + " 512 of peak", "GFLOP/s", gflop, ours, [&] { multiply_adds(1e9 * gflop); },
      "multiply-add units of " + std::string(table.name));
}

void bench_gram(Bench& bench) {
  constexpr std::size_t kSamples = 2048;
  constexpr std::size_t kFeatures = 544;  // 32 heads of dimension 17
  const Matrix<float> features = random_matrix<float>(kSamples, kFeatures);
  Matrix<double> gram(kSamples, kSamples);
  Matrix<float> peer_gram(kSamples, kSamples);
  bench.add(
      "gram f32 into f64, 2048 x 544", "GFLOP/s", 1e-9 * kSamples * kSamples * kFeatures,
      [&] { syrk_accumulate(features.view(), gram.view()); }, Bench::if_available([&] {
        peer::eigen_rank_update(kSamples, kFeatures, features.data(), peer_gram.data());
      }),
      eigen_name() + ", all f32");
}

void bench_cholesky(Bench& bench, std::size_t n) {
  // Diagonally dominant, so that any size can be factorised without making a Gram matrix first.
  Matrix<double> gram = random_matrix<double>(n, n);
  for (std::size_t i = 0; i < n; ++i) gram(i, i) += 10.0 * static_cast<double>(n);
  Cholesky cholesky(n);
  Matrix<double> work(n, n);
  const double size = static_cast<double>(n);
  bench.add(
      "cholesky f64 " + std::to_string(n), "GFLOP/s", size * size * size / 3e9,
      [&] {
        cholesky.start(gram.view(), 0.0);
        cholesky.run();
      },
      Bench::if_available([&] {
        std::copy(gram.values().begin(), gram.values().end(), work.data());
        peer::eigen_cholesky(n, work.data());
      }),
      eigen_name());
}

template <class T>
void bench_normals(Bench& bench, const std::string& name) {
  std::vector<T> values(1 << 16);
  RandomStream random(1, hash_name("bench"), 1);
  std::mt19937_64 engine(1);
  std::normal_distribution<T> normal;
  bench.add(
      name, "million/s", 1e-6 * static_cast<double>(values.size()),
      [&] { random.fill_normal(std::span<T>(values)); },
      [&] { std::generate(values.begin(), values.end(), [&] { return normal(engine); }); },
      "std::mt19937_64 and std::normal_distribution");
}

/// Peer: the two products alone, at the speed of a large one: what softmax and layout cost on top.
void bench_attention(Bench& bench) {
  constexpr std::size_t kSequences = 64, kLength = 64, kWidth = 64;
  const Matrix<float> rows = random_matrix<float>(kSequences * kLength, kWidth);
  Matrix<float> out(kSequences * kLength, kWidth);
  const Matrix<float> a = random_matrix<float>(512, 512);
  Matrix<float> c(512, 512);
  bench.add(
      "softmax attention 64 x 64 x 64", "GFLOP/s", 4e-9 * kSequences * kLength * kLength * kWidth,
      [&] {
        softmax_attention(kSequences, rows.view(), rows.view(), rows.view(), 0.125f, out.view());
      },
      [&] {
        gemm_nn(a.view().block(0, 0, 128, 512), a.view(), c.view().block(0, 0, 128, 512), false);
      },
      "a product of as many operations");
}

void bench_row_products(Bench& bench) {
  constexpr std::size_t kRows = 256;
  const Matrix<double> a = random_matrix<double>(kRows, kRows);
  std::vector<double> y0(kRows), y1(kRows);
  bench.add(
      "matrix x 2 vectors f64 256", "GFLOP/s", 4e-9 * kRows * kRows,
      [&] { row_products(a.view(), a.row(0), y0, a.row(1), y1); }, Work(), "");
}

void bench_training(Bench& bench) {
  TrainingSetup setup;
  setup.dim = 5;
  setup.prompt_length = 40;
  setup.heads = 2;
  setup.batch = 256;
  Trainer trainer(setup);
  bench.add(
      "training step, 2 heads, 256 prompts of 40", "steps/s", 1, [&] { trainer.step(); }, Work(),
      "");
}

}  // namespace

std::vector<BenchRow> bench_numerics() {
  Bench bench;
  bench_gemm<float>(bench, "product f32");
  bench_gemm<double>(bench, "product f64");
  bench_gram(bench);
  bench_cholesky(bench, 1024);
  bench_cholesky(bench, 2048);
  bench_cholesky(bench, 4096);
  bench_attention(bench);
  bench_row_products(bench);
  bench_training(bench);
  bench_normals<double>(bench, "normal draws f64");
  bench_normals<float>(bench, "normal draws f32");
  return bench.take();
}

}  // namespace attnlab
