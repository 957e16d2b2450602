#include "core/extraction/experiments.h"
#include "tests/unit/extraction/experiment_runs.h"

using namespace attnlab;
using namespace attnlab::extraction;
using namespace attnlab::test;

TEST_CASE("extract-transformer: random, even and duplicate networks fall, and the claim holds") {
  for (const char* network : {"random", "even", "duplicate"}) {
    CAPTURE(network);
    const Result result = checked_result(
        spec_of(named("extract-transformer"), {{"dim", "2,6"}, {"hidden", "4"}, {"network", network}}));
    REQUIRE(result.claims.size() == 1);
    CHECK_MESSAGE(result.claims[0].status == ClaimStatus::kHolds, result.claims[0].evidence);
  }
}

TEST_CASE("extract-transformer: the odd part needs a network without biases") {
  const Result result = checked_result(spec_of(
      named("extract-transformer"),
      {{"dim", "5"}, {"hidden", "4"}, {"network", "bias-free"}, {"method", "gradient,odd-part"}}));
  for (const Claim& claim : result.claims) {
    CHECK_MESSAGE(claim.status == ClaimStatus::kHolds, claim.evidence);
  }
  const Result outside = checked_result(
      spec_of(named("extract-transformer"), {{"dim", "5"}, {"hidden", "4"}, {"method", "odd-part"}}));
  CHECK(outside.claims.at(0).status == ClaimStatus::kUndecided);
}
