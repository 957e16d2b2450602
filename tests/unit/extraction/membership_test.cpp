#include "core/extraction/learn/membership.h"

#include "core/extraction/experiments.h"
#include "tests/unit/extraction/experiment_runs.h"
#include "tests/unit/extraction/models.h"

using namespace attnlab;
using namespace attnlab::extraction;
using namespace attnlab::test;

namespace {

struct Found {
  Outcome outcome;
  HeadKnowledge known;
  std::uint64_t queries = 0;
};

Found extract(const Head& head, MembershipOptions options) {
  HeadsOracle exact(head.clone());
  MembershipOracle oracle(exact, options.threshold);
  Found found{{}, HeadKnowledge(head.value.size()), 0};
  Inquiry<Outcome> inquiry = learn_membership(found.known, options);
  found.outcome = finish(inquiry, oracle);
  found.queries = oracle.learning_queries();
  return found;
}

}  // namespace

TEST_CASE("extraction: yes-or-no answers give W for thresholds of both signs and W of any size") {
  for (const double threshold : {1.0, -0.3, 20.0}) {
    for (const double scale : {0.0, 0.5, 300.0}) {
      CAPTURE(threshold);
      CAPTURE(scale);
      const Head head = random_head(6, 300, scale);
      const Found found = extract(head, {.threshold = threshold});
      CHECK_MESSAGE(found.outcome.status == ExtractionStatus::kRecovered, found.outcome.evidence);
      CHECK(largest_relative_error(found.known.value, head.value) < 1e-11);
      // 40 bits of alpha, divided by logits down to 0.02: 1e-12 / 0.02, and the basis change.
      CHECK(largest_relative_error(found.known.weight.values(), head.weight.values()) < 1e-8);
      CHECK(found.queries - found.known.repeated < 42 * (40 + 15));
    }
  }
}

TEST_CASE("extraction: threshold 0 and v = 0 are not identifiable from yes and no") {
  Head head = random_head(4, 301);
  CHECK(extract(head, {.threshold = 0}).outcome.status == ExtractionStatus::kNotIdentifiable);
  std::ranges::fill(head.value, 0.0);
  CHECK(extract(head, {}).outcome.status == ExtractionStatus::kNotIdentifiable);
}

TEST_CASE("extract-membership: the scatter of few bits and of d = 1 refutes nothing") {
  for (std::uint64_t seed : {1u, 2u, 3u, 38u, 39u}) {
    for (const char* dim : {"1", "4"}) {
      CAPTURE(seed);
      CAPTURE(dim);
      const RunSpec spec =
          spec_with(named("extract-membership"), {{"dim", dim}, {"bits", "8,12"}}, seed);
      const Claim claim = findings_of(spec, run_all(spec)).result.claims.at(0);
      CHECK_MESSAGE(claim.status != ClaimStatus::kFails, claim.evidence);
    }
  }
  // The same with 50 times the trials: the standard error of d = 1 is then about 0.04.
  const RunSpec spec = spec_with(named("extract-membership"),
                                 {{"dim", "1"}, {"bits", "8,12"}, {"trials", "150"}}, 39);
  const Claim claim = findings_of(spec, run_all(spec)).result.claims.at(0);
  CHECK_MESSAGE(claim.status == ClaimStatus::kHolds, claim.evidence);
}

TEST_CASE("extract-membership: every query per number halves the error") {
  const Result result = checked_result(spec_of(named("extract-membership"), {{"dim", "2,5"}}));
  REQUIRE(result.claims.size() == 1);
  CHECK_MESSAGE(result.claims[0].status == ClaimStatus::kHolds, result.claims[0].evidence);
}
