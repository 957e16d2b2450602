// Shared parameters of family C.
#include "core/in_context/parameters.h"

#include "core/findings/palette.h"

namespace attnlab::in_context {

Parameter icl_whole_parameter(std::string name, std::string label, std::string symbol,
                              std::string help, double min, double max, std::int64_t value,
                              std::vector<double> suggested) {
  Parameter parameter;
  parameter.name = std::move(name);
  parameter.label = std::move(label);
  parameter.symbol = std::move(symbol);
  parameter.help = std::move(help);
  parameter.kind = ParameterKind::kInteger;
  parameter.min = min;
  parameter.max = max;
  parameter.default_value = value;
  parameter.suggested = std::move(suggested);
  parameter.logarithmic = true;
  return parameter;
}

Parameter icl_real_parameter(std::string name, std::string label, std::string symbol,
                             std::string help, double min, double max, double value,
                             std::vector<double> suggested) {
  Parameter parameter = icl_whole_parameter(std::move(name), std::move(label), std::move(symbol),
                                            std::move(help), min, max, 0, std::move(suggested));
  parameter.kind = ParameterKind::kReal;
  parameter.default_value = value;
  parameter.logarithmic = false;
  return parameter;
}

Parameter icl_dim_parameter(double max) {
  Parameter parameter = icl_whole_parameter("dim", "Dimension", "d", "length of an example x", 1,
                                            max, 5, {1, 2, 5, 10, 20});
  parameter.primary = true;
  return parameter;
}

Parameter icl_heads_parameter(std::vector<std::int64_t> values) {
  Parameter parameter = icl_whole_parameter(
      "heads", "Softmax heads", "h", "numbers of softmax heads to compare", 1, 8, 1, {1, 2, 4, 8});
  parameter.kind = ParameterKind::kIntegerList;
  parameter.max_items = 8;
  parameter.default_value = std::move(values);
  parameter.logarithmic = false;
  parameter.primary = true;
  return parameter;
}

Parameter icl_prompt_length_parameter(double max, std::vector<std::int64_t> values) {
  Parameter parameter = icl_whole_parameter("prompt-length", "Examples in the prompt", "D",
                                            "examples (x, y) that come before the query", 1, max, 1,
                                            {5, 10, 20, 40, 100, 200, 400, 1000, 4000});
  parameter.kind = ParameterKind::kIntegerList;
  parameter.max_items = 16;
  parameter.default_value = std::move(values);
  parameter.primary = true;
  return parameter;
}

Parameter icl_noise_parameter() {
  return icl_real_parameter("noise", "Label noise", "σ²",
                            "variance of the label noise (the labels' own variance is 1)", 0, 100,
                            0, {0, 0.1, 0.5, 1});
}

std::string heads_text(std::size_t heads) {
  return std::to_string(heads) + (heads == 1 ? " head" : " heads");
}

int heads_colour(std::size_t heads) {
  constexpr int kSlots[] = {kColourBrfa,          kColourRfa,     kColourExponential,
                            kColourRfmlp,         kColourSoftmax, kColourBiasedSoftmax,
                            kColourBiasedSoftmax, kColourSoftmax};
  return kSlots[(heads - 1) % 8];
}

}  // namespace attnlab::in_context
