// Extracts one softmax head with d^2 + d queries (B1).
#pragma once

#include "core/extraction/learn/forms.h"

namespace attnlab::extraction {

/// How the d probes u_i of a column are chosen, and how the column follows from the forms
/// u_i^T W e_j.
enum class ProbeForm {
  kRobust,    ///< a reflected basis with equal u_i.v, scaled, repeated where the softmax saturates
  kGaussian,  ///< independent normal entries and one linear solve: the paper's form, as we know it
  kPlain,     ///< unit vectors: our simplest form, which fails where v is uneven
};

struct SingleHeadOptions {
  ProbeForm form = ProbeForm::kRobust;
  double probe_norm = 32;  ///< scale of probes; noise matters less for longer ones
  std::uint64_t budget = ~std::uint64_t{0};  ///< most learning queries
  double tolerance = 1e-6;  ///< of the final check, in standard deviations of the answers
  std::uint64_t seed = 1;   ///< of the final check's inputs and of Gaussian probes
  double value_length = 1;  ///< of the single tokens that ask v; a power of two
  double largest_form = 0;  ///< |a^T W b| that query tokens are made for; 0: found on the way
  std::uint32_t trial = 0;  ///< further names the stream of Gaussian probes
};

/// d single-token queries give v; then column j of W takes d two-token queries with query token
/// e_j.
///
/// Robust: probes u_i are a reflected basis with equal u_i.v, scaled up while the query token is
/// scaled down, and repeated with a shorter query token when the softmax saturates: max|dW| /
/// max|W| below 1e-12 at d = 64 for any v != 0 (Theorem 4.1 of arXiv 2601.16873; robust form
/// derived in docs/derivations-extraction.md). Gaussian: the same d normal probes for every column,
/// solved by QR. Plain: probes are unit vectors (plus one with v != 0 where v_i = 0). Neither of
/// the two scales or repeats: a saturated softmax loses entries.
///
/// v = 0 gives kNotIdentifiable after d queries; a model that does not predict fresh answers
/// (counted as checking queries) gives kNotAMatch.
Inquiry<Outcome> learn_single_head(HeadKnowledge& known, SingleHeadOptions options);

/// The last step of every learner of one head: asks fresh inputs and judges `known`.
Inquiry<Outcome> judge_head(const HeadKnowledge& known, double tolerance, std::uint64_t seed);

/// "All dim single-token answers are 0 ..." of every learner that needs v.
Outcome zero_value_outcome(std::size_t dim);

}  // namespace attnlab::extraction
