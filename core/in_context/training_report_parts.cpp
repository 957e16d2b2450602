// The shared parts of the training reports.
#include "core/in_context/training_report_parts.h"

#include <cmath>
#include <cstdint>
#include <limits>
#include <map>

#include "core/base/text.h"
#include "core/findings/verdict.h"
#include "core/in_context/parameters.h"
#include "core/in_context/risk_study.h"

namespace attnlab::in_context::training_report {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

}  // namespace

double real_of(std::size_t value) {
  return static_cast<double>(value);
}

TrainingRow training_row(const TrainingSetup& setup, const Estimate& risk, double prompts,
                         double step) {
  const Scenario scenario = setup.scenario();
  TrainingRow row;
  row.scenario = scenario;
  row.predictor = "softmax";
  row.heads = setup.heads;
  row.risk = risk.mean;
  row.std_error = risk.std_error;
  row.theory = risk_theory(scenario, setup.heads);
  row.variant = "trained";
  row.prompts = static_cast<std::int64_t>(prompts);
  row.step = std::llround(step);
  row.seed = static_cast<std::int64_t>(setup.seed & ((std::uint64_t{1} << 40) - 1));
  row.trial = setup.trial + 1;
  row.embedding = setup.embedding;
  return row;
}

std::vector<RowColumn<TrainingRow>> training_columns() {
  std::vector<RowColumn<TrainingRow>> columns = risk_columns<TrainingRow>();
  columns.push_back(column<&TrainingRow::step>("step", "step"));
  columns.push_back(column<&TrainingRow::seed>("seed", "seed"));
  columns.push_back(column<&TrainingRow::trial>("trial", "training seed"));
  return columns;
}

std::vector<OutcomeRow> outcome_rows(const TrainingStudy& study, const TrainingOutcome& outcome) {
  std::vector<OutcomeRow> rows;
  for (std::size_t m = 0; m < study.models.size(); ++m) {
    const TrainingSetup& setup = study.models[m];
    const TrainedModel& model = outcome.models[m];
    if (model.risk.count == 0) continue;
    OutcomeRow row;
    row.heads = setup.heads;
    if (setup.embedding != 0) row.embedding = setup.embedding;
    row.trained = model.risk;
    row.optimum = optimum_of(study, outcome, setup.heads);
    if (row.optimum.count == 0) row.optimum = {kNaN, kNaN, 0};
    row.verdict = verdict_of(study, outcome, m);
    row.trial = setup.trial + 1;
    row.rotation = rotation(model, setup.dim);
    rows.push_back(row);
  }
  return rows;
}

namespace {

double trained_risk(const OutcomeRow& row) {
  return row.trained.mean;
}
double trained_error(const OutcomeRow& row) {
  return row.trained.std_error;
}
double optimum_risk(const OutcomeRow& row) {
  return row.optimum.mean;
}
double optimum_error(const OutcomeRow& row) {
  return row.optimum.std_error;
}
double trained_over_optimum(const OutcomeRow& row) {
  return row.trained.mean / row.optimum.mean;
}
std::string verdict_cell(const OutcomeRow& row) {
  return verdict_text(row.verdict);
}

}  // namespace

Table outcome_table(std::span<const OutcomeRow> rows) {
  const RowTable<OutcomeRow> table{
      "outcome",
      "Risk of the trained heads on fresh prompts, and the best head set with KQ = bI, found by "
      "Monte Carlo; rotation is the largest distance of a head's KQ from a multiple of I, relative "
      "to its norm",
      {column<&OutcomeRow::heads>("heads", "heads h"),
       column<&OutcomeRow::embedding>("embedding", "embedding p"),
       column<&trained_risk>("trained_risk", "trained risk", "trained_std_error"),
       column<&trained_error>("trained_std_error", "standard error"),
       column<&optimum_risk>("optimum", "Monte Carlo optimum", "optimum_std_error"),
       column<&optimum_error>("optimum_std_error", "standard error of the optimum"),
       column<&trained_over_optimum>("ratio", "trained / optimum"),
       column<&verdict_cell>("verdict", "verdict"),
       column<&OutcomeRow::trial>("trial", "training seed"),
       column<&OutcomeRow::rotation>("rotation", "rotation")}};
  return table.of(rows);
}

std::vector<OptimumRow> optimum_rows(const TrainingStudy& study, const TrainingOutcome& outcome) {
  std::vector<OptimumRow> rows;
  for (std::size_t i = 0; i < study.heads.size(); ++i) {
    const Estimate& estimate = outcome.optimum[i];
    if (estimate.count > 0) rows.push_back({study.heads[i], estimate.mean, estimate.std_error});
  }
  return rows;
}

Table optimum_table(const TrainingStudy& study, std::span<const OptimumRow> rows) {
  const RowTable<OptimumRow> table{
      "optimum",
      "Risk of the best head sets with KQ = bI and values that read y" +
          std::string(study.models.front().attend_query ? ", the query attended" : "") +
          ", by Monte Carlo",
      {column<&OptimumRow::heads>("heads", "heads h"),
       column<&OptimumRow::risk>("risk", "risk", "std_error"),
       column<&OptimumRow::std_error>("std_error", "standard error")}};
  return table.of(rows);
}

std::vector<FigurePoint> mean_points(std::span<const TrainingRow> rows, std::size_t heads,
                                     double (*x)(const TrainingRow&)) {
  std::map<double, std::vector<double>> risks;
  std::map<double, FigurePoint> points;
  for (const TrainingRow& row : rows) {
    if (row.heads != heads) continue;
    const double at = x(row);
    risks[at].push_back(row.risk);
    points[at] = {at, row.risk, row.std_error, 1};
    if (risks[at].size() < 2) continue;
    const Estimate mean = mean_and_error(risks[at]);
    points[at] = {at, mean.mean, mean.std_error, mean.count};
  }
  std::vector<FigurePoint> all;
  for (const auto& [at, point] : points) all.push_back(point);
  return all;
}

std::string sizes_text(const TrainingStudy& study) {
  const TrainingSetup& setup = study.models.front();
  return "d = " + std::to_string(setup.dim) + ", D = " + std::to_string(setup.prompt_length) +
         (setup.noise > 0 ? ", σ² = " + short_text(setup.noise) : std::string()) + ", " +
         counted(setup.steps, "step") + " of " + counted(setup.batch, "prompt") + ", " +
         counted(study.trials, "training seed");
}

Estimate risk_over_trials(const TrainingStudy& study, const TrainingOutcome& outcome,
                          std::size_t heads, std::size_t embedding) {
  std::vector<double> risks;
  Estimate last;
  for (std::size_t m = 0; m < study.models.size(); ++m) {
    const bool wanted = study.models[m].heads == heads && study.models[m].embedding == embedding;
    if (!wanted || outcome.models[m].risk.count == 0) continue;
    last = outcome.models[m].risk;
    risks.push_back(last.mean);
  }
  return risks.size() < 2 ? last : mean_and_error(risks);
}

std::vector<double> gaps_over_trials(const TrainingStudy& study, const TrainingOutcome& outcome,
                                     std::size_t heads, std::size_t embedding) {
  std::vector<double> gaps;
  for (std::size_t m = 0; m < study.models.size(); ++m) {
    for (std::size_t n = 0; n < study.models.size(); ++n) {
      const TrainingSetup &one = study.models[m], &many = study.models[n];
      if (one.heads != 1 || many.heads != heads || one.trial != many.trial) continue;
      if (one.embedding != embedding || many.embedding != embedding) continue;
      if (outcome.models[m].risk.count == 0 || outcome.models[n].risk.count == 0) continue;
      gaps.push_back(outcome.models[m].risk.mean - outcome.models[n].risk.mean);
    }
  }
  return gaps;
}

void untrained(const TrainingStudy& study, Claim& claim) {
  const auto any = [&](bool several) {
    return std::any_of(study.models.begin(), study.models.end(),
                       [&](const TrainingSetup& setup) { return (setup.heads > 1) == several; });
  };
  if (any(false) && any(true)) {
    claim.evidence = "Needs one head and several at one embedding dimension, trained to the end.";
  } else {
    lack(claim, {"one head and several", {{"heads", "1,2"}}});
  }
}

Claim judged_by_training(Claim claim, const TrainingStudy& study, const TrainingOutcome& outcome,
                         std::size_t heads, std::size_t embedding) {
  const std::vector<double> gaps = gaps_over_trials(study, outcome, heads, embedding);
  Comparison comparison = mean_comparison(
      "trained risk of one head minus the trained risk of " + heads_text(heads), gaps);
  comparison.paired_by = "training seed";
  comparison.can_refute = false;  // several heads can do what one does: less is a bad training
  const Verdict verdict = judge({std::move(comparison)});
  apply(verdict, claim);
  const Estimate one = risk_over_trials(study, outcome, 1, embedding);
  const Estimate many = risk_over_trials(study, outcome, heads, embedding);
  claim.evidence = "1 head " + estimate_text(one.mean, one.std_error) + ", " + heads_text(heads) +
                   " " + estimate_text(many.mean, many.std_error) + ", difference " +
                   interval_text(verdict.comparisons.front()) + " over " +
                   counted(gaps.size(), "training seed") + ". Sizes: " + sizes_text(study) + ".";
  if (gaps.size() < 2) claim.evidence += " A verdict needs two training seeds: trials 2.";
  return claim;
}

std::string risk_text(const TrainedModel& model) {
  return estimate_text(model.risk.mean, model.risk.std_error);
}

void add_optimum_levels(std::span<const OptimumRow> rows, double low, double high, Figure& figure) {
  for (const OptimumRow& row : rows) {
    Series level;
    level.id = "optimum/" + std::to_string(row.heads);
    level.label = "best " + heads_text(row.heads) + ", KQ = bI";
    level.note =
        "risk of the best head set whose query-key matrices are multiples of I and whose "
        "values read y, by Monte Carlo; heads with other matrices can do better";
    level.role = SeriesRole::kExact;
    level.colour = heads_colour(row.heads);
    level.points = {{low, row.risk, 0, 0}, {high, row.risk, 0, 0}};
    figure.draw_lines().series.push_back(std::move(level));
  }
}

}  // namespace attnlab::in_context::training_report
