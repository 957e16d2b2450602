// Transposes of four lines at a time, for packing. Only kernel files include this.
#pragma once

#include "core/numerics/kernels/simd.h"

namespace attnlab::kernels::ATTNLAB_SIMD_TARGET {
namespace {

/// to[p * stride + r] = from[r * from_stride + p] for four lines: 4 x 4 transposes in registers.
template <class T>
ATTNLAB_INLINE void interleave_four(const T* from, std::size_t from_stride, std::size_t depth,
                                    T* to, std::size_t to_stride) {
  typedef float F4 __attribute__((vector_size(16)));
  typedef double D2 __attribute__((vector_size(16)));
  const T* line0 = from;
  const T* line1 = from + from_stride;
  const T* line2 = from + 2 * from_stride;
  const T* line3 = from + 3 * from_stride;
  std::size_t p = 0;
  if constexpr (sizeof(T) == 4) {
    for (; p + 4 <= depth; p += 4) {
      F4 x0, x1, x2, x3;
      __builtin_memcpy(&x0, line0 + p, 16);
      __builtin_memcpy(&x1, line1 + p, 16);
      __builtin_memcpy(&x2, line2 + p, 16);
      __builtin_memcpy(&x3, line3 + p, 16);
      const F4 low01 = __builtin_shufflevector(x0, x1, 0, 4, 1, 5);
      const F4 low23 = __builtin_shufflevector(x2, x3, 0, 4, 1, 5);
      const F4 high01 = __builtin_shufflevector(x0, x1, 2, 6, 3, 7);
      const F4 high23 = __builtin_shufflevector(x2, x3, 2, 6, 3, 7);
      const F4 y0 = __builtin_shufflevector(low01, low23, 0, 1, 4, 5);
      const F4 y1 = __builtin_shufflevector(low01, low23, 2, 3, 6, 7);
      const F4 y2 = __builtin_shufflevector(high01, high23, 0, 1, 4, 5);
      const F4 y3 = __builtin_shufflevector(high01, high23, 2, 3, 6, 7);
      __builtin_memcpy(to + (p + 0) * to_stride, &y0, 16);
      __builtin_memcpy(to + (p + 1) * to_stride, &y1, 16);
      __builtin_memcpy(to + (p + 2) * to_stride, &y2, 16);
      __builtin_memcpy(to + (p + 3) * to_stride, &y3, 16);
    }
  } else {
    for (; p + 2 <= depth; p += 2) {
      D2 x0, x1, x2, x3;
      __builtin_memcpy(&x0, line0 + p, 16);
      __builtin_memcpy(&x1, line1 + p, 16);
      __builtin_memcpy(&x2, line2 + p, 16);
      __builtin_memcpy(&x3, line3 + p, 16);
      const D2 first01 = __builtin_shufflevector(x0, x1, 0, 2);
      const D2 first23 = __builtin_shufflevector(x2, x3, 0, 2);
      const D2 second01 = __builtin_shufflevector(x0, x1, 1, 3);
      const D2 second23 = __builtin_shufflevector(x2, x3, 1, 3);
      __builtin_memcpy(to + p * to_stride, &first01, 16);
      __builtin_memcpy(to + p * to_stride + 2, &first23, 16);
      __builtin_memcpy(to + (p + 1) * to_stride, &second01, 16);
      __builtin_memcpy(to + (p + 1) * to_stride + 2, &second23, 16);
    }
  }
  for (; p < depth; ++p) {
    T* const row = to + p * to_stride;
    row[0] = line0[p];
    row[1] = line1[p];
    row[2] = line2[p];
    row[3] = line3[p];
  }
}

}  // namespace
}  // namespace attnlab::kernels::ATTNLAB_SIMD_TARGET
