// rf-function: what each model has learned, as a curve over the angle of one key, live.
#include <algorithm>
#include <cmath>

#include "core/base/text.h"
#include "core/experiment/parameters.h"
#include "core/findings/findings.h"
#include "core/findings/palette.h"
#include "core/findings/row_table.h"
#include "core/findings/verdict.h"
#include "core/random_features/experiments.h"
#include "core/random_features/judging.h"
#include "core/random_features/layer.h"
#include "core/random_features/learned_function.h"
#include "core/random_features/own_target.h"

namespace attnlab::random_features {
namespace {

constexpr std::size_t kMostKeys = 8, kMostHeads = 200, kMostSamples = 400;
constexpr std::size_t kTableStep = 5;  // a row of the table of curves every 15 degrees
// Places of an invariant model differ by single precision only; see rf-inside.
constexpr double kRounding = 1e-3;

/// One model with its curves.
struct Learned {
  const RandomFeatureModel* model;
  TrainedLayer trained;
  Matrix<double> curves;               ///< places x angles
  std::vector<double> squared_errors;  ///< over the fresh samples

  bool one_function() const { return model->attention || model->pooled; }
  std::size_t places_shown() const { return one_function() ? 1 : curves.rows(); }
};

struct FunctionPicture {
  TargetCase target;
  std::size_t keys = 0, samples = 0;
  double query = 0;
  Matrix<double> truth;  ///< places x angles
  double variance = 0;   ///< of the target over the fresh samples
  std::vector<Learned> learned;
  Series dots;

  /// Places whose target curves are drawn: one where all places have the same.
  std::size_t target_places() const {
    const double size = std::sqrt(mean_square(truth.row(0)));
    return spread_of(truth) <= kRounding * size ? 1 : truth.rows();
  }

  const Learned* find(std::string_view model) const {
    const auto found = std::find_if(learned.begin(), learned.end(),
                                    [&](const Learned& one) { return one.model->id == model; });
    return found == learned.end() ? nullptr : &*found;
  }
};

double mean_of(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

/// Per training sample: the angle of its first key, and N times its label without the mean.
Series sample_dots(const FunctionPicture& picture, const RandomFeatureLayer& layer) {
  const TokenBatch train = training_batch(layer, picture.samples);
  const std::vector<double> labels = labels_of(layer, picture.target, train);
  const double mean = mean_of(labels);
  Series dots;
  dots.id = "samples";
  dots.label = "samples";
  dots.note = "training samples: angle of the first key, N times the label minus the mean label";
  dots.role = SeriesRole::kDots;
  dots.colour = kColourReference;
  for (std::size_t i = 0; i < labels.size(); ++i)
    dots.points.push_back({angle_of(train.token(i, 1)),
                           static_cast<double>(picture.keys) * (labels[i] - mean), 0, 1});
  std::sort(dots.points.begin(), dots.points.end(),
            [](const FigurePoint& a, const FigurePoint& b) { return a.x < b.x; });
  return dots;
}

FunctionPicture picture_of(const RunSpec& spec) {
  const ParameterSet& parameters = spec.parameters;
  FunctionPicture picture;
  picture.target = single_case(parameters);
  picture.keys = static_cast<std::size_t>(parameters.integer("keys"));
  picture.samples = static_cast<std::size_t>(parameters.integer("samples"));
  picture.query = parameters.real("query");
  const LayerSizes sizes{2, picture.keys, static_cast<std::size_t>(parameters.integer("heads")),
                         parameters.real("bias-scale")};
  const TokenBatch prompt =
      prompt_with_query(spec.seed, static_cast<std::size_t>(parameters.integer("prompt")) - 1,
                        picture.keys, picture.query);
  const TokenBatch fresh = fresh_samples(
      spec.seed, static_cast<std::size_t>(parameters.integer("test-samples")), picture.keys, 2);
  const TargetDraw draw = draw_target(spec.seed, 0, 2);
  const std::vector<double> truth = case_values(picture.target, draw, fresh);
  const double mean = mean_of(truth);
  for (const double value : truth)
    picture.variance += (value - mean) * (value - mean) / static_cast<double>(truth.size());
  picture.truth = target_curves(picture.target, draw, prompt);
  for (const std::string& id : parameters.choices("models")) {
    const RandomFeatureModel* model = find_random_feature_model(id);
    const auto layer = std::get<RandomFeatureLayer>(make_layer(*model, sizes, spec.seed, 0));
    Learned one{model,
                train_layer(layer, picture.target, picture.samples, parameters.real("ridge")),
                {},
                {}};
    one.curves = learned_curves(one.trained, prompt);
    const std::vector<double> outputs = one.trained.outputs(fresh);
    for (std::size_t i = 0; i < outputs.size(); ++i)
      one.squared_errors.push_back((outputs[i] - truth[i]) * (outputs[i] - truth[i]));
    picture.learned.push_back(std::move(one));
  }
  picture.dots = sample_dots(picture, picture.learned[0].trained.layer);
  return picture;
}

// --- Tables --------------------------------------------------------------------------------------

struct ModelRow {
  std::string model;
  double curve_error, spread, test_error;
};

double curve_error(const FunctionPicture& picture, const Learned& one) {
  double sum = 0, size = 0;
  for (std::size_t place = 0; place < one.curves.rows(); ++place) {
    std::vector<double> difference(kCurveAngles);
    for (std::size_t i = 0; i < kCurveAngles; ++i)
      difference[i] = one.curves(place, i) - picture.truth(place, i);
    sum += mean_square(difference);
    size += mean_square(picture.truth.row(place));
  }
  return sum / size;
}

std::vector<ModelRow> model_rows(const FunctionPicture& picture) {
  std::vector<ModelRow> rows;
  for (const Learned& one : picture.learned)
    rows.push_back({std::string(one.model->id), curve_error(picture, one), spread_of(one.curves),
                    mean_of(one.squared_errors) / picture.variance});
  return rows;
}

Table model_table(const std::vector<ModelRow>& rows) {
  const RowTable<ModelRow> table{
      "learned",
      "What each model has learned, against the target; errors are relative (1: a constant)",
      {column<&ModelRow::model>("model", "model"),
       column<&ModelRow::curve_error>("curve_error", "error of the curves, mean over places"),
       column<&ModelRow::spread>("spread", "largest difference between places"),
       column<&ModelRow::test_error>("test_error", "error on fresh samples")}};
  return table.of(rows);
}

struct CurveRow {
  std::string model;
  std::size_t place;  ///< from 1; 0 for a target that is the same at all places
  double angle, value;
};

Table curve_table(const FunctionPicture& picture) {
  std::vector<CurveRow> rows;
  const std::size_t target_places = picture.target_places();
  for (std::size_t place = 0; place < target_places; ++place)
    for (std::size_t i = 0; i < kCurveAngles; i += kTableStep)
      rows.push_back(
          {"target", target_places == 1 ? 0 : place + 1, curve_angle(i), picture.truth(place, i)});
  for (const Learned& one : picture.learned)
    for (std::size_t place = 0; place < one.places_shown(); ++place)
      for (std::size_t i = 0; i < kCurveAngles; i += kTableStep)
        rows.push_back(
            {std::string(one.model->id), place + 1, curve_angle(i), one.curves(place, i)});
  const RowTable<CurveRow> table{
      "curves",
      "N times the output, minus its mean over one turn, as the key at one place turns",
      {column<&CurveRow::model>("model", "model"), column<&CurveRow::place>("place", "place"),
       column<&CurveRow::angle>("angle", "angle of the key (degrees)"),
       column<&CurveRow::value>("value", "what the key adds")}};
  return table.of(rows);
}

// --- Claims --------------------------------------------------------------------------------------

Claim place_claim(const FunctionPicture& picture) {
  Claim claim{"A1", "Attention learns one function for all keys: it is the same at every place."};
  int tries = 0, counterexamples = 0;
  std::string spreads;
  for (const Learned& one : picture.learned) {
    spreads += (spreads.empty() ? "" : "; ") + std::string(one.model->label) + " " +
               short_text(spread_of(one.curves));
    if (!one.model->attention || !one.trained.fitted || picture.keys == 1) continue;
    // The places of a layer are no independent tries: a layer is one.
    const double size =
        std::sqrt(std::max(mean_square(picture.truth.row(0)), mean_square(one.curves.row(0))));
    ++tries;
    if (!(spread_of(one.curves) < kRounding * size)) ++counterexamples;
  }
  if (tries > 0) apply(judge_universal(counterexamples, tries, "layer", "layers"), claim);
  claim.evidence = "Largest difference between places: " + spreads + "; the target's curve has a " +
                   "root mean square of " +
                   short_text(std::sqrt(mean_square(picture.truth.row(0)))) + ".";
  if (tries == 0) claim.evidence += " One place, or no fitted attention model: nothing to compare.";
  return claim;
}

Claim error_claim(const FunctionPicture& picture, const Learned& rfa, const Learned& network) {
  Claim claim{"A2", "From the same samples, RFA's function is nearer the target than RFMLP's."};
  for (const Learned* one : {&rfa, &network}) {
    if (one->trained.fitted) continue;
    claim.evidence = std::string(one->model->label) + " could not be fitted.";
    return claim;
  }
  std::vector<double> differences;
  for (std::size_t i = 0; i < rfa.squared_errors.size(); ++i)
    differences.push_back((network.squared_errors[i] - rfa.squared_errors[i]) / picture.variance);
  Comparison comparison = error_comparison("RFMLP minus RFA, test error", differences);
  comparison.paired_by = "test sample";
  const Verdict verdict = judge({std::move(comparison)});
  apply(verdict, claim);
  claim.evidence = "RFMLP's error minus RFA's: " + interval_text(verdict.comparisons[0]) +
                   " of the target's variance, over " + std::to_string(differences.size()) +
                   " fresh samples. It is about these " + std::to_string(picture.samples) +
                   " training samples and these weights; the learning curves repeat both.";
  return claim;
}

// --- Figure --------------------------------------------------------------------------------------

Series curve_series(std::string id, std::string label, int colour, std::span<const double> values) {
  Series series;
  series.id = std::move(id);
  series.label = std::move(label);
  series.role = SeriesRole::kCurve;
  series.colour = colour;
  for (std::size_t i = 0; i < values.size(); ++i)
    series.points.push_back({curve_angle(i), values[i], 0, 0});
  return series;
}

Figure function_figure(const FunctionPicture& picture) {
  Figure figure;
  figure.id = "function";
  figure.title = "What has each model learned about a key?";
  figure.subtitle = picture.target.words() + " from " + counted(picture.samples, "sample") +
                    " of " + counted(picture.keys, "key") +
                    ". The key at one place turns, the other keys " +
                    "stay. Attention has one curve; RFMLP has one for each place. Dots: training " +
                    "samples, by their first key; the other keys scatter them.";
  figure.invitation = "Drag the query x₀.";
  figure.x.label = "angle of the key (degrees)";
  figure.x.max = 360;
  figure.x.ticks = {0, 60, 120, 180, 240, 300, 360};
  figure.y.label = "N · (output − its mean over the turn)";
  figure.table = "learned";
  LinePlot& plot = figure.draw_lines();
  plot.series.push_back(picture.dots);
  double reach = 0;
  for (std::size_t place = 0; place < picture.target_places(); ++place)
    for (const double value : picture.truth.row(place)) reach = std::max(reach, std::abs(value));
  for (auto one = picture.learned.rbegin(); one != picture.learned.rend(); ++one) {
    for (std::size_t place = 0; place < one->places_shown(); ++place) {
      const std::string label(one->model->label);
      Series series =
          curve_series(std::string(one->model->id) +
                           (one->one_function() ? std::string() : "/" + std::to_string(place + 1)),
                       one->one_function() ? label : label + " " + std::to_string(place + 1),
                       one->model->colour, one->curves.row(place));
      series.variant = static_cast<int>(place);
      series.note = one->one_function()
                        ? "the same at every place"
                        : "the key at place " + std::to_string(place + 1) + " turns";
      for (const FigurePoint& point : series.points) reach = std::max(reach, std::abs(point.y));
      plot.series.push_back(std::move(series));
    }
  }
  const std::size_t target_places = picture.target_places();
  for (std::size_t place = 0; place < target_places; ++place) {
    const bool one = target_places == 1;
    Series target = curve_series(one ? "target" : "target/" + std::to_string(place + 1),
                                 one ? "target" : "target " + std::to_string(place + 1),
                                 kColourReference, picture.truth.row(place));
    target.role = SeriesRole::kExact;
    target.variant = static_cast<int>(place);
    target.note = one ? "g(x₀, x) minus its mean: what one key adds to N times the target"
                      : "N times the target, minus its mean, as the key at place " +
                            std::to_string(place + 1) + " turns";
    plot.series.push_back(std::move(target));
  }
  if (!(reach > 0)) reach = 1;
  figure.y.max = 1.15 * reach;
  figure.y.min = -figure.y.max;
  Handle query;
  query.parameter = "query";
  query.y_item = Handle::kFixed;
  query.x = picture.query;
  query.y = -1.05 * reach;
  query.label = "x₀";
  query.help = "the query, at " + short_text(picture.query) + " degrees";
  query.colour = kColourReference;
  figure.handles = {query};
  return figure;
}

// --- Face ----------------------------------------------------------------------------------------

/// One value in place of a list.
Parameter single(const Schema& schema, std::string_view name, ParameterKind kind,
                 ParameterValue value) {
  Parameter parameter = *schema.find(name);
  parameter.kind = kind;
  parameter.max_items = 1;
  parameter.default_value = std::move(value);
  return parameter;
}

void keep_known(std::vector<Condition>& conditions, std::string_view name,
                const std::vector<Choice>& choices) {
  for (Condition& condition : conditions) {
    if (condition.parameter != name) continue;
    std::erase_if(condition.values, [&](const std::string& id) {
      return std::none_of(choices.begin(), choices.end(),
                          [&](const Choice& choice) { return choice.name == id; });
    });
  }
}

Schema schema() {
  const Schema shared = sweep_schema(SweptQuantity::kSamples);
  Parameter target =
      single(shared, "target", ParameterKind::kChoice, std::string("correlation-value"));
  target.help = "the function that the layers are asked to learn: a mean over the keys, or yours";
  std::erase_if(target.choices, [](const Choice& choice) {
    return !find_target(choice.name)->mean_over_keys && choice.name != own_target().id;
  });
  Parameter degree = single(shared, "degree", ParameterKind::kInteger, std::int64_t{2});
  degree.help = "the power p in the target";
  Parameter frequency = single(shared, "frequency", ParameterKind::kReal, 4.0);
  frequency.help = "the frequency g of the cosine targets";
  frequency.max = 16;
  std::erase_if(frequency.suggested, [](double value) { return value > 16; });
  frequency.primary = false;
  Parameter models = *shared.find("models");
  std::erase_if(models.choices, [](const Choice& choice) {
    const RandomFeatureModel& model = *find_random_feature_model(choice.name);
    return model.infinite || model.augmented || model.activation != ScoreActivation::kRelu;
  });
  models.help = "layers of as many trained parameters";
  models.max_items = models.choices.size();
  models.default_value = names({"rfa", "rf-invariant", "rfmlp"});
  Parameter bias = *shared.find("bias-scale");
  for (Parameter* one : {&degree, &frequency}) keep_known(one->applies, "target", target.choices);
  keep_known(bias.applies, "models", models.choices);
  bias.max = 8;
  std::erase_if(bias.suggested, [](double value) { return value > 8; });
  return {{target, *shared.find("formula"), degree, frequency, models,
           described({.name = "samples",
                      .label = "Training samples",
                      .symbol = "n",
                      .help = "number of training samples",
                      .min = 2,
                      .max = static_cast<double>(kMostSamples),
                      .default_value = std::int64_t{60},
                      .suggested = {20, 60, 100, 200, 400},
                      .logarithmic = true,
                      .primary = true}),
           described({.name = "heads",
                      .label = "Heads",
                      .symbol = "M",
                      .help = "frozen random heads; networks get 3 M neurons",
                      .min = 1,
                      .max = static_cast<double>(kMostHeads),
                      .default_value = std::int64_t{100},
                      .suggested = {10, 30, 100, 200},
                      .logarithmic = true,
                      .primary = true}),
           described({.name = "ridge",
                      .label = "Ridge parameter",
                      .symbol = "λ",
                      .help = "relative to the mean kernel diagonal",
                      .min = 1e-4,
                      .max = 10,
                      .default_value = 1e-3,
                      .suggested = {1e-4, 1e-3, 1e-2, 1e-1},
                      .logarithmic = true,
                      .primary = true}),
           described({.name = "query",
                      .label = "Query's angle",
                      .unit = "degrees",
                      .help = "angle of the query token; drag it",
                      .max = 360,
                      .default_value = 60.0,
                      .primary = true}),
           described({.name = "keys",
                      .label = "Keys",
                      .symbol = "N",
                      .help = "number of key tokens, not counting the query token",
                      .min = 1,
                      .max = static_cast<double>(kMostKeys),
                      .default_value = std::int64_t{4},
                      .suggested = {1, 2, 4, 8}}),
           bias,
           described({.name = "prompt",
                      .label = "Other keys",
                      .help = "number of the fresh sample whose keys stay while one turns",
                      .min = 1,
                      .max = kInsideSamples,
                      .default_value = std::int64_t{1}}),
           described({.name = "test-samples",
                      .label = "Test samples",
                      .help = "fresh samples that measure the error",
                      .min = 20,
                      .max = 10000,
                      .default_value = std::int64_t{200},
                      .suggested = {200, 1000, 10000},
                      .logarithmic = true})}};
}

std::vector<Preset> presets() {
  return {
      {"one-function",
       "One function, or one for each place?",
       "Every key adds the same function of its angle. Attention fits one curve to all keys of all "
       "samples; the network has to find the same curve again at each place. Look at which curve "
       "is nearer the dotted target. Next: more samples, and drag the query.",
       {}},
      {"many-samples",
       "More samples",
       "With 400 samples attention's curve lies close to the target. The network's curves are "
       "still "
       "far from it, and from one another. Next: change the ridge parameter, and see how near the "
       "network comes.",
       {{"samples", "400"}}},
      {"no-query",
       "A target without the query",
       "The target does not depend on the query, and dragging it should change nothing. Look at "
       "what the models have learned about the query that is not there.",
       {{"target", "mean-power"}, {"degree", "4"}}},
      {"own-formula",
       "Your own target",
       "Type a formula of the keys x, the query q and the fixed directions b1, b2, b3: this one is "
       "a "
       "softmax head. The dotted curves are your target as one key turns; look at which model is "
       "nearer. Next: max(dot(b1,x)), which is no mean over keys.",
       {{"target", "own"}}},
  };
}

}  // namespace

Experiment FunctionExperiment::face() {
  Experiment experiment;
  experiment.id = "rf-function";
  experiment.family = "A";
  experiment.title = "What the layer has learned";
  experiment.question = "Why does attention need fewer samples?";
  experiment.summary =
      "Tokens in the plane, so that every key is an angle. Curves show what one key adds to the "
      "output as it turns while the others stay: the target, one curve for attention, and one for "
      "each place of the network. Drag the query; change samples, heads and ridge.";
  experiment.schema = schema();
  experiment.layer = random_feature_layer_text(experiment.schema);
  experiment.presets = presets();
  experiment.plan = [](const RunSpec& spec) -> Expected<Plan> {
    const auto keys = static_cast<std::size_t>(spec.parameters.integer("keys"));
    std::string why = target_refusal(single_case(spec.parameters), keys, 2);
    if (!why.empty()) return Error{std::move(why)};
    return Plan{};
  };
  return experiment;
}

Findings FunctionExperiment::find(const RunSpec& spec, std::span<const JobOutput>) {
  const FunctionPicture picture = picture_of(spec);
  const std::vector<ModelRow> rows = model_rows(picture);
  Findings found;
  found.result.tables = {model_table(rows), curve_table(picture)};
  found.result.claims = {place_claim(picture)};
  const Learned *rfa = picture.find("rfa"), *network = picture.find("rfmlp");
  if (rfa != nullptr && network != nullptr)
    found.result.claims.push_back(error_claim(picture, *rfa, *network));
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::string label(picture.learned[i].model->label);
    found.result.summary +=
        (i == 0 ? "Error of the curves: " : ", ") + label + " " + short_text(rows[i].curve_error);
    if (!picture.learned[i].trained.fitted)
      found.result.notes.push_back(
          label +
          " could not be fitted: its features are all 0, or the ridge parameter is too small.");
  }
  for (std::string& note : formula_notes(picture.target, picture.keys, 2))
    found.result.notes.push_back(std::move(note));
  found.result.summary += " (1: a flat curve).";
  found.figures = {function_figure(picture)};
  return found;
}

}  // namespace attnlab::random_features
