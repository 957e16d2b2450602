// Rows, tables and words that the reports of icl-training and icl-embedding share.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/in_context/risk_rows.h"
#include "core/in_context/training_verdict.h"

namespace attnlab::in_context::training_report {

double real_of(std::size_t value);

/// One row of the family's main table with what training adds.
struct TrainingRow : RiskRow {
  std::int64_t step = 0, seed = 0;  ///< the low 40 bits of the seed
  std::size_t trial = 0;            ///< from 1
  std::size_t embedding = 0;        ///< p; 0 where heads are not of rank p/h
};
TrainingRow training_row(const TrainingSetup& setup, const Estimate& risk, double prompts,
                         double step);
std::vector<RowColumn<TrainingRow>> training_columns();

/// Where one model ended, and the best head set of its size. NaN where that is unknown.
struct OutcomeRow {
  std::size_t heads = 0;
  std::optional<std::size_t> embedding;
  Estimate trained, optimum;
  TrainingVerdict verdict = TrainingVerdict::kUnknown;
  std::size_t trial = 0;  ///< from 1
  double rotation = 0;
};
std::vector<OutcomeRow> outcome_rows(const TrainingStudy& study, const TrainingOutcome& outcome);
Table outcome_table(std::span<const OutcomeRow> rows);

/// Risk of the best head set of a size.
struct OptimumRow {
  std::size_t heads = 0;
  double risk = 0, std_error = 0;
};
std::vector<OptimumRow> optimum_rows(const TrainingStudy& study, const TrainingOutcome& outcome);
Table optimum_table(const TrainingStudy& study, std::span<const OptimumRow> rows);

/// One point for each x: with several risks their mean and its error, else the only one.
std::vector<FigurePoint> mean_points(std::span<const TrainingRow> rows, std::size_t heads,
                                     double (*x)(const TrainingRow&));

std::string sizes_text(const TrainingStudy& study);
std::string risk_text(const TrainedModel& model);
/// Mean of the trained risks of one setup over its training seeds; the error is their spread, or
/// with one seed the error over the test prompts. Count 0 before a risk is measured.
Estimate risk_over_trials(const TrainingStudy& study, const TrainingOutcome& outcome,
                          std::size_t heads, std::size_t embedding);
/// Risk of one head minus the risk of `heads` heads, for each training seed.
std::vector<double> gaps_over_trials(const TrainingStudy& study, const TrainingOutcome& outcome,
                                     std::size_t heads, std::size_t embedding);
/// Says in the claim whether heads are missing, or only their training to the end.
void untrained(const TrainingStudy& study, Claim& claim);
/// C1 by training: `heads` heads against one of the same embedding.
Claim judged_by_training(Claim claim, const TrainingStudy& study, const TrainingOutcome& outcome,
                         std::size_t heads, std::size_t embedding);

/// Dotted levels at the Monte Carlo optimum of every head count.
void add_optimum_levels(std::span<const OptimumRow> rows, double low, double high, Figure& figure);

}  // namespace attnlab::in_context::training_report
