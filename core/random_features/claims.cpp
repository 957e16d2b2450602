#include "core/random_features/claims.h"

#include <cmath>
#include <string>

#include "core/experiment/text.h"

namespace attnlab {
namespace {

const ErrorCurve* find_curve(const std::vector<ErrorCurve>& curves, std::string_view model,
                             const TargetCase& item) {
  for (const ErrorCurve& curve : curves) {
    if (curve.model->id == model && curve.target == item) return &curve;
  }
  return nullptr;
}

std::string label(const ErrorCurve& curve) {
  return std::string(curve.model->label);
}

std::string interval_text(const Interval& interval) {
  return short_text(interval.mean) + " (95 % interval " + short_text(interval.low) + " to " +
         short_text(interval.high) + ", " + std::to_string(interval.trials) + " trials)";
}

std::string estimate_at(const ErrorCurve& curve, std::size_t size) {
  const Estimate estimate = curve.at(size);
  return label(curve) + " " + estimate_text(estimate.mean, estimate.std_error);
}

/// Why nothing can be decided yet, or nothing.
std::string too_little_data(const ErrorCurve& a, const ErrorCurve& b) {
  std::size_t paired = 0;
  for (std::size_t s = 0; s < a.sizes.size(); ++s) {
    paired = std::max(paired, static_cast<std::size_t>(paired_advantage(a, b, s).trials));
  }
  if (paired == 0) return "No trial of both models is finished yet.";
  if (paired == 1) return "One trial gives no error bar: run at least 2 (5 is the default).";
  return {};
}

/// Index of the largest size with at least two paired trials, or sizes.size().
std::size_t largest_paired(const ErrorCurve& a, const ErrorCurve& b) {
  for (std::size_t s = a.sizes.size(); s-- > 0;) {
    if (paired_advantage(a, b, s).known) return s;
  }
  return a.sizes.size();
}

ClaimStatus sign_status(const Interval& interval) {
  if (interval.low > 0) return ClaimStatus::kHolds;
  if (interval.high < 0) return ClaimStatus::kFails;
  return ClaimStatus::kUndecided;
}

/// "Needs fewer samples": by the paired ratio of sizes at the level where `better` reaches it in
/// every trial, else by the paired errors at the largest size.
void judge_fewer_samples(const ErrorCurve& better, const ErrorCurve& worse, Claim& claim) {
  const RatioInterval ratio = paired_ratio(better, worse, kLearnedLevel);
  const std::string needs = label(better) + " needs " +
                            crossing_text(crossing_of(better, kLearnedLevel), better) +
                            " samples to reach test error 0.5, " + label(worse) + " " +
                            crossing_text(crossing_of(worse, kLearnedLevel), worse);
  if (ratio.log_ratio.known) {
    claim.status = sign_status(ratio.log_ratio);
    // A censored trial understates the ratio: it can support the claim, not refute it.
    if (claim.status == ClaimStatus::kFails && ratio.censored > 0) {
      claim.status = ClaimStatus::kUndecided;
    }
    claim.evidence = needs + ": a factor of " + (ratio.censored > 0 ? "at least " : "") +
                     short_text(std::exp(ratio.log_ratio.mean)) + " (95 % interval " +
                     short_text(std::exp(ratio.log_ratio.low)) + " to " +
                     short_text(std::exp(ratio.log_ratio.high)) + ").";
    return;
  }
  const std::size_t s = largest_paired(better, worse);
  const Interval advantage = paired_advantage(better, worse, s);
  claim.status = sign_status(advantage);
  claim.evidence = "At n = " + short_text(better.sizes[s]) + ": " + estimate_at(better, s) + ", " +
                   estimate_at(worse, s) + ", difference " + interval_text(advantage) +
                   "; test error 0.5 is not reached in every trial (" + needs + ").";
}

/// "Beats": by the paired errors at the largest size, remembering where it was ahead before.
void judge_lower_error(const ErrorCurve& better, const ErrorCurve& worse, Claim& claim) {
  const std::size_t last = largest_paired(better, worse);
  const Interval at_last = paired_advantage(better, worse, last);
  double first_ahead = 0, last_ahead = 0, widest = 0;
  for (std::size_t s = 0; s < last; ++s) {
    const Interval advantage = paired_advantage(better, worse, s);
    if (!advantage.known || advantage.low <= 0) continue;
    if (first_ahead == 0) first_ahead = better.sizes[s];
    last_ahead = better.sizes[s];
    widest = std::max(widest, advantage.mean);
  }
  claim.status = sign_status(at_last);
  // Caught up: the interval is narrow enough to say that less than half of the lead is left.
  const bool caught_up = claim.status == ClaimStatus::kUndecided && at_last.high < widest / 2;
  if (caught_up) claim.status = ClaimStatus::kFails;
  claim.evidence = "At n = " + short_text(better.sizes[last]) + ": " + estimate_at(better, last) +
                   ", " + estimate_at(worse, last) + ", difference " + interval_text(at_last) + ".";
  if (caught_up) claim.evidence += " " + label(worse) + " has caught up.";
  if (last_ahead > 0) {
    claim.evidence += " " + label(better) + " is ahead from n = " + short_text(first_ahead) +
                      (last_ahead > first_ahead ? " to " + short_text(last_ahead) : "") + ".";
  }
}

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

}  // namespace attnlab
