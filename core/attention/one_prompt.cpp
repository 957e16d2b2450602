// One prompt in the plane.
#include "core/attention/one_prompt.h"

#include "core/attention/softmax.h"

namespace attnlab {
namespace {

constexpr std::size_t kFirstHead = 9;

double dot(PlanePoint a, PlanePoint b) {
  return a.x * b.x + a.y * b.y;
}

OnePrompt prompt_of(std::span<const float> numbers) {
  const auto at = [&](std::size_t i) { return static_cast<double>(numbers[i]); };
  OnePrompt prompt;
  prompt.theta = {at(5), at(6)};
  prompt.linear = {at(7), at(8)};
  const auto heads = static_cast<std::size_t>(at(3)), examples = static_cast<std::size_t>(at(4));
  for (std::size_t h = 0; h < heads; ++h)
    prompt.heads.push_back({at(kFirstHead + 2 * h), at(kFirstHead + 2 * h + 1)});
  for (std::size_t i = 0; i < examples; ++i) {
    const std::size_t first = kFirstHead + 2 * heads + 3 * i;
    prompt.examples.push_back({at(first), at(first + 1)});
    prompt.labels.push_back(at(first + 2));
  }
  return prompt;
}

}  // namespace

std::vector<double> attention_weights(const OnePrompt& prompt, double scale, PlanePoint query) {
  std::vector<double> weights;
  for (const PlanePoint& example : prompt.examples) weights.push_back(scale * dot(query, example));
  softmax(weights);
  return weights;
}

double attended_label(const OnePrompt& prompt, double scale, PlanePoint query) {
  const std::vector<double> weights = attention_weights(prompt, scale, query);
  double label = 0;
  for (std::size_t i = 0; i < weights.size(); ++i) label += weights[i] * prompt.labels[i];
  return label;
}

double softmax_prediction(const OnePrompt& prompt, PlanePoint query) {
  double prediction = 0;
  for (const IsotropicHead& head : prompt.heads)
    prediction += head.weight * attended_label(prompt, head.scale, query);
  return prediction;
}

double truth(const OnePrompt& prompt, PlanePoint query) {
  return dot(prompt.theta, query);
}

double linear_prediction(const OnePrompt& prompt, PlanePoint query) {
  return dot(prompt.linear, query);
}

std::vector<float> field_numbers(const OnePrompt& prompt, FieldQuantity quantity, int head,
                                 std::size_t focus) {
  std::vector<float> numbers;
  const auto add = [&](double number) { numbers.push_back(static_cast<float>(number)); };
  add(static_cast<int>(quantity));
  add(head);
  add(static_cast<double>(focus));
  add(static_cast<double>(prompt.heads.size()));
  add(static_cast<double>(prompt.examples.size()));
  for (const PlanePoint& vector : {prompt.theta, prompt.linear}) add(vector.x), add(vector.y);
  for (const IsotropicHead& each : prompt.heads) add(each.scale), add(each.weight);
  for (std::size_t i = 0; i < prompt.examples.size(); ++i) {
    add(prompt.examples[i].x);
    add(prompt.examples[i].y);
    add(prompt.labels[i]);
  }
  return numbers;
}

double in_context_field(std::span<const float> numbers, double x, double y) {
  OnePrompt prompt = prompt_of(numbers);
  const auto quantity = static_cast<FieldQuantity>(static_cast<int>(numbers[0]));
  const int head = static_cast<int>(numbers[1]);
  const PlanePoint query{x, y};
  if (head >= 0) prompt.heads = {prompt.heads[static_cast<std::size_t>(head)]};
  switch (quantity) {
    case FieldQuantity::kTruth:
      return truth(prompt, query);
    case FieldQuantity::kPrediction:
      return softmax_prediction(prompt, query);
    case FieldQuantity::kWeight:
      return attention_weights(prompt, prompt.heads[0].scale,
                               query)[static_cast<std::size_t>(numbers[2])];
    case FieldQuantity::kError:
      return softmax_prediction(prompt, query) - truth(prompt, query);
    case FieldQuantity::kLinearError:
      break;
  }
  return linear_prediction(prompt, query) - truth(prompt, query);
}

}  // namespace attnlab
