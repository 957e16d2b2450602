// One prompt of in-context regression in the plane, as the reader arranged it: what each softmax
// head attends to and predicts for a query anywhere, the same function on the CPU and in
// shaders/icl_attention.glsl.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace attnlab {

/// `weight` a times S(`scale` b): the softmax head whose query-key matrix is b times the identity,
/// reading labels. Not core/attention/head.h's Head, which has a whole matrix and reads tokens.
struct IsotropicHead {
  double scale = 0, weight = 0;
};

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

}  // namespace attnlab
