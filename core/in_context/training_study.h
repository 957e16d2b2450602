// What icl-training and icl-embedding share: jobs that train one model each, one job that finds the
// Monte Carlo optimum they are compared with, and verdicts on where training ended.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "core/experiment/experiment.h"
#include "core/findings/findings.h"
#include "core/in_context/training.h"
#include "core/in_context/training_curve.h"
#include "core/numerics/statistics.h"

namespace attnlab::in_context {

/// A run's parameters, read once. Reads trials, dim, heads, prompt-length, noise, init,
/// attend-query, steps, batch, rate, prompts and, where the schema has it, embedding.
struct TrainingStudy {
  /// Job i + 1 trains models[i]; job 0 finds the optimum. All models of the first training seed,
  /// then those of the next.
  std::vector<TrainingSetup> models;
  std::size_t trials = 1;
  std::vector<std::size_t> heads;  ///< distinct head counts, increasing; for the optimum
  std::size_t test_prompts = 0;
  std::vector<std::string> skipped;  ///< sentences about combinations that make no sense
};
/// Fails when no combination is left or one does not fit, naming the parameter.
Expected<TrainingStudy> read_training_study(const RunSpec& spec);

std::vector<Parameter> training_parameters(std::vector<std::int64_t> heads, std::int64_t steps,
                                           std::int64_t trials);

Expected<Plan> plan_training(const RunSpec& spec);
JobSteps start_training_job(RunSpec spec, std::uint32_t index);

/// One model's progress, from the newest output of its job.
struct TrainedModel {
  bool known = false;  ///< false until an output was read
  double steps = 0;
  std::vector<CurvePoint> curve;                      ///< of the loss
  std::vector<std::vector<double>> key_query, value;  ///< per head
  Estimate risk;                                      ///< on test prompts; count 0 until then
};

struct TrainingOutcome {
  std::vector<Estimate> optimum;     ///< per head count; count 0 until known
  std::vector<TrainedModel> models;  ///< as in the study
};
TrainingOutcome read_training(const TrainingStudy& study, std::span<const JobOutput> outputs,
                              std::vector<std::string>& notes);

Estimate optimum_of(const TrainingStudy& study, const TrainingOutcome& outcome, std::size_t heads);

Findings find_training(const RunSpec& spec, std::span<const JobOutput> outputs);
Findings find_embedding(const RunSpec& spec, std::span<const JobOutput> outputs);

}  // namespace attnlab::in_context
