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

/// e^x for x in [-87, 88], where it is a normal number, by x = k ln 2 + r, |r| <= ln 2 / 2, and a
/// degree-6 Taylor polynomial in r, whose remainder is r^7 / 7! = 1.2e-7 relative: about 2 ulp.
/// NaN in, NaN out.
ATTNLAB_INLINE Vector<float> exp_normal(Vector<float> x) {
  constexpr float kRound = 12582912.0f;  // 1.5 * 2^23: adding it leaves an integer in the low bits
  const Vector<float> rounded = multiply_add<float>(1.44269504f, x, broadcast(kRound));
  const Vector<float> k = rounded - kRound;
  const Vector<float> r =
      multiply_add<float>(2.12194440e-4f, k, multiply_add<float>(-0.693359375f, k, x));
  Vector<float> p = broadcast(1.0f / 720);
  constexpr float kRest[] = {1.0f / 120, 1.0f / 24, 1.0f / 6, 0.5f, 1.0f, 1.0f};
#pragma GCC unroll 6
  for (std::size_t i = 0; i < 6; ++i) p = multiply_add<float>(p, r, broadcast(kRest[i]));
  FloatBits bits;  // those above the integer are shifted out
  __builtin_memcpy(&bits, &rounded, sizeof bits);
  bits = (bits + 127) << 23;
  Vector<float> scale;
  __builtin_memcpy(&scale, &bits, sizeof scale);
  return p * scale;
}

/// e^x for x <= 0, clamped to normal results. The order of the comparison propagates NaN.
ATTNLAB_INLINE Vector<float> exp_below_zero(Vector<float> x) {
  return exp_normal(larger<float>(broadcast(-87.0f), x));
}

}  // namespace
}  // namespace attnlab::kernels::ATTNLAB_SIMD_TARGET
