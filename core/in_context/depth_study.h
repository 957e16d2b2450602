// Parameters, jobs and outcomes of icl-depth: a job trains one number of layers.
#pragma once

#include <array>
#include <span>
#include <string>
#include <vector>

#include "core/experiment/experiment.h"
#include "core/in_context/depth.h"
#include "core/in_context/training_curve.h"
#include "core/numerics/statistics.h"

namespace attnlab::in_context {

std::vector<Parameter> depth_parameters();

struct DepthStudy {
  std::vector<DepthSetup> models;  ///< one for each number of layers, increasing
  std::size_t test_prompts = 0;
  bool skewed = false;
};
DepthStudy read_depth_study(const RunSpec& spec);

Plan plan_depth(const DepthStudy& study);
JobSteps train_layers(DepthSetup setup, std::size_t test_prompts);

/// What is measured on the test prompts, which all jobs share.
enum class DepthMeasure { kTrained, kDescent, kPreconditioned, kRidge, kLead, kMeasures };
/// kLead: the risk of preconditioned descent minus the risk of the trained layers.
inline constexpr std::size_t kDepthMeasures = static_cast<std::size_t>(DepthMeasure::kMeasures);

/// One model's progress, from the newest output of its job.
struct DepthOutcome {
  bool known = false;                               ///< false until an output was read
  std::vector<CurvePoint> curve;                    ///< of the risk
  std::vector<std::vector<double>> steps, changes;  ///< matrices of the layers
  std::array<Estimate, kDepthMeasures> measures;    ///< count 0 before the end

  const Estimate& measure(DepthMeasure which) const { return measures[std::size_t(which)]; }
  bool finished() const { return measures[0].count > 0; }
};
std::vector<DepthOutcome> read_depth_outcomes(const DepthStudy& study,
                                              std::span<const JobOutput> outputs,
                                              std::vector<std::string>& notes);

}  // namespace attnlab::in_context
