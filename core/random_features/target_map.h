// What rf-map measures: the share of attention's lead that the invariant network keeps, and how
// many times the samples of attention that network needs. Both for paired trials.
#pragma once

#include <string>
#include <vector>

#include "core/findings/result.h"
#include "core/random_features/sweep.h"
#include "core/random_features/sweep_tables.h"

namespace attnlab::random_features {

/// An attention model with the networks it is compared with: of equal budget, or of infinite width
/// like itself. Null where the run has none.
struct Rivals {
  const RandomFeatureModel* attention;
  const RandomFeatureModel* invariant;  ///< averaged over the keys
  const RandomFeatureModel* network;    ///< on all tokens
};
/// One for every attention model of the sweep.
std::vector<Rivals> rivals_of(const Sweep& sweep);

/// The share at one size: (network - invariant) / (network - attention), errors averaged over the
/// trials of all three.
struct ShareRow : CurveRow {  // of the attention model
  double samples;
  double share, low, high;           ///< NaN unless decided
  bool decided;                      ///< the lead is above 0: the interval is bounded
  double lead, lead_low, lead_high;  ///< network - attention; ends infinite for a single trial
  std::int64_t trials;
};
/// Every size at which all three have a finished trial. Intervals miss with chance kVerdictTail at
/// each end, each by itself: Fieller's (ratio_of_means) for the share, Student's for the lead.
std::vector<ShareRow> share_rows(const Sweep& sweep, const std::vector<ErrorCurve>& curves);

/// What the ratio of a row says where crossings lie outside the sizes.
enum class FactorKind {
  kMeasured,  ///< every crossing lies inside
  kAtLeast,   ///< the true ratio of each trial is at least the one that counts
  kAtMost,
  kUnknown,  ///< neither, or fewer than two trials
};
std::string_view factor_text(FactorKind kind);

/// The samples that a rival (the invariant network, unless said) needs for one of the attention
/// model's to reach kLearnedLevel: the geometric mean over trials.
struct FactorRow : CurveRow {
  double factor, low, high;  ///< NaN: not known; only the end that a bound has is known
  FactorKind kind;
  std::int64_t trials;
  std::int64_t outside;  ///< trials with a crossing outside the sizes
  const RandomFeatureModel* rival = nullptr;
  std::string kind_name() const { return std::string(factor_text(kind)); }
  std::string rival_name() const { return std::string(rival->id); }
};
FactorRow factor_row(const ErrorCurve& attention, const ErrorCurve& rival);
/// "at least 1.2, at most 1.9 (95 % interval), 3 trials": what is known of a factor.
std::string interval_text(const FactorRow& row);

/// For every network that attention is compared with, and every variant of the layer.
std::vector<FactorRow> rival_rows(const Sweep& sweep, const std::vector<ErrorCurve>& curves);
std::vector<FactorRow> factor_rows(const Sweep& sweep, const std::vector<ErrorCurve>& curves);

/// A10, ours, for every attention model: on some target of the grid it needs at most half the
/// samples of the invariant network.
std::vector<Claim> map_claims(const Sweep& sweep, const std::vector<ErrorCurve>& curves);

}  // namespace attnlab::random_features
