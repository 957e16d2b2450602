// Jobs and outcomes of depth_study.h.
#include "core/in_context/depth_study.h"

#include <algorithm>
#include <cmath>

#include "core/base/text.h"
#include "core/experiment/parameters.h"
#include "core/experiment/step_budget.h"
#include "core/in_context/depth_baselines.h"
#include "core/in_context/parameters.h"
#include "core/numerics/elementary.h"
#include "core/numerics/random.h"

namespace attnlab::in_context {
namespace {

constexpr StepBudget kStep(12, per_millisecond::kSolverMultiplyAdds);
constexpr std::uint32_t kTestDomain = hash_name("icl/depth/test");
constexpr std::uint32_t kTuneDomain = hash_name("icl/depth/tune");
constexpr std::size_t kTunePrompts = 8000;
/// Ratio of the largest variance of skewed examples to the least.
constexpr double kSkew = 16;

std::vector<double> variances_of(std::size_t dim, bool skewed) {
  std::vector<double> variances(dim, 1.0);
  for (std::size_t i = 0; skewed && dim > 1 && i < dim; ++i) {
    const double place = static_cast<double>(i) / static_cast<double>(dim - 1);
    variances[i] = portable_exp(portable_log(kSkew) * (0.5 - place));
  }
  return variances;
}

Bytes encode_depth(const DepthModel& model, const TrainingCurve& curve,
                   std::span<const Estimate> measures) {
  ByteWriter writer;
  write_curve(writer, curve);
  for (std::size_t l = 0; l < model.layers(); ++l) writer.reals(model.step_matrix(l));
  for (std::size_t l = 0; l + 1 < model.layers(); ++l) writer.reals(model.change_matrix(l));
  writer.u32(static_cast<std::uint32_t>(measures.size()));
  for (const Estimate& estimate : measures) write_estimate(writer, estimate);
  return writer.take();
}

bool decode_depth(const DepthSetup& setup, std::span<const std::uint8_t> bytes,
                  DepthOutcome& outcome) {
  const std::size_t size = setup.task.dim() * setup.task.dim();
  ByteReader reader(bytes);
  if (!read_curve(reader, outcome.curve)) return false;
  for (std::size_t l = 0; l < setup.layers; ++l) outcome.steps.push_back(reader.reals());
  for (std::size_t l = 0; l + 1 < setup.layers; ++l) outcome.changes.push_back(reader.reals());
  for (const auto* matrices : {&outcome.steps, &outcome.changes}) {
    for (const std::vector<double>& matrix : *matrices) {
      if (matrix.size() != size) return false;
    }
  }
  const std::uint32_t count = reader.u32();
  if (count != 0 && count != kDepthMeasures) return false;
  for (std::size_t i = 0; i < count; ++i) outcome.measures[i] = read_estimate(reader);
  outcome.known = reader.at_end();
  return outcome.known;
}

/// The measures of the test prompts number `group`, appended to `values`.
void measure_prompts(const DepthSetup& setup, const DepthModel& model,
                     std::span<const StepPolynomial> descents, std::size_t group,
                     std::array<std::vector<double>, kDepthMeasures>& values) {
  const DepthMatrix prompts =
      draw_depth_prompts(setup.task, setup.seed, kTestDomain, static_cast<std::uint32_t>(group));
  const std::array<double, kDepthLanes> trained = model.risks(prompts, {});
  for (std::size_t lane = 0; lane < kDepthLanes; ++lane) {
    const std::vector<double> moment = lane_of(prompts, lane);
    const double plain = polynomial_risk(setup.task, descents[0], moment);
    const double preconditioned = polynomial_risk(setup.task, descents[1], moment);
    const double measured[] = {trained[lane], plain, preconditioned, bayes_risk(setup.task, moment),
                               preconditioned - trained[lane]};
    for (std::size_t m = 0; m < kDepthMeasures; ++m) values[m].push_back(measured[m]);
  }
}

/// Multiply-adds of measuring a test prompt, or of tuning with one.
double prompt_cost(const DepthSetup& setup) {
  const double d = static_cast<double>(setup.task.dim());
  return 30 * static_cast<double>(setup.layers) * d * d * d +
         static_cast<double>(setup.task.prompt_length) * d * (d + 20);
}

}  // namespace

std::vector<Parameter> depth_parameters() {
  Parameter layers = described({.name = "layers",
                                .label = "Layers",
                                .symbol = "L",
                                .help = "numbers of layers to train",
                                .min = 1,
                                .max = 4,
                                .default_value = integers({1, 2, 3}),
                                .suggested = {1, 2, 3, 4},
                                .primary = true});
  Parameter length = described({.name = "prompt-length",
                                .label = "Examples in the prompt",
                                .symbol = "D",
                                .help = "examples (x, y) that come before the query",
                                .min = 1,
                                .max = 500,
                                .default_value = std::int64_t{20},
                                .suggested = {10, 20, 40, 100},
                                .logarithmic = true,
                                .primary = true});
  Parameter covariance =
      described({.name = "covariance",
                 .label = "Covariance of x",
                 .help = "whether all directions of x have the same variance",
                 .choices = {{"identity", "Identity", "all variances are 1"},
                             {"skewed", "Skewed", "variances from 4 to 1/4 in equal ratios"}},
                 .default_value = std::string("identity"),
                 .primary = true});
  Parameter dim = icl_dim_parameter(8);
  dim.suggested = {1, 2, 5, 8};
  return {layers,
          dim,
          length,
          covariance,
          icl_noise_parameter(),
          described({.name = "steps",
                     .label = "Training steps",
                     .help = "steps of Adam, fresh prompts in each",
                     .min = 10,
                     .max = 1000000,
                     .default_value = std::int64_t{6000},
                     .suggested = {2000, 6000, 20000},
                     .logarithmic = true}),
          described({.name = "batch",
                     .label = "Prompts a step",
                     .help = "rounded up to a multiple of 8",
                     .min = 8,
                     .max = 1024,
                     .default_value = std::int64_t{64},
                     .suggested = {32, 64, 256},
                     .logarithmic = true}),
          described({.name = "rate",
                     .label = "Learning rate",
                     .help = "Adam's first step size; it falls to 0 along a cosine",
                     .min = 0.0001,
                     .max = 1,
                     .default_value = 0.03,
                     .suggested = {0.003, 0.01, 0.03},
                     .logarithmic = true}),
          described({.name = "prompts",
                     .label = "Test prompts",
                     .help = "fresh prompts that measure the risks",
                     .min = 1000,
                     .max = 1000000,
                     .default_value = std::int64_t{20000},
                     .suggested = {20000, 100000},
                     .logarithmic = true})};
}

DepthStudy read_depth_study(const RunSpec& spec) {
  const ParameterSet& parameters = spec.parameters;
  DepthStudy study;
  study.skewed = parameters.choice("covariance") == "skewed";
  study.test_prompts = static_cast<std::size_t>(parameters.integer("prompts"));
  DepthSetup setup;
  setup.task.variances =
      variances_of(static_cast<std::size_t>(parameters.integer("dim")), study.skewed);
  setup.task.prompt_length = static_cast<std::size_t>(parameters.integer("prompt-length"));
  setup.task.noise = parameters.real("noise");
  setup.batch = (static_cast<std::size_t>(parameters.integer("batch")) + kDepthLanes - 1) /
                kDepthLanes * kDepthLanes;
  setup.steps = static_cast<std::size_t>(parameters.integer("steps"));
  setup.rate = parameters.real("rate");
  setup.seed = spec.seed;
  for (const std::int64_t layers : parameters.integers("layers")) {
    setup.layers = static_cast<std::size_t>(layers);
    study.models.push_back(setup);
  }
  return study;
}

Plan plan_depth(const DepthStudy& study) {
  Plan plan;
  plan.memory_parameter = "prompts";
  for (const DepthSetup& setup : study.models) {
    const double tested = static_cast<double>(study.test_prompts + kTunePrompts);
    plan.jobs.push_back(
        {"training " + counted(setup.layers, "layer"),
         depth_step_cost(setup) * static_cast<double>(setup.steps) + prompt_cost(setup) * tested});
    const double draws = static_cast<double>(setup.task.prompt_length * setup.task.dim());
    plan.job_bytes = std::max(
        plan.job_bytes,
        8 * (2.0 * kDepthMeasures * static_cast<double>(study.test_prompts) + kDepthLanes * draws));
  }
  return plan;
}

JobSteps train_layers(DepthSetup setup, std::size_t test_prompts) {
  DepthTrainer trainer(setup);
  TrainingCurve curve;
  StepBudget budget = kStep;
  const double training = depth_step_cost(setup) * static_cast<double>(setup.steps);
  const double testing = prompt_cost(setup) * static_cast<double>(test_prompts);
  const double work = training + testing + prompt_cost(setup) * kTunePrompts;
  while (trainer.steps_done() < setup.steps) {
    const double risk = trainer.step();
    if (!std::isfinite(risk)) {
      co_return Error{"training of " + counted(setup.layers, "layer") +
                      " diverged: lower the rate"};
    }
    curve.add(static_cast<double>(trainer.steps_done()), risk);
    if (!budget.spend(depth_step_cost(setup))) continue;
    const double done = depth_step_cost(setup) * static_cast<double>(trainer.steps_done());
    co_yield StepProgress{done / work, encode_depth(trainer.model(), curve, {})};
  }
  StepTuner plain(setup.task, setup.layers, false), whitened(setup.task, setup.layers, true);
  for (std::size_t group = 0; group * kDepthLanes < kTunePrompts; ++group) {
    const DepthMatrix prompts =
        draw_depth_prompts(setup.task, setup.seed, kTuneDomain, static_cast<std::uint32_t>(group));
    plain.add(prompts);
    whitened.add(prompts);
    if (budget.spend(kDepthLanes * prompt_cost(setup))) co_yield StepProgress{training / work};
  }
  const StepPolynomial descents[] = {plain.best(), whitened.best()};
  std::array<std::vector<double>, kDepthMeasures> values;
  for (std::size_t group = 0; group * kDepthLanes < test_prompts; ++group) {
    measure_prompts(setup, trainer.model(), descents, group, values);
    if (!budget.spend(kDepthLanes * prompt_cost(setup))) continue;
    const double share =
        static_cast<double>(group * kDepthLanes) / static_cast<double>(test_prompts);
    co_yield StepProgress{(work - testing * (1 - share)) / work};
  }
  std::vector<Estimate> measures;
  for (const std::vector<double>& one : values) measures.push_back(mean_and_error(one));
  co_return JobResult{encode_depth(trainer.model(), curve, measures)};
}

std::vector<DepthOutcome> read_depth_outcomes(const DepthStudy& study,
                                              std::span<const JobOutput> outputs,
                                              std::vector<std::string>& notes) {
  std::vector<DepthOutcome> outcomes(study.models.size());
  for (const JobOutput& output : outputs) {
    if (output.index >= outcomes.size()) continue;
    DepthOutcome outcome;
    if (decode_depth(study.models[output.index], output.bytes, outcome)) {
      outcomes[output.index] = std::move(outcome);
    } else {
      notes.push_back("The output of job " + std::to_string(output.index) +
                      " could not be read and was left out.");
    }
  }
  return outcomes;
}

}  // namespace attnlab::in_context
