// The grain of answers: how far apart the numbers are that a box can answer with. A service that
// prints "%.4f" answers with multiples of 1e-4, whatever happens inside it.
#pragma once

#include <span>
#include <string>

namespace attnlab::extraction {

enum class GrainKind {
  kExact,   ///< doubles: no grain was found
  kStep,    ///< multiples of a step, "%.4f"
  kDigits,  ///< significant decimal digits, "%.6g"
  kBits,    ///< significant bits: float32 (24), float16 (11) and bfloat16 (8), in any digits
};

struct Grain {
  GrainKind kind = GrainKind::kExact;
  double step = 0;  ///< of kStep
  int figures = 0;  ///< significant digits of kDigits, bits of kBits

  bool exact() const { return kind == GrainKind::kExact; }
  /// Distance between neighbouring possible answers next to `answer`; 0 for kExact, and at 0 where
  /// numbers lie the closer the smaller they are.
  double at(double answer) const;
  /// The possible answer next to x.
  double round(double x) const;
  /// Whether a box with this grain can have given the answer, up to four units in the last place of
  /// a double: boxes round by products and quotients, too. Texts of a kBits number count as it.
  bool holds(double answer) const;
  /// "rounded to 4 decimals", "rounded to 6 significant digits", ...
  std::string text() const;
};

/// The grain that makes the answers most likely (docs/derivations-extraction.md, "Grain"). At least
/// four different answers other than 0 must fit it, and a double must be 2^40 times less likely to
/// do so by chance; otherwise kExact. Zeros fit every grain and say nothing.
Grain find_grain(std::span<const double> answers);

/// x to so many significant decimal digits.
double to_digits(double x, int digits);

/// Two numbers as text, with three significant digits or as many more as tell them apart: numbers
/// that a sentence says to differ, or a number and what it is held against. Equal numbers give
/// equal texts.
struct TwoTexts {
  std::string first, second;
};
TwoTexts told_apart(double first, double second);

}  // namespace attnlab::extraction
