// Conditions under which parameters have an effect: that they are true is measured here.
#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "core/base/text.h"
#include "core/catalogue/catalogue.h"
#include "core/codecs/codecs.h"
#include "core/codecs/sweep.h"
#include "core/experiment/draft.h"

namespace attnlab {
namespace {

/// A setting of the experiment that runs in a moment.
RunSpec tiny(const Experiment& experiment) {
  const RunSpec spec{&experiment, ParameterSet(experiment.schema)};
  const Expected<Plan> plan = experiment.plan(spec);
  REQUIRE(plan);
  return make_draft(spec, *plan, 0, 1, experiment.plan).spec;
}

/// What a run measures and concludes. Not its texts: they may name the sizes of the run.
Expected<Bytes> measured(const RunSpec& spec) {
  Expected<Plan> plan = spec.experiment->plan(spec);
  if (!plan) return plan.error();
  Run run(spec, *std::move(plan));
  SerialExecutor executor;
  run.resume();
  while (run.active()) executor.poll(run);
  if (run.state() != Run::State::kFinished) return run.error();
  const Findings findings = spec.experiment->find(spec, run.outputs());
  if (spec.experiment->live) return encode_findings(findings);
  Bytes all = encode_outputs(run.outputs());
  for (const Claim& claim : findings.result.claims)
    all.push_back(static_cast<std::uint8_t>(claim.status));
  return all;
}

std::vector<std::string> two_values(const Parameter& parameter, const RunSpec& spec) {
  std::vector<std::string> values = {spec.parameters.text(parameter.name)};
  for (const double value : parameter.suggested)
    if (exact_text(value) != values.front() && values.size() < 2)
      values.push_back(exact_text(value));
  for (const Choice& choice : parameter.choices)
    if (choice.name != values.front() && values.size() < 2) values.push_back(choice.name);
  return values;
}

/// Choices with and without an effect, by the condition.
std::vector<std::string> choices_where(const Parameter& by, const Condition& condition,
                                       bool holds) {
  std::vector<std::string> names;
  for (const Choice& choice : by.choices) {
    const bool listed = std::find(condition.values.begin(), condition.values.end(), choice.name) !=
                        condition.values.end();
    if (listed == holds) names.push_back(choice.name);
  }
  // Of many the first, the middle and the last.
  const std::size_t count = names.size();
  if (count > 3) names = {names.front(), names[count / 2], names.back()};
  return names;
}

/// Whether the two values of the parameter give different results beside that choice; nullopt
/// where such a run is refused.
std::optional<bool> matters(RunSpec spec, const Parameter& parameter, const Condition& condition,
                            const std::string& choice) {
  if (!spec.parameters.set_text(condition.parameter, choice)) return std::nullopt;
  std::vector<Bytes> said;
  for (const std::string& value : two_values(parameter, spec)) {
    if (!spec.parameters.set_text(parameter.name, value)) return std::nullopt;
    Expected<Bytes> all = measured(spec);
    if (!all) return std::nullopt;
    said.push_back(*std::move(all));
  }
  REQUIRE(said.size() == 2);
  return said[0] != said[1];
}

TEST_CASE("a parameter has an effect where its condition holds, and nowhere else") {
  std::set<std::pair<std::string, std::vector<std::string>>> measured_once;
  for (const Experiment* experiment : experiments()) {
    for (const Parameter& parameter : experiment->schema.parameters) {
      for (const Condition& condition : parameter.applies) {
        // The experiments of a family share parameters, and with them the condition.
        if (!measured_once.emplace(parameter.name, condition.values).second) continue;
        const RunSpec spec = tiny(*experiment);
        const Parameter* by = experiment->schema.find(condition.parameter);
        REQUIRE(by != nullptr);
        int tried = 0, effects = 0;
        for (const bool holds : {false, true}) {
          for (const std::string& choice : choices_where(*by, condition, holds)) {
            CAPTURE(experiment->id);
            CAPTURE(parameter.name);
            CAPTURE(choice);
            RunSpec set = spec;
            REQUIRE(set.parameters.set_text(condition.parameter, choice));
            CHECK(set.parameters.applies(parameter.name) == holds);
            const std::optional<bool> effect = matters(spec, parameter, condition, choice);
            if (!effect) continue;
            ++tried;
            effects += *effect;
            if (!holds) CHECK_FALSE(*effect);
          }
        }
        CAPTURE(experiment->id);
        CAPTURE(parameter.name);
        CHECK(tried >= 2);
        CHECK(effects >= 1);
      }
    }
  }
}

TEST_CASE("every condition names a choice parameter of its schema and values that it has") {
  for (const Experiment* experiment : experiments()) {
    for (const Parameter& parameter : experiment->schema.parameters) {
      for (const Condition& condition : parameter.applies) {
        const Parameter* by = experiment->schema.find(condition.parameter);
        REQUIRE(by != nullptr);
        CHECK_FALSE(condition.values.empty());
        for (const std::string& value : condition.values)
          CHECK(std::any_of(by->choices.begin(), by->choices.end(),
                            [&](const Choice& choice) { return choice.name == value; }));
      }
    }
  }
}

TEST_CASE("links leave out what has no effect; the workers' text keeps it") {
  const Experiment& experiment = *find_experiment("rf-learning-curve");
  RunSpec spec{&experiment, ParameterSet(experiment.schema)};
  REQUIRE(spec.parameters.set_text("frequency", "8"));
  CHECK_FALSE(spec.parameters.applies("frequency"));
  CHECK(query_text(spec).find("frequency") == std::string::npos);
  CHECK(full_query_text(spec).find("frequency=8") != std::string::npos);
  REQUIRE(spec.parameters.set_text("target", "mean-cosine"));
  CHECK(spec.parameters.applies("frequency"));
  CHECK(query_text(spec).find("frequency=8") != std::string::npos);
}

TEST_CASE("a sweep over what has no effect is refused, unless another axis makes it count") {
  const auto sweep = [](const std::string& parameters) {
    return read_sweep("{\"experiment\":\"rf-learning-curve\",\"parameters\":" + parameters + "}");
  };
  const Expected<SweepSpec> idle = sweep(R"({"frequency":["2","4"]})");
  REQUIRE_FALSE(idle);
  CHECK(idle.error().sentence.find("frequency cannot be swept") == 0);
  CHECK(sweep(R"({"frequency":["2","4"],"target":["mean-power","mean-cosine"]})"));
  CHECK(sweep(R"({"frequency":["2","4"],"target":"mean-cosine"})"));
}

}  // namespace
}  // namespace attnlab
