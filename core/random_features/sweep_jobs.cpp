// The jobs of a sweep: their data, drawn from the seed, their fits, and their outputs as bytes.
#include "core/random_features/sweep_jobs.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "core/numerics/random.h"
#include "core/random_features/own_target.h"

namespace attnlab::random_features {
namespace {

constexpr std::uint32_t kTrainDomain = hash_name("rf/train");
constexpr std::uint32_t kTestDomain = hash_name("rf/test");
constexpr std::uint32_t kOrderDomain = hash_name("rf/order");

/// One column per case.
Matrix<double> case_values(const Sweep& sweep, const TargetDraw& draw, const TokenBatch& batch) {
  Matrix<double> values(batch.count, sweep.cases.size());
  for (std::size_t j = 0; j < sweep.cases.size(); ++j) {
    const std::vector<double> column = case_values(sweep.cases[j], draw, batch);
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
void add_label_noise(const Sweep& sweep, std::uint64_t seed, std::uint32_t trial,
                     const Matrix<double>& test_values, Matrix<double>& labels) {
  if (sweep.noise == 0) return;
  std::vector<double> draws(labels.rows());
  for (std::size_t j = 0; j < sweep.cases.size(); ++j) {
    RandomStream(seed, hash_name("rf/noise/" + sweep.cases[j].name()), trial).fill_normal(draws);
    const double scale = sweep.noise * standard_deviation(test_values, j);
    for (std::size_t i = 0; i < labels.rows(); ++i) labels(i, j) += scale * draws[i];
  }
}

/// Training rows of one sample in a job.
std::size_t copies_of(const Sweep& sweep, const JobName& job) {
  return sweep.models[job.model]->augmented ? sweep.copies : 1;
}

/// Every sample `copies` times in a row: as it is, and with its keys in random orders, which depend
/// on seed, trial and sample alone.
TokenBatch permuted_copies(TokenBatch batch, std::size_t copies, std::uint64_t seed,
                           std::uint32_t trial) {
  if (copies == 1) return batch;
  TokenBatch all{batch.count * copies, batch.keys, batch.dim, {}};
  all.values.reserve(all.count * all.sample_size());
  std::vector<std::size_t> order(batch.keys);
  for (std::size_t i = 0; i < batch.count; ++i) {
    RandomStream stream(seed, kOrderDomain, trial, static_cast<std::uint32_t>(i));
    std::iota(order.begin(), order.end(), std::size_t{1});
    for (std::size_t copy = 0; copy < copies; ++copy) {
      for (std::size_t k = batch.keys; copy > 0 && k > 1; --k) {
        std::swap(order[k - 1], order[stream.below(static_cast<std::uint32_t>(k))]);
      }
      all.values.insert(all.values.end(), batch.token(i, 0), batch.token(i, 0) + batch.dim);
      for (const std::size_t key : order) {
        all.values.insert(all.values.end(), batch.token(i, key), batch.token(i, key) + batch.dim);
      }
    }
  }
  return all;
}

/// The labels of permuted copies: one for every copy of a sample.
Matrix<double> repeated_rows(Matrix<double> labels, std::size_t copies) {
  if (copies == 1) return labels;
  Matrix<double> all(labels.rows() * copies, labels.cols());
  for (std::size_t i = 0; i < all.rows(); ++i) {
    std::copy_n(labels.row(i / copies).data(), labels.cols(), all.row(i).data());
  }
  return all;
}

/// The problem of a job, drawn from the seed; a job and its helpers draw the same.
struct JobData {
  JobData(const Sweep& sweep, std::uint64_t seed, const JobName& job);
  JobData(const JobData&) = delete;  // the problem points to the rest

  TokenBatch train, test;
  Matrix<double> test_values, labels;
  NestedFitProblem problem;
};

JobData::JobData(const Sweep& sweep, std::uint64_t seed, const JobName& job) {
  const LayerSizes& layer = sweep.variants[job.variant].layer;
  const auto trial = static_cast<std::uint32_t>(job.trial);
  const std::vector<std::size_t>& sizes = sweep.stages[job.stage];
  const std::size_t copies = copies_of(sweep, job);
  const TargetDraw draw = draw_target(seed, trial, layer.dim);
  train =
      draw_tokens(layer.tokens, {seed, kTrainDomain, trial, sizes.back(), layer.keys, layer.dim});
  test = draw_tokens(layer.tokens,
                     {seed, kTestDomain, trial, sweep.test_samples, layer.keys, layer.dim});
  test_values = case_values(sweep, draw, test);
  labels = case_values(sweep, draw, train);
  add_label_noise(sweep, seed, trial, test_values, labels);
  labels = repeated_rows(std::move(labels), copies);
  train = permuted_copies(std::move(train), copies, seed, trial);
  // Targets read the tokens, layers also see the places.
  add_positions(layer.tokens, seed, trial, train);
  add_positions(layer.tokens, seed, trial, test);
  problem = {layer_of(sweep, job, seed), &train,      &test,           &labels, &test_values,
             training_rows(sweep, job),  sweep.ridge, sweep.intercept, copies};
}

Error no_such_job(std::uint32_t index) {
  return {"this run has no job " + std::to_string(index)};
}

}  // namespace

JobName job_name(const Sweep& sweep, std::uint32_t index) {
  const std::size_t in_stage = sweep.job_count() / sweep.stages.size();
  std::size_t rest = index % in_stage, variant = 0;
  while (rest >= sweep.trials * sweep.variants[variant].models.size()) {
    rest -= sweep.trials * sweep.variants[variant].models.size();
    ++variant;
  }
  const std::vector<std::size_t>& models = sweep.variants[variant].models;
  return {index / in_stage, variant, rest / models.size(), models[rest % models.size()]};
}

FrozenLayer layer_of(const Sweep& sweep, const JobName& job, std::uint64_t seed) {
  return make_layer(*sweep.models[job.model], sweep.variants[job.variant].layer, seed,
                    static_cast<std::uint32_t>(job.trial));
}

std::vector<std::size_t> training_rows(const Sweep& sweep, const JobName& job) {
  std::vector<std::size_t> rows = sweep.stages[job.stage];
  for (std::size_t& n : rows) n *= copies_of(sweep, job);
  return rows;
}

Bytes encode_points(const std::vector<FitPoint>& points) {
  ByteWriter writer;
  writer.u32(static_cast<std::uint32_t>(points.size()));
  for (const FitPoint& point : points) {
    writer.real(point.test_error);
    writer.real(point.strength);
    writer.u32(point.failed);
    writer.real(point.training_error);
  }
  return writer.take();
}

bool decode_points(std::span<const std::uint8_t> bytes, std::size_t count,
                   std::vector<FitPoint>& points) {
  constexpr std::size_t kOldPoint = 20;  // bytes
  const bool old = bytes.size() == 4 + kOldPoint * count;
  ByteReader reader(bytes);
  if (reader.u32() != count) return false;
  points.resize(count);
  for (FitPoint& point : points) {
    point.test_error = reader.real();
    point.strength = reader.real();
    point.failed = reader.u32();
    point.training_error = old ? std::numeric_limits<double>::quiet_NaN() : reader.real();
  }
  return reader.at_end();
}

JobSteps SweepJobs::start(RunSpec spec, std::uint32_t index) {
  const Sweep sweep = read_sweep(spec.parameters);
  if (index >= sweep.job_count()) co_return no_such_job(index);
  const JobData data(sweep, spec.seed, job_name(sweep, index));
  co_yield StepProgress{0.0, {}};

  std::vector<FitPoint> points;
  JobSteps fit = fit_nested(data.problem, points);
  co_await fit;
  co_return JobResult{encode_points(points)};
}

JobSteps SweepJobs::assist(RunSpec spec, std::uint32_t index, Bytes share) {
  const Sweep sweep = read_sweep(spec.parameters);
  if (index >= sweep.job_count()) co_return no_such_job(index);
  const JobData data(sweep, spec.seed, job_name(sweep, index));
  co_yield StepProgress{0.0, {}};

  JobSteps part = fit_share(data.problem, std::move(share));
  JobResult result = co_await part;
  co_return result;
}

}  // namespace attnlab::random_features
