// Claims of the experiments that sweep heads, difficulty, the mean of W and the number of keys.
#include <algorithm>
#include <cmath>

#include "core/base/text.h"
#include "core/random_features/claims.h"
#include "core/random_features/own_target.h"

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

constexpr const char* kTooFewTrials = "Needs at least 2 finished trials of every setting.";

/// For each trial a function of the errors of two curves at one size each, where both are known.
template <class Function>
std::vector<double> per_trial(const ErrorCurve& a, std::size_t size_a, const ErrorCurve& b,
                              std::size_t size_b, const Function& function) {
  std::vector<double> values;
  for (std::size_t trial = 0; trial < a.errors[size_a].size(); ++trial) {
    const double value = function(a.errors[size_a][trial], b.errors[size_b][trial]);
    if (!std::isnan(value)) values.push_back(value);
  }
  return values;
}

/// A level minus the errors at a size.
std::vector<double> below(double level, const ErrorCurve& curve, std::size_t size) {
  return per_trial(curve, size, curve, size, [&](double error, double) { return level - error; });
}

/// Doublings of the data or the heads over which the last gain is extrapolated: about a thousand
/// times as many.
constexpr double kDoublings = 10;

/// The gain from more heads: from infinitely many where the run has them, else from a doubling,
/// measured between the largest number of heads and at most half as many.
struct HeadGain {
  const ErrorCurve* other = nullptr;  ///< null: no curve to compare with
  bool limit = false;
  double doublings = 1;  ///< between the two numbers of heads
};

HeadGain head_gain(const std::vector<ErrorCurve>& curves,
                   const std::vector<const ErrorCurve*>& by_heads) {
  const ErrorCurve& most = *by_heads.back();
  const ErrorCurve* limit = find_curve(curves, most.model->limit, most.target);
  if (limit != nullptr) return {limit, true, 1};
  HeadGain gain;
  for (const ErrorCurve* curve : by_heads) {
    if (2 * curve->variant > most.variant) continue;
    gain.other = curve;
    gain.doublings = std::log2(most.variant / curve->variant);
  }
  return gain;
}

std::string gain_text(const HeadGain& gain, const ErrorCurve& most,
                      const JudgedComparison& judged) {
  const bool close = judged.status == ClaimStatus::kHolds;
  const double tolerated = 0.1 * most.at(0).mean;
  // The comparison is "tolerated minus gain"; the text says the gain.
  const std::string interval = short_text(tolerated - judged.comparison.estimate) + " (" +
                               short_text(tolerated - judged.high) + " to " +
                               short_text(tolerated - judged.low) + ")";
  if (gain.limit) {
    return "Infinitely many: " + error_text(*gain.other, 0) + ", difference " + interval +
           (close ? ": less than 10 % of the error is left to gain. "
                  : ": more heads can still help. ");
  }
  return "A doubling of M gains " + interval +
         (close ? ": less than 10 % of the error, it has levelled off. " : ": add heads. ");
}

/// A1: holds when the error with the most heads is below guessing and more heads can gain little. A
/// finite number of heads or samples cannot refute that a larger number suffices.
Claim finite_width_claim(const Sweep& sweep, const std::vector<ErrorCurve>& curves,
                         const RandomFeatureModel& model, const TargetCase& item) {
  Claim claim{"A1",
              "Finitely many random heads (" + std::string(model.label) + ") learn " +
                  item.words() + ": the error falls below guessing and levels off.",
              ClaimStatus::kUndecided, kTooFewTrials};
  const auto by_heads = swept_curves(curves, model, item);
  const HeadGain gain = by_heads.empty() ? HeadGain{} : head_gain(curves, by_heads);
  if (by_heads.size() < 2 || gain.other == nullptr) {
    const double most = by_heads.empty() ? 0 : by_heads.back()->variant;
    Need need{"a number of heads of at most half the largest", {}};
    if (by_heads.size() < 2 && most >= 2)
      need = {"two numbers of heads", {{"heads", two_values(std::floor(most / 2), most)}}};
    lack(claim, std::move(need));
    return claim;
  }
  const ErrorCurve &most = *by_heads.back(), &before = *by_heads[by_heads.size() - 2];
  const double sign = gain.limit ? 1 : 1 / gain.doublings;
  const auto left = per_trial(most, 0, *gain.other, 0, [&](double own, double other) {
    return 0.1 * own - sign * (gain.limit ? own - other : other - own);
  });
  const auto learned = below(1.0, most, 0);
  if (left.size() < 2 || learned.size() < 2) return claim;
  Comparison guessing = error_comparison("below guessing", learned);
  Comparison levelled = mean_comparison("levelled off", left);
  guessing.can_refute = levelled.can_refute = false;
  levelled.paired_by = kTrial;
  const Verdict verdict = judge({guessing, levelled});
  apply(verdict, claim);
  const auto with_heads = [](const ErrorCurve& curve) {
    return error_text(curve, 0) + " with M = " + short_text(curve.variant);
  };
  claim.evidence = "At n = " + short_text(most.sizes[0]) + ": error ";
  if (by_heads.size() > 2) claim.evidence += with_heads(*by_heads.front()) + ", ";
  claim.evidence += with_heads(before) + ", " + with_heads(most) + ". " +
                    gain_text(gain, most, verdict.comparisons[1]);
  if (verdict.comparisons[0].high < 0) {
    claim.evidence += "Worse than guessing the mean: too few samples for this target. ";
  } else if (verdict.comparisons[0].low <= 0) {
    claim.evidence += "Not told apart from guessing the mean (error 1): add samples. ";
  }
  claim.evidence += "Sizes: " + sizes_text(sweep) + ".";
  return claim;
}

/// The error that "learned" must beat: the best affine function's, or one half where that is
/// (nearly) 0 or unknown.
struct LearnedLevel {
  double level = kLearnedLevel;
  std::string name = "half of the variance (0.5)";
};

LearnedLevel learned_level(const Sweep& sweep, const TargetCase& item) {
  const LayerSizes& layer = sweep.variants.front().layer;
  const auto affine = affine_level_of(item, layer.keys, layer.dim, layer.tokens);
  if (!affine || affine->level <= 0.05) return {};
  // An unbiased estimate can be above 1, which the best constant leaves.
  return {std::min(affine->level, 1.0), "the best affine function (" + affine->text() + ")"};
}

/// Is the curve flat above the level? It is if the gain of the last doubling, ten times over (a
/// thousand times the samples), would still not reach the level. Then "learns" is refuted.
Verdict flat_above(const ErrorCurve& curve, std::size_t last, double level) {
  if (last == 0) return {};
  const double doublings = std::log2(curve.sizes[last] / curve.sizes[last - 1]);
  return judge(
      {mean_comparison("flat above the level",
                       per_trial(curve, last, curve, last - 1, [&](double now, double before) {
                         return now - level - kDoublings * (before - now) / doublings;
                       }))});
}

/// A3 for one model and case, at the largest size. Undecided while the error still falls: a finite
/// n cannot refute "learns".
Claim learned_claim(const Sweep& sweep, const ErrorCurve& curve) {
  const LearnedLevel against = learned_level(sweep, curve.target);
  Claim claim{"A3",
              model_label(curve) + " learns " + curve.target.words() +
                  " with these samples: its error falls below " + against.name + ".",
              ClaimStatus::kUndecided, kTooFewTrials};
  for (std::size_t s = curve.sizes.size(); s-- > 0;) {
    const auto distances = below(against.level, curve, s);
    if (distances.size() < 2) continue;
    const Verdict learned = judge({mean_comparison("learned", distances)});
    const bool flat = flat_above(curve, s, against.level).status == ClaimStatus::kHolds;
    apply(learned, claim);
    claim.evidence = "At n = " + short_text(curve.sizes[s]) + ": error " + error_text(curve, s) +
                     " against " + short_text(against.level) + ". ";
    if (claim.status == ClaimStatus::kFails && !flat) {
      claim.status = ClaimStatus::kUndecided;
      claim.evidence += "Not reached yet, and the error is not flat: add larger n. ";
      claim.judged =
          "Level 5 % over 2 comparisons, both needed to fail: above the level, and flat (at the "
          "last step's rate a thousand times the samples would not reach it). Flat is not "
          "established.";
    } else if (claim.status == ClaimStatus::kFails) {
      claim.evidence += "At the last step's rate a thousand times the samples would not reach it. ";
    }
    claim.evidence += "Sizes: " + sizes_text(sweep) + ".";
    break;
  }
  return claim;
}

/// A4 for one case: every non-zero mean against zero; one that helps is enough, and all must hurt
/// to refute it.
Claim bias_claim(const Sweep& sweep, const std::vector<ErrorCurve>& curves,
                 const RandomFeatureModel& model, const TargetCase& item) {
  const std::string statement =
      "A non-zero mean of W helps " + std::string(model.label) + " on " + item.words();
  Claim claim{"A4", statement + (item.target->reads_correlation
                                     ? kNaturalTarget
                                     : " too, although it is not built from ⟨x₀,xᵢ⟩ (the paper "
                                       "promises nothing here).")};
  const auto by_mean = swept_curves(curves, model, item);
  const ErrorCurve* zero = nullptr;
  for (const ErrorCurve* curve : by_mean) {
    if (curve->variant == 0) zero = curve;
  }
  if (zero == nullptr || by_mean.size() < 2) {
    const double other = by_mean.empty() ? 0 : by_mean.front()->variant;
    lack(claim,
         {"c = 0 and another mean", {{"bias-scale", two_values(0, other == 0 ? 1 : other)}}});
    return claim;
  }
  std::vector<Comparison> comparisons;
  std::vector<const ErrorCurve*> others;
  for (const ErrorCurve* curve : by_mean) {
    if (curve == zero) continue;
    const std::vector<double> gains = paired_differences(*curve, *zero, 0);
    if (gains.size() < 2) {
      claim.evidence = kTooFewTrials;
      return claim;
    }
    comparisons.push_back(error_comparison("c = " + short_text(curve->variant), gains));
    comparisons.back().paired_by = kTrial;
    others.push_back(curve);
  }
  const Verdict verdict = judge(std::move(comparisons), Combine::kSome);
  apply(verdict, claim);
  const auto best = std::max_element(verdict.comparisons.begin(), verdict.comparisons.end(),
                                     [](const JudgedComparison& a, const JudgedComparison& b) {
                                       return a.comparison.estimate < b.comparison.estimate;
                                     });
  const ErrorCurve& other = *others[static_cast<std::size_t>(best - verdict.comparisons.begin())];
  claim.evidence = "At n = " + short_text(zero->sizes[0]) + ": error " + error_text(*zero, 0) +
                   " with c = 0, best of the others " + error_text(other, 0) +
                   " with c = " + short_text(other.variant) + ", gain " + interval_text(*best) +
                   (claim.status == ClaimStatus::kFails ? "; every non-zero mean hurts" : "") +
                   ". Sizes: " + sizes_text(sweep) + ".";
  return claim;
}

/// Needs RFA fewer samples than a rival at every value of the swept sizes?
Claim every_size_claim(const Sweep& sweep, const std::vector<ErrorCurve>& curves,
                       const TargetCase& item, std::string_view rival, Claim claim) {
  const RandomFeatureModel* other = find_random_feature_model(rival);
  const auto attention = swept_curves(curves, *find_random_feature_model("rfa"), item);
  const auto network = swept_curves(curves, *other, item);
  if (attention.empty() || network.empty()) {
    lack(claim, both_models(sweep, "rfa", rival));
    return claim;
  }
  const bool dims = sweep.variants.front().layer.dim != sweep.variants.back().layer.dim;
  std::vector<SampleComparison> measured;
  for (std::size_t i = 0; i < attention.size(); ++i) {
    claim.evidence = too_little_data(*attention[i], *network[i]);
    if (!claim.evidence.empty()) return claim;
    measured.push_back(compare_samples(*attention[i], *network[i]));
    std::string what = "N = " + short_text(attention[i]->variant);
    if (dims) what = "d = " + short_text(attention[i]->dim) + ", " + what;
    measured.back().comparison.what = std::move(what);
  }
  const Verdict verdict = judge_every(measured);
  apply(verdict, claim);
  for (std::size_t i = 0; i < attention.size(); ++i) {
    const JudgedComparison& judged = verdict.comparisons[i];
    claim.evidence += judged.comparison.what + ": RFA " + samples_text(*attention[i]) + ", " +
                      std::string(other->label) + " " + samples_text(*network[i]) + " samples, " +
                      measure_text(measured[i], judged) + ", " +
                      std::string(status_text(judged.status)) + ". " +
                      advice_text(measured[i], judged);
  }
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
  for (const TargetCase& item : sweep.cases) {
    claims.push_back(every_size_claim(
        sweep, curves, item, "rfmlp",
        {"A2", "RFA learns " + item.words() +
                   " from fewer samples than RFMLP, whatever the number of keys."}));
  }
  return claims;
}

std::vector<Claim> sizes_claims(const Sweep& sweep, const std::vector<ErrorCurve>& curves) {
  std::vector<Claim> claims;
  const bool invariant =
      std::any_of(sweep.models.begin(), sweep.models.end(),
                  [](const RandomFeatureModel* model) { return model->id == "rf-invariant"; });
  for (const TargetCase& item : sweep.cases) {
    const std::string statement = "RFA learns " + item.words() + " from fewer samples than ";
    claims.push_back(every_size_claim(
        sweep, curves, item, "rfmlp",
        {"A2", statement + "RFMLP, whatever the dimension and the number of keys."}));
    if (!invariant) continue;
    claims.push_back(every_size_claim(
        sweep, curves, item, "rf-invariant",
        {"A6", "Ours, not the paper's: " + statement +
                   "RF-invariant, whatever the dimension and the number of keys."}));
  }
  return claims;
}

}  // namespace attnlab::random_features
