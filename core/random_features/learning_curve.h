// The parts of rf-learning-curve that its tables, claims and figures share.
#pragma once

#include <span>
#include <vector>

#include "core/experiment/experiment.h"
#include "core/random_features/error_curves.h"

namespace attnlab {

/// A run's parameters, read once.
struct LearningCurveSetup {
  std::vector<const RandomFeatureModel*> models;
  std::vector<TargetCase> cases;
  LayerSizes layer;
  /// Sizes in groups that one job fits together: up to 256, 1024, 4096, ... The small ones finish
  /// first, so that the curve grows from left to right, and cost next to nothing beside the last.
  std::vector<std::vector<std::size_t>> stages;
  std::size_t test_samples = 0, trials = 0;
  RidgeChoice ridge;
  double noise = 0;  ///< standard deviation of label noise / of the target

  std::size_t job_count() const { return stages.size() * trials * models.size(); }
};
LearningCurveSetup read_learning_curve_setup(const ParameterSet& parameters);

/// Curves for every (model, case), holes where a job is missing; a note per undecodable output.
std::vector<ErrorCurve> decode_learning_curves(const LearningCurveSetup& setup,
                                               std::span<const JobOutput> outputs,
                                               std::vector<std::string>& notes);

Schema learning_curve_schema();
std::vector<Preset> learning_curve_presets();
std::vector<Table> learning_curve_tables(const LearningCurveSetup& setup,
                                         const std::vector<ErrorCurve>& curves);
std::vector<Figure> learning_curve_figures(const RunSpec& spec, const Result& result);

}  // namespace attnlab
