// What claim B1 requires: counts, accuracy, extreme values, and boxes that are not a single head.
#include "core/extraction/learn/single_head.h"

#include <string>

#include "tests/unit/extraction/models.h"

using namespace attnlab;
using namespace attnlab::extraction;
using namespace attnlab::test;

namespace {

struct Found {
  Outcome outcome;
  HeadKnowledge known;
  std::uint64_t queries = 0, checks = 0;
};

Found extract(Oracle& oracle, SingleHeadOptions options = {}) {
  Found found{{}, HeadKnowledge(oracle.dim()), 0, 0};
  Inquiry<Outcome> inquiry = learn_single_head(found.known, options);
  found.outcome = finish(inquiry, oracle);
  found.queries = oracle.learning_queries();
  found.checks = oracle.checking_queries();
  return found;
}

void check_bars(const Head& head, double bar = 1e-12) {
  const std::size_t dim = head.value.size();
  HeadsOracle oracle(head.clone());
  const Found found = extract(oracle);
  const double error = largest_relative_error(found.known.weight.values(), head.weight.values());
  INFO(found.outcome.evidence);
  MESSAGE("d = " << dim << ": W error " << error << ", queries " << found.queries);
  CHECK(found.outcome.status == ExtractionStatus::kRecovered);
  CHECK(error < bar);
  CHECK(largest_relative_error(found.known.value, head.value) == 0);
  CHECK(found.queries >= dim * dim + dim);
  CHECK(found.queries <= dim * dim + dim + 8);
  CHECK(found.checks == 24);
}

/// A box that is not a single head: two heads, a residual of the query token, or order.
class OtherOracle : public Oracle {
 public:
  enum class Kind { kResidual, kPositions };
  OtherOracle(Head head, Kind kind) : head_(std::move(head)), kind_(kind) {}
  std::size_t dim() const override { return head_.value.size(); }

 protected:
  Expected<void> answer(const QueryBatch& batch, std::span<double> answers) override {
    for (std::size_t i = 0; i < answers.size(); ++i) {
      std::vector<std::vector<double>> tokens;
      for (const std::uint32_t t : batch[i]) {
        tokens.emplace_back(batch.token_values(t).begin(), batch.token_values(t).end());
      }
      if (kind_ == Kind::kPositions) {
        for (std::size_t n = 0; n < tokens.size(); ++n)
          tokens[n][0] += 0.2 * static_cast<double>(n);
      }
      answers[i] = plain_head(head_, tokens);
      if (kind_ == Kind::kResidual) answers[i] += 0.3 * tokens.back()[1];
    }
    return {};
  }

 private:
  Head head_;
  Kind kind_;
};

}  // namespace

TEST_CASE("extraction: one head at d = 64 takes 4160 queries and gives W to 1e-12") {
  check_bars(random_head(64, 20));
}

TEST_CASE("extraction: W times 100, 0.01, 1e-3 and 1e6 is found as well") {
  for (const double scale : {100.0, 0.01, 1e-3, 1e6}) {
    CAPTURE(scale);
    check_bars(random_head(64, 21, scale));
  }
  Head unit_entries = random_head(64, 22, 64);  // standard normal entries, as many write it
  check_bars(unit_entries);
}

TEST_CASE("extraction: v = e_1 and one entry of v 1e-9 of the rest do no harm") {
  Head head = random_head(64, 23);
  std::ranges::fill(head.value, 0.0);
  head.value[0] = 1;
  check_bars(head);
  head = random_head(64, 24);
  head.value[5] *= 1e-9;
  check_bars(head);
}

TEST_CASE("extraction: d = 1 and 2, equal values, and deficient or zero W are found") {
  check_bars(random_head(1, 25));
  check_bars(random_head(2, 26));
  Head equal = random_head(8, 27);
  std::ranges::fill(equal.value, -0.5);
  check_bars(equal);
  check_bars(random_head(16, 28, 1, 3));
  Head zero = random_head(16, 29);
  zero.weight.set_zero();
  check_bars(zero);  // here the error is absolute
}

TEST_CASE("extraction: v = 0 is reported as not identifiable after d queries") {
  Head head = random_head(16, 30);
  std::ranges::fill(head.value, 0.0);
  HeadsOracle oracle(head.clone());
  const Found found = extract(oracle);
  CHECK(found.outcome.status == ExtractionStatus::kNotIdentifiable);
  CHECK(found.queries == 16);
}

TEST_CASE("extraction: the plain form recovers ordinary heads and fails on extreme ones") {
  const Head ordinary = random_head(16, 31);
  HeadsOracle easy(ordinary.clone());
  const Found found = extract(easy, {.form = ProbeForm::kPlain});
  CHECK(found.outcome.status == ExtractionStatus::kRecovered);
  CHECK(found.queries == 16 * 17);
  CHECK(largest_relative_error(found.known.weight.values(), ordinary.weight.values()) < 1e-9);

  Head basis = random_head(16, 32);
  std::ranges::fill(basis.value, 0.0);
  basis.value[0] = 1;
  HeadsOracle first_entry(basis.clone());
  CHECK(extract(first_entry, {.form = ProbeForm::kPlain}).outcome.status ==
        ExtractionStatus::kRecovered);

  HeadsOracle saturated(random_head(16, 33, 1e4));
  const Found lost = extract(saturated, {.form = ProbeForm::kPlain});
  CHECK(lost.outcome.status == ExtractionStatus::kNotAMatch);
  CHECK(lost.outcome.evidence.find("saturated") != std::string::npos);
}

TEST_CASE("extraction: two heads, a residual and positions are not a single head") {
  std::vector<Head> heads;
  heads.push_back(random_head(8, 34, 2));
  heads.push_back(random_head(8, 35, 2));
  HeadsOracle two(std::move(heads));
  OtherOracle residual(random_head(8, 36), OtherOracle::Kind::kResidual);
  OtherOracle positions(random_head(8, 37), OtherOracle::Kind::kPositions);
  for (Oracle* oracle : {static_cast<Oracle*>(&two), static_cast<Oracle*>(&residual),
                         static_cast<Oracle*>(&positions)}) {
    const Found found = extract(*oracle);
    CHECK(found.outcome.status == ExtractionStatus::kNotAMatch);
    CHECK(!found.outcome.evidence.empty());
    MESSAGE(found.outcome.evidence);
  }
}

TEST_CASE("extraction: a budget below d^2 + d is said at once and nothing is asked") {
  HeadsOracle oracle(random_head(8, 38));
  CHECK(extract(oracle, {.budget = 71}).outcome.status == ExtractionStatus::kBudgetExhausted);
  CHECK(oracle.learning_queries() == 0);
}
