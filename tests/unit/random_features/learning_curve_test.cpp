// rf-learning-curve end to end at small sizes, and its claims on curves whose verdict is known.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "core/codecs/codecs.h"
#include "core/random_features/claims.h"
#include "core/random_features/experiments.h"
#include "core/random_features/sweep.h"
#include "tests/unit/random_features/made_curves.h"

using namespace attnlab;
using namespace attnlab::random_features;
using namespace attnlab::test;
using test::claim_of;
using test::made_curve;
using test::run_all;

namespace {

RunSpec spec_of(const std::vector<std::pair<std::string, std::string>>& values) {
  return test::spec_with(named("rf-learning-curve"), values);
}

RunSpec small_spec() {
  return spec_of({{"heads", "20"},
                  {"dim", "6"},
                  {"keys", "4"},
                  {"samples", "8,32,300"},
                  {"trials", "2"},
                  {"degree", "1,2"},
                  {"target", "mean-power,correlation-value"},
                  {"test-samples", "64"}});
}

std::string tables_text(const Result& result) {
  std::string text;
  for (const Table& table : result.tables) text += table_csv(table);
  for (const Claim& claim : result.claims) text += claim.evidence;
  return text;
}

Sweep setup_of(const char* target, const char* degrees) {
  return read_sweep(
      spec_of({{"target", target}, {"degree", degrees}, {"samples", "16,64,256"}, {"trials", "3"}})
          .parameters);
}

}  // namespace

TEST_CASE("the result does not depend on the order of the jobs and names every curve") {
  const RunSpec spec = small_spec();
  std::vector<JobOutput> outputs = run_all(spec);
  const Result forward = named("rf-learning-curve").find(spec, outputs).result;
  std::reverse(outputs.begin(), outputs.end());
  CHECK(tables_text(forward) == tables_text(named("rf-learning-curve").find(spec, outputs).result));
  const Table& table = forward.tables.front();
  CHECK(table.name == "test_error");
  CHECK(table.rows.size() == 4 * 4 * 3);  // models x cases x sizes
  const char* contract[] = {"model", "target", "degree", "n", "mean", "std_error", "trials"};
  for (std::size_t i = 0; i < 7; ++i) CHECK(table.columns[i].name == contract[i]);
}

TEST_CASE("some of the jobs give some of the curves, and a note names each damaged output") {
  const RunSpec spec = small_spec();
  std::vector<JobOutput> outputs = run_all(spec);
  outputs.resize(5);  // trial 1 of four models and trial 2 of RFA, sizes up to 256
  const Result part = named("rf-learning-curve").find(spec, outputs).result;
  CHECK(part.tables.front().rows.size() == 4 * 4 * 2);
  outputs[0].bytes.resize(outputs[0].bytes.size() / 2);
  const Result damaged = named("rf-learning-curve").find(spec, outputs).result;
  REQUIRE(!damaged.notes.empty());
  CHECK(damaged.notes.front().find("job 0") != std::string::npos);
  const Result nothing = named("rf-learning-curve").find(spec, {}).result;
  CHECK(nothing.tables.front().rows.empty());
  for (const Claim& claim : nothing.claims) CHECK(claim.status == ClaimStatus::kUndecided);
  CHECK(!findings_of(spec).figures.empty());
}

TEST_CASE("RFA with 20 heads learns most of the linear mean-power 1 from 300 samples") {
  const RunSpec spec = small_spec();
  const Result result = named("rf-learning-curve").find(spec, run_all(spec)).result;
  for (const auto& row : result.tables.front().rows) {
    if (std::get<std::string>(row[0]) != "rfa" || std::get<std::string>(row[1]) != "mean-power" ||
        std::get<std::int64_t>(row[3]) != 300) {
      continue;
    }
    if (std::get<std::int64_t>(row[2]) == 1) CHECK(std::get<double>(row[4]) < 0.2);
  }
}

TEST_CASE("sizes are fitted in stages: up to 256, 1024, 4096") {
  const auto setup = read_sweep(spec_of({{"samples", "16,256,257,1024,4096,16384"}}).parameters);
  REQUIRE(setup.stages.size() == 4);
  CHECK(setup.stages[0] == std::vector<std::size_t>{16, 256});
  CHECK(setup.stages[1] == std::vector<std::size_t>{257, 1024});
  CHECK(setup.stages[2] == std::vector<std::size_t>{4096});
  CHECK(setup.stages[3] == std::vector<std::size_t>{16384});
}

TEST_CASE("a target that is constant on its inputs is refused with its name") {
  const auto plan = named("rf-learning-curve").plan(spec_of({{"dim", "1"}, {"degree", "2"}}));
  REQUIRE(!plan);
  CHECK(plan.error().sentence.find("degree") != std::string::npos);
  CHECK(
      static_cast<bool>(named("rf-learning-curve").plan(spec_of({{"dim", "1"}, {"degree", "3"}}))));
}

TEST_CASE("label noise raises the error and the same seed repeats it") {
  const auto error = [](const char* noise) {
    const RunSpec spec = spec_of({{"heads", "20"},
                                  {"dim", "4"},
                                  {"keys", "3"},
                                  {"samples", "100"},
                                  {"trials", "2"},
                                  {"models", "rfa"},
                                  {"degree", "1"},
                                  {"ridge", "1e-6"},
                                  {"noise", noise}});
    return std::get<double>(
        named("rf-learning-curve").find(spec, run_all(spec)).result.tables.front().rows.front()[4]);
  };
  CHECK(error("0.5") > 2 * error("0"));
  CHECK(error("0.5") == error("0.5"));
}

TEST_CASE("A2 holds, fails or is undecided by the measured intervals") {
  const Sweep setup = setup_of("mean-power", "2");
  const TargetCase item = setup.cases.front();
  const auto judge = [&](std::vector<double> rfa, std::vector<double> rfmlp) {
    return claim_of(learning_curve_claims(setup, {made_curve("rfa", item, std::move(rfa)),
                                                  made_curve("brfa", item, {1, 1, 1}),
                                                  made_curve("rfmlp", item, std::move(rfmlp))}),
                    "A2");
  };
  CHECK(judge({1, 0.6, 0.2}, {1, 1, 0.99}).status == ClaimStatus::kHolds);
  CHECK(judge({1, 0.9, 0.3}, {0.9, 0.4, 0.1}).status == ClaimStatus::kFails);
  CHECK(judge({1, 1, 0.8}, {1, 1, 0.9}).status == ClaimStatus::kHolds);  // by the last errors
  CHECK(judge({1, 1, 0.9}, {1, 1, 0.8}).status == ClaimStatus::kFails);
  const Sweep one_model = read_sweep(
      spec_of({{"models", "rfa"}, {"samples", "16,64,256"}, {"trials", "3"}}).parameters);
  const Claim open =
      claim_of(learning_curve_claims(one_model, {made_curve("rfa", item, {1, 0.6, 0.2})}), "A2");
  CHECK(open.status == ClaimStatus::kUndecided);
  CHECK(open.evidence.find("rfmlp") != std::string::npos);
}

TEST_CASE(
    "A2: a crossing before the smallest n is a bound that can support the claim, not a miss") {
  const Sweep setup = setup_of("mean-power", "2");
  const TargetCase item = setup.cases.front();
  const auto judge = [&](std::vector<double> rfa, std::vector<double> rfmlp) {
    return claim_of(learning_curve_claims(setup, {made_curve("rfa", item, std::move(rfa)),
                                                  made_curve("brfa", item, {1, 1, 1}),
                                                  made_curve("rfmlp", item, std::move(rfmlp))}),
                    "A2");
  };
  // The curves have equal ends, so that errors at the largest n decide nothing.
  const Claim left = judge({0.4, 0.1, 0.01}, {0.9, 0.3, 0.01});
  CHECK(left.status == ClaimStatus::kHolds);
  CHECK(left.evidence.find("at least") != std::string::npos);
  CHECK(judge({0.9, 0.3, 0.01}, {0.4, 0.1, 0.01}).status == ClaimStatus::kFails);
  // In some trials only: errors of 0.49, 0.5 and 0.51 at the smallest n.
  CHECK(judge({0.5, 0.1, 0.01}, {0.9, 0.3, 0.01}).status == ClaimStatus::kHolds);
  const Claim both = judge({0.4, 0.1, 0.01}, {0.45, 0.3, 0.02});
  CHECK(both.status == ClaimStatus::kUndecided);
  CHECK(both.evidence.find("add smaller n") != std::string::npos);
  // One before the smallest n, the other not by the largest: no trial gives a ratio with scatter.
  CHECK(judge({0.4, 0.1, 0.01}, {1, 0.9, 0.8}).status == ClaimStatus::kHolds);
  CHECK(judge({1, 0.9, 0.8}, {0.4, 0.1, 0.01}).status == ClaimStatus::kFails);
}

TEST_CASE("A2: of two models that have learned nothing, neither needs fewer samples") {
  const Sweep setup = setup_of("mean-power", "2");
  const TargetCase item = setup.cases.front();
  const auto judge = [&](double rfa, double rfmlp) {
    return claim_of(learning_curve_claims(setup, {made_curve("rfa", item, {2, 2, rfa}),
                                                  made_curve("rfmlp", item, {2, 2, rfmlp})}),
                    "A2");
  };
  const Claim open = judge(1.1, 1.5);
  CHECK(open.status == ClaimStatus::kUndecided);
  CHECK(open.evidence.find("Add larger n") != std::string::npos);
  CHECK(judge(1.5, 1.1).status == ClaimStatus::kUndecided);
  CHECK(judge(0.8, 1.5).status == ClaimStatus::kHolds);
  CHECK(judge(1.5, 0.8).status == ClaimStatus::kFails);
}

TEST_CASE("one trial gives no interval of the samples needed, two give one") {
  const Sweep setup = setup_of("mean-power", "2");
  ErrorCurve curve = made_curve("rfa", setup.cases.front(), {1, 0.6, 0.2});
  CHECK(std::isfinite(crossing_of(curve, 0.5).high));
  for (auto& trials : curve.errors) trials[1] = trials[2] = std::nan("");
  const Crossing one = crossing_of(curve, 0.5);
  CHECK(one.found);
  CHECK(one.low == 0);
  CHECK(one.high == std::numeric_limits<double>::infinity());
  CHECK(crossing_text(one, curve).find("±") == std::string::npos);
}

TEST_CASE("the samples needed say where their interval leaves the sizes") {
  const Sweep setup = setup_of("mean-power", "2");
  const TargetCase item = setup.cases.front();
  const ErrorCurve early = made_curve("rfa", item, {0.502, 0.3, 0.1});
  CHECK(crossing_text(crossing_of(early, 0.5), early).find("(< 16 to ") != std::string::npos);
  const ErrorCurve late = made_curve("rfa", item, {1, 0.9, 0.498});
  CHECK(crossing_text(crossing_of(late, 0.5), late).find(" to > 256)") != std::string::npos);
}

TEST_CASE("a trial's ratio of samples is clipped to the sizes and keeps its sign") {
  const Sweep setup = setup_of("mean-power", "2");
  const TargetCase item = setup.cases.front();
  const PairedCrossings paired = paired_crossings(made_curve("rfa", item, {0.4, 0.1, 0.01}),
                                                  made_curve("rfmlp", item, {1, 1, 0.9}), 0.5);
  REQUIRE(paired.log_a.size() == 3);
  CHECK(paired.outside == 3);
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(paired.log_a[i] == std::log(16.0));
    CHECK(paired.log_b[i] == std::log(256.0));
  }
}

TEST_CASE(
    "A6 compares attention with the invariant network and says how much of the lead is left") {
  RandomFeatureModel invariant = *find_random_feature_model("rfmlp");
  invariant.id = "rf-invariant";
  invariant.label = "Invariant";
  Sweep setup = setup_of("mean-power", "2");
  std::erase_if(setup.models,
                [](const RandomFeatureModel* model) { return model->id == "rf-invariant"; });
  for (const Claim& claim : learning_curve_claims(setup, {})) CHECK(claim.id != "A6");
  setup.models.push_back(&invariant);
  const TargetCase item = setup.cases.front();
  const auto judge = [&](std::vector<double> pooled) {
    // Independent noise, so that the fraction of the lead has an error.
    ErrorCurve curve = made_curve("rfmlp", item, std::move(pooled));
    curve.model = &invariant;
    for (auto& trials : curve.errors) std::swap(trials[0], trials[1]);
    return claim_of(learning_curve_claims(setup, {made_curve("rfa", item, {1, 0.3, 0.1}), curve,
                                                  made_curve("rfmlp", item, {1, 0.9, 0.3})}),
                    "A6");
  };
  const Claim alike = judge({1, 0.3, 0.1});
  CHECK(alike.status == ClaimStatus::kUndecided);
  CHECK(alike.evidence.find("Invariant has 1 (95 % interval") != std::string::npos);
  const Claim attention = judge({1, 0.9, 0.25});
  CHECK(attention.status == ClaimStatus::kHolds);
  CHECK(attention.evidence.find("of RFA's lead over RFMLP") != std::string::npos);
  CHECK(judge({0.9, 0.1, 0.01}).status == ClaimStatus::kFails);
}

TEST_CASE("A2 is undecided with one trial") {
  const Sweep setup = setup_of("mean-power", "2");
  std::vector<ErrorCurve> curves = {made_curve("rfa", setup.cases.front(), {1, 0.6, 0.2}),
                                    made_curve("brfa", setup.cases.front(), {1, 1, 1}),
                                    made_curve("rfmlp", setup.cases.front(), {1, 1, 1})};
  for (ErrorCurve& curve : curves) {
    for (auto& trials : curve.errors) trials[1] = trials[2] = std::nan("");
  }
  CHECK(claim_of(learning_curve_claims(setup, curves), "A2").status == ClaimStatus::kUndecided);
}

TEST_CASE("A4 is judged for targets that read the query only, and says when RFA has caught up") {
  const Sweep plain = setup_of("mean-power", "2");
  for (const Claim& claim : learning_curve_claims(plain, {})) CHECK(claim.id != "A4");
  const Sweep setup = setup_of("correlation-value", "3");
  const TargetCase item = setup.cases.front();
  const auto judge = [&](std::vector<double> rfa, std::vector<double> brfa) {
    return claim_of(learning_curve_claims(setup, {made_curve("rfa", item, std::move(rfa)),
                                                  made_curve("brfa", item, std::move(brfa)),
                                                  made_curve("rfmlp", item, {1, 1, 1})}),
                    "A4");
  };
  CHECK(judge({1, 0.9, 0.8}, {1, 0.5, 0.4}).status == ClaimStatus::kHolds);
  const Claim caught = judge({1, 0.9, 0.38}, {1, 0.5, 0.38});
  CHECK(caught.status == ClaimStatus::kUndecided);
  CHECK(caught.evidence.find("may have caught up") != std::string::npos);
  CHECK(caught.evidence.find("after n = 64") != std::string::npos);
  CHECK(judge({1, 0.5, 0.3}, {1, 0.5, 0.4}).status == ClaimStatus::kFails);
  const Claim closing = judge({1, 0.9, 0.5}, {1, 0.5, 0.4});
  CHECK(closing.status == ClaimStatus::kHolds);
  CHECK(closing.evidence.find("widest at n = 64") != std::string::npos);
  CHECK(closing.evidence.find("RFA is catching up, and has not yet") != std::string::npos);
}

TEST_CASE("A5 needs two degrees, and fails with the reason where a higher degree is easier") {
  const Sweep setup = setup_of("mean-power", "2,3,4");
  const auto curve = [&](std::size_t j, std::vector<double> means) {
    return made_curve("rfa", setup.cases[j], std::move(means));
  };
  Sweep rfa_only = setup;
  rfa_only.models = {find_random_feature_model("rfa")};
  const Claim holds = claim_of(
      learning_curve_claims(
          rfa_only, {curve(0, {0.9, 0.3, 0.1}), curve(1, {1, 0.6, 0.2}), curve(2, {1, 0.9, 0.4})}),
      "A5");
  CHECK(holds.status == ClaimStatus::kHolds);
  const Claim fails = claim_of(
      learning_curve_claims(
          rfa_only, {curve(0, {1, 0.7, 0.1}), curve(1, {0.9, 0.3, 0.2}), curve(2, {1, 0.9, 0.4})}),
      "A5");
  CHECK(fails.status == ClaimStatus::kFails);
  CHECK(fails.evidence.find("the linear part alone reaches error 0.5") != std::string::npos);
}

TEST_CASE("the figure repeats the main table and adds the exact level and the bound's slope") {
  const RunSpec spec = spec_of({{"heads", "10"},
                                {"dim", "4"},
                                {"keys", "3"},
                                {"samples", "8,32"},
                                {"trials", "2"},
                                {"test-samples", "32"}});
  const Findings found = findings_of(spec, run_all(spec));
  const Result& result = found.result;
  const std::vector<Figure>& figures = found.figures;
  REQUIRE(figures.size() == 1);  // one target
  std::size_t points = 0;
  bool exact = false, theory = false;
  for (const Series& series : figures[0].lines().series) {
    if (series.role == SeriesRole::kMeasured) points += series.points.size();
    exact = exact || series.role == SeriesRole::kExact;
    theory = theory || series.role == SeriesRole::kTheory;
  }
  CHECK(points == result.tables.front().rows.size());
  CHECK(exact);
  CHECK(theory);
}

TEST_CASE(
    "several targets give a figure each, and one for all while its curves can be told apart") {
  const auto figures = [](const char* degrees) {
    const RunSpec spec = spec_of({{"degree", degrees}});
    return findings_of(spec).figures;
  };
  CHECK(figures("2").size() == 1);
  CHECK(figures("2,4").size() == 3);
  const std::vector<Figure> many = figures("1,2,3,4");
  REQUIRE(many.size() == 4);
  CHECK(many[1].title == "How many samples for mean-power 2?");
  for (const Figure& figure : many) {
    std::size_t measured = 0;
    for (const Series& series : figure.lines().series)
      measured += series.role == SeriesRole::kMeasured;
    CHECK(measured == 4);
  }
}

TEST_CASE("a ridge parameter too small to factorise is reported with its value and sizes") {
  // Tokens are +1 or -1, so there are ten different sets of four keys and a query: all other
  // eigenvalues of the kernel matrix are rounding errors.
  const std::vector<std::pair<std::string, std::string>> values = {
      {"dim", "1"},      {"keys", "4"},           {"heads", "100"}, {"degree", "1"},
      {"models", "rfa"}, {"samples", "2,60,100"}, {"trials", "4"},  {"test-samples", "50"}};
  auto fixed = values;
  fixed.emplace_back("ridge", "1e-12");
  const RunSpec spec = spec_of(fixed);
  const Result lost = named("rf-learning-curve").find(spec, run_all(spec)).result;
  REQUIRE(!lost.notes.empty());
  CHECK(lost.notes[0].find("relative ridge 1e-12") != std::string::npos);
  CHECK(lost.notes[0].find("n = ") != std::string::npos);
  const RunSpec oracle = spec_of(values);
  const Result kept = named("rf-learning-curve").find(oracle, run_all(oracle)).result;
  CHECK(kept.tables.front().rows.size() == 3);
  for (const Result* result : {&lost, &kept}) {
    for (const auto& row : result->tables.front().rows) {
      CHECK(std::isfinite(std::get<double>(row[4])));
    }
  }
}

TEST_CASE("scores that overflow give a note, and no NaN in a table") {
  const RunSpec spec = spec_of({{"dim", "3"},
                                {"keys", "2"},
                                {"heads", "10"},
                                {"degree", "1"},
                                {"models", "brfa-exp"},
                                {"bias-scale", "64"},
                                {"samples", "8,40"},
                                {"trials", "2"},
                                {"test-samples", "50"}});
  const Result result = named("rf-learning-curve").find(spec, run_all(spec)).result;
  for (const auto& row : result.tables.front().rows) {
    CHECK(std::isfinite(std::get<double>(row[4])));
  }
  if (result.tables.front().rows.size() < 2) CHECK(!result.notes.empty());
}

TEST_CASE("every row of the theory table has its source, and bounds are marked as orders") {
  const RunSpec spec = spec_of({{"target", "mean-power,correlation-value"}, {"degree", "2,3"}});
  const Result result = named("rf-learning-curve").find(spec, {}).result;
  const Table& table = *result.table("theory");
  const std::size_t quantity = table.column("quantity"), source = table.column("source");
  REQUIRE(table.rows.size() == 2 * 4 + 2 * 5 + 2);
  for (const auto& row : table.rows) {
    const auto& what = std::get<std::string>(row[quantity]);
    const auto& whose = std::get<std::string>(row[source]);
    const bool exact = what == "affine_level" || what == "variance";
    CHECK((whose.find("exact") != std::string::npos) == exact);
    CHECK((whose.find("constants unknown") != std::string::npos) != exact);
    CHECK((whose.find("derived here") != std::string::npos) == (exact || what.find("rfmlp") == 0));
  }
}
