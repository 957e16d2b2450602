// What claim B3 requires: counts and accuracy of the range finder, and recovery by the solvers.
#include "core/extraction/learn/low_rank.h"

#include "tests/unit/extraction/models.h"

using namespace attnlab;
using namespace attnlab::extraction;
using namespace attnlab::test;

namespace {

struct Found {
  Outcome outcome;
  HeadKnowledge known;
  std::size_t rank = 0;
};

Found find_range(Oracle& oracle, RangeFinderOptions options) {
  Found found{{}, HeadKnowledge(oracle.dim()), 0};
  Inquiry<Outcome> inquiry = learn_low_rank(found.known, found.rank, options);
  found.outcome = finish(inquiry, oracle);
  return found;
}

void run(JobSteps steps) {
  while (steps.step() == JobSteps::State::kRunning) {
  }
  REQUIRE(steps.state() == JobSteps::State::kDone);
}

Measurements measure(const Head& head, std::size_t count, std::uint32_t index) {
  HeadsOracle oracle(head.clone());
  HeadKnowledge known(head.value.size());
  Measurements data;
  Inquiry<Outcome> inquiry = ask_measurements(known, data, stream_of(index), count, 32);
  CHECK(finish(inquiry, oracle).status == ExtractionStatus::kRecovered);
  CHECK(oracle.learning_queries() == head.value.size() + count + known.repeated);
  CHECK(known.repeated <= 8);
  return data;
}

}  // namespace

TEST_CASE("extraction: rank 4 at d = 64 takes 560 queries and gives W to 1e-11") {
  const Head head = random_head(64, 50, 1, 4);
  HeadsOracle oracle(head.clone());
  const Found found = find_range(oracle, {.rank = 4});
  const double error = frobenius_error(found.known.weight, head.weight);
  MESSAGE("range finder: relative Frobenius error " << error << ", queries "
                                                    << oracle.learning_queries());
  CHECK(found.outcome.status == ExtractionStatus::kRecovered);
  CHECK(oracle.learning_queries() - found.known.repeated == 560);
  CHECK(found.known.repeated <= 8);
  CHECK(error < 1e-11);
}

TEST_CASE("extraction: any rank below d saves (d - r)^2 queries, also above d / 2") {
  for (std::size_t rank = 1; rank <= 5; ++rank) {
    CAPTURE(rank);
    const Head head = random_head(5, 70 + static_cast<std::uint32_t>(rank), 1, rank);
    HeadsOracle oracle(head.clone());
    const Found found = find_range(oracle, {.rank = rank});
    CHECK(found.outcome.status == ExtractionStatus::kRecovered);
    CHECK(oracle.learning_queries() - found.known.repeated == 30 - (5 - rank) * (5 - rank));
    CHECK(frobenius_error(found.known.weight, head.weight) < 1e-11);
  }
}

TEST_CASE("extraction: an unknown rank is found with one more column") {
  for (const std::size_t rank : {1, 3, 8}) {
    const Head head = random_head(8, 51 + static_cast<std::uint32_t>(rank), 1, rank);
    HeadsOracle oracle(head.clone());
    const Found found = find_range(oracle, {});
    CHECK(found.outcome.status == ExtractionStatus::kRecovered);
    CHECK(found.rank == rank);
    CHECK(oracle.learning_queries() - found.known.repeated ==
          8 + 16 * rank - rank * rank + (8 - rank));
    CHECK(frobenius_error(found.known.weight, head.weight) < 1e-11);
  }
}

TEST_CASE("extraction: the range finder sees W when v is inside its range, outside it, or W = 0") {
  Head head = random_head(12, 60, 1, 2);
  head.value = product(head.weight, std::vector<double>(12, 1.0));  // in the range
  HeadsOracle inside(head.clone());
  Found found = find_range(inside, {});
  CHECK(found.outcome.status == ExtractionStatus::kRecovered);
  CHECK(frobenius_error(found.known.weight, head.weight) < 1e-11);

  const Matrix<double> range = orthonormal_basis(head.weight, 1e-10);
  REQUIRE(range.cols() == 2);
  RandomStream stream = stream_of(61);
  stream.fill_normal(head.value);
  for (int pass = 0; pass < 2; ++pass) {
    const std::vector<double> shares = product(transposed(range), head.value);
    const std::vector<double> part = product(range, shares);
    add_scaled(-1, part, head.value);
  }
  HeadsOracle outside(head.clone());
  found = find_range(outside, {});
  CHECK(found.outcome.status == ExtractionStatus::kRecovered);
  CHECK(frobenius_error(found.known.weight, head.weight) < 1e-11);

  head.weight.set_zero();
  HeadsOracle zero(head.clone());
  found = find_range(zero, {});
  CHECK(found.outcome.status == ExtractionStatus::kRecovered);
  CHECK(found.rank == 0);
}

TEST_CASE("extraction: too small a rank is not called recovered") {
  HeadsOracle oracle(random_head(10, 62, 2, 4));
  CHECK(find_range(oracle, {.rank = 2}).outcome.status == ExtractionStatus::kNotAMatch);
}

TEST_CASE("extraction: factors and nuclear norm recover W from enough random measurements") {
  const Head head = random_head(10, 63, 1, 1);
  const Measurements data = measure(head, 60, 64);  // 3.2 times the 19 degrees of freedom
  Completion factors, nuclear;
  run(complete_by_factors(data, 1, 5, stream_of(65), factors));
  CHECK(frobenius_error(factors.weight, head.weight) < 1e-9);
  run(complete_by_nuclear_norm(data, 3000, nuclear));
  MESSAGE("nuclear norm: error " << frobenius_error(nuclear.weight, head.weight) << " after "
                                 << nuclear.iterations << "; factors "
                                 << frobenius_error(factors.weight, head.weight) << " after "
                                 << factors.iterations);
  CHECK(frobenius_error(nuclear.weight, head.weight) < 1e-6);
}

TEST_CASE("extraction: with fewer measurements than degrees of freedom nothing recovers W") {
  const Head head = random_head(10, 66, 1, 2);
  const Measurements data = measure(head, 30, 67);  // 36 degrees of freedom
  Completion factors;
  run(complete_by_factors(data, 2, 3, stream_of(68), factors));
  CHECK(frobenius_error(factors.weight, head.weight) > 1e-2);
}
