// The experiments of family B, as types: the catalogue reads the list at the end.
#pragma once

#include "core/experiment/experiment.h"

namespace attnlab::extraction {

struct SingleExperiment {
  static Experiment face();
  static JobSteps start(RunSpec spec, std::uint32_t index);
  static Findings find(const RunSpec& spec, std::span<const JobOutput> outputs);
};

struct LowRankExperiment {
  static Experiment face();
  static JobSteps start(RunSpec spec, std::uint32_t index);
  static Findings find(const RunSpec& spec, std::span<const JobOutput> outputs);
};

struct TransformerExperiment {
  static Experiment face();
  static JobSteps start(RunSpec spec, std::uint32_t index);
  static Findings find(const RunSpec& spec, std::span<const JobOutput> outputs);
};

struct NoiseExperiment {
  static Experiment face();
  static JobSteps start(RunSpec spec, std::uint32_t index);
  static Findings find(const RunSpec& spec, std::span<const JobOutput> outputs);
};

struct MultiHeadExperiment {
  static Experiment face();
  static JobSteps start(RunSpec spec, std::uint32_t index);
  static Findings find(const RunSpec& spec, std::span<const JobOutput> outputs);
};

struct MembershipExperiment {
  static Experiment face();
  static JobSteps start(RunSpec spec, std::uint32_t index);
  static Findings find(const RunSpec& spec, std::span<const JobOutput> outputs);
};

struct LogitsExperiment {
  static Experiment face();
  static JobSteps start(RunSpec spec, std::uint32_t index);
  static Findings find(const RunSpec& spec, std::span<const JobOutput> outputs);
};

struct TwinsExperiment {
  static Experiment face();
  static Findings find(const RunSpec& spec, std::span<const JobOutput> outputs);
};

struct ByHandExperiment {
  static Experiment face();
  static Findings find(const RunSpec& spec, std::span<const JobOutput> outputs);
};

struct StepsExperiment {
  static Experiment face();
  static Findings find(const RunSpec& spec, std::span<const JobOutput> outputs);
};

struct BlackBoxExperiment {
  static Experiment face();
  static JobSteps start(RunSpec spec, std::uint32_t index);
  static Findings find(const RunSpec& spec, std::span<const JobOutput> outputs);
};

/// In the order in which readers see them.
using Experiments =
    TypeList<SingleExperiment, LowRankExperiment, TransformerExperiment, NoiseExperiment,
             MultiHeadExperiment, MembershipExperiment, LogitsExperiment, TwinsExperiment,
             ByHandExperiment, StepsExperiment, BlackBoxExperiment>;

}  // namespace attnlab::extraction
