// Kernel smoothing as a baseline: the mean label of the examples near the query, and its bandwidth.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/in_context/scenario.h"
#include "core/numerics/matrix.h"

namespace attnlab::in_context {

/// Kernel smoothing, sum K(x_q - x_i) y_i / sum K with K a Gaussian of bandwidth h. It is softmax
/// attention with the scores (x_q^T x_i - |x_i|^2 / 2) / h^2: tokens with one more entry.
class Smoother {
 public:
  /// `law` must outlive the smoother.
  Smoother(const PromptLaw& law, std::span<const double> bandwidths);

  /// The risk given the prompt, one for each bandwidth.
  std::vector<double> risks(const Prompt& prompt);

 private:
  const PromptLaw& law_;
  std::vector<float> scales_;
  Matrix<float> tokens_;
  std::vector<float> direction_;
  Matrix<float> means_, weights_;
};

/// The bandwidth of a grid (factor 1.25) with the least mean risk over 500 prompts of its own.
double best_bandwidth(const PromptLaw& law, std::uint64_t seed, std::uint32_t cell);

}  // namespace attnlab::in_context
