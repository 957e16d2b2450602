// Runs experiments of family B to their end in the tests.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "core/experiment/codecs.h"
#include "core/experiment/experiment.h"

namespace attnlab::test {

inline RunSpec spec_of(const Experiment& experiment,
                       const std::vector<std::pair<std::string, std::string>>& values) {
  RunSpec spec{&experiment, ParameterSet(experiment.schema), 3};
  for (const auto& [name, text] : values) {
    const auto set = spec.parameters.set_text(name, text);
    REQUIRE_MESSAGE(static_cast<bool>(set), set.error().sentence);
  }
  return spec;
}

/// Outputs of all jobs; partial ones are checked to reduce without notes.
inline std::vector<JobOutput> run_all(const RunSpec& spec) {
  const auto plan = spec.experiment->plan(spec);
  REQUIRE_MESSAGE(static_cast<bool>(plan), plan.error().sentence);
  std::vector<JobOutput> outputs;
  for (std::uint32_t i = 0; i < plan->jobs.size(); ++i) {
    JobSteps job = spec.experiment->start(spec, i);
    while (job.step() == JobSteps::State::kRunning) {
      CHECK(job.fraction() >= 0);
      CHECK(job.fraction() <= 1);
      if (std::optional<Bytes> partial = job.take_partial()) {
        const std::vector<JobOutput> known = {{i, std::move(*partial), false}};
        CHECK(spec.experiment->reduce(spec, known).notes.empty());
      }
    }
    REQUIRE_MESSAGE(job.state() == JobSteps::State::kDone, job.error().sentence);
    outputs.push_back({i, job.take_output(), true});
  }
  return outputs;
}

inline std::string all_text(const Result& result) {
  std::string text;
  for (const Table& table : result.tables) text += table_csv(table);
  for (const Claim& claim : result.claims) {
    text += claim.id + std::string(status_text(claim.status)) + claim.evidence;
  }
  return text;
}

/// Reduces, checks that order does not matter and that figures exist, also for nothing and for
/// rubbish.
inline Result checked_result(const RunSpec& spec) {
  std::vector<JobOutput> outputs = run_all(spec);
  const Result result = spec.experiment->reduce(spec, outputs);
  CHECK(!spec.experiment->figures(spec, result).empty());
  CHECK(result.tables.at(0).name == "recovery");
  std::reverse(outputs.begin(), outputs.end());
  CHECK(all_text(spec.experiment->reduce(spec, outputs)) == all_text(result));
  outputs.assign(1, {0, {1, 2, 3}, true});
  CHECK(spec.experiment->reduce(spec, outputs).notes.size() == 1);
  CHECK(!spec.experiment->figures(spec, spec.experiment->reduce(spec, {})).empty());
  for (const Preset& preset : spec.experiment->presets) {
    const auto parameters = preset_parameters(*spec.experiment, preset.name);
    REQUIRE_MESSAGE(static_cast<bool>(parameters), preset.name);
    CHECK(static_cast<bool>(spec.experiment->plan({spec.experiment, *parameters, 1})));
  }
  return result;
}

}  // namespace attnlab::test
