#include "core/random_features/sweep_schema.h"
#include "core/experiment/parameters.h"

#include "core/random_features/models.h"
#include "core/random_features/own_target.h"
#include "core/random_features/targets.h"
#include "core/random_features/token_world.h"

namespace attnlab::random_features {
namespace {

/// The targets that read a number of that kind.
Condition some_target_with(TargetNumber number) {
  Condition condition{"target", {}};
  for (const Target& target : targets())
    if (target.number == number) condition.values.emplace_back(target.id);
  return condition;
}

/// At least one model of that kind is compared.
Condition some_model(bool (*is)(const RandomFeatureModel& model)) {
  Condition condition{"models", {}};
  for (const RandomFeatureModel& model : random_feature_models())
    if (is(model)) condition.values.emplace_back(model.id);
  return condition;
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
  const Target& own = own_target();
  parameter.choices.push_back(
      {std::string(own.id), std::string(own.label), std::string(own.formula)});
  parameter.max_items = parameter.choices.size();
  parameter.default_value = std::vector<std::string>{"mean-power"};
  parameter.primary = true;
  return parameter;
}

Parameter degree_parameter() {
  Parameter parameter = described({.name = "degree",
                                   .label = "Degree",
                                   .symbol = "p",
                                   .help = "the power p in the target; several share one fit",
                                   .min = 1,
                                   .max = 6,
                                   .default_value = std::int64_t{2},
                                   .suggested = {1, 2, 3, 4, 5, 6},
                                   .logarithmic = true});
  parameter.kind = ParameterKind::kIntegerList;
  parameter.max_items = 6;
  parameter.default_value = std::vector<std::int64_t>{2};
  parameter.logarithmic = false;
  parameter.applies = {some_target_with(TargetNumber::kDegree)};
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
      described({.name = "frequency",
                 .label = "Frequency",
                 .symbol = "g",
                 .help = "the frequency g of the cosine targets; several share one fit",
                 .max = 64,
                 .default_value = 4.0,
                 .suggested = {2, 4, 8, 16}});
  parameter.min = 0.1;
  parameter.applies = {some_target_with(TargetNumber::kFrequency)};
  return as_list(parameter, 8, std::vector<double>{4.0});
}

Parameter samples_parameter(bool list) {
  Parameter parameter = described({.name = "samples",
                                   .label = "Training samples",
                                   .symbol = "n",
                                   .help = "number of training samples",
                                   .min = 1,
                                   .max = 65536,
                                   .default_value = std::int64_t{512},
                                   .suggested = {16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192},
                                   .logarithmic = true});
  parameter.primary = true;
  if (!list) return parameter;
  parameter.help = "training-set sizes; each set contains the smaller ones";
  return as_list(parameter, 32, std::vector<std::int64_t>{16, 32, 64, 128, 256, 512, 1024});
}

Parameter ridge_parameter() {
  Parameter parameter;
  parameter.name = "ridge";
  parameter.label = "Ridge parameter";
  parameter.symbol = "λ";
  parameter.help =
      "relative to the mean kernel diagonal: the best on a held-out 20 %, the best on the test set "
      "itself, or this number";
  parameter.kind = ParameterKind::kChoiceOrReal;
  parameter.choices = {
      {"validation", "validation", "the grid value that is best on a held-out 20 %"},
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
  return choice(
      "intercept", "Constant", "how a constant in the target is learned",
      {{"free", "free", "the mean label is subtracted for the fit and added back"},
       {"penalised", "penalised", "the features have to fit it, under the ridge penalty"}});
}

Parameter budget_parameter() {
  Parameter parameter =
      choice("budget", "Equal budget", "what is equal for RFA and the other models",
             {{"parameters", "parameters", "M·(d+1) trained parameters for each model"},
              {"operations", "operations",
               "as many floating-point operations a sample as M heads of RFA"}});
  parameter.applies = {some_model([](const RandomFeatureModel& model) { return !model.infinite; })};
  return parameter;
}

Parameter heads_parameter(bool list) {
  Parameter parameter = described(
      {.name = "heads",
       .label = "Heads",
       .symbol = "M",
       .help = "frozen random heads; networks get M·(d+1) neurons, unless operations are equal",
       .min = 1,
       .max = 100000,
       .default_value = std::int64_t{1000},
       .suggested = {10, 30, 100, 300, 1000, 3000},
       .logarithmic = true});
  parameter.primary = true;
  parameter.applies = {some_model([](const RandomFeatureModel& model) { return !model.infinite; })};
  if (!list) return parameter;
  return as_list(parameter, 16, std::vector<std::int64_t>{10, 30, 100, 300, 1000});
}

Parameter dim_parameter(bool list) {
  Parameter parameter = described({.name = "dim",
                                   .label = "Token dimension",
                                   .symbol = "d",
                                   .help = "length of a token",
                                   .min = 1,
                                   .max = 256,
                                   .default_value = std::int64_t{16},
                                   .suggested = {4, 8, 16, 32},
                                   .logarithmic = true});
  if (!list) return parameter;
  return as_list(parameter, 16, std::vector<std::int64_t>{4, 8, 16});
}

Parameter keys_parameter(bool list) {
  Parameter parameter = described({.name = "keys",
                                   .label = "Keys",
                                   .symbol = "N",
                                   .help = "number of key tokens, not counting the query token",
                                   .min = 1,
                                   .max = 1024,
                                   .default_value = std::int64_t{16},
                                   .suggested = {1, 2, 4, 8, 16, 32, 64},
                                   .logarithmic = true});
  if (!list) return parameter;
  return as_list(parameter, 16, std::vector<std::int64_t>{2, 4, 8, 16});
}

Parameter bias_parameter(bool list) {
  Parameter parameter =
      described({.name = "bias-scale",
                 .label = "Mean of W",
                 .symbol = "c",
                 .help = "mean of BRFA's query-key matrices, times the identity (the theory "
                         "has 1, the paper's experiments, as we know them, 4)",
                 .max = 64,
                 .default_value = 4.0,
                 .suggested = {0, 1, 2, 4, 8, 16}});
  parameter.applies = {some_model([](const RandomFeatureModel& model) { return model.biased; })};
  if (!list) return parameter;
  return as_list(parameter, 32, std::vector<double>{0, 0.5, 1, 2, 4, 6, 8, 12, 16});
}

}  // namespace

Schema sweep_schema(SweptQuantity swept,
                    std::vector<std::pair<std::string_view, ParameterValue>> defaults) {
  Parameter trials =
      described({.name = "trials",
                 .label = "Trials",
                 .help = "independent repetitions with fresh data, heads and target; they make "
                         "the error bars",
                 .min = 1,
                 .max = 1000,
                 .default_value = std::int64_t{5},
                 .suggested = {2, 5, 10, 20},
                 .logarithmic = true});
  trials.primary = true;
  Schema schema{{
      target_parameter(),
      formula_parameter(),
      degree_parameter(),
      frequency_parameter(),
      models_parameter(),
      dim_parameter(swept == SweptQuantity::kSizes),
      keys_parameter(swept == SweptQuantity::kKeys || swept == SweptQuantity::kSizes),
      heads_parameter(swept == SweptQuantity::kHeads),
      bias_parameter(swept == SweptQuantity::kBias),
      samples_parameter(swept != SweptQuantity::kHeads && swept != SweptQuantity::kBias),
      described({.name = "test-samples",
                 .label = "Test samples",
                 .help = "fresh samples that measure the error",
                 .min = 2,
                 .max = 65536,
                 .default_value = std::int64_t{2048},
                 .suggested = {512, 2048, 8192},
                 .logarithmic = true}),
      trials,
      ridge_parameter(),
      intercept_parameter(),
      budget_parameter(),
      described({.name = "copies",
                 .label = "Copies of a sample",
                 .help = "training rows for each sample of RFMLP augmented: the sample, and copies "
                         "with its keys in other orders",
                 .min = 1,
                 .max = 16,
                 .default_value = std::int64_t{4},
                 .suggested = {1, 2, 4, 8, 16},
                 .logarithmic = true,
                 .applies = {some_model(
                     [](const RandomFeatureModel& model) { return model.augmented; })}}),
      described(
          {.name = "noise",
           .label = "Label noise",
           .symbol = "σ",
           .help = "standard deviation of the label noise, in standard deviations of the target",
           .max = 10,
           .default_value = 0.0,
           .suggested = {0, 0.1, 0.3, 1}}),
  }};
  for (Parameter& parameter : token_parameters()) {
    schema.parameters.push_back(std::move(parameter));
  }
  for (auto& [name, value] : defaults) set_default(schema, name, std::move(value));
  return schema;
}

std::vector<Reduction> sweep_reductions(const Schema& schema) {
  std::vector<Reduction> reductions = {{"trials", 1}, {"test-samples", 256}};
  // What is on the axis keeps its range as long as possible; the other sizes stay as they are.
  const std::size_t fewest = has_items(schema.find("dim")->kind) ? 3 : 4;
  for (const char* swept : {"bias-scale", "keys", "dim"})
    if (has_items(schema.find(swept)->kind)) reductions.push_back({swept, 0, fewest});
  reductions.insert(reductions.end(), {{"samples", 64, 4}, {"heads", 50, 3}, {"degree", 1, 2}});
  return reductions;
}

}  // namespace attnlab::random_features
