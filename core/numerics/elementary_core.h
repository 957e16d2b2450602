// The branch-free cores of the elementary functions, shared by the scalar functions and by the
// batch kernels, so that both give the same bits. Include only from files that are compiled with
// -ffp-contract=off: internal linkage keeps the copies of differently compiled files apart.
//
// Polynomials: our own minimax fits (Remez, 60 digits), relative error at most 2^-57 (double) and
// 2^-27 (float) on the reduced range, measured against the function, not its Taylor series.
#pragma once

#include <cstdint>

namespace attnlab::elementary {
namespace {

constexpr double kLn2High = 0x1.62e42fee00000p-1;  // 20 trailing zero bits: k * kLn2High is exact
constexpr double kLn2Low = 0x1.a39ef35793c76p-33;
constexpr double kHalfPi = 0x1.921fb54442d18p+0;
constexpr double kHalfPiLow = 0x1.1a62633145c07p-54;  // pi/2 - kHalfPi
constexpr float kLn2HighF = 0.693145751953F;          // 9 trailing zero bits
constexpr float kLn2LowF = 1.42860682031e-6F;
constexpr float kHalfPiF = 1.57079632679F;

inline std::uint64_t bits_of(double x) {
  return __builtin_bit_cast(std::uint64_t, x);
}
inline std::uint32_t bits_of(float x) {
  return __builtin_bit_cast(std::uint32_t, x);
}
inline double double_of(std::uint64_t bits) {
  return __builtin_bit_cast(double, bits);
}
inline float float_of(std::uint32_t bits) {
  return __builtin_bit_cast(float, bits);
}

/// (sin x - x) for |x| <= pi/4, with z = x^2.
inline double sin_correction(double x, double z) {
  const double tail = 0.0083333333333221187968 +
                      z * (-0.00019841269829589634963 +
                           z * (2.7557313621400843567e-6 +
                                z * (-2.5050747763136684847e-8 + z * 1.5896230086330741498e-10)));
  return (-0.16666666666666630731 + z * tail) * (z * x);
}

/// (cos x - 1 + z/2) for |x| <= pi/4, with z = x^2.
inline double cos_correction(double z) {
  const double tail =
      0.041666666666666592929 +
      z * (-0.0013888888888873057569 +
           z * (0.000024801587288852358302 +
                z * (-2.7557314179464241988e-7 +
                     z * (2.0875700861876216813e-9 + z * -1.1358537412415359467e-11))));
  return z * z * tail;
}

/// sin(x + low) and cos(x + low) for |x| <= pi/4 and |low| <= ulp(x) / 2.
inline double sin_reduced(double x, double low) {
  const double z = x * x;
  return x + (sin_correction(x, z) + (low - 0.5 * (z * low)));
}

inline double cos_reduced(double x, double low) {
  const double z = x * x;
  const double half = 0.5 * z;
  const double head = 1.0 - half;
  return head + (((1.0 - head) - half) + (cos_correction(z) - x * low));
}

inline double sin_reduced(double x) {
  return x + sin_correction(x, x * x);
}

inline double cos_reduced(double x) {
  const double z = x * x;
  return 1.0 - (0.5 * z - cos_correction(z));
}

inline float sin_reduced(float x) {
  const float z = x * x;
  return x + x * (z * (-0.1666665461F + z * (0.008332160787F + z * -0.0001951528483F)));
}

inline float cos_reduced(float x) {
  const float z = x * x;
  const float tail = 0.04166664568F + z * (-0.001388731627F + z * 2.443315915e-5F);
  return 1.0F - (0.5F * z - z * z * tail);
}

/// e^x for -746 <= x <= 709.79; NaN stays NaN. The power of two comes in two factors, so that a
/// subnormal result is rounded once more only.
inline double exp_within(double x) {
  constexpr double kMagic = 0x1.8p52;  // adding it leaves a whole number in the low bits
  const double shifted = x * 1.4426950408889634074 + kMagic;
  const double k = shifted - kMagic;
  const double high = x - k * kLn2High;
  const double low = k * kLn2Low;
  const double r = high - low;
  const double tail = 0.16666666666666682237 +
                      r * (0.041666666666666141044 +
                           r * (0.0083333333333177457299 +
                                r * (0.0013888888889104277559 +
                                     r * (0.00019841269894915685737 +
                                          r * (0.000024801586938296091151 +
                                               r * (2.7557236122805316185e-6 +
                                                    r * (2.7557576957211729934e-7 +
                                                         r * (2.5111650732796325155e-8 +
                                                              r * 2.0827171923579127805e-9))))))));
  const double square = r * r;
  const double y = 1.0 + (high - (low - (0.5 * square + square * r * tail)));
  const double half = 0.5 * k + kMagic;
  const double rest = (k - (half - kMagic)) + kMagic;
  return y * double_of((bits_of(half) + 1023u) << 52) * double_of((bits_of(rest) + 1023u) << 52);
}

/// log of 2^power x for a positive normal double x and a small whole power.
inline double log_scaled(double x, double power) {
  // x = 2^k m with m in [sqrt(1/2), sqrt(2)): adding the distance from sqrt(1/2) to 1 to the bits
  // makes the exponent field round at sqrt(2).
  constexpr std::uint64_t kShift = 0x3ff0000000000000u - 0x3fe6a09e667f3bcdu;
  const std::uint64_t bits = bits_of(x) + kShift;
  const std::uint64_t biased = bits >> 52;
  const double m = double_of((bits & 0x000fffffffffffffu) + 0x3fe6a09e667f3bcdu);
  const double k = double_of(biased | 0x4330000000000000u) - (0x1p52 + 1023.0) + power;
  const double f = m - 1.0;
  const double s = f / (2.0 + f);
  const double z = s * s;
  // log m = 2 atanh(s) = 2 s + s z P(z), and 2 s = f - s f.
  const double tail =
      0.66666666666667341517 +
      z * (0.39999999999416384273 +
           z * (0.2857142874201443921 +
                z * (0.22222198610784546458 +
                     z * (0.18183562409378898044 +
                          z * (0.15314098633807116263 + z * 0.14795478003429430715)))));
  // f^2/2 is the large part of the correction; written this way its rounding error is halved.
  const double half_square = 0.5 * (f * f);
  return k * kLn2High + (f - (half_square - (s * (half_square + z * tail) + k * kLn2Low)));
}

/// log of 2^power x for a positive normal float x and a small whole power.
inline float log_scaled(float x, float power) {
  constexpr std::uint32_t kShift = 0x3f800000u - 0x3f3504f3u;
  const std::uint32_t bits = bits_of(x) + kShift;
  const float k = static_cast<float>(static_cast<std::int32_t>(bits >> 23) - 127) + power;
  const float m = float_of((bits & 0x007fffffu) + 0x3f3504f3u);
  const float f = m - 1.0F;
  const float s = f / (2.0F + f);
  const float z = s * s;
  const float tail = 0.6666666565F + z * (0.4000033451F + z * (0.2853734827F + z * 0.2358144784F));
  const float half_square = 0.5F * (f * f);
  return k * kLn2HighF + (f - (half_square - (s * (half_square + z * tail) + k * kLn2LowF)));
}

}  // namespace
}  // namespace attnlab::elementary
