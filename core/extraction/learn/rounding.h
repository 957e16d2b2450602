// What the grain of the answers leaves of a head: how probes are to be chosen, and how well W and v
// are known afterwards.
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

/// Probes for answers of this grain, and for a head about which something is known already. A step
/// is the smaller against the answers the longer the probes are: they are 2^20 long, or as long as
/// a double holds both. To other grains all lengths are alike.
ProbePlan plan_probes(const Grain& grain, const HeadKnowledge& known);

/// Root mean square errors of the entries of v and W.
struct HeadError {
  double value = 0, weight = 0;
};

/// What rounding does to the learner of one head with these probes: the law of B4 with errors of
/// half a grain at the size of each answer, uniformly distributed
/// (docs/derivations-extraction.md, "Grain"). O(d^3).
HeadError rounding_error(const Grain& grain, const Head& head, const ProbePlan& plan);

/// Root mean square |answer - prediction| that rounding gives, for normal tokens and answers of
/// this spread around this size.
double expected_gap(const Grain& grain, const HeadError& error, std::size_t dim, double spread,
                    double size);

/// |answer - prediction| that a box may add which computes in the precision that it answers with:
/// for float32; 0 for others, which no arithmetic goes by.
double arithmetic_gap(const Grain& grain, double size);

}  // namespace attnlab::extraction
