// What claim B5 requires: canonical form, indistinguishable pairs, and recovery.
#include "core/extraction/learn/multi_head.h"

#include <string>

#include "tests/unit/extraction/models.h"

using namespace attnlab;
using namespace attnlab::extraction;
using namespace attnlab::test;

namespace {

std::vector<Head> random_heads(std::size_t dim, std::size_t count, std::uint32_t index,
                               double scale) {
  std::vector<Head> heads;
  for (std::uint32_t h = 0; h < count; ++h) heads.push_back(random_head(dim, index + h, scale));
  return heads;
}

std::vector<Head> clones(const std::vector<Head>& heads) {
  std::vector<Head> copy;
  for (const Head& head : heads) copy.push_back(head.clone());
  return copy;
}

}  // namespace

TEST_CASE("extraction: indistinguishable heads agree to 1e-12 and differ by more than 1") {
  RandomStream stream = stream_of(200);
  for (const TwinHeads& twins : twin_heads(stream, 5, 2, 1)) {
    CAPTURE(twins.id);
    const std::size_t longest = twins.longest == 0 ? 6 : twins.longest;
    for (std::size_t length = 1; length <= longest; ++length) {
      CHECK(length_gap(twins.first, twins.second, length, 100, stream_of(201)) < 1e-12);
    }
    CHECK(parameter_distance(twins.first, twins.second) > 1);
    const auto a = canonical_heads(twins.first), b = canonical_heads(twins.second);
    if (twins.longest == 0) {
      CHECK(parameter_distance(a, b) < 1e-12);
    } else {
      CHECK(length_gap(twins.first, twins.second, 3, 100, stream_of(202)) > 1e-2);
      CHECK(parameter_distance(a, b) > 1);
    }
  }
}

TEST_CASE("extraction: a rational fit gives back exponentials and amplitudes") {
  const std::vector<double> logits = {-0.7, 0.9}, shares = {1.3, -0.4};
  std::vector<double> answers;
  for (double m = 1; m <= 8; m *= 2) {
    double sum = 0;
    for (std::size_t h = 0; h < 2; ++h) sum += shares[h] / (1 + std::exp(-logits[h]) / m);
    answers.push_back(sum);
  }
  RationalFit fit;
  REQUIRE(fit_rational(answers, 0.9, 2, fit));
  const std::size_t low = fit.logits[0] < fit.logits[1] ? 0 : 1;
  CHECK(std::abs(fit.logits[low] + 0.7) < 1e-11);
  CHECK(std::abs(fit.shares[low] - 1.3) < 1e-11);
  CHECK(std::abs(fit.logits[1 - low] - 0.9) < 1e-11);
}

TEST_CASE("extraction: one, two and three heads are recovered up to order") {
  struct Case {
    std::size_t dim, heads;
    double bar;
  };
  for (const Case item :
       {Case{4, 1, 1e-10}, Case{4, 2, 1e-6}, Case{8, 2, 1e-6}, Case{3, 3, 1e-3}}) {
    const std::vector<Head> heads =
        random_heads(item.dim, item.heads, 210 + 10 * static_cast<std::uint32_t>(item.dim), 3);
    HeadsOracle oracle(clones(heads));
    MultiHeadKnowledge known;
    Inquiry<Outcome> inquiry =
        learn_heads(known, item.dim, {.heads = item.heads, .worst_condition = 1e10});
    const Outcome outcome = finish(inquiry, oracle);
    const double distance = parameter_distance(heads, known.heads);
    MESSAGE("d = " << item.dim << ", H = " << item.heads << ": " << status_text(outcome.status)
                   << ", distance " << distance << ", queries " << oracle.learning_queries()
                   << ", condition " << known.condition << ", repeated " << known.repeated << " "
                   << outcome.evidence);
    CHECK(outcome.status == ExtractionStatus::kRecovered);
    CHECK(distance < item.bar);
  }
}

TEST_CASE("extraction: two heads with one W are found as one") {
  std::vector<Head> heads = random_heads(4, 2, 250, 3);
  heads[1].weight = heads[0].weight.clone();
  HeadsOracle oracle(clones(heads));
  MultiHeadKnowledge known;
  Inquiry<Outcome> inquiry = learn_heads(known, 4, {.heads = 2});
  CHECK(finish(inquiry, oracle).status == ExtractionStatus::kRecovered);
  CHECK(known.heads.size() == 1);
  CHECK(parameter_distance(canonical_heads(heads), known.heads) < 1e-8);
}

TEST_CASE("extraction: a transformer is not a sum of heads") {
  RandomStream stream = stream_of(260);
  FeedForward network{Matrix<double>(6, 4), std::vector<double>(6), std::vector<double>(6), 0};
  stream.fill_normal(network.input.values());
  stream.fill_normal(network.bias);
  stream.fill_normal(network.output);
  TransformerOracle oracle(random_head(4, 261, 3).weight.clone(), std::move(network));
  MultiHeadKnowledge known;
  Inquiry<Outcome> inquiry = learn_heads(known, 4, {.heads = 2});
  CHECK(finish(inquiry, oracle).status != ExtractionStatus::kRecovered);
}
