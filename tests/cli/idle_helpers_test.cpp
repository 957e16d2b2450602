// Idle threads as helpers: every part once, failures reach the caller, and no bit changes.
#include "native/idle_helpers.h"

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <new>
#include <thread>
#include <vector>

#include "core/numerics/cholesky.h"
#include "core/numerics/linear_algebra.h"
#include "core/numerics/random.h"

using namespace attnlab;

namespace {

/// Threads that help until the end of the scope.
class HelpingThreads {
 public:
  HelpingThreads(IdleHelpers& helpers, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      helpers.set_idle(true);
      threads_.emplace_back([this, &helpers] {
        while (!stop_) {
          if (!helpers.help()) std::this_thread::yield();
        }
        helpers.set_idle(false);
      });
    }
  }
  ~HelpingThreads() {
    stop_ = true;
    for (std::thread& thread : threads_) thread.join();
  }

 private:
  std::atomic<bool> stop_{false};
  std::vector<std::thread> threads_;
};

/// Provides helpers to this thread until the end of the scope.
struct Lent {
  explicit Lent(Helpers& helpers) { provide_helpers(&helpers); }
  ~Lent() { provide_helpers(nullptr); }
};

template <class T>
Matrix<T> random_matrix(std::size_t rows, std::size_t cols, std::uint32_t index) {
  Matrix<T> matrix(rows, cols);
  RandomStream(7, hash_name("test/idle-helpers"), index).fill_normal(matrix.values());
  return matrix;
}

template <class T>
bool same_bits(const Matrix<T>& a, const Matrix<T>& b) {
  return std::equal(a.values().begin(), a.values().end(), b.values().begin(), b.values().end());
}

struct Results {
  Matrix<float> wide, tall;
  Matrix<double> gram, solution;
};

/// Sizes that are no multiples of a tile and large enough to be shared.
Results compute() {
  Results results{Matrix<float>(70, 1501), Matrix<float>(1501, 70), Matrix<double>(701, 701),
                  random_matrix<double>(701, 3, 9)};
  const Matrix<float> a = random_matrix<float>(70, 523, 1), b = random_matrix<float>(523, 1501, 2);
  gemm_nn(a.view(), b.view(), results.wide.view(), false);
  gemm_tn(b.view(), random_matrix<float>(523, 70, 3).view(), results.tall.view(), false);
  syrk_accumulate(random_matrix<float>(701, 1000, 4).view(), results.gram.view());
  Cholesky factor(701);
  factor.start(results.gram.const_view(), 1.0);
  factor.run();
  CHECK(factor.solve_leading(701, results.solution.view()));
  return results;
}

}  // namespace

TEST_CASE("every part runs exactly once, with any number of helpers and callers") {
  for (const std::size_t threads : {0, 1, 3}) {
    IdleHelpers helpers;
    const HelpingThreads helping(helpers, threads);
    CHECK(helpers.width() == threads + 1);
    const auto call = [&helpers] {
      for (std::size_t parts = 0; parts < 60; ++parts) {
        std::vector<std::atomic<int>> calls(parts);
        helpers.run(parts, [&](std::size_t i) { ++calls[i]; });
        for (const std::atomic<int>& count : calls) REQUIRE(count == 1);
      }
    };
    std::thread other(call);
    call();
    other.join();
    CHECK_FALSE(helpers.has_work());
  }
}

TEST_CASE("an exception of a part reaches the caller once all parts have returned") {
  IdleHelpers helpers;
  const HelpingThreads helping(helpers, 2);
  std::atomic<int> returned{0};
  bool thrown = false;
  try {
    helpers.run(20, [&](std::size_t i) {
      if (i == 3) throw std::bad_alloc();
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
      ++returned;
    });
  } catch (const std::bad_alloc&) {
    thrown = true;
  }
  CHECK(thrown);
  CHECK(returned == 19);
}

TEST_CASE("products, Gram matrices and factors have the same bits with helpers and without") {
  const Results alone = compute();
  for (const std::size_t threads : {1, 2}) {
    IdleHelpers helpers;
    const HelpingThreads helping(helpers, threads);
    const Lent lent(helpers);
    const Results shared = compute();
    CHECK(same_bits(shared.wide, alone.wide));
    CHECK(same_bits(shared.tall, alone.tall));
    CHECK(same_bits(shared.gram, alone.gram));
    CHECK(same_bits(shared.solution, alone.solution));
  }
}
