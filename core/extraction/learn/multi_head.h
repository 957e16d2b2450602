// Sums of heads: the parameters that their answers determine, and how to recover these (B5).
#pragma once

#include <string>
#include <vector>

#include "core/extraction/learn/learner.h"

namespace attnlab::extraction {

/// The heads that answers of all lengths determine, up to order (Proposition 7.1 of arXiv
/// 2601.16873): heads with the same W (entries within `tolerance`) become one with the sum of their
/// values; sums that vanish are left out.
std::vector<Head> canonical_heads(const std::vector<Head>& heads, double tolerance = 1e-12);

/// Two sets of parameters with the same answers up to a length.
struct TwinHeads {
  std::string id;      ///< "split", "dead", "cancelling", "mirrored"
  std::string reason;  ///< one sentence
  std::vector<Head> first, second;
  std::size_t longest = 0;  ///< same answers up to this length; 0: for all lengths
};
/// One pair of each kind. "mirrored" is {(W, v), (-W, v)} and {(W + shift D, v), (-W - shift D, v)}
/// with a random D of Frobenius norm sqrt(dim): the same for one and two tokens, not for three.
std::vector<TwinHeads> twin_heads(RandomStream& stream, std::size_t dim, double scale,
                                  double shift);

/// Smallest distance |W - W'|_F + |v - v'| over the ways to pair the heads (missing ones are zero).
double parameter_distance(const std::vector<Head>& a, const std::vector<Head>& b);

/// Largest |f - g| over `count` standard normal inputs of one length, divided by the standard
/// deviation of f.
double length_gap(const std::vector<Head>& a, const std::vector<Head>& b, std::size_t length,
                  std::size_t count, RandomStream stream);

struct MultiHeadOptions {
  std::size_t heads = 2;  ///< most heads that are looked for
  double worst_condition = 1e8;
  double tolerance = 1e-6;  ///< of the final check
  std::uint64_t seed = 1;
};

struct MultiHeadKnowledge {
  std::vector<Head> heads;          ///< the canonical form found
  std::uint64_t scale_queries = 0;  ///< for the length of probes and the number of heads
  std::uint64_t repeated = 0;       ///< for probes replaced because they were badly conditioned
  double condition = 0;             ///< worst condition number among the fits used
};

/// Canonical form from m copies of a + b and one b (after arXiv 2608.03294): the answer is
/// F(m) = sum_h v_h.b + v_h.a m E_h / (1 + m E_h), E_h = exp(a^T W_h b), rational in m. Fits at
/// m = 1, 2, 4, ..., 2^(2H-1) give E_h and v_h.a for d probes a and d query tokens b each; sums of
/// two probes tell which head is which. About d + 2 H d^2 + 2 d queries of length up to
/// 2^(2H-1) + 1. When the fits are too badly conditioned for double precision, the outcome is
/// kNotIdentifiable and says so.
Inquiry<Outcome> learn_heads(MultiHeadKnowledge& known, std::size_t dim, MultiHeadOptions options);

/// One rational fit: E_h and A_h = v_h.a from G(m) = F(m) - F(0) at m = 1, 2, 4, ... and the limit
/// sum of A_h. False when no positive real E_h fit.
struct RationalFit {
  std::vector<double> logits;  ///< log E_h
  std::vector<double> shares;  ///< A_h
  double condition = 0;        ///< of the fit, relative
  double residual = 0;         ///< largest misfit / largest |G|
};
bool fit_rational(std::span<const double> answers, double limit, std::size_t heads,
                  RationalFit& fit);

}  // namespace attnlab::extraction
