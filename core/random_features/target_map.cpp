// Shares and factors of paired trials.
#include "core/random_features/target_map.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/base/text.h"
#include "core/findings/verdict.h"
#include "core/random_features/judging.h"

namespace attnlab::random_features {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

struct Interval {
  double low, high;
};

/// Student's interval of a mean; open without an error.
Interval mean_interval(const Estimate& estimate) {
  if (estimate.count < 2) return {-kInfinity, kInfinity};
  const double reach =
      student_t_quantile(1 - kVerdictTail, estimate.count - 1.0) * estimate.std_error;
  return {estimate.mean - reach, estimate.mean + reach};
}

const ErrorCurve* curve_of(const std::vector<ErrorCurve>& curves, const RandomFeatureModel* model,
                           const TargetCase& item) {
  return model == nullptr ? nullptr : find_curve(curves, model->id, item);
}

ShareRow share_row(const ErrorCurve& attention, const ErrorCurve& invariant,
                   const ErrorCurve& network, std::size_t size) {
  std::vector<double> kept, leads;
  for (std::size_t trial = 0; trial < attention.errors[size].size(); ++trial) {
    const double from = network.errors[size][trial];
    const double part = from - invariant.errors[size][trial];
    const double lead = from - attention.errors[size][trial];
    if (std::isnan(part + lead)) continue;
    kept.push_back(part);
    leads.push_back(lead);
  }
  const Estimate lead = mean_and_error(leads);
  const Interval around = mean_interval(lead);
  const RatioEstimate share = ratio_of_means(kept, leads, kVerdictTail);
  const bool decided = std::isfinite(share.low) && std::isfinite(share.high);
  const auto known = [&](double value) { return decided ? value : kNaN; };
  return {{attention.model, attention.target, attention.variant, attention.dim, attention.keys},
          attention.sizes[size],
          known(share.value),
          known(share.low),
          known(share.high),
          decided,
          lead.mean,
          around.low,
          around.high,
          lead.count};
}

}  // namespace

std::vector<Rivals> rivals_of(const Sweep& sweep) {
  std::vector<Rivals> all;
  for (const RandomFeatureModel* attention : sweep.models) {
    if (!attention->attention) continue;
    Rivals rivals{attention, nullptr, nullptr};
    for (const RandomFeatureModel* model : sweep.models) {
      if (model->attention || model->augmented || model->infinite != attention->infinite) continue;
      (model->pooled ? rivals.invariant : rivals.network) = model;
    }
    all.push_back(rivals);
  }
  return all;
}

std::vector<ShareRow> share_rows(const Sweep& sweep, const std::vector<ErrorCurve>& curves) {
  std::vector<ShareRow> rows;
  for (const Rivals& rivals : rivals_of(sweep)) {
    for (const TargetCase& item : sweep.cases) {
      const ErrorCurve* attention = curve_of(curves, rivals.attention, item);
      const ErrorCurve* invariant = curve_of(curves, rivals.invariant, item);
      const ErrorCurve* network = curve_of(curves, rivals.network, item);
      if (attention == nullptr || invariant == nullptr || network == nullptr) continue;
      for (std::size_t size = 0; size < attention->sizes.size(); ++size) {
        ShareRow row = share_row(*attention, *invariant, *network, size);
        if (row.trials > 0) rows.push_back(std::move(row));
      }
    }
  }
  return rows;
}

std::string_view factor_text(FactorKind kind) {
  switch (kind) {
    case FactorKind::kMeasured:
      return "measured";
    case FactorKind::kAtLeast:
      return "at least";
    case FactorKind::kAtMost:
      return "at most";
    case FactorKind::kUnknown:
      break;
  }
  return "unknown";
}

FactorRow factor_row(const ErrorCurve& attention, const ErrorCurve& rival) {
  const PairedCrossings crossings = paired_crossings(attention, rival, kLearnedLevel);
  std::vector<double> logs;
  for (std::size_t i = 0; i < crossings.log_a.size(); ++i) {
    logs.push_back(crossings.log_b[i] - crossings.log_a[i]);
  }
  const Estimate mean = mean_and_error(logs);
  FactorRow row{
      {attention.model, attention.target, attention.variant, attention.dim, attention.keys},
      kNaN,
      kNaN,
      kNaN,
      FactorKind::kUnknown,
      mean.count,
      crossings.outside,
      rival.model};
  if (mean.count < 2 || (!crossings.at_least && !crossings.at_most)) return row;
  row.kind = !crossings.at_most    ? FactorKind::kAtLeast
             : !crossings.at_least ? FactorKind::kAtMost
                                   : FactorKind::kMeasured;
  row.factor = std::exp(mean.mean);
  // Ratios that do not scatter because every crossing counts as an end of the sizes: no interval.
  if (mean.std_error == 0) return row;
  const Interval around = mean_interval(mean);
  if (crossings.at_least) row.low = std::exp(around.low);
  if (crossings.at_most) row.high = std::exp(around.high);
  return row;
}

std::string interval_text(const FactorRow& row) {
  const std::string trials = counted(static_cast<std::size_t>(row.trials), "trial");
  if (row.kind == FactorKind::kUnknown) {
    return row.trials < 2 ? "one trial: no interval"
                          : "the sizes do not bound it: both cross outside them";
  }
  std::string text;
  if (!std::isnan(row.low)) text += "at least " + short_text(row.low);
  if (!std::isnan(row.high))
    text += (text.empty() ? "at most " : ", at most ") + short_text(row.high);
  text += (text.empty() ? "" : " (95 % interval), ") + trials;
  if (row.outside > 0) {
    text += ", " + exact_text(row.outside) + " with a crossing outside the sizes";
  }
  return text;
}

std::vector<FactorRow> rival_rows(const Sweep& sweep, const std::vector<ErrorCurve>& curves) {
  std::vector<FactorRow> rows;
  for (const Rivals& rivals : rivals_of(sweep)) {
    for (const RandomFeatureModel* rival : {rivals.invariant, rivals.network}) {
      for (const ErrorCurve& attention : curves) {
        if (attention.model != rivals.attention) continue;
        const auto other = std::find_if(curves.begin(), curves.end(), [&](const ErrorCurve& curve) {
          return curve.model == rival && curve.target == attention.target &&
                 curve.dim == attention.dim && curve.keys == attention.keys;
        });
        if (other == curves.end()) continue;
        FactorRow row = factor_row(attention, *other);
        if (row.trials > 0) rows.push_back(std::move(row));
      }
    }
  }
  return rows;
}

std::vector<FactorRow> factor_rows(const Sweep& sweep, const std::vector<ErrorCurve>& curves) {
  std::vector<FactorRow> rows;
  for (const Rivals& rivals : rivals_of(sweep)) {
    for (const TargetCase& item : sweep.cases) {
      const ErrorCurve* attention = curve_of(curves, rivals.attention, item);
      const ErrorCurve* invariant = curve_of(curves, rivals.invariant, item);
      if (attention == nullptr || invariant == nullptr) continue;
      if (FactorRow row = factor_row(*attention, *invariant); row.trials > 0) {
        rows.push_back(std::move(row));
      }
    }
  }
  return rows;
}

}  // namespace attnlab::random_features
