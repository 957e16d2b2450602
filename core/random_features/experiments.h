// The experiments of family A, as types: the catalogue reads the list at the end.
#pragma once

#include "core/experiment/experiment.h"
#include "core/random_features/sweep_experiment.h"

namespace attnlab::random_features {

Experiment learning_curve_face();
Findings learning_curve_findings(const MeasuredSweep& measured);
using LearningCurveExperiment =
    SweepExperiment<learning_curve_face, learning_curve_findings, Varied::kSamples>;

Experiment heads_face();
Findings heads_findings(const MeasuredSweep& measured);
using HeadsExperiment = SweepExperiment<heads_face, heads_findings, Varied::kHeads>;

Experiment complexity_face();
Findings complexity_findings(const MeasuredSweep& measured);
using ComplexityExperiment =
    SweepExperiment<complexity_face, complexity_findings, Varied::kSamples, Varied::kHeads>;

Experiment bias_face();
Findings bias_findings(const MeasuredSweep& measured);
using BiasExperiment = SweepExperiment<bias_face, bias_findings, Varied::kBias>;

Experiment length_face();
Findings length_findings(const MeasuredSweep& measured);
using LengthExperiment =
    SweepExperiment<length_face, length_findings, Varied::kKeys, Varied::kSamples>;

Experiment sizes_face();
Findings sizes_findings(const MeasuredSweep& measured);
using SizesExperiment =
    SweepExperiment<sizes_face, sizes_findings, Varied::kDim, Varied::kPairKeys, Varied::kSamples>;

Experiment map_face();
Findings map_findings(const MeasuredSweep& measured);
/// A draft keeps three trials: with one there is no interval, and every cell would be undecided.
struct MapExperiment : SweepExperiment<map_face, map_findings, Varied::kSamples> {
  static Experiment face();
};

struct InsideExperiment {
  static Experiment face();
  static Findings find(const RunSpec& spec, std::span<const JobOutput> outputs);
};

struct FunctionExperiment {
  static Experiment face();
  static Findings find(const RunSpec& spec, std::span<const JobOutput> outputs);
};

struct TrainedExperiment {
  static Experiment face();
  static JobSteps start(RunSpec spec, std::uint32_t index);
  static Findings find(const RunSpec& spec, std::span<const JobOutput> outputs);
  static std::vector<Table> details(const RunSpec& spec, std::span<const JobOutput> outputs);
};

/// In the order in which readers see them.
using Experiments = TypeList<LearningCurveExperiment, HeadsExperiment, ComplexityExperiment,
                             BiasExperiment, LengthExperiment, SizesExperiment, MapExperiment,
                             TrainedExperiment, InsideExperiment, FunctionExperiment>;

}  // namespace attnlab::random_features
