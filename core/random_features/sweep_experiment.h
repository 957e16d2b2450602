// The experiments of family A that sweep, each made from two functions: its face, and what it shows
// of the measured curves.
#pragma once

#include "core/experiment/experiment.h"
#include "core/random_features/sweep.h"
#include "core/random_features/sweep_schema.h"
#include "core/random_features/sweep_tables.h"

namespace attnlab::random_features {

/// The results of a run's finished jobs, read once for tables, claims and figures.
struct MeasuredSweep {
  Sweep sweep;
  std::vector<std::string> notes;
  std::vector<ErrorCurve> curves;
  std::vector<ErrorRow> errors;
  std::vector<NeededRow> needed;
  std::span<const Varied> varied;  ///< the columns of the experiment
};
MeasuredSweep measured_sweep(const RunSpec& spec, std::span<const JobOutput> outputs,
                             std::span<const Varied> varied);

/// n(0.5) against the degree or frequency of one target, one line per model.
Figure needed_figure(const MeasuredSweep& measured, const Target& target);
/// One for each target with several degrees or frequencies.
std::vector<Figure> needed_figures(const MeasuredSweep& measured);

/// The table `trials` of a run.
std::vector<Table> sweep_details(const RunSpec& spec, std::span<const JobOutput> outputs,
                                 std::span<const Varied> varied);

/// Says in every statement what the tokens are, where they are not the paper's.
void mark_tokens(const Sweep& sweep, std::vector<Claim>& claims);

/// `texts` gives everything of the face but its family and its plan; `shown` gives tables, claims
/// and figures, to which the notes of the sweep are added; `varied` are the quantities that the
/// experiment varies.
template <Experiment (*texts)(), Findings (*shown)(const MeasuredSweep& measured), Varied... varied>
struct SweepExperiment : SweepJobs {
  static constexpr Varied kVaried[] = {varied...};
  static Experiment face() {
    Experiment experiment = texts();
    experiment.family = "A";
    experiment.reductions = sweep_reductions(experiment.schema);
    experiment.plan = plan;
    return experiment;
  }
  static Findings find(const RunSpec& spec, std::span<const JobOutput> outputs) {
    MeasuredSweep measured = measured_sweep(spec, outputs, kVaried);
    Findings findings = shown(measured);
    findings.result.notes = std::move(measured.notes);
    mark_tokens(measured.sweep, findings.result.claims);
    return findings;
  }
  static std::vector<Table> details(const RunSpec& spec, std::span<const JobOutput> outputs) {
    return sweep_details(spec, outputs, kVaried);
  }
};

}  // namespace attnlab::random_features
