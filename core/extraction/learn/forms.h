// Values of the bilinear form a^T W b, one two-token query each, whatever the size of W.
//
// f([a+b; b]) = v.b + s(a^T W b) v.a with the logistic function s, so that
// a^T W b = logit((f - v.b) / v.a). Probes are scaled to stay where the logit is well conditioned.
#pragma once

#include <vector>

#include "core/extraction/learn/learner.h"

namespace attnlab::extraction {

/// Scales of probe and query token, and the largest form met so far; carried from one measurement
/// to the next. Probes are probe * a, query tokens query * b; keys are probe * a + query * b.
struct ProbeScale {
  double probe = 32;
  double query = 1.0 / 32;
  double query_limit = 32;   ///< a longer query token would drown the probe's share of the answer
  double largest = 0;        ///< largest |a^T W b| so far
  std::size_t measured = 0;  ///< forms measured so far
  bool adaptive = true;      ///< false: the scales stay as they are and saturated probes give NaN

  /// Probes of length `probe` and query tokens of length 1 / probe; or, if `expected` is not 0,
  /// query tokens that suit forms up to `expected`.
  static ProbeScale starting(double probe, double expected);
};

/// The rows of a and b that one form combines.
struct FormPair {
  std::uint32_t a = 0, b = 0;
};

/// Products that a caller computes once if it measures several times with the same rows a.
struct KnownProbes {
  std::span<const double> values;  ///< all a_k.v
  SharedRows keys;                 ///< probe * a
};

/// forms[k] = a_k^T W b_k for rows a_k of `a` and b_k of `b` (of about length 1). One query each,
/// and one more whenever alpha leaves [0.02, 0.98]: the query token then shrinks by 8 for all
/// further queries. It grows while the forms so far leave room, so that extra queries are O(log
/// |W|) in all. The first measurements come in batches of 1, 1, 2, 4, ... because each one improves
/// the scale of the next; one or two that were measured at a far too small scale are repeated.
/// `known_probes` may be empty.
/// False when some alpha stayed outside at every scale, which is impossible for a single head with
/// these values; that form is NaN.
Inquiry<bool> measure_forms(HeadKnowledge& known, const Matrix<double>& a, const Matrix<double>& b,
                            std::span<const FormPair> pairs, ProbeScale& scale,
                            std::vector<double>& forms, KnownProbes known_probes = {});

/// alpha <- log(alpha / (1 - alpha)) without cancellation near 0.
void logits(std::span<double> alphas);
double logit(double alpha);

/// The reflection U = I - 2 h h^T with U v = +-|v| / sqrt(dim) (1, ..., 1), for v != 0. Its rows
/// are orthonormal probes of one value: no probe is blind, however uneven v is.
class BalancedProbes {
 public:
  explicit BalancedProbes(std::span<const double> v);
  Matrix<double> rows() const;
  /// x <- U x, in O(dim). U is its own inverse.
  void apply(std::span<double> x) const;

 private:
  std::vector<double> h_;
};

}  // namespace attnlab::extraction
