// icl-training: its tables, verdicts and figures.
#include <algorithm>
#include <cmath>
#include <limits>

#include "core/base/text.h"
#include "core/findings/palette.h"
#include "core/in_context/parameters.h"
#include "core/in_context/risk_study.h"
#include "core/in_context/training_report_parts.h"

namespace attnlab::in_context {

using namespace training_report;

namespace {

/// One entry of a trained matrix; rows, columns and heads from 1.
struct MatrixRow {
  std::size_t heads = 0, head = 0;
  std::string matrix;  ///< "KQ" or "OV"
  std::size_t row = 0, column = 0;
  double value = 0;
};

std::vector<MatrixRow> matrix_rows(const TrainingStudy& study, const TrainingOutcome& outcome) {
  std::vector<MatrixRow> rows;
  for (std::size_t m = 0; m < study.models.size(); ++m) {
    if (study.models[m].trial > 0) continue;
    const TrainedModel& model = outcome.models[m];
    const std::size_t heads = study.models[m].heads, d = study.models[m].dim;
    for (std::size_t h = 0; h < model.key_query.size(); ++h) {
      for (std::size_t j = 0; j < model.key_query[h].size(); ++j) {
        rows.push_back({heads, h + 1, "KQ", j / d + 1, j % d + 1, model.key_query[h][j]});
      }
      for (std::size_t j = 0; j < model.value[h].size(); ++j) {
        rows.push_back({heads, h + 1, "OV", 1, j + 1, model.value[h][j]});
      }
    }
  }
  return rows;
}

Table matrix_table(std::span<const MatrixRow> rows) {
  const RowTable<MatrixRow> table{
      "matrices",
      "Query-key matrices (row: key entry, the last is y; column: query entry) and value vectors "
      "of the trained heads, of the first training seed",
      {column<&MatrixRow::heads>("heads", "heads h"), column<&MatrixRow::head>("head", "head"),
       column<&MatrixRow::matrix>("matrix", "matrix"), column<&MatrixRow::row>("row", "row"),
       column<&MatrixRow::column>("column", "column"),
       column<&MatrixRow::value>("value", "value")}};
  return table.of(rows);
}

/// The mean loss of each window of training steps.
std::vector<TrainingRow> loss_rows(const TrainingStudy& study, const TrainingOutcome& outcome) {
  std::vector<TrainingRow> rows;
  for (std::size_t m = 0; m < study.models.size(); ++m) {
    double last = 0;
    for (const CurvePoint& point : outcome.models[m].curve) {
      const double window = 2 * (point.step - last) - 1;  // steps since the window before
      last += window;
      rows.push_back(training_row(study.models[m], {point.mean, point.std_error, 0},
                                  window * real_of(study.models[m].batch), point.step));
    }
  }
  return rows;
}

Table loss_table(std::span<const TrainingRow> rows) {
  const RowTable<TrainingRow> table{
      "risk",
      "Mean loss of windows of training steps, with one standard error over steps; theory is the "
      "leading order in 1/D (our derivation, docs/derivations.md)",
      training_columns()};
  return table.of(rows);
}

/// C1 by training: the largest trained head count against one trained head.
Claim training_claim(const TrainingStudy& study, const TrainingOutcome& outcome) {
  Claim claim{"C1",
              "Several trained softmax heads predict better than one trained head.",
              ClaimStatus::kUndecided,
              {}};
  std::size_t heads = 0;
  for (const TrainingSetup& setup : study.models) {
    const bool known = !gaps_over_trials(study, outcome, setup.heads, 0).empty();
    if (setup.heads > 1 && known) heads = std::max(heads, setup.heads);
  }
  if (heads == 0) {
    untrained(study, claim);
    return claim;
  }
  claim = judged_by_training(std::move(claim), study, outcome, heads, 0);
  // Heads that never left the one-head solution do not show what several heads can do.
  for (std::size_t m = 0; m < study.models.size(); ++m) {
    if (verdict_of(study, outcome, m) != TrainingVerdict::kTrapped) continue;
    claim.status = ClaimStatus::kUndecided;
    claim.evidence +=
        " Several heads are trapped, so this start does not decide; start with "
        "alternating signs.";
    break;
  }
  return claim;
}

/// What one verdict means, where it needs a word.
std::string verdict_note(const TrainingStudy& study, const TrainingOutcome& outcome, std::size_t m,
                         TrainingVerdict verdict) {
  const TrainedModel& model = outcome.models[m];
  const double gap = model.risk.mean - optimum_of(study, outcome, study.models[m].heads).mean;
  switch (verdict) {
    case TrainingVerdict::kTrapped:
      return study.models[m].start == HeadStart::kSame
                 ? " Heads that start with the same sign all average in the same direction; none "
                   "has a reason to change its sign."
                 : " The loss no longer falls there: from this start no head has a reason to "
                   "change.";
    case TrainingVerdict::kAbove:
      if (still_falls(model, gap)) return " The loss still falls: more steps bring it closer.";
      return " The loss no longer falls: more steps alone do not help." +
             std::string(
                 study.models[m].attend_query
                     ? " Where the query is attended, heads of negative scale do best: they "
                       "look away from it, because its label is unknown; a head that starts "
                       "with the other sign does not get there."
                     : "");
    case TrainingVerdict::kBelow:
      return " Training finds what no set with KQ = bI can do: KQ is " +
             short_text(100 * rotation(model, study.models[m].dim)) +
             " % away from a multiple of I, relative to its norm (table matrices).";
    case TrainingVerdict::kOptimal:
    case TrainingVerdict::kUnknown:
      break;
  }
  return {};
}

/// One sentence for each verdict that a head count got, with the training seeds that got it.
void add_verdicts(const TrainingStudy& study, const TrainingOutcome& outcome, Result& result) {
  constexpr TrainingVerdict kAll[] = {TrainingVerdict::kBelow, TrainingVerdict::kOptimal,
                                      TrainingVerdict::kAbove, TrainingVerdict::kTrapped};
  for (const std::size_t heads : study.heads) {
    for (const TrainingVerdict verdict : kAll) {
      std::vector<std::size_t> models;
      for (std::size_t m = 0; m < study.models.size(); ++m) {
        const bool same = study.models[m].heads == heads;
        if (same && verdict_of(study, outcome, m) == verdict) models.push_back(m);
      }
      if (models.empty()) continue;
      const Estimate best = optimum_of(study, outcome, heads);
      std::string text = heads_text(heads) + ": " + verdict_text(verdict);
      if (study.trials > 1) {
        text += " in " + std::to_string(models.size()) + " of " + std::to_string(study.trials) +
                " training seeds";
      }
      text += " (trained " + risk_text(outcome.models[models.front()]) + ", best with KQ = bI " +
              estimate_text(best.mean, best.std_error) + ").";
      result.notes.push_back(text + verdict_note(study, outcome, models.front(), verdict));
    }
  }
}

/// The loss curve of a head count: at each step the mean over the training seeds that reached it.
Series loss_series(std::span<const TrainingRow> losses, std::span<const OutcomeRow> outcomes,
                   std::size_t heads) {
  Series series;
  series.id = "heads/" + std::to_string(heads);
  series.label = heads_text(heads);
  series.note =
      "mean loss of the prompts of a window of steps, every prompt new, over the training "
      "seeds";
  series.colour = heads_colour(heads);
  series.points =
      mean_points(losses, heads, [](const TrainingRow& row) { return double(row.step); });
  const auto trapped = std::count_if(outcomes.begin(), outcomes.end(), [&](const OutcomeRow& row) {
    return row.heads == heads && row.verdict == TrainingVerdict::kTrapped;
  });
  if (trapped > 0) series.label += " (" + std::to_string(trapped) + " trapped)";
  return series;
}

HeatPanel panel_of(const std::string& id, std::string title, std::size_t rows,
                   std::size_t columns) {
  HeatPanel panel;
  panel.id = id;
  panel.title = std::move(title);
  panel.rows = rows;
  panel.columns = columns;
  panel.values.assign(rows * columns, std::numeric_limits<double>::quiet_NaN());
  panel.scale = ColourScale::kDiverging;
  return panel;
}

std::vector<std::string> token_labels(std::size_t dim, bool with_label) {
  std::vector<std::string> labels;
  for (std::size_t a = 0; a < dim; ++a) labels.push_back("x" + std::to_string(a + 1));
  if (with_label) labels.push_back("y");
  return labels;
}

Figure matrix_figure(const TrainingSetup& setup, std::span<const MatrixRow> rows) {
  const std::size_t d = setup.dim;
  Figure figure;
  figure.id = "matrices-" + std::to_string(setup.heads);
  figure.title = "What do the matrices of " + heads_text(setup.heads) + " become?";
  figure.subtitle =
      "KQ: how the score weighs key entry (row) times query entry (column). OV: the weights with "
      "which each head adds the entries of an attended example.";
  figure.table = "matrices";
  figure.empty_text = "Press Run: the matrices form while the heads learn.";
  for (std::size_t h = 0; h < setup.heads; ++h) {
    HeatPanel panel =
        panel_of("kq-" + std::to_string(h + 1), "KQ of head " + std::to_string(h + 1), d + 1, d);
    panel.x.label = "query entry";
    panel.y.label = "key entry";
    panel.x_labels = token_labels(d, false);
    panel.y_labels = token_labels(d, true);
    panel.scale_group = "kq";
    panel.value_label = "KQ";
    figure.draw_maps().panels.push_back(std::move(panel));
  }
  HeatPanel values = panel_of("ov", "OV of every head", setup.heads, d + 1);
  values.x.label = "example entry";
  values.y.label = "head";
  values.x_labels = token_labels(d, true);
  values.value_label = "OV";
  for (const MatrixRow& row : rows) {
    if (row.heads != setup.heads) continue;
    if (row.matrix == "KQ") {
      HeatPanel& panel = figure.draw_maps().panels[row.head - 1];
      panel.values[(row.row - 1) * d + row.column - 1] = row.value;
    } else {
      values.values[(row.head - 1) * (d + 1) + row.column - 1] = row.value;
    }
  }
  figure.draw_maps().panels.push_back(std::move(values));
  return figure;
}

Figure loss_figure(const TrainingStudy& study, std::span<const TrainingRow> losses,
                   std::span<const OutcomeRow> outcomes, std::span<const OptimumRow> optimum) {
  Figure figure;
  figure.id = "training";
  figure.title = "How far do one and several heads get by training?";
  figure.subtitle =
      sizes_text(study) +
      ".  Bars: ±1 standard error.  Dotted: the best head sets with KQ = bI, by Monte Carlo.";
  figure.x.label = "training step";
  figure.x.logarithmic = true;
  figure.x.min = 4;
  figure.x.max = std::max(real_of(study.models.front().steps), 8.0);
  figure.y.label = "loss E(ŷ − θᵀx)²";
  figure.y.logarithmic = true;
  figure.table = "risk";
  figure.empty_text = "Press Run: the loss curves grow while the heads learn.";
  for (const TrainingSetup& setup : study.models) {
    if (setup.trial > 0) continue;
    figure.draw_lines().series.push_back(loss_series(losses, outcomes, setup.heads));
  }
  add_optimum_levels(optimum, figure.x.min, figure.x.max, figure);
  return figure;
}

}  // namespace

Findings find_training(const RunSpec& spec, std::span<const JobOutput> outputs) {
  const Expected<TrainingStudy> study = read_training_study(spec);
  if (!study) return {Result{}, {Figure{}}};
  Findings findings;
  Result& result = findings.result;
  const TrainingOutcome outcome = read_training(*study, outputs, result.notes);
  const std::vector<TrainingRow> losses = loss_rows(*study, outcome);
  const std::vector<OutcomeRow> outcomes = outcome_rows(*study, outcome);
  const std::vector<OptimumRow> optimum = optimum_rows(*study, outcome);
  const std::vector<MatrixRow> matrices = matrix_rows(*study, outcome);
  result.tables = {loss_table(losses), outcome_table(outcomes), optimum_table(*study, optimum),
                   matrix_table(matrices)};
  result.claims = {training_claim(*study, outcome)};
  add_verdicts(*study, outcome, result);
  findings.figures.push_back(loss_figure(*study, losses, outcomes, optimum));
  for (const TrainingSetup& setup : study->models) {
    if (setup.trial == 0) findings.figures.push_back(matrix_figure(setup, matrices));
  }
  return findings;
}

}  // namespace attnlab::in_context
