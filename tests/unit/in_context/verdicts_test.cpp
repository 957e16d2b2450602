// Verdicts and error bars of family C: runs whose claims once contradicted their own tables, and
// how often the error bars of the best head sets cover.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/in_context/head_risk.h"
#include "core/in_context/risk_study.h"
#include "core/in_context/training_verdict.h"
#include "tests/unit/support/experiments.h"

using namespace attnlab;
using namespace attnlab::in_context;
using namespace attnlab::test;

namespace {

JobOutput run_job(const RunSpec& spec, std::uint32_t index) {
  JobSteps job = spec.experiment->start(spec, index);
  while (job.step() == JobSteps::State::kRunning) {
  }
  REQUIRE(job.state() == JobSteps::State::kDone);
  return {index, job.take_output(), true};
}

/// Risks of 1, 2 and 4 heads of one cell.
MeasuredCell cell_of(const RunSpec& spec, std::uint32_t index) {
  const RiskStudy study = read_risk_study(spec.parameters);
  std::vector<std::string> notes;
  const std::vector<JobOutput> outputs = {run_job(spec, index)};
  std::vector<MeasuredCell> cells = measured_cells(study, outputs, notes);
  REQUIRE(cells.size() == 1);
  return cells.front();
}

RunSpec preset_spec(std::string_view experiment, std::string_view preset, std::uint64_t seed) {
  const Experiment& found = named(experiment);
  auto parameters = preset_parameters(found, preset);
  REQUIRE(static_cast<bool>(parameters));
  return {&found, *parameters, seed};
}

ClaimStatus status_of(const Result& result, std::string_view id) {
  for (const Claim& claim : result.claims) {
    if (claim.id == id) return claim.status;
  }
  FAIL("no such claim");
  return ClaimStatus::kUndecided;
}

TrainingOutcome trained(const RunSpec& spec, Result& result) {
  const std::vector<JobOutput> outputs = run_all(spec);
  const auto study = read_training_study(spec);
  REQUIRE(static_cast<bool>(study));
  std::vector<std::string> notes;
  result = spec.experiment->find(spec, outputs).result;
  return read_training(*study, outputs, notes);
}

std::string all_notes(const Result& result) {
  std::string text;
  for (const std::string& note : result.notes) text += note + "\n";
  return text;
}

}  // namespace

TEST_CASE("four heads are never worse than two beyond their error") {
  // Runs whose set of four was once 10 to 60 standard errors worse, with weights of +-2000.
  struct Run {
    RunSpec spec;
    std::uint32_t cell;
  };
  const std::vector<Run> runs = {
      {spec_with(named("icl-risk"), {}, 42), 3},  // D = 40
      {spec_with(named("icl-risk"), {}, 21), 2},  // D = 20
      {spec_with(named("icl-scenarios"),
                 {{"setting", "correlation"}, {"value", "0,0.25,0.5,0.75,0.9"}, {"heads", "1,2,4"}},
                 11),
       5}};  // correlation 0.25, KQ = b Gamma^-1
  for (const Run& run : runs) {
    const MeasuredCell cell = cell_of(run.spec, run.cell);
    const RiskEstimates& risks = cell.estimates;
    const double error = std::hypot(risks.std_error(1), risks.std_error(2));
    CHECK(risks.risks[2] < risks.risks[1] + 2 * error);
    for (const IsotropicHead& head : cell.sums.heads[2]) CHECK(std::abs(head.weight) < 100);
  }
}

TEST_CASE("with examples near the query one head is never called better, and C4 sees no gain") {
  const RunSpec spec = preset_spec("icl-scenarios", "local", 4);
  const Result result = spec.experiment->find(spec, run_all(spec)).result;
  CHECK(status_of(result, "C3") != ClaimStatus::kFails);
  CHECK(status_of(result, "C4") == ClaimStatus::kHolds);
}

TEST_CASE("prompts too short for the 1/D law at this noise leave C2 undecided") {
  // Once it failed in every run: with this noise the risk hardly falls before D = 100.
  const RunSpec spec = spec_with(named("icl-risk"), {{"dim", "2"},
                                                     {"prompt-length", "20,100"},
                                                     {"heads", "1,2"},
                                                     {"noise", "25"},
                                                     {"prompts", "500"}});
  const Result result = spec.experiment->find(spec, run_all(spec)).result;
  CHECK(status_of(result, "C2") == ClaimStatus::kUndecided);
}

TEST_CASE("95 % intervals of the best head sets cover, the search included") {
  // 100 seeds at the defaults' D = 40. Each interval covers at least 90 % in the long run
  // (docs/derivations.md has the measured shares), so fewer than 71 of 100 come once in ten million
  // runs; the errors of a search on 500 prompts without its scatter covered 46 % for four heads.
  constexpr int kSeeds = 100;
  HeadRiskTask task;
  task.law = make_prompt_law({Setting::kBase, Variant::kPlain, 0, 0, 5, 40});
  task.head_counts = {1, 2, 4};
  task.search_prompts = task.prompts = 2000;
  std::vector<RiskEstimates> runs;
  for (int seed = 1; seed <= kSeeds; ++seed) {
    task.seed = static_cast<std::uint64_t>(seed);
    RiskSums sums;
    JobSteps steps = measure_heads(task, sums);
    while (steps.step() == JobSteps::State::kRunning) {
    }
    runs.push_back(corrected_risks(sums, control_means(task.law)));
  }
  for (std::size_t i = 0; i < 3; ++i) {
    double mean = 0;
    for (const RiskEstimates& run : runs) mean += run.risks[i] / kSeeds;
    const auto covered = std::count_if(runs.begin(), runs.end(), [&](const RiskEstimates& run) {
      return std::abs(run.risks[i] - mean) < 1.96 * run.std_error(i);
    });
    CHECK(covered >= 71);
  }
}

TEST_CASE("ratios carry the error of their joint covariance, in the table and in the figure") {
  const RunSpec spec = spec_with(named("icl-scenarios"),
                                 {{"setting", "local"},
                                  {"value", "0.1,0.5"},
                                  {"noise", "0.1"},
                                  {"heads", "1,2"},
                                  {"prompts", "1000"},
                                  {"prompt-length", "20"}},
                                 2);
  const std::vector<JobOutput> outputs = run_all(spec);
  const RiskStudy study = read_risk_study(spec.parameters);
  std::vector<std::string> notes;
  const MeasuredCell cell = measured_cells(study, outputs, notes).front();
  const Estimate ratio = cell.ratio(study, 2);
  const auto relative = [&](std::size_t i) {
    return cell.estimates.std_error(i) / cell.estimates.risks[i];
  };
  CHECK(ratio.std_error < 0.5 * std::hypot(relative(0), relative(1)));  // nearly the same predictor
  const Findings findings = spec.experiment->find(spec, outputs);
  const Table* table = findings.result.table("ratio");
  REQUIRE(table != nullptr);
  CHECK(std::get<double>(table->rows[0][5]) == ratio.std_error);
  CHECK(findings.figures[1].lines().series[0].points[0].error == ratio.std_error);
}

TEST_CASE("where the query is attended the level belongs to heads that attend it") {
  constexpr std::size_t kLength = 7;
  constexpr double kNoise = 0.4;
  const RunSpec spec = spec_with(named("icl-training"), {{"attend-query", "yes"},
                                                         {"heads", "1"},
                                                         {"dim", "2"},
                                                         {"prompt-length", "7"},
                                                         {"noise", "0.4"},
                                                         {"trials", "1"}});
  Result result;
  const TrainingOutcome outcome = trained(spec, result);
  // In double, from the definition; the best scale is near -1.55, the curve flat around it.
  constexpr double kScale = -1.55;
  constexpr int kPrompts = 100000;
  RandomStream stream(4, hash_name("test"), 0);
  double cross = 0, square = 0;
  for (int k = 0; k < kPrompts; ++k) {
    double x[2 * (kLength + 1)], total = 0, mean[2] = {}, weights2 = 0;
    stream.fill_normal(x);
    for (std::size_t i = 0; i <= kLength; ++i) {
      const double weight = std::exp(kScale * (x[0] * x[2 * i] + x[1] * x[2 * i + 1]));
      total += weight;
      if (i == 0) continue;  // the query itself
      mean[0] += weight * x[2 * i];
      mean[1] += weight * x[2 * i + 1];
      weights2 += weight * weight;
    }
    cross += (x[0] * mean[0] + x[1] * mean[1]) / total / 2 / kPrompts;
    square += ((mean[0] * mean[0] + mean[1] * mean[1]) / 2 + kNoise * weights2) / total / total /
              kPrompts;
  }
  const double best = outcome.optimum.front().mean;
  // 1.5 %: three standard errors of both.
  CHECK(best == doctest::Approx(1 - cross * cross / square).epsilon(0.015));
  // Training starts at the other sign and stays there, however many steps (measured: 0.73).
  CHECK(outcome.models.front().risk.mean > 1.1 * best);
  CHECK(all_notes(result).find("bring it closer") == std::string::npos);
  CHECK(all_notes(result).find("no longer falls") != std::string::npos);
}

TEST_CASE("trained heads that rotate get below the best set with KQ = bI, and the note says so") {
  const RunSpec spec = spec_with(named("icl-training"),
                                 {{"heads", "4"},
                                  {"dim", "2"},
                                  {"prompt-length", "5"},
                                  {"steps", "8000"},
                                  {"prompts", "300000"},
                                  {"trials", "1"}},
                                 3);
  Result result;
  const TrainingOutcome outcome = trained(spec, result);
  CHECK(outcome.models.front().risk.mean < outcome.optimum.back().mean);
  CHECK(rotation(outcome.models.front(), 2) > 0.2);
}

TEST_CASE("a model that stops improving above the one-head risk is trapped, not short of steps") {
  const RunSpec spec = spec_with(named("icl-training"),
                                 {{"heads", "2"},
                                  {"dim", "2"},
                                  {"prompt-length", "5"},
                                  {"steps", "8000"},
                                  {"init", "random"},
                                  {"trials", "1"}},
                                 3);
  Result result;
  trained(spec, result);
  CHECK(all_notes(result).find("trapped") != std::string::npos);
  CHECK(all_notes(result).find("closer") == std::string::npos);
}

TEST_CASE("training seeds are the trials of the training claim") {
  const Values small = {{"heads", "1,2"}, {"steps", "400"},        {"batch", "128"},
                        {"dim", "2"},     {"prompt-length", "20"}, {"prompts", "4000"}};
  Values one = small;
  one.push_back({"trials", "1"});
  const RunSpec single = spec_with(named("icl-training"), one);
  const Result alone = single.experiment->find(single, run_all(single)).result;
  CHECK(alone.claims.front().status == ClaimStatus::kUndecided);
  const RunSpec spec = spec_with(named("icl-training"), small);
  const std::vector<JobOutput> outputs = run_all(spec);
  CHECK(outputs.size() == 7);
  const Result result = spec.experiment->find(spec, outputs).result;
  CHECK(result.claims.front().status == ClaimStatus::kHolds);
  CHECK(result.claims.front().evidence.find("3 training seeds") != std::string::npos);
}
