// The peak rate of the multiply-add units, with which the rates of products are compared.
#include "core/numerics/kernels/simd.h"

namespace attnlab::kernels::ATTNLAB_SIMD_TARGET {
namespace {

/// Independent sums: enough to cover the latency of two units, and few enough for the registers.
constexpr std::size_t kChains = 12;
constexpr std::size_t kUnroll = 16;
constexpr std::size_t kOperations = 2 * kChains * kUnroll;  // per lane and round

/// Does rounds until at least `operations` multiplications and additions are done, and returns
/// their number. The result depends on the sums, so that the compiler cannot drop them.
template <class T>
ATTNLAB_INLINE double multiply_adds(double operations) {
  constexpr double a_round = kOperations * kLanes<T>;
  Vector<T> sums[kChains];
  for (std::size_t i = 0; i < kChains; ++i) sums[i] = Vector<T>{} + static_cast<T>(i);
  const Vector<T> term = Vector<T>{} + T(0.25);
  double done = 0;
  for (; done < operations; done += a_round) {
    for (std::size_t step = 0; step < kUnroll; ++step) {
#pragma GCC unroll 12
      for (std::size_t i = 0; i < kChains; ++i) sums[i] = multiply_add(T(0.5), sums[i], term);
    }
  }
  T total = 0;
  for (std::size_t i = 0; i < kChains; ++i) total += sums[i][0];
  return total < 0 ? 0 : done;  // the sums tend to 1/2
}

}  // namespace

ATTNLAB_NOINLINE double multiply_adds_f32(double operations) {
  return multiply_adds<float>(operations);
}
ATTNLAB_NOINLINE double multiply_adds_f64(double operations) {
  return multiply_adds<double>(operations);
}

}  // namespace attnlab::kernels::ATTNLAB_SIMD_TARGET
