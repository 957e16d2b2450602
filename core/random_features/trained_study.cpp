// Parameters, plan and outcomes of trained_study.h.
#include "core/random_features/trained_study.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "core/base/text.h"
#include "core/findings/palette.h"
#include "core/random_features/own_target.h"
#include "core/random_features/trained_jobs.h"

namespace attnlab::random_features {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

constexpr std::array kTrainedModels = {
    TrainedModel{HeadTraining::kAdam,
                 {.id = "rfa-trained",
                  .label = "RFA trained",
                  .help = "attention, query-key matrices and values trained",
                  .colour = kColourSoftmax,
                  .attention = true,
                  .biased = true}},
    TrainedModel{HeadTraining::kTwoStep,
                 {.id = "rfa-two-step",
                  .label = "RFA two-step",
                  .help = "attention, at most two steps of gradient descent on the query-key "
                          "matrices, then values by ridge regression",
                  .colour = kColourBrfa,
                  .attention = true,
                  .biased = true}},
    TrainedModel{HeadTraining::kFrozen,
                 {.id = "rfa",
                  .label = "RFA",
                  .help = "attention, the same heads with frozen query-key matrices",
                  .colour = kColourRfa,
                  .attention = true,
                  .biased = true}},
    TrainedModel{HeadTraining::kWide,
                 {.id = "rfa-wide",
                  .label = "RFA wide",
                  .help = "attention, frozen query-key matrices, as many trained parameters as RFA "
                          "trained",
                  .colour = kColourRfa,
                  .attention = true,
                  .biased = true}},
    TrainedModel{HeadTraining::kWide,
                 {.id = "rf-invariant-wide",
                  .label = "RF-invariant wide",
                  .help = "no attention: frozen neurons averaged over the keys, as many trained "
                          "parameters as RFA trained",
                  .colour = kColourInvariant,
                  .pooled = true}},
};

/// The names that the parameters `train` and `compare` have for a model.
bool chosen(const ParameterSet& parameters, const TrainedModel& model) {
  const auto has = [&](std::string_view parameter, std::string_view name) {
    const std::vector<std::string>& names = parameters.choices(parameter);
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  switch (model.training) {
    case HeadTraining::kAdam:
      return has("train", "both");
    case HeadTraining::kTwoStep:
      return has("train", "two-step");
    case HeadTraining::kFrozen:
      return has("train", "values");
    case HeadTraining::kWide:
      break;
  }
  return has("compare", model.model.id);
}

void write(ByteWriter& writer, const HeadAlignment& alignment) {
  for (const double share :
       {alignment.key, alignment.query, alignment.both, alignment.identity, alignment.value}) {
    writer.real(share);
  }
}

HeadAlignment read_alignment(ByteReader& reader) {
  HeadAlignment alignment;
  for (double* share :
       {&alignment.key, &alignment.query, &alignment.both, &alignment.identity, &alignment.value}) {
    *share = reader.real();
  }
  return alignment;
}

}  // namespace

std::span<const TrainedModel> trained_models() {
  return kTrainedModels;
}

std::size_t wide_units(std::size_t heads, std::size_t dim) {
  return heads * (dim + 2);
}

bool TrainedStudy::has(HeadTraining training) const {
  return std::any_of(models.begin(), models.end(),
                     [&](const TrainedModel* model) { return model->training == training; });
}

TrainedStudy read_trained_study(const ParameterSet& parameters) {
  const auto size = [&](const char* name) {
    return static_cast<std::size_t>(parameters.integer(name));
  };
  TrainedStudy study;
  Sweep& sweep = study.sweep;
  for (const TrainedModel& model : trained_models()) {
    if (!chosen(parameters, model)) continue;
    study.models.push_back(&model);
    sweep.models.push_back(&model.model);
  }
  sweep.cases = {single_case(parameters)};
  sweep.variants = {
      {0, {size("dim"), size("keys"), size("heads"), parameters.real("bias-scale")}, {}}};
  for (std::size_t m = 0; m < sweep.models.size(); ++m) {
    sweep.variants.front().models.push_back(m);
  }
  sweep.stages.emplace_back();
  for (const std::int64_t n : parameters.integers("samples")) {
    sweep.stages.front().push_back(static_cast<std::size_t>(n));
  }
  sweep.test_samples = size("test-samples");
  sweep.trials = size("trials");
  sweep.noise = parameters.real("noise");
  sweep.ridge.rule = RidgeChoice::Rule::kValidation;
  study.steps = size("steps");
  study.rate = parameters.real("rate");
  return study;
}

std::vector<std::size_t> checkpoints(std::size_t steps) {
  std::vector<std::size_t> all = {0};
  for (double next = 1; all.back() < steps; next *= std::sqrt(2.0)) {
    const auto step = std::min(steps, static_cast<std::size_t>(std::lround(next)));
    if (step > all.back()) all.push_back(step);
  }
  return all;
}

RandomFeatureLayer start_layer(const TrainedStudy& study, const TrainedModel& model,
                               std::uint64_t seed, std::size_t trial) {
  LayerSizes sizes = study.layer();
  if (model.training == HeadTraining::kWide) sizes.units = wide_units(sizes.units, sizes.dim);
  return std::get<RandomFeatureLayer>(
      make_layer(model.model, sizes, seed, static_cast<std::uint32_t>(trial)));
}

Expected<Plan> plan_trained(const RunSpec& spec) {
  const TrainedStudy study = read_trained_study(spec.parameters);
  const LayerSizes& layer = study.layer();
  const TargetCase& item = study.item();
  if (layer.dim == 1 && item.target->constant_at_dim_one(item.number)) {
    return Error{"dim must be at least 2 for " + item.words() +
                 ", not 1: on the unit sphere of one dimension it is constant"};
  }
  if (std::string why = target_refusal(item, layer.keys, layer.dim); !why.empty()) {
    return Error{std::move(why)};
  }
  Plan plan;
  plan.memory_parameter = "heads";
  for (const std::size_t n : study.sizes()) {
    const FitCost cost = trained_cost(study, n);
    plan.job_bytes = std::max(plan.job_bytes, cost.bytes);
    for (std::size_t trial = 0; trial < study.sweep.trials; ++trial) {
      plan.jobs.push_back({"n = " + std::to_string(n) + ", trial " + std::to_string(trial + 1) +
                               " of " + std::to_string(study.sweep.trials),
                           cost.flops});
    }
  }
  return plan;
}

Bytes encode_outcome(const TrainedOutcome& outcome) {
  ByteWriter writer;
  writer.u32(static_cast<std::uint32_t>(outcome.points.size()));
  for (const TrainedPoint& point : outcome.points) {
    writer.real(point.fit.test_error);
    writer.real(point.fit.strength);
    writer.real(point.fit.training_error);
    writer.u32(point.fit.failed);
    writer.real(point.steps);
    writer.real(point.size);
    write(writer, point.alignment);
  }
  writer.u32(static_cast<std::uint32_t>(outcome.course.size()));
  for (const CoursePoint& point : outcome.course) {
    for (const double number :
         {point.step, point.as_trained, point.training, point.held, point.test, point.ridge}) {
      writer.real(number);
    }
    write(writer, point.alignment);
  }
  return writer.take();
}

bool decode_outcome(std::span<const std::uint8_t> bytes, std::size_t models,
                    TrainedOutcome& outcome) {
  ByteReader reader(bytes);
  const std::uint32_t points = reader.u32();
  if (points != models && points != 0) return false;
  for (std::uint32_t i = 0; i < points; ++i) {
    TrainedPoint point;
    point.fit.test_error = reader.real();
    point.fit.strength = reader.real();
    point.fit.training_error = reader.real();
    point.fit.failed = reader.u32();
    point.steps = reader.real();
    point.size = reader.real();
    point.alignment = read_alignment(reader);
    outcome.points.push_back(point);
  }
  const std::uint32_t course = reader.u32();
  for (std::uint32_t i = 0; i < course && reader.ok(); ++i) {
    CoursePoint point;
    for (double* number : {&point.step, &point.as_trained, &point.training, &point.held,
                           &point.test, &point.ridge}) {
      *number = reader.real();
    }
    point.alignment = read_alignment(reader);
    outcome.course.push_back(point);
  }
  return reader.at_end();
}

TrainedOutcomes read_outcomes(const TrainedStudy& study, std::span<const JobOutput> outputs,
                              std::vector<std::string>& notes) {
  const std::size_t trials = study.sweep.trials;
  TrainedOutcomes outcomes(study.sizes().size(), std::vector<TrainedOutcome>(trials));
  for (const JobOutput& output : outputs) {
    if (output.index >= trials * outcomes.size()) continue;
    TrainedOutcome outcome;
    if (decode_outcome(output.bytes, study.models.size(), outcome)) {
      if (!output.complete) outcome.points.clear();
      outcomes[output.index / trials][output.index % trials] = std::move(outcome);
    } else if (output.complete) {
      notes.push_back("The output of job " + std::to_string(output.index) +
                      " could not be read and was left out.");
    }
  }
  return outcomes;
}

std::vector<ErrorCurve> trained_curves(const TrainedStudy& study, const TrainedOutcomes& outcomes) {
  std::vector<ErrorCurve> curves;
  const std::vector<std::size_t>& sizes = study.sizes();
  for (std::size_t m = 0; m < study.models.size(); ++m) {
    ErrorCurve curve{study.sweep.models[m], study.item(), 0, {}, {}, {}, {}, {}, {}};
    curve.sizes.assign(sizes.begin(), sizes.end());
    curve.errors.assign(sizes.size(), std::vector<double>(study.sweep.trials, kNaN));
    curve.strengths = curve.training = curve.errors;
    curve.failed.assign(sizes.size(), 0);
    curve.without_result.assign(sizes.size(), 0);
    for (std::size_t s = 0; s < sizes.size(); ++s) {
      for (std::size_t trial = 0; trial < study.sweep.trials; ++trial) {
        if (outcomes[s][trial].points.empty()) continue;
        const FitPoint& point = outcomes[s][trial].points[m].fit;
        curve.errors[s][trial] = point.test_error;
        curve.strengths[s][trial] = point.strength;
        curve.training[s][trial] = point.training_error;
        curve.failed[s] |= point.failed;
        curve.without_result[s] += std::isnan(point.test_error) ? 1 : 0;
      }
    }
    curves.push_back(std::move(curve));
  }
  return curves;
}

}  // namespace attnlab::random_features
