// Parameters, plan, jobs and outcomes of diversity_study.h.
#include "core/in_context/diversity_study.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/base/text.h"
#include "core/experiment/parameters.h"

namespace attnlab::in_context {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr std::uint32_t kTasks = hash_name("icl-diversity/tasks");
constexpr std::uint32_t kPrompts = hash_name("icl-diversity/prompts");
constexpr std::uint32_t kTests = hash_name("icl-diversity/tests");

/// round(values * unit) without repeats; refuses values that give less than one.
Expected<std::vector<std::size_t>> whole_numbers(const ParameterSet& parameters,
                                                 const std::string& name, double unit,
                                                 const std::string& what) {
  std::vector<std::size_t> numbers;
  for (const double value : parameters.reals(name)) {
    if (value * unit < 1 - 1e-9) {
      return Error{name + " must be at least " + short_text(1 / unit) + " with dim " +
                   parameters.text("dim") + ", not " + exact_text(value) + ": fewer than one " +
                   what};
    }
    const auto number = static_cast<std::size_t>(std::llround(value * unit));
    if (numbers.empty() || numbers.back() != number) numbers.push_back(number);
  }
  return numbers;
}

Parameter ratio_list(Parameter parameter, double min, double max) {
  parameter.min = min;
  parameter.max = max;
  parameter.logarithmic = true;
  parameter.primary = true;
  return described(std::move(parameter));
}

struct DiversityJob {
  std::size_t trial = 0, example = 0, prompt = 0;
  bool posterior = false;
};

DiversityJob job_of(const DiversityStudy& study, std::size_t index) {
  const std::size_t place = index % study.jobs_of_trial();
  DiversityJob job{index / study.jobs_of_trial()};
  job.posterior = place >= study.fits_of_trial();
  if (job.posterior) {
    job.example = place - study.fits_of_trial();
  } else {
    job.example = place / study.prompts.size();
    job.prompt = place % study.prompts.size();
  }
  return job;
}

double job_flops(const DiversityStudy& study, const DiversityJob& job) {
  if (job.posterior) {
    return posterior_flops(study.dim, study.examples[job.example], study.tasks, study.test_prompts);
  }
  double flops = 0;
  for (std::size_t t = 0; t < study.tasks.size(); ++t) {
    flops += fit_flops(study.fit_case(t, job.example, job.prompt));
  }
  return flops;
}

double job_bytes(const DiversityStudy& study, const DiversityJob& job) {
  const double d = static_cast<double>(study.dim), k = static_cast<double>(study.tasks.back());
  const double length = static_cast<double>(study.examples[job.example]);
  if (job.posterior) return 8 * (k * (2 * d + 4) + length * (d + 1) + 3 * d * d) + 1e5;
  return fit_bytes(study.fit_case(study.tasks.size() - 1, job.example, job.prompt)) + 1e5;
}

std::string job_label(const DiversityStudy& study, const DiversityJob& job) {
  std::string label = "α = " + short_text(study.alpha(job.example));
  if (!job.posterior) label += ", τ = " + short_text(study.tau(job.prompt));
  if (job.posterior) label = "posterior means, " + label;
  return label + ", trial " + std::to_string(job.trial + 1) + " of " + std::to_string(study.trials);
}

constexpr std::size_t kFitNumbers = 4;  ///< of one fit in an output: errors, residual, failed

JobSteps run_fits(DiversityStudy study, DiversityJob job, std::uint64_t seed,
                  std::uint32_t substream) {
  const auto trial = static_cast<std::uint32_t>(job.trial);
  const Matrix<double> tasks =
      draw_tasks(RandomStream(seed, kTasks, trial), study.tasks.back(), study.dim);
  WorkMeter meter(job_flops(study, job), kDiversityStep);
  StepBudget shown(15, per_millisecond::kProductFlops / 4);
  std::vector<double> numbers;
  const auto encoded = [&] {
    ByteWriter writer;
    writer.reals(numbers);
    return writer.take();
  };
  for (std::size_t t = 0; t < study.tasks.size(); ++t) {
    const DiversityCase size = study.fit_case(t, job.example, job.prompt);
    // Every fit has prompts of its own: a job has fewer than 2^16 numbers of tasks.
    const RandomStream stream(seed, kPrompts, trial,
                              (substream << 16) + static_cast<std::uint32_t>(t));
    Steps<FittedLayer> fitting = fit_layer(size, tasks, stream, meter);
    const FittedLayer layer = co_await fitting;
    if (layer.gamma.size() == 0) {
      numbers.insert(numbers.end(), {kNaN, kNaN, kNaN, 1});
    } else {
      const DiversityErrors errors =
          errors_of_layer(layer.gamma.view(), tasks.view().block(0, 0, size.tasks, size.dim),
                          size.examples, size.noise);
      numbers.insert(numbers.end(), {errors.fresh, errors.trained, layer.residual, 0});
    }
    if (shown.spend(fit_flops(size))) co_yield StepProgress(meter.fraction(), encoded());
  }
  co_return JobResult{encoded()};
}

JobSteps run_posterior(DiversityStudy study, DiversityJob job, std::uint64_t seed) {
  const auto trial = static_cast<std::uint32_t>(job.trial);
  const Matrix<double> tasks =
      draw_tasks(RandomStream(seed, kTasks, trial), study.tasks.back(), study.dim);
  WorkMeter meter(job_flops(study, job), kDiversityStep);
  const RandomStream stream(seed, kTests, trial, static_cast<std::uint32_t>(job.example));
  Steps<PosteriorErrors> measuring =
      posterior_errors(study.examples[job.example], study.noise, study.tasks, tasks,
                       study.test_prompts, stream, meter);
  const PosteriorErrors errors = co_await measuring;
  ByteWriter writer;
  writer.reals(errors.fresh);
  writer.reals(errors.trained);
  writer.real(errors.ridge);
  co_return JobResult{writer.take()};
}

}  // namespace

Schema diversity_schema() {
  Parameter dim = described({.name = "dim",
                             .label = "Dimension",
                             .symbol = "d",
                             .help = "length of an example x and of a task w",
                             .min = 2,
                             .max = 64,
                             .default_value = std::int64_t{20},
                             .suggested = {10, 20, 32},
                             .logarithmic = true,
                             .primary = true});
  return {{
      dim,
      ratio_list({.name = "kappa",
                  .label = "Tasks over dimension",
                  .symbol = "κ",
                  .help = "the prompts come from k = κ d tasks, rounded",
                  .default_value = reals({0.1, 0.2, 0.3, 0.5, 0.7, 1, 1.5, 2, 4, 8}),
                  .suggested = {0.1, 0.2, 0.5, 1, 2, 4, 8}},
                 0.01, 100),
      ratio_list({.name = "alpha",
                  .label = "Examples over dimension",
                  .symbol = "α",
                  .help = "a prompt has l = α d examples, rounded",
                  .default_value = reals({1, 10}),
                  .suggested = {0.5, 1, 2, 5, 10}},
                 0.01, 100),
      ratio_list({.name = "tau",
                  .label = "Prompts over dimension²",
                  .symbol = "τ",
                  .help = "the layer is fitted to n = τ d² prompts, rounded",
                  .default_value = reals({4}),
                  .suggested = {0.25, 0.5, 1, 2, 4, 8}},
                 0.001, 100),
      described({.name = "noise",
                 .label = "Label noise",
                 .symbol = "ρ",
                 .help = "variance of the label noise (the labels' own variance is 1)",
                 .max = 100,
                 .default_value = 0.1,
                 .suggested = {0, 0.01, 0.1, 0.5, 1}}),
      described({.name = "ridge",
                 .label = "Ridge parameter",
                 .symbol = "λ",
                 .help = "penalty (n/d) λ |Γ|² of the fit",
                 .max = 1000,
                 .default_value = 0.0,
                 .suggested = {0, 1e-6, 0.001, 0.01, 0.1, 1}}),
      described({.name = "trials",
                 .label = "Trials",
                 .help = "repetitions with tasks and prompts of their own",
                 .min = 1,
                 .max = 1000,
                 .default_value = std::int64_t{8},
                 .suggested = {2, 4, 8, 20, 50},
                 .logarithmic = true}),
      described({.name = "test-prompts",
                 .label = "Test prompts",
                 .help = "prompts of a trial that measure the posterior mean; the layer's errors "
                         "are exact",
                 .min = 10,
                 .max = 100000,
                 .default_value = std::int64_t{100},
                 .suggested = {50, 100, 1000},
                 .logarithmic = true}),
  }};
}

Expected<DiversityStudy> read_diversity_study(const ParameterSet& parameters) {
  DiversityStudy study;
  study.dim = static_cast<std::size_t>(parameters.integer("dim"));
  study.trials = static_cast<std::size_t>(parameters.integer("trials"));
  study.test_prompts = static_cast<std::size_t>(parameters.integer("test-prompts"));
  study.noise = parameters.real("noise");
  study.ridge = parameters.real("ridge");
  const double d = static_cast<double>(study.dim);
  Expected<std::vector<std::size_t>> tasks = whole_numbers(parameters, "kappa", d, "task");
  if (!tasks) return tasks.error();
  Expected<std::vector<std::size_t>> examples = whole_numbers(parameters, "alpha", d, "example");
  if (!examples) return examples.error();
  Expected<std::vector<std::size_t>> prompts = whole_numbers(parameters, "tau", d * d, "prompt");
  if (!prompts) return prompts.error();
  study.tasks = *std::move(tasks);
  study.examples = *std::move(examples);
  study.prompts = *std::move(prompts);
  return study;
}

Expected<Plan> plan_diversity(const RunSpec& spec) {
  const Expected<DiversityStudy> study = read_diversity_study(spec.parameters);
  if (!study) return study.error();
  Plan plan;
  plan.memory_parameter = "dim";
  for (std::size_t i = 0; i < study->job_count(); ++i) {
    const DiversityJob job = job_of(*study, i);
    plan.job_bytes = std::max(plan.job_bytes, job_bytes(*study, job));
    plan.jobs.push_back({job_label(*study, job), job_flops(*study, job)});
  }
  return plan;
}

JobSteps start_diversity_job(RunSpec spec, std::uint32_t index) {
  const Expected<DiversityStudy> study = read_diversity_study(spec.parameters);
  if (!study) co_return study.error();
  if (index >= study->job_count()) co_return Error{"this run has no job " + std::to_string(index)};
  const DiversityJob job = job_of(*study, index);
  JobSteps steps = job.posterior
                       ? run_posterior(*study, job, spec.seed)
                       : run_fits(*study, job, spec.seed,
                                  static_cast<std::uint32_t>(index % study->jobs_of_trial()));
  co_return co_await steps;
}

DiversityOutcome read_diversity(const DiversityStudy& study, std::span<const JobOutput> outputs,
                                std::vector<std::string>& notes) {
  const Trials unknown(study.trials, kNaN);
  const std::size_t counts = study.tasks.size();
  DiversityOutcome outcome;
  for (std::size_t e = 0; e < study.examples.size(); ++e) {
    for (std::size_t p = 0; p < study.prompts.size(); ++p) {
      for (std::size_t t = 0; t < counts; ++t) {
        outcome.cells.push_back({t, e, p, unknown, unknown, unknown, 0});
      }
    }
    for (std::size_t t = 0; t < counts; ++t) {
      outcome.posterior.push_back({t, e, unknown, unknown, unknown});
    }
  }
  for (const JobOutput& output : outputs) {
    if (output.index >= study.job_count()) continue;
    const DiversityJob job = job_of(study, output.index);
    ByteReader reader(output.bytes);
    if (job.posterior) {
      const std::vector<double> fresh = reader.reals(), trained = reader.reals();
      const double ridge = reader.real();
      if (reader.at_end() && fresh.size() == counts && trained.size() == counts) {
        for (std::size_t t = 0; t < counts; ++t) {
          PosteriorCell& cell = outcome.posterior[job.example * counts + t];
          cell.fresh[job.trial] = fresh[t];
          cell.trained[job.trial] = trained[t];
          cell.ridge[job.trial] = ridge;
        }
        continue;
      }
    } else {
      const std::vector<double> numbers = reader.reals();
      const std::size_t known = numbers.size() / kFitNumbers;
      if (reader.at_end() && numbers.size() % kFitNumbers == 0 && known <= counts &&
          (known == counts || !output.complete)) {
        const std::size_t first = (job.example * study.prompts.size() + job.prompt) * counts;
        for (std::size_t t = 0; t < known; ++t) {
          const double* const of_fit = &numbers[t * kFitNumbers];
          DiversityCell& cell = outcome.cells[first + t];
          cell.fresh[job.trial] = of_fit[0];
          cell.trained[job.trial] = of_fit[1];
          cell.residual[job.trial] = of_fit[2];
          cell.failed += of_fit[3] != 0 ? 1 : 0;
        }
        continue;
      }
    }
    if (output.complete) {
      notes.push_back("The output of job " + std::to_string(output.index) +
                      " could not be read and was left out.");
    }
  }
  return outcome;
}

Trials known_differences(const Trials& a, const Trials& b) {
  Trials differences;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double difference = b.empty() ? a[i] : a[i] - b[i];
    if (std::isfinite(difference)) differences.push_back(difference);
  }
  return differences;
}

}  // namespace attnlab::in_context
