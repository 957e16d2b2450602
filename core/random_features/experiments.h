// The experiments of family A, as types: the catalogue reads the list at the end.
#pragma once

#include "core/experiment/experiment.h"
#include "core/random_features/sweep.h"

namespace attnlab::random_features {

struct LearningCurveExperiment : SweepJobs {
  static Experiment face();
  static Findings find(const RunSpec& spec, std::span<const JobOutput> outputs);
};

struct HeadsExperiment : SweepJobs {
  static Experiment face();
  static Findings find(const RunSpec& spec, std::span<const JobOutput> outputs);
};

struct ComplexityExperiment : SweepJobs {
  static Experiment face();
  static Findings find(const RunSpec& spec, std::span<const JobOutput> outputs);
};

struct BiasExperiment : SweepJobs {
  static Experiment face();
  static Findings find(const RunSpec& spec, std::span<const JobOutput> outputs);
};

struct LengthExperiment : SweepJobs {
  static Experiment face();
  static Findings find(const RunSpec& spec, std::span<const JobOutput> outputs);
};

struct InsideExperiment {
  static Experiment face();
  static Findings find(const RunSpec& spec, std::span<const JobOutput> outputs);
};

/// In the order in which readers see them.
using Experiments = TypeList<LearningCurveExperiment, HeadsExperiment, ComplexityExperiment,
                             BiasExperiment, LengthExperiment, InsideExperiment>;

}  // namespace attnlab::random_features
