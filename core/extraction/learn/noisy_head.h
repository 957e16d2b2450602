// One softmax head whose answers carry noise of size tau (B4).
#pragma once

#include "core/extraction/learn/learner.h"

namespace attnlab::extraction {

struct NoisyHeadOptions {
  double weight_bound = 1;  ///< Wb: |W|_F is at most this
  bool balanced = false;    ///< reflected probes of length probe_norm in place of unit vectors / Wb
  double probe_norm = 32;   ///< S; long probes make noise small, so a claim must state S
  int repeats = 1;          ///< every query is asked this often and averaged
};

/// Fills `known` from repeats (d^2 + d) queries.
///
/// Bounded probes: query token e_j / 2, key e_i / Wb + e_j / 2, so that |logit| <= 1/2; alpha is
/// clipped to [0.2764, 0.7236], where the logit has slope at most 5. For |noise| <= tau, Wb >= 1
/// and tau < mu = min |v_i|: |dW|_F <= noise_bound(...) (Theorem 6.1 of arXiv 2601.16873 has the
/// order; the constant is derived in docs/derivations-extraction.md). Balanced probes: S u_i with
/// query token e_j / (S Wb): the error is about tau / S.
///
/// The result says whether all answers were finite. The model is not checked, because noise hides
/// small errors.
Inquiry<bool> learn_noisy_head(HeadKnowledge& known, NoisyHeadOptions options);

/// Probes for the values v as they were answered: orthonormal rows, keys probe * row + query token,
/// query tokens query * e_j.
struct NoisyProbes {
  Matrix<double> rows;
  double probe = 1, query = 1;
};
NoisyProbes noisy_probes(std::span<const double> value, const NoisyHeadOptions& options);

/// The logit of alpha clipped to [0.2764, 0.7236], where its slope is at most 5.
double clipped_logit(double alpha);

/// 25 d Wb^2 tau / (mu - tau), an upper bound of |dW|_F with the bounded probes; infinite for
/// tau >= mu.
double noise_bound(double dim, double weight_bound, double tau, double smallest_value);

}  // namespace attnlab::extraction
