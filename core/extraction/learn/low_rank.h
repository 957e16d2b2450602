// Heads whose W has low rank r << d, from O(r d) queries (B3): an adaptive range finder, and two
// solvers for random measurements a_k^T W b_k.
#pragma once

#include "core/experiment/steps.h"
#include "core/extraction/learn/forms.h"

namespace attnlab::extraction {

struct RangeFinderOptions {
  std::size_t rank = 0;  ///< r, when known; 0: grow until a new column vanishes
  double probe_norm = 32;
  double value_length = 1;  ///< of the single tokens that ask v; a power of two
  double largest_form = 0;  ///< |a^T W b| that query tokens are made for; 0: found on the way
  double vanishing = 1e-9;  ///< a column this small relative to the largest one is no new direction
  std::uint64_t budget = ~std::uint64_t{0};
  double tolerance = 1e-6;  ///< of the final check
  std::uint64_t seed = 1;
};

/// The queries of learn_low_rank for a known rank: d + 2 d r - r^2 = d^2 + d - (d - r)^2, so that
/// any rank below d saves (d - r)^2 queries.
std::size_t range_finder_queries(std::size_t dim, std::size_t rank);

/// d queries for v, d r for C = W B with r random orthonormal columns of B, then r for each of the
/// other d - r columns of Q^T W B', where Q is an orthonormal basis of C and B' completes B:
/// range_finder_queries in all (d - r more when r is unknown and below d, because the column that
/// vanishes costs d). Probes for Q^T W are q_k plus a multiple of the part of v outside the range
/// of W, which changes no logit and keeps the probes' share of the answer away from 0. Derived in
/// docs/derivations-extraction.md. `found_rank` is the rank used.
Inquiry<Outcome> learn_low_rank(HeadKnowledge& known, std::size_t& found_rank,
                                RangeFinderOptions options);

/// Root mean square error of the entries of a W that learn_low_rank found with this rank and seed,
/// per unit error of a form. It combines the errors of the first r columns, which carry over to the
/// others, and the errors of the r (d - r) forms that follow.
double range_finder_gain(const Matrix<double>& weight, std::size_t rank, std::uint64_t seed);

/// Random rank-one measurements y_k = a_k^T W b_k.
struct Measurements {
  Matrix<double> a, b;    ///< m x d
  std::vector<double> y;  ///< m
};

/// a_k and b_k for m measurements: normal entries, the part of a_k along v replaced by a random
/// sign times a unit vector, so that a_k.v is never small. For v != 0.
Measurements draw_measurements(RandomStream& stream, std::span<const double> v, std::size_t count);

/// Asks for v and the measurements: d + m queries (and repeats where the softmax saturates).
Inquiry<Outcome> ask_measurements(HeadKnowledge& known, Measurements& measurements,
                                  RandomStream stream, std::size_t count, double probe_norm);

/// What a solver has found so far.
struct Completion {
  Matrix<double> weight;
  double residual = 0;  ///< |A(W) - y| / |y|
  int iterations = 0, restarts = 0;
};

/// Factors W = L R^T: a spectral start, alternating least squares, then Levenberg-Marquardt on both
/// factors; random restarts until the residual is below 1e-9, at most `restarts` of them.
JobSteps complete_by_factors(const Measurements& measurements, std::size_t rank, int restarts,
                             RandomStream stream, Completion& completion);

/// Smallest nuclear norm among all W with A(W) = y, by Douglas-Rachford splitting (singular values
/// soft-thresholded, then projected to the measurements): at most `iterations`, until W changes by
/// less than 1e-10 of its norm.
JobSteps complete_by_nuclear_norm(const Measurements& measurements, int iterations,
                                  Completion& completion);

/// |estimate - truth|_F / |truth|_F, or |estimate|_F for truth = 0.
double frobenius_error(const Matrix<double>& estimate, const Matrix<double>& truth);

}  // namespace attnlab::extraction
