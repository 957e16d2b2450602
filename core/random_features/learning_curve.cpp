// rf-learning-curve: its jobs and how their outputs become curves.
#include "core/random_features/learning_curve.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/experiment/text.h"
#include "core/numerics/random.h"
#include "core/random_features/claims.h"
#include "core/random_features/experiments.h"

namespace attnlab {
namespace {

constexpr std::uint32_t kTrainDomain = hash_name("rf/train");
constexpr std::uint32_t kTestDomain = hash_name("rf/test");

/// What job i is: stage-major, then trials, then models.
struct JobName {
  std::size_t stage, trial, model;
};

JobName job_name(const LearningCurveSetup& setup, std::uint32_t index) {
  const std::size_t models = setup.models.size();
  return {index / (models * setup.trials), index / models % setup.trials, index % models};
}

RandomFeatureLayer layer_of(const LearningCurveSetup& setup, const JobName& job,
                            std::uint64_t seed) {
  return make_layer(*setup.models[job.model], setup.layer, seed,
                    static_cast<std::uint32_t>(job.trial));
}

/// One column per case.
Matrix<double> case_values(const LearningCurveSetup& setup, const TargetDraw& draw,
                           const TokenBatch& batch) {
  Matrix<double> values(batch.count, setup.cases.size());
  for (std::size_t j = 0; j < setup.cases.size(); ++j) {
    const std::vector<double> column =
        target_values(*setup.cases[j].target, draw, batch, setup.cases[j].degree);
    for (std::size_t i = 0; i < column.size(); ++i) values(i, j) = column[i];
  }
  return values;
}

double standard_deviation(const Matrix<double>& values, std::size_t column) {
  double mean = 0, variance = 0;
  const double count = static_cast<double>(values.rows());
  for (std::size_t i = 0; i < values.rows(); ++i) mean += values(i, column) / count;
  for (std::size_t i = 0; i < values.rows(); ++i) {
    variance += (values(i, column) - mean) * (values(i, column) - mean) / count;
  }
  return std::sqrt(variance);
}

/// Adds noise * (the target's standard deviation on the test set) * N(0, 1) to the labels; sample i
/// of a case gets the same draw whatever else is in the run.
void add_label_noise(const LearningCurveSetup& setup, std::uint64_t seed, std::uint32_t trial,
                     const Matrix<double>& test_values, Matrix<double>& labels) {
  if (setup.noise == 0) return;
  std::vector<double> draws(labels.rows());
  for (std::size_t j = 0; j < setup.cases.size(); ++j) {
    RandomStream(seed, hash_name("rf/noise/" + setup.cases[j].name()), trial).fill_normal(draws);
    const double scale = setup.noise * standard_deviation(test_values, j);
    for (std::size_t i = 0; i < labels.rows(); ++i) labels(i, j) += scale * draws[i];
  }
}

Bytes encode(const std::vector<FitPoint>& points) {
  ByteWriter writer;
  writer.u32(static_cast<std::uint32_t>(points.size()));
  for (const FitPoint& point : points) {
    writer.real(point.test_error);
    writer.real(point.strength);
    writer.u32(static_cast<std::uint32_t>(point.failures));
  }
  return writer.take();
}

bool decode(std::span<const std::uint8_t> bytes, std::size_t count, std::vector<FitPoint>& points) {
  ByteReader reader(bytes);
  if (reader.u32() != count) return false;
  points.resize(count);
  for (FitPoint& point : points) {
    point.test_error = reader.real();
    point.strength = reader.real();
    point.failures = static_cast<int>(reader.u32());
  }
  return reader.at_end();
}

JobSteps start_job(RunSpec spec, std::uint32_t index) {
  const LearningCurveSetup setup = read_learning_curve_setup(spec.parameters);
  if (index >= setup.job_count()) co_return Error{"this run has no job " + std::to_string(index)};
  const JobName job = job_name(setup, index);
  const auto trial = static_cast<std::uint32_t>(job.trial);
  const std::vector<std::size_t>& sizes = setup.stages[job.stage];

  const TokenBatch train = draw_sphere_tokens(spec.seed, kTrainDomain, trial, sizes.back(),
                                              setup.layer.keys, setup.layer.dim);
  const TokenBatch test = draw_sphere_tokens(spec.seed, kTestDomain, trial, setup.test_samples,
                                             setup.layer.keys, setup.layer.dim);
  const TargetDraw draw = draw_target(spec.seed, trial, setup.layer.dim);
  const Matrix<double> test_values = case_values(setup, draw, test);
  Matrix<double> labels = case_values(setup, draw, train);
  add_label_noise(setup, spec.seed, trial, test_values, labels);
  co_yield StepProgress{0.0, {}};

  std::vector<FitPoint> points;
  const NestedFitProblem problem{
      layer_of(setup, job, spec.seed), &train, &test, &labels, &test_values, sizes, setup.ridge};
  JobSteps fit = fit_nested(problem, points);
  while (fit.step() == JobSteps::State::kRunning) co_yield StepProgress{fit.fraction(), {}};
  if (fit.state() == JobSteps::State::kFailed) co_return fit.error();
  co_return JobResult{encode(points)};
}

Expected<Plan> plan_run(const RunSpec& spec) {
  const LearningCurveSetup setup = read_learning_curve_setup(spec.parameters);
  for (const TargetCase& item : setup.cases) {
    if (setup.layer.dim == 1 && item.target->id == "mean-power" && item.degree % 2 == 0) {
      return Error{"degree must be odd for mean-power at dim 1, not " +
                   std::to_string(item.degree) +
                   ": on the unit sphere of one dimension an even power is constant"};
    }
  }
  Plan plan;
  plan.memory_parameter = "samples";
  for (std::uint32_t i = 0; i < setup.job_count(); ++i) {
    const JobName job = job_name(setup, i);
    const FitCost cost = fit_cost(layer_of(setup, job, spec.seed), setup.stages[job.stage],
                                  setup.test_samples, setup.cases.size(), setup.ridge);
    plan.job_bytes = std::max(plan.job_bytes, cost.bytes);
    plan.jobs.push_back({std::string(setup.models[job.model]->label) + ", trial " +
                             std::to_string(job.trial + 1) + " of " + std::to_string(setup.trials) +
                             ", n up to " + std::to_string(setup.stages[job.stage].back()),
                         cost.flops});
  }
  return plan;
}

Result reduce(const RunSpec& spec, std::span<const JobOutput> outputs) {
  const LearningCurveSetup setup = read_learning_curve_setup(spec.parameters);
  Result result;
  const std::vector<ErrorCurve> curves = decode_learning_curves(setup, outputs, result.notes);
  result.tables = learning_curve_tables(setup, curves);
  result.claims = learning_curve_claims(setup, curves);
  for (const ErrorCurve& curve : curves) {
    for (std::size_t s = 0; s < curve.sizes.size(); ++s) {
      if (curve.failures[s] == 0) continue;
      result.notes.push_back(std::string(curve.model->label) + " on " + curve.target.name() +
                             " at n = " + short_text(curve.sizes[s]) + ": " +
                             std::to_string(curve.failures[s]) +
                             " factorisations failed (ridge too small for this kernel matrix) and "
                             "were left out");
    }
  }
  return result;
}

Experiment make_experiment() {
  Experiment experiment;
  experiment.id = "rf-learning-curve";
  experiment.family = "A";
  experiment.title = "Learning curves";
  experiment.question = "How many samples until attention gets it?";
  experiment.summary =
      "One attention layer with many frozen random heads (RFA) and only its values trained, "
      "against "
      "a two-layer network with as many trained parameters (RFMLP). The target treats the keys as "
      "a "
      "set; attention does so by construction, the network has to learn it. BRFA gives the random "
      "query-key matrices a non-zero mean, which should help on targets built from ⟨x₀,xᵢ⟩.";
  experiment.schema = learning_curve_schema();
  experiment.presets = learning_curve_presets();
  experiment.plan = plan_run;
  experiment.start = start_job;
  experiment.reduce = reduce;
  experiment.figures = learning_curve_figures;
  return experiment;
}

}  // namespace

const Experiment& rf_learning_curve() {
  static const Experiment experiment = make_experiment();
  return experiment;
}

LearningCurveSetup read_learning_curve_setup(const ParameterSet& parameters) {
  LearningCurveSetup setup;
  for (const std::string& id : parameters.choices("models")) {
    setup.models.push_back(find_random_feature_model(id));
  }
  for (const std::string& id : parameters.choices("target")) {
    for (const std::int64_t degree : parameters.integers("degree")) {
      setup.cases.push_back({find_target(id), static_cast<int>(degree)});
    }
  }
  setup.layer = {static_cast<std::size_t>(parameters.integer("dim")),
                 static_cast<std::size_t>(parameters.integer("keys")),
                 static_cast<std::size_t>(parameters.integer("heads")),
                 parameters.real("bias-scale")};
  double limit = 256;
  for (const std::int64_t n : parameters.integers("samples")) {
    const bool new_stage = setup.stages.empty() || static_cast<double>(n) > limit;
    while (static_cast<double>(n) > limit) limit *= 4;
    if (new_stage) setup.stages.emplace_back();
    setup.stages.back().push_back(static_cast<std::size_t>(n));
  }
  setup.test_samples = static_cast<std::size_t>(parameters.integer("test-samples"));
  setup.trials = static_cast<std::size_t>(parameters.integer("trials"));
  setup.noise = parameters.real("noise");
  const ParameterValue& ridge = parameters.value("ridge");
  if (const double* strength = std::get_if<double>(&ridge)) {
    setup.ridge = {RidgeChoice::Rule::kFixed, *strength};
  } else if (parameters.text("ridge") == "validation") {
    setup.ridge.rule = RidgeChoice::Rule::kValidation;
  }
  return setup;
}

std::vector<ErrorCurve> decode_learning_curves(const LearningCurveSetup& setup,
                                               std::span<const JobOutput> outputs,
                                               std::vector<std::string>& notes) {
  constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
  ErrorCurve empty{nullptr, {nullptr, 0}, {}, {}, {}, {}};
  std::vector<std::size_t> stage_begin;
  for (const auto& stage : setup.stages) {
    stage_begin.push_back(empty.sizes.size());
    for (const std::size_t n : stage) empty.sizes.push_back(static_cast<double>(n));
  }
  empty.errors.assign(empty.sizes.size(), std::vector<double>(setup.trials, kNaN));
  empty.strengths = empty.errors;
  empty.failures.assign(empty.sizes.size(), 0);

  std::vector<ErrorCurve> curves;  // model-major, then cases
  for (const RandomFeatureModel* model : setup.models) {
    for (const TargetCase& item : setup.cases) {
      curves.push_back(empty);
      curves.back().model = model;
      curves.back().target = item;
    }
  }
  const std::size_t cases = setup.cases.size();
  std::vector<FitPoint> points;
  for (const JobOutput& output : outputs) {
    if (!output.complete) continue;
    if (output.index >= setup.job_count()) continue;
    const JobName job = job_name(setup, output.index);
    const std::size_t sizes = setup.stages[job.stage].size();
    if (!decode(output.bytes, sizes * cases, points)) {
      notes.push_back("The output of job " + std::to_string(output.index) +
                      " could not be read and was left out.");
      continue;
    }
    for (std::size_t s = 0; s < sizes; ++s) {
      for (std::size_t j = 0; j < cases; ++j) {
        ErrorCurve& curve = curves[job.model * cases + j];
        const FitPoint& point = points[s * cases + j];
        curve.errors[stage_begin[job.stage] + s][job.trial] = point.test_error;
        curve.strengths[stage_begin[job.stage] + s][job.trial] = point.strength;
        curve.failures[stage_begin[job.stage] + s] += point.failures;
      }
    }
  }
  return curves;
}

}  // namespace attnlab
