// One job of rf-trained: all models at one training-set size and trial.
#include "core/random_features/trained_jobs.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/numerics/random.h"
#include "core/random_features/own_target.h"
#include "core/random_features/trained_ridge.h"

namespace attnlab::random_features {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr std::uint32_t kTrainDomain = hash_name("rf/train");
constexpr std::uint32_t kTestDomain = hash_name("rf/test");
/// Lengths of the first step of gradient descent, over |W|.
constexpr double kStepSizes[] = {0.1, 0.3, 1, 3};
constexpr std::size_t kMostDescents = 2;

/// Samples that are held out: the last 20 %, as in the fits of frozen layers.
std::size_t fitted_of(std::size_t n) {
  return n - std::max<std::size_t>(1, n / 5);
}

/// Data of a job: the same draws as in family A's other experiments.
struct TrainedData {
  TrainedData(const TrainedStudy& study, std::size_t n, std::uint64_t seed, std::size_t trial);

  TokenBatch train, test;
  HeadInputs train_inputs, test_inputs;
  Matrix<double> labels, test_values;  ///< one column
  double variance;                     ///< of the target on the test set
  TargetDraw draw;

  std::span<const double> label_span() const { return labels.values(); }
};

Matrix<double> as_column(const std::vector<double>& values) {
  Matrix<double> column(values.size(), 1);
  std::copy(values.begin(), values.end(), column.data());
  return column;
}

TrainedData::TrainedData(const TrainedStudy& study, std::size_t n, std::uint64_t seed,
                         std::size_t trial_number) {
  const LayerSizes& layer = study.layer();
  const auto trial = static_cast<std::uint32_t>(trial_number);
  train = draw_sphere_tokens(seed, kTrainDomain, trial, n, layer.keys, layer.dim);
  test =
      draw_sphere_tokens(seed, kTestDomain, trial, study.sweep.test_samples, layer.keys, layer.dim);
  train_inputs = head_inputs(train);
  test_inputs = head_inputs(test);
  draw = draw_target(seed, trial, layer.dim);
  labels = as_column(case_values(study.item(), draw, train));
  test_values = as_column(case_values(study.item(), draw, test));
  variance = variance_of(test_values.values());
  if (study.sweep.noise == 0) return;
  std::vector<double> noise(n);
  RandomStream(seed, hash_name("rf/noise/" + study.item().name()), trial).fill_normal(noise);
  for (std::size_t i = 0; i < n; ++i) {
    labels(i, 0) += study.sweep.noise * std::sqrt(variance) * noise[i];
  }
}

/// A job between its steps.
struct TrainedJob {
  const TrainedStudy& study;
  const TrainedData& data;
  WorkMeter& meter;
  std::vector<double> grid = ridge_grid();

  std::size_t samples() const { return data.train.count; }
  std::size_t fitted() const { return fitted_of(samples()); }
  double relative(double squares) const {
    return data.variance > 0 ? squares / data.variance : kNaN;
  }
};

/// Mean squared error of a fit on the first rows of its features.
double mean_squares(const RidgeFit& fit, MatrixView<const double> features,
                    std::span<const double> labels) {
  const std::vector<double> predicted = predictions_of(fit, features);
  double squares = 0;
  for (std::size_t i = 0; i < predicted.size(); ++i) {
    squares += (predicted[i] - labels[i]) * (predicted[i] - labels[i]);
  }
  return squares / static_cast<double>(predicted.size());
}

void spend_features(const TrainedJob& job, const HeadWeights& weights, std::size_t samples) {
  job.meter.spend(head_feature_flops(weights, samples, job.study.layer().keys));
}

/// The frozen layer with the ridge parameter that is best on the held-out samples.
struct FrozenFit {
  HeadWeights weights;
  RidgeFit fit;             ///< of the first 80 %
  Matrix<double> features;  ///< of all training samples
};

/// Fits values to the first 80 % and chooses the ridge parameter on the others.
Steps<RidgeFit> fit_held_out(const TrainedJob& job, const Matrix<double>& features) {
  Steps<RidgeFit> fitting =
      ridge_fit(features.view(), job.data.label_span(), job.fitted(), job.grid, job.meter);
  RidgeFit fit = co_await fitting;
  co_return std::move(fit);
}

/// The values of heads as the ridge regression found them, labels centred by its constant.
void set_values(HeadWeights& weights, const RidgeFit& fit) {
  std::copy(fit.values.begin(), fit.values.end(), weights.values.data());
}

std::vector<double> centred(std::span<const double> labels, double constant) {
  std::vector<double> all(labels.begin(), labels.end());
  for (double& label : all) label -= constant;
  return all;
}

/// Fits values to all samples with a given ridge parameter and measures the layer.
Steps<TrainedPoint> measure_final(const TrainedJob& job, const HeadWeights& heads,
                                  double strength) {
  TrainedPoint point{{kNaN, kNaN, kNaN, 0}, kNaN, kNaN, {}};
  HeadWeights weights = heads.clone();
  const std::vector<double> one = {strength};
  if (!std::isnan(strength)) {
    const Matrix<double> features = head_features(job.data.train_inputs, weights);
    spend_features(job, weights, job.samples());
    Steps<RidgeFit> fitting =
        ridge_fit(features.view(), job.data.label_span(), job.samples(), one, job.meter);
    const RidgeFit fit = co_await fitting;
    if (!fit.values.empty()) {
      set_values(weights, fit);
      const Matrix<double> fresh = head_features(job.data.test_inputs, weights);
      spend_features(job, weights, job.data.test.count);
      point.fit.test_error =
          relative_error(predictions_of(fit, fresh.view()), job.data.test_values.values());
      point.fit.strength = fit.strength;
      point.fit.training_error =
          job.relative(mean_squares(fit, features.view(), job.data.label_span()));
    }
  }
  point.alignment = alignment_of(weights, job.data.draw.beta);
  if (job.meter.pause()) co_yield StepProgress(job.meter.fraction());
  co_return point;
}

/// The frozen layer: its fit to the 80 %, from which training starts, and its ridge parameter.
Steps<FrozenFit> fit_frozen(const TrainedJob& job, const HeadWeights& start) {
  FrozenFit frozen{start.clone(), {}, head_features(job.data.train_inputs, start)};
  spend_features(job, start, job.samples());
  Steps<RidgeFit> fitting = fit_held_out(job, frozen.features);
  frozen.fit = co_await fitting;
  if (!frozen.fit.values.empty()) set_values(frozen.weights, frozen.fit);
  co_return std::move(frozen);
}

/// One point of the course: values fitted to the present heads of a trainer.
Steps<CoursePoint> measure_course(const TrainedJob& job, const HeadTrainer& trainer,
                                  double as_trained, RidgeFit& fit) {
  CoursePoint point;
  point.step = static_cast<double>(trainer.steps_done());
  point.as_trained = as_trained;
  const Matrix<double> features = head_features(job.data.train_inputs, trainer.weights());
  spend_features(job, trainer.weights(), job.samples());
  Steps<RidgeFit> fitting = fit_held_out(job, features);
  fit = co_await fitting;
  point.training = point.held = point.test = point.ridge = kNaN;
  if (!fit.values.empty()) {
    const Matrix<double> fresh = head_features(job.data.test_inputs, trainer.weights());
    spend_features(job, trainer.weights(), job.data.test.count);
    const auto rows = features.view().block(0, 0, job.fitted(), features.cols());
    point.training = job.relative(mean_squares(fit, rows, job.data.label_span()));
    point.held = job.relative(fit.held_squares);
    point.test = relative_error(predictions_of(fit, fresh.view()), job.data.test_values.values());
    point.ridge = fit.strength;
  }
  point.alignment = alignment_of(trainer.weights(), job.data.draw.beta);
  co_return point;
}

/// Adam on the 80 %: its course, and the number of steps and the ridge parameter that are best on
/// the held-out samples. Then Adam again, as many steps on all samples.
Steps<TrainedPoint> train_heads(const TrainedJob& job, const FrozenFit& frozen,
                                const HeadWeights& full_start, double full_penalty,
                                double full_constant, TrainedOutcome& outcome) {
  const std::size_t keys = job.study.layer().keys;
  const std::vector<double> part =
      centred(job.data.label_span().first(job.fitted()), frozen.fit.constant);
  HeadTrainer trainer(job.data.train_inputs, part, frozen.weights.clone(), frozen.fit.penalty,
                      job.study.rate);
  std::size_t best_steps = 0;
  double best_held = std::numeric_limits<double>::infinity(), best_strength = kNaN;
  for (const std::size_t step : checkpoints(job.study.steps)) {
    while (trainer.steps_done() < step) {
      trainer.step();
      job.meter.spend(gradient_flops(trainer.weights(), job.fitted(), keys));
      if (job.meter.pause()) co_yield StepProgress(job.meter.fraction());
    }
    const double loss = head_loss(job.data.train_inputs, part, trainer.weights(), 0, nullptr);
    RidgeFit fit;
    Steps<CoursePoint> measuring = measure_course(job, trainer, job.relative(2 * loss), fit);
    outcome.course.push_back(co_await measuring);
    if (fit.held_squares < best_held) {
      best_held = fit.held_squares;
      best_steps = step;
      best_strength = fit.strength;
    }
    co_yield StepProgress(job.meter.fraction(), encode_outcome(outcome));
  }
  const std::vector<double> all = centred(job.data.label_span(), full_constant);
  HeadTrainer whole(job.data.train_inputs, all, full_start.clone(), full_penalty, job.study.rate);
  while (whole.steps_done() < best_steps) {
    whole.step();
    job.meter.spend(gradient_flops(whole.weights(), job.samples(), keys));
    if (job.meter.pause()) co_yield StepProgress(job.meter.fraction());
  }
  Steps<TrainedPoint> measuring = measure_final(job, whole.weights(), best_strength);
  TrainedPoint point = co_await measuring;
  point.steps = static_cast<double>(best_steps);
  co_return point;
}

/// None, one or two steps of gradient descent, their size and the ridge parameter: the choice that
/// is best on the held-out samples, made again on all samples.
Steps<TrainedPoint> descend_heads(const TrainedJob& job, const FrozenFit& frozen,
                                  const HeadWeights& full_start, double full_constant) {
  const std::vector<double> part =
      centred(job.data.label_span().first(job.fitted()), frozen.fit.constant);
  std::size_t best_steps = 0;
  double best_size = 0, best_held = frozen.fit.held_squares, best_strength = frozen.fit.strength;
  for (std::size_t steps = 1; steps <= std::min(kMostDescents, job.study.steps); ++steps) {
    for (const double size : kStepSizes) {
      const HeadWeights moved = descended(job.data.train_inputs, part, frozen.weights, steps, size);
      job.meter.spend(static_cast<double>(steps) *
                      gradient_flops(moved, job.fitted(), job.study.layer().keys));
      const Matrix<double> features = head_features(job.data.train_inputs, moved);
      spend_features(job, moved, job.samples());
      Steps<RidgeFit> fitting = fit_held_out(job, features);
      const RidgeFit fit = co_await fitting;
      if (!(fit.held_squares < best_held)) continue;
      best_held = fit.held_squares;
      best_steps = steps;
      best_size = size;
      best_strength = fit.strength;
    }
  }
  const std::vector<double> all = centred(job.data.label_span(), full_constant);
  const HeadWeights moved =
      descended(job.data.train_inputs, all, full_start, best_steps, best_size);
  Steps<TrainedPoint> measuring = measure_final(job, moved, best_strength);
  TrainedPoint point = co_await measuring;
  point.steps = static_cast<double>(best_steps);
  point.size = best_steps > 0 ? best_size : kNaN;
  co_return point;
}

/// A frozen layer with as many trained parameters.
Steps<TrainedPoint> fit_wide(const TrainedJob& job, const RandomFeatureLayer& layer) {
  NestedFitProblem problem{layer,
                           &job.data.train,
                           &job.data.test,
                           &job.data.labels,
                           &job.data.test_values,
                           {job.samples()},
                           job.study.sweep.ridge};
  std::vector<FitPoint> points;
  JobSteps fitting = fit_nested(problem, points);
  co_await fitting.within(job.meter.fraction(), job.meter.fraction());
  TrainedPoint point{points.front(), kNaN, kNaN, {kNaN, kNaN, kNaN, kNaN, kNaN}};
  job.meter.spend(fit_cost(layer, problem.sizes, job.data.test.count, 1, problem.ridge).flops);
  co_return point;
}

}  // namespace

FitCost trained_cost(const TrainedStudy& study, std::size_t n) {
  const LayerSizes& layer = study.layer();
  const std::size_t fitted = fitted_of(n), tests = study.sweep.test_samples;
  const std::size_t width = layer.dim + 1, p = layer.units * width;
  HeadWeights heads{width, layer.units, {}, {}};
  const double pass = head_feature_flops(heads, n, layer.keys);
  const double test_pass = head_feature_flops(heads, tests, layer.keys);
  const double choice = pass + ridge_flops(fitted, p, ridge_grid().size());
  const double final = pass + test_pass + ridge_flops(n, p, 1);
  FitCost cost;
  cost.flops = choice + final;
  // All through the job: tokens in both precisions, and the features of the frozen layer.
  const double held =
      static_cast<double>((n + tests) * (layer.keys + 1)) * static_cast<double>(12 * width) +
      8.0 * static_cast<double>(n * p);
  // Features of the moment, the system and its factor, blocks of samples, weights and moments.
  cost.bytes = held + 8.0 * static_cast<double>(p) *
                          static_cast<double>(n + tests + 3 * p + 4 * 128 + 12 * width);
  if (study.has(HeadTraining::kAdam)) {
    // How long training on all samples lasts is not known before: half of the steps.
    cost.flops += static_cast<double>(study.steps) * (gradient_flops(heads, fitted, layer.keys) +
                                                      0.5 * gradient_flops(heads, n, layer.keys)) +
                  static_cast<double>(checkpoints(study.steps).size()) * (choice + test_pass) +
                  final;
  }
  if (study.has(HeadTraining::kTwoStep)) {
    cost.flops += 8 * choice + 12 * gradient_flops(heads, fitted, layer.keys) + final;
  }
  for (const TrainedModel* model : study.models) {
    if (model->training != HeadTraining::kWide) continue;
    const FitCost wide =
        fit_cost(start_layer(study, *model, 0, 0), {n}, tests, 1, study.sweep.ridge);
    cost.flops += wide.flops;
    cost.bytes = std::max(cost.bytes, held + wide.bytes);
  }
  return cost;
}

JobSteps start_trained_job(RunSpec spec, std::uint32_t index) {
  const TrainedStudy study = read_trained_study(spec.parameters);
  const std::size_t trials = study.sweep.trials;
  if (index >= trials * study.sizes().size()) {
    co_return Error{"this run has no job " + std::to_string(index)};
  }
  const std::size_t n = study.sizes()[index / trials], trial = index % trials;
  const TrainedData data(study, n, spec.seed, trial);
  WorkMeter meter(trained_cost(study, n).flops, kRidgeStep);
  const TrainedJob job{study, data, meter};
  co_yield StepProgress(0);

  const RandomFeatureLayer layer = start_layer(study, trained_models().front(), spec.seed, trial);
  const HeadWeights start = start_weights(layer);
  Steps<FrozenFit> freezing = fit_frozen(job, start);
  const FrozenFit frozen = co_await freezing;
  // Where training on all samples starts: the frozen layer as it is fitted to them.
  HeadWeights full_start = start.clone();
  double full_penalty = 0, full_constant = 0;
  if (!frozen.fit.values.empty()) {
    const std::vector<double> one = {frozen.fit.strength};
    Steps<RidgeFit> fitting = ridge_fit(frozen.features.view(), data.label_span(), n, one, meter);
    const RidgeFit fit = co_await fitting;
    full_penalty = fit.penalty;
    full_constant = fit.constant;
    if (!fit.values.empty()) set_values(full_start, fit);
  }

  TrainedOutcome outcome;
  std::vector<TrainedPoint> points;
  for (const TrainedModel* model : study.models) {
    switch (model->training) {
      case HeadTraining::kAdam: {
        Steps<TrainedPoint> training =
            train_heads(job, frozen, full_start, full_penalty, full_constant, outcome);
        points.push_back(co_await training);
        break;
      }
      case HeadTraining::kTwoStep: {
        Steps<TrainedPoint> descending = descend_heads(job, frozen, full_start, full_constant);
        points.push_back(co_await descending);
        break;
      }
      case HeadTraining::kFrozen: {
        Steps<TrainedPoint> measuring = measure_final(job, start, frozen.fit.strength);
        points.push_back(co_await measuring);
        break;
      }
      case HeadTraining::kWide: {
        const RandomFeatureLayer wide = start_layer(study, *model, spec.seed, trial);
        Steps<TrainedPoint> fitting = fit_wide(job, wide);
        points.push_back(co_await fitting);
        break;
      }
    }
    if (model->training != HeadTraining::kWide) points.back().fit.failed |= frozen.fit.failed;
    co_yield StepProgress(meter.fraction(), encode_outcome(outcome));
  }
  outcome.points = std::move(points);
  co_return JobResult{encode_outcome(outcome)};
}

}  // namespace attnlab::random_features
