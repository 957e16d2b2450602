// What icl-attention shows of the prompt that its parameters describe: its tables and figures.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/findings/figure.h"
#include "core/findings/table.h"
#include "core/in_context/one_prompt.h"

namespace attnlab::in_context {

/// The plane is [-kReach, kReach] x [-kReach, kReach].
inline constexpr double kReach = 3;
inline constexpr std::size_t kMostHeads = 4;

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
