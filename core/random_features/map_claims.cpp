// A10: is there a target that needs attention?
#include <algorithm>
#include <cmath>
#include <limits>

#include "core/base/text.h"
#include "core/random_features/claims.h"
#include "core/random_features/target_map.h"

namespace attnlab::random_features {
namespace {

/// Attention needs at most a half: the factor that the claim wants.
constexpr double kWantedFactor = 2;

/// The log of the factor of one target minus that of kWantedFactor. Above 0 only where the ratios
/// of all trials are exact or bounds from below; it can refute only where they are exact or bounds
/// from above.
Comparison factor_comparison(const ErrorCurve& attention, const ErrorCurve& invariant) {
  const std::string what = attention.target.name();
  const PairedCrossings crossings = paired_crossings(attention, invariant, kLearnedLevel);
  Comparison unknown;
  unknown.what = what;
  unknown.can_refute = false;
  if (!crossings.at_least && !crossings.at_most) return unknown;
  std::vector<double> logs;
  for (std::size_t i = 0; i < crossings.log_a.size(); ++i) {
    logs.push_back(crossings.log_b[i] - crossings.log_a[i] - std::log(kWantedFactor));
  }
  Comparison comparison = mean_comparison(what, logs, std::log(kSmallestFactor));
  comparison.interest = "5 % of the samples";
  comparison.paired_by = kTrial;
  comparison.can_refute = crossings.at_most;
  if (!crossings.at_least) comparison.estimate = std::min(comparison.estimate, 0.0);
  const bool measured = crossings.at_least && crossings.at_most;
  if (comparison.std_error != 0 || measured) return comparison;
  // Every trial crosses at the same ends of the sizes: what scatters is the distance from the
  // level there.
  if (crossings.at_least && !(comparison.estimate > 0)) return unknown;
  comparison = crossings.at_least ? ends_comparison(attention, invariant, 1)
                                  : ends_comparison(invariant, attention, -1);
  comparison.what = what;
  comparison.can_refute = crossings.at_most;
  return comparison;
}

std::string number_text(const FactorRow& row) {
  std::string text = "factor ";
  if (row.kind != FactorKind::kMeasured) text += std::string(factor_text(row.kind)) + " ";
  return text + short_text(row.factor);
}

/// "correlation-value 3: RFA 544 ± 20, RF-invariant 1540 ± 30, factor 2.84, holds. "
std::string target_text(const ErrorCurve& attention, const ErrorCurve& invariant,
                        const FactorRow& row, ClaimStatus status) {
  return attention.target.words() + ": " + model_label(attention) + " " + samples_text(attention) +
         ", " + model_label(invariant) + " " + samples_text(invariant) + ", " + number_text(row) +
         ", " + std::string(status_text(status)) + ". ";
}

/// The rows with the largest factors, at most three.
std::vector<std::size_t> largest(const std::vector<FactorRow>& rows) {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < rows.size(); ++i)
    if (rows[i].kind != FactorKind::kUnknown) order.push_back(i);
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return rows[a].factor > rows[b].factor; });
  if (order.size() > 3) order.resize(3);
  return order;
}

Claim needed_claim(const Sweep& sweep, const std::vector<ErrorCurve>& curves,
                   const Rivals& rivals) {
  const std::string label(rivals.attention->label);
  Claim claim{"A10", "Ours, not the paper's: there is a target of this grid that " + label +
                         " learns from at most half the samples that a random-feature network "
                         "averaged over the keys needs."};
  if (rivals.invariant == nullptr) {
    lack(claim, both_models(sweep, rivals.attention->id,
                            rivals.attention->infinite ? "invariant-kernel" : "rf-invariant"));
    return claim;
  }
  std::vector<const ErrorCurve*> attention, invariant;
  std::vector<Comparison> comparisons;
  std::vector<FactorRow> rows;
  for (const TargetCase& item : sweep.cases) {
    const ErrorCurve* a = find_curve(curves, rivals.attention->id, item);
    const ErrorCurve* b = find_curve(curves, rivals.invariant->id, item);
    if (a == nullptr || b == nullptr) continue;
    claim.evidence = too_little_data(*a, *b);
    if (!claim.evidence.empty()) return claim;
    attention.push_back(a);
    invariant.push_back(b);
    comparisons.push_back(factor_comparison(*a, *b));
    rows.push_back(factor_row(*a, *b));
  }
  const Verdict verdict = judge(std::move(comparisons), Combine::kSome);
  apply(verdict, claim);
  const auto decided = [&](ClaimStatus status) {
    return std::count_if(verdict.comparisons.begin(), verdict.comparisons.end(),
                         [&](const JudgedComparison& each) { return each.status == status; });
  };
  claim.evidence = "Of " + counted(rows.size(), "target") + " it is so for " +
                   std::to_string(decided(ClaimStatus::kHolds)) + " and not for " +
                   std::to_string(decided(ClaimStatus::kFails)) + "; the rest is open. ";
  for (const std::size_t i : largest(rows)) {
    claim.evidence +=
        target_text(*attention[i], *invariant[i], rows[i], verdict.comparisons[i].status);
  }
  const auto unknown = std::count_if(rows.begin(), rows.end(), [](const FactorRow& row) {
    return row.kind == FactorKind::kUnknown;
  });
  if (unknown > 0) {
    claim.evidence +=
        "For " + counted(static_cast<std::size_t>(unknown), "target") +
        " the sizes do not bound the ratio: both models reach error 0.5 outside them. ";
  }
  claim.evidence += "Sizes: " + sizes_text(sweep) + ".";
  return claim;
}

}  // namespace

std::vector<Claim> map_claims(const Sweep& sweep, const std::vector<ErrorCurve>& curves) {
  std::vector<Claim> claims;
  for (const Rivals& rivals : rivals_of(sweep)) {
    claims.push_back(needed_claim(sweep, curves, rivals));
  }
  if (!claims.empty()) return claims;
  Claim claim{"A10",
              "Ours, not the paper's: there is a target of this grid that attention learns from at "
              "most half the samples that a random-feature network averaged over the keys needs."};
  lack(claim, both_models(sweep, "rfa", "rf-invariant"));
  return {claim};
}

}  // namespace attnlab::random_features
