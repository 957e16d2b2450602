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
/// Gives the errors that remain: for W by the law of the last round, or as measured by 24 probes of
/// another length (counted as checking) where that is more.
Inquiry<HeadError> refine_by_shifts(HeadKnowledge& known, Grain grain,
                                    ShiftedProbesOptions options);

}  // namespace attnlab::extraction
