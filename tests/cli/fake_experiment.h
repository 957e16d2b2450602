// An experiment made for tests of the executor and the journal: jobs of a few steps whose output
// depends on (seed, index) alone, and which can be told to fail.
#pragma once

#include "core/experiment/experiment.h"

namespace attnlab {

/// Parameters: jobs, steps (of each job), failing (index of a job that fails, -1 for none).
const Experiment& fake_experiment();

/// The fake experiment with these values.
RunSpec fake_spec(int jobs, int steps, int failing = -1);

/// The output of job `index` of a fake run.
Bytes fake_output(const RunSpec& spec, std::uint32_t index);

/// Jobs that allocate without end until std::bad_alloc.
const Experiment& greedy_experiment();

}  // namespace attnlab
