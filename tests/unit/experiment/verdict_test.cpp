// Verdicts: the levels they keep, by closed forms and by simulation under the null.
#include <doctest/doctest.h>

#include <cmath>
#include <string>
#include <vector>

#include "core/findings/verdict.h"
#include "core/numerics/random.h"

using namespace attnlab;

namespace {

Comparison measured(double estimate, double std_error, double smallest_difference = 0) {
  Comparison comparison;
  comparison.estimate = estimate;
  comparison.std_error = std_error;
  comparison.smallest_difference = smallest_difference;
  return comparison;
}

bool says(const std::string& text, const char* words) {
  return text.find(words) != std::string::npos;
}

/// Share of simulated verdicts in which a comparison whose true value is not above 0 holds: five
/// trials of unit variance each.
double wrong_holds(const std::vector<double>& truths, int runs, std::uint32_t stream) {
  RandomStream random(12345, 0, stream);
  int wrong = 0;
  for (int run = 0; run < runs; ++run) {
    std::vector<Comparison> comparisons;
    for (const double truth : truths) {
      double values[5];
      for (double& value : values) value = truth + random.normal();
      comparisons.push_back(mean_comparison("", values));
    }
    const Verdict verdict = judge(std::move(comparisons));
    bool one = false;
    for (std::size_t i = 0; i < truths.size(); ++i) {
      one = one || (truths[i] <= 0 && verdict.comparisons[i].status == ClaimStatus::kHolds);
    }
    wrong += one;
  }
  return static_cast<double>(wrong) / runs;
}

}  // namespace

TEST_CASE("one comparison: the 95 % interval decides, and both sides are treated alike") {
  CHECK(judge({measured(1.97, 1)}).status == ClaimStatus::kHolds);
  CHECK(judge({measured(1.95, 1)}).status == ClaimStatus::kUndecided);
  CHECK(judge({measured(-1.95, 1)}).status == ClaimStatus::kUndecided);
  CHECK(judge({measured(-1.97, 1)}).status == ClaimStatus::kFails);
  const Verdict verdict = judge({measured(1, 1)});
  CHECK(verdict.comparisons[0].low == doctest::Approx(1 - 1.959964).epsilon(1e-5));
  CHECK(verdict.comparisons[0].high == doctest::Approx(1 + 1.959964).epsilon(1e-5));
}

TEST_CASE(
    "a difference below the smallest one of interest supports a claim, and does not refute it") {
  CHECK(judge({measured(0.01, 0.001, 0.05)}).status == ClaimStatus::kHolds);
  CHECK(judge({measured(-0.01, 0.001, 0.05)}).status == ClaimStatus::kUndecided);
  CHECK(judge({measured(-0.06, 0.001, 0.05)}).status == ClaimStatus::kFails);
}

TEST_CASE("a claim that contains its alternative cannot be refuted") {
  Comparison nested = measured(-5, 1);
  nested.can_refute = false;
  CHECK(judge({nested}).status == ClaimStatus::kUndecided);
  nested.estimate = 5;
  CHECK(judge({nested}).status == ClaimStatus::kHolds);
}

TEST_CASE("every: all must hold, one is enough to fail; some: the other way round") {
  const Comparison up = measured(9, 1), open = measured(0, 1), down = measured(-9, 1);
  CHECK(judge({up, up}).status == ClaimStatus::kHolds);
  CHECK(judge({up, open}).status == ClaimStatus::kUndecided);
  CHECK(judge({up, down}).status == ClaimStatus::kFails);
  CHECK(judge({up, down}, Combine::kSome).status == ClaimStatus::kHolds);
  CHECK(judge({open, down}, Combine::kSome).status == ClaimStatus::kUndecided);
  CHECK(judge({down, down}, Combine::kSome).status == ClaimStatus::kFails);
  CHECK(judge({}).status == ClaimStatus::kUndecided);
}

TEST_CASE("Holm: the smallest tail needs the level divided by the number, the largest the whole") {
  // Normal quantiles: 2.5 %/2 is at 2.2414, 2.5 % at 1.9600.
  CHECK(judge({measured(2.25, 1), measured(1.97, 1)}).status == ClaimStatus::kHolds);
  CHECK(judge({measured(2.23, 1), measured(2.22, 1)}).status == ClaimStatus::kUndecided);
  CHECK(judge({measured(2.23, 1), measured(0, 1)}, Combine::kSome).status ==
        ClaimStatus::kUndecided);
  CHECK(judge({measured(2.25, 1), measured(0, 1)}, Combine::kSome).status == ClaimStatus::kHolds);
}

TEST_CASE("each interval excludes 0 exactly when its comparison is decided") {
  RandomStream random(7, 0, 1);
  for (int run = 0; run < 200; ++run) {
    std::vector<Comparison> comparisons;
    for (int i = 0; i < 4; ++i) comparisons.push_back(measured(2 * random.normal(), 1, 0.1));
    for (const JudgedComparison& each : judge(std::move(comparisons)).comparisons) {
      CHECK((each.low > 0) == (each.status == ClaimStatus::kHolds));
      CHECK((each.high < -0.1) == (each.status == ClaimStatus::kFails));
    }
  }
}

TEST_CASE("a comparison without an error bar keeps a verdict open, and counts among the others") {
  const Verdict verdict = judge({measured(9, 1), measured(1, std::nan(""))});
  CHECK(verdict.status == ClaimStatus::kUndecided);
  CHECK(says(verdict.how, "no error bar"));
  CHECK(says(verdict.how, "2 comparisons"));
  const double one_trial[] = {3.0};
  CHECK(judge({mean_comparison("", one_trial)}).status == ClaimStatus::kUndecided);
}

TEST_CASE("shares are judged by the exact binomial: 4 of 4 is not more than one half, 6 of 6 is") {
  CHECK(judge({share_comparison("", 4, 4, 0.5)}).status == ClaimStatus::kUndecided);
  CHECK(judge({share_comparison("", 5, 5, 0.5)}).status == ClaimStatus::kUndecided);  // 1/32
  CHECK(judge({share_comparison("", 6, 6, 0.5)}).status == ClaimStatus::kHolds);      // 1/64
  CHECK(judge({share_comparison("", 0, 6, 0.5)}).status == ClaimStatus::kFails);
  const Verdict verdict = judge({share_comparison("", 4, 4, 0.5)});
  CHECK(verdict.comparisons[0].low == doctest::Approx(std::pow(0.025, 0.25) - 0.5).epsilon(1e-9));
}

TEST_CASE("a universal statement fails with one counterexample and never holds") {
  const Verdict open = judge_universal(0, 58, "box", "boxes");
  CHECK(open.status == ClaimStatus::kNoCounterexample);
  CHECK(says(open.how, "58 boxes"));
  CHECK(says(open.how, "At most 5.03 %"));  // 1 - 0.05^(1/58)
  CHECK(says(judge_universal(0, 1, "box", "boxes").how, "No counterexample in 1 box:"));
  CHECK(judge_universal(1, 58).status == ClaimStatus::kFails);
  CHECK(judge_universal(0, 0).status == ClaimStatus::kUndecided);
}

TEST_CASE("a verdict says its level, its comparisons and what would change it") {
  const Verdict holds = judge({measured(3.919928, 1, 0.01)});
  CHECK(says(holds.how, "Level 5 % over 1 comparison, smallest difference of interest 0.01"));
  CHECK(says(holds.how, "Errors 2 times as large"));
  CHECK(!says(holds.how, "paired"));
  const Verdict open = judge({measured(0.979982, 1)});
  CHECK(says(open.how, "about 4 times as many trials"));
  CHECK(says(judge({measured(0, 1)}).how, "too near 0"));
  Comparison wide = measured(3, 1);
  wide.what = "N = 4";
  CHECK(says(judge({measured(9, 1), wide}).how, "times as large (N = 4) would"));
  Claim claim;
  apply(holds, claim);
  CHECK(claim.status == ClaimStatus::kHolds);
  CHECK(claim.judged == holds.how);
}

// 8000 runs, a chance of at most 0.025 each: the standard deviation of the share is 0.0017, and
// 5.2 of them are passed less than once in a million runs. Independent comparisons come near the
// level, so that a test with far too little power would be seen as well.
TEST_CASE("of five comparisons that are all 0, one holds with a chance of 2.5 %") {
  const double share = wrong_holds({0, 0, 0, 0, 0}, 8000, 1);
  CHECK(share < 0.025 + 5.2 * 0.0017);
  CHECK(share > 0.0247 - 5.2 * 0.0017);
}

TEST_CASE("one true 0 among decided comparisons holds with a chance of 2.5 %, too") {
  const double share = wrong_holds({30, 30, 0}, 8000, 2);
  CHECK(share < 0.025 + 5.2 * 0.0017);
  CHECK(share > 0.025 - 5.2 * 0.0017);
}
