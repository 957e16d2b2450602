// A sweep from the parameters of a run.
#include "core/random_features/sweep.h"

#include <algorithm>

#include "core/base/text.h"
#include "core/random_features/own_target.h"
#include "core/random_features/token_world.h"

namespace attnlab::random_features {
namespace {

/// Sizes in stages: up to 256, 1024, 4096, ...
std::vector<std::vector<std::size_t>> stages_of(const std::vector<double>& sizes) {
  std::vector<std::vector<std::size_t>> stages;
  double limit = 256;
  for (const double n : sizes) {
    const bool new_stage = stages.empty() || n > limit;
    while (n > limit) limit *= 4;
    if (new_stage) stages.emplace_back();
    stages.back().push_back(static_cast<std::size_t>(n));
  }
  return stages;
}

std::vector<TargetCase> cases_of(const ParameterSet& parameters) {
  std::vector<TargetCase> cases;
  for (const std::string& id : parameters.choices("target")) {
    const Target* target = find_target(id);
    switch (target->number) {
      case TargetNumber::kDegree:
        for (const std::int64_t degree : parameters.integers("degree")) {
          cases.push_back({target, static_cast<double>(degree)});
        }
        break;
      case TargetNumber::kFrequency:
        for (const double frequency : parameters.reals("frequency")) {
          cases.push_back({target, frequency});
        }
        break;
      case TargetNumber::kNone:
        cases.push_back({target, 0, own_formula(*target, parameters)});
        break;
    }
  }
  return cases;
}

/// The values of a parameter that some experiments sweep (a list) and others fix (a number).
std::vector<double> one_or_more(const ParameterSet& parameters, std::string_view name) {
  const ParameterValue& value = parameters.value(name);
  if (const auto* integer = std::get_if<std::int64_t>(&value)) {
    return {static_cast<double>(*integer)};
  }
  if (const auto* real = std::get_if<double>(&value)) return {*real};
  if (const auto* reals = std::get_if<std::vector<double>>(&value)) return *reals;
  const auto& integers = std::get<std::vector<std::int64_t>>(value);
  return std::vector<double>(integers.begin(), integers.end());
}

std::vector<LayerVariant> variants_of(const ParameterSet& parameters) {
  const std::string_view swept = swept_parameter(parameters);
  const Budget budget =
      parameters.choice("budget") == "operations" ? Budget::kOperations : Budget::kParameters;
  const TokenWorld tokens = read_token_world(parameters);
  std::vector<LayerVariant> variants;
  const auto add = [&](double dim, double heads, double keys, double bias) {
    const double value = swept == "heads" ? heads : swept == "keys" ? keys : bias;
    variants.push_back({value,
                        {static_cast<std::size_t>(dim), static_cast<std::size_t>(keys),
                         static_cast<std::size_t>(heads), bias, budget, tokens},
                        {}});
  };
  for (const double dim : one_or_more(parameters, "dim")) {
    for (const double heads : one_or_more(parameters, "heads")) {
      for (const double keys : one_or_more(parameters, "keys")) {
        for (const double bias : one_or_more(parameters, "bias-scale")) add(dim, heads, keys, bias);
      }
    }
  }
  return variants;
}

}  // namespace

std::string_view swept_parameter(const ParameterSet& parameters) {
  for (const std::string_view name : {"heads", "keys", "bias-scale"}) {
    const ParameterKind kind = parameters.schema().find(name)->kind;
    if (kind == ParameterKind::kIntegerList || kind == ParameterKind::kRealList) return name;
  }
  return {};
}

bool Sweep::varies(std::size_t model) const {
  const auto layer = [&](const LayerVariant& variant) {
    return make_layer(*models[model], variant.layer, 0, 0);
  };
  return variants.size() == 1 || layer(variants.back()) != layer(variants.front());
}

std::size_t Sweep::job_count() const {
  std::size_t fits = 0;
  for (const LayerVariant& variant : variants) fits += variant.models.size();
  return stages.size() * trials * fits;
}

Sweep read_sweep(const ParameterSet& parameters) {
  Sweep sweep;
  for (const std::string& id : parameters.choices("models")) {
    sweep.models.push_back(find_random_feature_model(id));
  }
  sweep.cases = cases_of(parameters);
  sweep.variants = variants_of(parameters);
  for (std::size_t m = 0; m < sweep.models.size(); ++m) {
    for (LayerVariant& variant : sweep.variants) {
      if (&variant == &sweep.variants.front() || sweep.varies(m)) variant.models.push_back(m);
    }
  }
  sweep.stages = stages_of(one_or_more(parameters, "samples"));
  sweep.test_samples = static_cast<std::size_t>(parameters.integer("test-samples"));
  sweep.trials = static_cast<std::size_t>(parameters.integer("trials"));
  sweep.noise = parameters.real("noise");
  const ParameterValue& ridge = parameters.value("ridge");
  if (const double* strength = std::get_if<double>(&ridge)) {
    sweep.ridge = {RidgeChoice::Rule::kFixed, *strength};
  } else {
    sweep.ridge.rule = parameters.text("ridge") == "validation" ? RidgeChoice::Rule::kValidation
                                                                : RidgeChoice::Rule::kOracle;
  }
  sweep.intercept =
      parameters.choice("intercept") == "free" ? Intercept::kFree : Intercept::kPenalised;
  sweep.copies = static_cast<std::size_t>(parameters.integer("copies"));
  return sweep;
}

std::string sizes_text(const Sweep& sweep) {
  const LayerSizes &first = sweep.variants.front().layer, &last = sweep.variants.back().layer;
  std::string text;
  if (first.dim == last.dim) text += "d = " + std::to_string(first.dim) + ", ";
  if (first.keys == last.keys) text += "N = " + std::to_string(first.keys) + ", ";
  const bool finite = std::any_of(sweep.models.begin(), sweep.models.end(),
                                  [](const RandomFeatureModel* model) { return !model->infinite; });
  if (finite && first.units == last.units) text += "M = " + std::to_string(first.units) + ", ";
  if (finite && first.budget == Budget::kOperations) text += "equal operations a sample, ";
  const std::string tokens = tokens_text(first.tokens);
  if (!tokens.empty()) text += tokens + ", ";
  return text + counted(static_cast<std::size_t>(sweep.trials), "trial");
}

std::string protocol_text(const Sweep& sweep) {
  std::string text;
  switch (sweep.ridge.rule) {
    case RidgeChoice::Rule::kValidation:
      text = "Ridge chosen on a held-out 20 % of the training samples.";
      break;
    case RidgeChoice::Rule::kOracle:
      text = "Ridge chosen on the test set itself.";
      break;
    case RidgeChoice::Rule::kFixed:
      text = "Ridge " + short_text(sweep.ridge.value) + " throughout.";
      break;
  }
  if (sweep.intercept == Intercept::kPenalised) text += "  The constant is penalised.";
  return text;
}

}  // namespace attnlab::random_features
