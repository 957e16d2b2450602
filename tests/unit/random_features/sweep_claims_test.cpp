// Claims of rf-heads, rf-complexity, rf-bias and rf-length on curves whose verdict is known, and
// models that the swept quantity does not change.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <string>

#include "core/random_features/claims.h"
#include "core/random_features/experiments.h"
#include "tests/unit/random_features/made_curves.h"

using namespace attnlab;
using namespace attnlab::random_features;
using namespace attnlab::test;
using test::claim_of;
using test::made_curve;
using test::run_all;
using test::spec_with;

namespace {

constexpr double kAny = std::numeric_limits<double>::quiet_NaN();

Sweep sweep_of(const Experiment& experiment,
               const std::vector<std::pair<std::string, std::string>>& values) {
  return read_sweep(spec_with(experiment, values).parameters);
}

bool says(const Claim& claim, const char* words) {
  return claim.evidence.find(words) != std::string::npos;
}

/// Shifts every trial's error, so that paired differences have noise.
ErrorCurve with_noise(ErrorCurve curve, double size) {
  for (auto& trials : curve.errors) {
    trials[0] += size;
    trials[2] -= size;
  }
  return curve;
}

RunSpec small_heads_spec() {
  return spec_with(named("rf-heads"), {{"dim", "3"},
                                       {"keys", "2"},
                                       {"heads", "5,10,20"},
                                       {"samples", "20"},
                                       {"test-samples", "30"},
                                       {"trials", "2"},
                                       {"models", "rfa,rfa-kernel,brfa-kernel,rfmlp-kernel"}});
}

}  // namespace

TEST_CASE("A1 without a kernel: holds when the last step gains little, else asks for heads") {
  const Sweep sweep = sweep_of(named("rf-heads"), {{"models", "rfa"}, {"heads", "10,100,1000"}});
  const TargetCase item = sweep.cases.front();
  const auto judge = [&](double few, double more, double most) {
    return claim_of(finite_width_claims(sweep, {made_curve("rfa", item, {few}, 10),
                                                made_curve("rfa", item, {more}, 100),
                                                made_curve("rfa", item, {most}, 1000)}),
                    "A1");
  };
  CHECK(judge(0.9, 0.41, 0.4).status == ClaimStatus::kHolds);
  const Claim open = judge(0.9, 0.6, 0.4);
  CHECK(open.status == ClaimStatus::kUndecided);
  CHECK(says(open, "add heads"));
  const Claim worse = judge(1.5, 1.4, 1.3);  // a finite n cannot refute it
  CHECK(worse.status == ClaimStatus::kUndecided);
  CHECK(says(worse, "too few samples"));
  CHECK(judge(1.0, 1.0, 1.0).status == ClaimStatus::kUndecided);
}

TEST_CASE("A1: two neighbouring numbers of heads cannot level off") {
  const Sweep sweep = sweep_of(named("rf-heads"), {{"models", "rfa"}, {"heads", "10,11"}});
  const TargetCase item = sweep.cases.front();
  const auto judge = [&](double few, double heads) {
    return claim_of(finite_width_claims(sweep, {made_curve("rfa", item, {few}, heads),
                                                made_curve("rfa", item, {0.64}, 11)}),
                    "A1");
  };
  CHECK(judge(0.65, 10).status == ClaimStatus::kUndecided);
  CHECK(says(judge(0.65, 10), "at most half the largest"));
  CHECK(judge(0.65, 5).status == ClaimStatus::kHolds);
}

TEST_CASE(
    "A1 with a kernel: the distance to infinitely many heads decides, and the evidence has it") {
  const Sweep sweep =
      sweep_of(named("rf-heads"), {{"models", "rfa,rfa-kernel"}, {"heads", "100,1000"}});
  const TargetCase item = sweep.cases.front();
  const auto judge = [&](double limit) {
    return claim_of(finite_width_claims(sweep, {made_curve("rfa", item, {0.42}, 100),
                                                made_curve("rfa-kernel", item, {limit}, kAny),
                                                made_curve("rfa", item, {0.4}, 1000)}),
                    "A1");
  };
  const Claim close = judge(0.39);
  CHECK(close.status == ClaimStatus::kHolds);
  CHECK(says(close, "Infinitely many: 0.39"));
  const Claim far = judge(0.2);  // although the last step gains only 5 %
  CHECK(far.status == ClaimStatus::kUndecided);
  CHECK(says(far, "more heads can still help"));
}

TEST_CASE("A1 needs two numbers of heads and two trials, and is not judged for a kernel") {
  const Sweep sweep = sweep_of(named("rf-heads"), {{"models", "rfa,rfmlp,rfa-kernel"}});
  const TargetCase item = sweep.cases.front();
  const auto one = finite_width_claims(sweep, {made_curve("rfa", item, {0.4}, 100)});
  REQUIRE(one.size() == 1);
  CHECK(one[0].status == ClaimStatus::kUndecided);
  CHECK(says(one[0], "two numbers of heads"));
  std::vector<ErrorCurve> curves = {made_curve("rfa", item, {0.4}, 100),
                                    made_curve("rfa", item, {0.4}, 1000)};
  for (ErrorCurve& curve : curves) curve.errors[0][1] = curve.errors[0][2] = std::nan("");
  CHECK(finite_width_claims(sweep, curves)[0].status == ClaimStatus::kUndecided);
}

TEST_CASE("A3 compares with the affine level, or with one half where there is none to beat") {
  const Sweep sweep = sweep_of(named("rf-complexity"), {{"degree", "2,3"}, {"samples", "16,64"}});
  REQUIRE(sweep.cases.size() == 2);
  const auto judge = [&](std::size_t j, double last) {
    return claim_of(complexity_claims(sweep, {made_curve("rfa", sweep.cases[j], {1, last})}), "A3");
  };
  CHECK(judge(0, 0.8).status == ClaimStatus::kHolds);      // degree 2: affine level 1
  CHECK(judge(1, 0.2).status == ClaimStatus::kHolds);      // degree 3: affine level 1/3
  CHECK(judge(1, 0.5).status == ClaimStatus::kUndecided);  // still falling from 1
  CHECK(says(judge(1, 0.5), "add larger n"));
  CHECK(judge(1, 1.0 / 3).status == ClaimStatus::kUndecided);
  const ErrorCurve flat = made_curve("rfa", sweep.cases[1], {0.501, 0.5});
  CHECK(claim_of(complexity_claims(sweep, {flat}), "A3").status == ClaimStatus::kFails);
  const Sweep matrix =
      sweep_of(named("rf-complexity"), {{"target", "matrix-correlation"}, {"samples", "16,64"}});
  const Claim half = claim_of(
      complexity_claims(matrix, {made_curve("rfa", matrix.cases.front(), {1, 0.7})}), "A3");
  CHECK(half.status == ClaimStatus::kUndecided);
  CHECK(half.statement.find("half of the variance") != std::string::npos);
}

TEST_CASE("A4 in rf-bias: helps, hurts, or too noisy once corrected for the means tried") {
  const Sweep sweep = sweep_of(named("rf-bias"), {{"bias-scale", "0,2,4"}});
  const TargetCase item = sweep.cases.front();
  const auto judge = [&](double zero, double two, double four, double noise) {
    return claim_of(bias_claims(sweep, {with_noise(made_curve("brfa", item, {zero}, 0), noise),
                                        made_curve("brfa", item, {two}, 2),
                                        made_curve("brfa", item, {four}, 4)}),
                    "A4");
  };
  const Claim helps = judge(0.8, 0.5, 0.3, 0);
  CHECK(helps.status == ClaimStatus::kHolds);
  CHECK(says(helps, "with c = 4"));
  const Claim hurts = judge(0.3, 0.5, 0.8, 0);
  CHECK(hurts.status == ClaimStatus::kFails);
  CHECK(says(hurts, "every non-zero mean hurts"));
  CHECK(judge(0.5, 0.45, 0.6, 0.2).status == ClaimStatus::kUndecided);
  CHECK(judge(0.5, 0.5, 0.8, 0.01).status == ClaimStatus::kUndecided);
}

TEST_CASE("A4 in rf-bias needs c = 0, and says where the paper promises nothing") {
  const Sweep no_zero = sweep_of(named("rf-bias"), {{"bias-scale", "1,2"}});
  const TargetCase item = no_zero.cases.front();
  const Claim open = claim_of(bias_claims(no_zero, {made_curve("brfa", item, {0.5}, 1),
                                                    made_curve("brfa", item, {0.4}, 2)}),
                              "A4");
  CHECK(open.status == ClaimStatus::kUndecided);
  CHECK(says(open, "Needs c = 0"));
  const Sweep set = sweep_of(named("rf-bias"), {{"target", "mean-power"}, {"degree", "2"}});
  CHECK(claim_of(bias_claims(set, {}), "A4").statement.find("promises nothing") !=
        std::string::npos);
}

TEST_CASE("A2 in rf-length holds only if it holds for every number of keys") {
  const Sweep sweep = sweep_of(named("rf-length"), {{"keys", "1,8"}, {"samples", "16,64,256"}});
  const TargetCase item = sweep.cases.front();
  const auto judge = [&](std::vector<double> short_network) {
    return claim_of(length_claims(sweep, {made_curve("rfa", item, {0.9, 0.3, 0.1}, 1),
                                          made_curve("rfmlp", item, std::move(short_network), 1),
                                          made_curve("rfa", item, {0.9, 0.3, 0.1}, 8),
                                          made_curve("rfmlp", item, {1, 1, 0.9}, 8)}),
                    "A2");
  };
  CHECK(judge({1, 0.8, 0.3}).status == ClaimStatus::kHolds);
  CHECK(judge({0.6, 0.2, 0.1}).status == ClaimStatus::kFails);
  CHECK(says(judge({0.6, 0.2, 0.1}), "N = 1"));
  CHECK(claim_of(length_claims(sweep, {}), "A2").status == ClaimStatus::kUndecided);
}

TEST_CASE("a model that the sweep does not change is fitted once per trial and drawn as a level") {
  const RunSpec spec = small_heads_spec();
  const auto plan = named("rf-heads").plan(spec);
  REQUIRE(static_cast<bool>(plan));
  CHECK(plan->jobs.size() == 2 * 3 + 2 * 3);  // RFA: trials x heads; three kernels: trials
  const Findings found = findings_of(spec, run_all(spec));
  const Result& result = found.result;
  const Table& table = *result.table("test_error");
  CHECK(table.rows.size() == 3 + 3);
  const std::vector<Figure>& figures = found.figures;
  std::size_t levels = 0;
  for (const Series& series : figures[0].lines().series) {
    if (series.label.find("∞") == std::string::npos) continue;
    ++levels;
    CHECK(series.variant != 0);
    REQUIRE(series.points.size() == 3);
    for (const FigurePoint& point : series.points) {
      CHECK(point.y == series.points.front().y);
      CHECK(point.error > 0);
    }
    CHECK(series.points.front().x == 5);
    CHECK(series.points.back().x == 20);
  }
  CHECK(levels == 3);
}

TEST_CASE("in rf-bias RFA and its kernel are levels, BRFA and its kernel are curves") {
  const Sweep sweep = sweep_of(
      named("rf-bias"), {{"models", "rfa,brfa,rfa-kernel,brfa-kernel"}, {"bias-scale", "0,1,4"}});
  CHECK(sweep.variants[0].models.size() == 4);
  CHECK(sweep.variants[1].models.size() == 2);
  CHECK(sweep.job_count() == sweep.trials * (2 * 3 + 2));
}

TEST_CASE("kernels run in every experiment of the family, at its smallest sizes") {
  for (const Experiment* experiment :
       {&named("rf-learning-curve"), &named("rf-heads"), &named("rf-complexity"), &named("rf-bias"),
        &named("rf-length"), &named("rf-sizes")}) {
    const RunSpec spec =
        spec_with(*experiment, {{"dim", "1"},
                                {"degree", "3"},
                                {"target", "mean-power"},
                                {"keys", "1"},
                                {"heads", "1"},
                                {"samples", "1"},
                                {"test-samples", "8"},
                                {"trials", "2"},
                                {"models", "rfa-kernel,brfa-kernel,rfmlp-kernel"}});
    const Findings found = findings_of(spec, run_all(spec));
    const Result& result = found.result;
    CAPTURE(experiment->id);
    const Table& table = *result.table("test_error");
    const std::size_t mean = table.column("mean");
    REQUIRE(!table.rows.empty());
    for (const auto& row : table.rows) CHECK(std::isfinite(std::get<double>(row[mean])));
    CHECK(!found.figures.empty());
  }
}
