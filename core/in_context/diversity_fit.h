// One layer of linear attention fitted by ridge regression to prompts from finitely many tasks, and
// the posterior mean over the same tasks (icl-diversity). Setting: diversity_theory.h.
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "core/experiment/steps.h"
#include "core/experiment/work_meter.h"
#include "core/numerics/matrix.h"
#include "core/numerics/random.h"

namespace attnlab::in_context {

/// Whole numbers and the law of one fit.
struct DiversityCase {
  std::size_t dim = 0;       ///< d
  std::size_t tasks = 0;     ///< k
  std::size_t examples = 0;  ///< l, in a prompt
  std::size_t prompts = 0;   ///< n
  double noise = 0, ridge = 0;

  std::size_t features() const { return dim * (dim + 1); }
  /// Whether the system of the prompts is smaller than the system of the features.
  bool dual() const { return prompts < features(); }
};

/// One task, uniform on the sphere |w|^2 = d.
void draw_task(RandomStream& stream, std::span<double> task);
/// k tasks as rows. Of the same stream fewer tasks are the first.
Matrix<double> draw_tasks(RandomStream stream, std::size_t tasks, std::size_t dim);

/// What the fit reads of prompts: queries (n x d), h (n x (d + 1)) and the labels of the queries.
struct PromptFeatures {
  Matrix<double> queries, pooled;
  std::vector<double> labels;
};

/// Draws prompts from their law given the task, without drawing examples: sum y^2 is (1 + noise)
/// chi-squared, and given the labels sum y x is normal (docs/derivations.md).
class PromptSource {
 public:
  PromptSource(const DiversityCase& size, const Matrix<double>& tasks, RandomStream stream);
  /// The next `count` prompts; prompt i of the source is from task i mod k.
  PromptFeatures draw(std::size_t count);

 private:
  DiversityCase size_;
  const Matrix<double>& tasks_;
  RandomStream stream_;
  std::size_t next_ = 0;
  std::vector<double> normals_;
};

/// Of fits in double with small products.
inline constexpr StepBudget kDiversityStep(30, per_millisecond::kProductFlops / 4);

struct FittedLayer {
  Matrix<double> gamma;  ///< d x (d + 1); empty when the system could not be factorised
  /// |residual| / |right side| of the system that was solved.
  double residual = 0;
};

/// Gamma = argmin sum (y_q - <Gamma, x_q h^T>)^2 + (n/d) ridge |Gamma|^2 over the case's prompts;
/// with ridge = 0 the shortest solution, up to a penalty of 1e-12 of the system's mean diagonal
/// entry. In double.
/// `tasks` has at least as many rows as the case has tasks; references must outlive the coroutine.
Steps<FittedLayer> fit_layer(DiversityCase size, const Matrix<double>& tasks, RandomStream stream,
                             WorkMeter& meter);
double fit_flops(const DiversityCase& size);
double fit_bytes(const DiversityCase& size);

/// Mean errors over test prompts, with the noise of the query's label; the query is integrated out.
struct PosteriorErrors {
  std::vector<double> fresh, trained;  ///< posterior mean over the first k tasks, for every k
  double ridge = 0;  ///< on fresh tasks: the best predictor linear in the labels, which knows the
                     ///< law of x and of the tasks
};

/// Without noise the posterior is the task that fits best.
Steps<PosteriorErrors> posterior_errors(std::size_t examples, double noise,
                                        std::vector<std::size_t> counts,
                                        const Matrix<double>& tasks, std::size_t prompts,
                                        RandomStream stream, WorkMeter& meter);
double posterior_flops(std::size_t dim, std::size_t examples, std::span<const std::size_t> counts,
                       std::size_t prompts);

}  // namespace attnlab::in_context
