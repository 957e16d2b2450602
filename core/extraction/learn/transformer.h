// Extracts a one-layer transformer: its ReLU network from single tokens, then W (B2).
#pragma once

#include "core/extraction/learn/network.h"

namespace attnlab::extraction {

enum class WeightRoute {
  kGradient,  ///< through the linear regions of the network: biases and even networks are fine
  kOddPart,   ///< the paper's: f(X) - f(-X) is a single head when the network has no biases
};

struct TransformerOptions {
  WeightRoute route = WeightRoute::kGradient;
  NetworkOptions network;
  double tolerance = 1e-6;  ///< of the final check
};

/// What a learner of a transformer knows so far.
struct TransformerKnowledge {
  AbsAffine network;
  HeadKnowledge head;  ///< the weight; `value` is used by the odd-part route only
  NetworkSearch search;
  explicit TransformerKnowledge(std::size_t dim);
};

/// The network by learn_network; then d^2 + d queries for W (2 (d^2 + d) on the odd part), checked
/// against fresh answers.
///
/// Gradient route, derived in docs/derivations-extraction.md: for a query token b with margin m
/// (the distance to the nearest hyperplane) and |a| < m, the mixture b + alpha a of [a+b; b] stays
/// in one linear region, so that alpha = (f - g(b)) / (grad g(b) . a) and a^T W b = logit(alpha).
/// Query tokens are directions of large margin, one for each dimension, each asked alone once for
/// g(b); probes are balanced against the gradient.
Inquiry<Outcome> learn_transformer(TransformerKnowledge& known, TransformerOptions options);

}  // namespace attnlab::extraction
