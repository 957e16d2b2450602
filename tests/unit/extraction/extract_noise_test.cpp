// What claim B4 requires: slope 1, the bound, and the scalings, on fixed seeds.
#include "core/extraction/experiments.h"
#include "core/extraction/learn/dense.h"
#include "core/extraction/learn/low_rank.h"
#include "core/extraction/learn/noise_adversary.h"
#include "tests/unit/extraction/experiment_runs.h"
#include "tests/unit/extraction/models.h"

using namespace attnlab;
using namespace attnlab::extraction;
using namespace attnlab::test;

namespace {

void check_holds(const Result& result, std::size_t claims) {
  REQUIRE(result.claims.size() == claims);
  for (const Claim& claim : result.claims) {
    INFO(claim.statement << " " << claim.evidence);
    const bool universal = claim.statement.find("every noise") != std::string::npos;
    CHECK(claim.status == (universal ? ClaimStatus::kNoCounterexample : ClaimStatus::kHolds));
  }
}

}  // namespace

TEST_CASE("extract-noise: the error is proportional to every bounded noise and under its bound") {
  for (const char* kind : {"uniform", "sign", "adversarial", "adversary"}) {
    CAPTURE(kind);
    check_holds(
        checked_result(spec_of(named("extract-noise"), {{"dim", "8"}, {"noise-kind", kind}})), 2);
  }
}

TEST_CASE("extract-noise: the error grows like the square of W and like 1 / mu") {
  check_holds(checked_result(spec_of(named("extract-noise"), {{"dim", "8"},
                                                              {"weight-scale", "1,2,4,8"},
                                                              {"min-value", "0.1,0.3,1"},
                                                              {"noise", "1e-7,1e-6"},
                                                              {"method", "bounded"}})),
              4);
}

TEST_CASE("extract-noise: averaging helps against random noise and not against rounding") {
  const std::vector<std::pair<std::string, std::string>> values = {{"dim", "8"},
                                                                   {"repeats", "1,16,256"},
                                                                   {"noise", "1e-5,1e-4"},
                                                                   {"method", "bounded"},
                                                                   {"trials", "6"}};
  check_holds(checked_result(spec_of(named("extract-noise"), values)), 3);
  auto rounding = values;
  rounding.push_back({"noise-kind", "adversarial"});
  const Result result = checked_result(spec_of(named("extract-noise"), rounding));
  CHECK(result.claims.at(1).status == ClaimStatus::kNoCounterexample);
  CHECK(result.claims.at(2).status == ClaimStatus::kFails);
}

TEST_CASE("extract-noise: one trial says nothing about the scatter of an exponent") {
  const Result result =
      checked_result(spec_of(named("extract-noise"), {{"dim", "4"}, {"trials", "1"}}));
  CHECK(result.claims.at(0).status == ClaimStatus::kUndecided);
}

TEST_CASE("extract-noise: the adversary does more harm than any other noise") {
  const auto errors = [](const char* kind) {
    const RunSpec spec =
        spec_of(named("extract-noise"), {{"dim", "6"}, {"noise", "1e-4"}, {"noise-kind", kind}});
    const Table table = findings_of(spec, run_all(spec)).result.tables.at(0);
    std::vector<double> found;  // by method and trial
    for (const auto& row : table.rows) {
      found.push_back(std::get<double>(row[table.column("frobenius_error")]));
    }
    return found;
  };
  const std::vector<double> worst = errors("adversary");
  REQUIRE(worst.size() == 6);
  for (const char* kind : {"uniform", "sign", "gaussian", "adversarial"}) {
    CAPTURE(kind);
    const std::vector<double> other = errors(kind);
    for (std::size_t i = 0; i < worst.size(); ++i) CHECK(other.at(i) < worst[i]);
  }
}

TEST_CASE("extraction: no sign pattern of noise found by hill climbing crosses the bound") {
  const std::size_t dim = 3;
  const double tau = 1e-3, weight_bound = 1.5;
  Head head = random_head(dim, 80);
  const double length = norm(head.weight.values());
  for (double& entry : head.weight.values()) entry *= weight_bound / length;
  head.value = {0.5, -0.6, 0.7};
  HeadsOracle exact(head.clone());
  std::vector<double> signs(dim + dim * dim, 1.0);
  const auto error_of = [&](const std::vector<double>& noise) {
    HeadKnowledge known(dim);
    Inquiry<bool> inquiry = learn_noisy_head(known, {weight_bound, false, 32, 1});
    std::size_t next = 0;
    while (inquiry.advance()) {
      auto answers = exact.ask(*inquiry.asked());
      for (double& answer : *answers) answer += tau * noise[next++];
      inquiry.answer(std::move(*answers));
    }
    double sum = 0;
    for (std::size_t i = 0; i < head.weight.size(); ++i) {
      const double gap = known.weight.values()[i] - head.weight.values()[i];
      sum += gap * gap;
    }
    return std::sqrt(sum);
  };
  double worst = error_of(signs);
  for (int pass = 0; pass < 4; ++pass) {
    for (double& sign : signs) {
      sign = -sign;
      const double error = error_of(signs);
      if (error > worst)
        worst = error;
      else
        sign = -sign;
    }
  }
  NoiseAdversary adversary(head.clone(), {weight_bound, false, 32, 1}, tau);
  while (adversary.climb()) {
  }
  HeadKnowledge known(dim);
  Inquiry<bool> inquiry = learn_noisy_head(known, {weight_bound, false, 32, 1});
  CHECK(finish(inquiry, adversary));
  const double error = frobenius_error(known.weight, head.weight) * norm(head.weight.values());
  CHECK(error == doctest::Approx(adversary.error()).epsilon(1e-9));
  MESSAGE("adversary " << error << ", all signs " << worst);
  CHECK(error > 0.99 * worst);  // a search without its shortcuts finds no more

  const double bound = noise_bound(dim, weight_bound, tau, 0.5);
  MESSAGE("worst error / bound: " << worst / bound);
  CHECK(worst < bound);
  CHECK(worst > bound / 20);  // the bound is not much too large
}
