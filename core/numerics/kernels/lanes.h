// Small operations on vectors that several kernels share. Only kernel files include this.
#pragma once

#include "core/numerics/kernels/simd.h"

namespace attnlab::kernels::ATTNLAB_SIMD_TARGET {
namespace {

template <class T>
ATTNLAB_INLINE Vector<T> broadcast(T value) {
  return value - Vector<T>{};
}
template <class T>
ATTNLAB_INLINE Vector<T> larger(Vector<T> a, Vector<T> b) {
  return a > b ? a : b;
}
template <class T>
ATTNLAB_INLINE Vector<T> smaller(Vector<T> a, Vector<T> b) {
  return a < b ? a : b;
}

template <class T>
ATTNLAB_INLINE T lane_sum(Vector<T> value) {
  T sum = 0;
  for (std::size_t lane = 0; lane < kLanes<T>; ++lane) sum += value[lane];
  return sum;
}

typedef std::int32_t FloatBits __attribute__((vector_size(kVectorBytes)));

/// e^x for x <= 0 by x = k ln 2 + r, |r| <= ln 2 / 2, and a Taylor polynomial in r: about 2 ulp.
/// Arguments are cut to where the result is a normal number; of no number comes no number, for
/// which the order of the comparison counts.
ATTNLAB_INLINE Vector<float> exp_below_zero(Vector<float> x) {
  x = larger<float>(broadcast(-87.0f), x);
  constexpr float kRound = 12582912.0f;  // 1.5 * 2^23: adding it rounds to an integer
  const Vector<float> k = (x * 1.44269504f + kRound) - kRound;
  const Vector<float> r = (x - k * 0.693359375f) + k * 2.12194440e-4f;
  Vector<float> p = broadcast(1.0f / 720);
  p = p * r + 1.0f / 120;
  p = p * r + 1.0f / 24;
  p = p * r + 1.0f / 6;
  p = p * r + 0.5f;
  p = p * r + 1.0f;
  p = p * r + 1.0f;
  const FloatBits bits = (__builtin_convertvector(k, FloatBits) + 127) << 23;
  Vector<float> scale;
  __builtin_memcpy(&scale, &bits, sizeof scale);
  return p * scale;
}

}  // namespace
}  // namespace attnlab::kernels::ATTNLAB_SIMD_TARGET
