#include "core/random_features/claims.h"

#include <string>

#include "core/base/text.h"
#include "core/random_features/judging.h"

namespace attnlab::random_features {
namespace {

Claim two_model_claim(std::string id, std::string statement, const Sweep& sweep,
                      const std::vector<ErrorCurve>& curves, const TargetCase& item,
                      std::string_view better, std::string_view worse,
                      void (*judge)(const ErrorCurve&, const ErrorCurve&, Claim&)) {
  Claim claim{std::move(id), std::move(statement), ClaimStatus::kUndecided, {}};
  const ErrorCurve* a = find_curve(curves, better, item);
  const ErrorCurve* b = find_curve(curves, worse, item);
  if (a == nullptr || b == nullptr) {
    claim.evidence =
        "Needs both models: " + std::string(better) + " and " + std::string(worse) + ".";
    return claim;
  }
  claim.evidence = too_little_data(*a, *b);
  if (!claim.evidence.empty()) return claim;
  judge(*a, *b, claim);
  claim.evidence += " Sizes: " + sizes_text(sweep) + ".";
  return claim;
}

/// The curves of one model and target, in order of degree or frequency.
std::vector<const ErrorCurve*> curves_by_number(const Sweep& sweep,
                                                const std::vector<ErrorCurve>& curves,
                                                const RandomFeatureModel& model,
                                                const Target& target) {
  std::vector<const ErrorCurve*> found;
  for (const TargetCase& item : sweep.cases) {
    if (item.target != &target) continue;
    if (const ErrorCurve* curve = find_curve(curves, model.id, item)) found.push_back(curve);
  }
  return found;
}

/// Why a target of higher number can be easier, when its affine part is larger; or nothing.
std::string affine_reason(const Sweep& sweep, const TargetCase& low, const TargetCase& high) {
  if (low.target->affine_level == nullptr) return {};
  const LayerSizes& layer = sweep.variants.front().layer;
  const double low_level = low.target->affine_level(layer.keys, layer.dim, low.number);
  const double high_level = high.target->affine_level(layer.keys, layer.dim, high.number);
  if (high_level >= low_level) return {};
  return high.symbol() + " has a larger affine part (the best affine function leaves " +
         short_text(high_level) + " against " + short_text(low_level) + "). ";
}

/// A5 for one model and target: every step to the next degree or frequency must cost samples.
Claim complexity_claim(const Sweep& sweep, const std::vector<ErrorCurve>& curves,
                       const RandomFeatureModel& model, const Target& target) {
  const bool degree = target.number == TargetNumber::kDegree;
  Claim claim{"A5",
              "The samples " + std::string(model.label) + " needs grow with the " +
                  (degree ? "degree" : "frequency") + " of " + std::string(target.id) + ".",
              ClaimStatus::kUndecided,
              {}};
  const auto by_number = curves_by_number(sweep, curves, model, target);
  if (by_number.size() < 2) {
    claim.evidence = degree ? "Needs at least two degrees, for example degree 2,4."
                            : "Needs at least two frequencies, for example frequency 4,8.";
    return claim;
  }
  bool all_hold = true;
  for (std::size_t i = 0; i + 1 < by_number.size(); ++i) {
    const ErrorCurve &low = *by_number[i], &high = *by_number[i + 1];
    const std::string missing = too_little_data(low, high);
    if (!missing.empty()) {
      claim.status = ClaimStatus::kUndecided;
      claim.evidence = missing;
      return claim;
    }
    Claim step;
    judge_fewer_samples(low, high, step);
    all_hold = all_hold && step.status == ClaimStatus::kHolds;
    if (step.status == ClaimStatus::kFails) claim.status = ClaimStatus::kFails;
    claim.evidence += "From " + low.target.symbol() + " (" +
                      crossing_text(crossing_of(low, kLearnedLevel), low) +
                      " samples to error 0.5) to " + high.target.symbol() + " (" +
                      crossing_text(crossing_of(high, kLearnedLevel), high) +
                      "): " + std::string(status_text(step.status)) + ". ";
    if (step.status != ClaimStatus::kHolds) {
      claim.evidence += affine_reason(sweep, low.target, high.target);
    }
  }
  if (all_hold) claim.status = ClaimStatus::kHolds;
  claim.evidence += "Sizes: " + sizes_text(sweep) + ".";
  return claim;
}

}  // namespace

std::vector<Claim> difficulty_claims(const Sweep& sweep, const std::vector<ErrorCurve>& curves) {
  std::vector<Claim> claims;
  for (const RandomFeatureModel* model : sweep.models) {
    if (!model->attention) continue;
    const Target* last = nullptr;
    for (const TargetCase& item : sweep.cases) {
      if (item.target == last || item.target->number == TargetNumber::kNone) continue;
      last = item.target;
      claims.push_back(complexity_claim(sweep, curves, *model, *item.target));
    }
  }
  return claims;
}

std::vector<Claim> learning_curve_claims(const Sweep& sweep,
                                         const std::vector<ErrorCurve>& curves) {
  std::vector<Claim> claims;
  for (const TargetCase& item : sweep.cases) {
    claims.push_back(
        two_model_claim("A2",
                        "Random-feature attention (RFA) learns " + item.name() +
                            " from fewer samples than a two-layer random-feature network (RFMLP).",
                        sweep, curves, item, "rfa", "rfmlp", judge_fewer_samples));
    if (!item.target->reads_correlation) continue;
    claims.push_back(two_model_claim("A4",
                                     "A non-zero mean of the query-key matrix (BRFA) beats zero "
                                     "mean (RFA) on " +
                                         item.name() + ", a target built from ⟨x₀,xᵢ⟩.",
                                     sweep, curves, item, "brfa", "rfa", judge_lower_error));
  }
  for (Claim& claim : difficulty_claims(sweep, curves)) claims.push_back(std::move(claim));
  return claims;
}

}  // namespace attnlab::random_features
