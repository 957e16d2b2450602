// icl-diversity: its parameters, its jobs, and what the outputs of jobs say.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/experiment/experiment.h"
#include "core/in_context/diversity_fit.h"
#include "core/in_context/diversity_theory.h"

namespace attnlab::in_context {

/// A run's parameters, read once: the numbers of tasks, examples and prompts that kappa, alpha and
/// tau round to, without repeats. A cell is one of each.
struct DiversityStudy {
  std::size_t dim = 0, trials = 0, test_prompts = 0;
  double noise = 0, ridge = 0;
  std::vector<std::size_t> tasks, examples, prompts;  ///< increasing

  DiversityCase fit_case(std::size_t task, std::size_t example, std::size_t prompt) const {
    return {dim, tasks[task], examples[example], prompts[prompt], noise, ridge};
  }
  double kappa(std::size_t task) const { return ratio(tasks[task], dim); }
  double alpha(std::size_t example) const { return ratio(examples[example], dim); }
  double tau(std::size_t prompt) const { return ratio(prompts[prompt], dim * dim); }
  /// Where there are as many prompts as weights: 1 in the limit of large d.
  double peak_tau() const { return ratio(dim + 1, dim); }
  DiversityLaw law(std::size_t task, std::size_t example, std::size_t prompt) const {
    return {kappa(task), alpha(example), tau(prompt), noise, ridge};
  }

  /// Jobs of a trial: the fits of every (examples, prompts), for all numbers of tasks, then the
  /// posterior means of every number of examples.
  std::size_t fits_of_trial() const { return examples.size() * prompts.size(); }
  std::size_t jobs_of_trial() const { return fits_of_trial() + examples.size(); }
  std::size_t job_count() const { return trials * jobs_of_trial(); }

 private:
  static double ratio(std::size_t a, std::size_t b) {
    return static_cast<double>(a) / static_cast<double>(b);
  }
};
Schema diversity_schema();
/// Fails where a value gives less than one task, example or prompt.
Expected<DiversityStudy> read_diversity_study(const ParameterSet& parameters);

Expected<Plan> plan_diversity(const RunSpec& spec);
JobSteps start_diversity_job(RunSpec spec, std::uint32_t index);

/// One number for every trial, NaN where unknown.
using Trials = std::vector<double>;

/// One fit for every trial.
struct DiversityCell {
  std::size_t task = 0, example = 0, prompt = 0;  ///< places in the lists of the study
  Trials fresh, trained, residual;
  std::size_t failed = 0;  ///< systems that could not be factorised
};

/// Posterior means of one number of tasks and of examples.
struct PosteriorCell {
  std::size_t task = 0, example = 0;
  Trials fresh, trained, ridge;
};

struct DiversityOutcome {
  std::vector<DiversityCell> cells;      ///< by examples, prompts, tasks
  std::vector<PosteriorCell> posterior;  ///< by examples, tasks

  const DiversityCell& cell(const DiversityStudy& study, std::size_t task, std::size_t example,
                            std::size_t prompt) const {
    return cells[(example * study.prompts.size() + prompt) * study.tasks.size() + task];
  }
  const PosteriorCell& baseline(const DiversityStudy& study, std::size_t task,
                                std::size_t example) const {
    return posterior[example * study.tasks.size() + task];
  }
};
DiversityOutcome read_diversity(const DiversityStudy& study, std::span<const JobOutput> outputs,
                                std::vector<std::string>& notes);

/// a - b for the trials where both are known; empty `b`: a.
Trials known_differences(const Trials& a, const Trials& b);

std::vector<Table> diversity_tables(const DiversityStudy& study, const DiversityOutcome& outcome);
std::vector<Table> diversity_trials(const DiversityStudy& study, const DiversityOutcome& outcome);
std::vector<Figure> diversity_figures(const DiversityStudy& study, const DiversityOutcome& outcome);
std::vector<Claim> diversity_claims(const DiversityStudy& study, const DiversityOutcome& outcome);

}  // namespace attnlab::in_context
