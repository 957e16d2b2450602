// The effect of the answers' grain on extracting a head: which probes to choose, and how well W and
// v are known afterwards.
#pragma once

#include "core/attention/head.h"
#include "core/extraction/learn/grain.h"
#include "core/extraction/learn/learner.h"

namespace attnlab::extraction {

/// Lengths of the probes and query tokens of a learner, and of the single tokens that ask v.
struct ProbePlan {
  double probe = 32, query = 1.0 / 32, value = 1;
  double largest = 0;  ///< |a^T W b| that the query token is made for; 0: not known
};

/// The longest probes that are of use: they show values that a step hides from shorter ones.
ProbePlan longest_probes();

/// Probes for answers of this grain, given a first estimate of the head. Longer probes make a step
/// (kStep) smaller in relation to the answers: they are 2^20 long, or as long as a double can hold
/// both. For other grains the length does not matter.
ProbePlan plan_probes(const Grain& grain, const HeadKnowledge& known);

/// Root mean square errors of the entries of v and W.
struct HeadError {
  double value = 0, weight = 0;
};

/// The error that rounding causes in the learner of one head with these probes: the law of B4 with
/// errors distributed uniformly over half a grain to both sides of each answer
/// (docs/derivations-extraction.md, "Grain"). O(d^3).
HeadError rounding_error(const Grain& grain, const Head& head, const ProbePlan& plan);

/// Root mean square |answer - prediction| that rounding gives, for normal tokens and answers of
/// this spread around this size.
double expected_gap(const Grain& grain, const HeadError& error, std::size_t dim, double spread,
                    double size);

/// The part of |answer - prediction| that comes from a box's own arithmetic, if it computes in the
/// precision of its answers: for float32; 0 for other grains, in which no box computes.
double arithmetic_gap(const Grain& grain, double size);

}  // namespace attnlab::extraction
