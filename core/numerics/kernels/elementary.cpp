// Elementary functions of many numbers: plain loops, which the compiler turns into vectors of the
// target; compiled without contraction, so that every target gives the bits of elementary.h.
#include "core/numerics/kernels/simd.h"

#include "core/numerics/elementary_core.h"

namespace attnlab::kernels::ATTNLAB_SIMD_TARGET {
namespace {

constexpr std::size_t kBatch = 64;  // short enough for V8 to replace the function between calls

ATTNLAB_NOINLINE void exp_batch(double* values) {
  for (std::size_t i = 0; i < kBatch; ++i) {
    const double x = values[i];
    values[i] = elementary::exp_within(x < -746.0 ? -746.0 : x);
  }
}

ATTNLAB_NOINLINE void log_batch(double* values) {
  for (std::size_t i = 0; i < kBatch; ++i) values[i] = elementary::log_scaled(values[i], 0.0);
}

/// Whole batches in place, the tail in a copy padded with ones.
template <class Function>
ATTNLAB_INLINE void in_batches(std::size_t count, double* values, Function function) {
  std::size_t done = 0;
  for (; done + kBatch <= count; done += kBatch) function(values + done);
  if (done == count) return;
  double last[kBatch];
  for (std::size_t i = 0; i < kBatch; ++i) last[i] = done + i < count ? values[done + i] : 1.0;
  function(last);
  for (std::size_t i = 0; done + i < count; ++i) values[done + i] = last[i];
}

}  // namespace

void exp_values(std::size_t count, double* values) {
  in_batches(count, values, exp_batch);
}
void log_values(std::size_t count, double* values) {
  in_batches(count, values, log_batch);
}

}  // namespace attnlab::kernels::ATTNLAB_SIMD_TARGET
