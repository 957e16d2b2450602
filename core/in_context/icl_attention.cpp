// icl-attention: one prompt in the plane, live. Examples, query and theta are handles; the figures
// show each head's prediction, attention and error for a query anywhere.
#include <algorithm>
#include <cmath>

#include "core/base/text.h"
#include "core/experiment/parameters.h"
#include "core/findings/findings.h"
#include "core/in_context/attention_picture.h"
#include "core/in_context/experiments.h"
#include "core/in_context/layer.h"
#include "core/in_context/parameters.h"
#include "core/numerics/random.h"

namespace attnlab::in_context {
namespace {

constexpr std::size_t kMostExamples = 16;

std::vector<PlanePoint> points_of(const std::vector<double>& entries) {
  std::vector<PlanePoint> points;
  for (std::size_t i = 0; i + 1 < entries.size(); i += 2)
    points.push_back({entries[i], entries[i + 1]});
  return points;
}

Picture picture_of(const RunSpec& spec) {
  const ParameterSet& parameters = spec.parameters;
  Picture picture;
  OnePrompt& prompt = picture.prompt;
  prompt.examples = points_of(parameters.reals("examples"));
  prompt.query = points_of(parameters.reals("query"))[0];
  prompt.theta = points_of(parameters.reals("theta"))[0];
  const std::size_t count = prompt.examples.size();
  picture.task = {2, 1, parameters.real("noise")};
  picture.focus = std::min(static_cast<std::size_t>(parameters.integer("example")), count) - 1;
  picture.fitted = fit_head_weights(parameters.reals("scales"), picture.task, count, spec.seed);
  prompt.heads = picture.fitted.heads;
  RandomStream noise(spec.seed, hash_name("icl-attention"), 0);
  const double step = linear_step_risk(picture.task, static_cast<double>(count)).best_step() /
                      static_cast<double>(count);
  for (const PlanePoint& example : prompt.examples) {
    const double label = prompt.theta.x * example.x + prompt.theta.y * example.y +
                         std::sqrt(picture.task.noise) * noise.normal();
    prompt.labels.push_back(label);
    prompt.linear.x += step * label * example.x;
    prompt.linear.y += step * label * example.y;
  }
  return picture;
}

Result result_of(const Picture& picture, std::size_t example) {
  const OnePrompt& prompt = picture.prompt;
  Result result;
  result.tables = attention_tables(picture);
  const std::size_t heads = prompt.heads.size();
  result.summary = "At the query " + heads_text(heads) + (heads == 1 ? " predicts " : " predict ") +
                   short_text(softmax_prediction(prompt, prompt.query)) + ", linear attention " +
                   short_text(linear_prediction(prompt, prompt.query)) + "; the truth is " +
                   short_text(truth(prompt, prompt.query)) + ".";
  if (example > prompt.examples.size()) {
    result.notes.push_back("There " + std::string(prompt.examples.size() == 1 ? "is" : "are") +
                           " only " + counted(prompt.examples.size(), "example") +
                           "; the weight of the last one is drawn.");
  }
  return result;
}

// --- Parameters ----------------------------------------------------------------------------------

Parameter points_parameter(Parameter points) {
  points.kind = ParameterKind::kRealTuple;
  points.min = -points.max;
  points.min_items = points.group = 2;
  return described(std::move(points));
}

Schema schema() {
  Parameter noise = icl_noise_parameter();
  noise.primary = true;
  noise.max = 4;
  return {
      {described({.name = "scales",
                  .label = "Heads' scales",
                  .symbol = "b",
                  .help = "one softmax head a scale; a score is b xᵀq, and weights a are the best "
                          "ones for random prompts",
                  .kind = ParameterKind::kRealTuple,
                  .min = -4,
                  .max = 4,
                  .max_items = kMostHeads,
                  .default_value = reals({0.3, -0.3}),
                  .primary = true}),
       noise,
       points_parameter({.name = "theta",
                         .label = "True θ",
                         .symbol = "θ",
                         .help = "labels are θᵀx plus noise; drag the arrow",
                         .max = 2,
                         .max_items = 2,
                         .default_value = reals({0.9, 0.5})}),
       points_parameter({.name = "query",
                         .label = "Query",
                         .symbol = "q",
                         .help = "position x₁,x₂; drag it",
                         .max = kReach,
                         .max_items = 2,
                         .default_value = reals({1.4, -0.6})}),
       points_parameter({.name = "examples",
                         .label = "Examples",
                         .symbol = "x",
                         .help = "positions x₁,x₂ of every example; drag them",
                         .max = kReach,
                         .max_items = 2 * kMostExamples,
                         .default_value = reals({-0.5, 1.1, 0.8, 0.7, 1.7, 0.2, -1.4, -0.3, 0.2,
                                                 -1.2, 0.9, -1.6, -0.9, -1.3, -0.2, 0.3})}),
       described({.name = "example",
                  .label = "Example to follow",
                  .help = "whose weight \"Where does each head look?\" draws",
                  .min = 1,
                  .max = kMostExamples,
                  .default_value = std::int64_t{1}})}};
}

std::vector<Preset> presets() {
  return {
      {"two-heads",
       "Two opposite heads",
       "One head attends to examples like the query, the other to examples unlike it; their "
       "difference cancels the error of each. Compare the sum with the truth, then drag the query. "
       "Next: the same with one head.",
       {}},
      {"one-head",
       "One head",
       "A single head averages the labels of examples like the query: its prediction bends and "
       "saturates where the truth stays linear. Drag examples outwards. Next: two opposite heads.",
       {{"scales", "1.5"}}},
      {"sharp-head",
       "One sharp head",
       "With a large scale the head copies the label of one example: the plane falls into cells. "
       "With few examples that costs little. Open \"Where does each head look?\" Next: lower the "
       "scale.",
       {{"scales", "3"}}},
      {"same-sign",
       "Two heads of the same sign",
       "Two heads that look the same way gain only a part of what two opposite ones do: compare "
       "the risks of one head, these two and the opposite pair in the table.",
       {{"scales", "0.3,0.6"}}},
      {"noisy-labels",
       "Noisy labels",
       "Labels carry noise, so that all predictors can be wrong; the seed draws other noise.",
       {{"noise", "0.5"}}},
  };
}

Expected<Plan> plan(const RunSpec&) {
  return Plan{};
}

}  // namespace

Experiment AttentionExperiment::face() {
  Experiment experiment;
  experiment.id = "icl-attention";
  experiment.family = "C";
  experiment.title = "Look inside a prompt";
  experiment.question = "What does each head see and say?";
  experiment.summary =
      "One prompt in the plane: examples x with labels θᵀx, and a query. Softmax heads average the "
      "labels with weights exp(b xᵀq). Drag examples, query and θ and watch what each head "
      "attends to and predicts, and what the heads say together.";
  experiment.schema = schema();
  experiment.layer = scaled_heads_text(experiment.schema);
  experiment.presets = presets();
  experiment.plan = plan;
  return experiment;
}

Findings AttentionExperiment::find(const RunSpec& spec, std::span<const JobOutput>) {
  const Picture picture = picture_of(spec);
  const auto example = static_cast<std::size_t>(spec.parameters.integer("example"));
  return {result_of(picture, example), attention_figures(picture)};
}

}  // namespace attnlab::in_context
