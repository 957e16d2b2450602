// Wins back the digits that answers in floating point lose: such numbers lie the closer the smaller
// they are, so that a question whose answer is almost 0 is answered to almost all digits.
#pragma once

#include "core/extraction/learn/rounding.h"

namespace attnlab::extraction {

struct ShiftedProbesOptions {
  std::uint64_t seed = 1;
  int rounds = 4;  ///< at most, of d^2 questions each
};

/// Refines a head that is known to a few digits, from answers of kind kDigits or kBits.
///
/// v: the token e_i - r e_a with r the known v_i / v_a is answered with what r is wrong by, and 32
/// lengths of e_a bracket v_a. W: beside the probe p u + b stands a second one, -c u + b, which
/// shifts the answer to about 0 by what is known so far; each round multiplies the errors of W by
/// those of the answers. It ends when rounding in double is reached, or when a round brings no
/// more, as with a box that rounds on the way and not only at its end.
///
/// Gives the errors that remain: for W by the law of the last round, or as measured by 24 probes of
/// another length (counted as checking) where that is more.
Inquiry<HeadError> refine_by_shifts(HeadKnowledge& known, Grain grain,
                                    ShiftedProbesOptions options);

}  // namespace attnlab::extraction
