// Rows, tables and words that the reports of icl-training and icl-embedding share.
#pragma once

#include <string>
#include <vector>

#include "core/in_context/training_study.h"

namespace attnlab::in_context::training_report {

Cell whole(std::size_t value);
double number(const Cell& cell);  ///< NaN for text and empty cells
double real_of(std::size_t value);

/// One row of the family's main table with what training adds: step, seed and trial.
std::vector<Column> training_columns();
std::vector<Cell> risk_row(const TrainingSetup& setup, const Estimate& risk, double prompts,
                           double step);
Table outcome_table(const TrainingStudy& study, const TrainingOutcome& outcome);
/// The optimum's rows: read back by the figures.
Table optimum_table(const TrainingStudy& study, const TrainingOutcome& outcome);

std::string sizes_text(const TrainingStudy& study);
std::string risk_text(const TrainedModel& model);
/// Mean of the trained risks of one setup over its training seeds; the error is their spread, or
/// with one seed that of the test prompts. Count 0 before one is measured.
Estimate risk_over_trials(const TrainingStudy& study, const TrainingOutcome& outcome,
                          std::size_t heads, std::size_t embedding);
/// One head's risk minus that of `heads` heads, a training seed at a time.
std::vector<double> gaps_over_trials(const TrainingStudy& study, const TrainingOutcome& outcome,
                                     std::size_t heads, std::size_t embedding);
/// C1 by training: `heads` heads against one of the same embedding.
Claim judged_by_training(Claim claim, const TrainingStudy& study, const TrainingOutcome& outcome,
                         std::size_t heads, std::size_t embedding);

/// Dotted levels at the Monte Carlo optimum of every head count.
void add_optimum_levels(const Result& result, double low, double high, Figure& figure);

}  // namespace attnlab::in_context::training_report
