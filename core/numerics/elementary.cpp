// Elementary functions with the same bits on every platform; see elementary.h for the contracts.
#include "core/numerics/elementary.h"

#include <cstdint>

#include "core/numerics/elementary_batch.h"
#include "core/numerics/elementary_core.h"
#include "core/numerics/kernels/dispatch.h"

namespace attnlab {
namespace {

using namespace elementary;

constexpr double kInfinity = __builtin_inf();
constexpr double kNan = __builtin_nan("");

/// Nearest integer (ties to even) of |x| < 2^51.
double round_to_integer(double x) {
  constexpr double kMagic = 0x1.8p52;
  return (x + kMagic) - kMagic;
}

/// A number in two doubles: value + low, |low| <= ulp(value) / 2.
struct Sum {
  double value;
  double low;
};

/// (head + tail) pi/2, for |tail| below ulp(head).
Sum times_half_pi(double head, double tail) {
  // Split at 26 bits, the partial products of the heads are exact (Dekker 1971).
  const double a_high = double_of(bits_of(head) & ~std::uint64_t{0x7ffffff});
  const double a_low = head - a_high;
  const double b_high = double_of(bits_of(kHalfPi) & ~std::uint64_t{0x7ffffff});
  const double b_low = kHalfPi - b_high;
  const double product = head * kHalfPi;
  const double lost =
      ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low;
  const double rest = lost + (head * kHalfPiLow + tail * kHalfPi);
  const double value = product + rest;
  return {value, (product - value) + rest};
}

/// x = quadrant * pi/2 + (value + low), |value| <= pi/4 up to rounding.
struct Reduced {
  unsigned quadrant;
  double value;
  double low;
};

/// Cody-Waite: pi/2 in three parts, the first two of 33 bits so that k times each is exact.
Reduced reduce_moderate(double x) {
  const double k = round_to_integer(x * 0.63661977236758134308);
  const double first = x - k * 0x1.921fb54400000p+0;
  const double second = k * 0x1.0b4611a600000p-34;
  const double difference = first - second;
  // The exact error of first - second (Knuth), which the third part's product joins.
  const double part = difference - first;
  const double lost = (first - (difference - part)) - (second + part);
  const double rest = lost - k * 0x1.3198a2e037073p-69;
  const double value = difference + rest;
  return {static_cast<unsigned>(static_cast<std::int64_t>(k)) & 3u, value,
          (difference - value) + rest};
}

/// 2/pi after the binary point, 64 bits a word.
constexpr std::uint64_t kTwoOverPi[] = {
    0xa2f9836e4e441529u, 0xfc2757d1f534ddc0u, 0xdb6295993c439041u, 0xfe5163abdebbc561u,
    0xb7246e3a424dd2e0u, 0x06492eea09d1921cu, 0xfe1deb1cb129a73eu, 0xe88235f52ebb4484u,
    0xe99c7026b45f7e41u, 0x3991d639835339f4u, 0x9c845f8bbdf9283bu, 0x1ff897ffde05980fu,
    0xef2f118b5a0a6d1fu, 0x6d367ecf27cb09b7u, 0x4f463f669e5fea2du, 0x7527bac7ebe5f17bu,
    0x3d0739f78a5292eau, 0x6bfb5fb11f8d5d08u, 0x56033046fc7b6babu, 0xf0cfbc209af4361du};

/// 64 bits of 2/pi from bit position `first` (0 is the highest bit after the point; zeros before).
std::uint64_t two_over_pi_bits(int first) {
  const auto word = [](int index) { return index < 0 ? 0u : kTwoOverPi[index]; };
  const int index = (first + 64) / 64 - 1;
  const int shift = first - index * 64;
  if (shift == 0) return word(index);
  return (word(index) << shift) | (word(index + 1) >> (64 - shift));
}

/// High and low word of a 64 x 64 bit product.
void multiply_wide(std::uint64_t a, std::uint64_t b, std::uint64_t& high, std::uint64_t& low) {
  const std::uint64_t a_low = a & 0xffffffffu, a_high = a >> 32;
  const std::uint64_t b_low = b & 0xffffffffu, b_high = b >> 32;
  const std::uint64_t middle = a_high * b_low + ((a_low * b_low) >> 32);
  const std::uint64_t other = a_low * b_high + (middle & 0xffffffffu);
  high = a_high * b_high + (middle >> 32) + (other >> 32);
  low = a * b;
}

/// Payne-Hanek for finite x >= 2^20: the integer mantissa times just the bits of 2/pi that decide
/// the quadrant and 125 bits after it.
Reduced reduce_huge(double x) {
  const std::uint64_t bits = bits_of(x);
  const std::uint64_t mantissa = (bits & 0x000fffffffffffffu) | 0x0010000000000000u;
  const int exponent = static_cast<int>(bits >> 52) - 1075;
  // x 2/pi modulo 4: bits of 2/pi above weight 2^(2 - exponent) give multiples of 4.
  const int first = exponent - 2;
  const std::uint64_t word0 = two_over_pi_bits(first);
  const std::uint64_t word1 = two_over_pi_bits(first + 64);
  const std::uint64_t word2 = two_over_pi_bits(first + 128);
  std::uint64_t high1, low1, high2, low2;
  multiply_wide(mantissa, word1, high1, low1);
  multiply_wide(mantissa, word2, high2, low2);
  std::uint64_t low = low1 + high2;
  std::uint64_t high = mantissa * word0 + high1 + (low < low1 ? 1u : 0u);
  // high:low is x 2/pi in units of 2^-126; its two highest bits are the quadrant.
  unsigned quadrant = static_cast<unsigned>(high >> 62);
  high = (high << 2) | (low >> 62);
  low <<= 2;
  const bool above_half = (high >> 63) != 0;
  if (above_half) {
    quadrant = (quadrant + 1) & 3u;
    low = ~low + 1;
    high = ~high + (low == 0 ? 1u : 0u);
  }
  if (high == 0) return {quadrant, 0.0, 0.0};  // impossible for a double, kept total
  const int zeros = __builtin_clzll(high);
  if (zeros != 0) {
    high = (high << zeros) | (low >> (64 - zeros));
    low <<= zeros;
  }
  const double unit = double_of(static_cast<std::uint64_t>(1023 - 64 - zeros) << 52);
  const double sign = above_half ? -1.0 : 1.0;
  const double fraction_head = static_cast<double>(high & ~std::uint64_t{0x7ff}) * unit;
  const double fraction_tail =
      (static_cast<double>(high & 0x7ffu) + static_cast<double>(low) * 0x1p-64) * unit;
  const Sum angle = times_half_pi(fraction_head, fraction_tail);
  return {quadrant, sign * angle.value, sign * angle.low};
}

SinCos sincos_radians(double x) {
  const double magnitude = x < 0.0 ? -x : x;
  if (!(magnitude < kInfinity)) return {kNan, kNan};
  if (magnitude < 0x1p-27) return {x, 1.0};
  const Reduced reduced = magnitude < 0x1p20 ? reduce_moderate(magnitude) : reduce_huge(magnitude);
  const double s = sin_reduced(reduced.value, reduced.low);
  const double c = cos_reduced(reduced.value, reduced.low);
  const bool odd = (reduced.quadrant & 1u) != 0;
  double sine = odd ? c : s;
  double cosine = odd ? s : c;
  if (reduced.quadrant >= 2) sine = -sine;
  if (reduced.quadrant == 1 || reduced.quadrant == 2) cosine = -cosine;
  return {x < 0.0 ? -sine : sine, cosine};
}

}  // namespace

double portable_exp(double x) {
  if (!(x <= 709.79)) return x != x ? x : kInfinity;
  if (x < -745.14) return 0.0;
  return exp_within(x);
}

float portable_exp(float x) {
  if (!(x <= 88.73F)) return x != x ? x : static_cast<float>(kInfinity);
  if (x < -103.98F) return 0.0F;
  constexpr float kMagic = 0x1.8p23F;
  const float k = (x * 1.44269504F + kMagic) - kMagic;
  const float high = x - k * kLn2HighF;
  const float low = k * kLn2LowF;
  const float r = high - low;
  const float tail =
      0.4999999364F +
      r * (0.1666652205F + r * (0.04166836211F + r * (0.008368587667F + r * 0.001381530221F)));
  const float y = 1.0F + (high - (low - r * r * tail));
  const int exponent = static_cast<int>(k);
  const int half = exponent / 2;
  const auto power = [](int e) { return float_of(static_cast<std::uint32_t>(e + 127) << 23); };
  return y * power(half) * power(exponent - half);
}

double portable_log(double x) {
  if (x > 0.0 && x < kInfinity) {
    return x >= 0x1p-1022 ? log_scaled(x, 0.0) : log_scaled(x * 0x1p54, -54.0);
  }
  if (x == 0.0) return -kInfinity;
  return x > 0.0 ? x : kNan;
}

float portable_log(float x) {
  if (x > 0.0F && x < static_cast<float>(kInfinity)) {
    return x >= 0x1p-126F ? log_scaled(x, 0.0F) : log_scaled(x * 0x1p24F, -24.0F);
  }
  if (x == 0.0F) return static_cast<float>(-kInfinity);
  return x > 0.0F ? x : static_cast<float>(kNan);
}

void exp_of_each(std::span<double> values) {
  active_kernels().exp_values(values.size(), values.data());
}

void log_of_each(std::span<double> values) {
  active_kernels().log_values(values.size(), values.data());
}

double portable_sin(double x) {
  return sincos_radians(x).sin;
}

double portable_cos(double x) {
  return sincos_radians(x).cos;
}

SinCos sincos_turns(double u) {
  const double magnitude = u < 0.0 ? -u : u;
  if (!(magnitude < kInfinity)) return {kNan, kNan};
  if (magnitude >= 0x1p53) return {0.0, 1.0};  // an integer
  // Whole turns first; u - round(u) is exact, and so is the quarter below.
  const double turn = magnitude < 0x1p51 ? u - round_to_integer(u)
                                         : u - static_cast<double>(static_cast<std::int64_t>(u));
  const double quarters = round_to_integer(4.0 * turn);
  const Sum angle = times_half_pi(4.0 * turn - quarters, 0.0);
  const double s = sin_reduced(angle.value, angle.low);
  const double c = cos_reduced(angle.value, angle.low);
  switch (static_cast<int>(quarters) & 3) {
    case 0:
      return {s, c};
    case 1:
      return {c, -s};
    case 2:
      return {-s, -c};
    default:
      return {-c, s};
  }
}

}  // namespace attnlab
