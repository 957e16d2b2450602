// One softmax head that only says on which side of a threshold its answer is (B6).
#pragma once

#include "core/extraction/learn/learner.h"

namespace attnlab::extraction {

struct MembershipOptions {
  double threshold = 1;  ///< known to the learner; with 0 the size of v cannot be found
  int bits = 40;         ///< bisection steps per number, up to 46
  std::uint64_t seed = 1;
};

/// Fills `known` from an oracle that answers 1 where f(X) >= threshold and -1 elsewhere.
///
/// v_i: the scale t at which t e_i meets the threshold gives v_i = threshold / t, by bisection of
/// log t. W: with probes u_i balanced against v and query token c e_j, the scale s at which
/// [s u_i + c e_j; c e_j] meets the threshold gives alpha = K / s, K = (threshold - c v_j) /
/// (u_i.v), and u_i^T W e_j = logit(alpha) / (s c). The answer is monotone in s for s in [K, K /
/// 0.2178], where alpha falls from 1 to 0.2178; c shrinks by 4 until the crossing lies there
/// (derived in docs/derivations-extraction.md). About (bits + 2) queries per number: 3.32 per
/// decimal digit. Entries of v below threshold * 2^-40 count as 0.
Inquiry<Outcome> learn_membership(HeadKnowledge& known, MembershipOptions options);

}  // namespace attnlab::extraction
