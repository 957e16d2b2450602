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
  CHECK_MESSAGE(result.claims[0].status == ClaimStatus::kHolds, result.claims[0].evidence);
  for (const std::size_t universal : {1u, 2u}) {
    CHECK_MESSAGE(result.claims[universal].status == ClaimStatus::kNoCounterexample,
                  result.claims[universal].evidence);
  }
}

TEST_CASE("extract-multi-head: heads of any size are different by their own measure") {
  for (const char* scale : {"0.01", "0.1", "100"}) {
    CAPTURE(scale);
    const Result result = checked_result(spec_of(
        named("extract-multi-head"), {{"dim", "3"}, {"weight-scale", scale}, {"trials", "1"}}));
    CHECK_MESSAGE(result.claims.at(0).status == ClaimStatus::kHolds, result.claims[0].evidence);
  }
}

TEST_CASE("extract-multi-head: trials that stopped do not count among the queries") {
  const RunSpec spec =
      spec_of(named("extract-multi-head"), {{"dim", "3,4"}, {"heads", "1,3,4"}, {"trials", "3"}});
  const Findings found = findings_of(spec, run_all(spec));
  const Table& table = found.result.tables.at(0);
  std::size_t recovered = 0, counted = 0;
  for (const auto& row : table.rows) {
    recovered += std::get<std::string>(row[table.column("status")]) == "recovered";
  }
  for (const Series& series : found.figures.at(1).lines().series) {
    for (const FigurePoint& point : series.points) counted += static_cast<std::size_t>(point.count);
  }
  CHECK(recovered < table.rows.size());  // some are stopped here
  CHECK(counted == recovered);
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
