// The grain of answers: the distance between neighbouring numbers that a box can answer with. A
// service that prints "%.4f" answers with multiples of 1e-4, whatever happens inside it.
#pragma once

#include <span>
#include <string>

namespace attnlab::extraction {

enum class GrainKind {
  kExact,   ///< doubles: no grain was found
  kStep,    ///< multiples of a step, "%.4f"
  kDigits,  ///< significant decimal digits, "%.6g"
  kBits,    ///< significant bits: float32 (24), float16 (11), bfloat16 (8), ..., in any digits
  kPowers,  ///< powers of a number close to 1, with either sign: the logarithm is rounded to a step
};

struct Grain {
  GrainKind kind = GrainKind::kExact;
  /// Of kStep. Of kDigits and kBits: a second grain, the coarser of the two counts at each size
  /// ("%.6f" of a float32); 0: none.
  double step = 0;
  int figures = 0;      ///< significant digits of kDigits, bits of kBits
  double log_step = 0;  ///< of kPowers: distance of the natural logarithms of neighbours

  bool operator==(const Grain&) const = default;

  bool exact() const { return kind == GrainKind::kExact; }
  /// Distance between neighbouring possible answers near `answer`; 0 for kExact. At 0 it is the
  /// step.
  double at(double answer) const;
  /// The possible answer next to x.
  double round(double x) const;
  /// Whether a box with this grain can have given the answer, up to four units in the last place of
  /// a double: some boxes round by a product and a quotient. For kBits the decimal text of a number
  /// counts as the number.
  bool holds(double answer) const;
  /// "rounded to 4 decimals", "rounded to 6 significant digits", ...
  std::string text() const;
};

/// The grain that makes the answers most likely (docs/derivations-extraction.md, "Grain"). At least
/// four different answers other than 0 must fit it, and exact answers must fit it by chance with a
/// probability below 2^-40; otherwise kExact. Zeros fit every grain and are ignored.
Grain find_grain(std::span<const double> answers);

/// x rounded to `digits` significant decimal digits.
double to_digits(double x, int digits);

/// Two numbers as text, for a sentence that says that they differ or that compares them: three
/// significant digits, or as many more as make the texts differ. Equal numbers give equal texts.
struct TwoTexts {
  std::string first, second;
};
TwoTexts told_apart(double first, double second);

}  // namespace attnlab::extraction
