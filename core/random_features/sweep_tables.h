// Rows of the tables that family A's experiments show, the tables, and measured series for figures.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "core/findings/figure.h"
#include "core/findings/row_table.h"
#include "core/random_features/sweep.h"

namespace attnlab::random_features {

/// The curve that a row belongs to.
struct CurveRow {
  const RandomFeatureModel* model;
  TargetCase target;
  double variant;  ///< value of the swept quantity; NaN for a level (ErrorCurve::variant)
  double dim, keys;
};

/// A finished point of a curve.
struct ErrorRow : CurveRow {
  double samples;
  double heads;  ///< NaN: infinitely many
  double mean, std_error;
  std::int64_t trials;
  double ridge;  ///< median of the relative ridge parameters chosen
};

/// The samples that a curve needs to reach kLearnedLevel. NaN where it does not; an end of the
/// interval is not finite where it lies outside the sizes.
struct NeededRow : CurveRow {
  double n_half, low, high;
  std::string status;
};

/// One trial of one point of a curve.
struct TrialRow : CurveRow {
  double samples;
  double heads;        ///< NaN: infinitely many
  std::int64_t trial;  ///< from 1
  double ridge;        ///< relative ridge parameter chosen
  double test_error, training_error;
  double n_half;       ///< where this trial's curve falls to kLearnedLevel; NaN where it does not
  std::string status;  ///< of n_half, as in NeededRow; empty for a single size
};

/// A slope of log error against log n between neighbouring sizes.
struct SlopeRow : CurveRow {
  double from, to;
  double mean, std_error;
};

std::vector<ErrorRow> error_rows(const Sweep& sweep, const std::vector<ErrorCurve>& curves);
std::vector<NeededRow> needed_rows(const std::vector<ErrorCurve>& curves);
std::vector<SlopeRow> slope_rows(const std::vector<ErrorCurve>& curves);
/// Trials with a result. Their mean in the order of the rows is the ErrorRow's, to the last bit.
std::vector<TrialRow> trial_rows(const Sweep& sweep, const std::vector<ErrorCurve>& curves);

/// A quantity that an experiment varies: a column between the target and the estimate. The cell of
/// a swept quantity is empty for a level, the cell of kHeads for infinitely many. kDim and
/// kPairKeys are dimension and keys where every pair of them is a variant.
enum class Varied { kSamples, kHeads, kBias, kKeys, kDim, kPairKeys };

/// model, target, degree, the given columns, mean, std_error, trials, ridge. `degree` holds the
/// frequency of the cosine targets and is empty for the maximum.
Table test_error_table(const std::vector<ErrorRow>& rows, std::span<const Varied> varied);
/// The same key, then trial, ridge, test_error, training_error, n_half, n_half_status; the last two
/// only where the samples vary.
Table trials_table(const std::vector<TrialRow>& rows, std::span<const Varied> varied);
/// The same key without the samples, then n_half, low, high, status.
Table samples_needed_table(const std::vector<NeededRow>& rows, std::span<const Varied> varied = {});
Table local_slope_table(const std::vector<SlopeRow>& rows);

struct ShareRow;
struct FactorRow;
/// rf-map (target_map.h): model, target, degree, n, share, low, high, decided, lead, lead_low,
/// lead_high, trials.
Table share_table(const std::vector<ShareRow>& rows);
/// model, target, degree, factor, low, high, kind, trials, outside.
Table factor_table(const std::vector<FactorRow>& rows);
/// rf-sizes: the same with the given columns and the rival.
Table rival_factor_table(const std::vector<FactorRow>& rows, std::span<const Varied> varied);

/// One series per (model, case), in that order. A row whose x is NaN is a level, drawn at every
/// value of the sweep.
std::vector<Series> measured_series(const Sweep& sweep, const std::vector<ErrorRow>& rows,
                                    double (*x)(const ErrorRow& row));

/// n(0.5) of one model and case; the error bar is half the interval. No point where 0.5 is not
/// reached.
Series needed_series(const Sweep& sweep, const std::vector<NeededRow>& rows, std::size_t model,
                     std::size_t case_index, double (*x)(const NeededRow& row));

/// A figure of test errors without its x axis and its series.
Figure error_figure(std::string id, std::string title, const Sweep& sweep);

/// An axis with these ticks, from the first to the last.
void span_ticks(Axis& axis, std::vector<double> ticks);

/// All training-set sizes and all values of the swept quantity, in their order.
std::vector<double> all_sizes(const Sweep& sweep);
std::vector<double> swept_values(const Sweep& sweep);

/// The sweep with one of its cases only.
Sweep only_case(const Sweep& sweep, std::size_t case_index);

/// "Target (1/N) Σ ⟨β,xᵢ⟩ᵖ, p = 2.  d = 16, ...  Bars: ±1 standard error."
std::string sweep_subtitle(const Sweep& sweep);

}  // namespace attnlab::random_features
