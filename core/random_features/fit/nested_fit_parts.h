// Shared by the dual and the primal half of nested_fit; no other file includes it.
#pragma once

#include <algorithm>
#include <limits>
#include <span>
#include <vector>

#include "core/experiment/step_budget.h"
#include "core/random_features/fit/nested_fit.h"

namespace attnlab::random_features {

inline constexpr double kStepFlops = StepBudget(30, per_millisecond::kProductFlops).work();

/// Work done so far, as the fraction that a step reports; 0 as long as the total is unknown.
struct Meter {
  double total = std::numeric_limits<double>::infinity(), done = 0;
  double fraction() const { return std::min(1.0, done / total); }
  StepProgress after(double flops) {
    done += flops;
    return fraction();
  }
};

/// What NestedFit::judge says of the columns of one size.
struct JudgedColumns {
  std::vector<double> errors;         ///< test error of each; NaN where not usable
  std::vector<std::size_t> improved;  ///< per target, the column now in `points`; kNone: unchanged
  static constexpr std::size_t kNone = std::numeric_limits<std::size_t>::max();
};

/// The state of one fit between steps. Columns of solutions and predictions are (strength, target)
/// pairs, or targets alone once validation has chosen.
struct NestedFit {
  const NestedFitProblem& problem;
  std::vector<FitPoint>& points;
  std::vector<double> strengths;
  std::size_t targets;
  Meter meter;

  bool choose_by_test() const { return problem.ridge.rule != RidgeChoice::Rule::kValidation; }
  FitPoint& point(std::size_t size, std::size_t target) { return points[size * targets + target]; }

  /// Judges one size's columns, whose predictions lack the intercepts. Puts the least error of each
  /// target into `points`, and, where the test set chooses, its ridge parameter (one for each group
  /// of columns; ties go to the larger). The training errors of the improved columns are left to
  /// set_training_error.
  JudgedColumns judge(std::size_t size, MatrixView<const double> predictions,
                      const std::vector<bool>& usable, std::span<const double> column_strengths);
  /// From the sum of squared residuals over the training rows of that size.
  void set_training_error(std::size_t size, std::size_t target, double squares);
};

/// Number of rows that choose the ridge parameter of a size of n rows: the last 20 % of its
/// samples, at least one sample, but zero if there is only one.
std::size_t held_out(const NestedFitProblem& problem, std::size_t n);

/// The constants of a fit to the first n rows, one per target: zero where they are penalised.
std::vector<double> intercepts(const NestedFitProblem& problem, std::size_t n);

/// Labels of the first n rows without the constants of that fit, n x targets.
Matrix<double> centred_labels(const NestedFitProblem& problem, std::size_t n);

/// Squared errors, summed over the held-out rows, of a fit to the first `fitted` rows, for every
/// target. `prediction` lacks the intercepts; it has a row for each one after `fitted`.
std::vector<double> held_errors(const NestedFitProblem& problem, std::size_t fitted,
                                MatrixView<const double> prediction);

double flops_of_cholesky(double n);

/// Whether factorising for all ridge parameters at size n costs no more than one pass of
/// predictions. Then a search for the best one, which takes several passes, does not pay.
bool factors_are_cheap(double n, std::size_t strengths, double prediction_flops);

/// How many of the (increasing) sizes are solved in the dual.
std::size_t sizes_in_dual(const FrozenLayer& layer, const std::vector<std::size_t>& sizes);

/// Dual fits of the first `count` sizes. `scale` is the mean kernel diagonal; NaN: the one of the
/// largest of these sizes.
JobSteps fit_dual(NestedFit& fit, std::size_t count, double scale);

/// Features of every training and test sample, for layers with fewer features than samples.
struct PrimalData {
  Matrix<float> train, test;
  double scale = 0;  ///< mean kernel diagonal over the training samples
};
PrimalData primal_data(const RandomFeatureLayer& layer, const NestedFitProblem& problem);

/// Primal fits of the sizes from `first` on.
JobSteps fit_primal(NestedFit& fit, std::size_t first, const PrimalData& data);

}  // namespace attnlab::random_features
