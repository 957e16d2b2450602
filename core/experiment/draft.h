// Drafts: a run made cheaper until it fits a time, so that a front end can answer while a control
// moves. An experiment only says which parameters may be lowered (Experiment::reductions); the
// costs of its plan decide how far.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/experiment/run.h"

namespace attnlab {

struct Draft {
  RunSpec spec;
  Plan plan;
  std::vector<JobName> names = {};  ///< of the plan's jobs; empty: all jobs of `spec`
  /// "1 of 5 trials, 200 of 1000 heads"; empty when nothing was lowered: the draft is the whole
  /// run.
  std::string reduced = {};

  Run run() const { return Run({spec}, names, plan); }
  /// The outputs under the numbers of `spec`'s own plan, as `find` expects them.
  std::vector<JobOutput> outputs(const Run& run) const;
};

/// Work of a plan that one of `workers` has to do, in the unit of its costs: an even share, but no
/// less than the largest job.
double cost_per_worker(const Plan& plan, unsigned workers);

using PlanFunction = std::function<Expected<Plan>(const RunSpec&)>;

/// Leaves out reference jobs, then lowers the parameters that the experiment names, one after the
/// other and each no further than needed, until `cost_per_worker` is at most `most_cost` or nothing
/// is left to lower. Never raises a parameter; skips what `plan_of` refuses. Deterministic.
Draft make_draft(const RunSpec& whole, const Plan& plan, double most_cost, unsigned workers,
                 const PlanFunction& plan_of);

}  // namespace attnlab
