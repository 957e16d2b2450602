// Rows, tables and words that the reports of icl-training and icl-embedding share.
#pragma once

#include <string>
#include <vector>

#include "core/in_context/training_study.h"

namespace attnlab::in_context::training_report {

/// Two-sided 95 % of the normal law: test prompts come in tens of thousands.
inline constexpr double kNormal95 = 1.959964;

Cell whole(std::size_t value);
double number(const Cell& cell);  ///< NaN for text and empty cells
double real_of(std::size_t value);

/// One row of the family's main table with what training adds: step and seed.
std::vector<Column> training_columns();
std::vector<Cell> risk_row(const TrainingSetup& setup, const Estimate& risk, double prompts,
                           double step);
Table outcome_table(const TrainingStudy& study, const TrainingOutcome& outcome);
/// The optimum's rows: read back by the figures.
Table optimum_table(const TrainingStudy& study, const TrainingOutcome& outcome);

std::string sizes_text(const TrainingStudy& study);
std::string risk_text(const TrainedModel& model);

/// Dotted levels at the Monte Carlo optimum of every head count.
void add_optimum_levels(const Result& result, double low, double high, Figure& figure);

}  // namespace attnlab::in_context::training_report
