// Box-Muller on the words of one Philox block, shared by the scalar draw and the batch kernels, so
// that both give the same bits. Include only from files compiled with -ffp-contract=off.
//
// Source: Box and Muller, "A note on the generation of random normal deviates", 1958: for uniform
// u and an independent uniform angle t, sqrt(-2 log u) (cos t, sin t) is a pair of normals.
#pragma once

#include <cstdint>

#include "core/numerics/elementary_core.h"

namespace attnlab::elementary {
namespace {

/// An odd multiple of 2^-53 in (0, 1) from the upper 52 of 64 bits.
inline double open_uniform(std::uint32_t low, std::uint32_t high) {
  const std::uint64_t bits = (static_cast<std::uint64_t>(high) << 32) | low;
  return (double_of((bits >> 12) | 0x3ff0000000000000u) - 1.0) + 0x1p-53;
}

/// Two normals of 53-bit uniforms from four words.
inline void normal_pair(std::uint32_t w0, std::uint32_t w1, std::uint32_t w2, std::uint32_t w3,
                        double& first, double& second) {
  const double radius = __builtin_sqrt(-2.0 * log_scaled(open_uniform(w0, w1), 0.0));
  // The top two bits name the quadrant, the next 52 the angle in it, centred.
  const std::uint64_t bits = (static_cast<std::uint64_t>(w3) << 32) | w2;
  const double centred =
      (double_of(((bits >> 10) & 0x000fffffffffffffu) | 0x3ff0000000000000u) - 1.5) + 0x1p-53;
  const double x = centred * kHalfPi;
  const std::uint64_t s = bits_of(sin_reduced(x));
  const std::uint64_t c = bits_of(cos_reduced(x));
  const std::uint64_t odd = 0u - ((bits >> 62) & 1u);
  const std::uint64_t swapped = (s ^ c) & odd;
  const std::uint64_t sine_sign = bits & 0x8000000000000000u;
  const std::uint64_t cosine_sign = sine_sign ^ ((bits << 1) & 0x8000000000000000u);
  first = radius * double_of((c ^ swapped) ^ cosine_sign);
  second = radius * double_of((s ^ swapped) ^ sine_sign);
}

/// Two normals in float from two words.
inline void normal_pair(std::uint32_t w0, std::uint32_t w1, float& first, float& second) {
  // Word to float with one rounding and without a conversion, which is slow for unsigned words:
  // the upper half as 2^39 + 65536 upper, the lower half as 2^23 + lower.
  const float word = (float_of((w0 >> 16) | 0x53000000u) - (0x1p39F + 0x1p23F)) +
                     float_of((w0 & 0xffffu) | 0x4b000000u);
  const float radius = __builtin_sqrtf(-2.0F * log_scaled((word + 0.5F) * 0x1p-32F, 0.0F));
  const std::int32_t centred =
      static_cast<std::int32_t>(w1 & 0x3fffffffu) - (std::int32_t{1} << 29);
  const float x = (static_cast<float>(centred) * 0x1p-30F) * kHalfPiF;
  const std::uint32_t s = bits_of(sin_reduced(x));
  const std::uint32_t c = bits_of(cos_reduced(x));
  const std::uint32_t odd = 0u - ((w1 >> 30) & 1u);
  const std::uint32_t swapped = (s ^ c) & odd;
  const std::uint32_t sine_sign = w1 & 0x80000000u;
  const std::uint32_t cosine_sign = sine_sign ^ ((w1 << 1) & 0x80000000u);
  first = radius * float_of((c ^ swapped) ^ cosine_sign);
  second = radius * float_of((s ^ swapped) ^ sine_sign);
}

}  // namespace
}  // namespace attnlab::elementary
