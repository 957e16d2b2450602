// Takes a box apart when only the length of its tokens is known: learn, predict fresh answers, and
// say what the answers show when the model does not fit.
#pragma once

#include <array>

#include "core/extraction/learn/transformer.h"

namespace attnlab::extraction {

/// What the box is taken for.
enum class BoxModel { kSingle, kLowRank, kTransformer };

struct BoxOptions {
  BoxModel model = BoxModel::kSingle;
  std::size_t rank = 0;  ///< of W for kLowRank; 0: found by growing
  std::uint64_t seed = 1;
};

/// Fresh answers against predictions, for inputs of one length.
struct LengthGap {
  std::size_t questions = 0;
  double worst_gap = 0;  ///< largest |answer - prediction|
};
inline constexpr std::size_t kLongestGap = 6;

struct BoxKnowledge {
  TransformerKnowledge learned;  ///< `head`; `network` for kTransformer only
  std::size_t rank = 0;          ///< used by kLowRank
  double spread = 0;             ///< standard deviation of 200 fresh answers
  double function_gap;           ///< NaN until a complete model was compared
  std::array<LengthGap, kLongestGap> gaps;
  bool single_precision = true;  ///< every answer so far is a single-precision number
  explicit BoxKnowledge(std::size_t dim);
  std::size_t dim() const { return learned.head.value.size(); }
};

/// Learns, compares with 200 further fresh answers (function_gap), and for a box that does not
/// match adds what diagnose() finds. A box whose every answer is a single-precision number is
/// accepted with a gap of 1e-3, and the evidence says so; others need 1e-6.
Inquiry<Outcome> learn_black_box(BoxKnowledge& known, BoxOptions options);

/// d^2 + d, d + 2 d r - r^2 (or d - r more where the rank is found by growing); NaN for
/// kTransformer, whose count depends on the network.
double predicted_queries(const BoxOptions& options, std::size_t dim, std::size_t found_rank);

}  // namespace attnlab::extraction
