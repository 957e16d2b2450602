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

std::string sizes_text(const LearningCurveSetup& setup) {
  return "d = " + std::to_string(setup.layer.dim) + ", N = " + std::to_string(setup.layer.keys) +
         ", M = " + std::to_string(setup.layer.units) + ", " + std::to_string(setup.trials) +
         (setup.trials == 1 ? " trial" : " trials");
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

Claim two_model_claim(std::string id, std::string statement, const LearningCurveSetup& setup,
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
  claim.evidence += " Sizes: " + sizes_text(setup) + ".";
  return claim;
}

/// A5 for one model and target: every step to the next degree must cost samples.
Claim complexity_claim(const LearningCurveSetup& setup, const std::vector<ErrorCurve>& curves,
                       const RandomFeatureModel& model, const Target& target) {
  std::vector<const ErrorCurve*> by_degree;
  for (const TargetCase& item : setup.cases) {
    if (item.target != &target) continue;
    if (const ErrorCurve* curve = find_curve(curves, model.id, item)) by_degree.push_back(curve);
  }
  Claim claim{"A5",
              "The samples " + std::string(model.label) + " needs grow with the degree of " +
                  std::string(target.id) + ".",
              ClaimStatus::kUndecided,
              {}};
  if (by_degree.size() < 2) {
    claim.evidence = "Needs at least two degrees, for example degree 2,4.";
    return claim;
  }
  bool all_hold = true;
  for (std::size_t i = 0; i + 1 < by_degree.size(); ++i) {
    const ErrorCurve &low = *by_degree[i], &high = *by_degree[i + 1];
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
    claim.evidence += "Degree " + std::to_string(low.target.degree) + " " +
                      crossing_text(crossing_of(low, kLearnedLevel), low) + ", degree " +
                      std::to_string(high.target.degree) + " " +
                      crossing_text(crossing_of(high, kLearnedLevel), high) +
                      " samples to error 0.5: " + std::string(status_text(step.status)) + ". ";
    const auto level = [&](const ErrorCurve& curve) {
      return target.affine_level(setup.layer.keys, setup.layer.dim, curve.target.degree);
    };
    if (step.status != ClaimStatus::kHolds && level(high) < level(low)) {
      claim.evidence += "Degree " + std::to_string(high.target.degree) +
                        " has a larger affine part (the best affine function leaves " +
                        short_text(level(high)) + " against " + short_text(level(low)) + "). ";
    }
  }
  if (all_hold) claim.status = ClaimStatus::kHolds;
  claim.evidence += "Sizes: " + sizes_text(setup) + ".";
  return claim;
}

}  // namespace

std::vector<Claim> learning_curve_claims(const LearningCurveSetup& setup,
                                         const std::vector<ErrorCurve>& curves) {
  std::vector<Claim> claims;
  for (const TargetCase& item : setup.cases) {
    claims.push_back(
        two_model_claim("A2",
                        "Random-feature attention (RFA) learns " + item.name() +
                            " from fewer samples than a two-layer random-feature network (RFMLP).",
                        setup, curves, item, "rfa", "rfmlp", judge_fewer_samples));
    if (!item.target->reads_query) continue;
    claims.push_back(two_model_claim("A4",
                                     "A non-zero mean of the query-key matrix (BRFA) beats zero "
                                     "mean (RFA) on " +
                                         item.name() + ", a target built from ⟨x₀,xᵢ⟩.",
                                     setup, curves, item, "brfa", "rfa", judge_lower_error));
  }
  for (const RandomFeatureModel* model : setup.models) {
    if (!model->attention) continue;
    const Target* last = nullptr;
    for (const TargetCase& item : setup.cases) {
      if (item.target == last) continue;
      last = item.target;
      claims.push_back(complexity_claim(setup, curves, *model, *item.target));
    }
  }
  return claims;
}

}  // namespace attnlab
