// The bars of spec B4: slope 1, the bound, and the scalings, on fixed seeds.
#include "core/extraction/experiments.h"
#include "core/extraction/learn/noisy_head.h"
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
    CHECK(claim.status == ClaimStatus::kHolds);
  }
}

}  // namespace

TEST_CASE("extract-noise: the error is proportional to every bounded noise and under its bound") {
  for (const char* kind : {"uniform", "sign", "adversarial"}) {
    CAPTURE(kind);
    check_holds(checked_result(spec_of(named("extract-noise"), {{"dim", "8"}, {"noise-kind", kind}})), 2);
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
  const std::vector<std::pair<std::string, std::string>> values = {
      {"dim", "8"}, {"repeats", "1,16,256"}, {"noise", "1e-5,1e-4"}, {"method", "bounded"}};
  check_holds(checked_result(spec_of(named("extract-noise"), values)), 3);
  auto rounding = values;
  rounding.push_back({"noise-kind", "adversarial"});
  const Result result = checked_result(spec_of(named("extract-noise"), rounding));
  CHECK(result.claims.at(1).status == ClaimStatus::kHolds);
  CHECK(result.claims.at(2).status == ClaimStatus::kFails);
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
  const double bound = noise_bound(dim, weight_bound, tau, 0.5);
  MESSAGE("worst error / bound: " << worst / bound);
  CHECK(worst < bound);
  CHECK(worst > bound / 20);  // the bound is not idle
}
