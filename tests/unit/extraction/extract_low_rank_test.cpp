#include "core/extraction/experiments.h"
#include "tests/unit/extraction/experiment_runs.h"

using namespace attnlab;
using namespace attnlab::extraction;
using namespace attnlab::test;

TEST_CASE("extract-low-rank: shares grow with measurements and the range finder counts d + 2dr") {
  const RunSpec spec =
      spec_of(named("extract-low-rank"), {{"dim", "8"}, {"trials", "8"}, {"oversampling", "0.75,2.5,4"}});
  const Result result = checked_result(spec);
  const Table* shares = result.table("recovery_probability");
  REQUIRE(shares != nullptr);
  REQUIRE(shares->rows.size() == 6);  // factors and nuclear norm, three numbers of measurements
  for (const std::size_t first : {0u, 3u}) {
    CHECK(std::get<double>(shares->rows[first][4]) == 0);  // fewer than there are unknowns
    CHECK(std::get<double>(shares->rows[first + 2][4]) >= 0.75);
  }
  REQUIRE(result.claims.size() == 3);
  for (const Claim& claim : result.claims) {
    CHECK_MESSAGE(claim.status == ClaimStatus::kHolds, claim.evidence);
  }
}

TEST_CASE("extract-low-rank: a rank above the dimension is refused by name") {
  const RunSpec spec = spec_of(named("extract-low-rank"), {{"dim", "2"}, {"rank", "3"}});
  const auto plan = named("extract-low-rank").plan(spec);
  REQUIRE(!static_cast<bool>(plan));
  CHECK(plan.error().sentence.find("rank") != std::string::npos);
}

TEST_CASE("extract-low-rank: two trials leave the solvers' claims undecided") {
  const Result result = checked_result(
      spec_of(named("extract-low-rank"), {{"dim", "4"}, {"trials", "2"}, {"oversampling", "3"}}));
  CHECK(result.claims.at(1).status == ClaimStatus::kUndecided);
}
