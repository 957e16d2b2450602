// icl-attention: one prompt in the plane, live. Examples, query and theta are handles; the picture
// is what each head predicts, attends to and misses for a query anywhere.
#include <algorithm>
#include <cmath>

#include "core/base/text.h"
#include "core/experiment/parameters.h"
#include "core/findings/findings.h"
#include "core/findings/palette.h"
#include "core/in_context/experiments.h"
#include "core/in_context/one_prompt.h"
#include "core/in_context/parameters.h"
#include "core/in_context/risk_study.h"
#include "core/numerics/random.h"

namespace attnlab::in_context {
namespace {

constexpr double kReach = 3;  // the plane is [-3, 3] x [-3, 3]
constexpr std::size_t kMostExamples = 16, kMostHeads = 4;

struct Picture {
  OnePrompt prompt;
  RegressionTask task;
  FittedHeads fitted;
  std::size_t focus = 0;
};

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

std::string number_text(std::size_t number) {
  return exact_text(static_cast<std::int64_t>(number));
}

std::string point_text(PlanePoint point) {
  return "(" + short_text(point.x) + ", " + short_text(point.y) + ")";
}

// --- Tables --------------------------------------------------------------------------------------

Table risk_of_heads(const Picture& picture) {
  const double length = static_cast<double>(picture.prompt.examples.size());
  const std::string setting = picture.task.noise > 0 ? "noise" : "base";
  Table table{"risk",
              "Risk of these heads over random prompts of this length and noise (not of the prompt "
              "drawn), with one standard error; theory is the leading order for softmax (our "
              "derivation, docs/derivations.md) and exact for linear attention and least squares",
              risk_columns(),
              {}};
  const auto add = [&](const char* predictor, Cell heads, double risk, double error, double theory,
                       Cell prompts) {
    table.rows.push_back({std::string(predictor), std::move(heads), std::int64_t{2},
                          static_cast<std::int64_t>(length), setting, real_cell(picture.task.noise),
                          real_cell(risk), real_cell(error), real_cell(length * risk),
                          real_cell(theory), real_cell(length * error), std::string(),
                          std::move(prompts)});
  };
  std::vector<IsotropicHead> unbiased = picture.fitted.heads;
  double product = 0;
  for (const IsotropicHead& head : unbiased) product += head.scale * head.weight;
  for (IsotropicHead& head : unbiased) head.weight /= product;
  add("softmax", static_cast<std::int64_t>(unbiased.size()), picture.fitted.risk,
      picture.fitted.std_error, head_set_constant(picture.task, unbiased) / length,
      picture.fitted.prompts);
  const double linear = linear_attention_risk(picture.task, length);
  add("linear", {}, linear, 0, linear, {});
  const double least_squares = least_squares_risk(picture.task, length);
  add("ols", {}, least_squares, 0, least_squares, {});
  return table;
}

Table head_table(const Picture& picture) {
  Table table{"heads",
              "The heads and what they say at the query: weight · S(scale) is what each adds",
              {{"head", "head", ""},
               {"scale", "scale b", ""},
               {"weight", "weight a", ""},
               {"attended", "S(b)", ""},
               {"contribution", "a · S(b)", ""}},
              {}};
  for (std::size_t h = 0; h < picture.prompt.heads.size(); ++h) {
    const IsotropicHead& head = picture.prompt.heads[h];
    const double label = attended_label(picture.prompt, head.scale, picture.prompt.query);
    table.rows.push_back({static_cast<std::int64_t>(h + 1), real_cell(head.scale),
                          real_cell(head.weight), real_cell(label),
                          real_cell(head.weight * label)});
  }
  return table;
}

Table example_table(const Picture& picture) {
  Table table{"examples",
              "The prompt: every example with its label and the weight that each head gives it",
              {{"example", "example", ""}, {"x1", "x₁", ""}, {"x2", "x₂", ""}, {"label", "y", ""}},
              {}};
  std::vector<std::vector<double>> weights;
  for (std::size_t h = 0; h < picture.prompt.heads.size(); ++h) {
    table.columns.push_back(
        {"weight_" + number_text(h + 1), "weight, head " + number_text(h + 1), ""});
    weights.push_back(
        attention_weights(picture.prompt, picture.prompt.heads[h].scale, picture.prompt.query));
  }
  for (std::size_t i = 0; i < picture.prompt.examples.size(); ++i) {
    const PlanePoint& example = picture.prompt.examples[i];
    std::vector<Cell> row = {static_cast<std::int64_t>(i + 1), real_cell(example.x),
                             real_cell(example.y), real_cell(picture.prompt.labels[i])};
    for (const std::vector<double>& of_head : weights) row.push_back(real_cell(of_head[i]));
    table.rows.push_back(std::move(row));
  }
  return table;
}

Table prediction_table(const Picture& picture) {
  const double right = truth(picture.prompt, picture.prompt.query);
  Table table{"prediction",
              "At the query of this prompt",
              {{"predictor", "predictor", ""}, {"value", "prediction", ""}, {"error", "error", ""}},
              {}};
  const auto add = [&](const char* name, double value) {
    table.rows.push_back({std::string(name), real_cell(value), real_cell(value - right)});
  };
  add("truth", right);
  add("softmax", softmax_prediction(picture.prompt, picture.prompt.query));
  add("linear", linear_prediction(picture.prompt, picture.prompt.query));
  return table;
}

Result reduce(const RunSpec& spec, std::span<const JobOutput>) {
  const Picture picture = picture_of(spec);
  const OnePrompt& prompt = picture.prompt;
  Result result;
  result.tables = {risk_of_heads(picture), prediction_table(picture), head_table(picture),
                   example_table(picture)};
  const std::size_t heads = prompt.heads.size();
  result.summary = "At the query " + heads_text(heads) + (heads == 1 ? " predicts " : " predict ") +
                   short_text(softmax_prediction(prompt, prompt.query)) + ", linear attention " +
                   short_text(linear_prediction(prompt, prompt.query)) + "; the truth is " +
                   short_text(truth(prompt, prompt.query)) + ".";
  if (static_cast<std::size_t>(spec.parameters.integer("example")) > prompt.examples.size()) {
    result.notes.push_back("There " + std::string(prompt.examples.size() == 1 ? "is" : "are") +
                           " only " + counted(prompt.examples.size(), "example") +
                           "; the weight of the last one is drawn.");
  }
  return result;
}

// --- Figures -------------------------------------------------------------------------------------

Handle example_handle(const Picture& picture, std::size_t i) {
  const PlanePoint at = picture.prompt.examples[i];
  Handle handle;
  handle.parameter = "examples";
  handle.x_item = 2 * i;
  handle.y_item = 2 * i + 1;
  handle.x = at.x;
  handle.y = at.y;
  handle.value = picture.prompt.labels[i];
  handle.help = "example " + number_text(i + 1) + " at " + point_text(at) +
                ": y = " + short_text(picture.prompt.labels[i]);
  std::string weights;
  for (const IsotropicHead& head : picture.prompt.heads) {
    const double weight = attention_weights(picture.prompt, head.scale, picture.prompt.query)[i];
    weights += (weights.empty() ? "" : ", ") + short_text(weight);
  }
  handle.help += "; weight at the query " + weights;
  return handle;
}

Handle vector_handle(const char* parameter, PlanePoint at, std::string label, int colour) {
  Handle handle;
  handle.parameter = parameter;
  handle.x = at.x;
  handle.y = at.y;
  handle.label = std::move(label);
  handle.colour = colour;
  return handle;
}

std::vector<Handle> handles_of(const Picture& picture) {
  std::vector<Handle> handles;
  for (std::size_t i = 0; i < picture.prompt.examples.size(); ++i)
    handles.push_back(example_handle(picture, i));
  const OnePrompt& prompt = picture.prompt;
  Handle theta = vector_handle("theta", prompt.theta, "θ", kColourReference);
  theta.arrow = true;
  theta.help = "θ = " + point_text(prompt.theta) + ": labels are θᵀx";
  handles.push_back(theta);
  Handle query = vector_handle("query", prompt.query, "query", kColourSoftmax);
  query.help = "query " + point_text(prompt.query) + ": truth " +
               short_text(truth(prompt, prompt.query)) + ", predicted " +
               short_text(softmax_prediction(prompt, prompt.query));
  handles.push_back(query);
  return handles;
}

FieldPanel field_panel(const Picture& picture, FieldQuantity quantity, int head, std::string id,
                       std::string title) {
  FieldPanel field;
  field.id = std::move(id);
  field.title = std::move(title);
  field.shader = "icl_attention";
  field.data = field_numbers(picture.prompt, quantity, head, picture.focus);
  field.value = in_context_field;
  if (head != kAllHeads) {
    field.handle_shares = attention_weights(
        picture.prompt, picture.prompt.heads[static_cast<std::size_t>(head)].scale,
        picture.prompt.query);
  }
  return field;
}

Figure plane_figure(const Picture& picture, std::string id, std::string title) {
  Figure figure;
  figure.id = std::move(id);
  figure.title = std::move(title);
  figure.x = {"x₁", false, -kReach, kReach, {-2, 0, 2}};
  figure.y = {"x₂", false, -kReach, kReach, {-2, 0, 2}};
  figure.handles = handles_of(picture);
  return figure;
}

/// A round number not below the value: colours that hold still while a handle
/// moves.
double round_up(double value) {
  const double unit = std::pow(10.0, std::floor(std::log10(value)));
  for (const double factor : {1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 7.0})
    if (factor * unit >= value * (1 - 1e-9)) return factor * unit;
  return 10 * unit;
}

void colour_signed(Figure& figure, double arm, const char* label) {
  for (FieldPanel& field : figure.draw_fields().panels) {
    field.scale = ColourScale::kDiverging;
    field.min = -arm;
    field.max = arm;
    field.contours = {-arm / 2, 0, arm / 2};
    field.value_label = label;
  }
}

std::string head_name(const IsotropicHead& head, std::size_t index) {
  return "Head " + number_text(index + 1) + ": b = " + short_text(head.scale);
}

double largest_label(const OnePrompt& prompt) {
  double largest = 0.1;
  for (const double label : prompt.labels) largest = std::max(largest, std::abs(label));
  return largest;
}

Figure prediction_figure(const Picture& picture) {
  const OnePrompt& prompt = picture.prompt;
  Figure figure = plane_figure(picture, "prediction", "What does each head predict?");
  figure.subtitle =
      "Colour: what is predicted if the query stood there; discs: examples in the colour of their "
      "label, as large as the head's attention from the query.";
  figure.invitation = "Drag any of them.";
  figure.draw_fields().panels.push_back(
      field_panel(picture, FieldQuantity::kTruth, kAllHeads, "truth", "Truth: θᵀx"));
  const std::size_t heads = prompt.heads.size();
  figure.draw_fields().panels.push_back(
      field_panel(picture, FieldQuantity::kPrediction, heads == 1 ? 0 : kAllHeads, "together",
                  heads == 1 ? "The head: a S(b)" : "All heads together"));
  for (std::size_t h = 0; heads > 1 && h < heads; ++h) {
    figure.draw_fields().panels.push_back(field_panel(
        picture, FieldQuantity::kPrediction, static_cast<int>(h), "head-" + number_text(h + 1),
        head_name(prompt.heads[h], h) + ", a = " + short_text(prompt.heads[h].weight)));
  }
  const double steepest = std::hypot(prompt.theta.x, prompt.theta.y) * kReach;
  colour_signed(figure, round_up(std::max({steepest, largest_label(prompt), 0.1})), "value");
  return figure;
}

Figure attention_figure(const Picture& picture) {
  Figure figure = plane_figure(picture, "attention", "Where does each head look?");
  figure.subtitle = "Colour: the weight that example " + number_text(picture.focus + 1) +
                    " gets from a query there; discs: weights of all examples at the query.";
  for (std::size_t i = 0; i < picture.prompt.examples.size(); ++i) {
    figure.handles[i].value = std::nan("");
    figure.handles[i].colour = i == picture.focus ? kColourBrfa : kColourReference;
    if (i == picture.focus) figure.handles[i].label = number_text(i + 1);
  }
  for (std::size_t h = 0; h < picture.prompt.heads.size(); ++h) {
    figure.draw_fields().panels.push_back(
        field_panel(picture, FieldQuantity::kWeight, static_cast<int>(h),
                    "attention-" + number_text(h + 1), head_name(picture.prompt.heads[h], h)));
    figure.draw_fields().panels.back().contours = {0.25, 0.5, 0.75};
    figure.draw_fields().panels.back().value_label = "weight";
  }
  return figure;
}

Figure error_figure(const Picture& picture) {
  const OnePrompt& prompt = picture.prompt;
  Figure figure = plane_figure(picture, "error", "Where is the prediction wrong?");
  figure.subtitle = "Prediction minus θᵀx; white on the middle line: right.";
  figure.draw_fields().panels.push_back(
      field_panel(picture, FieldQuantity::kError, kAllHeads, "softmax-error",
                  prompt.heads.size() == 1 ? "One softmax head" : "All softmax heads"));
  figure.draw_fields().panels.push_back(field_panel(picture, FieldQuantity::kLinearError, kAllHeads,
                                                    "linear-error",
                                                    "Linear attention (one gradient step)"));
  const double steepest = std::hypot(prompt.theta.x, prompt.theta.y) * kReach;
  colour_signed(figure, round_up(std::max({steepest, largest_label(prompt), 0.1})), "error");
  return figure;
}

std::vector<Figure> figures(const RunSpec& spec, const Result&) {
  const Picture picture = picture_of(spec);
  return {prediction_figure(picture), attention_figure(picture), error_figure(picture)};
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
  return {{described(
               {.name = "scales",
                .label = "Heads' scales",
                .symbol = "b",
                .help = "one softmax head a scale; a score is b xᵀx_q, and weights a are the best "
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
                             .symbol = "x_q",
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
       "difference cancels what is wrong with each. Look at the sum beside the truth, then drag "
       "the "
       "query. Next: the same with one head.",
       {}},
      {"one-head",
       "One head",
       "A single head averages the labels of examples like the query: its prediction bends and "
       "saturates where the truth goes on. Drag examples outwards. Next: two opposite heads.",
       {{"scales", "1.5"}}},
      {"sharp-head",
       "One sharp head",
       "With a large scale the head copies the label of one example: the plane falls into cells. "
       "With "
       "few examples that costs little. Open \"Where does each head look?\" Next: lower the scale.",
       {{"scales", "3"}}},
      {"same-sign",
       "Two heads of the same sign",
       "Two heads that look the same way gain only a part of what two opposite ones do: compare "
       "the "
       "risks of one head, these two and the opposite pair in the table.",
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
      "labels with weights exp(b xᵀx_q). Drag examples, query and θ and watch what each head "
      "attends to and predicts, and what the heads say together.";
  experiment.schema = schema();
  experiment.presets = presets();
  experiment.plan = plan;
  return experiment;
}

Findings AttentionExperiment::find(const RunSpec& spec, std::span<const JobOutput> outputs) {
  Result result = reduce(spec, outputs);
  std::vector<Figure> shown = figures(spec, result);
  return {std::move(result), std::move(shown)};
}

}  // namespace attnlab::in_context
