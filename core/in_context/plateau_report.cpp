// icl-plateaus: its tables and figures.
#include "core/in_context/plateau_report.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <utility>

#include "core/base/text.h"
#include "core/findings/palette.h"
#include "core/findings/row_table.h"
#include "core/in_context/experiments.h"
#include "core/numerics/statistics.h"

namespace attnlab::in_context {
namespace {

/// The risk as training goes.
struct CourseRow {
  double step = 0, risk = 0;
  std::size_t start = 0;
  Count whole_step() const { return {step}; }
};

/// Entry (i, i) of Gamma over its optimum.
struct DirectionRow {
  double step = 0;
  std::size_t direction = 0;  ///< from 1, the largest eigenvalue first
  double eigenvalue = 0, share = 0;
  std::size_t start = 0;
  Count whole_step() const { return {step}; }
};

/// An entry of a matrix that training has made; indices from 1.
struct MatrixEntry {
  std::string matrix;  ///< "gamma", "heads"
  std::size_t row = 0, column = 0;
  double value = 0, share = 0;  ///< share: over the optimum
};

std::vector<CourseRow> course_rows(std::span<const PlateauOutcome> outcomes) {
  std::vector<CourseRow> rows;
  for (std::size_t t = 0; t < outcomes.size(); ++t) {
    for (const PlateauPoint& point : outcomes[t].curve) {
      rows.push_back({point.step, point.risk, t + 1});
    }
  }
  return rows;
}

PopulationRisk risk_of(const PlateauSetup& setup) {
  return {setup.eigenvalues, static_cast<double>(setup.prompt_length)};
}

/// The start whose matrices are shown: the first with an output; none: the first.
std::size_t shown_start(std::span<const PlateauOutcome> outcomes) {
  for (std::size_t t = 0; t < outcomes.size(); ++t) {
    if (outcomes[t].known) return t;
  }
  return 0;
}

std::vector<DirectionRow> direction_rows(const PlateauSetup& setup, const PlateauOutcome& outcome,
                                         std::size_t start) {
  const PopulationRisk risk = risk_of(setup);
  std::vector<DirectionRow> rows;
  for (std::size_t i = 0; i < setup.dim(); ++i) {
    for (const PlateauPoint& point : outcome.curve) {
      rows.push_back({point.step, i + 1, setup.eigenvalues[i], point.diagonal[i] / risk.optimum(i),
                      start + 1});
    }
  }
  return rows;
}

std::vector<MatrixEntry> matrix_entries(const PlateauSetup& setup, const PlateauOutcome& outcome) {
  const PopulationRisk risk = risk_of(setup);
  const std::size_t d = setup.dim();
  std::vector<MatrixEntry> rows;
  for (std::size_t e = 0; e < outcome.contributions.size(); ++e) {
    const double value = outcome.contributions[e];
    rows.push_back({"heads", e / d + 1, e % d + 1, value, value / risk.optimum(e % d)});
  }
  for (std::size_t e = 0; e < outcome.gamma.size(); ++e) {
    const double value = outcome.gamma[e];
    const double scale = std::sqrt(risk.optimum(e / d) * risk.optimum(e % d));
    rows.push_back({"gamma", e / d + 1, e % d + 1, value, value / scale});
  }
  return rows;
}

Table plateau_table(std::span<const PlateauRow> rows) {
  const RowTable<PlateauRow> table{
      "plateaus",
      "Where training rests: the risk falls by less than 1 % while the steps grow by 10 %. "
      "Predicted: the nearest level, with m directions learned (Zhang et al., arXiv 2501.16265); "
      "measured: the risk where the fall is slowest",
      {column<&PlateauRow::level>("level", "level m"),
       column<&PlateauRow::predicted>("predicted", "predicted risk"),
       column<&PlateauRow::measured>("measured", "measured risk"),
       column<&PlateauRow::first_step>("first_step", "first step"),
       column<&PlateauRow::last_step>("last_step", "last step"),
       column<&PlateauRow::start>("start", "start"),
       column<&PlateauRow::deviation>("deviation", "measured / predicted − 1")}};
  return table.of(rows);
}

Table course_table(std::span<const CourseRow> rows) {
  const RowTable<CourseRow> table{
      "risk",
      "Exact risk over all prompts as training goes",
      {column<&CourseRow::whole_step>("step", "step"), column<&CourseRow::risk>("risk", "risk"),
       column<&CourseRow::start>("start", "start")}};
  return table.of(rows);
}

Table direction_table(std::span<const DirectionRow> rows) {
  const RowTable<DirectionRow> table{
      "directions",
      "Entries (i, i) of Γ over those of the optimum, of the first start",
      {column<&DirectionRow::whole_step>("step", "step"),
       column<&DirectionRow::direction>("direction", "eigen-direction i"),
       column<&DirectionRow::eigenvalue>("eigenvalue", "eigenvalue λᵢ"),
       column<&DirectionRow::share>("share", "Γᵢᵢ / optimum"),
       column<&DirectionRow::start>("start", "start")}};
  return table.of(rows);
}

Table matrix_table(std::span<const MatrixEntry> rows) {
  const RowTable<MatrixEntry> table{
      "matrices",
      "Of the first start, in the eigenbasis of Σ: what each head (row) adds to the entry (i, i) "
      "of "
      "Γ (column i), and Γ; share: over the optimum γᵢ, for the entry (i, j) of Γ over the "
      "geometric "
      "mean of γᵢ and γⱼ",
      {column<&MatrixEntry::matrix>("matrix", "matrix"), column<&MatrixEntry::row>("row", "row"),
       column<&MatrixEntry::column>("column", "column"),
       column<&MatrixEntry::value>("value", "value"),
       column<&MatrixEntry::share>("share", "share of the optimum")}};
  return table.of(rows);
}

/// The first step on the axes: nothing happens before.
double first_shown(const PlateauSetup& setup) {
  return std::max(1.0, static_cast<double>(setup.steps) / 10000);
}

/// Levels at which the heads can rest: all, or only start and end where key and query are merged.
std::vector<std::size_t> levels_of(const PlateauSetup& setup) {
  if (setup.merged) return {0, setup.dim()};
  std::vector<std::size_t> levels;
  for (std::size_t m = 0; m <= setup.learnable(); ++m) levels.push_back(m);
  return levels;
}

/// The curves of all starts but the first as dots, every other recorded point.
Series other_starts(std::span<const PlateauOutcome> outcomes) {
  Series series;
  series.id = "others";
  series.label = counted(outcomes.size() - 1, "other start");
  series.note = "the exact risk over all prompts, from random starts of their own";
  series.role = SeriesRole::kDots;
  series.colour = kColourKernel;
  for (std::size_t t = 1; t < outcomes.size(); ++t) {
    for (std::size_t i = t % 2; i < outcomes[t].curve.size(); i += 2) {
      const PlateauPoint& point = outcomes[t].curve[i];
      series.points.push_back({point.step, point.risk, 0, 1});
    }
  }
  std::stable_sort(series.points.begin(), series.points.end(),
                   [](const FigurePoint& a, const FigurePoint& b) { return a.x < b.x; });
  return series;
}

Figure stairs_figure(std::span<const PlateauSetup> setups,
                     std::span<const PlateauOutcome> outcomes) {
  const PlateauSetup& setup = setups.front();
  const PopulationRisk risk = risk_of(setup);
  Figure figure;
  figure.id = "stairs";
  figure.title = setup.merged ? "Does the risk fall in one drop?" : "Does the risk fall in stairs?";
  figure.subtitle = plateau_sizes_text(setups) +
                    ".  Line and dots: exact risk over all prompts.  Dashed: predicted levels, m "
                    "eigen-directions learned.";
  figure.x.label = "step of gradient descent";
  figure.x.logarithmic = true;
  double longest = 0;
  for (const PlateauOutcome& outcome : outcomes) longest = std::max(longest, outcome.steps());
  figure.x.min = first_shown(setup);
  figure.x.max = std::max(longest, static_cast<double>(setup.steps));
  figure.y.label = "risk E(ŷ − wᵀx)²";
  figure.y.min = 0;
  figure.y.max = 1.05 * risk.trace();
  figure.table = "risk";
  figure.empty_text = "Press Run: the risk falls while the heads learn.";
  figure.draw_lines();
  if (outcomes.size() > 1) figure.draw_lines().series.push_back(other_starts(outcomes));
  Series first;
  first.id = "start/1";
  first.label = outcomes.size() > 1 ? "first start" : "risk";
  first.note = "the exact risk over all prompts";
  first.role = SeriesRole::kCurve;
  first.colour = kColourRfa;
  for (const PlateauPoint& point : outcomes.front().curve) {
    first.points.push_back({point.step, point.risk, 0, 1});
  }
  figure.draw_lines().series.push_back(std::move(first));
  for (const std::size_t m : levels_of(setup)) {
    Series level;
    level.id = "level/" + std::to_string(m);
    level.label = plateau_level_name(m) + ": " + short_text(risk.level(m));
    level.note = "least risk of linear attention that reads " + counted(m, "eigen-direction");
    level.role = SeriesRole::kTheory;
    level.colour = kColourReference;
    for (const double x : {figure.x.min, figure.x.max}) {
      level.points.push_back({x, risk.level(m), 0, 0});
    }
    figure.draw_lines().series.push_back(std::move(level));
  }
  return figure;
}

Figure direction_figure(std::span<const PlateauSetup> setups, std::span<const DirectionRow> rows) {
  const PlateauSetup& setup = setups.front();
  Figure figure;
  figure.id = "directions";
  figure.title = "Which eigen-direction is learned when?";
  figure.subtitle =
      plateau_sizes_text(setups) + ".  First start.  1: the optimum of this direction.";
  figure.x.label = "step of gradient descent";
  figure.x.logarithmic = true;
  figure.x.min = first_shown(setup);
  figure.x.max = static_cast<double>(setup.steps);
  figure.y.label = "Γᵢᵢ / optimum";
  figure.y.min = -0.05;
  figure.y.max = 1.1;
  figure.table = "directions";
  figure.empty_text = "Press Run: directions appear one after the other.";
  constexpr int kColours[] = {kColourRfa,           kColourBrfa,        kColourRfmlp,
                              kColourSoftmax,       kColourExponential, kColourInvariant,
                              kColourBiasedSoftmax, kColourDebiased};
  figure.draw_lines();
  for (std::size_t i = 0; i < setup.dim(); ++i) {
    Series series;
    series.id = "direction/" + std::to_string(i + 1);
    series.label = "λ = " + short_text(setup.eigenvalues[i]);
    series.note = "entry (i, i) of Γ over that of the optimum";
    series.role = SeriesRole::kCurve;
    series.colour = kColours[i % std::size(kColours)];
    for (const DirectionRow& row : rows) {
      if (row.direction == i + 1) series.points.push_back({row.step, row.share, 0, 1});
    }
    figure.draw_lines().series.push_back(std::move(series));
  }
  return figure;
}

HeatPanel matrix_panel(std::string id, std::string title, std::size_t rows,
                       const PlateauSetup& setup) {
  HeatPanel panel;
  panel.id = std::move(id);
  panel.title = std::move(title);
  panel.rows = rows;
  panel.columns = setup.dim();
  panel.values.assign(panel.rows * panel.columns, std::numeric_limits<double>::quiet_NaN());
  panel.scale = ColourScale::kDiverging;
  panel.value_label = "share";
  panel.min = -1;  // fixed, so that colours keep their meaning during training
  panel.max = 1;
  panel.x.label = "direction (its λ)";
  for (const double value : setup.eigenvalues) panel.x_labels.push_back(short_text(value));
  return panel;
}

Figure matrix_figure(std::span<const PlateauSetup> setups, std::span<const MatrixEntry> entries) {
  const PlateauSetup& setup = setups.front();
  Figure figure;
  figure.id = "matrices";
  figure.title = "What has each head learned?";
  figure.subtitle = plateau_sizes_text(setups) +
                    ".  First start.  1: all of what the best linear attention has in this "
                    "direction.";
  figure.table = "matrices";
  figure.empty_text = "Press Run: the matrices form while the heads learn.";
  HeatPanel heads = matrix_panel("heads", "each head's part of Γ", setup.heads, setup);
  heads.y.label = "head";
  HeatPanel gamma = matrix_panel("gamma", "Γ over the optimum", setup.dim(), setup);
  gamma.y.label = "direction of the examples";
  gamma.x.label = "direction of the query (its λ)";
  gamma.y_labels = gamma.x_labels;
  for (const MatrixEntry& entry : entries) {
    HeatPanel& panel = entry.matrix == "heads" ? heads : gamma;
    panel.values[(entry.row - 1) * panel.columns + entry.column - 1] = entry.share;
  }
  figure.draw_maps().panels = {std::move(heads), std::move(gamma)};
  return figure;
}

/// Measured risks of the rows at a level.
std::vector<double> measured_at(std::span<const PlateauRow> rows, std::size_t level) {
  std::vector<double> risks;
  for (const PlateauRow& row : rows) {
    if (row.level == level) risks.push_back(row.measured);
  }
  return risks;
}

Figure level_figure(std::span<const PlateauSetup> setups, std::span<const PlateauRow> rows) {
  const PlateauSetup& setup = setups.front();
  const PopulationRisk risk = risk_of(setup);
  Figure figure;
  figure.id = "levels";
  figure.title = "Are the plateaus at the predicted levels?";
  figure.subtitle = plateau_sizes_text(setups) +
                    ".  Discs: mean over the starts that rest there; bars: ±1 standard error.";
  figure.x.label = "predicted risk";
  figure.y.label = "measured risk";
  figure.table = "plateaus";
  figure.empty_text = "Press Run: each plateau adds a point.";
  Series measured, equal;
  measured.id = "measured";
  measured.label = "measured";
  measured.note = "risk where the fall is slowest";
  measured.colour = kColourRfa;
  for (std::size_t m = setup.dim() + 1; m-- > 0;) {
    const std::vector<double> risks = measured_at(rows, m);
    if (risks.empty()) continue;
    const Estimate mean = mean_and_error(risks);
    measured.points.push_back({risk.level(m), mean.mean, mean.std_error, mean.count});
  }
  equal.id = "equal";
  equal.label = "measured = predicted";
  equal.role = SeriesRole::kExact;
  equal.colour = kColourReference;
  for (const double x : {risk.level(setup.dim()), risk.trace()}) {
    equal.points.push_back({x, x, 0, 0});
  }
  figure.draw_lines().series = {std::move(measured), std::move(equal)};
  return figure;
}

}  // namespace

Findings PlateausExperiment::find(const RunSpec& spec, std::span<const JobOutput> outputs) {
  const std::vector<PlateauSetup> setups = read_plateau_setups(spec);
  Findings findings;
  Result& result = findings.result;
  const std::vector<PlateauOutcome> outcomes = read_plateau_outcomes(setups, outputs, result.notes);
  const std::size_t shown = shown_start(outcomes);
  const std::vector<PlateauRow> plateaus = plateau_rows(setups, outcomes);
  const std::vector<DirectionRow> directions =
      direction_rows(setups[shown], outcomes[shown], shown);
  const std::vector<MatrixEntry> matrices = matrix_entries(setups[shown], outcomes[shown]);
  result.tables = {plateau_table(plateaus), course_table(course_rows(outcomes)),
                   direction_table(directions), matrix_table(matrices)};
  result.claims = plateau_claims(setups, outcomes);
  for (std::string& note : plateau_notes(setups, outcomes)) result.notes.push_back(std::move(note));
  findings.figures = {stairs_figure(setups, outcomes), direction_figure(setups, directions),
                      matrix_figure(setups, matrices), level_figure(setups, plateaus)};
  return findings;
}

}  // namespace attnlab::in_context
