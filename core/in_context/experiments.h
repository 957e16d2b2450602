// The experiments of family C, as types: the catalogue reads the list at the end.
#pragma once

#include "core/experiment/experiment.h"

namespace attnlab::in_context {

struct AttentionExperiment {
  static Experiment face();
  static Findings find(const RunSpec& spec, std::span<const JobOutput> outputs);
};

struct RiskExperiment {
  static Experiment face();
  static JobSteps start(RunSpec spec, std::uint32_t index);
  static Findings find(const RunSpec& spec, std::span<const JobOutput> outputs);
  static std::vector<Table> details(const RunSpec& spec, std::span<const JobOutput> outputs);
};

struct ScenariosExperiment {
  static Experiment face();
  static JobSteps start(RunSpec spec, std::uint32_t index);
  static Findings find(const RunSpec& spec, std::span<const JobOutput> outputs);
  static std::vector<Table> details(const RunSpec& spec, std::span<const JobOutput> outputs);
};

struct TrainingExperiment {
  static Experiment face();
  static JobSteps start(RunSpec spec, std::uint32_t index);
  static Findings find(const RunSpec& spec, std::span<const JobOutput> outputs);
};

struct EmbeddingExperiment {
  static Experiment face();
  static JobSteps start(RunSpec spec, std::uint32_t index);
  static Findings find(const RunSpec& spec, std::span<const JobOutput> outputs);
};

struct DiversityExperiment {
  static Experiment face();
  static JobSteps start(RunSpec spec, std::uint32_t index);
  static Findings find(const RunSpec& spec, std::span<const JobOutput> outputs);
  static std::vector<Table> details(const RunSpec& spec, std::span<const JobOutput> outputs);
};

struct PlateausExperiment {
  static Experiment face();
  static JobSteps start(RunSpec spec, std::uint32_t index);
  static Findings find(const RunSpec& spec, std::span<const JobOutput> outputs);
};

struct DepthExperiment {
  static Experiment face();
  static JobSteps start(RunSpec spec, std::uint32_t index);
  static Findings find(const RunSpec& spec, std::span<const JobOutput> outputs);
};

/// In the order in which readers see them.
using Experiments =
    TypeList<AttentionExperiment, RiskExperiment, TrainingExperiment, EmbeddingExperiment,
             ScenariosExperiment, PlateausExperiment, DepthExperiment, DiversityExperiment>;

}  // namespace attnlab::in_context
