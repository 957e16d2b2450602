#include "core/random_features/claims.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "core/base/text.h"
#include "core/random_features/judging.h"
#include "core/random_features/own_target.h"

namespace attnlab::random_features {
namespace {

Claim two_model_claim(std::string id, std::string statement, const Sweep& sweep,
                      const std::vector<ErrorCurve>& curves, const TargetCase& item,
                      std::string_view better, std::string_view worse,
                      void (*judge)(const ErrorCurve&, const ErrorCurve&, Claim&)) {
  Claim claim{std::move(id), std::move(statement)};
  const ErrorCurve* a = find_curve(curves, better, item);
  const ErrorCurve* b = find_curve(curves, worse, item);
  if (a == nullptr || b == nullptr) {
    lack(claim, both_models(sweep, better, worse));
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

/// Why a target of higher degree can be easier: its affine part is larger. Empty where it is not.
std::string affine_reason(const Sweep& sweep, const TargetCase& low, const TargetCase& high) {
  const LayerSizes& layer = sweep.variants.front().layer;
  const auto low_level = affine_level_of(low, layer.keys, layer.dim, layer.tokens);
  const auto high_level = affine_level_of(high, layer.keys, layer.dim, layer.tokens);
  if (!low_level || !high_level) return {};
  const double reach = 3 * std::hypot(low_level->std_error, high_level->std_error);
  if (high_level->level + reach >= low_level->level) return {};
  return "The best affine function leaves " + high_level->text() + " of the variance with " +
         high.symbol() + " and " + low_level->text() + " with " + low.symbol() +
         (high_level->level < kLearnedLevel ? ": the linear part alone reaches error 0.5. " : ". ");
}

/// "p = 2 (460 ± 30 samples to error 0.5)".
std::string step_text(const ErrorCurve& curve) {
  return curve.target.symbol() + " (" + crossing_text(crossing_of(curve, kLearnedLevel), curve) +
         " samples to error 0.5)";
}

/// A5 for one model and target: every step to the next degree or frequency must cost samples.
Claim complexity_claim(const Sweep& sweep, const std::vector<ErrorCurve>& curves,
                       const RandomFeatureModel& model, const Target& target) {
  const bool degree = target.number == TargetNumber::kDegree;
  Claim claim{"A5", "The samples " + std::string(model.label) +
                        " needs grow with every step in the " + (degree ? "degree" : "frequency") +
                        " of " + std::string(target.id) +
                        " (the abstract: with the complexity of the target)."};
  const auto by_number = curves_by_number(sweep, curves, model, target);
  if (by_number.size() < 2) {
    const double here = by_number.empty() ? 4 : by_number.front()->target.number;
    lack(claim, degree ? Need{"two degrees",
                              {{"degree", two_values(here, here > 4 ? here - 2 : here + 2)}}}
                       : Need{"two frequencies",
                              {{"frequency", two_values(here, here > 32 ? here / 2 : 2 * here)}}});
    return claim;
  }
  std::vector<SampleComparison> measured;
  for (std::size_t i = 0; i + 1 < by_number.size(); ++i) {
    claim.evidence = too_little_data(*by_number[i], *by_number[i + 1]);
    if (!claim.evidence.empty()) return claim;
    measured.push_back(compare_samples(*by_number[i], *by_number[i + 1]));
    measured.back().comparison.what =
        by_number[i]->target.symbol() + " to " + by_number[i + 1]->target.symbol();
  }
  const Verdict verdict = judge_every(measured);
  apply(verdict, claim);
  for (std::size_t i = 0; i + 1 < by_number.size(); ++i) {
    const ErrorCurve &low = *by_number[i], &high = *by_number[i + 1];
    const ClaimStatus status = verdict.comparisons[i].status;
    claim.evidence += "From " + step_text(low) + " to " + step_text(high) + ": " +
                      measure_text(measured[i], verdict.comparisons[i]) + ", " +
                      std::string(status_text(status)) + ". " +
                      advice_text(measured[i], verdict.comparisons[i]);
    if (status != ClaimStatus::kHolds) {
      claim.evidence += affine_reason(sweep, low.target, high.target);
    }
  }
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

namespace {

/// A6, ours: is it attention, or only that the order of the keys does not matter? A network
/// averaged over the keys ignores their order too.
Claim invariance_claim(const Sweep& sweep, const std::vector<ErrorCurve>& curves,
                       const TargetCase& item) {
  Claim claim = two_model_claim(
      "A6",
      "Ours, not the paper's: attention (RFA) learns " + item.words() +
          " from fewer samples than a random-feature network that is averaged over the keys, "
          "without attention.",
      sweep, curves, item, "rfa", "rf-invariant", judge_fewer_samples);
  const ErrorCurve* rfa = find_curve(curves, "rfa", item);
  const ErrorCurve* network = find_curve(curves, "rfmlp", item);
  const ErrorCurve* invariant = find_curve(curves, "rf-invariant", item);
  if (rfa == nullptr || invariant == nullptr) return claim;
  if (network == nullptr) {
    claim.evidence += " Add rfmlp to see how much of RFA's lead is invariance.";
    return claim;
  }
  const std::string kept = kept_lead_text(*rfa, *network, *invariant);
  if (!kept.empty()) claim.evidence += " " + kept;
  return claim;
}

bool has_model(const Sweep& sweep, std::string_view id) {
  return std::any_of(sweep.models.begin(), sweep.models.end(),
                     [&](const RandomFeatureModel* model) { return model->id == id; });
}

}  // namespace

Need both_models(const Sweep& sweep, std::string_view one, std::string_view other) {
  std::string models;
  const auto label = [](std::string_view id) {
    return std::string(find_random_feature_model(id)->label);
  };
  for (const RandomFeatureModel& model : random_feature_models()) {
    const bool present =
        std::find(sweep.models.begin(), sweep.models.end(), &model) != sweep.models.end();
    if (present || model.id == one || model.id == other)
      models += (models.empty() ? "" : ",") + std::string(model.id);
  }
  return {"both models, " + label(one) + " and " + label(other), {{"models", models}}};
}

std::string two_values(double one, double other) {
  return exact_text(std::min(one, other)) + "," + exact_text(std::max(one, other));
}

std::vector<Claim> learning_curve_claims(const Sweep& sweep,
                                         const std::vector<ErrorCurve>& curves) {
  std::vector<Claim> claims;
  for (const TargetCase& item : sweep.cases) {
    claims.push_back(
        two_model_claim("A2",
                        "Random-feature attention (RFA) learns " + item.words() +
                            " from fewer samples than a two-layer random-feature network (RFMLP).",
                        sweep, curves, item, "rfa", "rfmlp", judge_fewer_samples));
    if (has_model(sweep, "rf-invariant")) claims.push_back(invariance_claim(sweep, curves, item));
    if (!item.target->reads_correlation) continue;
    claims.push_back(two_model_claim("A4",
                                     "A non-zero mean of the query-key matrix (BRFA) beats zero "
                                     "mean (RFA) on " +
                                         item.words() + kNaturalTarget,
                                     sweep, curves, item, "brfa", "rfa", judge_lower_error));
  }
  for (Claim& claim : difficulty_claims(sweep, curves)) claims.push_back(std::move(claim));
  return claims;
}

}  // namespace attnlab::random_features
