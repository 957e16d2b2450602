// rf-learning-curve: its tables and its figure.
#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <tuple>

#include "core/experiment/palette.h"
#include "core/experiment/text.h"
#include "core/random_features/claims.h"
#include "core/random_features/learning_curve.h"

namespace attnlab {
namespace {

Cell whole(double value) {
  return static_cast<std::int64_t>(std::llround(value));
}

Cell median_cell(std::vector<double> values) {
  std::erase_if(values, [](double value) { return std::isnan(value); });
  if (values.empty()) return {};
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

std::vector<Cell> curve_key(const ErrorCurve& curve) {
  std::vector<Cell> row;
  row.emplace_back(std::string(curve.model->id));
  row.emplace_back(std::string(curve.target.target->id));
  row.emplace_back(static_cast<std::int64_t>(curve.target.degree));
  return row;
}

std::vector<Column> key_columns() {
  return {{"model", "model", ""}, {"target", "target", ""}, {"degree", "degree p", ""}};
}

Table test_error_table(const std::vector<ErrorCurve>& curves) {
  Table table;
  table.name = "test_error";
  table.caption =
      "Mean squared test error divided by the variance of the target (1: the best "
      "constant), with one standard error over trials";
  table.columns = key_columns();
  table.columns.push_back({"n", "training samples n", ""});
  table.columns.push_back({"mean", "test error", "std_error"});
  table.columns.push_back({"std_error", "standard error", ""});
  table.columns.push_back({"trials", "trials", ""});
  table.columns.push_back({"ridge", "relative ridge (median)", ""});
  for (const ErrorCurve& curve : curves) {
    for (const std::size_t s : curve.known_sizes()) {
      const Estimate estimate = curve.at(s);
      std::vector<Cell> row = curve_key(curve);
      row.push_back(whole(curve.sizes[s]));
      row.push_back(real_cell(estimate.mean));
      row.push_back(real_cell(estimate.std_error));
      row.push_back(static_cast<std::int64_t>(estimate.count));
      row.push_back(median_cell(curve.strengths[s]));
      table.rows.push_back(std::move(row));
    }
  }
  return table;
}

Table crossing_table(const std::vector<ErrorCurve>& curves) {
  Table table;
  table.name = "samples_needed";
  table.caption =
      "Training samples at which the test error first reaches 0.5 (interpolated in log "
      "n), between the curves one standard error below and above";
  table.columns = key_columns();
  table.columns.push_back({"n_half", "n(0.5)", ""});
  table.columns.push_back({"low", "low", ""});
  table.columns.push_back({"high", "high", ""});
  table.columns.push_back({"status", "status", ""});
  for (const ErrorCurve& curve : curves) {
    if (curve.known_sizes().empty()) continue;
    const Crossing crossing = crossing_of(curve, kLearnedLevel);
    std::vector<Cell> row = curve_key(curve);
    row.push_back(crossing.found ? real_cell(crossing.x) : Cell{});
    row.push_back(crossing.found ? real_cell(crossing.low) : Cell{});
    row.push_back(crossing.found ? real_cell(crossing.high) : Cell{});
    row.push_back(std::string(crossing.found         ? "reached"
                              : crossing.above_range ? "not reached"
                                                     : "below the smallest n"));
    table.rows.push_back(std::move(row));
  }
  return table;
}

Table slope_table(const std::vector<ErrorCurve>& curves) {
  Table table;
  table.name = "local_slope";
  table.caption = "Slope of log error against log n between neighbouring sizes, from paired trials";
  table.columns = key_columns();
  table.columns.push_back({"n_from", "from n", ""});
  table.columns.push_back({"n_to", "to n", ""});
  table.columns.push_back({"slope", "slope", "std_error"});
  table.columns.push_back({"std_error", "standard error", ""});
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
      row.push_back(whole(curve.sizes[s]));
      row.push_back(whole(curve.sizes[s + 1]));
      row.push_back(real_cell(estimate.mean));
      row.push_back(real_cell(estimate.std_error));
      table.rows.push_back(std::move(row));
    }
  }
  return table;
}

Table level_table(const LearningCurveSetup& setup) {
  Table table;
  table.name = "theory";
  table.caption = "Exact levels and the norms of the paper's bound (upper bounds up to constants)";
  table.columns = {{"target", "target", ""},
                   {"degree", "degree p", ""},
                   {"quantity", "quantity", ""},
                   {"value", "value", ""},
                   {"formula", "formula", ""}};
  for (const TargetCase& item : setup.cases) {
    const Cell id = std::string(item.target->id), degree = std::int64_t{item.degree};
    table.rows.push_back(
        {id, degree, std::string("affine_level"),
         real_cell(item.target->affine_level(setup.layer.keys, setup.layer.dim, item.degree)),
         std::string("variance left by the best affine function / variance")});
    table.rows.push_back({id, degree, std::string("rfa_norm"),
                          real_cell(item.target->rfa_norm(setup.layer.dim, item.degree)),
                          std::string(item.target->rfa_norm_formula)});
  }
  return table;
}

double number(const Cell& cell) {
  if (const auto* integer = std::get_if<std::int64_t>(&cell)) return static_cast<double>(*integer);
  if (const auto* real = std::get_if<double>(&cell)) return *real;
  return std::numeric_limits<double>::quiet_NaN();
}

std::string case_suffix(const LearningCurveSetup& setup, const TargetCase& item) {
  if (setup.cases.size() == 1) return {};
  const bool one_target =
      std::all_of(setup.cases.begin(), setup.cases.end(),
                  [&](const TargetCase& other) { return other.target == item.target; });
  return one_target ? ", p = " + std::to_string(item.degree) : ", " + item.name();
}

/// Measured curves, read back from the main table.
void add_measured(const LearningCurveSetup& setup, const Result& result, Figure& figure) {
  std::map<std::tuple<std::string, std::string, std::int64_t>, std::vector<FigurePoint>> points;
  if (const Table* table = result.table("test_error")) {
    for (const auto& row : table->rows) {
      const auto key = std::make_tuple(std::get<std::string>(row[0]), std::get<std::string>(row[1]),
                                       std::get<std::int64_t>(row[2]));
      points[key].push_back(
          {number(row[3]), number(row[4]), number(row[5]), static_cast<int>(number(row[6]))});
    }
  }
  for (const RandomFeatureModel* model : setup.models) {
    for (std::size_t j = 0; j < setup.cases.size(); ++j) {
      const TargetCase& item = setup.cases[j];
      Series series;
      series.id = std::string(model->id) + "/" + std::string(item.target->id) + "/" +
                  std::to_string(item.degree);
      series.label = std::string(model->label) + case_suffix(setup, item);
      series.note = std::string(model->help) + "; target " + std::string(item.target->formula);
      series.colour = model->colour;
      series.variant = static_cast<int>(j);
      series.points = points[{std::string(model->id), std::string(item.target->id), item.degree}];
      figure.series.push_back(std::move(series));
    }
  }
}

void add_theory(const LearningCurveSetup& setup, Figure& figure) {
  const double first = static_cast<double>(setup.stages.front().front());
  const double last = static_cast<double>(setup.stages.back().back());
  for (std::size_t j = 0; j < setup.cases.size(); ++j) {
    const TargetCase& item = setup.cases[j];
    const double level = item.target->affine_level(setup.layer.keys, setup.layer.dim, item.degree);
    Series series;
    series.id = "affine/" + item.name();
    series.label = "best affine " + short_text(level);
    series.note =
        "exact: the part of the variance that the best affine function of all tokens "
        "leaves; a network cannot go below it before it leaves the affine regime";
    series.role = SeriesRole::kExact;
    series.colour = kColourReference;
    series.variant = static_cast<int>(j);
    if (level > 1e-3) {
      series.points = {{first, level, 0, 0}, {last, level, 0, 0}};
      figure.series.push_back(std::move(series));
    }
  }
  Series guide;
  guide.id = "bound-slope";
  guide.label = "slope −½";
  guide.note =
      "order of the paper's bound on RFA's excess risk, Õ(√B(f) · n^−½): an upper bound up "
      "to constants, drawn for its slope; its height means nothing";
  guide.role = SeriesRole::kTheory;
  guide.colour = kColourReference;
  if (last > first) {
    const double middle = std::sqrt(first * last);
    guide.points = {{middle, 1.0, 0, 0}, {last, std::sqrt(middle / last), 0, 0}};
    figure.series.push_back(std::move(guide));
  }
}

}  // namespace

std::vector<Table> learning_curve_tables(const LearningCurveSetup& setup,
                                         const std::vector<ErrorCurve>& curves) {
  return {test_error_table(curves), crossing_table(curves), slope_table(curves),
          level_table(setup)};
}

std::vector<Figure> learning_curve_figures(const RunSpec& spec, const Result& result) {
  const LearningCurveSetup setup = read_learning_curve_setup(spec.parameters);
  Figure figure;
  figure.id = "learning-curve";
  figure.title = "How many samples until attention gets it?";
  std::string names;
  for (const TargetCase& item : setup.cases) {
    names += (names.empty() ? "" : "; ") + std::string(item.target->formula) +
             ", p = " + std::to_string(item.degree);
  }
  figure.subtitle = "Target " + names + ".  d = " + std::to_string(setup.layer.dim) +
                    ", N = " + std::to_string(setup.layer.keys) +
                    ", M = " + std::to_string(setup.layer.units) +
                    ".  Bars: ±1 standard error over " + std::to_string(setup.trials) +
                    (setup.trials == 1 ? " trial." : " trials.");
  figure.x.label = "training samples n";
  figure.x.logarithmic = true;
  for (const auto& stage : setup.stages) {
    for (const std::size_t n : stage) figure.x.ticks.push_back(static_cast<double>(n));
  }
  figure.x.min = figure.x.ticks.front();
  figure.x.max = figure.x.ticks.back();
  figure.y.label = "test error (1 = best constant)";
  figure.y.logarithmic = true;
  figure.references = {{false, kLearnedLevel, "half learned"}};
  figure.table = "test_error";
  figure.empty_text = "Press Run: each finished trial adds to the curves, small n first.";
  add_measured(setup, result, figure);
  add_theory(setup, figure);
  return {figure};
}

}  // namespace attnlab
