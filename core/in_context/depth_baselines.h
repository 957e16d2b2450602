// What layers of linear attention are compared with: steps of gradient descent, and ridge.
#pragma once

#include <span>
#include <vector>

#include "core/in_context/depth.h"

namespace attnlab::in_context {

/// Predictors V = -sum_j coefficients_j S^j that use no training. With the best coefficients this
/// is what `size` steps of gradient descent from 0 can do at most, whatever their step sizes.
struct StepPolynomial {
  std::vector<double> coefficients;
  bool preconditioned = false;  ///< descent with Sigma^-1: in S of the whitened examples
};
/// Finds the best polynomial with `steps` coefficients for the prompts that it is given.
class StepTuner {
 public:
  StepTuner(const DepthTask& task, std::size_t steps, bool preconditioned);
  void add(const DepthMatrix& prompts);
  StepPolynomial best() const;

 private:
  DepthTask task_;
  std::size_t steps_;
  bool preconditioned_;
  std::vector<double> linear_, square_;
};
/// Risks of a prompt whose S is given (d x d).
double polynomial_risk(const DepthTask& task, const StepPolynomial& polynomial,
                       std::span<const double> second_moment);
/// Ridge regression with the best ridge parameter (Bayes); without noise the shortest solution.
double bayes_risk(const DepthTask& task, std::span<const double> second_moment);

}  // namespace attnlab::in_context
