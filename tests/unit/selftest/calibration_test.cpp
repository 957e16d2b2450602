// Calibration settings are runnable, and the table counts what it says.
#include <doctest/doctest.h>

#include <cmath>
#include <set>
#include <string>

#include "core/experiment/run.h"
#include "core/selftest/calibration.h"

using namespace attnlab;

TEST_CASE("every calibration setting can be planned, has a name of its own and judges a claim") {
  std::set<std::string> names;
  for (const CalibrationSetting& setting : calibration_settings()) {
    CAPTURE(setting.experiment);
    CAPTURE(setting.name);
    CHECK(names.insert(setting.experiment + "/" + setting.name).second);
    std::size_t jobs[2] = {};
    for (const bool more_data : {false, true}) {
      const auto spec = calibration_spec(setting, more_data, 1);
      REQUIRE_MESSAGE(static_cast<bool>(spec), spec.error().sentence);
      const auto plan = spec->experiment->plan(*spec);
      REQUIRE_MESSAGE(static_cast<bool>(plan), plan.error().sentence);
      CHECK(check_alone(*plan));
      jobs[more_data] = plan->jobs.size();
    }
    CHECK(jobs[1] >= jobs[0]);
    CHECK(setting.more_data.empty() == (jobs[0] == 0));  // a live experiment has all its data
    const auto claims = calibrated_claims(setting);
    REQUIRE(static_cast<bool>(claims));
    CHECK_FALSE(claims->empty());
  }
}

TEST_CASE(
    "a calibration run gives the verdicts of its experiment, and no verdicts when it is stopped") {
  CalibrationSetting setting{"rf-learning-curve",
                             "tiny",
                             {{"dim", "2"},
                              {"keys", "2"},
                              {"heads", "4"},
                              {"samples", "8,16"},
                              {"test-samples", "16"},
                              {"models", "rfa,rfmlp"},
                              {"trials", "2"}},
                             {{"trials", "4"}}};
  const auto spec = calibration_spec(setting, false, 3);
  REQUIRE(static_cast<bool>(spec));
  const auto verdicts = calibration_run(*spec, [] { return false; });
  REQUIRE(static_cast<bool>(verdicts));
  REQUIRE(verdicts->size() == 1);  // A5 needs two degrees and is not judged
  CHECK(verdicts->front().claim == "A2");
  const auto stopped = calibration_run(*spec, [] { return true; });
  REQUIRE(static_cast<bool>(stopped));
  CHECK(stopped->empty());
}

TEST_CASE(
    "the calibration table shows shares of runs, and what the run with more data contradicts") {
  CalibrationCount count;
  for (int i = 0; i < 6; ++i) count.add(ClaimStatus::kHolds);
  count.add(ClaimStatus::kFails);
  for (int i = 0; i < 3; ++i) count.add(ClaimStatus::kUndecided);
  const auto cell = [&](const char* column) {
    const Table table = calibration_table({count}, false);
    return table.rows[0][table.column(column)];
  };
  CHECK(cell("seeds") == Cell(std::int64_t{10}));
  CHECK(cell("holds") == Cell(60.0));
  CHECK(cell("decided") == Cell(70.0));
  CHECK(cell("contradicted") == Cell{});  // nothing to compare with
  count.more_data_known = true;
  CHECK(cell("contradicted") == Cell{});
  count.more_data = ClaimStatus::kHolds;
  CHECK(cell("contradicted") == Cell(10.0));
  count.more_data = ClaimStatus::kFails;
  CHECK(cell("contradicted") == Cell(60.0));
  // A universal statement that 3 of 10 runs did not refute: the bound of "no counterexample" allows
  // that. When only 1 of 40 runs finds none, nearly every case is a counterexample.
  CalibrationCount universal;
  for (int i = 0; i < 10; ++i) {
    universal.add(i < 3 ? ClaimStatus::kNoCounterexample : ClaimStatus::kFails);
  }
  universal.more_data_known = true;
  universal.more_data = ClaimStatus::kFails;
  CHECK(universal.contradicted() == 0);
  CalibrationCount rare = universal;
  rare.no_counterexample = 1;
  rare.fails = 39;
  CHECK(rare.contradicted() == 1);
  const Cell low = cell("low");  // exact interval of 6 of 10: 0.262 to 0.878
  CHECK(std::get<double>(low) == doctest::Approx(26.24).epsilon(1e-3));
}
