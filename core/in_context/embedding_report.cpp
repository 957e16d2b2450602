// icl-embedding: its table, verdict and figure.
#include "core/in_context/parameters.h"
#include "core/in_context/training_report_parts.h"

namespace attnlab::in_context {

using namespace training_report;

namespace {

/// The risks of all models trained to the end.
std::vector<TrainingRow> embedding_rows(const TrainingStudy& study,
                                        const TrainingOutcome& outcome) {
  std::vector<TrainingRow> rows;
  for (std::size_t m = 0; m < study.models.size(); ++m) {
    const TrainedModel& model = outcome.models[m];
    if (model.risk.count == 0) continue;
    rows.push_back(training_row(study.models[m], model.risk, model.risk.count, model.steps));
  }
  return rows;
}

Table embedding_table(std::span<const TrainingRow> rows) {
  RowTable<TrainingRow> table{
      "risk", "Risk of trained heads of rank p/h on fresh prompts, with one standard error",
      training_columns()};
  table.columns.push_back(column<&TrainingRow::embedding>("embedding", "embedding p"));
  return table.of(rows);
}

Claim embedding_claim(const TrainingStudy& study, const TrainingOutcome& outcome) {
  Claim claim{"C1",
              "With a large enough embedding, several heads that share it predict better than one.",
              ClaimStatus::kUndecided,
              {}};
  // At the largest p at which one head and several are measured, with the most heads.
  std::size_t p = 0, heads = 0;
  for (const TrainingSetup& setup : study.models) {
    if (setup.heads < 2 || setup.embedding < p) continue;
    if (setup.embedding == p && setup.heads < heads) continue;
    if (gaps_over_trials(study, outcome, setup.heads, setup.embedding).empty()) continue;
    p = setup.embedding;
    heads = setup.heads;
  }
  if (heads == 0) {
    untrained(study, claim);
    return claim;
  }
  claim = judged_by_training(std::move(claim), study, outcome, heads, p);
  claim.evidence = "At p = " + std::to_string(p) + ": " + claim.evidence;
  return claim;
}

Figure embedding_figure(const RunSpec& spec, const TrainingStudy& study,
                        std::span<const TrainingRow> rows, std::span<const OptimumRow> optimum) {
  Figure figure;
  figure.id = "embedding";
  figure.title = "How large must the embedding be before several heads win?";
  figure.subtitle = sizes_text(study) + ", heads of rank p/h.  Bars: ±1 standard error.";
  figure.x.label = "embedding dimension p";
  figure.y.label = "trained risk E(ŷ − θᵀx)²";
  figure.y.logarithmic = true;
  figure.table = "risk";
  figure.empty_text = "Press Run: each trained model adds a point.";
  for (const std::int64_t p : spec.parameters.integers("embedding")) {
    figure.x.ticks.push_back(static_cast<double>(p));
  }
  figure.x.min = figure.x.ticks.front();
  figure.x.max = figure.x.ticks.back();
  figure.draw_lines().references = {{true, real_of(study.models.front().dim), "p = d"}};
  for (const std::int64_t count : spec.parameters.integers("heads")) {
    const std::size_t heads = static_cast<std::size_t>(count);
    Series series;
    series.id = "heads/" + std::to_string(heads);
    series.label = heads_text(heads);
    series.note = "trained, then measured on fresh prompts";
    series.colour = heads_colour(heads);
    series.points =
        mean_points(rows, heads, [](const TrainingRow& row) { return real_of(row.embedding); });
    figure.draw_lines().series.push_back(std::move(series));
  }
  add_optimum_levels(optimum, figure.x.min, figure.x.max, figure);
  return figure;
}

}  // namespace

Findings find_embedding(const RunSpec& spec, std::span<const JobOutput> outputs) {
  const Expected<TrainingStudy> study = read_training_study(spec);
  if (!study) return {Result{}, {Figure{}}};
  Findings findings;
  Result& result = findings.result;
  const TrainingOutcome outcome = read_training(*study, outputs, result.notes);
  const std::vector<TrainingRow> rows = embedding_rows(*study, outcome);
  const std::vector<OptimumRow> optimum = optimum_rows(*study, outcome);
  result.tables = {embedding_table(rows), outcome_table(outcome_rows(*study, outcome)),
                   optimum_table(*study, optimum)};
  result.claims = {embedding_claim(*study, outcome)};
  for (const std::string& sentence : study->skipped) result.notes.push_back(sentence);
  result.notes.push_back(
      "Heads of rank p/h can together reach the debiased linear predictor from p = d on, and not "
      "below: our derivation (docs/derivations.md).");
  findings.figures = {embedding_figure(spec, *study, rows, optimum)};
  return findings;
}

}  // namespace attnlab::in_context
