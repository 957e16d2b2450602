// The predictors of depth_baselines.h.
#include "core/in_context/depth_baselines.h"

#include <algorithm>
#include <cmath>

#include "core/in_context/small_solve.h"

namespace attnlab::in_context {
namespace {

using Plain = std::vector<double>;

Plain product(std::size_t d, const Plain& a, const Plain& b) {
  Plain to(d * d, 0.0);
  for (std::size_t i = 0; i < d; ++i) {
    for (std::size_t k = 0; k < d; ++k) {
      for (std::size_t j = 0; j < d; ++j) to[i * d + j] += a[i * d + k] * b[k * d + j];
    }
  }
  return to;
}

/// S of the whitened examples.
Plain whitened(const DepthTask& task, std::span<const double> second_moment) {
  const std::size_t d = task.dim();
  Plain white(d * d);
  for (std::size_t e = 0; e < d * d; ++e) {
    white[e] = second_moment[e] / std::sqrt(task.variances[e / d] * task.variances[e % d]);
  }
  return white;
}

/// The task and the prompt that a polynomial is computed in.
struct Descent {
  Plain variances;  ///< of x
  Plain second_moment;
  double noise;  ///< sigma^2 / N
};
Descent descent_of(const DepthTask& task, bool preconditioned, std::span<const double> s) {
  const double noise = task.noise / static_cast<double>(task.prompt_length);
  if (!preconditioned) return {task.variances, Plain(s.begin(), s.end()), noise};
  return {Plain(task.dim(), 1.0), whitened(task, s), noise};
}

/// The risk 1 - 2 b^T c + c^T M c of coefficients c on one prompt, as b and M.
struct Quadratic {
  Plain linear, square;
};
Quadratic quadratic_of(const Descent& descent, std::size_t steps) {
  const std::size_t d = descent.variances.size();
  const double inverse_dim = 1 / static_cast<double>(d);
  std::vector<Plain> powers = {descent.second_moment};  // S^(j+1)
  while (powers.size() < 2 * steps) powers.push_back(product(d, powers.back(), powers.front()));
  Quadratic quadratic{Plain(steps), Plain(steps * steps)};
  for (std::size_t j = 0; j < steps; ++j) {
    for (std::size_t i = 0; i < d; ++i) {
      quadratic.linear[j] += inverse_dim * powers[j][i * (d + 1)];
    }
    for (std::size_t k = 0; k < steps; ++k) {
      double signal = 0, noise = 0;
      for (std::size_t a = 0; a < d; ++a) {
        for (std::size_t b = 0; b < d; ++b) {
          const double ratio = descent.variances[a] / descent.variances[b];
          signal += ratio * powers[j][a * d + b] * powers[k][b * d + a];
        }
        noise += descent.variances[a] * powers[j + k][a * (d + 1)];
      }
      quadratic.square[j * steps + k] = inverse_dim * signal + descent.noise * noise;
    }
  }
  return quadratic;
}

}  // namespace

StepTuner::StepTuner(const DepthTask& task, std::size_t steps, bool preconditioned)
    : task_(task),
      steps_(steps),
      preconditioned_(preconditioned),
      linear_(steps),
      square_(steps * steps) {}

void StepTuner::add(const DepthMatrix& prompts) {
  for (std::size_t lane = 0; lane < kDepthLanes; ++lane) {
    const Quadratic one =
        quadratic_of(descent_of(task_, preconditioned_, lane_of(prompts, lane)), steps_);
    for (std::size_t j = 0; j < linear_.size(); ++j) linear_[j] += one.linear[j];
    for (std::size_t e = 0; e < square_.size(); ++e) square_[e] += one.square[e];
  }
}

StepPolynomial StepTuner::best() const {
  Plain square = square_;
  StepPolynomial polynomial{linear_, preconditioned_};
  if (!factor_small(steps_, square, 1e-15)) return {Plain(steps_, 0.0), preconditioned_};
  solve_small(steps_, square, polynomial.coefficients);
  return polynomial;
}

double polynomial_risk(const DepthTask& task, const StepPolynomial& polynomial,
                       std::span<const double> second_moment) {
  const std::size_t steps = polynomial.coefficients.size();
  const Quadratic one =
      quadratic_of(descent_of(task, polynomial.preconditioned, second_moment), steps);
  double risk = 1;
  for (std::size_t j = 0; j < steps; ++j) {
    double row = -2 * one.linear[j];
    for (std::size_t k = 0; k < steps; ++k) {
      row += one.square[j * steps + k] * polynomial.coefficients[k];
    }
    risk += polynomial.coefficients[j] * row;
  }
  return risk;
}

double bayes_risk(const DepthTask& task, std::span<const double> second_moment) {
  const std::size_t d = task.dim();
  const double noise = task.noise / static_cast<double>(task.prompt_length);
  // Without noise a tiny ridge parameter takes the limit: 1 - rank / d, to 1e-8.
  const double ridge = std::max(noise * static_cast<double>(d), 1e-10);
  Plain matrix = whitened(task, second_moment);
  for (std::size_t i = 0; i < d; ++i) matrix[i * (d + 1)] += ridge;
  const Plain inverse = inverse_small(d, matrix);
  if (inverse.empty()) return 1;
  // The posterior covariance of w, ridge / d times the inverse, in whitened coordinates.
  double trace = 0;
  for (std::size_t i = 0; i < d; ++i) trace += inverse[i * (d + 1)];
  return ridge * trace / static_cast<double>(d);
}

}  // namespace attnlab::in_context
