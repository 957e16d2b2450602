// The tables of icl-attention.
#include <array>
#include <limits>
#include <optional>

#include "core/in_context/attention_picture.h"
#include "core/in_context/risk_rows.h"

namespace attnlab::in_context {
namespace {

Table risk_table(const Picture& picture) {
  const RegressionTask& task = picture.task;
  Scenario scenario;
  scenario.setting = task.noise > 0 ? Setting::kNoise : Setting::kBase;
  scenario.value = scenario.noise = task.noise;
  scenario.dim = 2;
  scenario.prompt_length = picture.prompt.examples.size();
  const double length = static_cast<double>(scenario.prompt_length);
  // The leading order is that of an unbiased set.
  std::vector<IsotropicHead> unbiased = picture.fitted.heads;
  double product = 0;
  for (const IsotropicHead& head : unbiased) product += head.scale * head.weight;
  for (IsotropicHead& head : unbiased) head.weight /= product;
  const double linear = linear_attention_risk(task, length);
  const double least_squares = least_squares_risk(task, length);
  const RiskRow rows[] = {
      {scenario, "softmax", unbiased.size(), picture.fitted.risk, picture.fitted.std_error,
       head_set_constant(task, unbiased) / length, "", picture.fitted.prompts},
      {scenario, "linear", {}, linear, 0, linear, "", {}},
      {scenario, "ols", {}, least_squares, 0, least_squares, "", {}}};
  const RowTable<RiskRow> table{
      "risk",
      "Risk of these heads over random prompts of this length and noise (not of the prompt "
      "drawn), with one standard error; theory is the leading order for softmax (our "
      "derivation, docs/derivations.md) and exact for linear attention and least squares",
      risk_columns<RiskRow>()};
  return table.of(rows);
}

struct PredictionRow {
  std::string predictor;
  double value = 0, error = 0;
};

Table prediction_table(const OnePrompt& prompt) {
  const double right = truth(prompt, prompt.query);
  const auto row = [&](const char* predictor, double value) {
    return PredictionRow{predictor, value, value - right};
  };
  const PredictionRow rows[] = {row("truth", right),
                                row("softmax", softmax_prediction(prompt, prompt.query)),
                                row("linear", linear_prediction(prompt, prompt.query))};
  const RowTable<PredictionRow> table{"prediction",
                                      "At the query of this prompt",
                                      {column<&PredictionRow::predictor>("predictor", "predictor"),
                                       column<&PredictionRow::value>("value", "prediction"),
                                       column<&PredictionRow::error>("error", "error")}};
  return table.of(rows);
}

struct HeadRow {
  std::size_t head = 0;  ///< from 1
  double scale = 0, weight = 0, attended = 0;
  double contribution() const { return weight * attended; }
};

Table head_table(const OnePrompt& prompt) {
  std::vector<HeadRow> rows;
  for (const IsotropicHead& head : prompt.heads) {
    rows.push_back({rows.size() + 1, head.scale, head.weight,
                    attended_label(prompt, head.scale, prompt.query)});
  }
  const RowTable<HeadRow> table{
      "heads",
      "The heads at the query: each adds weight · S(scale) to the prediction",
      {column<&HeadRow::head>("head", "head"), column<&HeadRow::scale>("scale", "scale b"),
       column<&HeadRow::weight>("weight", "weight a"),
       column<&HeadRow::attended>("attended", "S(b)"),
       column<&HeadRow::contribution>("contribution", "a · S(b)")}};
  return table.of(rows);
}

struct ExampleRow {
  std::size_t example = 0;  ///< from 1
  PlanePoint at;
  double label = 0;
  std::array<double, kMostHeads> weights{};  ///< from each head at the query
};

double x1(const ExampleRow& row) {
  return row.at.x;
}
double x2(const ExampleRow& row) {
  return row.at.y;
}
template <std::size_t head>
double weight_of(const ExampleRow& row) {
  return row.weights[head];
}

Table example_table(const OnePrompt& prompt) {
  std::vector<ExampleRow> rows;
  for (std::size_t i = 0; i < prompt.examples.size(); ++i) {
    rows.push_back({i + 1, prompt.examples[i], prompt.labels[i], {}});
  }
  for (std::size_t h = 0; h < prompt.heads.size(); ++h) {
    const std::vector<double> weights =
        attention_weights(prompt, prompt.heads[h].scale, prompt.query);
    for (std::size_t i = 0; i < rows.size(); ++i) rows[i].weights[h] = weights[i];
  }
  RowTable<ExampleRow> table{
      "examples",
      "The prompt: every example with its label and the weight that each head gives it",
      {column<&ExampleRow::example>("example", "example"), column<&x1>("x1", "x₁"),
       column<&x2>("x2", "x₂"), column<&ExampleRow::label>("label", "y"),
       column<&weight_of<0>>("weight_1", "weight, head 1"),
       column<&weight_of<1>>("weight_2", "weight, head 2"),
       column<&weight_of<2>>("weight_3", "weight, head 3"),
       column<&weight_of<3>>("weight_4", "weight, head 4")}};
  for (std::size_t h = prompt.heads.size(); h < kMostHeads; ++h) table.columns.pop_back();
  return table.of(rows);
}

}  // namespace

std::vector<Table> attention_tables(const Picture& picture) {
  return {risk_table(picture), prediction_table(picture.prompt), head_table(picture.prompt),
          example_table(picture.prompt)};
}

}  // namespace attnlab::in_context
