// Ridge fits of one frozen layer for several nested training-set sizes at once: one kernel matrix
// and one factorisation for each ridge parameter serve every size and every target.
#pragma once

#include <cstddef>
#include <vector>

#include "core/experiment/steps.h"
#include "core/numerics/matrix.h"
#include "core/random_features/fit/dual_source.h"

namespace attnlab::random_features {

/// Relative ridge parameters of the grid: 1e-8, 1e-7, ..., 1e2.
std::vector<double> ridge_grid();

/// How the ridge parameter is chosen, separately for every size and target.
struct RidgeChoice {
  enum class Rule {
    kOracle,      ///< the grid value with the least test error, as the paper does
    kValidation,  ///< the grid value best on the last 20 % of the training samples, then refitted
    kFixed,       ///< `value`
  };
  Rule rule = Rule::kOracle;
  double value = 0;  ///< relative ridge parameter for kFixed
};

/// How a constant in the target is fitted.
enum class Intercept {
  kFree,       ///< labels lose the mean of the training samples, predictions get it back
  kPenalised,  ///< the features have to fit it, under the ridge penalty
};

/// min_v sum_i (f_v(X_i) + b - y_i)^2 + lambda |v|^2 for several sizes n (the first n training
/// rows) and several targets (columns); b is the mean of the n labels, or 0 with a penalised
/// intercept. The ridge parameter lambda is a relative strength times the mean diagonal of the
/// kernel matrix over the largest size, so that one factorisation of K + lambda I serves every n.
struct NestedFitProblem {
  FrozenLayer layer;
  const TokenBatch* train = nullptr;  ///< at least sizes.back() samples
  const TokenBatch* test = nullptr;
  const Matrix<double>* train_labels = nullptr;  ///< samples x targets, with label noise
  const Matrix<double>* test_values = nullptr;   ///< samples x targets, without noise
  std::vector<std::size_t> sizes;                ///< rows, increasing
  RidgeChoice ridge;
  Intercept intercept = Intercept::kFree;
  std::size_t copies = 1;  ///< consecutive rows of one sample; validation never splits them
};

/// The relative ridge parameters that a rule tries, smallest first: the grid, or the fixed value.
std::vector<double> strengths_of(const RidgeChoice& ridge);

/// The result of one fit.
struct FitPoint {
  double test_error = 0;  ///< mean squared test error / variance of the target on the test set; NaN
                          ///< when every factorisation failed or the target is constant
  double strength = 0;    ///< relative ridge parameter chosen; NaN as above
  double training_error = 0;  ///< mean squared error on the labels fitted (with their noise) / the
                              ///< same variance; NaN as above
  std::uint32_t failed = 0;   ///< bit l: the factorisation with strengths_of(ridge)[l] failed
};

/// Solves the problem in steps of a few GFLOP; the coroutine's own output is empty, results land in
/// `points` (sizes x targets, row-major). Both references must outlive the coroutine.
///
/// Sizes up to the number of features are solved in the dual (n x n), larger ones in the primal
/// (features x features): the cheaper and better conditioned of the two. A layer of infinite width
/// is always solved in the dual. Kernel and normal matrices and factorisations are f64;
/// dual_source.h says what is f32 where features are streamed.
JobSteps fit_nested(const NestedFitProblem& problem, std::vector<FitPoint>& points);

/// For helpers: computes a share that fit_nested of the same problem handed out
/// (core/experiment/shared_work.h); the coroutine's output is the result.
JobSteps fit_share(const NestedFitProblem& problem, Bytes share);

/// Planned work (floating-point operations) and peak memory (bytes) of fit_nested.
struct FitCost {
  double flops = 0;
  double bytes = 0;
};
FitCost fit_cost(const FrozenLayer& layer, const std::vector<std::size_t>& sizes,
                 std::size_t test_samples, std::size_t targets, const RidgeChoice& ridge);

/// Mean squared difference from the mean; 0 for equal values and for none.
double variance_of(std::span<const double> values);

/// Mean squared difference / variance of `truth`: 1 for the best constant. NaN for a constant
/// truth.
double relative_error(std::span<const double> prediction, std::span<const double> truth);

}  // namespace attnlab::random_features
