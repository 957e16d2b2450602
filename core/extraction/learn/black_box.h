// Extracts a box of which only the length of its tokens is known: learn a model, predict fresh
// answers, and, if the model does not fit, say what the answers show.
#pragma once

#include <array>

#include "core/extraction/learn/rounding.h"
#include "core/extraction/learn/transformer.h"

namespace attnlab::extraction {

/// The model that the learner assumes.
enum class BoxModel { kSingle, kLowRank, kTransformer };

struct BoxOptions {
  BoxModel model = BoxModel::kSingle;
  std::size_t rank = 0;  ///< of W for kLowRank; 0: found by growing
  std::uint64_t seed = 1;
  bool shifts = true;  ///< for rounded answers, kSingle: recover lost digits (shifted_probes.h)
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
  std::vector<double> seen;  ///< the first answers, for their grain
  Grain grain;               ///< of the answers
  HeadError error;           ///< of v and W by the law of rounding; 0 for exact answers
  HeadError bound;           ///< stated: the error above is below it; 0 for exact answers
  double accepted = 1e-6;    ///< largest |answer - prediction| / spread that rounding explains
  explicit BoxKnowledge(std::size_t dim);
  std::size_t dim() const { return learned.head.value.size(); }
};

/// Learns, compares with 200 further fresh answers (function_gap), and for a box that does not
/// match adds the sentence of diagnose(). Exact answers must be predicted to 1e-6 of their spread.
/// Where the answers have a grain (grain.h), a head is learned once more with probes that suit the
/// grain, its predictions must be as close as the grain allows, and the evidence says how well v
/// and W are known: for one head to far more digits than the answers have. Where the answers to
/// these probes show another grain, the head is learned again for that one, three times at most.
/// The stated bound is twice the law of rounding, or 1.5 times what 64 fresh questions show
/// (ask_held_out) where a box that rounds on the way is further off. The search for a network's
/// kinks needs exact answers; it is skipped where they have a grain.
Inquiry<Outcome> learn_black_box(BoxKnowledge& known, BoxOptions options);

/// d^2 + d, or d + 2 d r - r^2 for low rank (d - r more where the rank is found by growing); NaN
/// for kTransformer, whose count depends on the network.
double predicted_queries(const BoxOptions& options, std::size_t dim, std::size_t found_rank);

}  // namespace attnlab::extraction
