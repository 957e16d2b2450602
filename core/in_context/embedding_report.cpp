// icl-embedding: its table, verdict and figure.
#include <algorithm>
#include <cmath>

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
  result.tables = {std::move(risk), outcome_table(*study, outcome),
                   optimum_table(*study, outcome)};
  Claim claim{"C1",
              "With a large enough embedding, several heads that share it predict better than one.",
              ClaimStatus::kUndecided,
              {}};
  // At the largest p at which one head and several are measured.
  const TrainedModel *one = nullptr, *many = nullptr;
  std::size_t p = 0, heads = 0;
  for (std::size_t m = 0; m < study->models.size(); ++m) {
    const TrainingSetup& setup = study->models[m];
    if (setup.heads != 1 || outcome.models[m].risk.count == 0) continue;
    for (std::size_t n = 0; n < study->models.size(); ++n) {
      const TrainingSetup& other = study->models[n];
      if (other.heads < 2 || other.embedding != setup.embedding) continue;
      if (outcome.models[n].risk.count == 0 || setup.embedding < p) continue;
      const bool better = many == nullptr || setup.embedding > p ||
                          outcome.models[n].risk.mean < many->risk.mean;
      if (!better) continue;
      one = &outcome.models[m];
      many = &outcome.models[n];
      p = setup.embedding;
      heads = other.heads;
    }
  }
  if (many == nullptr) {
    claim.evidence = "Needs one head and several at one embedding dimension: heads 1,2.";
  } else {
    const double gap = one->risk.mean - many->risk.mean;
    const double error = std::hypot(one->risk.std_error, many->risk.std_error);
    if (gap > kNormal95 * error) claim.status = ClaimStatus::kHolds;
    if (gap < -kNormal95 * error) claim.status = ClaimStatus::kFails;
    claim.evidence = "At p = " + std::to_string(p) + ": 1 head " + risk_text(*one) + ", " +
                     heads_text(heads) + " " + risk_text(*many) + ". Sizes: " +
                     sizes_text(*study) + ".";
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
    for (const auto& row : table == nullptr ? std::vector<std::vector<Cell>>{} : table->rows) {
      if (number(row[1]) != static_cast<double>(heads)) continue;
      series.points.push_back({number(row[15]), number(row[6]), number(row[7]),
                               static_cast<int>(number(row[12]))});
    }
    std::sort(series.points.begin(), series.points.end(),
              [](const FigurePoint& a, const FigurePoint& b) { return a.x < b.x; });
    figure.draw_lines().series.push_back(std::move(series));
  }
  add_optimum_levels(result, figure.x.min, figure.x.max, figure);
  return {figure};
}

}  // namespace attnlab::in_context
