#include "core/extraction/experiments.h"
#include "tests/unit/extraction/experiment_runs.h"

using namespace attnlab;
using namespace attnlab::extraction;
using namespace attnlab::test;

TEST_CASE("extract-single: ordinary heads are recovered and the claim holds") {
  const RunSpec spec = spec_of(named("extract-single"), {{"dim", "1,2,8"}, {"trials", "2"}});
  const Result result = checked_result(spec);
  CHECK(result.tables[0].rows.size() == 6);
  REQUIRE(result.claims.size() == 1);
  CHECK_MESSAGE(result.claims[0].status == ClaimStatus::kHolds, result.claims[0].evidence);
  const auto figures = findings_of(spec, run_all(spec)).figures;
  REQUIRE(figures[0].maps().panels.size() == 3);
  CHECK(figures[0].maps().panels[1].values.size() == 64);
  CHECK(figures[0].maps().panels[0].scale_group == figures[0].maps().panels[1].scale_group);
}

TEST_CASE("extract-single: saturation fails the plain form's claim and not the robust one's") {
  const Result result = checked_result(spec_of(
      named("extract-single"), {{"dim", "8"}, {"method", "robust,plain"}, {"weight-scale", "10000"}}));
  REQUIRE(result.claims.size() == 2);
  CHECK(result.claims[0].status == ClaimStatus::kHolds);
  CHECK(result.claims[1].status == ClaimStatus::kFails);
}

TEST_CASE("extract-single: v = 0 is a result, not a failure") {
  const Result result =
      checked_result(spec_of(named("extract-single"), {{"dim", "4"}, {"value-shape", "zero"}}));
  REQUIRE(result.claims.size() == 2);
  CHECK(result.claims[0].status == ClaimStatus::kUndecided);
  CHECK(result.claims[1].status == ClaimStatus::kHolds);
}
