// The softmax of all heads in double precision.
#pragma once

#include <cstddef>
#include <span>

namespace attnlab {

/// Logits become weights: logits[i] <- exp(logits[i]) / sum_j exp(logits[j]). They are shifted by
/// the largest one first, so that nothing overflows for finite logits. Relative error of a weight:
/// a few units in the last place, plus one unit of the largest |logit| and one for each term.
/// The same bits on every target. An empty span stays empty; NaN in, NaN out.
void softmax(std::span<double> logits);

/// The same for consecutive groups of logits: group g ends before ends[g], and ends.back() is the
/// number of logits. Gives the bits of softmax(), but computes all exponentials together.
void softmax_groups(std::span<double> logits, std::span<const std::size_t> ends);

}  // namespace attnlab
