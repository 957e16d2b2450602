// Parameters, jobs and outcomes of icl-plateaus: a job trains from one start.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "core/experiment/experiment.h"
#include "core/in_context/plateaus.h"

namespace attnlab::in_context {

std::vector<Parameter> plateau_parameters();

/// A run's parameters, read once: one setup for each start.
std::vector<PlateauSetup> read_plateau_setups(const RunSpec& spec);

Plan plan_plateaus(std::span<const PlateauSetup> setups);
JobSteps train_through_plateaus(PlateauSetup setup);

/// One start's progress, from the newest output of its job.
struct PlateauOutcome {
  bool known = false;     ///< false until an output was read
  bool finished = false;  ///< all steps are done, or the risk is the least there is
  std::vector<PlateauPoint> curve;
  std::vector<double> gamma;          ///< d x d
  std::vector<double> contributions;  ///< heads x d

  double steps() const { return curve.empty() ? 0 : curve.back().step; }
};
/// One for each setup; adds a note for outputs that cannot be read.
std::vector<PlateauOutcome> read_plateau_outcomes(std::span<const PlateauSetup> setups,
                                                  std::span<const JobOutput> outputs,
                                                  std::vector<std::string>& notes);

}  // namespace attnlab::in_context
