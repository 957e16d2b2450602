// Claims of the experiments that sweep heads, difficulty, the mean of W and the number of keys.
#include <algorithm>
#include <cmath>

#include "core/base/text.h"
#include "core/random_features/claims.h"

namespace attnlab::random_features {
namespace {

/// Curves of one model and case in the order of the swept quantity.
std::vector<const ErrorCurve*> swept_curves(const std::vector<ErrorCurve>& curves,
                                            const RandomFeatureModel& model,
                                            const TargetCase& item) {
  std::vector<const ErrorCurve*> found;
  for (const ErrorCurve& curve : curves) {
    if (curve.model == &model && curve.target == item) found.push_back(&curve);
  }
  return found;
}

/// 95 % interval of the errors at a size, minus a constant.
Interval error_interval(const ErrorCurve& curve, std::size_t size, double minus) {
  std::vector<double> values;
  for (const double error : curve.errors[size]) {
    if (!std::isnan(error)) values.push_back(error - minus);
  }
  return interval_of(values);
}

std::string at_text(const ErrorCurve& curve, std::size_t size) {
  const Estimate estimate = curve.at(size);
  return estimate_text(estimate.mean, estimate.std_error);
}

constexpr const char* kTooFewTrials = "Needs at least 2 finished trials of every setting.";

/// What is left to gain from more heads: against infinitely many where the run has them, else
/// against the number before the last. Says it in `evidence`; true when it is less than 10 %.
bool levelled_off(const std::vector<ErrorCurve>& curves, const ErrorCurve& most,
                  const ErrorCurve& before, std::string& evidence) {
  const double tolerated = 0.1 * most.at(0).mean;
  const ErrorCurve* limit = find_curve(curves, most.model->limit, most.target);
  const Interval excess = limit != nullptr ? paired_advantage(*limit, most, 0) : Interval{};
  if (excess.known) {
    const bool close = excess.high < tolerated;
    evidence += "Infinitely many: " + at_text(*limit, 0) + ", difference " + interval_text(excess) +
                (close ? ": less than 10 % of the error is left to gain. "
                       : ": more heads can still help. ");
    return close;
  }
  const Interval gain = paired_advantage(most, before, 0);
  const bool close = gain.high < tolerated;
  evidence += close ? "The last step gains less than 10 % of the error: it has levelled off. "
                    : "The last step still gains " + interval_text(gain) + ": add heads. ";
  return close;
}

Claim finite_width_claim(const Sweep& sweep, const std::vector<ErrorCurve>& curves,
                         const RandomFeatureModel& model, const TargetCase& item) {
  Claim claim{"A1",
              "Finitely many random heads (" + std::string(model.label) + ") learn " + item.name() +
                  ": the error falls below guessing and levels off.",
              ClaimStatus::kUndecided, kTooFewTrials};
  const auto by_heads = swept_curves(curves, model, item);
  if (by_heads.size() < 2) {
    claim.evidence = "Needs at least two numbers of heads.";
    return claim;
  }
  const ErrorCurve &most = *by_heads.back(), &before = *by_heads[by_heads.size() - 2];
  const Interval below_guessing = error_interval(most, 0, 1.0);
  if (!below_guessing.known || !paired_advantage(most, before, 0).known) return claim;
  const auto with_heads = [](const ErrorCurve& curve) {
    return at_text(curve, 0) + " with M = " + short_text(curve.variant);
  };
  claim.evidence = "At n = " + short_text(most.sizes[0]) + ": error ";
  if (by_heads.size() > 2) claim.evidence += with_heads(*by_heads.front()) + ", ";
  claim.evidence += with_heads(before) + ", " + with_heads(most) + ". ";
  const bool close = levelled_off(curves, most, before, claim.evidence);
  if (below_guessing.low > 0) {
    claim.status = ClaimStatus::kFails;
    claim.evidence += "That is worse than guessing the mean: too few samples for this target. ";
  } else if (below_guessing.high >= 0) {
    claim.evidence += "Not told apart from guessing the mean (error 1). ";
  } else if (close) {
    claim.status = ClaimStatus::kHolds;
  }
  claim.evidence += "Sizes: " + sizes_text(sweep) + ".";
  return claim;
}

/// A3 for one model and case: the error at the largest size is below the best affine function, or
/// below one half where the affine level is (nearly) 0 or unknown.
Claim learned_claim(const Sweep& sweep, const ErrorCurve& curve) {
  const LayerSizes& layer = sweep.variants.front().layer;
  const TargetCase& item = curve.target;
  double level = kLearnedLevel;
  std::string against = "half of the variance (0.5)";
  if (item.target->affine_level != nullptr) {
    const double affine = item.target->affine_level(layer.keys, layer.dim, item.number);
    if (affine > 0.05) {
      level = affine;
      against = "the best affine function (" + short_text(affine) + ")";
    }
  }
  Claim claim{"A3",
              std::string(curve.model->label) + " learns " + item.name() +
                  " efficiently: it beats " + against + ".",
              ClaimStatus::kUndecided, kTooFewTrials};
  for (std::size_t s = curve.sizes.size(); s-- > 0;) {
    const Interval above = error_interval(curve, s, level);
    if (!above.known) continue;
    claim.status = sign_status({true, -above.mean, -above.high, -above.low, above.trials});
    claim.evidence = "At n = " + short_text(curve.sizes[s]) + ": error " + at_text(curve, s) +
                     " against " + short_text(level) + ". Sizes: " + sizes_text(sweep) + ".";
    break;
  }
  return claim;
}

/// A4 for one case: the best non-zero mean against zero, with the level of the intervals divided by
/// the number of means tried (Bonferroni).
Claim bias_claim(const Sweep& sweep, const std::vector<ErrorCurve>& curves,
                 const RandomFeatureModel& model, const TargetCase& item) {
  const std::string statement =
      item.target->reads_correlation
          ? "A non-zero mean of W helps " + std::string(model.label) + " on " + item.name() +
                ", a target built from ⟨x₀,xᵢ⟩."
          : "A non-zero mean of W helps " + std::string(model.label) + " on " + item.name() +
                " too, although it is not built from ⟨x₀,xᵢ⟩ (the paper promises nothing here).";
  Claim claim{"A4", statement, ClaimStatus::kUndecided, {}};
  const auto by_mean = swept_curves(curves, model, item);
  const ErrorCurve* zero = nullptr;
  for (const ErrorCurve* curve : by_mean) {
    if (curve->variant == 0) zero = curve;
  }
  if (zero == nullptr || by_mean.size() < 2) {
    claim.evidence = "Needs c = 0 and at least one other mean.";
    return claim;
  }
  const int tried = static_cast<int>(by_mean.size()) - 1;
  const ErrorCurve* best = nullptr;
  bool all_worse = true;
  for (const ErrorCurve* curve : by_mean) {
    if (curve == zero) continue;
    const Interval gain = paired_advantage(*curve, *zero, 0, tried);
    if (!gain.known) {
      claim.evidence = kTooFewTrials;
      return claim;
    }
    all_worse = all_worse && gain.high < 0;
    if (best == nullptr || curve->at(0).mean < best->at(0).mean) best = curve;
  }
  const Interval gain = paired_advantage(*best, *zero, 0, tried);
  if (gain.low > 0) claim.status = ClaimStatus::kHolds;
  if (all_worse) claim.status = ClaimStatus::kFails;
  claim.evidence = "At n = " + short_text(zero->sizes[0]) + ": error " + at_text(*zero, 0) +
                   " with c = 0, best of the others " + at_text(*best, 0) +
                   " with c = " + short_text(best->variant) + ", gain " + interval_text(gain) +
                   (tried > 1 ? ", corrected for " + std::to_string(tried) + " means" : "") +
                   (all_worse ? "; every non-zero mean hurts" : "") +
                   ". Sizes: " + sizes_text(sweep) + ".";
  return claim;
}

Claim length_claim(const Sweep& sweep, const std::vector<ErrorCurve>& curves,
                   const TargetCase& item) {
  Claim claim{
      "A2",
      "RFA learns " + item.name() + " from fewer samples than RFMLP, whatever the number of keys.",
      ClaimStatus::kUndecided,
      {}};
  const RandomFeatureModel *rfa = find_random_feature_model("rfa"),
                           *rfmlp = find_random_feature_model("rfmlp");
  const auto attention = swept_curves(curves, *rfa, item);
  const auto network = swept_curves(curves, *rfmlp, item);
  if (attention.empty() || network.empty()) {
    claim.evidence = "Needs both models: rfa and rfmlp.";
    return claim;
  }
  bool all_hold = true;
  for (std::size_t i = 0; i < attention.size(); ++i) {
    const std::string missing = too_little_data(*attention[i], *network[i]);
    if (!missing.empty()) {
      claim.status = ClaimStatus::kUndecided;
      claim.evidence = missing;
      return claim;
    }
    Claim step;
    judge_fewer_samples(*attention[i], *network[i], step);
    all_hold = all_hold && step.status == ClaimStatus::kHolds;
    if (step.status == ClaimStatus::kFails) claim.status = ClaimStatus::kFails;
    claim.evidence += "N = " + short_text(attention[i]->variant) + ": RFA " +
                      crossing_text(crossing_of(*attention[i], kLearnedLevel), *attention[i]) +
                      ", RFMLP " +
                      crossing_text(crossing_of(*network[i], kLearnedLevel), *network[i]) +
                      " samples (" + std::string(status_text(step.status)) + "). ";
  }
  if (all_hold) claim.status = ClaimStatus::kHolds;
  claim.evidence += "Sizes: " + sizes_text(sweep) + ".";
  return claim;
}

}  // namespace

std::vector<Claim> finite_width_claims(const Sweep& sweep, const std::vector<ErrorCurve>& curves) {
  std::vector<Claim> claims;
  for (const RandomFeatureModel* model : sweep.models) {
    for (const TargetCase& item : sweep.cases) {
      if (!model->attention || model->infinite) continue;
      claims.push_back(finite_width_claim(sweep, curves, *model, item));
    }
  }
  return claims;
}

std::vector<Claim> complexity_claims(const Sweep& sweep, const std::vector<ErrorCurve>& curves) {
  std::vector<Claim> claims;
  for (const ErrorCurve& curve : curves) {
    if (curve.model->attention) claims.push_back(learned_claim(sweep, curve));
  }
  for (Claim& claim : difficulty_claims(sweep, curves)) claims.push_back(std::move(claim));
  return claims;
}

std::vector<Claim> bias_claims(const Sweep& sweep, const std::vector<ErrorCurve>& curves) {
  std::vector<Claim> claims;
  for (const RandomFeatureModel* model : sweep.models) {
    for (const TargetCase& item : sweep.cases) {
      if (model->biased) claims.push_back(bias_claim(sweep, curves, *model, item));
    }
  }
  return claims;
}

std::vector<Claim> length_claims(const Sweep& sweep, const std::vector<ErrorCurve>& curves) {
  std::vector<Claim> claims;
  for (const TargetCase& item : sweep.cases) claims.push_back(length_claim(sweep, curves, item));
  return claims;
}

}  // namespace attnlab::random_features
