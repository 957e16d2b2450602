// Recovers digits that answers in floating point lose: near 0 such numbers are close together, so
// that an answer of almost 0 has a tiny absolute error.
#pragma once

#include "core/extraction/learn/rounding.h"

namespace attnlab::extraction {

struct ShiftedProbesOptions {
  std::uint64_t seed = 1;
  int rounds = 4;  ///< at most, of d^2 questions each
};

/// Refines a head that is known to a few digits, from answers of kind kDigits or kBits.
///
/// v: with r the known v_i / v_a, the answer to the token e_i - r e_a gives the error of r, and 32
/// lengths of e_a bracket v_a. W: next to the probe p u + b a second one, -c u + b, shifts the
/// answer to about 0 by the form's current estimate; each round multiplies the errors of W by the
/// relative errors of the answers. It ends when rounding in double is reached, or when a round does
/// not improve, as with a box that also rounds intermediate results.
///
/// Gives the errors that remain by the law of the last round. A box that rounds on the way leaves
/// more: ask_held_out() shows how much.
Inquiry<HeadError> refine_by_shifts(HeadKnowledge& known, Grain grain,
                                    ShiftedProbesOptions options);

/// Questions about directions that no learner used, and their answers: single tokens show an error
/// of v, shifted probes show one of W.
struct HeldOut {
  double length = 1, probe = 1;  ///< of the single tokens, and of the probes
  Matrix<double> tokens;         ///< unit vectors, a question each
  Matrix<double> keys, sides;    ///< unit vectors a and b of the probes, a question each
  std::vector<double> shifts, queries;
  std::vector<double> answers;  ///< to the tokens, then to the probes
};
inline constexpr std::size_t kHeldOutTokens = 16, kHeldOutProbes = 48;
inline constexpr std::size_t kHeldOutQuestions = kHeldOutTokens + kHeldOutProbes;

/// Asks kHeldOutQuestions questions, counted as checking, whose answers a head near `known`
/// makes small, so that floating point hides little of them. The box sees `known` only in the
/// choice of questions: the answers judge any head.
Inquiry<HeldOut> ask_held_out(const HeadKnowledge& known, Grain grain, ProbePlan plan,
                              std::uint64_t seed);

/// Root mean squares over the questions. For random unit vectors a and b the mean square of
/// v_error . a is that of the entries of v_error, and that of a^T W_error b is that of W_error's
/// entries; what the answers' own rounding adds to `measured` is `rounding`. First order in both.
struct HeldOutError {
  HeadError measured, rounding;
};
HeldOutError held_out_error(const HeldOut& held, const HeadKnowledge& known, const Grain& grain);

}  // namespace attnlab::extraction
