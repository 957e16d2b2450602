// Holm's test in both directions, and the sentence that says how a verdict came about.
#include "core/findings/verdict.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/base/text.h"
#include "core/numerics/binomial.h"

namespace attnlab {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

bool is_share(const Comparison& c) {
  return c.tries > 0;
}

double estimate_of(const Comparison& c) {
  return is_share(c) ? static_cast<double>(c.successes) / c.tries - c.wanted_share : c.estimate;
}

bool is_known(const Comparison& c) {
  return is_share(c) || (std::isfinite(c.estimate) && c.std_error >= 0 &&
                         std::isfinite(c.std_error) && c.degrees_of_freedom > 0);
}

/// The same quantity with its sign turned, so that one test serves both directions.
Comparison mirrored(Comparison c) {
  c.estimate = -c.estimate;
  c.successes = c.tries - c.successes;
  c.wanted_share = 1 - c.wanted_share;
  return c;
}

/// Chance of an estimate at least as high if the true value were `bound`.
double tail_above(const Comparison& c, double bound) {
  if (!is_known(c)) return 1;
  if (is_share(c)) {
    return binomial_upper_tail(c.successes, c.tries, std::clamp(c.wanted_share + bound, 0.0, 1.0));
  }
  const double distance = c.estimate - bound;
  if (c.std_error == 0) return distance > 0 ? 0 : 1;
  return student_t_cdf(-distance / c.std_error, c.degrees_of_freedom);
}

/// Lower end of the one-sided interval that misses with chance `tail`.
double lower_end(const Comparison& c, double tail) {
  if (!is_known(c)) return -kInfinity;
  if (is_share(c)) return share_lower_bound(c.successes, c.tries, tail) - c.wanted_share;
  return c.estimate - student_t_quantile(1 - tail, c.degrees_of_freedom) * c.std_error;
}

struct OneSide {
  std::vector<bool> decided;
  std::vector<double> tails;  ///< the level at which each was tested
};

/// Which comparisons are above their bound: the smallest tail is tested at kVerdictTail / count,
/// the next at kVerdictTail / (count - 1) and so on up to the first that is not.
OneSide holm(const std::vector<Comparison>& comparisons, const std::vector<double>& bounds) {
  const std::size_t count = comparisons.size();
  std::vector<double> tails(count);
  for (std::size_t i = 0; i < count; ++i) tails[i] = tail_above(comparisons[i], bounds[i]);
  std::vector<std::size_t> order(count);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return tails[a] < tails[b]; });
  OneSide side{std::vector<bool>(count, false), std::vector<double>(count)};
  bool going = true;
  double level = kVerdictTail;
  for (std::size_t rank = 0; rank < count; ++rank) {
    if (going) level = kVerdictTail / static_cast<double>(count - rank);
    going = going && tails[order[rank]] <= level;
    side.decided[order[rank]] = going;
    side.tails[order[rank]] = level;
  }
  return side;
}

ClaimStatus combined(const std::vector<JudgedComparison>& judged, Combine combine) {
  const auto is = [](ClaimStatus status) {
    return [status](const JudgedComparison& each) { return each.status == status; };
  };
  const auto all = [&](ClaimStatus status) {
    return !judged.empty() && std::all_of(judged.begin(), judged.end(), is(status));
  };
  const auto any = [&](ClaimStatus status) {
    return std::any_of(judged.begin(), judged.end(), is(status));
  };
  const bool every = combine == Combine::kEvery;
  if (every ? any(ClaimStatus::kFails) : all(ClaimStatus::kFails)) return ClaimStatus::kFails;
  if (every ? all(ClaimStatus::kHolds) : any(ClaimStatus::kHolds)) return ClaimStatus::kHolds;
  return ClaimStatus::kUndecided;
}

/// Distance of the estimate from the bound that it must pass, divided by the half-width of its
/// interval: more than 1 when decided. For an undecided comparison, towards the nearer decision.
double margin(const JudgedComparison& judged) {
  const Comparison& c = judged.comparison;
  if (!is_known(c)) return 0;
  const double estimate = estimate_of(c);
  const auto over = [](double distance, double reach) {
    if (distance <= 0) return 0.0;
    return reach > 0 ? distance / reach : kInfinity;
  };
  const double up = over(estimate, estimate - judged.low);
  const double down =
      c.can_refute ? over(-c.smallest_difference - estimate, judged.high - estimate) : 0;
  return std::max(up, down);
}

/// The comparison with this status that has the smallest or the largest margin.
const JudgedComparison* extreme(const Verdict& verdict, ClaimStatus status, bool largest) {
  const JudgedComparison* found = nullptr;
  for (const JudgedComparison& each : verdict.comparisons) {
    if (each.status != status) continue;
    if (found == nullptr ||
        (largest ? margin(each) > margin(*found) : margin(each) < margin(*found)))
      found = &each;
  }
  return found;
}

/// " (N = 4)": which comparison is meant, where there are several.
std::string which_text(const Verdict& verdict, const JudgedComparison& one) {
  if (verdict.comparisons.size() < 2 || one.comparison.what.empty()) return {};
  return " (" + one.comparison.what + ")";
}

std::string undecided_text(const Verdict& verdict) {
  for (const JudgedComparison& each : verdict.comparisons) {
    if (is_known(each.comparison)) continue;
    return "Undecided while a comparison has no error bar" + which_text(verdict, each) + ".";
  }
  const JudgedComparison* nearest = extreme(verdict, ClaimStatus::kUndecided, false);
  if (nearest == nullptr) return {};
  const double size = margin(*nearest);
  const std::string which = which_text(verdict, *nearest);
  if (!nearest->comparison.can_refute && nearest->high < 0) {
    return "The undecided part" + which + " is not true at these sizes; more trials will not help.";
  }
  if (!(size * size > 1e-3)) {
    return "The undecided difference" + which + " is too near 0 for more trials to decide.";
  }
  return "If the estimates stay, about " + short_text(std::max(1.1, 1 / (size * size))) +
         " times as many trials will decide it" + which + ".";
}

std::string change_text(const Verdict& verdict, Combine combine) {
  if (verdict.status == ClaimStatus::kUndecided) return undecided_text(verdict);
  const bool one_decides = (combine == Combine::kSome) == (verdict.status == ClaimStatus::kHolds);
  const JudgedComparison& nearest = *extreme(verdict, verdict.status, one_decides);
  const double size = margin(nearest);
  const std::string which = which_text(verdict, nearest);
  if (!std::isfinite(size)) return "The decisive estimate" + which + " has no measurable error.";
  return "Errors " + short_text(size) + " times as large" + which + " would leave it undecided.";
}

/// The smallest differences of interest, each named once.
std::string smallest_text(const std::vector<JudgedComparison>& judged) {
  std::vector<std::string> texts;
  for (const JudgedComparison& each : judged) {
    const Comparison& c = each.comparison;
    if (c.smallest_difference == 0) continue;
    std::string text = c.interest.empty() ? short_text(c.smallest_difference) : c.interest;
    if (std::find(texts.begin(), texts.end(), text) == texts.end()) {
      texts.push_back(std::move(text));
    }
  }
  return texts.empty() ? std::string() : ", smallest difference of interest " + join(texts, ", ");
}

/// ", differences paired by trial" where there are such.
std::string pairs_text(const std::vector<JudgedComparison>& judged) {
  for (const JudgedComparison& each : judged) {
    if (each.comparison.paired_by.empty()) continue;
    return ", differences paired by " + each.comparison.paired_by;
  }
  return {};
}

std::string level_text(std::size_t comparisons) {
  return "Level 5 % over " + counted(comparisons, "comparison") +
         (comparisons > 1 ? " (Holm)" : "");
}

}  // namespace

Comparison mean_comparison(std::string what, std::span<const double> differences,
                           double smallest_difference) {
  const Estimate estimate = mean_and_error(differences);
  Comparison comparison;
  comparison.what = std::move(what);
  comparison.estimate = estimate.mean;
  comparison.std_error = estimate.std_error;
  comparison.degrees_of_freedom = estimate.count - 1.0;
  comparison.smallest_difference = smallest_difference;
  return comparison;
}

Comparison share_comparison(std::string what, int successes, int tries, double wanted_share) {
  Comparison comparison;
  comparison.what = std::move(what);
  comparison.tries = tries;
  comparison.successes = successes;
  comparison.wanted_share = wanted_share;
  return comparison;
}

Verdict judge(std::vector<Comparison> comparisons, Combine combine) {
  Verdict verdict;
  if (comparisons.empty()) return verdict;
  std::vector<Comparison> turned;
  std::vector<double> zero(comparisons.size(), 0.0), interest;
  for (const Comparison& each : comparisons) {
    turned.push_back(mirrored(each));
    interest.push_back(each.smallest_difference);
  }
  const OneSide above = holm(comparisons, zero), below = holm(turned, interest);
  for (std::size_t i = 0; i < comparisons.size(); ++i) {
    JudgedComparison judged;
    judged.low = lower_end(comparisons[i], above.tails[i]);
    judged.high = -lower_end(turned[i], below.tails[i]);
    if (above.decided[i]) judged.status = ClaimStatus::kHolds;
    if (below.decided[i] && comparisons[i].can_refute) judged.status = ClaimStatus::kFails;
    judged.comparison = std::move(comparisons[i]);
    verdict.comparisons.push_back(std::move(judged));
  }
  verdict.status = combined(verdict.comparisons, combine);
  verdict.how = level_text(verdict.comparisons.size()) + pairs_text(verdict.comparisons) +
                smallest_text(verdict.comparisons) + ". " + change_text(verdict, combine);
  return verdict;
}

Verdict judge_universal(int counterexamples, int tries, std::string_view one_try,
                        std::string_view several_tries) {
  Verdict verdict;
  if (tries <= 0) return verdict;
  const std::string number = counted(static_cast<std::size_t>(tries), one_try, several_tries);
  if (counterexamples > 0) {
    verdict.status = ClaimStatus::kFails;
    verdict.how = "At least " + std::to_string(counterexamples) + " of " + number +
                  (counterexamples == 1 ? " contradicts" : " contradict") +
                  " it; one is enough against a universal statement.";
    return verdict;
  }
  verdict.status = ClaimStatus::kNoCounterexample;
  verdict.how = "No counterexample in " + number +
                ": tries can refute a universal statement, not prove it. At most " +
                short_text(100 * share_upper_bound(0, tries, 0.05)) +
                " % of such cases are counterexamples (exact 95 % bound); one would make it fail.";
  return verdict;
}

void apply(const Verdict& verdict, Claim& claim) {
  claim.status = verdict.status;
  claim.judged = verdict.how;
}

std::string interval_text(const JudgedComparison& judged) {
  return short_text(estimate_of(judged.comparison)) + " (" + short_text(judged.low) + " to " +
         short_text(judged.high) + ")";
}

}  // namespace attnlab
