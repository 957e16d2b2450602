#include <algorithm>
#include <map>

#include "core/extraction/experiments.h"
#include "core/numerics/statistics.h"
#include "tests/unit/extraction/experiment_runs.h"

using namespace attnlab;
using namespace attnlab::extraction;
using namespace attnlab::test;

TEST_CASE("extract-low-rank: shares grow with measurements and the range finder keeps its count") {
  const RunSpec spec = spec_of(named("extract-low-rank"),
                               {{"dim", "8"}, {"trials", "8"}, {"oversampling", "0.75,2.5,4"}});
  const Result result = checked_result(spec);
  const Table* shares = result.table("recovery_probability");
  REQUIRE(shares != nullptr);
  REQUIRE(shares->rows.size() == 6);  // factors and nuclear norm, three numbers of measurements
  for (const std::size_t first : {0u, 3u}) {
    CHECK(std::get<double>(shares->rows[first][4]) == 0);  // fewer than there are unknowns
    CHECK(std::get<double>(shares->rows[first + 2][4]) >= 0.75);
  }
  REQUIRE(result.claims.size() == 3);
  CHECK_MESSAGE(result.claims[0].status == ClaimStatus::kNoCounterexample,
                result.claims[0].evidence);
  for (const std::size_t solver : {1u, 2u}) {
    CHECK_MESSAGE(result.claims[solver].status == ClaimStatus::kHolds,
                  result.claims[solver].evidence);
  }
}

TEST_CASE("extract-low-rank: a rank above the dimension is refused by name") {
  const RunSpec spec = spec_of(named("extract-low-rank"), {{"dim", "2"}, {"rank", "3"}});
  const auto plan = named("extract-low-rank").plan(spec);
  REQUIRE(!static_cast<bool>(plan));
  CHECK(plan.error().sentence.find("rank") != std::string::npos);
}

TEST_CASE("extract-low-rank: fewer trials than an exact test needs leave the claims undecided") {
  // 5 of 5 has a chance of 1/32 at a share of one half, more than 2.5 %; 6 of 6 has 1/64.
  for (const char* trials : {"2", "4", "5", "6"}) {
    CAPTURE(trials);
    const Result result = checked_result(spec_of(
        named("extract-low-rank"), {{"dim", "5"}, {"trials", trials}, {"oversampling", "4"}}));
    const bool enough = trials == std::string("6");
    for (const std::size_t solver : {1u, 2u}) {
      const Claim& claim = result.claims.at(solver);
      CHECK_MESSAGE(claim.status == (enough ? ClaimStatus::kHolds : ClaimStatus::kUndecided),
                    claim.evidence);
      CHECK(claim.evidence.find("6 trials are the least") != std::string::npos);
    }
  }
}

TEST_CASE("extract-low-rank: too few measurements cannot refute what more of them may do") {
  const Result result = checked_result(spec_of(
      named("extract-low-rank"), {{"dim", "6"}, {"trials", "8"}, {"oversampling", "0.75"}}));
  for (const std::size_t solver : {1u, 2u}) {
    CHECK(result.claims.at(solver).status == ClaimStatus::kUndecided);
  }
}

TEST_CASE("extract-low-rank: with v = 0 nothing is claimed") {
  const Result result = checked_result(
      spec_of(named("extract-low-rank"), {{"dim", "4"}, {"trials", "6"}, {"value-shape", "zero"}}));
  for (const Claim& claim : result.claims) CHECK(claim.status == ClaimStatus::kUndecided);
}

TEST_CASE("shares and mean queries are those of the trials in the table recovery, bit for bit") {
  const RunSpec spec = spec_of(named("extract-low-rank"), {{"dim", "4"}, {"trials", "3"}});
  const Findings findings = findings_of(spec, run_all(spec));
  const Table &trials = *findings.result.table("recovery"),
              &shares = *findings.result.table("recovery_probability");
  const auto text = [](const Table& table, const std::vector<Cell>& row, const char* column) {
    return exact_text(row[table.column(column)]);
  };
  const auto key = [&](const Table& table, const std::vector<Cell>& row) {
    return text(table, row, "method") + "|" + text(table, row, "dim") + "|" +
           text(table, row, "measurements");
  };
  std::map<std::string, std::vector<double>> found;
  std::vector<double> queries;  // of the range finder
  for (const std::vector<Cell>& row : trials.rows) {
    const bool recovered = text(trials, row, "status") == "recovered";
    found[key(trials, row)].push_back(recovered ? 1 : 0);
    if (recovered && text(trials, row, "method") == "range-finder") {
      queries.push_back(number_in(row[trials.column("queries")]));
    }
  }
  CHECK(!shares.rows.empty());
  for (const std::vector<Cell>& row : shares.rows) {
    const Estimate share = mean_and_error(found[key(shares, row)]);
    CHECK(share.count == 3);
    CHECK(number_in(row[shares.column("trials")]) == share.count);
    CHECK(number_in(row[shares.column("probability")]) == share.mean);
  }
  const auto figure = std::ranges::find(findings.figures, "queries", &Figure::id);
  REQUIRE(figure != findings.figures.end());
  std::ranges::sort(queries);
  const FigurePoint& point = figure->lines().series.front().points.front();
  CHECK(point.y == mean_and_error(queries).mean);
}
