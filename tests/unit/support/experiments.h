// Shared by tests of experiments: a run's specification from texts, and its jobs run one by one.
#pragma once

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/catalogue/catalogue.h"
#include "core/codecs/codecs.h"

namespace attnlab::test {

using Values = std::vector<std::pair<std::string, std::string>>;

inline const Experiment& named(std::string_view id) {
  const Experiment* experiment = find_experiment(id);
  REQUIRE(experiment != nullptr);
  return *experiment;
}

/// The defaults with these values.
inline RunSpec spec_with(const Experiment& experiment, const Values& values,
                         std::uint64_t seed = kDefaultSeed) {
  RunSpec spec{&experiment, ParameterSet(experiment.schema), seed};
  for (const auto& [name, text] : values) {
    const Expected<void> set = set_parameter(spec, name, text);
    REQUIRE_MESSAGE(static_cast<bool>(set), set.error().sentence);
  }
  return spec;
}

/// Outputs of all jobs, each of which must succeed and whose partial outputs must be readable.
inline std::vector<JobOutput> run_all(const RunSpec& spec) {
  const Expected<Plan> plan = spec.experiment->plan(spec);
  REQUIRE_MESSAGE(static_cast<bool>(plan), plan.error().sentence);
  std::vector<JobOutput> outputs;
  for (std::uint32_t i = 0; i < plan->jobs.size(); ++i) {
    JobSteps job = spec.experiment->start(spec, i);
    while (job.step() == JobSteps::State::kRunning) {
      CHECK(job.fraction() >= 0);
      CHECK(job.fraction() <= 1);
      if (std::optional<Bytes> partial = job.take_partial()) {
        const std::vector<JobOutput> known = {{i, std::move(*partial), false}};
        for (const std::string& note : spec.experiment->find(spec, known).result.notes) {
          CHECK_MESSAGE(note.find("could not be read") == std::string::npos, note);
        }
      }
    }
    REQUIRE_MESSAGE(job.state() == JobSteps::State::kDone, job.error().sentence);
    outputs.push_back({i, job.take_output(), true});
  }
  return outputs;
}

inline Findings findings_of(const RunSpec& spec, const std::vector<JobOutput>& outputs = {}) {
  return spec.experiment->find(spec, outputs);
}

/// Tables and claims as one text, to compare two results.
inline std::string all_text(const Result& result) {
  std::string text;
  for (const Table& table : result.tables) text += table_csv(table);
  for (const Claim& claim : result.claims) {
    text += claim.id + std::string(status_text(claim.status)) + claim.evidence + claim.judged;
  }
  return text;
}

}  // namespace attnlab::test
