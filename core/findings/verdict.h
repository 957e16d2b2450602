// How measurements become verdicts. A verdict is a test at 5 % over all comparisons it makes
// (docs/numerics.md, "Verdicts"): 2.5 % for a wrong "holds" and 2.5 % for a wrong "fails".
#pragma once

#include <limits>
#include <span>
#include <string>
#include <vector>

#include "core/findings/result.h"
#include "core/numerics/statistics.h"

namespace attnlab {

/// Chance that a verdict of "holds" is wrong, and chance that a verdict of "fails" is.
inline constexpr double kVerdictTail = 0.025;

/// A measured quantity whose sign decides: above 0 supports the claim, below
/// -smallest_difference refutes it. Between the two, the claim is not refuted: a difference so
/// small is of no interest.
struct Comparison {
  std::string what = {};  ///< "RFMLP minus RFA, test error at n = 512"
  double estimate = std::numeric_limits<double>::quiet_NaN();   ///< NaN: not measured
  double std_error = std::numeric_limits<double>::quiet_NaN();  ///< NaN: not known, undecided
  /// Of Student's t (trials - 1); infinity: the normal distribution.
  double degrees_of_freedom = std::numeric_limits<double>::infinity();
  double smallest_difference = 0;  ///< of interest, in the unit of the estimate, at least 0
  std::string interest = {};       ///< the same in words: "5 % of the samples"; empty: the number
  /// False where the alternative contains the case that it is compared with (two heads, one with
  /// weight 0). Then the true value is at least 0, and an estimate below only shows a bad search.
  bool can_refute = true;
  /// What both sides share where the estimate is a mean of differences within it: "trial",
  /// "prompt"; empty: no pairs.
  std::string paired_by = {};
  int tries = 0, successes = 0;  ///< with tries > 0: an exact binomial share minus `wanted_share`
  double wanted_share = 0;
};

/// The mean of paired differences, one per trial; not known with fewer than two.
Comparison mean_comparison(std::string what, std::span<const double> differences,
                           double smallest_difference = 0);

/// The share of successes minus the share that the claim wants exceeded.
Comparison share_comparison(std::string what, int successes, int tries, double wanted_share);

/// What a claim with several comparisons says.
enum class Combine {
  kEvery,  ///< "for every number of keys": holds when all hold, fails when one fails
  kSome,   ///< "some mean helps": holds when one holds, fails when all fail
};

struct JudgedComparison {
  Comparison comparison;
  ClaimStatus status = ClaimStatus::kUndecided;
  double low = 0, high = 0;  ///< at the level at which it was tested; infinite when not known
};

struct Verdict {
  ClaimStatus status = ClaimStatus::kUndecided;
  std::vector<JudgedComparison> comparisons;  ///< in the order given
  std::string how;  ///< level, number of comparisons, smallest difference, what would change it
};

/// Holm's step-down test (Scandinavian Journal of Statistics 6, 1979), once for "above 0" and once
/// for "below -smallest_difference": whatever is true, a wrong "holds" or "fails" among all
/// comparisons has a chance of at most kVerdictTail each. Undecided without comparisons.
Verdict judge(std::vector<Comparison> comparisons, Combine combine = Combine::kEvery);

/// For universal statements ("exactly", "for every noise"): fails with a counterexample, else "no
/// counterexample in `tries` tries" with a 95 % upper bound of their share. `one_try` and
/// `several_tries` name a try: "box", "boxes".
Verdict judge_universal(int counterexamples, int tries, std::string_view one_try = "try",
                        std::string_view several_tries = "tries");

/// Status and `judged` of a claim from a verdict; evidence is the caller's.
void apply(const Verdict& verdict, Claim& claim);

/// "0.21 (0.18 to 0.24)".
std::string interval_text(const JudgedComparison& judged);

}  // namespace attnlab
