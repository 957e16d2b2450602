// What icl-training and icl-embedding share: jobs that train one model each, one job that finds the
// Monte Carlo optimum they are compared with, and verdicts on where training ended.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "core/experiment/experiment.h"
#include "core/in_context/training.h"
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

/// Loss of one window of steps.
struct LossPoint {
  double step = 0, loss = 0, std_error = 0;
};

/// One model's progress, from the newest output of its job.
struct TrainedModel {
  bool known = false;  ///< false until an output was read
  double steps = 0;
  std::vector<LossPoint> curve;
  std::vector<std::vector<double>> key_query, value;  ///< per head
  Estimate risk;                                      ///< on test prompts; count 0 until then
};

enum class TrainingVerdict { kUnknown, kOptimal, kTrapped, kAbove, kBelow };

struct TrainingOutcome {
  std::vector<Estimate> optimum;     ///< per head count; count 0 until known
  std::vector<TrainedModel> models;  ///< as in the study
};
TrainingOutcome read_training(const TrainingStudy& study, std::span<const JobOutput> outputs,
                              std::vector<std::string>& notes);

Estimate optimum_of(const TrainingStudy& study, const TrainingOutcome& outcome, std::size_t heads);

/// The optimum is the best head set with KQ = b I. Below: better than it by four standard errors
/// and 1 %, which needs other matrices. Optimal: within 3 % (and two standard errors) of it.
/// Trapped: several heads, far above their own optimum, end within 5 % of that of one head, or
/// stand still above it.
TrainingVerdict verdict_of(const TrainingStudy& study, const TrainingOutcome& outcome,
                           std::size_t model);
std::string verdict_text(TrainingVerdict verdict);

/// How far the loss fell over the second half of training, from the curve; count 0 where the curve
/// is too short. The step size falls meanwhile, so a little of it is less noise, not progress.
Estimate recent_progress(const TrainedModel& model);
/// Whether the loss still falls by more than a tenth of `gap`, beyond two standard errors.
bool still_falls(const TrainedModel& model, double gap);
/// Largest distance of a head's KQ over x from its nearest multiple of I, relative to its norm.
double rotation(const TrainedModel& model, std::size_t dim);

Result reduce_training(const RunSpec& spec, std::span<const JobOutput> outputs);
std::vector<Figure> training_figures(const RunSpec& spec, const Result& result);
Result reduce_embedding(const RunSpec& spec, std::span<const JobOutput> outputs);
std::vector<Figure> embedding_figures(const RunSpec& spec, const Result& result);

}  // namespace attnlab::in_context
