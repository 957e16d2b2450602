// Jobs and outcomes of plateau_study.h.
#include "core/in_context/plateau_study.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include "core/base/text.h"
#include "core/experiment/parameters.h"
#include "core/experiment/step_budget.h"

namespace attnlab::in_context {
namespace {

constexpr StepBudget kStep(10, per_millisecond::kSolverMultiplyAdds);
/// A pause at least whenever the steps have grown by this factor: on a logarithmic axis the curve
/// is drawn at an even pace.
constexpr double kPause = 1.12;
/// Training ends early where no linear attention with these heads can be better by this share of
/// the risk at the start, after a few more recorded points, which show the last plateau.
constexpr double kAtTheEnd = 1e-9;
constexpr int kPointsAtTheEnd = 10;

class PlateauCurve {
 public:
  explicit PlateauCurve(const PlateauSetup& setup) : setup_(setup) {}

  void record(const PlateauTrainer& trainer, double step) {
    numbers_.push_back(step);
    numbers_.push_back(trainer.risk());
    for (std::size_t i = 0; i < setup_.dim(); ++i) {
      numbers_.push_back(trainer.heads().gamma()[i * (setup_.dim() + 1)]);
    }
  }
  Bytes encode(const PlateauTrainer& trainer, bool finished) const {
    ByteWriter writer;
    writer.u32(finished ? 1 : 0);
    writer.reals(numbers_);
    writer.reals(trainer.heads().gamma());
    writer.reals(trainer.heads().contributions());
    return writer.take();
  }

 private:
  const PlateauSetup& setup_;
  std::vector<double> numbers_;
};

bool decode_outcome(const PlateauSetup& setup, std::span<const std::uint8_t> bytes,
                    PlateauOutcome& outcome) {
  const std::size_t d = setup.dim(), width = d + 2;
  ByteReader reader(bytes);
  outcome.finished = reader.u32() != 0;
  const std::vector<double> numbers = reader.reals();
  outcome.gamma = reader.reals();
  outcome.contributions = reader.reals();
  if (!reader.at_end() || numbers.size() % width != 0) return false;
  if (outcome.gamma.size() != d * d || outcome.contributions.size() != setup.heads * d) {
    return false;
  }
  for (std::size_t at = 0; at < numbers.size(); at += width) {
    const auto diagonal = numbers.begin() + static_cast<std::ptrdiff_t>(at + 2);
    outcome.curve.push_back(
        {numbers[at], numbers[at + 1], {diagonal, diagonal + static_cast<std::ptrdiff_t>(d)}});
  }
  outcome.known = !outcome.curve.empty();
  return outcome.known;
}

}  // namespace

std::vector<Parameter> plateau_parameters() {
  Parameter eigenvalues = {.name = "eigenvalues",
                           .label = "Eigenvalues of Σ",
                           .symbol = "λ",
                           .help = "variances of x along the eigen-directions of its covariance Σ",
                           .kind = ParameterKind::kRealTuple,
                           .min = 0.01,
                           .max = 100,
                           .max_items = 8,
                           .default_value = reals({4, 2, 1, 0.5}),
                           .primary = true};
  Parameter key = described(
      {.name = "key",
       .label = "Key and query",
       .help = "how the query-key matrix of a head is made",
       .choices = {{"separate", "Separate, rank one", "a key and a query vector for each head"},
                   {"merged", "Merged", "one free matrix for each head"}},
       .default_value = std::string("separate"),
       .primary = true});
  return {eigenvalues,
          key,
          described({.name = "heads",
                     .label = "Heads",
                     .symbol = "H",
                     .help = "heads of linear attention in the layer",
                     .min = 1,
                     .max = 32,
                     .default_value = std::int64_t{6},
                     .suggested = {1, 2, 4, 6, 8},
                     .primary = true}),
          described({.name = "prompt-length",
                     .label = "Examples in the prompt",
                     .symbol = "D",
                     .help = "examples (x, y) that come before the query",
                     .min = 1,
                     .max = 100000,
                     .default_value = std::int64_t{32},
                     .suggested = {8, 32, 128, 1000},
                     .logarithmic = true,
                     .primary = true}),
          described({.name = "start",
                     .label = "Scale of the start",
                     .help = "size of a head's value, key and query before training, relative to a "
                             "trained head's",
                     .min = 0.0001,
                     .max = 0.3,
                     .default_value = 0.002,
                     .suggested = {0.0005, 0.002, 0.01, 0.1},
                     .logarithmic = true,
                     .primary = true}),
          described({.name = "steps",
                     .label = "Training steps",
                     .help = "steps of full-batch gradient descent; fewer where the risk is the "
                             "least there is",
                     .min = 100,
                     .max = 100000000,
                     .default_value = std::int64_t{1000000},
                     .suggested = {10000, 100000, 1000000, 10000000},
                     .logarithmic = true}),
          described({.name = "rate",
                     .label = "Step size",
                     .help = "as a share of the largest step that is stable at the optimum",
                     .min = 0.01,
                     .max = 0.5,
                     .default_value = 0.25,
                     .suggested = {0.05, 0.1, 0.25, 0.5},
                     .logarithmic = true}),
          described({.name = "trials",
                     .label = "Starts",
                     .help = "random starts, each trained to the end; a verdict needs several",
                     .min = 1,
                     .max = 100,
                     .default_value = std::int64_t{10},
                     .suggested = {1, 5, 10, 30},
                     .logarithmic = true})};
}

std::vector<PlateauSetup> read_plateau_setups(const RunSpec& spec) {
  const ParameterSet& parameters = spec.parameters;
  PlateauSetup setup;
  setup.eigenvalues = parameters.reals("eigenvalues");
  std::sort(setup.eigenvalues.begin(), setup.eigenvalues.end(), std::greater<>());
  setup.prompt_length = static_cast<std::size_t>(parameters.integer("prompt-length"));
  setup.heads = static_cast<std::size_t>(parameters.integer("heads"));
  setup.merged = parameters.choice("key") == "merged";
  setup.start = parameters.real("start");
  setup.rate = parameters.real("rate");
  setup.steps = static_cast<std::size_t>(parameters.integer("steps"));
  setup.seed = spec.seed;
  std::vector<PlateauSetup> setups;
  for (std::int64_t trial = 0; trial < parameters.integer("trials"); ++trial) {
    setup.trial = static_cast<std::size_t>(trial);
    setups.push_back(setup);
  }
  return setups;
}

Plan plan_plateaus(std::span<const PlateauSetup> setups) {
  Plan plan;
  plan.memory_parameter = "trials";
  for (const PlateauSetup& setup : setups) {
    plan.jobs.push_back(
        {"start " + std::to_string(setup.trial + 1) + " of " + std::to_string(setups.size()),
         plateau_step_cost(setup) * static_cast<double>(setup.steps)});
    const double points = 35 * std::log(static_cast<double>(setup.steps)) + 100;
    plan.job_bytes = std::max(plan.job_bytes, 32 * points * static_cast<double>(setup.dim() + 2));
  }
  return plan;
}

JobSteps train_through_plateaus(PlateauSetup setup) {
  PlateauTrainer trainer(setup);
  PlateauCurve curve(setup);
  const double least = trainer.population().level(setup.learnable());
  const double end = least + kAtTheEnd * trainer.population().trace();
  StepBudget budget = kStep;
  double paused = 0;
  int points_at_the_end = 0;
  bool ends = false;
  for (std::size_t step = 1; !ends; step = next_recorded(step)) {
    const std::size_t last = std::min(step, setup.steps);
    const double work = static_cast<double>(last - trainer.steps_done()) * plateau_step_cost(setup);
    trainer.descend_to(last);
    if (!std::isfinite(trainer.risk())) {
      co_return Error{"training diverged at step " + std::to_string(last) + ": lower the rate"};
    }
    curve.record(trainer, static_cast<double>(last));
    points_at_the_end += trainer.risk() < end;
    ends = last == setup.steps || points_at_the_end == kPointsAtTheEnd;
    const bool full = budget.spend(work);
    if (ends || !(full || static_cast<double>(last) > kPause * paused)) continue;
    paused = static_cast<double>(last);
    co_yield StepProgress{paused / static_cast<double>(setup.steps), curve.encode(trainer, false)};
  }
  co_return JobResult{curve.encode(trainer, true)};
}

std::vector<PlateauOutcome> read_plateau_outcomes(std::span<const PlateauSetup> setups,
                                                  std::span<const JobOutput> outputs,
                                                  std::vector<std::string>& notes) {
  std::vector<PlateauOutcome> outcomes(setups.size());
  for (const JobOutput& output : outputs) {
    if (output.index >= setups.size()) continue;
    PlateauOutcome outcome;
    if (decode_outcome(setups[output.index], output.bytes, outcome)) {
      outcomes[output.index] = std::move(outcome);
    } else {
      notes.push_back("The output of job " + std::to_string(output.index) +
                      " could not be read and was left out.");
    }
  }
  return outcomes;
}

}  // namespace attnlab::in_context
