#include "core/extraction/experiments.h"
#include "tests/unit/extraction/experiment_runs.h"

using namespace attnlab;
using namespace attnlab::extraction;
using namespace attnlab::test;

TEST_CASE("extract-transformer: random, even and duplicate networks fall, and the claim holds") {
  for (const char* network : {"random", "even", "duplicate"}) {
    CAPTURE(network);
    const Result result = checked_result(spec_of(
        named("extract-transformer"), {{"dim", "2,6"}, {"hidden", "4"}, {"network", network}}));
    REQUIRE(result.claims.size() == 1);
    CHECK_MESSAGE(result.claims[0].status == ClaimStatus::kNoCounterexample,
                  result.claims[0].evidence);
  }
}

TEST_CASE("extract-transformer: one hidden neuron is recovered in every trial") {
  const Result result = checked_result(
      spec_of(named("extract-transformer"), {{"dim", "4"}, {"hidden", "1"}, {"trials", "12"}}));
  CHECK_MESSAGE(result.claims.at(0).status == ClaimStatus::kNoCounterexample,
                result.claims[0].evidence);
}

TEST_CASE("extract-transformer: trials that found nothing do not count among the queries") {
  const RunSpec spec =
      spec_of(named("extract-transformer"), {{"dim", "4"}, {"hidden", "0"}, {"trials", "3"}});
  const Findings found = findings_of(spec, run_all(spec));
  CHECK(found.result.claims.at(0).status == ClaimStatus::kUndecided);
  const Figure& queries = found.figures.at(1);
  REQUIRE(queries.lines().series.size() == 2);
  CHECK(queries.lines().series[0].points.empty());
  // d^2 numbers of W and the constant: k (d + 1) + 1 numbers of the network.
  CHECK(queries.lines().series[1].points.at(0).y == 17);
}

TEST_CASE("extract-transformer: the odd part needs a network without biases") {
  const Result result = checked_result(spec_of(
      named("extract-transformer"),
      {{"dim", "5"}, {"hidden", "4"}, {"network", "bias-free"}, {"method", "gradient,odd-part"}}));
  for (const Claim& claim : result.claims) {
    CHECK_MESSAGE(claim.status == ClaimStatus::kNoCounterexample, claim.evidence);
  }
  const Result outside = checked_result(spec_of(
      named("extract-transformer"), {{"dim", "5"}, {"hidden", "4"}, {"method", "odd-part"}}));
  CHECK(outside.claims.at(0).status == ClaimStatus::kUndecided);
}
