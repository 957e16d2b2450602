// One prompt of in-context regression in the plane, as the reader arranged it: what each softmax
// head attends to and predicts for a query anywhere, the same function on the CPU and in
// shaders/icl_attention.glsl.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "core/findings/findings.h"
#include "core/in_context/closed_forms.h"

namespace attnlab::in_context {

struct PlanePoint {
  double x = 0, y = 0;
};

struct OnePrompt {
  std::vector<PlanePoint> examples;
  std::vector<double> labels;  ///< theta^T x_i + noise
  PlanePoint query, theta;
  std::vector<IsotropicHead> heads;
  PlanePoint linear;  ///< linear attention predicts linear^T x
};

/// exp(scale x^T x_i), normalised over the examples.
std::vector<double> attention_weights(const OnePrompt& prompt, double scale, PlanePoint query);
/// S(scale): the labels' average with those weights.
double attended_label(const OnePrompt& prompt, double scale, PlanePoint query);
/// Sum over heads of weight * S(scale).
double softmax_prediction(const OnePrompt& prompt, PlanePoint query);
double truth(const OnePrompt& prompt, PlanePoint query);
double linear_prediction(const OnePrompt& prompt, PlanePoint query);

enum class FieldQuantity { kTruth, kPrediction, kWeight, kError, kLinearError };
inline constexpr int kAllHeads = -1;

/// The numbers that shader and in_context_field read; `focus` is the example of kWeight.
std::vector<float> field_numbers(const OnePrompt& prompt, FieldQuantity quantity, int head,
                                 std::size_t focus);
double in_context_field(std::span<const float> numbers, double x, double y);
/// The function of a shader of this family; null for other names.
FieldFunction field_function(std::string_view shader);

/// The weights of the heads' outputs with the least risk over random prompts of this length and
/// noise, and that risk on other prompts.
struct FittedHeads {
  std::vector<IsotropicHead> heads;
  double risk = 0, std_error = 0;
  std::int64_t prompts = 0;  ///< that the risk was measured on
};
FittedHeads fit_head_weights(std::span<const double> scales, const RegressionTask& task,
                             std::size_t prompt_length, std::uint64_t seed);

}  // namespace attnlab::in_context
