// The shared parts of the training reports.
#include "core/in_context/training_report_parts.h"

#include <cmath>
#include <limits>

#include "core/base/text.h"
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
  std::vector<Cell> row = {
      std::string("softmax"), whole(setup.heads), whole(setup.dim), whole(setup.prompt_length),
      std::string(kSettingNames[std::size_t(scenario.setting)]), real_cell(scenario.value),
      real_cell(risk.mean), real_cell(risk.std_error), real_cell(length * risk.mean),
      real_cell(risk_theory(scenario, setup.heads)), real_cell(length * risk.std_error),
      std::string("trained"), static_cast<std::int64_t>(prompts)};
  row.push_back(static_cast<std::int64_t>(std::llround(step)));
  row.push_back(static_cast<std::int64_t>(setup.seed));
  return row;
}

std::vector<Column> training_columns() {
  std::vector<Column> columns = risk_columns();
  columns.push_back({"step", "step", ""});
  columns.push_back({"seed", "seed", ""});
  return columns;
}

Table outcome_table(const TrainingStudy& study, const TrainingOutcome& outcome) {
  Table table;
  table.name = "outcome";
  table.caption =
      "Risk of the trained heads on fresh prompts beside the best head set found by Monte Carlo";
  table.columns = {{"heads", "heads h", ""},
                   {"embedding", "embedding p", ""},
                   {"trained_risk", "trained risk", "trained_std_error"},
                   {"trained_std_error", "standard error", ""},
                   {"optimum", "Monte Carlo optimum", "optimum_std_error"},
                   {"optimum_std_error", "standard error of the optimum", ""},
                   {"ratio", "trained / optimum", ""},
                   {"verdict", "verdict", ""}};
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
         verdict_text(verdict_of(study, outcome, m))});
  }
  return table;
}

Table optimum_table(const TrainingStudy& study, const TrainingOutcome& outcome) {
  Table table;
  table.name = "optimum";
  table.caption = "Risk of the best head sets, by Monte Carlo";
  table.columns = {{"heads", "heads h", ""},
                   {"risk", "risk", "std_error"},
                   {"std_error", "standard error", ""}};
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
         std::to_string(setup.steps) + " steps of " + std::to_string(setup.batch) + " prompts";
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
    level.label = "best " + heads_text(heads);
    level.note = "risk of the best head set, by Monte Carlo: where training can get to";
    level.role = SeriesRole::kExact;
    level.colour = heads_colour(heads);
    level.points = {{low, number(row[1]), 0, 0}, {high, number(row[1]), 0, 0}};
    figure.draw_lines().series.push_back(std::move(level));
  }
}

}  // namespace attnlab::in_context::training_report
