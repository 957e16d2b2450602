// icl-depth: layers against their definition, gradients against finite differences, baselines.
#include "core/in_context/depth.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "core/in_context/closed_forms.h"
#include "core/in_context/depth_baselines.h"
#include "core/in_context/depth_claims.h"
#include "core/in_context/depth_study.h"
#include "core/numerics/random.h"
#include "core/numerics/statistics.h"
#include "tests/unit/support/experiments.h"

using namespace attnlab;
using namespace attnlab::in_context;
using namespace attnlab::test;

namespace {

constexpr std::uint32_t kDomain = hash_name("test/depth");

DepthSetup setup_of(std::size_t layers, std::vector<double> variances, double noise) {
  DepthSetup setup;
  setup.layers = layers;
  setup.task.variances = std::move(variances);
  setup.task.prompt_length = 6;
  setup.task.noise = noise;
  return setup;
}

/// A model away from its start, so that no parameter is near 0.
DepthModel scattered(const DepthSetup& setup) {
  DepthModel model(setup);
  RandomStream stream(3, kDomain, static_cast<std::uint32_t>(setup.layers));
  for (double& parameter : model.parameters()) parameter += 0.2 * stream.normal();
  return model;
}

using Tokens = std::vector<std::vector<double>>;  // d + 1 rows, D + 1 columns

/// Z + (1/D) P Z M (Z^T Q Z), entry by entry.
Tokens next_layer(const Tokens& z, const DepthModel& model, std::size_t layer) {
  const std::size_t width = z.size(), d = width - 1, columns = z[0].size();
  const double* own = model.parameters().data() + layer * (2 * d * d + 1);
  const bool last = layer + 1 == model.layers();
  Tokens next = z;
  for (std::size_t j = 0; j < columns; ++j) {
    for (std::size_t i = 0; i + 1 < columns; ++i) {  // the query column is masked
      double score = 0;
      for (std::size_t a = 0; a < d; ++a) {
        for (std::size_t b = 0; b < d; ++b) score += z[a][i] * own[a * d + b] * z[b][j];
      }
      score /= static_cast<double>(columns - 1);
      next[d][j] += own[d * d] * z[d][i] * score;
      for (std::size_t a = 0; a < d && !last; ++a) {
        for (std::size_t b = 0; b < d; ++b) {
          next[a][j] += own[d * d + 1 + a * d + b] * z[b][i] * score;
        }
      }
    }
  }
  return next;
}

StepPolynomial best_steps(const DepthTask& task, std::size_t steps, bool preconditioned) {
  StepTuner tuner(task, steps, preconditioned);
  for (std::uint32_t g = 0; g < 2500; ++g) tuner.add(draw_depth_prompts(task, 1, kDomain, g));
  return tuner.best();
}

}  // namespace

TEST_CASE("the risk of layers is the mean over w, query and noise of their definition") {
  // Means over the finite sets +-e_i scaled to the right covariance are exact: the prediction is
  // linear in (w, noise) and in the query, so that only second moments count.
  for (const std::size_t layers : {1, 2, 3, 4}) {
    const DepthSetup setup = setup_of(layers, {2, 0.5}, 0.3);
    const std::size_t d = 2, length = setup.task.prompt_length;
    DepthModel model = scattered(setup);
    RandomStream stream(4, kDomain, 50);
    std::vector<std::vector<double>> examples(length, std::vector<double>(d));
    for (auto& x : examples) {
      for (std::size_t i = 0; i < d; ++i) {
        x[i] = std::sqrt(setup.task.variances[i]) * stream.normal();
      }
    }
    DepthMatrix moment(d * d);
    for (std::size_t e = 0; e < d * d; ++e) {
      double sum = 0;
      for (const auto& x : examples) sum += x[e / d] * x[e % d] / static_cast<double>(length);
      for (DepthPack::Pair& pair : moment[e].pairs) pair = DepthPack::Pair{sum, sum};
    }
    double risk = 0;
    for (std::size_t q = 0; q < d; ++q) {
      for (std::size_t source = 0; source < d + length; ++source) {
        Tokens z(d + 1, std::vector<double>(length + 1, 0.0));
        std::vector<double> w(d, 0.0);
        if (source < d) w[source] = 1 / std::sqrt(setup.task.variances[source] * 2.0);
        for (std::size_t n = 0; n < length; ++n) {
          for (std::size_t i = 0; i < d; ++i) {
            z[i][n] = examples[n][i];
            z[d][n] += w[i] * examples[n][i];
          }
          if (source == d + n) z[d][n] += std::sqrt(setup.task.noise);
        }
        z[q][length] = std::sqrt(setup.task.variances[q]);
        const double truth = w[q] * z[q][length];
        for (std::size_t l = 0; l < layers; ++l) z = next_layer(z, model, l);
        risk += (-z[d][length] - truth) * (-z[d][length] - truth);
      }
    }
    for (const double lane : model.risks(moment, {})) {
      CHECK(lane == doctest::Approx(risk).epsilon(1e-10));
    }
  }
}

TEST_CASE("gradients of one to four layers agree with finite differences to 1e-7") {
  for (const std::size_t layers : {1, 2, 3, 4}) {
    for (const double noise : {0.0, 0.5}) {
      for (const std::vector<double>& variances :
           {std::vector<double>{1}, std::vector<double>{2, 1, 0.5}}) {
        const DepthSetup setup = setup_of(layers, variances, noise);
        DepthModel model = scattered(setup);
        const DepthMatrix prompts = draw_depth_prompts(setup.task, 1, kDomain, 0);
        std::vector<double> gradient(model.parameters().size());
        model.risks(prompts, gradient);
        double difference = 0, size = 0;
        for (std::size_t j = 0; j < gradient.size(); ++j) {
          constexpr double kStep = 1e-5;  // truncation 1e-10, rounding 1e-11
          const double before = model.parameters()[j];
          const auto total_at = [&](double value) {
            model.parameters()[j] = value;
            double total = 0;
            for (const double risk : model.risks(prompts, {})) total += risk;
            return total;
          };
          const double slope = (total_at(before + kStep) - total_at(before - kStep)) / (2 * kStep);
          model.parameters()[j] = before;
          difference += (slope - gradient[j]) * (slope - gradient[j]);
          size += gradient[j] * gradient[j];
        }
        CHECK(std::sqrt(difference / size) < 1e-7);
      }
    }
  }
}

TEST_CASE("second moments of prompts have the covariance of x") {
  // Means of 80000: five standard errors, so that 4 in a million fresh seeds would fail.
  DepthTask task;
  task.variances = {3, 0.5};
  task.prompt_length = 4;
  std::vector<double> values[3];
  for (std::uint32_t g = 0; g < 10000; ++g) {
    const DepthMatrix pack = draw_depth_prompts(task, 9, kDomain, g);
    for (std::size_t lane = 0; lane < kDepthLanes; ++lane) {
      const std::vector<double> s = lane_of(pack, lane);
      CHECK(s[1] == s[2]);
      values[0].push_back(s[0] - 3);
      values[1].push_back(s[1]);
      values[2].push_back(s[1] * s[1] - 3 * 0.5 / 4);  // Wishart: variance s_11 s_22 / D
    }
  }
  for (const std::vector<double>& one : values) {
    const Estimate mean = mean_and_error(one);
    CHECK(std::abs(mean.mean) < 5 * mean.std_error);
  }
}

TEST_CASE("one step of descent has the exact risk of linear attention, steps are best") {
  for (const double noise : {0.0, 0.4}) {
    DepthTask task;
    task.variances = {4, 1, 0.25};
    task.prompt_length = 8;
    task.noise = noise;
    RegressionTask linear;
    linear.dim = 3;
    linear.noise = noise;
    const StepPolynomial one = best_steps(task, 1, true);
    StepPolynomial other = best_steps(task, 2, true);
    const StepPolynomial plain = best_steps(task, 2, false);
    std::vector<double> first, second, moved, descent, bayes;
    for (std::uint32_t g = 0; g < 2500; ++g) {
      const DepthMatrix pack = draw_depth_prompts(task, 2, kDomain, g);
      for (std::size_t lane = 0; lane < kDepthLanes; ++lane) {
        const std::vector<double> s = lane_of(pack, lane);
        first.push_back(polynomial_risk(task, one, s));
        second.push_back(polynomial_risk(task, other, s));
        descent.push_back(polynomial_risk(task, plain, s));
        bayes.push_back(bayes_risk(task, s));
        StepPolynomial off = other;
        off.coefficients[1] *= 1.3;
        moved.push_back(polynomial_risk(task, off, s));
      }
    }
    const Estimate risk = mean_and_error(first);
    // Five standard errors: 6 in ten million.
    CHECK(std::abs(risk.mean - linear_attention_risk(linear, 8)) < 5 * risk.std_error);
    CHECK(mean_and_error(second).mean < risk.mean);
    CHECK(mean_and_error(second).mean < mean_and_error(moved).mean);
    CHECK(mean_and_error(second).mean < mean_and_error(descent).mean);
    CHECK(mean_and_error(bayes).mean < mean_and_error(second).mean);
    if (noise == 0) CHECK(mean_and_error(bayes).mean < 1e-7);
  }
}

TEST_CASE("two tuned steps of descent are two layers without a change of the examples") {
  // q(s) = a + b - a b s of steps a, b; the layers take the same steps with B = 0.
  DepthSetup setup = setup_of(2, {1, 1}, 0.2);
  DepthModel model(setup);
  const double steps[] = {0.4, 0.9};
  std::fill(model.parameters().begin(), model.parameters().end(), 0.0);
  for (std::size_t l = 0; l < 2; ++l) {
    double* own = model.parameters().data() + l * 9;
    own[0] = own[3] = -steps[l];
    own[4] = 1;
    CHECK(distance_from_multiple(model.step_matrix(l), std::vector<double>{1, 1}) < 1e-7);
  }
  const StepPolynomial polynomial{{steps[0] + steps[1], -steps[0] * steps[1]}, false};
  const DepthMatrix pack = draw_depth_prompts(setup.task, 5, kDomain, 0);
  const auto risks = model.risks(pack, {});
  for (std::size_t lane = 0; lane < kDepthLanes; ++lane) {
    CHECK(risks[lane] ==
          doctest::Approx(polynomial_risk(setup.task, polynomial, lane_of(pack, lane))));
  }
}

TEST_CASE("depth 1 learns the one-layer result, three layers get below 0.005") {
  const RunSpec spec = spec_with(named("icl-depth"), {{"layers", "1,3"}, {"steps", "3000"}});
  const DepthStudy study = read_depth_study(spec);
  std::vector<std::string> notes;
  const std::vector<JobOutput> outputs = run_all(spec);
  const std::vector<DepthOutcome> outcomes = read_depth_outcomes(study, outputs, notes);
  const Estimate one = outcomes[0].measure(DepthMeasure::kTrained);
  // Exact, and the distance from the optimum after training: less than 1 %. The test prompts add
  // their error (five of them).
  const double exact = linear_attention_risk({}, 20);
  CHECK(std::abs(one.mean - exact) < 0.01 * exact + 5 * one.std_error);
  CHECK(outcomes[0].steps[0][0] == doctest::Approx(20.0 / 26).epsilon(0.03));
  CHECK(outcomes[1].measure(DepthMeasure::kTrained).mean < 0.005);
  const Findings findings = findings_of(spec, outputs);
  CHECK(findings.result.tables[0].name == "risk");
  CHECK(findings.result.tables[0].rows.size() == 7);
  for (const Claim& claim : findings.result.claims) CHECK(claim.status == ClaimStatus::kHolds);
}

TEST_CASE("icl-depth streams while it learns, and takes outputs in any order") {
  const RunSpec spec = spec_with(
      named("icl-depth"),
      {{"steps", "200"}, {"prompts", "1000"}, {"covariance", "skewed"}, {"noise", "0.5"}});
  std::vector<JobOutput> outputs = run_all(spec);
  const auto text = [&] {
    std::string all;
    const Findings findings = findings_of(spec, outputs);
    for (const Table& table : findings.result.tables) all += table_csv(table);
    for (const Claim& claim : findings.result.claims) all += claim.evidence;
    return all;
  };
  const std::string before = text();
  std::reverse(outputs.begin(), outputs.end());
  CHECK(text() == before);
  outputs.push_back({1, Bytes{1, 2, 3}, true});
  CHECK(findings_of(spec, outputs).result.notes.size() == 1);
  const RunSpec longer = spec_with(named("icl-depth"), {{"steps", "100000"}});
  JobSteps job = named("icl-depth").start(longer, 2);
  REQUIRE(job.step() == JobSteps::State::kRunning);
  const auto partial = job.take_partial();
  REQUIRE(partial.has_value());
  const Findings findings = findings_of(longer, {{2, *partial, false}});
  CHECK(!findings.result.table("training")->rows.empty());
  CHECK(!findings.result.table("blocks")->rows.empty());
  CHECK(findings.result.table("risk")->rows.empty());
}

TEST_CASE("claim C7 needs more than 1 % to fail, and a mean of few prompts is remarked on") {
  const RunSpec spec = spec_with(named("icl-depth"), {{"layers", "2,3"}});
  const DepthStudy study = read_depth_study(spec);
  const auto claims_with = [&](double trained, double error) {
    std::vector<DepthOutcome> outcomes(2);
    for (DepthOutcome& outcome : outcomes) {
      outcome.known = true;
      outcome.measures.fill({0.1, error, 1000});
      outcome.measures[std::size_t(DepthMeasure::kTrained)].mean = trained;
      outcome.measures[std::size_t(DepthMeasure::kLead)].mean = 0.1 - trained;
    }
    return std::pair(depth_claims(study, outcomes)[0].status, depth_notes(study, outcomes).size());
  };
  CHECK(claims_with(0.05, 1e-3) == std::pair(ClaimStatus::kHolds, std::size_t{1}));
  CHECK(claims_with(0.15, 1e-3) == std::pair(ClaimStatus::kFails, std::size_t{1}));
  CHECK(claims_with(0.1001, 1e-5) == std::pair(ClaimStatus::kUndecided, std::size_t{1}));
  CHECK(claims_with(0.1, 0.05) == std::pair(ClaimStatus::kUndecided, std::size_t{3}));
}
