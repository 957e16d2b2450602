#include "core/random_features/sweep_schema.h"

#include "core/random_features/models.h"
#include "core/random_features/targets.h"

namespace attnlab::random_features {
namespace {

Parameter integer(std::string name, std::string label, std::string symbol, std::string help,
                  double min, double max, std::int64_t default_value,
                  std::vector<double> suggested) {
  Parameter parameter;
  parameter.name = std::move(name);
  parameter.label = std::move(label);
  parameter.symbol = std::move(symbol);
  parameter.help = std::move(help);
  parameter.kind = ParameterKind::kInteger;
  parameter.min = min;
  parameter.max = max;
  parameter.default_value = default_value;
  parameter.suggested = std::move(suggested);
  parameter.logarithmic = true;
  return parameter;
}

Parameter real(std::string name, std::string label, std::string symbol, std::string help,
               double max, double default_value, std::vector<double> suggested) {
  Parameter parameter;
  parameter.name = std::move(name);
  parameter.label = std::move(label);
  parameter.symbol = std::move(symbol);
  parameter.help = std::move(help);
  parameter.kind = ParameterKind::kReal;
  parameter.max = max;
  parameter.default_value = default_value;
  parameter.suggested = std::move(suggested);
  return parameter;
}

Parameter target_parameter() {
  Parameter parameter;
  parameter.name = "target";
  parameter.label = "Target to learn";
  parameter.symbol = "f";
  parameter.help = "the function the layer is asked to learn; several share one fit";
  parameter.kind = ParameterKind::kChoiceList;
  for (const Target& target : targets()) {
    parameter.choices.push_back(
        {std::string(target.id), std::string(target.label), std::string(target.formula)});
  }
  parameter.max_items = parameter.choices.size();
  parameter.default_value = std::vector<std::string>{"mean-power"};
  parameter.primary = true;
  return parameter;
}

Parameter degree_parameter() {
  Parameter parameter = integer("degree", "Degree", "p",
                                "the power p in the target; several share "
                                "one fit",
                                1, 6, 2, {1, 2, 3, 4, 5, 6});
  parameter.kind = ParameterKind::kIntegerList;
  parameter.max_items = 6;
  parameter.default_value = std::vector<std::int64_t>{2};
  parameter.logarithmic = false;
  parameter.primary = true;
  return parameter;
}

Parameter models_parameter() {
  Parameter parameter;
  parameter.name = "models";
  parameter.label = "Models";
  parameter.help = "the layers to compare, of equal budget or of infinite width (M = ∞)";
  parameter.kind = ParameterKind::kChoiceList;
  for (const RandomFeatureModel& model : random_feature_models()) {
    parameter.choices.push_back(
        {std::string(model.id), std::string(model.label), std::string(model.help)});
  }
  parameter.max_items = parameter.choices.size();
  parameter.default_value = std::vector<std::string>{"rfa", "brfa", "rf-invariant", "rfmlp"};
  parameter.primary = true;
  return parameter;
}

/// A number made a list of numbers, for the swept quantity.
Parameter as_list(Parameter parameter, std::size_t max_items, ParameterValue default_value) {
  parameter.kind = parameter.kind == ParameterKind::kInteger ? ParameterKind::kIntegerList
                                                             : ParameterKind::kRealList;
  parameter.max_items = max_items;
  parameter.default_value = std::move(default_value);
  parameter.primary = true;
  return parameter;
}

Parameter frequency_parameter() {
  Parameter parameter =
      real("frequency", "Frequency", "g",
           "the frequency g of the cosine targets; several share one fit", 64, 4, {2, 4, 8, 16});
  parameter.min = 0.1;
  return as_list(parameter, 8, std::vector<double>{4.0});
}

Parameter samples_parameter(bool list) {
  Parameter parameter = integer("samples", "Training samples", "n", "number of training samples", 1,
                                65536, 512, {16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192});
  parameter.primary = true;
  if (!list) return parameter;
  parameter.help = "training-set sizes, nested in one another";
  return as_list(parameter, 32, std::vector<std::int64_t>{16, 32, 64, 128, 256, 512, 1024});
}

Parameter ridge_parameter() {
  Parameter parameter;
  parameter.name = "ridge";
  parameter.label = "Ridge strength";
  parameter.symbol = "λ";
  parameter.help =
      "relative to the mean kernel diagonal: best on a held-out 20 %, best on the test set "
      "itself, or this number";
  parameter.kind = ParameterKind::kChoiceOrReal;
  parameter.choices = {{"validation", "validation", "the grid value best on a held-out 20 %"},
                       {"oracle", "oracle",
                        "the grid value with the least test error, as in the paper as we know it"}};
  parameter.min = 1e-12;
  parameter.max = 1000;
  parameter.default_value = std::string("validation");
  parameter.logarithmic = true;
  return parameter;
}

Parameter choice(std::string name, std::string label, std::string help,
                 std::vector<Choice> choices) {
  Parameter parameter;
  parameter.name = std::move(name);
  parameter.label = std::move(label);
  parameter.help = std::move(help);
  parameter.kind = ParameterKind::kChoice;
  parameter.default_value = choices.front().name;
  parameter.choices = std::move(choices);
  return parameter;
}

Parameter intercept_parameter() {
  return choice("intercept", "Constant", "what a constant in the target costs",
                {{"free", "free", "the mean label is subtracted for the fit and added back"},
                 {"penalised", "penalised", "the features have to make it, under the ridge"}});
}

Parameter budget_parameter() {
  return choice("budget", "Equal budget", "what RFA and its rivals have in common",
                {{"parameters", "parameters", "M·(d+1) trained parameters each"},
                 {"operations", "operations",
                  "as many floating-point operations a sample as M heads of RFA"}});
}

Parameter heads_parameter(bool list) {
  Parameter parameter =
      integer("heads", "Heads", "M",
              "frozen random heads; networks get M·(d+1) neurons, unless operations are equal", 1,
              100000, 1000, {10, 30, 100, 300, 1000, 3000});
  parameter.primary = true;
  if (!list) return parameter;
  return as_list(parameter, 16, std::vector<std::int64_t>{10, 30, 100, 300, 1000});
}

Parameter keys_parameter(bool list) {
  Parameter parameter = integer("keys", "Keys", "N", "key tokens beside the query token", 1, 1024,
                                16, {1, 2, 4, 8, 16, 32, 64});
  if (!list) return parameter;
  return as_list(parameter, 16, std::vector<std::int64_t>{2, 4, 8, 16});
}

Parameter bias_parameter(bool list) {
  Parameter parameter = real("bias-scale", "Mean of W", "c",
                             "mean of BRFA's query-key matrices, times the identity (the theory "
                             "has 1, the paper's experiments, as we know them, 4)",
                             64, 4, {0, 1, 2, 4, 8, 16});
  if (!list) return parameter;
  return as_list(parameter, 32, std::vector<double>{0, 0.5, 1, 2, 4, 6, 8, 12, 16});
}

}  // namespace

Schema sweep_schema(SweptQuantity swept) {
  Parameter trials = integer("trials", "Trials", "",
                             "independent repetitions with fresh data, heads and target; they make "
                             "the error bars",
                             1, 1000, 5, {2, 5, 10, 20});
  trials.primary = true;
  return {{
      target_parameter(),
      degree_parameter(),
      frequency_parameter(),
      models_parameter(),
      integer("dim", "Token dimension", "d",
              "length of a token; tokens are uniform on the unit sphere", 1, 256, 16,
              {4, 8, 16, 32}),
      keys_parameter(swept == SweptQuantity::kKeys),
      heads_parameter(swept == SweptQuantity::kHeads),
      bias_parameter(swept == SweptQuantity::kBias),
      samples_parameter(swept == SweptQuantity::kSamples || swept == SweptQuantity::kKeys),
      integer("test-samples", "Test samples", "", "fresh samples that measure the error", 2, 65536,
              2048, {512, 2048, 8192}),
      trials,
      ridge_parameter(),
      intercept_parameter(),
      budget_parameter(),
      integer("copies", "Copies of a sample", "",
              "training rows for each sample of RFMLP augmented: the sample, and its keys in other "
              "orders",
              1, 16, 4, {1, 2, 4, 8, 16}),
      real("noise", "Label noise", "σ",
           "standard deviation of label noise, in units of the target's own", 10, 0,
           {0, 0.1, 0.3, 1}),
  }};
}

void set_default(Schema& schema, std::string_view name, ParameterValue value) {
  for (Parameter& parameter : schema.parameters) {
    if (parameter.name == name) parameter.default_value = std::move(value);
  }
}

}  // namespace attnlab::random_features
