// Monte Carlo risk of the best head sets: found on some prompts, measured on others, so that the
// choice does not flatter the measurement; known means of other quantities reduce the error.
#pragma once

#include <cstdint>
#include <vector>

#include "core/experiment/steps.h"
#include "core/in_context/head_search.h"
#include "core/in_context/risk_sums.h"

namespace attnlab::in_context {

/// Predictors without heads that are measured on the same prompts.
enum Baseline : std::size_t { kLeastSquares, kBayes, kRidge, kKernel, kBaselines };

/// Sets measured for each head count: of all search prompts and of either half.
inline constexpr std::size_t kSetsPerCount = 3;

/// What one job measures.
struct HeadRiskTask {
  PromptLaw law;
  std::vector<std::size_t> head_counts;   ///< one predictor each
  std::vector<IsotropicHead> given = {};  ///< one more predictor, after the baselines; may be empty
  bool baselines = false;                 ///< also the risks of Baseline, in its order
  std::size_t search_prompts = 0, prompts = 0;
  std::uint64_t seed = 0;
  std::uint32_t cell = 0;  ///< names the search prompts: equal for all parts of a cell
  std::uint32_t part = 0;  ///< names the evaluation prompts
};

/// Controls: linear attention's risk at its best step, r = |x_q|^2 (before correlation), and the
/// leading order of a single head's risk given r.
inline constexpr std::size_t kControls = 3;
std::vector<double> control_means(const PromptLaw& law);
/// The third control for |x_q|^2 = white_square.
double one_head_shape(const RegressionTask& task, double white_square);

/// Steps of 10 to 100 ms; `sums` is filled when it is done.
JobSteps measure_heads(HeadRiskTask task, RiskSums& sums);

/// Work in floating-point operations, for planning.
double search_cost(const Scenario& scenario, std::size_t prompts);
double measure_cost(const Scenario& scenario, std::size_t heads, std::size_t prompts);

}  // namespace attnlab::in_context
