// What icl-attention shows of the prompt that its parameters describe: its tables and figures.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/attention/one_prompt.h"
#include "core/findings/figure.h"
#include "core/findings/table.h"
#include "core/in_context/closed_forms.h"

namespace attnlab::in_context {

/// The plane is [-kReach, kReach] x [-kReach, kReach].
inline constexpr double kReach = 3;
inline constexpr std::size_t kMostHeads = 4;

/// The weights of the heads' outputs with the least risk over random prompts of this length and
/// noise, and that risk on other prompts.
struct FittedHeads {
  std::vector<IsotropicHead> heads;
  double risk = 0, std_error = 0;
  std::int64_t prompts = 0;  ///< that the risk was measured on
};
FittedHeads fit_head_weights(std::span<const double> scales, const RegressionTask& task,
                             std::size_t prompt_length, std::uint64_t seed);

struct Picture {
  OnePrompt prompt;
  RegressionTask task;
  FittedHeads fitted;
  std::size_t focus = 0;  ///< the example whose weight is drawn
};

/// Risk over random prompts, predictions at the query, heads, examples.
std::vector<Table> attention_tables(const Picture& picture);

/// Prediction, attention and error over the plane.
std::vector<Figure> attention_figures(const Picture& picture);

}  // namespace attnlab::in_context
