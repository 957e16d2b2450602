// rf-inside: one head of a trained layer, live. The face; inside_findings.cpp has what it shows.
#include <algorithm>

#include "core/experiment/parameters.h"
#include "core/random_features/experiments.h"
#include "core/random_features/inside.h"
#include "core/random_features/layer.h"
#include "core/random_features/own_target.h"

namespace attnlab::random_features {
namespace {

Parameter places_parameter() {
  std::vector<double> own(kMostInsideKeys);
  for (std::size_t i = 0; i < kMostInsideKeys; ++i) own[i] = static_cast<double>(i + 1);
  return described({.name = "places",
                    .label = "Places of the keys",
                    .help = "the place of each key in the list; drag the discs",
                    .kind = ParameterKind::kRealTuple,
                    .max = static_cast<double>(kMostInsideKeys) + 1,
                    .max_items = kMostInsideKeys,
                    .min_items = kMostInsideKeys,
                    .default_value = own});
}

Parameter model_parameter() {
  std::vector<Choice> choices;
  for (const RandomFeatureModel& known : random_feature_models()) {
    if (!known.attention || known.infinite) continue;
    choices.push_back({std::string(known.id), std::string(known.label), std::string(known.help)});
  }
  return described({.name = "model",
                    .label = "Model",
                    .help = "the attention layer to look into",
                    .choices = std::move(choices),
                    .default_value = std::string("rfa"),
                    .primary = true});
}

Schema schema() {
  const Schema shared = sweep_schema(SweptQuantity::kSamples);
  Parameter target = *shared.find("target"), degree = *shared.find("degree");
  target.kind = ParameterKind::kChoice;
  target.max_items = 1;
  target.default_value = std::string("mean-power");
  degree.kind = ParameterKind::kInteger;
  degree.max_items = 1;
  degree.default_value = std::int64_t{2};
  degree.primary = false;
  Parameter dim = described({.name = "dim",
                             .label = "Token dimension",
                             .help = "length of a token",
                             .min = 1,
                             .max = 8,
                             .default_value = std::int64_t{4},
                             .primary = true});
  Parameter keys = described({.name = "keys",
                              .label = "Keys",
                              .help = "number of key tokens, not counting the query token",
                              .min = 1,
                              .max = kMostInsideKeys,
                              .default_value = std::int64_t{6},
                              .primary = true});
  Parameter heads = described({.name = "heads",
                               .label = "Heads",
                               .help = "frozen random heads of the layer",
                               .min = 1,
                               .max = 64,
                               .default_value = std::int64_t{40},
                               .primary = true});
  dim.symbol = "d";
  keys.symbol = "N";
  heads.symbol = "M";
  dim.primary = heads.primary = false;
  Parameter bias = *shared.find("bias-scale");
  bias.max = 8;
  const Parameter model = model_parameter();
  Condition& biased = bias.applies.front();  // one model in place of several
  biased.parameter = model.name;
  std::erase_if(biased.values, [&](const std::string& id) {
    return std::none_of(model.choices.begin(), model.choices.end(),
                        [&](const Choice& choice) { return choice.name == id; });
  });
  std::erase_if(bias.suggested, [&](double value) { return value > bias.max; });
  return {{model,
           described({.name = "head",
                      .label = "Head to look into",
                      .help = "number of the head",
                      .min = 1,
                      .max = 64,
                      .default_value = std::int64_t{1},
                      .primary = true}),
           described({.name = "sample",
                      .label = "Sample",
                      .help = "number of a fresh sample",
                      .min = 1,
                      .max = kInsideSamples,
                      .default_value = std::int64_t{1},
                      .primary = true}),
           keys, target, *shared.find("formula"), degree, dim, heads, bias, places_parameter()}};
}

std::vector<Preset> presets() {
  return {
      {"own-order",
       "One random head",
       "A head scores every key against the query with a matrix that stays random, keeps the "
       "positive scores and reads the keys with a trained value. Step through the heads: each does "
       "something else, and only their sum is fitted to the target. Next: drag a key to another "
       "place.",
       {}},
      {"reordered",
       "Does the order matter?",
       "The keys are in reverse order. The layer adds up the same numbers, so its output changes "
       "by rounding only. The network has different weights for every place, and its output "
       "changes "
       "a lot. Next: put the keys in any order you like.",
       {{"places", "6,5,4,3,2,1,7,8,9,10,11,12"}}},
      {"mean",
       "What does a mean of W do?",
       "With a mean c·I the matrix has a bright diagonal: keys that resemble the query get a high "
       "score in every head. Next: set c to 0, and the diagonal is gone.",
       {{"model", "brfa"}, {"target", "correlation-value"}}},
      {"softmax",
       "What does softmax change?",
       "Softmax gives every key a positive weight, and they sum to one; ReLU drops keys. Next: "
       "brfa-softmax, where the key most like the query takes nearly all.",
       {{"model", "rfa-softmax"}}},
  };
}

}  // namespace

Experiment InsideExperiment::face() {
  Experiment experiment;
  experiment.id = "rf-inside";
  experiment.family = "A";
  experiment.title = "Inside a head";
  experiment.question = "What does one random head do?";
  experiment.summary =
      "A small layer of random heads, its values trained on 400 samples. Look at the matrix of one "
      "head, at its scores and weights on one sample, and at the contribution of every key; move "
      "the keys and watch the output stay the same.";
  experiment.schema = schema();
  experiment.layer = random_feature_layer_text(experiment.schema);
  experiment.presets = presets();
  experiment.plan = [](const RunSpec& spec) -> Expected<Plan> {
    const auto size = [&](const char* name) {
      return static_cast<std::size_t>(spec.parameters.integer(name));
    };
    std::string why = target_refusal(single_case(spec.parameters), size("keys"), size("dim"));
    if (!why.empty()) return Error{std::move(why)};
    return Plan{};
  };
  return experiment;
}

}  // namespace attnlab::random_features
