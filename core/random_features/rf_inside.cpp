// rf-inside: one head of a trained layer, live. Its matrix, its scores on one sample, the weights
// and what its value makes of them; the keys are handles, and moving them changes nothing.
#include <algorithm>
#include <cmath>

#include "core/base/text.h"
#include "core/experiment/parameters.h"
#include "core/findings/findings.h"
#include "core/findings/palette.h"
#include "core/findings/verdict.h"
#include "core/numerics/random.h"
#include "core/random_features/experiments.h"
#include "core/random_features/inside.h"
#include "core/random_features/judging.h"
#include "core/random_features/sweep_schema.h"

namespace attnlab::random_features {
namespace {

constexpr std::size_t kMostKeys = 12, kTrainSamples = 400;
constexpr int kTestSamples = 200;
constexpr std::uint32_t kTestDomain = hash_name("rf/test");
// Attention sums the same numbers in another order, in float: some 1e-7 of the output. A model that
// reads the order changes by about its own deviation.
constexpr double kRounding = 1e-3;

/// Everything that is shown.
struct Inside {
  const RandomFeatureModel* model;
  TrainedLayer attention, network;
  TokenBatch batch;
  std::size_t sample = 0, head = 0;
  std::vector<std::size_t> order;  ///< place -> key
  HeadOnSample keys;               ///< by key, not by place
};

Inside inside_of(const RunSpec& spec) {
  const ParameterSet& parameters = spec.parameters;
  Inside inside;
  inside.model = find_random_feature_model(parameters.choice("model"));
  const LayerSizes sizes{static_cast<std::size_t>(parameters.integer("dim")),
                         static_cast<std::size_t>(parameters.integer("keys")),
                         static_cast<std::size_t>(parameters.integer("heads")),
                         parameters.real("bias-scale")};
  const Target* target = find_target(parameters.choice("target"));
  const TargetCase item{target, target->number == TargetNumber::kDegree
                                    ? static_cast<double>(parameters.integer("degree"))
                                    : target->default_number};
  const auto trained = [&](const RandomFeatureModel& model) {
    return train_layer(std::get<RandomFeatureLayer>(make_layer(model, sizes, spec.seed, 0)), item,
                       kTrainSamples);
  };
  inside.attention = trained(*inside.model);
  inside.network = trained(*find_random_feature_model("rfmlp"));
  inside.batch = draw_sphere_tokens(spec.seed, kTestDomain, 0, kTestSamples, sizes.keys, sizes.dim);
  inside.sample = static_cast<std::size_t>(parameters.integer("sample")) - 1;
  inside.head = std::min(static_cast<std::size_t>(parameters.integer("head")), sizes.units) - 1;
  inside.order = order_of(parameters.reals("places"), sizes.keys);
  inside.keys = look_inside(inside.attention, inside.head, inside.batch, inside.sample);
  return inside;
}

std::int64_t counted(std::size_t index) {
  return static_cast<std::int64_t>(index + 1);
}

std::string number_text(std::size_t number) {
  return exact_text(static_cast<std::int64_t>(number));
}

bool is_moved(const Inside& inside) {
  return !std::is_sorted(inside.order.begin(), inside.order.end());
}

// --- Tables --------------------------------------------------------------------------------------

Table order_table(const Inside& inside) {
  Table table{"order",
              "Largest change of the output over " + number_text(kTestSamples) +
                  " fresh samples when their keys are put in the order of the picture",
              {{"model", "model", ""},
               {"largest_change", "largest change", ""},
               {"output_deviation", "standard deviation of the output", ""},
               {"output", "output on this sample, keys in their own order", ""},
               {"output_moved", "in the new order", ""}},
              {}};
  const TokenBatch moved = with_key_order(inside.batch, inside.order);
  for (const TrainedLayer* trained : {&inside.attention, &inside.network}) {
    const OrderEffect effect = order_effect(*trained, inside.batch, inside.order);
    const std::string_view id = trained == &inside.attention ? inside.model->id : "rfmlp";
    table.rows.push_back({std::string(id), real_cell(effect.largest_change),
                          real_cell(effect.deviation),
                          real_cell(trained->outputs(inside.batch)[inside.sample]),
                          real_cell(trained->outputs(moved)[inside.sample])});
  }
  return table;
}

Table key_table(const Inside& inside) {
  Table table{"keys",
              "What head " + number_text(inside.head + 1) + " does with every key of sample " +
                  number_text(inside.sample + 1),
              {{"key", "key", ""},
               {"place", "place", ""},
               {"score", "score ⟨W, [x₀; 1][xᵢ; 1]ᵀ⟩", ""},
               {"weight", "weight", ""},
               {"read", "value reads ⟨v, [xᵢ; 1]⟩", ""},
               {"adds", "adds weight · ⟨v, [xᵢ; 1]⟩", ""}},
              {}};
  std::vector<std::size_t> place(inside.order.size());
  for (std::size_t i = 0; i < place.size(); ++i) place[inside.order[i]] = i;
  for (std::size_t i = 0; i < place.size(); ++i) {
    table.rows.push_back({counted(i), counted(place[i]), real_cell(inside.keys.scores[i]),
                          real_cell(inside.keys.weights[i]), real_cell(inside.keys.reads[i]),
                          real_cell(inside.keys.contributions[i])});
  }
  return table;
}

Table matrix_table(const Inside& inside) {
  Table table{"matrix",
              "Query-key matrix of head " + number_text(inside.head + 1) +
                  "; the last row and column belong to the constant 1 of [x; 1]",
              {{"row", "row", ""}, {"column", "column", ""}, {"value", "value", ""}},
              {}};
  const Matrix<float> matrix = head_matrix(inside.attention.layer, inside.head);
  for (std::size_t a = 0; a < matrix.rows(); ++a) {
    for (std::size_t b = 0; b < matrix.cols(); ++b) {
      table.rows.push_back({counted(a), counted(b), real_cell(static_cast<double>(matrix(a, b)))});
    }
  }
  return table;
}

double change_in(const Table& table, std::size_t row) {
  const auto* value = std::get_if<double>(&table.rows[row][1]);
  return value == nullptr ? 0 : *value;
}

Claim order_claim(const Inside& inside, const Table& order) {
  const std::string label(inside.model->label);
  Claim claim{"A1", label + " is a function of the set of keys: their order changes nothing."};
  if (!is_moved(inside)) {
    claim.evidence = "The keys are in their own order: move one.";
    return claim;
  }
  const auto* deviation = std::get_if<double>(&order.rows[0][2]);
  const bool flat = deviation == nullptr || *deviation == 0;
  if (!flat) {
    const bool changes = !(change_in(order, 0) < kRounding * *deviation);
    apply(judge_universal(changes ? 1 : 0, kTestSamples, "sample in one order",
                          "samples in one order"),
          claim);
  }
  claim.evidence =
      "Over " + number_text(kTestSamples) + " samples the output of " + label +
      " changes by at most " + short_text(change_in(order, 0)) +
      (flat ? ", but it is constant" : ", of a standard deviation of " + short_text(*deviation)) +
      "; the network's (RFMLP) by up to " + short_text(change_in(order, 1)) + ".";
  return claim;
}

Result reduce(const RunSpec& spec, std::span<const JobOutput>) {
  const Inside inside = inside_of(spec);
  Result result;
  result.tables = {order_table(inside), key_table(inside), matrix_table(inside)};
  const Table& order = result.tables.front();
  result.claims = {order_claim(inside, order)};
  result.summary =
      is_moved(inside)
          ? "Keys reordered: the largest change of the output is " +
                short_text(change_in(order, 0)) + " for " + std::string(inside.model->label) +
                " and " + short_text(change_in(order, 1)) + " for the network."
          : "Keys in their own order. Drag one to another place: the output will not change.";
  if (static_cast<std::size_t>(spec.parameters.integer("head")) > inside.head + 1) {
    result.notes.push_back(
        "There " + std::string(inside.attention.layer.units == 1 ? "is" : "are") + " only " +
        attnlab::counted(inside.attention.layer.units, "head") + "; the last one is shown.");
  }
  return result;
}

// --- Figures -------------------------------------------------------------------------------------

HeatPanel panel(std::string id, std::string title, std::string value_label, std::size_t rows,
                std::size_t columns) {
  HeatPanel result;
  result.id = std::move(id);
  result.title = std::move(title);
  result.value_label = std::move(value_label);
  result.scale = ColourScale::kDiverging;
  result.rows = rows;
  result.columns = columns;
  return result;
}

HeatPanel matrix_panel(const Inside& inside) {
  const std::size_t width = inside.attention.layer.dim + 1;
  HeatPanel matrix = panel("matrix", "Query-key matrix W", "entry", width, width);
  matrix.x.label = "key coordinate";
  matrix.y.label = "query coordinate";
  for (std::size_t a = 1; a < width; ++a) matrix.x_labels.push_back(number_text(a));
  matrix.x_labels.emplace_back("const");
  matrix.y_labels = matrix.x_labels;
  const Matrix<float> values = head_matrix(inside.attention.layer, inside.head);
  for (const float value : values.values()) matrix.values.push_back(static_cast<double>(value));
  return matrix;
}

/// Two rows over the keys, in the order of their places.
HeatPanel key_panel(const Inside& inside, std::string id, std::string title,
                    const std::vector<double>& above, std::string above_name,
                    const std::vector<double>& below, std::string below_name) {
  HeatPanel keys = panel(std::move(id), std::move(title), "value", 2, inside.order.size());
  keys.x.label = "key";
  keys.y_labels = {std::move(above_name), std::move(below_name)};
  for (const std::size_t key : inside.order) {
    keys.x_labels.push_back(number_text(key + 1));
    keys.values.push_back(above[key]);
  }
  for (const std::size_t key : inside.order) keys.values.push_back(below[key]);
  return keys;
}

Figure head_figure(const Inside& inside) {
  Figure figure;
  figure.id = "head";
  figure.title = "What is inside one head?";
  figure.subtitle =
      "Head " + number_text(inside.head + 1) + " of " + number_text(inside.attention.layer.units) +
      " (" + std::string(inside.model->label) + ") on sample " + number_text(inside.sample + 1) +
      ". W is random and stays; only the value v is trained.";
  figure.draw_maps().panels = {
      matrix_panel(inside),
      key_panel(inside, "weights", "Scores ⟨W, [x₀; 1][xᵢ; 1]ᵀ⟩ become weights", inside.keys.scores,
                "score", inside.keys.weights, "weight"),
      key_panel(inside, "values", "The value v reads the keys", inside.keys.reads,
                "reads ⟨v, [xᵢ; 1]⟩", inside.keys.contributions, "adds")};
  figure.table = "keys";
  return figure;
}

Figure order_figure(const RunSpec& spec, const Inside& inside, const Result& result) {
  const std::vector<double>& places = spec.parameters.reals("places");
  Figure figure;
  figure.id = "order";
  figure.title = "Does the order of the keys matter?";
  figure.subtitle = "Every disc is a key of sample " + number_text(inside.sample + 1) +
                    ", as high as what it adds to the output through head " +
                    number_text(inside.head + 1) + ".";
  figure.invitation = "Drag a key to another place.";
  if (const Table* order = result.table("order")) {
    figure.subtitle += "  Largest change of the output: " + short_text(change_in(*order, 0)) +
                       " (" + std::string(inside.model->label) + "), " +
                       short_text(change_in(*order, 1)) + " (RFMLP).";
  }
  figure.x.label = "place in the list";
  figure.x.min = 0;
  figure.x.max = static_cast<double>(inside.order.size()) + 1;
  for (std::size_t i = 0; i < inside.order.size(); ++i) {
    figure.x.ticks.push_back(static_cast<double>(i + 1));
  }
  figure.y.label = "weight · ⟨v, [xᵢ; 1]⟩";
  figure.table = "keys";
  Series zero;
  zero.id = "nothing";
  zero.label = "adds nothing";
  zero.note = "keys above raise the output of the layer, keys below lower it";
  zero.role = SeriesRole::kExact;
  zero.colour = kColourReference;
  zero.points = {{figure.x.min, 0, 0, 0}, {figure.x.max, 0, 0, 0}};
  figure.draw_lines().series = {zero};
  double reach = 1e-6;
  for (const double adds : inside.keys.contributions) reach = std::max(reach, std::abs(adds));
  figure.y.min = -1.2 * reach;
  figure.y.max = 1.2 * reach;
  for (std::size_t i = 0; i < inside.order.size(); ++i) {
    Handle handle;
    handle.parameter = "places";
    handle.x_item = i;
    handle.y_item = Handle::kFixed;
    handle.x = places[i];
    handle.y = inside.keys.contributions[i];
    handle.label = number_text(i + 1);
    handle.help = "key " + number_text(i + 1) + ": score " + short_text(inside.keys.scores[i]) +
                  ", weight " + short_text(inside.keys.weights[i]) + ", adds " +
                  short_text(inside.keys.contributions[i]);
    handle.colour = inside.model->colour;
    figure.handles.push_back(std::move(handle));
  }
  return figure;
}

std::vector<Figure> figures(const RunSpec& spec, const Result& result) {
  const Inside inside = inside_of(spec);
  return {order_figure(spec, inside, result), head_figure(inside)};
}

// --- Parameters ----------------------------------------------------------------------------------

Parameter places_parameter() {
  std::vector<double> own(kMostKeys);
  for (std::size_t i = 0; i < kMostKeys; ++i) own[i] = static_cast<double>(i + 1);
  return described({.name = "places",
                    .label = "Places of the keys",
                    .help = "the place of each key in the list; drag the discs",
                    .kind = ParameterKind::kRealTuple,
                    .max = static_cast<double>(kMostKeys) + 1,
                    .max_items = kMostKeys,
                    .min_items = kMostKeys,
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
                              .help = "key tokens beside the query token",
                              .min = 1,
                              .max = kMostKeys,
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
  std::erase_if(bias.suggested, [&](double value) { return value > bias.max; });
  return {{model_parameter(),
           described({.name = "head",
                      .label = "Head to look into",
                      .help = "its number",
                      .min = 1,
                      .max = 64,
                      .default_value = std::int64_t{1},
                      .primary = true}),
           described({.name = "sample",
                      .label = "Sample",
                      .help = "one of the fresh samples",
                      .min = 1,
                      .max = kTestSamples,
                      .default_value = std::int64_t{1},
                      .primary = true}),
           keys, target, degree, dim, heads, bias, places_parameter()}};
}

std::vector<Preset> presets() {
  return {
      {"own-order",
       "One random head",
       "A head scores every key against the query with a matrix that stays random, keeps the "
       "positive scores and reads the keys with a trained value. Step through the heads: most do "
       "something senseless, their sum does not. Next: drag a key to another place.",
       {}},
      {"reordered",
       "Does the order matter?",
       "The keys stand in reverse order. The layer adds up the same numbers, so its output changes "
       "by rounding only; the network reads every place with other weights, and its output changes "
       "a lot. Next: put the keys in any order you like.",
       {{"places", "6,5,4,3,2,1,7,8,9,10,11,12"}}},
      {"mean",
       "What does a mean of W do?",
       "With a mean c·I the matrix has a bright diagonal: keys that resemble the query get a high "
       "score in every head. Next: c = 0, and look for the diagonal in vain.",
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
      "A small layer of random heads, its values trained on 400 samples. Look at one head's "
      "matrix, "
      "at its scores on one sample, at the weights and at what its value adds; move the keys about "
      "and watch the output stay the same.";
  experiment.schema = schema();
  experiment.presets = presets();
  experiment.plan = [](const RunSpec&) -> Expected<Plan> { return Plan{}; };
  return experiment;
}

Findings InsideExperiment::find(const RunSpec& spec, std::span<const JobOutput> outputs) {
  Result result = reduce(spec, outputs);
  std::vector<Figure> shown = figures(spec, result);
  return {std::move(result), std::move(shown)};
}

}  // namespace attnlab::random_features
