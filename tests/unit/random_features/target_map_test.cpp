// rf-map: intervals of shares against a slow oracle and by their coverage, factors whose bounds are
// known, and A10 on curves whose verdict is known.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "core/numerics/random.h"
#include "core/numerics/statistics.h"
#include "core/random_features/experiments.h"
#include "core/random_features/target_map.h"
#include "tests/unit/random_features/made_curves.h"

using namespace attnlab;
using namespace attnlab::random_features;
using namespace attnlab::test;

namespace {

Sweep sweep_of(const test::Values& values) {
  return read_sweep(spec_with(named("rf-map"), values).parameters);
}

/// One case (mean-power 2), three models, sizes 16, 64, 256.
Sweep one_case(const char* models = "rfa,rf-invariant,rfmlp") {
  return sweep_of({{"target", "mean-power"},
                   {"degree", "2"},
                   {"models", models},
                   {"samples", "16,64,256"},
                   {"trials", "3"}});
}

std::vector<ErrorCurve> three_curves(const Sweep& sweep, std::vector<double> attention,
                                     std::vector<double> invariant, std::vector<double> network) {
  const TargetCase& item = sweep.cases.front();
  return {made_curve("rfa", item, std::move(attention)),
          made_curve("rf-invariant", item, std::move(invariant)),
          made_curve("rfmlp", item, std::move(network))};
}

/// The t statistic of the mean of a - r b, from its definition: a slow oracle.
double t_of(const std::vector<double>& a, const std::vector<double>& b, double r) {
  double mean = 0, square = 0;
  const double n = static_cast<double>(a.size());
  for (std::size_t i = 0; i < a.size(); ++i) mean += (a[i] - r * b[i]) / n;
  for (std::size_t i = 0; i < a.size(); ++i) {
    square += (a[i] - r * b[i] - mean) * (a[i] - r * b[i] - mean);
  }
  return mean / std::sqrt(square / (n - 1) / n);
}

/// Normal pairs: b about `lead`, a about share * lead, correlated.
struct Pairs {
  std::vector<double> a, b;
};
Pairs pairs(std::uint32_t number, double lead, double share, std::size_t count) {
  std::vector<double> draws(2 * count);
  RandomStream(7, hash_name("test/pairs"), number).fill_normal(draws);
  Pairs all;
  for (std::size_t i = 0; i < count; ++i) {
    all.b.push_back(lead + draws[2 * i]);
    all.a.push_back(share * lead + 0.6 * draws[2 * i] + 0.8 * draws[2 * i + 1]);
  }
  return all;
}

}  // namespace

TEST_CASE("the ends of a share's interval are the ratios that a t test just accepts") {
  for (std::uint32_t number = 0; number < 50; ++number) {
    const Pairs p = pairs(number, 12, 0.4, 5);
    const RatioEstimate share = ratio_of_means(p.a, p.b, 0.025);
    REQUIRE(std::isfinite(share.low));
    // Bisection between the estimate, where t = 0, and a ratio far outside.
    const double quantile = student_t_quantile(0.975, 4);
    const auto end = [&](double outside) {
      double inside = share.value;
      for (int step = 0; step < 200; ++step) {
        const double middle = (inside + outside) / 2;
        (std::abs(t_of(p.a, p.b, middle)) < quantile ? inside : outside) = middle;
      }
      return inside;
    };
    CHECK(share.low == doctest::Approx(end(share.value - 20)).epsilon(1e-9));
    CHECK(share.high == doctest::Approx(end(share.value + 20)).epsilon(1e-9));
  }
}

TEST_CASE("a share's interval misses in 5 % of the cells, half of them at each end") {
  // 20000 cells with a clear lead: each end misses with chance 0.025, and the count is within 5
  // standard errors but for a chance of 6e-7 (both ends: 1.2e-6), with the seed fixed above.
  constexpr int kCells = 20000;
  int below = 0, above = 0, open = 0;
  for (std::uint32_t number = 0; number < kCells; ++number) {
    const Pairs p = pairs(number, 12, 0.4, 5);
    const RatioEstimate share = ratio_of_means(p.a, p.b, 0.025);
    open += std::isfinite(share.low) ? 0 : 1;
    below += share.high < 0.4 ? 1 : 0;
    above += share.low > 0.4 ? 1 : 0;
  }
  const double expected = 0.025 * kCells, spread = std::sqrt(kCells * 0.025 * 0.975);
  CHECK(std::abs(below - expected) < 5 * spread);
  CHECK(std::abs(above - expected) < 5 * spread);
  CHECK(open < kCells / 100);
}

TEST_CASE("without a clear lead most cells are undecided, and at most 5 % have a wrong interval") {
  // One-sided: more than expected + 5 standard errors has a chance below 3e-7 each.
  constexpr int kCells = 20000;
  for (const double lead : {-1.0, 0.0, 0.5}) {
    int wrong = 0, decided = 0;
    for (std::uint32_t number = 0; number < kCells; ++number) {
      const Pairs p = pairs(number, lead, 0.4, 5);
      const RatioEstimate share = ratio_of_means(p.a, p.b, 0.025);
      if (!std::isfinite(share.low)) continue;
      ++decided;
      wrong += share.low > 0.4 || share.high < 0.4 ? 1 : 0;
    }
    CAPTURE(lead);
    CHECK(wrong < 0.05 * kCells + 5 * std::sqrt(kCells * 0.05 * 0.95));
    CHECK(decided < 0.35 * kCells);
    // No lead: decided with chance 0.025.
    if (lead <= 0) CHECK(decided < 0.025 * kCells + 5 * std::sqrt(kCells * 0.025 * 0.975));
  }
}

TEST_CASE("a share is decided only where attention has a lead") {
  const Sweep sweep = one_case();
  // n = 16: nobody learns; 64: half of the lead is symmetry; 256: attention is behind.
  std::vector<ErrorCurve> curves = three_curves(sweep, {1, 0.4, 0.9}, {1, 0.7, 0.2}, {1, 1, 0.5});
  curves[0].errors[0] = {1.02, 0.98, 1.0};
  const std::vector<ShareRow> rows = share_rows(sweep, curves);
  REQUIRE(rows.size() == 3);
  CHECK_FALSE(rows[0].decided);
  CHECK(std::isnan(rows[0].share));
  CHECK(rows[0].lead_low < 0);
  CHECK(rows[0].lead_high > 0);
  CHECK(rows[1].decided);
  CHECK(rows[1].share == doctest::Approx(0.5));
  CHECK(rows[1].low <= rows[1].share);
  CHECK(rows[1].high >= rows[1].share);
  CHECK_FALSE(rows[2].decided);  // a lead below 0, however significant
  CHECK(rows[2].lead_high < 0);
  CHECK(std::isnan(rows[2].high));
  const Table table = share_table(rows);
  CHECK(table.rows[0][table.column("share")] == Cell());
  CHECK(table.rows[0][table.column("decided")] == Cell(std::string("no")));
  CHECK(table.rows[1][table.column("decided")] == Cell(std::string("yes")));

  // A trial that one of the three lacks does not count; a single one decides nothing.
  constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
  curves[1].errors[1] = {kNaN, 0.7, kNaN};
  const std::vector<ShareRow> fewer = share_rows(sweep, curves);
  CHECK(fewer[1].trials == 1);
  CHECK_FALSE(fewer[1].decided);
}

TEST_CASE("attention of infinite width is compared with networks of infinite width") {
  const auto rivals =
      rivals_of(one_case("rfa,rf-invariant,rfmlp,rfmlp-augmented,rfa-kernel,invariant-kernel"));
  REQUIRE(rivals.size() == 2);
  CHECK(rivals[0].invariant->id == "rf-invariant");
  CHECK(rivals[0].network->id == "rfmlp");
  CHECK(rivals[1].attention->id == "rfa-kernel");
  CHECK(rivals[1].invariant->id == "invariant-kernel");
  CHECK(rivals[1].network == nullptr);
}

TEST_CASE("a factor is measured inside the sizes, and a bound where a crossing lies outside") {
  const Sweep sweep = one_case();
  const TargetCase& item = sweep.cases.front();
  const auto factor = [&](std::vector<double> attention, std::vector<double> invariant) {
    return factor_row(made_curve("rfa", item, std::move(attention)),
                      made_curve("rf-invariant", item, std::move(invariant)));
  };
  // Straight lines in log n, from 1 to 0.2: all crossings inside. Error 0.5 lies at the share
  // 0.5/0.8 of the first and of the second step of a factor 4.
  const FactorRow inside = factor({1, 0.2, 0.1}, {1, 1, 0.2});
  CHECK(inside.kind == FactorKind::kMeasured);
  CHECK(inside.factor == doctest::Approx(4).epsilon(0.01));
  CHECK(inside.low < inside.factor);
  CHECK(inside.high > inside.factor);
  const FactorRow late = factor({1, 0.2, 0.1}, {1, 1, 0.9});
  CHECK(late.kind == FactorKind::kAtLeast);
  CHECK(std::isnan(late.high));
  CHECK(late.outside == 3);
  CHECK(late.factor == doctest::Approx(256 / (16 * std::pow(4, 0.625))).epsilon(0.01));
  CHECK(factor({1, 1, 0.9}, {1, 0.2, 0.1}).kind == FactorKind::kAtMost);
  CHECK(factor({0.3, 0.2, 0.1}, {1, 0.2, 0.1}).kind == FactorKind::kAtLeast);
  const FactorRow both = factor({1, 1, 0.9}, {1, 1, 0.9});
  CHECK(both.kind == FactorKind::kUnknown);
  CHECK(std::isnan(both.factor));
  // Ends of the sizes do not scatter: a bound without an interval.
  const FactorRow ends = factor({0.3, 0.2, 0.1}, {1, 1, 0.9});
  CHECK(ends.kind == FactorKind::kAtLeast);
  CHECK(ends.factor == doctest::Approx(16));
  CHECK(std::isnan(ends.low));
}

TEST_CASE("A10 holds with one target that needs attention, fails only where all ratios are known") {
  const Sweep sweep = one_case();
  const auto status = [&](std::vector<double> attention, std::vector<double> invariant) {
    return claim_of(map_claims(sweep, three_curves(sweep, std::move(attention),
                                                   std::move(invariant), {1, 1, 1})),
                    "A10")
        .status;
  };
  CHECK(status({1, 0.2, 0.1}, {1, 1, 0.2}) == ClaimStatus::kHolds);      // factor 4
  CHECK(status({1, 0.2, 0.1}, {1, 1, 0.9}) == ClaimStatus::kHolds);      // more than 6.7
  CHECK(status({0.3, 0.2, 0.1}, {1, 1, 0.9}) == ClaimStatus::kHolds);    // more than 16
  CHECK(status({1, 0.3, 0.1}, {1, 0.3, 0.1}) == ClaimStatus::kFails);    // factor 1
  CHECK(status({1, 1, 0.9}, {1, 0.2, 0.1}) == ClaimStatus::kFails);      // at most 1/6.7
  CHECK(status({1, 1, 0.9}, {0.3, 0.2, 0.1}) == ClaimStatus::kFails);    // at most 1/16
  CHECK(status({1, 1, 0.9}, {1, 1, 0.9}) == ClaimStatus::kUndecided);    // not bounded
  CHECK(status({1, 0.9, 0.2}, {1, 1, 0.9}) == ClaimStatus::kUndecided);  // at least 1.6
  CHECK(status({0.4, 0.3, 0.1}, {0.4, 0.3, 0.1}) == ClaimStatus::kUndecided);
  // A trial in which attention does not reach the level bounds nothing from below.
  std::vector<ErrorCurve> curves = three_curves(sweep, {1, 0.2, 0.1}, {1, 1, 0.2}, {1, 1, 1});
  for (auto& trials : curves[0].errors) trials[0] = 0.9;
  CHECK(claim_of(map_claims(sweep, curves), "A10").status == ClaimStatus::kUndecided);
}

TEST_CASE("A10 says which models it lacks") {
  const Claim claim = claim_of(map_claims(one_case("rfa,rfmlp"), {}), "A10");
  CHECK(claim.status == ClaimStatus::kUndecided);
  REQUIRE(claim.need.settings.size() == 1);
  CHECK(claim.need.settings[0].second == "rfa,rf-invariant,rfmlp");
  CHECK_FALSE(claim_of(map_claims(one_case("rfmlp"), {}), "A10").need.what.empty());
}

TEST_CASE("rf-map: shares are those of its own trials, and undecided cells have no number") {
  const RunSpec spec = spec_with(named("rf-map"), {{"target", "mean-power,maximum"},
                                                   {"degree", "1,2"},
                                                   {"dim", "4"},
                                                   {"keys", "3"},
                                                   {"heads", "20"},
                                                   {"test-samples", "64"},
                                                   {"samples", "8,32,64"},
                                                   {"trials", "3"}});
  const std::vector<JobOutput> outputs = run_all(spec);
  const Findings found = spec.experiment->find(spec, outputs);
  const Result whole = whole_result(spec, outputs);
  const Table& shares = *found.result.table("share");
  const Table& trials = *whole.table("trials");
  REQUIRE(shares.rows.size() == 2 * 3 * 3);  // attention models, targets, sizes
  const auto error = [&](const std::string& model, const std::vector<Cell>& row, int trial) {
    for (const std::vector<Cell>& each : trials.rows)
      if (each[0] == Cell(model) && each[1] == row[1] && each[2] == row[2] && each[3] == row[3] &&
          number_in(each[trials.column("trial")]) == trial)
        return number_in(each[trials.column("test_error")]);
    return std::numeric_limits<double>::quiet_NaN();
  };
  const HeatPanel& panel = found.figures[0].maps().panels[0];
  for (std::size_t r = 0; r < shares.rows.size(); ++r) {
    const std::vector<Cell>& row = shares.rows[r];
    double kept = 0, lead = 0;
    for (int trial = 1; trial <= 3; ++trial) {
      const double from = error("rfmlp", row, trial);
      kept += from - error("rf-invariant", row, trial);
      lead += from - error(std::get<std::string>(row[0]), row, trial);
    }
    CHECK(number_in(row[shares.column("lead")]) == doctest::Approx(lead / 3).epsilon(1e-12));
    const bool decided = row[shares.column("decided")] == Cell(std::string("yes"));
    const Cell& share = row[shares.column("share")];
    CHECK(decided == (share != Cell()));
    CHECK((number_in(row[shares.column("lead_low")]) > 0) == decided);
    if (decided) CHECK(number_in(share) == doctest::Approx(kept / lead).epsilon(1e-12));
    if (r >= panel.values.size()) continue;
    CHECK(std::isfinite(panel.values[r]) == decided);
    CHECK_FALSE(panel.notes[r].empty());
  }
}
