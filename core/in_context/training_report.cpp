// icl-training: its tables, verdicts and figures.
#include <algorithm>
#include <cmath>
#include <limits>

#include "core/findings/palette.h"
#include "core/base/text.h"
#include "core/in_context/parameters.h"
#include "core/in_context/risk_study.h"
#include "core/in_context/training_report_parts.h"

namespace attnlab::in_context {

using namespace training_report;

namespace {

Table matrix_table(const TrainingStudy& study, const TrainingOutcome& outcome) {
  Table table;
  table.name = "matrices";
  table.caption = "Query-key matrices (row: key entry, the last is y; column: query entry) and value "
                  "vectors of the trained heads";
  table.columns = {{"heads", "heads h", ""}, {"head", "head", ""},     {"matrix", "matrix", ""},
                   {"row", "row", ""},       {"column", "column", ""}, {"value", "value", ""}};
  for (std::size_t m = 0; m < study.models.size(); ++m) {
    const TrainedModel& model = outcome.models[m];
    const std::size_t d = study.models[m].dim;
    for (std::size_t h = 0; h < model.key_query.size(); ++h) {
      for (std::size_t j = 0; j < model.key_query[h].size(); ++j) {
        table.rows.push_back({whole(study.models[m].heads), whole(h + 1), std::string("KQ"),
                              whole(j / d + 1), whole(j % d + 1),
                              real_cell(model.key_query[h][j])});
      }
      for (std::size_t j = 0; j < model.value[h].size(); ++j) {
        table.rows.push_back({whole(study.models[m].heads), whole(h + 1), std::string("OV"),
                              whole(1), whole(j + 1), real_cell(model.value[h][j])});
      }
    }
  }
  return table;
}

/// C1 by training: the largest trained head count against one trained head.
Claim training_claim(const TrainingStudy& study, const TrainingOutcome& outcome) {
  Claim claim{"C1", "Several trained softmax heads predict better than one trained head.",
              ClaimStatus::kUndecided, {}};
  const TrainedModel *one = nullptr, *many = nullptr;
  std::size_t many_heads = 0;
  for (std::size_t m = 0; m < study.models.size(); ++m) {
    if (outcome.models[m].risk.count == 0) continue;
    if (study.models[m].heads == 1) one = &outcome.models[m];
    if (study.models[m].heads < 2) continue;
    many = &outcome.models[m];
    many_heads = study.models[m].heads;
  }
  if (one == nullptr || many == nullptr) {
    claim.evidence = "Needs one head and several, trained to the end: heads 1,2.";
    return claim;
  }
  const double gap = one->risk.mean - many->risk.mean;
  const double error = std::hypot(one->risk.std_error, many->risk.std_error);
  if (gap > kNormal95 * error) claim.status = ClaimStatus::kHolds;
  if (gap < -kNormal95 * error) claim.status = ClaimStatus::kFails;
  // Heads that never left the one-head solution say nothing about what several heads can do.
  bool trapped = false;
  for (std::size_t m = 0; m < study.models.size(); ++m) {
    trapped = trapped || verdict_of(study, outcome, m) == TrainingVerdict::kTrapped;
  }
  if (trapped) claim.status = ClaimStatus::kUndecided;
  claim.evidence = "1 head " + risk_text(*one) + ", " + heads_text(many_heads) + " " +
                   risk_text(*many) + ", difference " + short_text(gap) + " (95 % interval " +
                   short_text(gap - kNormal95 * error) + " to " +
                   short_text(gap + kNormal95 * error) + "). Sizes: " + sizes_text(study) + ".";
  if (trapped) {
    claim.evidence += " Several heads are trapped at the one-head risk, so this start does not "
                      "decide; start with alternating signs.";
  }
  return claim;
}

void add_verdicts(const TrainingStudy& study, const TrainingOutcome& outcome, Result& result) {
  for (std::size_t m = 0; m < study.models.size(); ++m) {
    const TrainingVerdict verdict = verdict_of(study, outcome, m);
    if (verdict == TrainingVerdict::kUnknown) continue;
    const Estimate best = optimum_of(study, outcome, study.models[m].heads);
    std::string text = heads_text(study.models[m].heads) + ": " + verdict_text(verdict) +
                       " (trained " + risk_text(outcome.models[m]) + ", optimum " +
                       estimate_text(best.mean, best.std_error) + ").";
    if (verdict == TrainingVerdict::kTrapped) {
      text += " Heads that start with the same sign all average in the same direction; none has a "
              "reason to change its sign.";
    }
    if (verdict == TrainingVerdict::kAbove) text += " More steps bring it closer.";
    result.notes.push_back(std::move(text));
  }
}

/// Loss curves, read back from the main table.
Series loss_series(const Result& result, std::size_t heads) {
  Series series;
  series.id = "heads/" + std::to_string(heads);
  series.label = heads_text(heads);
  series.note = "mean loss of the prompts of a window of steps, every prompt new";
  series.colour = heads_colour(heads);
  if (const Table* table = result.table("risk")) {
    for (const auto& row : table->rows) {
      if (number(row[1]) != real_of(heads)) continue;
      series.points.push_back({number(row[13]), number(row[6]), number(row[7]),
                               static_cast<int>(number(row[12]))});
    }
  }
  if (const Table* table = result.table("outcome")) {
    for (const auto& row : table->rows) {
      if (number(row[0]) != real_of(heads)) continue;
      const std::string& verdict = std::get<std::string>(row[7]);
      if (verdict == verdict_text(TrainingVerdict::kTrapped)) series.label += " (trapped)";
    }
  }
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

Figure matrix_figure(const TrainingSetup& setup, const Result& result) {
  const std::size_t d = setup.dim;
  Figure figure;
  figure.id = "matrices-" + std::to_string(setup.heads);
  figure.title = "What do the matrices of " + heads_text(setup.heads) + " become?";
  figure.subtitle =
      "KQ: how the score weighs key entry (row) times query entry (column). OV: what each head adds "
      "of an attended example.";
  figure.table = "matrices";
  figure.empty_text = "Press Run: the matrices form while the heads learn.";
  for (std::size_t h = 0; h < setup.heads; ++h) {
    HeatPanel panel = panel_of("kq-" + std::to_string(h + 1), "KQ of head " + std::to_string(h + 1),
                               d + 1, d);
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
  if (const Table* table = result.table("matrices")) {
    for (const auto& row : table->rows) {
      if (number(row[0]) != real_of(setup.heads)) continue;
      const std::size_t head = static_cast<std::size_t>(number(row[1])) - 1;
      const std::size_t i = static_cast<std::size_t>(number(row[3])) - 1;
      const std::size_t j = static_cast<std::size_t>(number(row[4])) - 1;
      if (std::get<std::string>(row[2]) == "KQ") {
        figure.draw_maps().panels[head].values[i * d + j] = number(row[5]);
      } else {
        values.values[head * (d + 1) + j] = number(row[5]);
      }
    }
  }
  figure.draw_maps().panels.push_back(std::move(values));
  return figure;
}

}  // namespace

Result reduce_training(const RunSpec& spec, std::span<const JobOutput> outputs) {
  Result result;
  const Expected<TrainingStudy> study = read_training_study(spec);
  if (!study) return result;
  const TrainingOutcome outcome = read_training(*study, outputs, result.notes);
  Table risk;
  risk.name = "risk";
  risk.caption = "Mean loss of windows of training steps, with one standard error over steps; theory "
                 "is the leading order in 1/D (our derivation, docs/derivations.md)";
  risk.columns = training_columns();
  for (std::size_t m = 0; m < study->models.size(); ++m) {
    double last = 0;
    for (const LossPoint& point : outcome.models[m].curve) {
      const double window = 2 * (point.step - last) - 1;  // steps since the window before
      last += window;
      risk.rows.push_back(risk_row(study->models[m], {point.loss, point.std_error, 0},
                                   window * real_of(study->models[m].batch), point.step));
    }
  }
  result.tables = {std::move(risk), outcome_table(*study, outcome),
                   optimum_table(*study, outcome), matrix_table(*study, outcome)};
  result.claims = {training_claim(*study, outcome)};
  add_verdicts(*study, outcome, result);
  return result;
}

std::vector<Figure> training_figures(const RunSpec& spec, const Result& result) {
  const Expected<TrainingStudy> study = read_training_study(spec);
  if (!study) return {Figure{}};
  const TrainingSetup& first = study->models.front();
  Figure figure;
  figure.id = "training";
  figure.title = "How far do one and several heads get by training?";
  figure.subtitle = sizes_text(*study) + ".  Dotted: the best head set, by Monte Carlo.";
  figure.x.label = "training step";
  figure.x.logarithmic = true;
  figure.x.min = 4;
  figure.x.max = std::max(real_of(first.steps), 8.0);
  figure.y.label = "loss E(ŷ − θᵀx)²";
  figure.y.logarithmic = true;
  figure.table = "risk";
  figure.empty_text = "Press Run: the loss curves grow while the heads learn.";
  std::vector<Figure> figures;
  for (const TrainingSetup& setup : study->models) {
    figure.draw_lines().series.push_back(loss_series(result, setup.heads));
  }
  add_optimum_levels(result, figure.x.min, figure.x.max, figure);
  figures.push_back(std::move(figure));
  for (const TrainingSetup& setup : study->models) figures.push_back(matrix_figure(setup, result));
  return figures;
}

}  // namespace attnlab::in_context
