// rf-trained: heads whose query-key matrices are trained too. The face; trained_findings.cpp has
// what it shows.
#include "core/experiment/parameters.h"
#include "core/random_features/experiments.h"
#include "core/random_features/layer.h"
#include "core/random_features/sweep_schema.h"
#include "core/random_features/trained_study.h"

namespace attnlab::random_features {
namespace {

/// A list parameter of the other experiments as one number or choice.
Parameter single(Parameter parameter, ParameterKind kind, ParameterValue value) {
  parameter.kind = kind;
  parameter.max_items = 1;
  parameter.default_value = std::move(value);
  return parameter;
}

Parameter up_to(Parameter parameter, double max, ParameterValue value,
                std::vector<double> suggested) {
  parameter.max = max;
  parameter.default_value = std::move(value);
  parameter.suggested = std::move(suggested);
  return parameter;
}

Parameter compare_parameter() {
  std::vector<Choice> choices;
  std::vector<std::string> all;
  for (const TrainedModel& known : trained_models()) {
    if (known.training != HeadTraining::kWide) continue;
    choices.push_back({std::string(known.model.id), std::string(known.model.label),
                       std::string(known.model.help)});
    all.emplace_back(known.model.id);
  }
  return described({.name = "compare",
                    .label = "Compare with",
                    .help = "frozen layers with as many trained parameters as RFA trained",
                    .choices = std::move(choices),
                    .default_value = all});
}

Parameter train_parameter() {
  return described(
      {.name = "train",
       .label = "Train",
       .help = "what is trained in layers with M heads",
       .choices = {{"both", "both", "query-key matrices and values: RFA trained"},
                   {"two-step", "two-step",
                    "at most two steps of gradient descent on the query-key matrices, then values "
                    "by ridge regression"},
                   {"values", "values", "values alone: RFA, frozen"}},
       .default_value = names({"both", "two-step", "values"}),
       .primary = true});
}

Schema schema() {
  const Schema shared = sweep_schema(SweptQuantity::kSamples);
  const auto known = [&](const char* name) { return *shared.find(name); };
  Parameter samples = up_to(known("samples"), 8192, integers({64, 128, 256, 512, 1024}),
                            {32, 64, 128, 256, 512, 1024, 2048, 4096});
  samples.min = 5;  // one of them is held out
  samples.max_items = 16;
  Parameter heads = up_to(known("heads"), 64, std::int64_t{8}, {4, 8, 16, 32, 64});
  heads.help = "heads of the trained layer";
  heads.applies.clear();
  Parameter bias = up_to(known("bias-scale"), 8, 0.0, {0, 1, 2, 4});
  bias.help = "mean of the query-key matrices at the start, times the identity (0: RFA)";
  bias.applies.clear();
  Parameter rate = described({.name = "rate",
                              .label = "Learning rate",
                              .symbol = "η",
                              .help = "a step of Adam, in root mean squares of the start",
                              .min = 1e-4,
                              .max = 1,
                              .default_value = 0.05,
                              .suggested = {0.01, 0.02, 0.05, 0.1},
                              .logarithmic = true});
  Parameter steps = described({.name = "steps",
                               .label = "Training steps",
                               .help = "most steps of Adam, each on all samples; held-out samples "
                                       "choose how many are taken",
                               .min = 0,
                               .max = 5000,
                               .default_value = std::int64_t{200},
                               .suggested = {0, 50, 100, 200, 500},
                               .primary = true});
  rate.applies = {{"train", {"both"}}};
  steps.applies = {{"train", {"both", "two-step"}}};
  return {{single(known("target"), ParameterKind::kChoice, std::string("mean-power")),
           known("formula"), single(known("degree"), ParameterKind::kInteger, std::int64_t{2}),
           single(known("frequency"), ParameterKind::kReal, 4.0), train_parameter(),
           compare_parameter(), up_to(known("dim"), 32, std::int64_t{8}, {4, 8, 16, 32}),
           up_to(known("keys"), 64, std::int64_t{8}, {1, 2, 4, 8, 16}), heads, bias, samples, steps,
           rate, known("test-samples"),
           up_to(known("trials"), 1000, std::int64_t{8}, {2, 5, 8, 20}), known("noise")}};
}

std::vector<Preset> presets() {
  return {
      {"first-look",
       "First look",
       "Eight heads learn an average of squares. With 1024 samples the frozen ones are still at an "
       "error of 0.8; ten times as many, which have as many trained parameters, are near 0.1, and "
       "the trained ones near 0.01. With 64 samples Adam gains nothing. Look at the heads turning: "
       "the share of W that reads β from the key grows to three times that of random heads. Next: "
       "a fourth power.",
       {}},
      {"two-steps",
       "Two steps are enough",
       "For the fourth power two steps of gradient descent do better than a hundred steps of "
       "Adam. Every head's gradient points along β, and a long step keeps that direction; Adam "
       "moves all entries of W alike, and learns the training samples by heart: compare training "
       "and held-out error. Next: a target that compares key and query.",
       {{"degree", "4"}}},
      {"comparing",
       "Heads find the comparison",
       "Values weighted by the query: a head should compare key and query, W near a multiple of "
       "the identity, which BRFA is given and RFA is not. Trained heads find it: watch that share "
       "grow while the error falls. Two steps are too few for it. Next: the square of the "
       "similarity.",
       {{"target", "correlation-value"}, {"degree", "1"}}},
      {"no-help",
       "Where training does not help",
       "The similarity is squared, so that heads of opposite signs have to work together. At these "
       "sizes frozen heads with as many trained parameters predict better, whatever the steps: "
       "the held-out samples stop training early, because it fits its own samples first. Next: "
       "more samples and more trials.",
       {{"target", "correlation-value"},
        {"degree", "2"},
        {"samples", "64,128,256,512"},
        {"trials", "16"}}},
  };
}

}  // namespace

Experiment TrainedExperiment::face() {
  Experiment experiment;
  experiment.id = "rf-trained";
  experiment.family = "A";
  experiment.title = "Trained heads";
  experiment.question = "What do heads learn when they are not frozen?";
  experiment.summary =
      "A few heads learn by gradient descent what to compare, from the same random start at which "
      "RFA stays. Do they need fewer samples than frozen heads with as many trained parameters? "
      "Watch the errors and the heads turn towards the target's direction β as training goes.";
  experiment.schema = schema();
  experiment.layer = trained_feature_layer_text(experiment.schema);
  experiment.presets = presets();
  experiment.reductions = {
      {"trials", 1}, {"test-samples", 256}, {"steps", 30}, {"samples", 64, 3}, {"heads", 4}};
  experiment.plan = plan_trained;
  return experiment;
}

JobSteps TrainedExperiment::start(RunSpec spec, std::uint32_t index) {
  return start_trained_job(std::move(spec), index);
}

}  // namespace attnlab::random_features
