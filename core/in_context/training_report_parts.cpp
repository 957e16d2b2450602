// The shared parts of the training reports.
#include "core/in_context/training_report_parts.h"

#include <cmath>
#include <cstdint>
#include <limits>

#include "core/base/text.h"
#include "core/findings/verdict.h"
#include "core/in_context/parameters.h"
#include "core/in_context/risk_study.h"

namespace attnlab::in_context::training_report {

Cell whole(std::size_t value) {
  return static_cast<std::int64_t>(value);
}

double number(const Cell& cell) {
  if (const auto* integer = std::get_if<std::int64_t>(&cell)) return static_cast<double>(*integer);
  if (const auto* real = std::get_if<double>(&cell)) return *real;
  return std::numeric_limits<double>::quiet_NaN();
}

double real_of(std::size_t value) {
  return static_cast<double>(value);
}

std::vector<Cell> risk_row(const TrainingSetup& setup, const Estimate& risk, double prompts,
                           double step) {
  const Scenario scenario = setup.scenario();
  const double length = real_of(setup.prompt_length);
  std::vector<Cell> row = {std::string("softmax"),
                           whole(setup.heads),
                           whole(setup.dim),
                           whole(setup.prompt_length),
                           std::string(kSettingNames[std::size_t(scenario.setting)]),
                           real_cell(scenario.value),
                           real_cell(risk.mean),
                           real_cell(risk.std_error),
                           real_cell(length * risk.mean),
                           real_cell(risk_theory(scenario, setup.heads)),
                           real_cell(length * risk.std_error),
                           std::string("trained"),
                           static_cast<std::int64_t>(prompts)};
  row.push_back(static_cast<std::int64_t>(std::llround(step)));
  row.push_back(static_cast<std::int64_t>(setup.seed & ((std::uint64_t{1} << 40) - 1)));
  row.push_back(whole(setup.trial + 1));
  return row;
}

std::vector<Column> training_columns() {
  std::vector<Column> columns = risk_columns();
  columns.push_back({"step", "step", ""});
  columns.push_back({"seed", "seed", ""});
  columns.push_back({"trial", "training seed", ""});
  return columns;
}

Table outcome_table(const TrainingStudy& study, const TrainingOutcome& outcome) {
  Table table;
  table.name = "outcome";
  table.caption =
      "Risk of the trained heads on fresh prompts beside the best head set with KQ = bI, found by "
      "Monte Carlo; rotation is the largest distance of a head's KQ from a multiple of I, relative "
      "to its norm";
  table.columns = {{"heads", "heads h", ""},
                   {"embedding", "embedding p", ""},
                   {"trained_risk", "trained risk", "trained_std_error"},
                   {"trained_std_error", "standard error", ""},
                   {"optimum", "Monte Carlo optimum", "optimum_std_error"},
                   {"optimum_std_error", "standard error of the optimum", ""},
                   {"ratio", "trained / optimum", ""},
                   {"verdict", "verdict", ""},
                   {"trial", "training seed", ""},
                   {"rotation", "rotation", ""}};
  for (std::size_t m = 0; m < study.models.size(); ++m) {
    const TrainedModel& model = outcome.models[m];
    if (model.risk.count == 0) continue;
    const Estimate best = optimum_of(study, outcome, study.models[m].heads);
    const bool known = best.count > 0;
    table.rows.push_back(
        {whole(study.models[m].heads),
         study.models[m].embedding == 0 ? Cell{} : whole(study.models[m].embedding),
         real_cell(model.risk.mean), real_cell(model.risk.std_error),
         known ? real_cell(best.mean) : Cell{}, known ? real_cell(best.std_error) : Cell{},
         known ? real_cell(model.risk.mean / best.mean) : Cell{},
         verdict_text(verdict_of(study, outcome, m)), whole(study.models[m].trial + 1),
         real_cell(rotation(model, study.models[m].dim))});
  }
  return table;
}

Table optimum_table(const TrainingStudy& study, const TrainingOutcome& outcome) {
  Table table;
  table.name = "optimum";
  table.caption = "Risk of the best head sets with KQ = bI and values that read y" +
                  std::string(study.models.front().attend_query ? ", the query attended" : "") +
                  ", by Monte Carlo";
  table.columns = {
      {"heads", "heads h", ""}, {"risk", "risk", "std_error"}, {"std_error", "standard error", ""}};
  for (std::size_t i = 0; i < study.heads.size(); ++i) {
    const Estimate& estimate = outcome.optimum[i];
    if (estimate.count == 0) continue;
    table.rows.push_back(
        {whole(study.heads[i]), real_cell(estimate.mean), real_cell(estimate.std_error)});
  }
  return table;
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

Claim judged_by_training(Claim claim, const TrainingStudy& study, const TrainingOutcome& outcome,
                         std::size_t heads, std::size_t embedding) {
  const std::vector<double> gaps = gaps_over_trials(study, outcome, heads, embedding);
  Comparison comparison =
      mean_comparison("trained risk of one head minus that of " + heads_text(heads), gaps);
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

void add_optimum_levels(const Result& result, double low, double high, Figure& figure) {
  const Table* table = result.table("optimum");
  if (table == nullptr) return;
  for (const auto& row : table->rows) {
    const std::size_t heads = static_cast<std::size_t>(number(row[0]));
    Series level;
    level.id = "optimum/" + std::to_string(heads);
    level.label = "best " + heads_text(heads) + ", KQ = bI";
    level.note =
        "risk of the best head set whose query-key matrices are multiples of I and whose "
        "values read y, by Monte Carlo; heads with other matrices can do better";
    level.role = SeriesRole::kExact;
    level.colour = heads_colour(heads);
    level.points = {{low, number(row[1]), 0, 0}, {high, number(row[1]), 0, 0}};
    figure.draw_lines().series.push_back(std::move(level));
  }
}

}  // namespace attnlab::in_context::training_report
