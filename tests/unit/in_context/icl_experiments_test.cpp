// The family's experiments end to end at small sizes: plans, refusals, order of outputs, figures.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "core/base/text.h"
#include "core/codecs/codecs.h"
#include "core/in_context/experiments.h"
#include "core/in_context/risk_study.h"
#include "core/in_context/training_verdict.h"
#include "tests/unit/support/experiments.h"

using namespace attnlab;
using namespace attnlab::in_context;
using namespace attnlab::test;

namespace {

RunSpec spec_of(const Experiment& experiment, const Values& values) {
  return spec_with(experiment, values, 3);
}

std::string result_text(const Result& result) {
  std::string text;
  for (const Table& table : result.tables) text += table_csv(table);
  for (const Claim& claim : result.claims) text += claim.id + claim.evidence;
  for (const std::string& note : result.notes) text += note;
  return text;
}

std::string refusal(const Experiment& experiment, const Values& values) {
  const auto plan = experiment.plan(spec_of(experiment, values));
  return plan ? std::string() : plan.error().sentence;
}

const Values kSmallRisk = {{"prompt-length", "1,4,20"}, {"prompts", "300"}, {"heads", "1,2,8"}};
/// The rows of a table as maps from column to cell text.
std::vector<std::map<std::string, std::string>> records(const Table& table) {
  std::vector<std::map<std::string, std::string>> all;
  for (const std::vector<Cell>& row : table.rows) {
    auto& record = all.emplace_back();
    for (std::size_t c = 0; c < row.size(); ++c) {
      record[table.columns[c].name] = exact_text(row[c]);
    }
  }
  return all;
}

const Values kSmallTraining = {{"steps", "40"},  {"batch", "32"},         {"prompts", "1000"},
                               {"heads", "1,3"}, {"prompt-length", "10"}, {"dim", "2"}};

}  // namespace

TEST_CASE("every experiment of the family gives the same result for outputs in any order") {
  Values embedding = kSmallTraining;
  embedding.push_back({"embedding", "1,2,4"});
  const std::vector<RunSpec> specs = {spec_of(named("icl-risk"), kSmallRisk),
                                      spec_of(named("icl-scenarios"), {{"prompts", "200"},
                                                                       {"prompt-length", "8"},
                                                                       {"heads", "1,2"},
                                                                       {"setting", "correlation"},
                                                                       {"value", "0,0.99"}}),
                                      spec_of(named("icl-training"), kSmallTraining),
                                      spec_of(named("icl-embedding"), embedding)};
  for (const RunSpec& spec : specs) {
    std::vector<JobOutput> outputs = run_all(spec);
    const Result result = spec.experiment->find(spec, outputs).result;
    const std::string text = result_text(result);
    REQUIRE(result.tables.size() >= 2);
    CHECK(result.tables[0].name == "risk");
    CHECK(result.tables[0].columns[9].name == "theory");
    CHECK(!result.tables[0].rows.empty());
    std::reverse(outputs.begin(), outputs.end());
    CHECK(result_text(spec.experiment->find(spec, outputs).result) == text);
    outputs.push_back({0, Bytes{1, 2, 3}, true});
    CHECK(!result_text(spec.experiment->find(spec, outputs).result).empty());
    for (const Figure& figure : findings_of(spec, outputs).figures) {
      CHECK(figure.lines().series.size() + figure.maps().panels.size() > 0);
      for (const Series& series : figure.lines().series) {
        for (std::size_t i = 0; i < series.points.size(); ++i) {
          CHECK(std::isfinite(series.points[i].y));
          if (i > 0) CHECK(series.points[i].x > series.points[i - 1].x);
        }
      }
    }
    CHECK(!findings_of(spec).figures.empty());
  }
}

TEST_CASE("presets of the family set what their schema allows and can be planned") {
  for (const Experiment* experiment : {&named("icl-risk"), &named("icl-scenarios"),
                                       &named("icl-training"), &named("icl-embedding")}) {
    for (const Preset& preset : experiment->presets) {
      const auto parameters = preset_parameters(*experiment, preset.name);
      REQUIRE_MESSAGE(static_cast<bool>(parameters), preset.name);
      const RunSpec spec{experiment, *parameters, 1};
      const auto plan = experiment->plan(spec);
      REQUIRE_MESSAGE(static_cast<bool>(plan), preset.name);
      CHECK(plan->job_bytes < 1e9);
    }
  }
}

TEST_CASE("what cannot be run together is refused with the name of the parameter") {
  CHECK(refusal(named("icl-risk"), {{"setting", "correlation"}, {"value", "1"}}) ==
        "value must be 0 to 0.99 with setting correlation, not 1");
  CHECK(refusal(named("icl-scenarios"), {{"setting", "local"}, {"value", "11"}})
            .find("value must be") == 0);
  CHECK(refusal(named("icl-embedding"), {{"heads", "8"}, {"embedding", "2,4"}})
            .find("heads must be") == 0);
  CHECK(refusal(named("icl-embedding"), {{"heads", "1,8"}, {"embedding", "2"}}).empty());
  CHECK(refusal(named("icl-training"), {{"heads", "8"}, {"dim", "20"}, {"prompt-length", "1000"}})
            .empty());
}

TEST_CASE("training streams its curve and matrices while it runs") {
  const RunSpec spec = spec_of(named("icl-training"), {{"steps", "3000"}, {"heads", "2"}});
  JobSteps job = named("icl-training").start(spec, 1);
  REQUIRE(job.step() == JobSteps::State::kRunning);
  const auto partial = job.take_partial();
  REQUIRE(partial.has_value());
  const Result result =
      named("icl-training").find(spec, std::vector{JobOutput{1, *partial, false}}).result;
  CHECK(!result.table("risk")->rows.empty());
  CHECK(!result.table("matrices")->rows.empty());
  CHECK(result.table("outcome")->rows.empty());
}

TEST_CASE("the same-sign start is labelled as trapped, alternating signs reach the optimum") {
  for (const bool same : {false, true}) {
    const RunSpec spec =
        spec_of(named("icl-training"), {{"heads", "2"}, {"init", same ? "same" : "opposite"}});
    const std::vector<JobOutput> outputs = run_all(spec);
    const auto study = read_training_study(spec);
    REQUIRE(static_cast<bool>(study));
    std::vector<std::string> notes;
    const TrainingOutcome outcome = read_training(*study, outputs, notes);
    CHECK(verdict_of(*study, outcome, 0) ==
          (same ? TrainingVerdict::kTrapped : TrainingVerdict::kOptimal));
  }
}

TEST_CASE("claims C1 and C2 hold on the plain task and say by how much") {
  const RunSpec spec =
      spec_of(named("icl-risk"), {{"heads", "1,2"}, {"prompt-length", "10,100,400"}});
  const Result result = named("icl-risk").find(spec, run_all(spec)).result;
  REQUIRE(result.claims.size() == 2);
  for (const Claim& claim : result.claims) {
    CHECK(claim.status == ClaimStatus::kHolds);
    CHECK(claim.evidence.find("95 % interval") != std::string::npos);
  }
  const RunSpec one =
      spec_of(named("icl-risk"), {{"heads", "1"}, {"prompt-length", "10"}, {"prompts", "100"}});
  CHECK(named("icl-risk").find(one, run_all(one)).result.claims[0].status ==
        ClaimStatus::kUndecided);
}

TEST_CASE("the covariances of risks give their standard errors and those of ratios, bit for bit") {
  for (const RunSpec& spec : {spec_of(named("icl-risk"), kSmallRisk),
                              spec_of(named("icl-scenarios"), {{"prompts", "200"},
                                                               {"prompt-length", "8"},
                                                               {"heads", "1,2"},
                                                               {"setting", "local"},
                                                               {"value", "0.5,2"}})}) {
    const std::vector<JobOutput> outputs = run_all(spec);
    CHECK(spec.experiment->find(spec, outputs).result.table("covariance") == nullptr);
    const Result result = whole_result(spec, outputs);
    std::map<std::string, double> covariance, risk;
    const auto cell = [](std::map<std::string, std::string>& record) {
      return record["prompt_length"] + "|" + record["value"] + "|" + record["variant"] + "|";
    };
    for (auto& record : records(*result.table("covariance"))) {
      const std::string a = record["predictor"] + record["heads"];
      const std::string b = record["other_predictor"] + record["other_heads"];
      CHECK(
          covariance.emplace(cell(record) + a + "|" + b, *read_real(record["covariance"])).second);
    }
    int exact = 0, measured = 0;
    for (auto& record : records(*result.table("risk"))) {
      const std::string name = record["predictor"] + record["heads"];
      const auto own = covariance.find(cell(record) + name + "|" + name);
      (own == covariance.end() ? exact : measured) += 1;
      CHECK((own == covariance.end() ? 0 : std::sqrt(own->second)) ==
            *read_real(record["std_error"]));
      risk[cell(record) + name] = *read_real(record["risk"]);
    }
    CHECK(exact > 0);
    CHECK(measured > exact);
    CHECK(!result.table("ratio")->rows.empty());
    for (auto& record : records(*result.table("ratio"))) {
      const std::string at = cell(record), many = "softmax" + record["heads"];
      const auto relative = [&](const std::string& a, const std::string& b) {
        return covariance.at(at + a + "|" + b) / (risk.at(at + a) * risk.at(at + b));
      };
      const double variance =
          relative("softmax1", "softmax1") + relative(many, many) - 2 * relative(many, "softmax1");
      const double ratio = risk.at(at + "softmax1") / risk.at(at + many);
      CHECK(ratio == *read_real(record["ratio"]));
      // The two covariances of a pair differ by rounding.
      CHECK(ratio * std::sqrt(variance) ==
            doctest::Approx(*read_real(record["std_error"])).epsilon(1e-9));
    }
  }
}

TEST_CASE("the trials of a training are rows, and a figure's points are their means, bit for bit") {
  Values values = kSmallTraining;
  values.push_back({"trials", "3"});
  const RunSpec spec = spec_of(named("icl-training"), values);
  const Findings findings = findings_of(spec, run_all(spec));
  const Table& risk = *findings.result.table("risk");
  std::map<std::pair<double, double>, std::vector<double>> trials;  // (heads, step)
  for (const std::vector<Cell>& row : risk.rows) {
    const auto at = [&](const char* column) { return number_in(row[risk.column(column)]); };
    if (std::isnan(at("trial")) || std::isnan(at("heads"))) continue;
    trials[{at("heads"), at("step")}].push_back(at("risk"));
  }
  const auto figure =
      std::ranges::find_if(findings.figures, [](const Figure& one) { return one.table == "risk"; });
  REQUIRE(figure != findings.figures.end());
  int compared = 0;
  for (const Series& series : figure->lines().series) {
    if (series.role != SeriesRole::kMeasured) continue;
    for (const FigurePoint& point : series.points) {
      if (point.count != 3) continue;
      int equal = 0;
      for (const auto& [key, risks] : trials) {
        const Estimate mean = mean_and_error(risks);
        equal += key.second == point.x && mean.mean == point.y && mean.std_error == point.error;
      }
      CHECK(equal >= 1);
      ++compared;
    }
  }
  CHECK(compared > 4);
}
