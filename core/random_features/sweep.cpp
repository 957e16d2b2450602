// Family A's engine: what the jobs of a sweep are, how they run, how their outputs become curves.
#include "core/random_features/sweep.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "core/base/text.h"
#include "core/numerics/random.h"

namespace attnlab::random_features {
namespace {

constexpr std::uint32_t kTrainDomain = hash_name("rf/train");
constexpr std::uint32_t kTestDomain = hash_name("rf/test");
constexpr std::uint32_t kOrderDomain = hash_name("rf/order");

/// What job i is: stage-major, then variants, trials, models.
struct JobName {
  std::size_t stage, variant, trial, model;
};

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

/// One column per case.
Matrix<double> case_values(const Sweep& sweep, const TargetDraw& draw, const TokenBatch& batch) {
  Matrix<double> values(batch.count, sweep.cases.size());
  for (std::size_t j = 0; j < sweep.cases.size(); ++j) {
    const std::vector<double> column =
        target_values(*sweep.cases[j].target, draw, batch, sweep.cases[j].number);
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

/// Training rows of one sample under a model.
std::size_t copies_of(const Sweep& sweep, const RandomFeatureModel& model) {
  return model.augmented ? sweep.copies : 1;
}

/// Rows of training sets, for their sizes in samples.
std::vector<std::size_t> rows_of(std::vector<std::size_t> sizes, std::size_t copies) {
  for (std::size_t& n : sizes) n *= copies;
  return sizes;
}

/// Every sample `copies` times side by side: as it is, and with its keys in random orders, which
/// depend on the seed, the trial and the sample alone.
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

/// What a job fits: drawn from the seed, the same for the job and for its helpers.
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
  const std::size_t copies = copies_of(sweep, *sweep.models[job.model]);
  const TargetDraw draw = draw_target(seed, trial, layer.dim);
  train = draw_sphere_tokens(seed, kTrainDomain, trial, sizes.back(), layer.keys, layer.dim);
  test = draw_sphere_tokens(seed, kTestDomain, trial, sweep.test_samples, layer.keys, layer.dim);
  test_values = case_values(sweep, draw, test);
  labels = case_values(sweep, draw, train);
  add_label_noise(sweep, seed, trial, test_values, labels);
  labels = repeated_rows(std::move(labels), copies);
  train = permuted_copies(std::move(train), copies, seed, trial);
  problem = {layer_of(sweep, job, seed), &train,      &test,           &labels, &test_values,
             rows_of(sizes, copies),     sweep.ridge, sweep.intercept, copies};
}

Error no_such_job(std::uint32_t index) {
  return {"this run has no job " + std::to_string(index)};
}

Bytes encode(const std::vector<FitPoint>& points) {
  ByteWriter writer;
  writer.u32(static_cast<std::uint32_t>(points.size()));
  for (const FitPoint& point : points) {
    writer.real(point.test_error);
    writer.real(point.strength);
    writer.u32(point.failed);
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
    point.failed = reader.u32();
  }
  return reader.at_end();
}

/// Sizes in stages: up to 256, 1024, 4096, ...
std::vector<std::vector<std::size_t>> stages_of(const std::vector<double>& sizes) {
  std::vector<std::vector<std::size_t>> stages;
  double limit = 256;
  for (const double n : sizes) {
    const bool new_stage = stages.empty() || n > limit;
    while (n > limit) limit *= 4;
    if (new_stage) stages.emplace_back();
    stages.back().push_back(static_cast<std::size_t>(n));
  }
  return stages;
}

std::vector<TargetCase> cases_of(const ParameterSet& parameters) {
  std::vector<TargetCase> cases;
  for (const std::string& id : parameters.choices("target")) {
    const Target* target = find_target(id);
    switch (target->number) {
      case TargetNumber::kDegree:
        for (const std::int64_t degree : parameters.integers("degree")) {
          cases.push_back({target, static_cast<double>(degree)});
        }
        break;
      case TargetNumber::kFrequency:
        for (const double frequency : parameters.reals("frequency")) {
          cases.push_back({target, frequency});
        }
        break;
      case TargetNumber::kNone:
        cases.push_back({target, 0});
        break;
    }
  }
  return cases;
}

/// The values of a parameter that some experiments sweep (a list) and others fix (a number).
std::vector<double> one_or_more(const ParameterSet& parameters, std::string_view name) {
  const ParameterValue& value = parameters.value(name);
  if (const auto* integer = std::get_if<std::int64_t>(&value)) {
    return {static_cast<double>(*integer)};
  }
  if (const auto* real = std::get_if<double>(&value)) return {*real};
  if (const auto* reals = std::get_if<std::vector<double>>(&value)) return *reals;
  const auto& integers = std::get<std::vector<std::int64_t>>(value);
  return std::vector<double>(integers.begin(), integers.end());
}

/// Which parameter of this schema is swept: the one given as a list, or none.
std::string_view swept_parameter(const ParameterSet& parameters) {
  for (const std::string_view name : {"heads", "keys", "bias-scale"}) {
    const ParameterKind kind = parameters.schema().find(name)->kind;
    if (kind == ParameterKind::kIntegerList || kind == ParameterKind::kRealList) return name;
  }
  return {};
}

std::vector<LayerVariant> variants_of(const ParameterSet& parameters) {
  const std::string_view swept = swept_parameter(parameters);
  const Budget budget =
      parameters.choice("budget") == "operations" ? Budget::kOperations : Budget::kParameters;
  std::vector<LayerVariant> variants;
  for (const double heads : one_or_more(parameters, "heads")) {
    for (const double keys : one_or_more(parameters, "keys")) {
      for (const double bias : one_or_more(parameters, "bias-scale")) {
        const double value = swept == "heads" ? heads : swept == "keys" ? keys : bias;
        variants.push_back(
            {value,
             {static_cast<std::size_t>(parameters.integer("dim")), static_cast<std::size_t>(keys),
              static_cast<std::size_t>(heads), bias, budget},
             {}});
      }
    }
  }
  return variants;
}

}  // namespace

bool Sweep::varies(std::size_t model) const {
  const auto layer = [&](const LayerVariant& variant) {
    return make_layer(*models[model], variant.layer, 0, 0);
  };
  return variants.size() == 1 || layer(variants.back()) != layer(variants.front());
}

std::size_t Sweep::job_count() const {
  std::size_t fits = 0;
  for (const LayerVariant& variant : variants) fits += variant.models.size();
  return stages.size() * trials * fits;
}

Sweep read_sweep(const ParameterSet& parameters) {
  Sweep sweep;
  for (const std::string& id : parameters.choices("models")) {
    sweep.models.push_back(find_random_feature_model(id));
  }
  sweep.cases = cases_of(parameters);
  sweep.variants = variants_of(parameters);
  for (std::size_t m = 0; m < sweep.models.size(); ++m) {
    for (LayerVariant& variant : sweep.variants) {
      if (&variant == &sweep.variants.front() || sweep.varies(m)) variant.models.push_back(m);
    }
  }
  sweep.stages = stages_of(one_or_more(parameters, "samples"));
  sweep.test_samples = static_cast<std::size_t>(parameters.integer("test-samples"));
  sweep.trials = static_cast<std::size_t>(parameters.integer("trials"));
  sweep.noise = parameters.real("noise");
  const ParameterValue& ridge = parameters.value("ridge");
  if (const double* strength = std::get_if<double>(&ridge)) {
    sweep.ridge = {RidgeChoice::Rule::kFixed, *strength};
  } else {
    sweep.ridge.rule = parameters.text("ridge") == "validation" ? RidgeChoice::Rule::kValidation
                                                                : RidgeChoice::Rule::kOracle;
  }
  sweep.intercept =
      parameters.choice("intercept") == "free" ? Intercept::kFree : Intercept::kPenalised;
  sweep.copies = static_cast<std::size_t>(parameters.integer("copies"));
  return sweep;
}

namespace {

/// How wide models are that have as many operations as RFA.
std::vector<std::string> budget_notes(const Sweep& sweep) {
  std::vector<std::string> notes;
  for (const LayerVariant& variant : sweep.variants) {
    for (const std::size_t m : variant.models) {
      const RandomFeatureModel& model = *sweep.models[m];
      const std::size_t units = model.infinite ? 0 : units_of(model, variant.layer);
      if (model.infinite || units == variant.layer.units) continue;
      notes.push_back(std::string(model.label) + " has " +
                      counted(units * (variant.layer.dim + 1), "neuron") +
                      ": as many operations a sample as " + counted(variant.layer.units, "head") +
                      " of RFA with N = " + std::to_string(variant.layer.keys) + ".");
    }
  }
  return notes;
}

Error constant_target(const TargetCase& item) {
  const std::string id(item.target->id);
  if (item.target->number == TargetNumber::kFrequency) {
    return {"dim must be at least 2 for " + id +
            ", not 1: on the unit sphere of one dimension a cosine is constant"};
  }
  return {"degree must be odd for " + id + " at dim 1, not " + short_text(item.number) +
          ": on the unit sphere of one dimension an even power is constant"};
}

}  // namespace

Expected<Plan> SweepJobs::plan(const RunSpec& spec) {
  const Sweep sweep = read_sweep(spec.parameters);
  for (const TargetCase& item : sweep.cases) {
    const bool constant = item.target->constant_at_dim_one(item.number);
    if (constant && sweep.variants.front().layer.dim == 1) return constant_target(item);
  }
  Plan plan;
  plan.memory_parameter = "samples";
  const std::string_view swept = swept_parameter(spec.parameters);
  for (std::uint32_t i = 0; i < sweep.job_count(); ++i) {
    const JobName job = job_name(sweep, i);
    const std::size_t copies = copies_of(sweep, *sweep.models[job.model]);
    const FitCost cost =
        fit_cost(layer_of(sweep, job, spec.seed), rows_of(sweep.stages[job.stage], copies),
                 sweep.test_samples, sweep.cases.size(), sweep.ridge);
    plan.job_bytes = std::max(plan.job_bytes, cost.bytes);
    std::string label = std::string(sweep.models[job.model]->label) + ", trial " +
                        std::to_string(job.trial + 1) + " of " + std::to_string(sweep.trials) +
                        ", n up to " + std::to_string(sweep.stages[job.stage].back());
    if (!swept.empty() && sweep.varies(job.model)) {
      label += ", " + std::string(swept) + " " + short_text(sweep.variants[job.variant].value);
    }
    plan.jobs.push_back({std::move(label), cost.flops});
  }
  return plan;
}

JobSteps SweepJobs::start(RunSpec spec, std::uint32_t index) {
  const Sweep sweep = read_sweep(spec.parameters);
  if (index >= sweep.job_count()) co_return no_such_job(index);
  const JobData data(sweep, spec.seed, job_name(sweep, index));
  co_yield StepProgress{0.0, {}};

  std::vector<FitPoint> points;
  JobSteps fit = fit_nested(data.problem, points);
  co_await fit;
  co_return JobResult{encode(points)};
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

std::vector<ErrorCurve> decode_sweep(const Sweep& sweep, std::span<const JobOutput> outputs,
                                     std::vector<std::string>& notes) {
  constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
  ErrorCurve empty{nullptr, {nullptr, 0}, 0, {}, {}, {}, {}, {}};
  std::vector<std::size_t> stage_begin;
  for (const auto& stage : sweep.stages) {
    stage_begin.push_back(empty.sizes.size());
    for (const std::size_t n : stage) empty.sizes.push_back(static_cast<double>(n));
  }
  empty.errors.assign(empty.sizes.size(), std::vector<double>(sweep.trials, kNaN));
  empty.strengths = empty.errors;
  empty.failed.assign(empty.sizes.size(), 0);
  empty.without_result.assign(empty.sizes.size(), 0);

  std::vector<ErrorCurve> curves;
  std::vector<std::vector<std::size_t>> first_curve(  // of [variant][model]
      sweep.variants.size(), std::vector<std::size_t>(sweep.models.size()));
  for (std::size_t v = 0; v < sweep.variants.size(); ++v) {
    for (const std::size_t m : sweep.variants[v].models) {
      first_curve[v][m] = curves.size();
      for (const TargetCase& item : sweep.cases) {
        curves.push_back(empty);
        curves.back().model = sweep.models[m];
        curves.back().target = item;
        curves.back().variant = sweep.varies(m) ? sweep.variants[v].value : kNaN;
      }
    }
  }
  const std::size_t cases = sweep.cases.size();
  std::vector<FitPoint> points;
  for (const JobOutput& output : outputs) {
    if (!output.complete || output.index >= sweep.job_count()) continue;
    const JobName job = job_name(sweep, output.index);
    const std::size_t sizes = sweep.stages[job.stage].size();
    if (!decode(output.bytes, sizes * cases, points)) {
      notes.push_back("The output of job " + std::to_string(output.index) +
                      " could not be read and was left out.");
      continue;
    }
    for (std::size_t s = 0; s < sizes; ++s) {
      for (std::size_t j = 0; j < cases; ++j) {
        ErrorCurve& curve = curves[first_curve[job.variant][job.model] + j];
        const FitPoint& point = points[s * cases + j];
        const std::size_t size = stage_begin[job.stage] + s;
        curve.errors[size][job.trial] = point.test_error;
        curve.strengths[size][job.trial] = point.strength;
        curve.failed[size] |= point.failed;
        curve.without_result[size] += std::isnan(point.test_error) ? 1 : 0;
      }
    }
  }
  for (std::string& note : fit_notes(sweep, curves)) notes.push_back(std::move(note));
  for (std::string& note : budget_notes(sweep)) notes.push_back(std::move(note));
  return curves;
}

std::string sizes_text(const Sweep& sweep) {
  const LayerSizes &first = sweep.variants.front().layer, &last = sweep.variants.back().layer;
  std::string text = "d = " + std::to_string(first.dim);
  if (first.keys == last.keys) text += ", N = " + std::to_string(first.keys);
  if (first.units == last.units) text += ", M = " + std::to_string(first.units);
  if (first.budget == Budget::kOperations) text += ", equal operations a sample";
  return text + ", " + counted(static_cast<std::size_t>(sweep.trials), "trial");
}

std::string protocol_text(const Sweep& sweep) {
  std::string text;
  switch (sweep.ridge.rule) {
    case RidgeChoice::Rule::kValidation:
      text = "Ridge chosen on a held-out 20 % of the training samples.";
      break;
    case RidgeChoice::Rule::kOracle:
      text = "Ridge chosen on the test set itself.";
      break;
    case RidgeChoice::Rule::kFixed:
      text = "Ridge " + short_text(sweep.ridge.value) + " throughout.";
      break;
  }
  if (sweep.intercept == Intercept::kPenalised) text += "  The constant is penalised.";
  return text;
}

}  // namespace attnlab::random_features
