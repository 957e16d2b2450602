// Jobs and outcomes of training_study.h.
#include "core/in_context/training_study.h"
#include "core/experiment/parameters.h"

#include <algorithm>
#include <cmath>

#include "core/base/text.h"
#include "core/experiment/step_budget.h"
#include "core/in_context/parameters.h"

namespace attnlab::in_context {
namespace {

constexpr std::size_t kSearchPrompts = 4000, kOptimumPrompts = 60000, kTestChunk = 1024;
constexpr StepBudget kStep(12, per_millisecond::kTrainingFlops);

HeadRiskTask optimum_task(const TrainingStudy& study) {
  HeadRiskTask task;
  task.law = make_prompt_law(study.models.front().scenario());
  task.head_counts = study.heads;
  task.search_prompts = kSearchPrompts;
  task.prompts = kOptimumPrompts;
  task.seed = study.models.front().seed;
  return task;
}

double optimum_cost(const TrainingStudy& study) {
  std::size_t all = 0;
  for (const std::size_t heads : study.heads) all += heads;
  const Scenario scenario = study.models.front().scenario();
  return search_cost(scenario, kSearchPrompts) +
         measure_cost(scenario, kSetsPerCount * all, kOptimumPrompts);
}

Bytes encode_optimum(const RiskEstimates& estimates) {
  ByteWriter writer;
  for (std::size_t i = 0; i < estimates.risks.size(); ++i) {
    writer.real(estimates.risks[i]);
    writer.real(estimates.std_error(i));
  }
  return writer.take();
}

Bytes encode_model(const Trainer& trainer, std::size_t heads, const TrainingCurve& curve,
                   const Estimate& risk) {
  ByteWriter writer;
  writer.real(static_cast<double>(trainer.steps_done()));
  write_curve(writer, curve);
  for (std::size_t h = 0; h < heads; ++h) {
    writer.reals(trainer.model().key_query(h));
    writer.reals(trainer.model().value(h));
  }
  write_estimate(writer, risk);
  return writer.take();
}

bool decode_model(const TrainingSetup& setup, std::span<const std::uint8_t> bytes,
                  TrainedModel& model) {
  ByteReader reader(bytes);
  model.steps = reader.real();
  if (!read_curve(reader, model.curve)) return false;
  for (std::size_t h = 0; h < setup.heads; ++h) {
    model.key_query.push_back(reader.reals());
    model.value.push_back(reader.reals());
    if (model.key_query.back().size() != (setup.dim + 1) * setup.dim) return false;
    if (model.value.back().size() != setup.dim + 1) return false;
  }
  model.risk = read_estimate(reader);
  model.known = reader.at_end();
  return model.known;
}

JobSteps train_model(TrainingSetup setup, std::size_t test_prompts) {
  Trainer trainer(setup);
  TrainingCurve curve;
  const std::size_t chunk = static_cast<std::size_t>(
      std::clamp(kStep.work() / training_cost(setup), 1.0, static_cast<double>(setup.steps)));
  const double train_work = static_cast<double>(setup.steps) * static_cast<double>(setup.batch);
  const double work = train_work + static_cast<double>(test_prompts);
  while (trainer.steps_done() < setup.steps) {
    for (std::size_t i = 0; i < chunk && trainer.steps_done() < setup.steps; ++i) {
      const double loss = trainer.step();
      if (!std::isfinite(loss)) {
        co_return Error{"training of " + heads_text(setup.heads) + " diverged: lower the rate"};
      }
      curve.add(static_cast<double>(trainer.steps_done()), loss);
    }
    const double done = static_cast<double>(trainer.steps_done() * setup.batch);
    co_yield StepProgress{done / work, encode_model(trainer, setup.heads, curve, {})};
  }
  curve.close(static_cast<double>(setup.steps));
  RiskSums sums;
  for (std::size_t done = 0, index = 0; done < test_prompts; done += kTestChunk, ++index) {
    add_test_prompts(setup, trainer.model(), static_cast<std::uint32_t>(index),
                     std::min(kTestChunk, test_prompts - done), sums);
    if (index % 16 != 15) continue;
    co_yield StepProgress{(train_work + static_cast<double>(done)) / work};
  }
  const RiskEstimates risk =
      corrected_risks(sums, control_means(make_prompt_law(setup.scenario())));
  co_return JobResult{encode_model(trainer, setup.heads, curve,
                                   {risk.risks[0], risk.std_error(0), int(sums.count)})};
}

JobSteps find_optimum(TrainingStudy study) {
  RiskSums sums;
  HeadRiskTask task = optimum_task(study);
  const std::vector<double> controls = control_means(task.law);
  JobSteps steps = measure_heads(std::move(task), sums);
  co_await steps;
  co_return JobResult{encode_optimum(corrected_risks(sums, controls))};
}

HeadStart start_of(const std::string& name) {
  if (name == "same") return HeadStart::kSame;
  return name == "random" ? HeadStart::kRandom : HeadStart::kOpposite;
}

}  // namespace

std::vector<Parameter> training_parameters(std::vector<std::int64_t> heads, std::int64_t steps,
                                           std::int64_t trials) {
  Parameter init;
  init.name = "init";
  init.label = "Start of the heads";
  init.help = "signs of the query-key matrices and values before training";
  init.kind = ParameterKind::kChoice;
  init.choices = {{"opposite", "Alternating signs", "KQ near +I, −I, +I, ... times a small number"},
                  {"same", "Same sign", "all heads alike: training can stay at the one-head risk"},
                  {"random", "Random", "no structure at all"}};
  init.default_value = std::string("opposite");
  init.primary = true;
  Parameter query;
  query.name = "attend-query";
  query.label = "Query attends to itself";
  query.help = "whether the query column (q, 0) is one of the keys";
  query.kind = ParameterKind::kChoice;
  query.choices = {{"no", "No", "keys are the examples only"},
                   {"yes", "Yes", "one more key, with label 0"}};
  query.default_value = std::string("no");
  Parameter length = described({.name = "prompt-length",
                                .label = "Examples in the prompt",
                                .symbol = "D",
                                .help = "examples (x, y) that come before the query",
                                .min = 1,
                                .max = 1000,
                                .default_value = std::int64_t{40},
                                .suggested = {10, 20, 40, 100},
                                .logarithmic = true});
  length.primary = true;
  Parameter rate = described({.name = "rate",
                              .label = "Learning rate",
                              .help = "Adam's first step size; it falls to 0 along a cosine",
                              .min = 0.0001,
                              .max = 1,
                              .default_value = 0.01,
                              .suggested = {0.003, 0.01, 0.03}});
  rate.logarithmic = true;
  return {icl_heads_parameter(std::move(heads)),
          init,
          icl_dim_parameter(20),
          length,
          icl_noise_parameter(),
          described({.name = "steps",
                     .label = "Training steps",
                     .help = "steps of Adam, fresh prompts in each",
                     .min = 10,
                     .max = 1000000,
                     .default_value = steps,
                     .suggested = {1000, 3000, 10000},
                     .logarithmic = true}),
          described({.name = "trials",
                     .label = "Training seeds",
                     .help = "models trained for each number of heads, each with a start and "
                             "prompts of its own; a verdict needs two",
                     .min = 1,
                     .max = 100,
                     .default_value = trials,
                     .suggested = {1, 2, 3, 5, 10},
                     .logarithmic = true}),
          described({.name = "batch",
                     .label = "Prompts a step",
                     .help = "rounded up to a multiple of 16",
                     .min = 16,
                     .max = 16384,
                     .default_value = std::int64_t{512},
                     .suggested = {64, 256, 512, 2048},
                     .logarithmic = true}),
          rate,
          described({.name = "prompts",
                     .label = "Test prompts",
                     .help = "fresh prompts that measure the trained risk",
                     .min = 1000,
                     .max = 10000000,
                     .default_value = std::int64_t{100000},
                     .suggested = {20000, 100000, 1000000},
                     .logarithmic = true}),
          query};
}

Expected<TrainingStudy> read_training_study(const RunSpec& spec) {
  const ParameterSet& parameters = spec.parameters;
  TrainingSetup base;
  base.dim = static_cast<std::size_t>(parameters.integer("dim"));
  base.prompt_length = static_cast<std::size_t>(parameters.integer("prompt-length"));
  base.start = start_of(parameters.choice("init"));
  base.attend_query = parameters.choice("attend-query") == "yes";
  base.noise = parameters.real("noise");
  base.batch = (static_cast<std::size_t>(parameters.integer("batch")) + 15) / 16 * 16;
  base.steps = static_cast<std::size_t>(parameters.integer("steps"));
  base.rate = parameters.real("rate");
  base.seed = spec.seed;
  TrainingStudy study;
  study.test_prompts = static_cast<std::size_t>(parameters.integer("prompts"));
  study.trials = static_cast<std::size_t>(parameters.integer("trials"));
  std::vector<std::int64_t> embeddings = {0};
  if (parameters.schema().find("embedding") != nullptr) {
    embeddings = parameters.integers("embedding");
  }
  for (const std::int64_t heads : parameters.integers("heads")) {
    TrainingSetup setup = base;
    setup.heads = static_cast<std::size_t>(heads);
    for (const std::int64_t p : embeddings) {
      setup.embedding = static_cast<std::size_t>(p);
      if (setup.embedding != 0 && setup.embedding < setup.heads) {
        study.skipped.push_back(heads_text(setup.heads) + " do not fit an embedding of " +
                                std::to_string(p) + ": every head needs at least one dimension.");
        continue;
      }
      if (!fits_batch_kernel(setup)) {
        return Error{"prompt-length must be smaller for " + heads_text(setup.heads) +
                     " of dimension " + std::to_string(setup.dim) + ", not " +
                     std::to_string(setup.prompt_length)};
      }
      study.models.push_back(setup);
      if (study.heads.empty() || study.heads.back() != setup.heads) {
        study.heads.push_back(setup.heads);
      }
    }
  }
  if (study.models.empty()) {
    return Error{
        "heads must be at most the embedding dimension: every head needs at least one "
        "dimension, not " +
        parameters.text("heads") + " heads in embedding " + parameters.text("embedding")};
  }
  const std::vector<TrainingSetup> once = study.models;
  for (std::size_t trial = 1; trial < study.trials; ++trial) {
    for (TrainingSetup setup : once) {
      setup.trial = trial;
      setup.seed += static_cast<std::uint64_t>(trial) << 40;  // far from seeds that people type
      study.models.push_back(setup);
    }
  }
  // The optimum of one head is what a trapped model is compared with.
  if (study.heads.front() != 1) study.heads.insert(study.heads.begin(), 1);
  return study;
}

Expected<Plan> plan_training(const RunSpec& spec) {
  const Expected<TrainingStudy> study = read_training_study(spec);
  if (!study) return study.error();
  Plan plan;
  plan.memory_parameter = "batch";
  plan.jobs.push_back({"Monte Carlo optimum", optimum_cost(*study), true});
  for (const TrainingSetup& setup : study->models) {
    std::string label = "training " + heads_text(setup.heads);
    if (setup.embedding > 0) label += ", p = " + std::to_string(setup.embedding);
    if (study->trials > 1) label += ", seed " + std::to_string(setup.trial + 1);
    const double test = static_cast<double>(study->test_prompts) / static_cast<double>(setup.batch);
    plan.jobs.push_back(
        {std::move(label), training_cost(setup) * (static_cast<double>(setup.steps) + test)});
    // The batch in training, and the batch that measures the risk.
    const double prompts = static_cast<double>(setup.batch + kTestChunk);
    plan.job_bytes = std::max(plan.job_bytes, prompts * 4 * static_cast<double>(setup.dim + 2) *
                                                  static_cast<double>(setup.prompt_length + 3));
  }
  return plan;
}

JobSteps start_training_job(RunSpec spec, std::uint32_t index) {
  const Expected<TrainingStudy> study = read_training_study(spec);
  if (!study) co_return study.error();
  if (index > study->models.size()) {
    co_return Error{"this run has no job " + std::to_string(index)};
  }
  JobSteps steps = index == 0 ? find_optimum(*study)
                              : train_model(study->models[index - 1], study->test_prompts);
  JobResult result = co_await steps;
  co_return result;
}

TrainingOutcome read_training(const TrainingStudy& study, std::span<const JobOutput> outputs,
                              std::vector<std::string>& notes) {
  TrainingOutcome outcome;
  outcome.optimum.resize(study.heads.size());
  outcome.models.resize(study.models.size());
  for (const JobOutput& output : outputs) {
    bool readable = true;
    if (output.index == 0) {
      ByteReader reader(output.bytes);
      std::vector<Estimate> optimum(study.heads.size());
      for (Estimate& estimate : optimum) {
        estimate.mean = reader.real();
        estimate.std_error = reader.real();
        estimate.count = int(kOptimumPrompts);
      }
      readable = reader.at_end();
      if (readable) outcome.optimum = optimum;
    } else if (output.index <= study.models.size()) {
      TrainedModel model;
      readable = decode_model(study.models[output.index - 1], output.bytes, model);
      if (readable) outcome.models[output.index - 1] = std::move(model);
    }
    if (!readable) {
      notes.push_back("The output of job " + std::to_string(output.index) +
                      " could not be read and was left out.");
    }
  }
  return outcome;
}

Estimate optimum_of(const TrainingStudy& study, const TrainingOutcome& outcome, std::size_t heads) {
  for (std::size_t i = 0; i < study.heads.size(); ++i) {
    if (study.heads[i] == heads) return outcome.optimum[i];
  }
  return {};
}

}  // namespace attnlab::in_context
