#include "core/random_features/sweep_tables.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/base/text.h"
#include "core/random_features/judging.h"
#include "core/random_features/target_map.h"

namespace attnlab::random_features {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

/// The upper median of the values that are not NaN; NaN if there is none.
double median(std::vector<double> values) {
  std::erase_if(values, [](double value) { return std::isnan(value); });
  if (values.empty()) return kNaN;
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

CurveRow curve_row(const ErrorCurve& curve) {
  return {curve.model, curve.target, curve.variant, curve.dim, curve.keys};
}

/// Heads of a curve: swept, or the same for all.
double heads_of(const Sweep& sweep, const ErrorCurve& curve) {
  if (curve.model->infinite) return kNaN;
  const std::size_t fewest = sweep.variants.front().layer.units;
  const bool swept = sweep.variants.back().layer.units != fewest;
  return swept ? curve.variant : static_cast<double>(fewest);
}

template <class Row>
std::string model_id(const Row& row) {
  return std::string(row.model->id);
}
template <class Row>
std::string target_id(const Row& row) {
  return std::string(row.target.target->id);
}
template <class Row>
Cell degree(const Row& row) {
  if (row.target.target->number == TargetNumber::kNone) return {};
  return whole_cell(row.target.number);
}

template <class Row>
Cell samples(const Row& row) {
  return whole_cell(row.samples);
}
template <class Row>
Cell heads(const Row& row) {
  return whole_cell(row.heads);
}
template <class Row>
Cell dim_value(const Row& row) {
  return whole_cell(row.dim);
}
template <class Row>
Cell keys_value(const Row& row) {
  return whole_cell(row.keys);
}
template <class Row>
Cell swept_value(const Row& row) {
  return whole_cell(row.variant);
}
Cell slope_from(const SlopeRow& row) {
  return whole_cell(row.from);
}
Cell slope_to(const SlopeRow& row) {
  return whole_cell(row.to);
}

template <class Row>
RowColumn<Row> varied_column(Varied varied) {
  if constexpr (requires(const Row& row) { row.samples; }) {
    if (varied == Varied::kSamples) return column<&samples<Row>>("n", "training samples n");
  }
  if constexpr (requires(const Row& row) { row.heads; }) {
    if (varied == Varied::kHeads) return column<&heads<Row>>("heads", "heads M");
  }
  if (varied == Varied::kDim) return column<&dim_value<Row>>("dim", "token dimension d");
  if (varied == Varied::kPairKeys) return column<&keys_value<Row>>("keys", "keys N");
  if (varied == Varied::kBias) return column<&swept_value<Row>>("bias_scale", "mean of W, c");
  return column<&swept_value<Row>>("keys", "keys N");
}

/// The columns that name a row's curve and its place there, then others.
template <class Row>
std::vector<RowColumn<Row>> with_key(std::span<const Varied> varied,
                                     std::vector<RowColumn<Row>> others) {
  std::vector<RowColumn<Row>> all = {column<&model_id<Row>>("model", "model"),
                                     column<&target_id<Row>>("target", "target"),
                                     column<&degree<Row>>("degree", "degree or frequency")};
  for (const Varied each : varied) all.push_back(varied_column<Row>(each));
  all.insert(all.end(), others.begin(), others.end());
  return all;
}

std::vector<RowColumn<FactorRow>> factor_columns() {
  return {column<&FactorRow::factor>("factor", "factor"),
          column<&FactorRow::low>("low", "low"),
          column<&FactorRow::high>("high", "high"),
          column<&FactorRow::kind_name>("kind", "kind"),
          column<&FactorRow::trials>("trials", "trials"),
          column<&FactorRow::outside>("outside", "trials outside the sizes")};
}

/// Where the curve of one trial falls to kLearnedLevel, over the sizes at which it has a result.
Crossing trial_crossing(const ErrorCurve& curve, std::size_t trial) {
  std::vector<double> errors;
  for (const std::vector<double>& at_size : curve.errors) errors.push_back(at_size[trial]);
  return interpolated_crossing(curve.sizes, errors, {}, kLearnedLevel);
}

std::string status_of(const Crossing& crossing) {
  if (crossing.found) return "reached";
  return crossing.above_range ? "not reached" : "below the smallest n";
}

/// A series for a model and case without points: its colour, label and stable id.
Series empty_series(const Sweep& sweep, const RandomFeatureModel& model, std::size_t case_index) {
  const TargetCase& item = sweep.cases[case_index];
  const bool one_target =
      std::all_of(sweep.cases.begin(), sweep.cases.end(),
                  [&](const TargetCase& other) { return other.target == item.target; });
  Series series;
  series.id = std::string(model.id) + "/" + item.name();
  series.label = std::string(model.label);
  if (sweep.cases.size() > 1) series.label += ", " + (one_target ? item.symbol() : item.name());
  series.note = std::string(model.help) + "; target " + item.formula();
  series.colour = model.colour;
  // Where two models share a colour, another dash and marker tells them apart.
  const bool second = model.infinite || model.augmented ||
                      (model.biased && model.activation == ScoreActivation::kExponential);
  series.variant = static_cast<int>(case_index + (second ? sweep.cases.size() : 0));
  return series;
}

}  // namespace

std::vector<ErrorRow> error_rows(const Sweep& sweep, const std::vector<ErrorCurve>& curves) {
  std::vector<ErrorRow> rows;
  for (const ErrorCurve& curve : curves) {
    for (const std::size_t s : curve.known_sizes()) {
      const Estimate estimate = curve.at(s);
      rows.push_back({curve_row(curve), curve.sizes[s], heads_of(sweep, curve), estimate.mean,
                      estimate.std_error, estimate.count, median(curve.strengths[s])});
    }
  }
  return rows;
}

std::vector<NeededRow> needed_rows(const std::vector<ErrorCurve>& curves) {
  std::vector<NeededRow> rows;
  for (const ErrorCurve& curve : curves) {
    if (curve.known_sizes().empty()) continue;
    const Crossing crossing = crossing_of(curve, kLearnedLevel);
    if (crossing.found) {
      rows.push_back(
          {curve_row(curve), crossing.x, crossing.low, crossing.high, status_of(crossing)});
    } else {
      rows.push_back({curve_row(curve), kNaN, kNaN, kNaN, status_of(crossing)});
    }
  }
  return rows;
}

std::vector<TrialRow> trial_rows(const Sweep& sweep, const std::vector<ErrorCurve>& curves) {
  std::vector<TrialRow> rows;
  for (const ErrorCurve& curve : curves) {
    std::vector<Crossing> crossings;
    for (std::size_t trial = 0; trial < sweep.trials; ++trial) {
      crossings.push_back(trial_crossing(curve, trial));
    }
    for (std::size_t s = 0; s < curve.sizes.size(); ++s) {
      for (std::size_t trial = 0; trial < sweep.trials; ++trial) {
        if (std::isnan(curve.errors[s][trial])) continue;
        const Crossing& crossing = crossings[trial];
        rows.push_back({curve_row(curve), curve.sizes[s], heads_of(sweep, curve),
                        static_cast<std::int64_t>(trial + 1), curve.strengths[s][trial],
                        curve.errors[s][trial], curve.training[s][trial],
                        crossing.found ? crossing.x : kNaN, status_of(crossing)});
      }
    }
  }
  return rows;
}

std::vector<SlopeRow> slope_rows(const std::vector<ErrorCurve>& curves) {
  std::vector<SlopeRow> rows;
  for (const ErrorCurve& curve : curves) {
    for (std::size_t s = 0; s + 1 < curve.sizes.size(); ++s) {
      std::vector<double> slopes;
      for (std::size_t trial = 0; trial < curve.errors[s].size(); ++trial) {
        const double slope = std::log(curve.errors[s + 1][trial] / curve.errors[s][trial]) /
                             std::log(curve.sizes[s + 1] / curve.sizes[s]);
        if (std::isfinite(slope)) slopes.push_back(slope);
      }
      if (slopes.empty()) continue;
      const Estimate estimate = mean_and_error(slopes);
      rows.push_back({curve_row(curve), curve.sizes[s], curve.sizes[s + 1], estimate.mean,
                      estimate.std_error});
    }
  }
  return rows;
}

Table test_error_table(const std::vector<ErrorRow>& rows, std::span<const Varied> varied) {
  const RowTable<ErrorRow> table{
      "test_error",
      "Mean squared test error divided by the variance of the target (1: the best constant), with "
      "one standard error over trials",
      with_key<ErrorRow>(varied, {column<&ErrorRow::mean>("mean", "test error", "std_error"),
                                  column<&ErrorRow::std_error>("std_error", "standard error"),
                                  column<&ErrorRow::trials>("trials", "trials"),
                                  column<&ErrorRow::ridge>("ridge", "relative ridge (median)")})};
  return table.of(rows);
}

Table trials_table(const std::vector<TrialRow>& rows, std::span<const Varied> varied) {
  std::vector<RowColumn<TrialRow>> measured = {
      column<&TrialRow::trial>("trial", "trial"),
      column<&TrialRow::ridge>("ridge", "relative ridge"),
      column<&TrialRow::test_error>("test_error", "test error"),
      column<&TrialRow::training_error>("training_error", "training error")};
  std::string caption =
      "Every trial of every test error. Rows with the same trial share target, training samples "
      "(the first n of one sample) and test samples, also between models, so their differences are "
      "paired. The training error counts label noise and is divided by the same variance as the "
      "test error";
  if (std::ranges::find(varied, Varied::kSamples) != varied.end()) {
    measured.push_back(column<&TrialRow::n_half>("n_half", "n(0.5) of the trial"));
    measured.push_back(column<&TrialRow::status>("n_half_status", "status of n(0.5)"));
    caption += ". n(0.5) belongs to the trial's whole curve and is in each of its rows";
  }
  if (std::ranges::find(varied, Varied::kKeys) != varied.end()) {
    caption += ". Rows with different numbers of keys share the target only";
  }
  if (std::ranges::find(varied, Varied::kDim) != varied.end()) {
    caption +=
        ". Rows with different numbers of keys share the target only, rows with different "
        "dimensions nothing";
  }
  const RowTable<TrialRow> table{"trials", std::move(caption),
                                 with_key<TrialRow>(varied, std::move(measured))};
  return table.of(rows);
}

Table samples_needed_table(const std::vector<NeededRow>& rows, std::span<const Varied> varied) {
  const RowTable<NeededRow> table{
      "samples_needed",
      "Training samples at which the test error first reaches 0.5 (interpolated in log n), between "
      "the curves one standard error below and above",
      with_key<NeededRow>(
          varied, {column<&NeededRow::n_half>("n_half", "n(0.5)"),
                   column<&NeededRow::low>("low", "low"), column<&NeededRow::high>("high", "high"),
                   column<&NeededRow::status>("status", "status")})};
  return table.of(rows);
}

Table local_slope_table(const std::vector<SlopeRow>& rows) {
  const RowTable<SlopeRow> table{
      "local_slope",
      "Slope of log error against log n between neighbouring sizes, from paired trials",
      with_key<SlopeRow>(
          {}, {column<&slope_from>("n_from", "from n"), column<&slope_to>("n_to", "to n"),
               column<&SlopeRow::mean>("slope", "slope", "std_error"),
               column<&SlopeRow::std_error>("std_error", "standard error")})};
  return table.of(rows);
}

Table share_table(const std::vector<ShareRow>& rows) {
  constexpr Varied kVaried[] = {Varied::kSamples};
  const RowTable<ShareRow> table{
      "share",
      "Share of the model's lead over RFMLP in test error that RF-invariant has: (e(RFMLP) - "
      "e(RF-invariant)) / (e(RFMLP) - e(model)), means over paired trials. Each interval is a 95 % "
      "interval by itself (Fieller's for the share). Not decided: the lead is not above 0 at that "
      "level, and no number is given",
      with_key<ShareRow>(
          kVaried, {column<&ShareRow::share>("share", "share kept"),
                    column<&ShareRow::low>("low", "low"), column<&ShareRow::high>("high", "high"),
                    column<&ShareRow::decided>("decided", "decided"),
                    column<&ShareRow::lead>("lead", "lead in test error"),
                    column<&ShareRow::lead_low>("lead_low", "low"),
                    column<&ShareRow::lead_high>("lead_high", "high"),
                    column<&ShareRow::trials>("trials", "trials")})};
  return table.of(rows);
}

Table factor_table(const std::vector<FactorRow>& rows) {
  const RowTable<FactorRow> table{
      "samples_factor",
      "Samples that RF-invariant needs to reach test error 0.5, divided by those of the model: "
      "geometric mean over paired trials with a 95 % interval (Student's, of the logs). A crossing "
      "outside the sizes counts as the nearest size, which makes the factor a bound",
      with_key<FactorRow>({}, factor_columns())};
  return table.of(rows);
}

Table rival_factor_table(const std::vector<FactorRow>& rows, std::span<const Varied> varied) {
  std::vector<RowColumn<FactorRow>> columns = factor_columns();
  columns.insert(columns.begin(), column<&FactorRow::rival_name>("rival", "rival"));
  const RowTable<FactorRow> table{
      "samples_factor",
      "Samples that the rival needs to reach test error 0.5, divided by those of the model: "
      "geometric mean over paired trials with a 95 % interval (Student's, of the logs). A crossing "
      "outside the sizes counts as the nearest size, which makes the factor a bound",
      with_key<FactorRow>(varied, std::move(columns))};
  return table.of(rows);
}

std::vector<Series> measured_series(const Sweep& sweep, const std::vector<ErrorRow>& rows,
                                    double (*x)(const ErrorRow& row)) {
  std::vector<Series> all;
  for (const RandomFeatureModel* model : sweep.models) {
    for (std::size_t j = 0; j < sweep.cases.size(); ++j) {
      Series series = empty_series(sweep, *model, j);
      for (const ErrorRow& row : rows) {
        if (row.model != model || row.target != sweep.cases[j]) continue;
        const FigurePoint point{x(row), row.mean, row.std_error, static_cast<int>(row.trials)};
        if (!std::isnan(point.x)) {
          series.points.push_back(point);
          continue;
        }
        for (const LayerVariant& variant : sweep.variants) {
          series.points.push_back({variant.value, point.y, point.error, point.count});
        }
      }
      all.push_back(std::move(series));
    }
  }
  return all;
}

Series needed_series(const Sweep& sweep, const std::vector<NeededRow>& rows, std::size_t model,
                     std::size_t case_index, double (*x)(const NeededRow& row)) {
  Series series = empty_series(sweep, *sweep.models[model], case_index);
  for (const NeededRow& row : rows) {
    const bool other = row.model != sweep.models[model] || row.target != sweep.cases[case_index];
    if (other || std::isnan(row.n_half)) continue;
    const double width = (row.high - row.low) / 2;
    series.points.push_back(
        {x(row), row.n_half, std::isfinite(width) ? width : kNaN, static_cast<int>(sweep.trials)});
  }
  return series;
}

Figure error_figure(std::string id, std::string title, const Sweep& sweep) {
  Figure figure;
  figure.id = std::move(id);
  figure.title = std::move(title);
  figure.subtitle = sweep_subtitle(sweep);
  figure.y.label = "test error (1 = best constant)";
  figure.y.logarithmic = true;
  figure.table = "test_error";
  return figure;
}

void span_ticks(Axis& axis, std::vector<double> ticks) {
  axis.min = ticks.front();
  axis.max = ticks.back();
  axis.ticks = std::move(ticks);
}

std::vector<double> all_sizes(const Sweep& sweep) {
  std::vector<double> sizes;
  for (const auto& stage : sweep.stages) sizes.insert(sizes.end(), stage.begin(), stage.end());
  return sizes;
}

std::vector<double> swept_values(const Sweep& sweep) {
  std::vector<double> values;
  for (const LayerVariant& variant : sweep.variants) values.push_back(variant.value);
  return values;
}

Sweep only_case(const Sweep& sweep, std::size_t case_index) {
  Sweep one = sweep;
  one.cases = {sweep.cases[case_index]};
  return one;
}

std::string sweep_subtitle(const Sweep& sweep) {
  std::string names;
  for (const TargetCase& item : sweep.cases) {
    if (!names.empty()) names += "; ";
    names += item.formula();
    if (!item.symbol().empty()) names += ", " + item.symbol();
  }
  return "Target " + names + ".  " + sizes_text(sweep) + ".  " + protocol_text(sweep) +
         "  Bars: ±1 standard error.";
}

}  // namespace attnlab::random_features
