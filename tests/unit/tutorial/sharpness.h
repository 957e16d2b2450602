// Sample of docs/tutorial.md.
#pragma once

#include "core/experiment/experiment.h"

namespace attnlab::tutorial {

// [type]
struct SharpnessExperiment {
  static Experiment face();
  static JobSteps start(RunSpec spec, std::uint32_t index);
  static Findings find(const RunSpec& spec, std::span<const JobOutput> outputs);
};
// [type]

}  // namespace attnlab::tutorial
