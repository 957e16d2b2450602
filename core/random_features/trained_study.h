// rf-trained: its parameters, its jobs, and what the outputs of jobs say.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "core/experiment/experiment.h"
#include "core/random_features/sweep.h"
#include "core/random_features/trained_heads.h"

namespace attnlab::random_features {

/// How a model of rf-trained gets its query-key matrices. Values are always fitted by ridge
/// regression.
enum class HeadTraining {
  kAdam,     ///< both W and v by Adam, then v again
  kTwoStep,  ///< W by one or two steps of gradient descent
  kFrozen,   ///< W stays; as many heads
  kWide,     ///< frozen, with as many trained parameters as kAdam
};
struct TrainedModel {
  HeadTraining training;
  RandomFeatureModel model;
};

/// All models of rf-trained, in the order in which readers see them. Units of kWide models are
/// wide_units.
std::span<const TrainedModel> trained_models();

/// Heads of a frozen layer with as many trained parameters as `heads` heads with W trained:
/// heads (d+1)^2 + heads (d+1) numbers are heads (d+2) value vectors.
std::size_t wide_units(std::size_t heads, std::size_t dim);

/// A run's parameters, read once.
struct TrainedStudy {
  /// Models, target, layer sizes, training sets (one stage), trials and noise, as the tables of
  /// family A read them; the heads are those of the trained layer.
  Sweep sweep;
  std::vector<const TrainedModel*> models;  ///< of `sweep`, in its order
  std::size_t steps = 0;
  double rate = 0;

  const TargetCase& item() const { return sweep.cases.front(); }
  const LayerSizes& layer() const { return sweep.variants.front().layer; }
  const std::vector<std::size_t>& sizes() const { return sweep.stages.front(); }
  bool has(HeadTraining training) const;
};
TrainedStudy read_trained_study(const ParameterSet& parameters);

/// Numbers of steps after which the course is measured and training may end: 0, 1, 2, 3, 4, 6, 8,
/// ..., steps.
std::vector<std::size_t> checkpoints(std::size_t steps);

/// One model at one size and trial. NaN: not known.
struct TrainedPoint {
  FitPoint fit;
  double steps = 0;         ///< chosen on held-out samples; NaN for models without steps
  double size = 0;          ///< kTwoStep: the first step over |W|, chosen too; else NaN
  HeadAlignment alignment;  ///< of the final heads; NaN for kWide
};

/// The layer after some steps of Adam on the first 80 % of the training samples. Errors are mean
/// squared errors over the variance of the target on the test set.
struct CoursePoint {
  double step = 0;
  double as_trained = 0;                    ///< on the 80 %, with the values that Adam has reached
  double training = 0, held = 0, test = 0;  ///< with values fitted to the 80 %
  double ridge = 0;                         ///< relative ridge parameter of this fit
  HeadAlignment alignment;                  ///< of W and the values that Adam has reached
};

struct TrainedOutcome {
  std::vector<TrainedPoint> points;  ///< as in the study's models; empty: not finished
  std::vector<CoursePoint> course;   ///< as far as it is known; empty without kAdam
};

/// Jobs are numbered by training-set size, then trial.
Expected<Plan> plan_trained(const RunSpec& spec);
JobSteps start_trained_job(RunSpec spec, std::uint32_t index);

/// [size][trial]
using TrainedOutcomes = std::vector<std::vector<TrainedOutcome>>;
TrainedOutcomes read_outcomes(const TrainedStudy& study, std::span<const JobOutput> outputs,
                              std::vector<std::string>& notes);

/// The curves of a study's models, in their order.
std::vector<ErrorCurve> trained_curves(const TrainedStudy& study, const TrainedOutcomes& outcomes);

/// The frozen layer that a model starts from, or is.
RandomFeatureLayer start_layer(const TrainedStudy& study, const TrainedModel& model,
                               std::uint64_t seed, std::size_t trial);

}  // namespace attnlab::random_features
