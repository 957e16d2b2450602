// Closed forms of in-context linear regression: exact risks of linear predictors and the constants
// of softmax heads to leading order in 1/D. Derivations: docs/derivations.md.
//
// Prompt: x_1..x_D and the query x_q, theta with E|theta|^2 = signal, y_i = theta^T x_i + noise.
// Risk is E (prediction - theta^T x_q)^2. Softmax heads predict f = sum_h weight_h S(scale_h),
// S(b) = sum_i exp(b x_q^T x_i) y_i / sum_i exp(b x_q^T x_i).
#pragma once

#include <span>

#include "core/attention/one_prompt.h"

namespace attnlab::in_context {

/// x ~ N(0, I_d), theta isotropic.
struct RegressionTask {
  double dim = 5;     ///< d
  double signal = 1;  ///< T = E|theta|^2
  double noise = 0;   ///< sigma^2, variance of the label noise
};

/// lim D x risk of heads with sum weight scale = 1; infinite where 2 b_h b_k >= 1 for a pair.
double head_set_constant(const RegressionTask& task, std::span<const IsotropicHead> heads);

/// C1(b), C2(b): one head, and two heads with scales b and -b; infinite for b^2 >= 1/2 or b = 0.
double one_head_constant(const RegressionTask& task, double scale);
double two_head_constant(const RegressionTask& task, double scale);

/// The scale b > 0 that minimises C1, and C1* = C1 there.
double one_head_best_scale(const RegressionTask& task);
double one_head_limit(const RegressionTask& task);

/// C2* = signal (d + 1) + noise d: the infimum over all head sets, reached by two heads b -> 0.
double many_head_limit(const RegressionTask& task);

/// Risk with the best shrinkage towards 0 of an unbiased predictor whose risk is constant / D:
/// signal constant / (signal D + constant). Exact for linear attention, leading order otherwise.
double shrunk_risk(double signal, double constant, double prompt_length);

/// Exact risk of one gradient step (linear attention) with the best step, and of its debiased form
/// (means of x and y removed; needs D >= 2).
double linear_attention_risk(const RegressionTask& task, double prompt_length);
double debiased_linear_risk(const RegressionTask& task, double prompt_length);

/// Exact risk for local examples x_i = x_q + radius n_i of mean(y) + step (x_q - mean(x))^T c, c
/// the covariance of x and y: the debiased step with the intercept that local examples need.
double local_debiased_risk(const RegressionTask& task, double radius, double prompt_length);

/// Exact risk of least squares, the shortest solution for D < d; with noise infinite for D from d -
/// 1 to d + 1.
double least_squares_risk(const RegressionTask& task, double prompt_length);

/// Local examples x_i = x_q + radius n_i: constants of head sets with
/// sum weight (1 + scale radius^2) = 1, the best single head, and the infimum over all sets.
double local_head_set_constant(const RegressionTask& task, double radius,
                               std::span<const IsotropicHead> heads);
double local_one_head_constant(const RegressionTask& task, double radius, double scale);
double local_one_head_best_scale(const RegressionTask& task, double radius);
double local_many_head_limit(const RegressionTask& task, double radius);

/// Risk of a predictor step * g as a function of the step: signal - 2 step cross + step^2 square.
struct StepRisk {
  double signal = 0, cross = 0, square = 0;
  double best_step() const { return cross / square; }
  double at(double step) const { return signal - 2 * step * cross + step * step * square; }
  double best() const { return at(best_step()); }
};

/// g = x_q^T (1/D) sum x_i y_i for isotropic x, exact.
StepRisk linear_step_risk(const RegressionTask& task, double prompt_length);
/// The same for local examples, exact.
StepRisk local_step_risk(const RegressionTask& task, double radius, double prompt_length);

}  // namespace attnlab::in_context
