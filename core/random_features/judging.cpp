#include "core/random_features/judging.h"

#include <algorithm>
#include <cmath>

#include "core/base/text.h"

namespace attnlab::random_features {
namespace {

std::string estimate_at(const ErrorCurve& curve, std::size_t size) {
  const Estimate estimate = curve.at(size);
  return std::string(curve.model->label) + " " + estimate_text(estimate.mean, estimate.std_error);
}

/// Index of the largest size with at least two paired trials, or sizes.size().
std::size_t largest_paired(const ErrorCurve& a, const ErrorCurve& b) {
  for (std::size_t s = a.sizes.size(); s-- > 0;) {
    if (paired_advantage(a, b, s).known) return s;
  }
  return a.sizes.size();
}

}  // namespace

std::string model_label(const ErrorCurve& curve) {
  return std::string(curve.model->label);
}

const ErrorCurve* find_curve(const std::vector<ErrorCurve>& curves, std::string_view model,
                             const TargetCase& item) {
  for (const ErrorCurve& curve : curves) {
    if (curve.model->id == model && curve.target == item) return &curve;
  }
  return nullptr;
}

std::string interval_text(const Interval& interval) {
  return short_text(interval.mean) + " (95 % interval " + short_text(interval.low) + " to " +
         short_text(interval.high) + ", " + std::to_string(interval.trials) + " trials)";
}

std::string too_little_data(const ErrorCurve& a, const ErrorCurve& b) {
  std::size_t paired = 0;
  for (std::size_t s = 0; s < a.sizes.size(); ++s) {
    paired = std::max(paired, static_cast<std::size_t>(paired_advantage(a, b, s).trials));
  }
  if (paired == 0) return "No trial of both models is finished yet.";
  if (paired == 1) return "One trial gives no error bar: run at least 2 (5 is the default).";
  return {};
}

ClaimStatus sign_status(const Interval& interval) {
  if (interval.low > 0) return ClaimStatus::kHolds;
  if (interval.high < 0) return ClaimStatus::kFails;
  return ClaimStatus::kUndecided;
}

void judge_fewer_samples(const ErrorCurve& better, const ErrorCurve& worse, Claim& claim) {
  const RatioInterval ratio = paired_ratio(better, worse, kLearnedLevel);
  const std::string needs = model_label(better) + " needs " +
                            crossing_text(crossing_of(better, kLearnedLevel), better) +
                            " samples to reach test error 0.5, " + model_label(worse) + " " +
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

namespace {

/// Where one curve was ahead of another before the last size, by intervals.
struct Lead {
  double first = 0, last = 0;        ///< sizes, 0 for never
  double widest = 0, widest_at = 0;  ///< largest mean advantage and its size
};

Lead lead_before(const ErrorCurve& better, const ErrorCurve& worse, std::size_t end) {
  Lead lead;
  for (std::size_t s = 0; s < end; ++s) {
    const Interval advantage = paired_advantage(better, worse, s);
    if (!advantage.known || advantage.low <= 0) continue;
    if (lead.first == 0) lead.first = better.sizes[s];
    lead.last = better.sizes[s];
    if (advantage.mean <= lead.widest) continue;
    lead.widest = advantage.mean;
    lead.widest_at = better.sizes[s];
  }
  return lead;
}

/// How far the other has caught up, when it was behind before.
std::string catching_up_text(const ErrorCurve& better, const ErrorCurve& worse, const Lead& lead,
                             const Interval& now, bool caught_up) {
  if (lead.first == 0) return {};
  std::string text = " " + model_label(better) + " is ahead from n = " + short_text(lead.first) +
                     (lead.last > lead.first ? " to " + short_text(lead.last) : "") + ".";
  const std::string widest =
      "widest at n = " + short_text(lead.widest_at) + " (" + short_text(lead.widest) + ")";
  if (now.low <= 0) {
    text += " Its lead was " + widest + "; " + model_label(worse) +
            (caught_up || now.high < 0 ? " has caught up" : " may have caught up") +
            " after n = " + short_text(lead.last) + ".";
  } else if (now.high < lead.widest) {
    text += " Its lead was " + widest + " and is " + short_text(now.mean) +
            " now: " + model_label(worse) + " is catching up, and has not yet.";
  }
  return text;
}

}  // namespace

void judge_lower_error(const ErrorCurve& better, const ErrorCurve& worse, Claim& claim) {
  const std::size_t last = largest_paired(better, worse);
  const Interval at_last = paired_advantage(better, worse, last);
  const Lead lead = lead_before(better, worse, last);
  claim.status = sign_status(at_last);
  // Caught up: the interval is narrow enough to say that less than half of the lead is left.
  const bool caught_up = claim.status == ClaimStatus::kUndecided && at_last.high < lead.widest / 2;
  if (caught_up) claim.status = ClaimStatus::kFails;
  claim.evidence = "At n = " + short_text(better.sizes[last]) + ": " + estimate_at(better, last) +
                   ", " + estimate_at(worse, last) + ", difference " + interval_text(at_last) +
                   "." + catching_up_text(better, worse, lead, at_last, caught_up);
}

}  // namespace attnlab::random_features
