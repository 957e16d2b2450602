// Tables of icl-diversity.
#include <cmath>

#include "core/findings/row_table.h"
#include "core/in_context/diversity_study.h"
#include "core/numerics/statistics.h"

namespace attnlab::in_context {
namespace {

/// What a row says of its cell.
struct CellSizes {
  std::size_t dim = 0;
  double kappa = 0, alpha = 0, tau = 0, noise = 0, ridge = 0;
  std::size_t tasks = 0, examples = 0, prompts = 0;
};

CellSizes sizes_of(const DiversityStudy& study, const DiversityCell& cell) {
  return {study.dim,
          study.kappa(cell.task),
          study.alpha(cell.example),
          study.tau(cell.prompt),
          study.noise,
          study.ridge,
          study.tasks[cell.task],
          study.examples[cell.example],
          study.prompts[cell.prompt]};
}

struct GapRow {
  CellSizes sizes;
  Estimate fresh, trained, gap;
  DiversityErrors theory;

  std::size_t dim() const { return sizes.dim; }
  double kappa() const { return sizes.kappa; }
  double alpha() const { return sizes.alpha; }
  double tau() const { return sizes.tau; }
  double noise() const { return sizes.noise; }
  double ridge() const { return sizes.ridge; }
  std::size_t tasks() const { return sizes.tasks; }
  std::size_t examples() const { return sizes.examples; }
  std::size_t prompts() const { return sizes.prompts; }
  double error_new() const { return fresh.mean; }
  double new_std_error() const { return fresh.std_error; }
  double error_trained() const { return trained.mean; }
  double trained_std_error() const { return trained.std_error; }
  double mean_gap() const { return gap.mean; }
  double std_error() const { return gap.std_error; }
  double theory_gap() const { return theory.gap(); }
  double theory_new() const { return theory.fresh; }
  double theory_trained() const { return theory.trained; }
  int trials() const { return gap.count; }
};

struct BaselineRow {
  std::size_t dim = 0;
  double kappa = 0, alpha = 0, noise = 0;
  Estimate fresh, trained, ridge;

  double error_new() const { return fresh.mean; }
  double new_std_error() const { return fresh.std_error; }
  double error_trained() const { return trained.mean; }
  double trained_std_error() const { return trained.std_error; }
  double ridge_new() const { return ridge.mean; }
  double ridge_std_error() const { return ridge.std_error; }
  int trials() const { return fresh.count; }
};

struct TrialRow {
  CellSizes sizes;
  std::size_t trial = 0;
  double error_new = 0, error_trained = 0, residual = 0;
  double posterior_new = 0, posterior_trained = 0, ridge_new = 0;

  std::size_t dim() const { return sizes.dim; }
  double kappa() const { return sizes.kappa; }
  double alpha() const { return sizes.alpha; }
  double tau() const { return sizes.tau; }
  double noise() const { return sizes.noise; }
};

Estimate mean_of(const Trials& values) {
  return mean_and_error(known_differences(values, {}));
}

}  // namespace

std::vector<Table> diversity_tables(const DiversityStudy& study, const DiversityOutcome& outcome) {
  std::vector<GapRow> rows;
  for (const DiversityCell& cell : outcome.cells) {
    const Estimate gap = mean_and_error(known_differences(cell.fresh, cell.trained));
    if (gap.count == 0) continue;
    rows.push_back({sizes_of(study, cell), mean_of(cell.fresh), mean_of(cell.trained), gap,
                    large_dimension_errors(study.law(cell.task, cell.example, cell.prompt))});
  }
  std::vector<BaselineRow> baselines;
  for (const PosteriorCell& cell : outcome.posterior) {
    const Estimate fresh = mean_of(cell.fresh);
    if (fresh.count == 0) continue;
    baselines.push_back({study.dim, study.kappa(cell.task), study.alpha(cell.example), study.noise,
                         fresh, mean_of(cell.trained), mean_of(cell.ridge)});
  }
  const RowTable<GapRow> gap{
      "gap",
      "Errors E(ŷ − y)² of the fitted layer on new and on trained tasks, with the noise ρ of the "
      "query's label; exact for each trial's layer, one standard error over trials. κ, α and τ are "
      "those of the whole numbers of tasks, examples and prompts. Theory: the limit of large d",
      {column<&GapRow::dim>("dim", "dimension d"), column<&GapRow::kappa>("kappa", "tasks κ"),
       column<&GapRow::alpha>("alpha", "examples α"), column<&GapRow::tau>("tau", "prompts τ"),
       column<&GapRow::noise>("noise", "noise ρ"),
       column<&GapRow::error_new>("error_new", "error, new tasks", "new_std_error"),
       column<&GapRow::error_trained>("error_trained", "error, trained tasks", "trained_std_error"),
       column<&GapRow::mean_gap>("gap", "gap", "std_error"),
       column<&GapRow::std_error>("std_error", "standard error of the gap"),
       column<&GapRow::theory_gap>("theory", "theory of the gap"),
       column<&GapRow::new_std_error>("new_std_error", "standard error, new tasks"),
       column<&GapRow::trained_std_error>("trained_std_error", "standard error, trained tasks"),
       column<&GapRow::theory_new>("theory_new", "theory, new tasks"),
       column<&GapRow::theory_trained>("theory_trained", "theory, trained tasks"),
       column<&GapRow::ridge>("ridge", "ridge parameter λ"),
       column<&GapRow::tasks>("tasks", "number of tasks"),
       column<&GapRow::examples>("examples", "examples in a prompt"),
       column<&GapRow::prompts>("prompts", "number of prompts"),
       column<&GapRow::trials>("trials", "trials")}};
  const RowTable<BaselineRow> posterior{
      "posterior",
      "Errors of the posterior mean over the k tasks, on the same measure as the table gap, and of "
      "ridge regression in the prompt, the best predictor linear in the labels where the task is "
      "new; measured on test prompts, one standard error over trials",
      {column<&BaselineRow::dim>("dim", "dimension d"),
       column<&BaselineRow::kappa>("kappa", "tasks κ"),
       column<&BaselineRow::alpha>("alpha", "examples α"),
       column<&BaselineRow::noise>("noise", "noise ρ"),
       column<&BaselineRow::error_new>("error_new", "error, new tasks", "new_std_error"),
       column<&BaselineRow::error_trained>("error_trained", "error, trained tasks",
                                           "trained_std_error"),
       column<&BaselineRow::ridge_new>("ridge_new", "error of ridge, new tasks", "ridge_std_error"),
       column<&BaselineRow::new_std_error>("new_std_error", "standard error, new tasks"),
       column<&BaselineRow::trained_std_error>("trained_std_error",
                                               "standard error, trained tasks"),
       column<&BaselineRow::ridge_std_error>("ridge_std_error", "standard error of ridge"),
       column<&BaselineRow::trials>("trials", "trials")}};
  return {gap.of(rows), posterior.of(baselines)};
}

std::vector<Table> diversity_trials(const DiversityStudy& study, const DiversityOutcome& outcome) {
  std::vector<TrialRow> rows;
  for (const DiversityCell& cell : outcome.cells) {
    const PosteriorCell& baseline = outcome.baseline(study, cell.task, cell.example);
    for (std::size_t trial = 0; trial < study.trials; ++trial) {
      if (std::isnan(cell.fresh[trial])) continue;
      rows.push_back({sizes_of(study, cell), trial + 1, cell.fresh[trial], cell.trained[trial],
                      cell.residual[trial], baseline.fresh[trial], baseline.trained[trial],
                      baseline.ridge[trial]});
    }
  }
  const RowTable<TrialRow> trials{
      "trials",
      "Errors of every trial: the layer's, the posterior mean's and those of ridge regression; "
      "residual: of the linear system whose solution is the layer, relative to its right side",
      {column<&TrialRow::dim>("dim", "dimension d"), column<&TrialRow::kappa>("kappa", "tasks κ"),
       column<&TrialRow::alpha>("alpha", "examples α"), column<&TrialRow::tau>("tau", "prompts τ"),
       column<&TrialRow::noise>("noise", "noise ρ"), column<&TrialRow::trial>("trial", "trial"),
       column<&TrialRow::error_new>("error_new", "error, new tasks"),
       column<&TrialRow::error_trained>("error_trained", "error, trained tasks"),
       column<&TrialRow::residual>("residual", "relative residual"),
       column<&TrialRow::posterior_new>("posterior_new", "posterior mean, new tasks"),
       column<&TrialRow::posterior_trained>("posterior_trained", "posterior mean, trained tasks"),
       column<&TrialRow::ridge_new>("ridge_new", "ridge, new tasks")}};
  return {trials.of(rows)};
}

}  // namespace attnlab::in_context
