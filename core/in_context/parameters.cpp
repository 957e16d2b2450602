// Shared parameters of family C.
#include "core/experiment/parameters.h"
#include "core/base/text.h"
#include "core/in_context/parameters.h"

#include "core/findings/palette.h"

namespace attnlab::in_context {

Parameter icl_dim_parameter(double max) {
  Parameter parameter = described({.name = "dim",
                                   .label = "Dimension",
                                   .symbol = "d",
                                   .help = "length of an example x",
                                   .min = 1,
                                   .max = max,
                                   .default_value = std::int64_t{5},
                                   .suggested = {1, 2, 5, 10, 20},
                                   .logarithmic = true});
  parameter.primary = true;
  return parameter;
}

Parameter icl_heads_parameter(std::vector<std::int64_t> values) {
  Parameter parameter = described({.name = "heads",
                                   .label = "Softmax heads",
                                   .symbol = "h",
                                   .help = "numbers of softmax heads to compare",
                                   .min = 1,
                                   .max = 8,
                                   .default_value = std::int64_t{1},
                                   .suggested = {1, 2, 4, 8},
                                   .logarithmic = true});
  parameter.kind = ParameterKind::kIntegerList;
  parameter.max_items = 8;
  parameter.default_value = std::move(values);
  parameter.logarithmic = false;
  parameter.primary = true;
  return parameter;
}

Parameter icl_prompt_length_parameter(double max, std::vector<std::int64_t> values) {
  Parameter parameter = described({.name = "prompt-length",
                                   .label = "Examples in the prompt",
                                   .symbol = "D",
                                   .help = "examples (x, y) that come before the query",
                                   .min = 1,
                                   .max = max,
                                   .default_value = std::int64_t{1},
                                   .suggested = {5, 10, 20, 40, 100, 200, 400, 1000, 4000},
                                   .logarithmic = true});
  parameter.kind = ParameterKind::kIntegerList;
  parameter.max_items = 16;
  parameter.default_value = std::move(values);
  parameter.primary = true;
  return parameter;
}

Parameter icl_noise_parameter() {
  return described({.name = "noise",
                    .label = "Label noise",
                    .symbol = "σ²",
                    .help = "variance of the label noise (the labels' own variance is 1)",
                    .max = 100,
                    .default_value = 0.0,
                    .suggested = {0, 0.1, 0.5, 1}});
}

Parameter icl_given_parameter() {
  constexpr std::size_t kMaxHeads = 8;
  Parameter parameter =
      described({.name = "given",
                 .label = "Heads by hand",
                 .help = "heads to measure beside the best ones: scale, weight, scale, weight and "
                         "so on; weights of 0 alone: none",
                 .min = -100,
                 .max = 100,
                 .default_value = 0.0});
  parameter.kind = ParameterKind::kRealTuple;
  parameter.min_items = parameter.group = 2;
  parameter.max_items = 2 * kMaxHeads;
  parameter.default_value = std::vector<double>{0, 0};
  return parameter;
}

std::vector<IsotropicHead> given_heads(const ParameterSet& parameters) {
  const std::vector<double>& numbers = parameters.reals("given");
  std::vector<IsotropicHead> heads;
  bool some = false;
  for (std::size_t i = 0; i + 1 < numbers.size(); i += 2) {
    heads.push_back({numbers[i], numbers[i + 1]});
    some = some || numbers[i + 1] != 0;
  }
  if (!some) heads.clear();
  return heads;
}

std::string heads_text(std::size_t heads) {
  return counted(heads, "head");
}

int heads_colour(std::size_t heads) {
  constexpr int kSlots[] = {kColourBrfa,          kColourRfa,     kColourExponential,
                            kColourRfmlp,         kColourSoftmax, kColourBiasedSoftmax,
                            kColourBiasedSoftmax, kColourSoftmax};
  return kSlots[(heads - 1) % 8];
}

}  // namespace attnlab::in_context
