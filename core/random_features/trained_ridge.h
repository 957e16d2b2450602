// Ridge regression in double on features that fit into memory: one training-set size, one target,
// the ridge parameter chosen on held-out rows. For layers whose features change from fit to fit;
// frozen layers have fit/nested_fit.h, which shares its work between sizes and targets.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "core/experiment/steps.h"
#include "core/experiment/work_meter.h"
#include "core/numerics/matrix.h"

namespace attnlab::random_features {

/// Of fits in double with small products.
inline constexpr StepBudget kRidgeStep(30, per_millisecond::kProductFlops / 4);

/// A fit of the first `fitted` rows.
struct RidgeFit {
  std::vector<double> values;  ///< one per feature; empty when every factorisation failed
  double constant = 0;         ///< the mean label of the fitted rows
  double strength = std::numeric_limits<double>::quiet_NaN();     ///< relative ridge parameter
  double penalty = 0;                                             ///< strength times mean diagonal
  double held_squares = std::numeric_limits<double>::infinity();  ///< mean over the held-out rows
  std::uint32_t failed = 0;  ///< bit l: the factorisation with strengths[l] failed
};

/// min_v sum_{i < fitted} (<features_i, v> + constant - labels_i)^2 + penalty |v|^2, constant the
/// mean of these labels, penalty one of the relative `strengths` times the mean of |features_i|^2
/// over all rows. With several strengths the one with the least mean squared error on the rows
/// after `fitted` is taken (GridSearch; of equal ones the larger); there must be such rows then.
/// The smaller system of the two is solved, fitted x fitted or features x features. References and
/// views must outlive the coroutine.
Steps<RidgeFit> ridge_fit(MatrixView<const double> features, std::span<const double> labels,
                          std::size_t fitted, std::span<const double> strengths, WorkMeter& meter);

/// Predictions for the rows of `features`.
std::vector<double> predictions_of(const RidgeFit& fit, MatrixView<const double> features);

/// Floating-point operations of a fit, roughly: in the dual half of eleven strengths are tried.
double ridge_flops(std::size_t fitted, std::size_t features, std::size_t strengths);

}  // namespace attnlab::random_features
