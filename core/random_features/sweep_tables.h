// The tables of family A's experiments, and measured series read back from them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/random_features/sweep.h"

namespace attnlab::random_features {

/// Columns between the target and the estimate.
enum class SweepColumn { kSamples, kHeads, kBias, kKeys };

/// model, target, degree, the given columns, mean, std_error, trials, ridge: one row per finished
/// point. `degree` holds the frequency of the cosine targets and is empty for the maximum; the
/// column of the swept quantity is empty for a level, which is the same for every value, and
/// `heads` for infinitely many.
Table test_error_table(const Sweep& sweep, const std::vector<ErrorCurve>& curves,
                       const std::vector<SweepColumn>& columns);

/// Samples needed to reach test error 0.5, with the swept column when there is one.
Table samples_needed_table(const std::vector<ErrorCurve>& curves,
                           const std::vector<SweepColumn>& columns);

/// Slope of log error against log n between neighbouring sizes.
Table local_slope_table(const std::vector<ErrorCurve>& curves);

/// An empty series for a model and case, with its colour, label and stable id.
Series measured_series(const Sweep& sweep, const RandomFeatureModel& model, std::size_t case_index);

/// One series per (model, case), in that order, with `x` from the named column of the main table
/// and y, error and trials from the estimate. A level is drawn at every value of the sweep.
std::vector<Series> measured_series(const Sweep& sweep, const Result& result,
                                    std::string_view x_column);

/// n(0.5) of one model and case against a column of the table samples_needed; the error bar is half
/// the interval. No point where 0.5 is not reached.
Series needed_series(const Sweep& sweep, const Result& result, std::size_t model,
                     std::size_t case_index, std::string_view x_column);

/// The sweep with one of its cases only.
Sweep only_case(const Sweep& sweep, std::size_t case_index);

/// "Target (1/N) Σ ⟨β,xᵢ⟩ᵖ, p = 2.  d = 16, ...  Bars: ±1 standard error over 5 trials."
std::string sweep_subtitle(const Sweep& sweep);

/// The number in a cell, NaN for none.
double number_in(const Cell& cell);

}  // namespace attnlab::random_features
