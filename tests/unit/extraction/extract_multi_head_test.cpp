#include "core/extraction/experiments.h"
#include "tests/unit/extraction/experiment_runs.h"

using namespace attnlab;
using namespace attnlab::extraction;
using namespace attnlab::test;

TEST_CASE(
    "extract-multi-head: twins agree, three tokens tell mirrored heads, two heads are found") {
  const Result result = checked_result(spec_of(named("extract-multi-head"), {{"dim", "3,5"}}));
  CHECK(result.tables.at(0).rows.size() == 6);
  REQUIRE(result.claims.size() == 3);
  for (const Claim& claim : result.claims) {
    CHECK_MESSAGE(claim.status == ClaimStatus::kHolds, claim.evidence);
  }
}

TEST_CASE("extract-multi-head: four heads are recovered or refused with the reason") {
  const Result result = checked_result(
      spec_of(named("extract-multi-head"), {{"dim", "3"}, {"heads", "4"}, {"trials", "2"}}));
  const Table& table = result.tables.at(0);
  for (const auto& row : table.rows) {
    const std::string& status = std::get<std::string>(row[table.column("status")]);
    const double gap = row[table.column("function_gap")].index() == 2
                           ? std::get<double>(row[table.column("function_gap")])
                           : 1;
    CHECK((status != "recovered" || gap < 1e-4));
    CHECK(!std::get<std::string>(row[table.column("evidence")]).empty());
  }
}
