// What icl-risk and icl-scenarios share: cells of (setting value, variant, prompt length), their
// jobs, and the measured risks of every predictor in a cell.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "core/experiment/experiment.h"
#include "core/in_context/head_risk.h"
#include "core/in_context/risk_rows.h"
#include "core/numerics/statistics.h"

namespace attnlab::in_context {

/// One point of a sweep; its prompts are split over `parts` jobs.
struct RiskCell {
  Scenario scenario;
  std::size_t parts = 1;
};

/// A run's parameters, read once. Reads dim, heads, prompt-length, setting, value, noise, prompts,
/// given.
struct RiskStudy {
  std::vector<std::size_t> heads;
  std::vector<IsotropicHead> given;  ///< heads by hand; may be empty
  std::size_t dim = 5, prompts = 0, search_prompts = 0;
  Setting setting = Setting::kBase;
  std::vector<double> values;
  std::vector<std::size_t> lengths;
  double noise = 0;
  std::vector<RiskCell> cells;  ///< value-major, then variants, then prompt lengths
  std::size_t job_count() const;
};
RiskStudy read_risk_study(const ParameterSet& parameters);

Parameter setting_parameter(std::string_view default_setting);
Parameter value_parameter(std::vector<double> values);
Parameter prompts_parameter(std::int64_t prompts);

Expected<Plan> plan_risk_study(const RunSpec& spec);
JobSteps start_risk_job(RunSpec spec, std::uint32_t index);

/// A cell with at least one finished part.
struct MeasuredCell {
  RiskCell cell;
  RiskSums sums;
  RiskEstimates estimates;
  std::vector<RiskRow> rows;

  /// Risk of one head minus the risk of `heads` heads, with its standard error; NaN where not
  /// measured.
  Estimate advantage(const RiskStudy& study, std::size_t heads) const;
  /// Risk of one head / risk of `heads` heads.
  Estimate ratio(const RiskStudy& study, std::size_t heads) const;
};
std::vector<MeasuredCell> measured_cells(const RiskStudy& study, std::span<const JobOutput> outputs,
                                         std::vector<std::string>& notes);

/// Leading-order risk (with the best shrinkage) of one head, or of many.
double risk_theory(const Scenario& scenario, std::size_t heads);

std::vector<RiskRow> risk_rows(const std::vector<MeasuredCell>& cells);
/// Ratios from the same prompts, with the error from their joint covariance; head counts from 2 on.
std::vector<RatioRow> ratio_rows(const RiskStudy& study, const std::vector<MeasuredCell>& cells);

/// The family's main table, the head sets found, and the ratios.
std::vector<Table> risk_tables(const RiskStudy& study, const std::vector<MeasuredCell>& cells);
/// For files: the covariance of every two risks measured in a cell, each pair once.
Table covariance_table(const std::vector<MeasuredCell>& cells);
std::vector<std::string> risk_notes(const RiskStudy& study, const std::vector<MeasuredCell>& cells);

/// "d = 5, 20,000 prompts each": what the numbers were measured with.
std::string study_text(const RiskStudy& study);
/// "" or "ρ = 0.5, KQ = bI": the value and variant of a cell within its setting.
std::string cell_text(const Scenario& scenario);
std::string_view value_symbol(Setting setting);

}  // namespace attnlab::in_context
