#include "core/extraction/learn/grain.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <vector>

#include "core/base/text.h"

namespace attnlab::extraction {
namespace {

constexpr double kEvidence = 40;       // bits: answers of one box in 2^40 all fit by chance
constexpr std::size_t kFewest = 4;     // different answers
constexpr double kTolerance = 4;       // units in the last place
constexpr int kMostDigits = 15;        // a double holds them all
constexpr double kFinestStep = 1e-15;  // of decimal steps
// Bits by which a less usual explanation must be better before it counts: four numbers with two
// decimals may all be even.
constexpr double kUsualStep = 10, kOddStep = 20;
constexpr double kOddBits = 10, kSecondGrain = 8;
constexpr int kSingle = 24, kHalf = 11, kBrain = 8;
constexpr int kMostBits = 44;              // more bits have too little evidence
constexpr double kLogTolerance = 0x1p-46;  // of the logarithm, relative to 1 plus its size
constexpr double kSmallestHalf = 0x1p-24;  // float16 numbers near 0 are multiples of it

double unit_in_last_place(double x) {
  return x == 0 ? 0 : std::ldexp(1.0, std::ilogb(x) - 52);
}

double to_bits(double x, int bits) {
  int exponent = 0;
  const double mantissa = std::frexp(x, &exponent);
  return std::ldexp(std::nearbyint(std::ldexp(mantissa, bits)), exponent - bits);
}

/// Significant digits of the shortest text.
int shortest_digits(double x) {
  int digits = 0, zeros = 0;
  for (const char letter : exact_text(x)) {
    if (letter == 'e') break;
    if (letter < '0' || letter > '9' || (letter == '0' && digits == 0)) continue;
    ++digits;
    zeros = letter == '0' ? zeros + 1 : 0;
  }
  return digits - zeros;
}

/// Whether x has at most `bits` significant bits, or is the decimal text of such a number, rounded
/// to double.
bool is_text_of_bits(double x, int bits) {
  const double nearest = to_bits(x, bits);
  if (nearest == x) return true;
  const int digits = shortest_digits(x);
  return digits <= kMostDigits && to_digits(nearest, digits) == x;
}

/// Whether the answer was rounded to digits or bits and to a step, in either order: it has the form
/// of the last rounding, and the first one's form to within half of what the last one moves.
bool is_rounded_twice(const Grain& grain, double answer) {
  const Grain floating{grain.kind, 0, grain.figures}, steps{GrainKind::kStep, grain.step, 0};
  const double unit = kTolerance * unit_in_last_place(answer);
  if (steps.holds(answer)) {
    return std::abs(floating.round(answer) - answer) <= 0.5 * grain.step + unit;
  }
  return floating.holds(answer) &&
         std::abs(steps.round(answer) - answer) <= 0.5 * floating.at(answer) + unit;
}

bool all_fit(const Grain& grain, std::span<const double> answers) {
  return std::ranges::all_of(answers, [&](double answer) { return grain.holds(answer); });
}

/// log2 of the likelihood ratio of the grain to exact doubles: with a grain, each possible answer
/// has the probability of all doubles that are nearest to it.
double evidence(const Grain& grain, std::span<const double> answers) {
  double bits = 0;
  for (const double answer : answers) {
    const double unit = kTolerance * unit_in_last_place(answer);
    bits += std::log2(std::max(grain.at(answer) / unit, 1.0));
  }
  return bits;
}

/// The greatest common step of positive numbers in ascending order by Euclid's algorithm; 0 if it
/// is so fine that the numbers' rounding hides it. Every number corrects the step by least squares.
double common_step(std::span<const double> sizes) {
  const double finest = std::ldexp(sizes.back(), -24);
  double step = sizes.front(), products = 0, squares = 0;
  for (const double size : sizes) {
    double larger = size, smaller = step;
    while (smaller > finest / 4) {
      double rest = std::fmod(larger, smaller);
      if (smaller - rest < finest / 4) rest = 0;
      larger = smaller;
      smaller = rest;
    }
    if (larger < finest) return 0;
    if (larger < 0.75 * step) {  // a finer step: restart the least squares with it
      step = larger;
      products = squares = 0;
      for (const double other : sizes) {
        if (other > size) break;
        const double count = std::round(other / step);
        products += count * other;
        squares += count * count;
        if (squares > 0) step = products / squares;
      }
    } else {
      const double count = std::round(size / step);
      products += count * size;
      squares += count * count;
      step = products / squares;
    }
  }
  return step;
}

class Choice {
 public:
  explicit Choice(std::span<const double> answers) : answers_(answers) {}

  /// True where the answers fit.
  bool consider(const Grain& grain, double handicap) {
    if (!all_fit(grain, answers_)) return false;
    const double bits = evidence(grain, answers_) - handicap;
    if (bits > bits_) {
      bits_ = bits;
      best_ = grain;
    }
    return true;
  }
  const Grain& best() const { return best_; }

 private:
  std::span<const double> answers_;
  Grain best_;
  double bits_ = kEvidence;
};

/// The common step of the logarithms, for boxes that round a logarithm; 0: none.
double common_log_step(std::span<const double> sizes) {
  std::vector<double> logs;
  for (const double size : sizes) {
    const double log = std::abs(std::log(size));
    if (log > kLogTolerance) logs.push_back(log);
  }
  if (logs.size() < kFewest) return 0;
  std::ranges::sort(logs);
  return common_step(logs);
}

Grain step_grain(double step) {
  return {GrainKind::kStep, step, 0};
}

std::string text_of_step(double step) {
  const double decimals = std::round(-std::log10(step));
  const bool decimal = decimals >= 0 && std::abs(step * std::pow(10.0, decimals) - 1) < 1e-12;
  if (!decimal) return "multiples of " + exact_text(to_digits(step, 12));
  if (decimals == 0) return "rounded to whole numbers";
  return "rounded to " + counted(static_cast<std::size_t>(decimals), "decimal");
}

}  // namespace

double to_digits(double x, int digits) {
  if (!std::isfinite(x)) return x;
  char text[40];
  std::snprintf(text, sizeof text, "%.*e", digits - 1, x);
  return read_real(text).value_or(x);
}

double Grain::at(double answer) const {
  if (kind == GrainKind::kExact) return 0;
  if (kind == GrainKind::kPowers) return std::expm1(log_step) * std::abs(answer);
  if (kind == GrainKind::kStep) return step;
  if (answer == 0 || !std::isfinite(answer)) return step;
  if (kind == GrainKind::kBits) {
    return std::max(step, std::ldexp(1.0, std::ilogb(answer) - figures + 1));
  }
  // The logarithm of a power of ten may come out a little short.
  const double size = std::abs(answer);
  double exponent = std::floor(std::log10(size));
  if (size >= std::pow(10.0, exponent + 1)) exponent += 1;
  return std::max(step, std::pow(10.0, exponent - figures + 1));
}

double Grain::round(double x) const {
  if (step > 0 && at(x) <= step) return step * std::nearbyint(x / step);
  switch (kind) {
    case GrainKind::kDigits:
      return to_digits(x, figures);
    case GrainKind::kBits:
      return to_bits(x, figures);
    case GrainKind::kPowers:
      if (x == 0 || !std::isfinite(x)) return x;
      return std::copysign(std::exp(log_step * std::nearbyint(std::log(std::abs(x)) / log_step)),
                           x);
    case GrainKind::kStep:
    case GrainKind::kExact:
      break;
  }
  return x;
}

bool Grain::holds(double answer) const {
  if (kind != GrainKind::kStep && step > 0) return is_rounded_twice(*this, answer);
  if (kind == GrainKind::kBits) return is_text_of_bits(answer, figures);
  if (kind == GrainKind::kPowers) {
    const double log = answer == 0 ? 0 : std::log(std::abs(answer));
    return std::abs(std::remainder(log, log_step)) <= kLogTolerance * (1 + std::abs(log));
  }
  return std::abs(round(answer) - answer) <= kTolerance * unit_in_last_place(answer);
}

std::string Grain::text() const {
  if (kind == GrainKind::kExact) return "not rounded";
  if (kind == GrainKind::kPowers) {
    return "rounded relatively, by steps of " + short_text(100 * std::expm1(log_step)) + " %";
  }
  const std::string steps = kind == GrainKind::kStep || step > 0 ? text_of_step(step) : "";
  if (kind == GrainKind::kStep) return steps;
  if (kind == GrainKind::kDigits) {
    const std::string digits = counted(static_cast<std::size_t>(figures), "significant digit");
    return "rounded to " + digits + (steps.empty() ? "" : " and" + steps.substr(steps.find(' ')));
  }
  const std::string bits = figures == kSingle ? "single-precision numbers (float32)"
                           : figures == kHalf ? "half-precision numbers (float16)"
                           : figures == kBrain
                               ? "bfloat16 numbers (8 significant bits)"
                               : "numbers of " + std::to_string(figures) + " significant bits";
  return steps.empty() || step == kSmallestHalf ? bits : bits + " " + steps;
}

Grain find_grain(std::span<const double> answers) {
  std::vector<double> sizes;
  for (const double answer : answers) {
    if (!std::isfinite(answer)) return {};
    if (answer != 0) sizes.push_back(std::abs(answer));
  }
  std::ranges::sort(sizes);
  sizes.erase(std::unique(sizes.begin(), sizes.end()), sizes.end());
  if (sizes.size() < kFewest) return {};

  Choice choice(sizes);
  // In every family the coarsest grain that fits explains most.
  const double largest = std::floor(std::log10(sizes.back()));
  for (const double factor : {1.0, 5.0, 2.5, 2.0}) {
    for (double power = largest; std::pow(10.0, power) > 0.5 * kFinestStep; --power) {
      const double handicap = factor == 1 ? 0 : kUsualStep;
      if (choice.consider(step_grain(factor * std::pow(10.0, power)), handicap)) break;
    }
  }
  for (int power = std::ilogb(sizes.back()); power >= std::ilogb(sizes.back()) - 48; --power) {
    if (choice.consider(step_grain(std::ldexp(1.0, power)), kUsualStep)) break;
  }
  if (const double step = common_step(sizes); step > 0) choice.consider(step_grain(step), kOddStep);
  for (int digits = 1; digits <= kMostDigits; ++digits) {
    if (choice.consider({GrainKind::kDigits, 0, digits}, 0)) break;
  }
  for (int bits = 1; bits <= kMostBits; ++bits) {
    const bool usual = bits == kBrain || bits == kHalf || bits == kSingle;
    if (choice.consider({GrainKind::kBits, 0, bits}, usual ? 0 : kOddBits)) break;
  }
  choice.consider({GrainKind::kBits, kSmallestHalf, kHalf}, 0);
  if (const double step = common_log_step(sizes); step > 0) {
    choice.consider({GrainKind::kPowers, 0, 0, step}, kOddStep);
  }
  // Two grains one after the other.
  for (double power = std::min(largest, 0.0); std::pow(10.0, power) > 0.5 * kFinestStep; --power) {
    const double step = std::pow(10.0, power);
    for (int digits = 1; digits <= kMostDigits; ++digits) {
      if (choice.consider({GrainKind::kDigits, step, digits}, kSecondGrain)) break;
    }
    for (const int bits : {kBrain, kHalf, kSingle}) {
      if (choice.consider({GrainKind::kBits, step, bits}, kSecondGrain)) break;
    }
  }
  return choice.best();
}

TwoTexts told_apart(double first, double second) {
  TwoTexts texts{short_text(first), short_text(second)};
  for (int digits = 4; digits <= 17 && first != second && texts.first == texts.second; ++digits) {
    texts = {exact_text(to_digits(first, digits)), exact_text(to_digits(second, digits))};
  }
  return texts;
}

}  // namespace attnlab::extraction
