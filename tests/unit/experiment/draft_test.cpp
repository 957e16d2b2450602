#include <cmath>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "core/catalogue/catalogue.h"
#include "core/experiment/draft.h"
#include "tests/unit/experiment/pi_experiment.h"

namespace attnlab {
namespace {

Plan planned(const RunSpec& spec) {
  Expected<Plan> plan = spec.experiment->plan(spec);
  REQUIRE(plan);
  return *std::move(plan);
}

Draft draft_of(const RunSpec& spec, double most_cost) {
  return make_draft(spec, planned(spec), most_cost, 2, spec.experiment->plan);
}

/// Every preset of every experiment that computes jobs of its own.
std::vector<RunSpec> all_presets() {
  std::vector<RunSpec> specs;
  for (const Experiment* experiment : experiments()) {
    for (const Preset& preset : experiment->presets) {
      RunSpec spec{experiment, *preset_parameters(*experiment, preset.name)};
      if (!experiment->live && planned(spec).outside.empty()) specs.push_back(std::move(spec));
    }
  }
  return specs;
}

std::size_t entries(const ParameterValue& value) {
  return std::visit(
      [](const auto& one) {
        if constexpr (requires { one.push_back(one.front()); } &&
                      !std::is_same_v<std::decay_t<decltype(one)>, std::string>)
          return one.size();
        return std::size_t{1};
      },
      value);
}

bool raised(const ParameterValue& draft, const ParameterValue& whole) {
  if (const auto* number = std::get_if<std::int64_t>(&draft))
    return *number > std::get<std::int64_t>(whole);
  if (const auto* number = std::get_if<double>(&draft)) return *number > std::get<double>(whole);
  return entries(draft) > entries(whole);
}

TEST_CASE("the cost per worker is an even share, but no less than the largest job") {
  Plan plan;
  plan.jobs = {{"a", 4}, {"b", 2}, {"c", 2}};
  CHECK(cost_per_worker(plan, 1) == 8);
  CHECK(cost_per_worker(plan, 2) == 4);
  CHECK(cost_per_worker(plan, 8) == 4);
  CHECK(cost_per_worker(Plan{}, 2) == 0);
}

TEST_CASE("a run that fits is its own draft") {
  const RunSpec spec{&test::pi_experiment(), *preset_parameters(test::pi_experiment(), "quick")};
  const Draft draft = draft_of(spec, 1e9);
  CHECK(draft.spec == spec);
  CHECK(draft.reduced.empty());
  CHECK(draft.plan.jobs.size() == 3);
}

TEST_CASE("a draft lowers no more than it must, and says what") {
  Experiment experiment = test::pi_experiment();
  experiment.reductions = {{"trials", 1}, {"points", 100}};
  RunSpec spec{&experiment, ParameterSet(experiment.schema)};
  REQUIRE(spec.parameters.set_text("trials", "40"));
  REQUIRE(spec.parameters.set_text("points", "1000"));
  const auto draft = [&](double most) {
    return make_draft(spec, planned(spec), most, 1, experiment.plan);
  };
  CHECK(draft(40000).reduced.empty());
  CHECK(draft(20000).reduced == "20 of 40 trials");
  CHECK(draft(19999).reduced == "10 of 40 trials");
  CHECK(draft(1000).reduced == "1 of 40 trials");
  CHECK(draft(700).reduced == "1 of 40 trials, 500 of 1000 points");
  CHECK(draft(0).reduced == "1 of 40 trials, 100 of 1000 points");
}

TEST_CASE(
    "drafts of every experiment only lower, can be planned, and get cheap enough for a hand") {
  for (const RunSpec& spec : all_presets()) {
    CAPTURE(spec.experiment->id);
    CAPTURE(spec.parameters.text(spec.experiment->schema.parameters.front().name));
    for (const Reduction& reduction : spec.experiment->reductions)
      CHECK(spec.experiment->schema.find(reduction.parameter) != nullptr);
    const double whole = cost_per_worker(planned(spec), 2);
    double before = whole;
    for (const double share : {0.3, 0.1, 0.03, 0.01, 0.0}) {
      const Draft draft = draft_of(spec, share * whole);
      const double cost = cost_per_worker(draft.plan, 2);
      CHECK(cost <= before * (1 + 1e-12));
      before = cost;
      CHECK(draft.reduced.empty() == (draft.spec == spec && draft.names.empty()));
      for (const Parameter& parameter : spec.experiment->schema.parameters)
        CHECK_FALSE(raised(draft.spec.parameters.value(parameter.name),
                           spec.parameters.value(parameter.name)));
    }
  }
}

TEST_CASE("the findings of a draft with left-out jobs are those of its jobs under their numbers") {
  for (const RunSpec& spec : all_presets()) {
    if (spec.experiment->id != "icl-training") continue;
    const Draft draft = draft_of(spec, 0);
    REQUIRE_FALSE(draft.names.empty());
    Run run = draft.run();
    for (std::uint32_t i = 0; i < run.jobs_total(); ++i) run.adopt(i, Bytes{});
    const std::vector<JobOutput> outputs = draft.outputs(run);
    REQUIRE(outputs.size() == draft.names.size());
    for (std::size_t i = 0; i < outputs.size(); ++i)
      CHECK(outputs[i].index == draft.names[i].index);
    CHECK(draft.names.front().index == 1);  // job 0 is the reference
    return;
  }
}

}  // namespace
}  // namespace attnlab
