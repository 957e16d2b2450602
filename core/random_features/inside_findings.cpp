// Findings of rf-inside: the matrix of a head, its scores and weights on one sample, and the
// contribution of every key; the keys are handles, and moving them changes nothing.
#include <algorithm>
#include <cmath>

#include "core/base/text.h"
#include "core/findings/findings.h"
#include "core/findings/palette.h"
#include "core/findings/row_table.h"
#include "core/findings/verdict.h"
#include "core/random_features/experiments.h"
#include "core/random_features/inside.h"
#include "core/random_features/judging.h"
#include "core/random_features/own_target.h"

namespace attnlab::random_features {
namespace {

constexpr std::size_t kTrainSamples = 400;
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
  const TargetCase item = single_case(parameters);
  const auto trained = [&](const RandomFeatureModel& model) {
    return train_layer(std::get<RandomFeatureLayer>(make_layer(model, sizes, spec.seed, 0)), item,
                       kTrainSamples);
  };
  inside.attention = trained(*inside.model);
  inside.network = trained(*find_random_feature_model("rfmlp"));
  inside.batch = fresh_samples(spec.seed, kInsideSamples, sizes.keys, sizes.dim);
  inside.sample = static_cast<std::size_t>(parameters.integer("sample")) - 1;
  inside.head = std::min(static_cast<std::size_t>(parameters.integer("head")), sizes.units) - 1;
  inside.order = order_of(parameters.reals("places"), sizes.keys);
  inside.keys = look_inside(inside.attention, inside.head, inside.batch, inside.sample);
  return inside;
}

std::string number_text(std::size_t number) {
  return exact_text(static_cast<std::int64_t>(number));
}

bool is_moved(const Inside& inside) {
  return !std::is_sorted(inside.order.begin(), inside.order.end());
}

// --- Tables --------------------------------------------------------------------------------------

/// What reordering the keys does to one model.
struct OrderRow {
  std::string model;
  double largest_change, deviation;
  double output, output_moved;  ///< on the sample shown
};

std::vector<OrderRow> order_rows(const Inside& inside) {
  const TokenBatch moved = with_key_order(inside.batch, inside.order);
  const auto row = [&](std::string_view model, const TrainedLayer& trained) {
    const OrderEffect effect = order_effect(trained, inside.batch, inside.order);
    return OrderRow{std::string(model), effect.largest_change, effect.deviation,
                    trained.outputs(inside.batch)[inside.sample],
                    trained.outputs(moved)[inside.sample]};
  };
  return {row(inside.model->id, inside.attention), row("rfmlp", inside.network)};
}

Table order_table(const std::vector<OrderRow>& rows) {
  const RowTable<OrderRow> table{
      "order",
      "Largest change of the output over " + number_text(kInsideSamples) +
          " fresh samples when their keys are put in the order of the picture",
      {column<&OrderRow::model>("model", "model"),
       column<&OrderRow::largest_change>("largest_change", "largest change"),
       column<&OrderRow::deviation>("output_deviation", "standard deviation of the output"),
       column<&OrderRow::output>("output", "output on this sample, keys in their own order"),
       column<&OrderRow::output_moved>("output_moved", "in the new order")}};
  return table.of(rows);
}

/// What the head does with one key. Keys and places count from 1.
struct KeyRow {
  std::size_t key, place;
  double score, weight, read, adds;
};

Table key_table(const Inside& inside) {
  const HeadOnSample& head = inside.keys;
  std::vector<KeyRow> rows(inside.order.size());
  for (std::size_t place = 0; place < rows.size(); ++place) {
    const std::size_t key = inside.order[place];
    rows[key] = {key + 1,           place + 1,       head.scores[key],
                 head.weights[key], head.reads[key], head.contributions[key]};
  }
  const RowTable<KeyRow> table{
      "keys",
      "What head " + number_text(inside.head + 1) + " does with every key of sample " +
          number_text(inside.sample + 1),
      {column<&KeyRow::key>("key", "key"), column<&KeyRow::place>("place", "place"),
       column<&KeyRow::score>("score", "score ⟨W, [x₀; 1][xᵢ; 1]ᵀ⟩"),
       column<&KeyRow::weight>("weight", "weight"),
       column<&KeyRow::read>("read", "value reads ⟨v, [xᵢ; 1]⟩"),
       column<&KeyRow::adds>("adds", "adds weight · ⟨v, [xᵢ; 1]⟩")}};
  return table.of(rows);
}

/// An entry of the head's matrix. Rows and columns count from 1.
struct EntryRow {
  std::size_t row, column;
  double value;
};

Table matrix_table(const Inside& inside) {
  const Matrix<float> matrix = head_matrix(inside.attention.layer, inside.head);
  std::vector<EntryRow> rows;
  for (std::size_t a = 0; a < matrix.rows(); ++a) {
    for (std::size_t b = 0; b < matrix.cols(); ++b) {
      rows.push_back({a + 1, b + 1, static_cast<double>(matrix(a, b))});
    }
  }
  const RowTable<EntryRow> table{
      "matrix",
      "Query-key matrix of head " + number_text(inside.head + 1) +
          "; the last row and column belong to the constant 1 of [x; 1]",
      {column<&EntryRow::row>("row", "row"), column<&EntryRow::column>("column", "column"),
       column<&EntryRow::value>("value", "value")}};
  return table.of(rows);
}

Claim order_claim(const Inside& inside, const OrderRow& attention, const OrderRow& network) {
  const std::string label(inside.model->label);
  Claim claim{"A1", label + " is a function of the set of keys: their order changes nothing."};
  if (!is_moved(inside)) {
    claim.evidence = "The keys are in their own order: move one.";
    return claim;
  }
  const bool flat = !(attention.deviation > 0);
  if (!flat) {
    const bool changes = !(attention.largest_change < kRounding * attention.deviation);
    apply(judge_universal(changes ? 1 : 0, kInsideSamples, "sample in one order",
                          "samples in one order"),
          claim);
  }
  claim.evidence = "Over " + number_text(kInsideSamples) + " samples the output of " + label +
                   " changes by at most " + short_text(attention.largest_change) +
                   (flat ? ", but it is constant"
                         : ", of a standard deviation of " + short_text(attention.deviation)) +
                   "; the network's (RFMLP) by up to " + short_text(network.largest_change) + ".";
  return claim;
}

Result result_of(const Inside& inside, const std::vector<OrderRow>& order) {
  const OrderRow &attention = order[0], &network = order[1];
  Result result;
  result.tables = {order_table(order), key_table(inside), matrix_table(inside)};
  result.claims = {order_claim(inside, attention, network)};
  result.summary =
      is_moved(inside)
          ? "Keys reordered: the largest change of the output is " +
                short_text(attention.largest_change) + " for " + std::string(inside.model->label) +
                " and " + short_text(network.largest_change) + " for the network."
          : "Keys in their own order. Drag one to another place: the output will not change.";
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

Figure order_figure(const std::vector<double>& places, const Inside& inside,
                    const std::vector<OrderRow>& order) {
  Figure figure;
  figure.id = "order";
  figure.title = "Does the order of the keys matter?";
  figure.subtitle = "Every disc is a key of sample " + number_text(inside.sample + 1) +
                    "; its height is what it adds to the output through head " +
                    number_text(inside.head + 1) + ".";
  figure.invitation = "Drag a key to another place.";
  figure.subtitle += "  Largest change of the output: " + short_text(order[0].largest_change) +
                     " (" + std::string(inside.model->label) + "), " +
                     short_text(order[1].largest_change) + " (RFMLP).";
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

}  // namespace

Findings InsideExperiment::find(const RunSpec& spec, std::span<const JobOutput>) {
  const Inside inside = inside_of(spec);
  const std::vector<OrderRow> order = order_rows(inside);
  Findings found;
  found.result = result_of(inside, order);
  if (static_cast<std::size_t>(spec.parameters.integer("head")) > inside.head + 1) {
    found.result.notes.push_back(
        "There " + std::string(inside.attention.layer.units == 1 ? "is" : "are") + " only " +
        attnlab::counted(inside.attention.layer.units, "head") + "; the last one is shown.");
  }
  found.figures = {order_figure(spec.parameters.reals("places"), inside, order),
                   head_figure(inside)};
  return found;
}

}  // namespace attnlab::random_features
