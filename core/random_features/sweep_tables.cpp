#include "core/random_features/sweep_tables.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/base/text.h"
#include "core/random_features/claims.h"

namespace attnlab::random_features {
namespace {

/// Whole numbers as integers, so that tables read "16" and not "16.0"; nothing for NaN.
Cell number_cell(double value) {
  if (value == std::floor(value)) return static_cast<std::int64_t>(value);
  return real_cell(value);
}

Cell median_cell(std::vector<double> values) {
  std::erase_if(values, [](double value) { return std::isnan(value); });
  if (values.empty()) return {};
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

Cell degree_cell(const TargetCase& item) {
  if (item.target->number == TargetNumber::kNone) return {};
  return number_cell(item.number);
}

std::vector<Cell> curve_key(const ErrorCurve& curve) {
  std::vector<Cell> row;
  row.emplace_back(std::string(curve.model->id));
  row.emplace_back(std::string(curve.target.target->id));
  row.push_back(degree_cell(curve.target));
  return row;
}

std::vector<Column> key_columns() {
  return {{"model", "model", ""}, {"target", "target", ""}, {"degree", "degree or frequency", ""}};
}

Column described(SweepColumn column) {
  switch (column) {
    case SweepColumn::kSamples:
      return {"n", "training samples n", ""};
    case SweepColumn::kHeads:
      return {"heads", "heads M", ""};
    case SweepColumn::kBias:
      return {"bias_scale", "mean of W, c", ""};
    case SweepColumn::kKeys:
      break;
  }
  return {"keys", "keys N", ""};
}

/// What a column says about one point of a curve; NaN: any value (a level), or no number (M = ∞).
double column_value(const Sweep& sweep, const ErrorCurve& curve, std::size_t size,
                    SweepColumn column) {
  if (column == SweepColumn::kSamples) return curve.sizes[size];
  if (column == SweepColumn::kHeads && curve.model->infinite) {
    return std::numeric_limits<double>::quiet_NaN();
  }
  const bool one = sweep.variants.size() == 1;
  if (column == SweepColumn::kHeads && one) {
    return static_cast<double>(sweep.variants.front().layer.units);
  }
  return curve.variant;
}

void add_estimate_columns(Table& table, std::string mean_name, std::string mean_label) {
  table.columns.push_back({std::move(mean_name), std::move(mean_label), "std_error"});
  table.columns.push_back({"std_error", "standard error", ""});
}

}  // namespace

Table test_error_table(const Sweep& sweep, const std::vector<ErrorCurve>& curves,
                       const std::vector<SweepColumn>& columns) {
  Table table;
  table.name = "test_error";
  table.caption =
      "Mean squared test error divided by the variance of the target (1: the best constant), with "
      "one standard error over trials";
  table.columns = key_columns();
  for (const SweepColumn column : columns) table.columns.push_back(described(column));
  add_estimate_columns(table, "mean", "test error");
  table.columns.push_back({"trials", "trials", ""});
  table.columns.push_back({"ridge", "relative ridge (median)", ""});
  for (const ErrorCurve& curve : curves) {
    for (const std::size_t s : curve.known_sizes()) {
      const Estimate estimate = curve.at(s);
      std::vector<Cell> row = curve_key(curve);
      for (const SweepColumn column : columns) {
        row.push_back(number_cell(column_value(sweep, curve, s, column)));
      }
      row.push_back(real_cell(estimate.mean));
      row.push_back(real_cell(estimate.std_error));
      row.emplace_back(static_cast<std::int64_t>(estimate.count));
      row.push_back(median_cell(curve.strengths[s]));
      table.rows.push_back(std::move(row));
    }
  }
  return table;
}

Table samples_needed_table(const std::vector<ErrorCurve>& curves,
                           const std::vector<SweepColumn>& columns) {
  Table table;
  table.name = "samples_needed";
  table.caption =
      "Training samples at which the test error first reaches 0.5 (interpolated in log n), between "
      "the curves one standard error below and above";
  table.columns = key_columns();
  for (const SweepColumn column : columns) table.columns.push_back(described(column));
  table.columns.push_back({"n_half", "n(0.5)", ""});
  table.columns.push_back({"low", "low", ""});
  table.columns.push_back({"high", "high", ""});
  table.columns.push_back({"status", "status", ""});
  for (const ErrorCurve& curve : curves) {
    if (curve.known_sizes().empty()) continue;
    const Crossing crossing = crossing_of(curve, kLearnedLevel);
    std::vector<Cell> row = curve_key(curve);
    for (std::size_t i = 0; i < columns.size(); ++i) row.push_back(number_cell(curve.variant));
    row.push_back(crossing.found ? real_cell(crossing.x) : Cell{});
    row.push_back(crossing.found ? real_cell(crossing.low) : Cell{});
    row.push_back(crossing.found ? real_cell(crossing.high) : Cell{});
    row.emplace_back(std::string(crossing.found         ? "reached"
                                 : crossing.above_range ? "not reached"
                                                        : "below the smallest n"));
    table.rows.push_back(std::move(row));
  }
  return table;
}

Table local_slope_table(const std::vector<ErrorCurve>& curves) {
  Table table;
  table.name = "local_slope";
  table.caption = "Slope of log error against log n between neighbouring sizes, from paired trials";
  table.columns = key_columns();
  table.columns.push_back({"n_from", "from n", ""});
  table.columns.push_back({"n_to", "to n", ""});
  add_estimate_columns(table, "slope", "slope");
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
      std::vector<Cell> row = curve_key(curve);
      row.push_back(number_cell(curve.sizes[s]));
      row.push_back(number_cell(curve.sizes[s + 1]));
      row.push_back(real_cell(estimate.mean));
      row.push_back(real_cell(estimate.std_error));
      table.rows.push_back(std::move(row));
    }
  }
  return table;
}

double number_in(const Cell& cell) {
  if (const auto* integer = std::get_if<std::int64_t>(&cell)) return static_cast<double>(*integer);
  if (const auto* real = std::get_if<double>(&cell)) return *real;
  return std::numeric_limits<double>::quiet_NaN();
}

Series measured_series(const Sweep& sweep, const RandomFeatureModel& model,
                       std::size_t case_index) {
  const TargetCase& item = sweep.cases[case_index];
  const bool one_target =
      std::all_of(sweep.cases.begin(), sweep.cases.end(),
                  [&](const TargetCase& other) { return other.target == item.target; });
  Series series;
  series.id = std::string(model.id) + "/" + item.name();
  series.label = std::string(model.label);
  if (sweep.cases.size() > 1) series.label += ", " + (one_target ? item.symbol() : item.name());
  series.note = std::string(model.help) + "; target " + std::string(item.target->formula);
  series.colour = model.colour;
  // Where two models share a colour, another dash and marker tells them apart.
  const bool second = model.infinite || model.augmented ||
                      (model.biased && model.activation == ScoreActivation::kExponential);
  series.variant = static_cast<int>(case_index + (second ? sweep.cases.size() : 0));
  return series;
}

std::vector<Series> measured_series(const Sweep& sweep, const Result& result,
                                    std::string_view x_column) {
  std::vector<Series> all;
  const Table* table = result.table("test_error");
  for (const RandomFeatureModel* model : sweep.models) {
    for (std::size_t j = 0; j < sweep.cases.size(); ++j) {
      Series series = measured_series(sweep, *model, j);
      if (table != nullptr) {
        const std::size_t x = table->column(x_column), mean = table->column("mean");
        for (const auto& row : table->rows) {
          if (row[0] != Cell(std::string(model->id)) ||
              row[1] != Cell(std::string(sweep.cases[j].target->id)) ||
              row[2] != degree_cell(sweep.cases[j])) {
            continue;
          }
          const FigurePoint point{number_in(row[x]), number_in(row[mean]), number_in(row[mean + 1]),
                                  static_cast<int>(number_in(row[mean + 2]))};
          if (!std::isnan(point.x)) {
            series.points.push_back(point);
            continue;
          }
          for (const LayerVariant& variant : sweep.variants) {
            series.points.push_back({variant.value, point.y, point.error, point.count});
          }
        }
      }
      all.push_back(std::move(series));
    }
  }
  return all;
}

Series needed_series(const Sweep& sweep, const Result& result, std::size_t model,
                     std::size_t case_index, std::string_view x_column) {
  Series series = measured_series(sweep, *sweep.models[model], case_index);
  const Table* table = result.table("samples_needed");
  if (table == nullptr) return series;
  const std::size_t x = table->column(x_column), half = table->column("n_half");
  const TargetCase& item = sweep.cases[case_index];
  for (const auto& row : table->rows) {
    if (row[0] != Cell(std::string(sweep.models[model]->id)) ||
        row[1] != Cell(std::string(item.target->id)) || row[2] != degree_cell(item)) {
      continue;
    }
    const double n = number_in(row[half]);
    if (std::isnan(n)) continue;
    const double width = (number_in(row[half + 2]) - number_in(row[half + 1])) / 2;
    series.points.push_back({number_in(row[x]), n, width, static_cast<int>(sweep.trials)});
  }
  return series;
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
    names += std::string(item.target->formula);
    if (!item.symbol().empty()) names += ", " + item.symbol();
  }
  return "Target " + names + ".  " + sizes_text(sweep) + ".  " + protocol_text(sweep) +
         "  Bars: ±1 standard error.";
}

}  // namespace attnlab::random_features
