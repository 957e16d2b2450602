// icl-plateaus: its tables, verdicts and figures.
#include "core/in_context/plateau_report.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "core/base/text.h"
#include "core/findings/palette.h"
#include "core/findings/row_table.h"
#include "core/findings/verdict.h"
#include "core/in_context/experiments.h"

namespace attnlab::in_context {
namespace {

constexpr double kTolerance = 0.01;       // of a level, in C7
constexpr double kMostStarts = 0.5;       // share of the starts that C8 wants exceeded
constexpr std::size_t kFewestStarts = 6;  // with which C8 can hold: 2^-6 < 2.5 %

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

std::string sizes_text(std::span<const PlateauSetup> setups) {
  const PlateauSetup& setup = setups.front();
  std::vector<std::string> values;
  for (const double value : setup.eigenvalues) values.push_back(short_text(value));
  return "λ = " + join(values, ", ") + ", D = " + std::to_string(setup.prompt_length) + ", " +
         counted(setup.heads, "head") +
         (setup.merged ? " with key and query merged" : " of rank one") + ", start " +
         short_text(setup.start);
}

/// The first step on the axes: nothing happens before.
double first_shown(const PlateauSetup& setup) {
  return std::max(1.0, static_cast<double>(setup.steps) / 10000);
}

std::string level_name(std::size_t level) {
  return "m = " + std::to_string(level);
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
  figure.subtitle = sizes_text(setups) +
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
    level.label = level_name(m) + ": " + short_text(risk.level(m));
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
  figure.subtitle = sizes_text(setups) + ".  First start.  1: the optimum of this direction.";
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
  panel.min = -1;  // fixed, so that colours keep their meaning while training goes on
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
  figure.subtitle = sizes_text(setups) +
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
  figure.subtitle = sizes_text(setups) +
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

/// Rows of the starts that are trained to the end.
struct Finished {
  std::vector<PlateauRow> rows;
  std::vector<std::size_t> starts;

  explicit Finished(std::span<const PlateauSetup> setups,
                    std::span<const PlateauOutcome> outcomes) {
    for (const PlateauRow& row : plateau_rows(setups, outcomes)) {
      if (outcomes[row.start - 1].finished) rows.push_back(row);
    }
    for (std::size_t t = 0; t < outcomes.size(); ++t) {
      if (outcomes[t].finished) starts.push_back(t + 1);
    }
  }
  bool rests(std::size_t start, std::size_t level) const {
    return std::any_of(rows.begin(), rows.end(), [&](const PlateauRow& row) {
      return row.start == start && row.level == level;
    });
  }
};

Claim level_claim(std::span<const PlateauSetup> setups, const Finished& finished) {
  const PlateauSetup& setup = setups.front();
  Claim claim{"C7",
              "Where training rests, the risk is within 1 % of a predicted level: the least risk "
              "of linear attention that reads the first m eigen-directions.",
              ClaimStatus::kUndecided,
              {}};
  if (setups.size() < 2) {
    lack(claim, {"several starts", {{"trials", "10"}}});
    return claim;
  }
  std::vector<Comparison> comparisons;
  double farthest = 0;
  for (std::size_t m = 1; m <= setup.dim(); ++m) {
    std::vector<double> margins;
    for (const PlateauRow& row : finished.rows) {
      if (row.level != m) continue;
      margins.push_back(kTolerance - std::abs(row.deviation()));
      farthest = std::max(farthest, std::abs(row.deviation()));
    }
    if (margins.size() < 2) continue;
    comparisons.push_back(mean_comparison(
        "1 % minus the relative distance of the plateau from the level " + level_name(m), margins));
    comparisons.back().paired_by = "start";
  }
  if (comparisons.empty()) {
    claim.evidence = "Needs two starts that rest at the same level.";
    return claim;
  }
  apply(judge(std::move(comparisons)), claim);
  claim.evidence = "Of " + counted(finished.rows.size(), "plateau", "plateaus") + " in " +
                   counted(finished.starts.size(), "start") +
                   " (with the start itself), the farthest from its level is " +
                   short_text(100 * farthest) + " % away. Sizes: " + sizes_text(setups) + ".";
  return claim;
}

Claim stairs_claim(std::span<const PlateauSetup> setups, const Finished& finished) {
  const PlateauSetup& setup = setups.front();
  Claim claim{"C8",
              setup.merged ? "With key and query merged the risk falls in one drop: most starts do "
                             "not rest between the first and the last level."
                           : "Heads with a key and a query vector of rank one learn one "
                             "eigen-direction after the other: most starts rest at every level.",
              ClaimStatus::kUndecided,
              {}};
  if (setup.dim() < 2) {
    lack(claim, {"several eigenvalues", {{"eigenvalues", "4,2,1,0.5"}}});
  } else if (setup.learnable() < 2) {
    lack(claim, {"several heads", {{"heads", "6"}}});
  } else if (setups.size() < kFewestStarts) {
    lack(claim, {"six starts", {{"trials", "10"}}});
  } else if (finished.starts.empty()) {
    claim.evidence = "No start is trained to the end yet.";
  }
  if (!claim.evidence.empty()) return claim;
  std::size_t successes = 0, rests = 0;
  for (const std::size_t start : finished.starts) {
    std::size_t between = 0;
    for (std::size_t m = 1; m < setup.learnable(); ++m) between += finished.rests(start, m);
    const bool ends = finished.rests(start, setup.learnable());
    rests += between;
    successes += ends && between == (setup.merged ? 0 : setup.learnable() - 1);
  }
  const std::string what = setup.merged ? "share of the starts that fall in one drop"
                                        : "share of the starts that rest at every level";
  apply(judge({share_comparison(what + ", minus a half", static_cast<int>(successes),
                                static_cast<int>(finished.starts.size()), kMostStarts)}),
        claim);
  claim.evidence =
      std::to_string(successes) + " of " + counted(finished.starts.size(), "start") + " do; " +
      "between the first and the last level a start rests " +
      short_text(static_cast<double>(rests) / static_cast<double>(finished.starts.size())) +
      " times on average, of " + counted(setup.learnable() - 1, "level") +
      ". Sizes: " + sizes_text(setups) + ".";
  return claim;
}

void add_notes(std::span<const PlateauSetup> setups, std::span<const PlateauOutcome> outcomes,
               const Finished& finished, Result& result) {
  const PlateauSetup& setup = setups.front();
  std::size_t short_of = 0;
  for (const std::size_t start : finished.starts) {
    short_of += !finished.rests(start, setup.learnable());
  }
  if (short_of > 0) {
    result.notes.push_back(counted(short_of, "start") +
                           " did not reach the last level: more steps, or a larger start.");
  }
  bool rises = false;
  for (const PlateauOutcome& outcome : outcomes) {
    for (std::size_t i = 1; i < outcome.curve.size(); ++i) {
      rises = rises || outcome.curve[i].risk > outcome.curve[i - 1].risk * (1 + 1e-9);
    }
  }
  if (rises) {
    result.notes.push_back(
        "The risk rose for some steps, which gradient flow never does: lower the rate.");
  }
}

}  // namespace

std::vector<PlateauRow> plateau_rows(std::span<const PlateauSetup> setups,
                                     std::span<const PlateauOutcome> outcomes) {
  std::vector<PlateauRow> rows;
  for (std::size_t t = 0; t < outcomes.size(); ++t) {
    const PopulationRisk risk = risk_of(setups[t]);
    for (const Plateau& plateau : plateaus_of(outcomes[t].curve)) {
      std::size_t nearest = 0;
      const auto distance = [&](std::size_t m) { return std::abs(risk.level(m) - plateau.risk); };
      for (std::size_t m = 1; m <= risk.dim(); ++m) {
        if (distance(m) < distance(nearest)) nearest = m;
      }
      rows.push_back({nearest, risk.level(nearest), plateau.risk, plateau.first_step,
                      plateau.last_step, t + 1});
    }
  }
  return rows;
}

std::vector<Claim> plateau_claims(std::span<const PlateauSetup> setups,
                                  std::span<const PlateauOutcome> outcomes) {
  const Finished finished(setups, outcomes);
  return {level_claim(setups, finished), stairs_claim(setups, finished)};
}

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
  add_notes(setups, outcomes, Finished(setups, outcomes), result);
  findings.figures = {stairs_figure(setups, outcomes), direction_figure(setups, directions),
                      matrix_figure(setups, matrices), level_figure(setups, plateaus)};
  return findings;
}

}  // namespace attnlab::in_context
