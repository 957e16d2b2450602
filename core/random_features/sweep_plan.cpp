// The plan of a sweep: a label, a cost and a memory bound for every job.
#include <algorithm>

#include "core/base/text.h"
#include "core/random_features/own_target.h"
#include "core/random_features/sweep_jobs.h"
#include "core/random_features/token_world.h"

namespace attnlab::random_features {
namespace {

Error constant_target(const TargetCase& item) {
  const std::string id(item.target->id);
  if (item.target->number == TargetNumber::kFrequency) {
    return {"dim must be at least 2 for " + id +
            ", not 1: on the unit sphere of one dimension a cosine is constant"};
  }
  return {"degree must be odd for " + id + " at dim 1, not " + short_text(item.number) +
          ": on the unit sphere of one dimension an even power is constant"};
}

}  // namespace

Expected<Plan> SweepJobs::plan(const RunSpec& spec) {
  const Sweep sweep = read_sweep(spec.parameters);
  const LayerSizes& first = sweep.variants.front().layer;  // the smallest
  if (std::string why = token_refusal(first.tokens, first.dim); !why.empty())
    return Error{std::move(why)};
  for (const TargetCase& item : sweep.cases) {
    const bool sphere = first.tokens.law == TokenLaw::kSphere;
    const bool constant = sphere && item.target->constant_at_dim_one(item.number);
    if (constant && first.dim == 1) return constant_target(item);
    if (std::string why = target_refusal(item, first.keys, first.dim, first.tokens); !why.empty())
      return Error{std::move(why)};
  }
  Plan plan;
  plan.memory_parameter = "samples";
  const std::string_view swept = swept_parameter(spec.parameters);
  for (std::uint32_t i = 0; i < sweep.job_count(); ++i) {
    const JobName job = job_name(sweep, i);
    const FitCost cost = fit_cost(layer_of(sweep, job, spec.seed), training_rows(sweep, job),
                                  sweep.test_samples, sweep.cases.size(), sweep.ridge);
    plan.job_bytes = std::max(plan.job_bytes, cost.bytes);
    std::string label = std::string(sweep.models[job.model]->label) + ", trial " +
                        std::to_string(job.trial + 1) + " of " + std::to_string(sweep.trials) +
                        ", n up to " + std::to_string(sweep.stages[job.stage].back());
    const LayerSizes& layer = sweep.variants[job.variant].layer;
    if (sweep.variants.back().layer.dim != first.dim) {
      label += ", dim " + std::to_string(layer.dim);
    }
    if (!swept.empty() && sweep.varies(job.model)) {
      label += ", " + std::string(swept) + " " + short_text(sweep.variants[job.variant].value);
    }
    plan.jobs.push_back({std::move(label), cost.flops});
  }
  return plan;
}

}  // namespace attnlab::random_features
