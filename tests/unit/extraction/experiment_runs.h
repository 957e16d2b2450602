// Runs experiments of family B to their end in the tests.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "tests/unit/support/experiments.h"

namespace attnlab::test {
using namespace extraction;

inline RunSpec spec_of(const Experiment& experiment, const Values& values) {
  return spec_with(experiment, values, 3);
}

/// Finds the result. Checks that the order of outputs does not matter and that figures exist, also
/// without outputs and for damaged ones.
inline Result checked_result(const RunSpec& spec) {
  std::vector<JobOutput> outputs = run_all(spec);
  const Findings found = findings_of(spec, outputs);
  const Result& result = found.result;
  CHECK(!found.figures.empty());
  CHECK(result.tables.at(0).name == "recovery");
  std::reverse(outputs.begin(), outputs.end());
  CHECK(all_text(spec.experiment->find(spec, outputs).result) == all_text(result));
  outputs.assign(1, {0, {1, 2, 3}, true});
  CHECK(spec.experiment->find(spec, outputs).result.notes.size() == 1);
  CHECK(!findings_of(spec).figures.empty());
  for (const Preset& preset : spec.experiment->presets) {
    const auto parameters = preset_parameters(*spec.experiment, preset.name);
    REQUIRE_MESSAGE(static_cast<bool>(parameters), preset.name);
    CHECK(static_cast<bool>(spec.experiment->plan({spec.experiment, *parameters, 1})));
  }
  return result;
}

}  // namespace attnlab::test
