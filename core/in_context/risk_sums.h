// Sums over prompts, and the risks and errors that follow from them, with control variates and the
// error of the search for head sets (docs/derivations.md).
#pragma once

#include <span>
#include <vector>

#include "core/in_context/closed_forms.h"

namespace attnlab::in_context {

/// Sums over evaluation prompts: values are [predictors..., losses..., controls...]. There is a
/// loss for each head set: what halving the search prompts costs it.
struct RiskSums {
  std::vector<std::vector<IsotropicHead>> heads;  ///< per head count, the set that was measured
  double count = 0;
  std::vector<double> means;
  std::vector<double> comoments;  ///< sum (v_i - mean_i)(v_j - mean_j), full

  /// Adds one prompt; all calls give equally many values.
  void add(std::span<const double> values);
  /// The sums of both sets of prompts.
  void merge(const RiskSums& other);
};

struct RiskEstimates {
  std::vector<double> risks;       ///< per predictor
  std::vector<double> covariance;  ///< of the estimates, predictors x predictors
  double std_error(std::size_t predictor) const;
};
/// Means corrected by regression on the controls, whose true means are `controls`. The risk of a
/// head set estimates the risk of the best set: the loss of the search is subtracted, and its
/// scatter is part of the covariance (docs/derivations.md). Sums without any prompt give no risks.
RiskEstimates corrected_risks(RiskSums sums, std::span<const double> controls);

}  // namespace attnlab::in_context
