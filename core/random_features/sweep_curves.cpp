// Curves from the outputs of a sweep's jobs.
#include <algorithm>
#include <cmath>
#include <limits>

#include "core/base/text.h"
#include "core/random_features/own_target.h"
#include "core/random_features/sweep_jobs.h"
#include "core/random_features/token_world.h"

namespace attnlab::random_features {
namespace {

/// The width of networks with as many operations as RFA.
std::vector<std::string> budget_notes(const Sweep& sweep) {
  std::vector<std::string> notes;
  const bool dims = sweep.variants.back().layer.dim != sweep.variants.front().layer.dim;
  for (const LayerVariant& variant : sweep.variants) {
    const std::string dim = dims ? "d = " + std::to_string(variant.layer.dim) + ", " : "";
    for (const std::size_t m : variant.models) {
      const RandomFeatureModel& model = *sweep.models[m];
      const std::size_t units = model.infinite ? 0 : units_of(model, variant.layer);
      if (model.infinite || units == variant.layer.units) continue;
      notes.push_back(std::string(model.label) + " has " +
                      counted(units * (variant.layer.dim + 1), "neuron") +
                      ": as many operations a sample as " + counted(variant.layer.units, "head") +
                      " of RFA with " + dim + "N = " + std::to_string(variant.layer.keys) + ".");
    }
  }
  return notes;
}

/// A curve without results for each (variant, model fitted there, case).
std::vector<ErrorCurve> empty_curves(const Sweep& sweep) {
  constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
  ErrorCurve empty{nullptr, {nullptr, 0}, 0, {}, {}, {}, {}, {}, {}};
  for (const auto& stage : sweep.stages) {
    empty.sizes.insert(empty.sizes.end(), stage.begin(), stage.end());
  }
  empty.errors.assign(empty.sizes.size(), std::vector<double>(sweep.trials, kNaN));
  empty.strengths = empty.training = empty.errors;
  empty.failed.assign(empty.sizes.size(), 0);
  empty.without_result.assign(empty.sizes.size(), 0);
  std::vector<ErrorCurve> curves;
  for (const LayerVariant& variant : sweep.variants) {
    for (const std::size_t m : variant.models) {
      for (const TargetCase& item : sweep.cases) {
        curves.push_back(empty);
        curves.back().model = sweep.models[m];
        curves.back().target = item;
        curves.back().variant = sweep.varies(m) ? variant.value : kNaN;
        curves.back().dim = static_cast<double>(variant.layer.dim);
        curves.back().keys = static_cast<double>(variant.layer.keys);
      }
    }
  }
  return curves;
}

/// Index of a job's curve for the first case; the other cases follow.
std::size_t first_curve(const Sweep& sweep, const JobName& job) {
  std::size_t fits = 0;
  for (std::size_t v = 0; v < job.variant; ++v) fits += sweep.variants[v].models.size();
  const std::vector<std::size_t>& models = sweep.variants[job.variant].models;
  const auto model = std::find(models.begin(), models.end(), job.model);
  return (fits + static_cast<std::size_t>(model - models.begin())) * sweep.cases.size();
}

/// Index of a job's first size among all sizes.
std::size_t first_size(const Sweep& sweep, const JobName& job) {
  std::size_t before = 0;
  for (std::size_t stage = 0; stage < job.stage; ++stage) before += sweep.stages[stage].size();
  return before;
}

}  // namespace

std::vector<ErrorCurve> decode_sweep(const Sweep& sweep, std::span<const JobOutput> outputs,
                                     std::vector<std::string>& notes) {
  std::vector<ErrorCurve> curves = empty_curves(sweep);
  const std::size_t cases = sweep.cases.size();
  std::vector<FitPoint> points;
  for (const JobOutput& output : outputs) {
    if (!output.complete || output.index >= sweep.job_count()) continue;
    const JobName job = job_name(sweep, output.index);
    if (!decode_points(output.bytes, sweep.stages[job.stage].size() * cases, points)) {
      notes.push_back("The output of job " + std::to_string(output.index) +
                      " could not be read and was left out.");
      continue;
    }
    const std::size_t curve_begin = first_curve(sweep, job), size_begin = first_size(sweep, job);
    for (std::size_t p = 0; p < points.size(); ++p) {
      ErrorCurve& curve = curves[curve_begin + p % cases];
      const std::size_t size = size_begin + p / cases;
      curve.errors[size][job.trial] = points[p].test_error;
      curve.strengths[size][job.trial] = points[p].strength;
      curve.training[size][job.trial] = points[p].training_error;
      curve.failed[size] |= points[p].failed;
      curve.without_result[size] += std::isnan(points[p].test_error) ? 1 : 0;
    }
  }
  for (std::string& note : fit_notes(sweep, curves)) notes.push_back(std::move(note));
  for (std::string& note : budget_notes(sweep)) notes.push_back(std::move(note));
  const LayerSizes& layer = sweep.variants.front().layer;
  for (const TargetCase& item : sweep.cases)
    for (std::string& note : formula_notes(item, layer.keys, layer.dim, layer.tokens))
      notes.push_back(std::move(note));
  for (std::string& note : token_notes(layer.tokens, sweep.cases)) notes.push_back(std::move(note));
  return curves;
}

}  // namespace attnlab::random_features
