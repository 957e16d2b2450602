// The best softmax heads for a setting, found on a grid of score scales from moments of random
// prompts; theta and the label noise are integrated out exactly.
#pragma once

#include <span>
#include <vector>

#include "core/in_context/scenario.h"
#include "core/numerics/matrix.h"

namespace attnlab::in_context {

/// Attention-weighted mean tokens of one prompt for several scales: means is scales x d; weights is
/// scales x padded length, or empty where they are not needed.
struct HeadFeatures {
  Matrix<float> means, weights;
};
HeadFeatures make_head_features(const PromptLaw& law, std::size_t scales, bool with_weights);
void attend(const PromptLaw& law, const Prompt& prompt, std::span<const float> scales,
            HeadFeatures& features);

/// Scales around the best one of a single head, negative, 0 and positive, increasing.
std::vector<float> search_scales(const Scenario& scenario);

/// Sums over prompts from which every head set's risk follows.
class HeadMoments {
 public:
  HeadMoments(const PromptLaw& law, std::vector<float> scales);

  /// Adds prompts drawn from the stream.
  void add_prompts(RandomStream& stream, std::size_t count);

  std::span<const float> scales() const { return scales_; }

  /// Risk of weights a: base - 2 linear^T a + a^T quadratic a, averaged over the prompts so far.
  struct Quadratic {
    double base = 0;
    std::vector<double> linear;
    std::vector<double> matrix;  ///< scales x scales, full
  };
  Quadratic quadratic() const;

  /// Adds the prompts of `other`, which has the same scales.
  void merge(const HeadMoments& other);

 private:
  PromptLaw law_;
  std::vector<float> scales_;
  Prompt prompt_;
  HeadFeatures features_;
  Matrix<float> mean_rows_;  // scales x (d * prompts of a block): one syrk a block
  Matrix<double> mean_gram_, weight_gram_;
  std::vector<double> cross_;
  double query_square_ = 0, prompts_ = 0;
};

/// Moments of either half of the prompts and of all of them.
struct SearchMoments {
  HeadMoments::Quadratic half[2], all;
};

/// A head set found on all search prompts, and sets of its size found on each half of them. How
/// much worse these are estimates the loss of the search (docs/derivations.md).
struct FoundHeads {
  std::vector<IsotropicHead> all, half[2];
};

/// One head set per entry of `counts`, with at most that many heads, on the grid of scales. The
/// whole grid is tried for single heads and pairs; larger sets grow by the best head at a time and
/// swap heads while it helps. Weights come from ridge regression: sets of similar scales are nearly
/// singular, and large weights that cancel each other would overfit the search prompts.
///
/// Each half of the prompts judges the sets that the other half gave, for every size and ridge
/// parameter, so that a larger set replaces a smaller one only where it does better on prompts that
/// did not choose it. A single head's scale is refined between grid points.
std::vector<FoundHeads> best_heads(std::span<const float> scales, const SearchMoments& moments,
                                   std::span<const std::size_t> counts);

}  // namespace attnlab::in_context
