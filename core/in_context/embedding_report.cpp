// icl-embedding: its table, verdict and figure.
#include <algorithm>
#include <cmath>
#include <map>

#include "core/in_context/parameters.h"
#include "core/in_context/training_report_parts.h"

namespace attnlab::in_context {

using namespace training_report;

Result reduce_embedding(const RunSpec& spec, std::span<const JobOutput> outputs) {
  Result result;
  const Expected<TrainingStudy> study = read_training_study(spec);
  if (!study) return result;
  const TrainingOutcome outcome = read_training(*study, outputs, result.notes);
  Table risk;
  risk.name = "risk";
  risk.caption = "Risk of trained heads of rank p/h on fresh prompts, with one standard error";
  risk.columns = training_columns();
  risk.columns.push_back({"embedding", "embedding p", ""});
  for (std::size_t m = 0; m < study->models.size(); ++m) {
    const TrainedModel& model = outcome.models[m];
    if (model.risk.count == 0) continue;
    std::vector<Cell> row = risk_row(study->models[m], model.risk, model.risk.count, model.steps);
    row.push_back(whole(study->models[m].embedding));
    risk.rows.push_back(std::move(row));
  }
  result.tables = {std::move(risk), outcome_table(*study, outcome), optimum_table(*study, outcome)};
  Claim claim{"C1",
              "With a large enough embedding, several heads that share it predict better than one.",
              ClaimStatus::kUndecided,
              {}};
  // At the largest p at which one head and several are measured, with the most heads.
  std::size_t p = 0, heads = 0;
  for (const TrainingSetup& setup : study->models) {
    if (setup.heads < 2 || setup.embedding < p) continue;
    if (setup.embedding == p && setup.heads < heads) continue;
    if (gaps_over_trials(*study, outcome, setup.heads, setup.embedding).empty()) continue;
    p = setup.embedding;
    heads = setup.heads;
  }
  if (heads == 0) {
    claim.evidence = "Needs one head and several at one embedding dimension: heads 1,2.";
  } else {
    claim = judged_by_training(std::move(claim), *study, outcome, heads, p);
    claim.evidence = "At p = " + std::to_string(p) + ": " + claim.evidence;
  }
  result.claims = {std::move(claim)};
  for (const std::string& sentence : study->skipped) result.notes.push_back(sentence);
  result.notes.push_back(
      "Heads of rank p/h can together reach the debiased linear predictor from p = d on, and not "
      "below: our derivation (docs/derivations.md).");
  return result;
}

std::vector<Figure> embedding_figures(const RunSpec& spec, const Result& result) {
  const Expected<TrainingStudy> study = read_training_study(spec);
  if (!study) return {Figure{}};
  Figure figure;
  figure.id = "embedding";
  figure.title = "How large must the embedding be before several heads win?";
  figure.subtitle = sizes_text(*study) + ", heads of rank p/h.  Bars: ±1 standard error.";
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
  figure.draw_lines().references = {{true, real_of(study->models.front().dim), "p = d"}};
  const Table* table = result.table("risk");
  for (const std::int64_t heads : spec.parameters.integers("heads")) {
    Series series;
    series.id = "heads/" + std::to_string(heads);
    series.label = heads_text(static_cast<std::size_t>(heads));
    series.note = "trained, then measured on fresh prompts";
    series.colour = heads_colour(static_cast<std::size_t>(heads));
    std::map<double, std::vector<double>> risks;  // by p, over the training seeds
    std::map<double, FigurePoint> points;
    for (const auto& row : table == nullptr ? std::vector<std::vector<Cell>>{} : table->rows) {
      if (number(row[1]) != static_cast<double>(heads)) continue;
      const double p = number(row[16]);
      risks[p].push_back(number(row[6]));
      points[p] = {p, number(row[6]), number(row[7]), 1};
      if (risks[p].size() < 2) continue;
      const Estimate mean = mean_and_error(risks[p]);
      points[p] = {p, mean.mean, mean.std_error, mean.count};
    }
    for (const auto& [p, point] : points) series.points.push_back(point);
    figure.draw_lines().series.push_back(std::move(series));
  }
  add_optimum_levels(result, figure.x.min, figure.x.max, figure);
  return {figure};
}

}  // namespace attnlab::in_context
