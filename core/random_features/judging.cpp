#include "core/random_features/judging.h"

#include <algorithm>
#include <cmath>

#include "core/base/text.h"

namespace attnlab::random_features {
namespace {

std::string label_and_error(const ErrorCurve& curve, std::size_t size) {
  return model_label(curve) + " " + error_text(curve, size);
}

/// Index of the largest size with at least two paired trials, or sizes.size().
std::size_t largest_paired(const ErrorCurve& a, const ErrorCurve& b) {
  for (std::size_t s = a.sizes.size(); s-- > 0;) {
    if (paired_differences(a, b, s).size() >= 2) return s;
  }
  return a.sizes.size();
}

std::size_t smallest_paired(const ErrorCurve& a, const ErrorCurve& b) {
  std::size_t s = 0;
  while (s + 1 < a.sizes.size() && paired_differences(a, b, s).size() < 2) ++s;
  return s;
}

/// Errors of both at the largest size. A lead counts only as far as the better one is below
/// guessing (error 1): of two models that learn nothing, neither needs fewer samples.
Comparison by_errors(const ErrorCurve& better, const ErrorCurve& worse, std::size_t size) {
  const bool ahead = better.at(size).mean <= worse.at(size).mean;
  const ErrorCurve& leader = ahead ? better : worse;
  const ErrorCurve& other = ahead ? worse : better;
  std::vector<double> leads;
  for (std::size_t trial = 0; trial < leader.errors[size].size(); ++trial) {
    const double own = leader.errors[size][trial], lead = other.errors[size][trial] - own;
    if (!std::isnan(lead)) leads.push_back((ahead ? 1 : -1) * std::min(lead, 1 - own));
  }
  Comparison comparison =
      error_comparison("errors at n = " + short_text(better.sizes[size]), leads);
  comparison.paired_by = kTrial;
  if ((comparison.estimate > 0) != ahead) comparison.estimate = 0;  // no better than guessing
  return comparison;
}

std::string trials_text(const Comparison& comparison) {
  return counted(static_cast<std::size_t>(std::lround(comparison.degrees_of_freedom + 1)), "trial");
}

}  // namespace

Comparison ends_comparison(const ErrorCurve& early, const ErrorCurve& late, double sign) {
  const std::size_t first = smallest_paired(early, late), last = largest_paired(early, late);
  std::vector<double> distances;
  for (std::size_t trial = 0; trial < early.errors[first].size(); ++trial) {
    const double distance = std::min(kLearnedLevel - early.errors[first][trial],
                                     late.errors[last][trial] - kLearnedLevel);
    if (!std::isnan(early.errors[first][trial] + late.errors[last][trial])) {
      distances.push_back(sign * distance);
    }
  }
  Comparison comparison = error_comparison("distances from error 0.5", distances);
  comparison.paired_by = kTrial;
  return comparison;
}

std::string model_label(const ErrorCurve& curve) {
  return std::string(curve.model->label);
}

Comparison error_comparison(std::string what, const std::vector<double>& differences) {
  Comparison comparison = mean_comparison(std::move(what), differences, kSmallestError);
  comparison.interest = "1 % of the target's variance";
  return comparison;
}

std::string error_text(const ErrorCurve& curve, std::size_t size) {
  const Estimate estimate = curve.at(size);
  return estimate_text(estimate.mean, estimate.std_error);
}

const ErrorCurve* find_curve(const std::vector<ErrorCurve>& curves, std::string_view model,
                             const TargetCase& item) {
  for (const ErrorCurve& curve : curves) {
    if (curve.model->id == model && curve.target == item) return &curve;
  }
  return nullptr;
}

std::string too_little_data(const ErrorCurve& a, const ErrorCurve& b) {
  std::size_t paired = 0;
  for (std::size_t s = 0; s < a.sizes.size(); ++s) {
    paired = std::max(paired, paired_differences(a, b, s).size());
  }
  if (paired == 0) return "No trial of both models is finished yet.";
  if (paired == 1) return "One trial gives no error bar: run at least 2 (5 is the default).";
  return {};
}

SampleComparison compare_samples(const ErrorCurve& better, const ErrorCurve& worse) {
  SampleComparison result;
  result.better = &better;
  result.worse = &worse;
  result.size = largest_paired(better, worse);
  if (result.size == better.sizes.size()) return result;  // too little data: undecided
  if (std::min(better.at(result.size).mean, worse.at(result.size).mean) > kLearnedLevel) {
    result.by = SampleComparison::By::kErrors;
    result.comparison = by_errors(better, worse, result.size);
    return result;
  }
  const PairedCrossings crossings = paired_crossings(better, worse, kLearnedLevel);
  std::vector<double> ratios;
  for (std::size_t i = 0; i < crossings.log_a.size(); ++i) {
    ratios.push_back(crossings.log_b[i] - crossings.log_a[i]);
  }
  result.outside = crossings.outside;
  result.comparison = mean_comparison("samples needed", ratios, std::log(kSmallestFactor));
  result.comparison.interest = "5 % of the samples";
  result.comparison.paired_by = kTrial;
  // Where every trial crosses outside the sizes at the same two ends, the ratios do not scatter.
  if (result.comparison.std_error == 0 && result.comparison.estimate != 0) {
    result.by = SampleComparison::By::kEnds;
    result.comparison = result.comparison.estimate > 0 ? ends_comparison(better, worse, 1)
                                                       : ends_comparison(worse, better, -1);
  }
  return result;
}

Verdict judge_every(const std::vector<SampleComparison>& measured) {
  std::vector<Comparison> comparisons;
  for (const SampleComparison& each : measured) comparisons.push_back(each.comparison);
  return judge(std::move(comparisons));
}

std::string samples_text(const ErrorCurve& curve) {
  return crossing_text(crossing_of(curve, kLearnedLevel), curve);
}

std::string measure_text(const SampleComparison& measured, const JudgedComparison& judged) {
  const Comparison& comparison = judged.comparison;
  switch (measured.by) {
    case SampleComparison::By::kErrors:
      return "lead in test error at n = " + short_text(measured.better->sizes[measured.size]) +
             " " + interval_text(judged);
    case SampleComparison::By::kEnds:
      return "at opposite ends of the sizes in every trial";
    case SampleComparison::By::kRatio:
      break;
  }
  if (comparison.estimate == 0 && comparison.std_error == 0) return "not told apart by any trial";
  return std::string("a factor of ") + (measured.outside > 0 ? "at least " : "") +
         short_text(std::exp(comparison.estimate)) + " (" + short_text(std::exp(judged.low)) +
         " to " + short_text(std::exp(judged.high)) + ")";
}

std::string advice_text(const SampleComparison& measured, const JudgedComparison& judged) {
  if (judged.status != ClaimStatus::kUndecided) return {};
  if (measured.by == SampleComparison::By::kErrors) return "Add larger n. ";
  const std::size_t first = smallest_paired(*measured.better, *measured.worse);
  if (std::max(measured.better->at(first).mean, measured.worse->at(first).mean) > kLearnedLevel) {
    return {};
  }
  return "Both reach it before the smallest n: add smaller n. ";
}

void judge_fewer_samples(const ErrorCurve& better, const ErrorCurve& worse, Claim& claim) {
  const SampleComparison measured = compare_samples(better, worse);
  const Verdict verdict = judge_every({measured});
  const JudgedComparison& judged = verdict.comparisons[0];
  apply(verdict, claim);
  const std::string measure =
      measure_text(measured, judged) + ", " + trials_text(measured.comparison);
  const std::string needs = model_label(better) + " needs " + samples_text(better) +
                            " samples to reach test error 0.5, " + model_label(worse) + " " +
                            samples_text(worse);
  if (measured.by == SampleComparison::By::kErrors) {
    claim.evidence = "At n = " + short_text(better.sizes[measured.size]) + ": " +
                     label_and_error(better, measured.size) + ", " +
                     label_and_error(worse, measured.size) + ", " + measure +
                     "; test error 0.5 is not reached in every trial (" + needs + "). ";
  } else {
    claim.evidence = needs + ": " + measure + ". ";
  }
  if (measured.outside > 0) {
    claim.evidence += "In " + std::to_string(measured.outside) +
                      " of the trials a crossing is outside the sizes: the nearest counts. ";
  }
  claim.evidence += advice_text(measured, judged);
  claim.evidence.pop_back();
}

namespace {

/// Where one curve was ahead of another before the last size, by 95 % intervals.
struct Lead {
  double first = 0, last = 0;        ///< sizes, 0 for never
  double widest = 0, widest_at = 0;  ///< largest mean advantage and its size
};

Lead lead_before(const ErrorCurve& better, const ErrorCurve& worse, std::size_t end) {
  Lead lead;
  for (std::size_t s = 0; s < end; ++s) {
    const Verdict here = judge({mean_comparison({}, paired_differences(better, worse, s))});
    if (here.status != ClaimStatus::kHolds) continue;
    if (lead.first == 0) lead.first = better.sizes[s];
    lead.last = better.sizes[s];
    const double mean = here.comparisons[0].comparison.estimate;
    if (mean <= lead.widest) continue;
    lead.widest = mean;
    lead.widest_at = better.sizes[s];
  }
  return lead;
}

/// How far the other curve has caught up, if it was behind before.
std::string catching_up_text(const ErrorCurve& better, const ErrorCurve& worse, const Lead& lead,
                             const JudgedComparison& now) {
  if (lead.first == 0) return {};
  std::string text = " " + model_label(better) + " is ahead from n = " + short_text(lead.first) +
                     (lead.last > lead.first ? " to " + short_text(lead.last) : "") + ".";
  const std::string widest =
      "widest at n = " + short_text(lead.widest_at) + " (" + short_text(lead.widest) + ")";
  if (now.low <= 0) {
    text += " Its lead was " + widest + "; " + model_label(worse) +
            (now.high < 0 ? " is ahead" : " may have caught up") +
            " after n = " + short_text(lead.last) + ".";
  } else if (now.high < lead.widest) {
    text += " Its lead was " + widest + " and is " + short_text(now.comparison.estimate) +
            " now: " + model_label(worse) + " is catching up, and has not yet.";
  }
  return text;
}

}  // namespace

void judge_lower_error(const ErrorCurve& better, const ErrorCurve& worse, Claim& claim) {
  const std::size_t last = largest_paired(better, worse);
  Comparison at_last = error_comparison("errors at n = " + short_text(better.sizes[last]),
                                        paired_differences(better, worse, last));
  at_last.paired_by = kTrial;
  const Verdict verdict = judge({at_last});
  const JudgedComparison& judged = verdict.comparisons[0];
  apply(verdict, claim);
  claim.evidence = "At n = " + short_text(better.sizes[last]) + ": " +
                   label_and_error(better, last) + ", " + label_and_error(worse, last) +
                   ", difference " + interval_text(judged) + " in " + trials_text(at_last) + "." +
                   catching_up_text(better, worse, lead_before(better, worse, last), judged);
}

std::string kept_lead_text(const ErrorCurve& better, const ErrorCurve& worse,
                           const ErrorCurve& third) {
  const SampleComparison measured = compare_samples(better, worse);
  std::vector<double> kept, lead;
  if (measured.by == SampleComparison::By::kErrors) {
    for (std::size_t trial = 0; trial < worse.errors[measured.size].size(); ++trial) {
      const double from = worse.errors[measured.size][trial];
      const double part = from - third.errors[measured.size][trial];
      const double all = from - better.errors[measured.size][trial];
      if (std::isnan(part + all)) continue;
      kept.push_back(part);
      lead.push_back(all);
    }
  } else {
    const PairedCrossings all = paired_crossings(better, worse, kLearnedLevel);
    const PairedCrossings part = paired_crossings(third, worse, kLearnedLevel);
    if (all.log_a.size() != part.log_a.size()) return {};  // a trial is not finished
    for (std::size_t i = 0; i < all.log_a.size(); ++i) {
      kept.push_back(part.log_b[i] - part.log_a[i]);
      lead.push_back(all.log_b[i] - all.log_a[i]);
    }
  }
  const RatioEstimate share = ratio_of_means(kept, lead, kVerdictTail);
  if (!(share.low > -std::numeric_limits<double>::infinity())) return {};
  return model_label(third) + " has " + short_text(share.value) + " (95 % interval " +
         short_text(share.low) + " to " + short_text(share.high) + ") of " + model_label(better) +
         "'s lead over " + model_label(worse) +
         (measured.by == SampleComparison::By::kErrors ? " in test error"
          : measured.outside > 0 ? ", in logs of the samples needed, as far as the sizes reach"
                                 : ", in logs of the samples needed") +
         ".";
}

}  // namespace attnlab::random_features
