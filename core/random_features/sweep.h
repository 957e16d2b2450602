// The engine of every family A experiment: models fitted to targets for nested training sets, over
// trials and over variants of the layer (heads, mean of W, keys). Experiments differ in what they
// vary and show.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/experiment/experiment.h"
#include "core/random_features/error_curves.h"

namespace attnlab::random_features {

/// One setting of the swept quantity.
struct LayerVariant {
  double value = 0;  ///< of the swept quantity (keys where dim is swept too); else arbitrary
  LayerSizes layer;
  /// Indices of the models fitted here. A model whose layer the swept quantity does not change (a
  /// kernel, when heads are swept) is fitted in the first variant only.
  std::vector<std::size_t> models;
};

/// A run's parameters, read once.
struct Sweep {
  std::vector<const RandomFeatureModel*> models;
  std::vector<TargetCase> cases;
  std::vector<LayerVariant> variants;
  /// Training-set sizes in groups that one job fits together: up to 256, 1024, 4096, ... Small
  /// sizes finish first, so that a curve grows from left to right; their cost is negligible.
  std::vector<std::vector<std::size_t>> stages;
  std::size_t test_samples = 0, trials = 0;
  RidgeChoice ridge;
  Intercept intercept = Intercept::kFree;
  std::size_t copies = 1;  ///< rows of a training sample for augmented models
  double noise = 0;        ///< standard deviation of label noise / of the target

  /// Does the swept quantity change the layer of this model? True when nothing is swept.
  bool varies(std::size_t model) const;
  std::size_t job_count() const;
};

/// Reads the parameters that all of family A shares (sweep_schema.h). One of `heads`, `keys` and
/// `bias-scale` may be a list: its values are the variants. Together with `keys`, `dim` may be a
/// list: every pair is a variant then, dimensions first. Otherwise there is one variant.
Sweep read_sweep(const ParameterSet& parameters);

/// The layer parameter that is swept ("heads", "keys", "bias-scale"): given as a list; or empty.
std::string_view swept_parameter(const ParameterSet& parameters);

/// The jobs of an experiment that sweeps. They are numbered stage-major, then variants, trials,
/// models.
struct SweepJobs {
  static Expected<Plan> plan(const RunSpec& spec);
  static JobSteps start(RunSpec spec, std::uint32_t index);
  static JobSteps assist(RunSpec spec, std::uint32_t index, Bytes share);
};

/// Curves for every (variant, model fitted there, case) in that order; NaN where a job is missing.
/// Adds a note for each output that cannot be read, and fit_notes.
std::vector<ErrorCurve> decode_sweep(const Sweep& sweep, std::span<const JobOutput> outputs,
                                     std::vector<std::string>& notes);

/// Notes on fits that failed: which ridge parameters were too small for which model at which sizes,
/// and where a finished trial has no result. Sizes with equal failures share a sentence.
std::vector<std::string> fit_notes(const Sweep& sweep, const std::vector<ErrorCurve>& curves);

/// "d = 16, N = 16, M = 1000, 5 trials"; the swept quantity is left out.
std::string sizes_text(const Sweep& sweep);

/// How constant and ridge parameter were chosen, for figures: "Ridge chosen on a held-out 20 %." It
/// says so if test data were used.
std::string protocol_text(const Sweep& sweep);

}  // namespace attnlab::random_features
