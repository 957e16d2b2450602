// The formulas of closed_forms.h, each derived in docs/derivations.md.
#include "core/in_context/closed_forms.h"

#include <cmath>
#include <limits>

namespace attnlab::in_context {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// D Cov(S(b), S(b')) to leading order as a function of t = b b', for isotropic examples.
double pair_covariance(const RegressionTask& task, double t) {
  if (2 * t >= 1) return kInfinity;
  const double power = std::pow(1 - 2 * t, -task.dim / 2);
  return power * (task.signal + task.noise + task.signal * t / (1 - 2 * t));
}

double local_pair_covariance(const RegressionTask& task, double radius, double t) {
  const double u = t * radius * radius;
  if (2 * u >= 1) return kInfinity;
  const double power = std::pow(1 - 2 * u, -task.dim / 2);
  return power * (radius * radius * (task.signal + task.signal * u / (1 - 2 * u)) + task.noise);
}

template <class Covariance>
double quadratic_form(std::span<const IsotropicHead> heads, Covariance covariance) {
  double sum = 0;
  for (const IsotropicHead& a : heads) {
    for (const IsotropicHead& b : heads) {
      sum += a.weight * b.weight * covariance(a.scale * b.scale);
    }
  }
  return sum;
}

/// Minimum of a function with one minimum in (low, high), by golden section to full precision.
template <class Function>
double minimiser(double low, double high, Function f) {
  constexpr double kGolden = 0.6180339887498949;
  double left = high - kGolden * (high - low), right = low + kGolden * (high - low);
  double at_left = f(left), at_right = f(right);
  for (int step = 0; step < 90; ++step) {
    if (at_left < at_right) {
      high = right;
      right = left;
      at_right = at_left;
      left = high - kGolden * (high - low);
      at_left = f(left);
    } else {
      low = left;
      left = right;
      at_left = at_right;
      right = low + kGolden * (high - low);
      at_right = f(right);
    }
  }
  return (low + high) / 2;
}

}  // namespace

double head_set_constant(const RegressionTask& task, std::span<const IsotropicHead> heads) {
  return quadratic_form(heads, [&](double t) { return pair_covariance(task, t); });
}

double one_head_constant(const RegressionTask& task, double scale) {
  if (scale == 0 || 2 * scale * scale >= 1) return kInfinity;
  return pair_covariance(task, scale * scale) / (scale * scale);
}

double two_head_constant(const RegressionTask& task, double scale) {
  if (scale == 0 || 2 * scale * scale >= 1) return kInfinity;
  const double t = scale * scale;
  return (pair_covariance(task, t) - pair_covariance(task, -t)) / (2 * t);
}

double one_head_best_scale(const RegressionTask& task) {
  // (1 + r)[1 - (d+4)s + (2d+4)s^2] = (d+2)s^2 with s = b^2, r = noise / signal, written so that
  // the smaller root stays accurate and r -> infinity is allowed.
  const double d = task.dim, all = task.signal + task.noise;
  const double square = all * (2 * d + 4) - task.signal * (d + 2), linear = all * (d + 4);
  const double root = std::sqrt(linear * linear - 4 * square * all);
  return std::sqrt(2 * all / (linear + root));
}

double one_head_limit(const RegressionTask& task) {
  return one_head_constant(task, one_head_best_scale(task));
}

double many_head_limit(const RegressionTask& task) {
  return task.signal * (task.dim + 1) + task.noise * task.dim;
}

double shrunk_risk(double signal, double constant, double prompt_length) {
  if (std::isinf(constant)) return signal;
  return signal * constant / (signal * prompt_length + constant);
}

double linear_attention_risk(const RegressionTask& task, double prompt_length) {
  return shrunk_risk(task.signal, many_head_limit(task), prompt_length);
}

double debiased_linear_risk(const RegressionTask& task, double prompt_length) {
  return shrunk_risk(task.signal, many_head_limit(task), prompt_length - 1);
}

double local_debiased_risk(const RegressionTask& task, double radius, double prompt_length) {
  // The error is mean(noise) and radius mean(n)^T (theta - step c / radius), independent of each
  // other and mean(n) of c: a debiased step for labels whose noise is sigma^2 / radius^2.
  if (radius == 0) return task.noise / prompt_length;
  const double square = radius * radius;
  const RegressionTask slope{task.dim, task.signal, task.noise / square};
  return (task.noise + square * debiased_linear_risk(slope, prompt_length)) / prompt_length;
}

double least_squares_risk(const RegressionTask& task, double prompt_length) {
  const double d = task.dim, n = prompt_length;
  if (n >= d) {
    if (task.noise == 0) return 0;
    return n > d + 1 ? task.noise * d / (n - d - 1) : kInfinity;
  }
  const double lost = task.signal * (1 - n / d);
  if (task.noise == 0) return lost;
  return n < d - 1 ? lost + task.noise * n / (d - n - 1) : kInfinity;
}

double local_head_set_constant(const RegressionTask& task, double radius,
                               std::span<const IsotropicHead> heads) {
  return quadratic_form(heads, [&](double t) { return local_pair_covariance(task, radius, t); });
}

double local_one_head_constant(const RegressionTask& task, double radius, double scale) {
  const double gain = 1 + scale * radius * radius;
  if (gain == 0) return kInfinity;
  return local_pair_covariance(task, radius, scale * scale) / (gain * gain);
}

double local_one_head_best_scale(const RegressionTask& task, double radius) {
  if (radius == 0) return 0;
  const double edge = std::sqrt(0.5) / radius;
  return minimiser(0, edge * (1 - 1e-9),
                   [&](double b) { return local_one_head_constant(task, radius, b); });
}

double local_many_head_limit(const RegressionTask& task, double radius) {
  const double square = radius * radius;
  const double mean = square * task.signal + task.noise;
  const double slope = square * task.signal * (task.dim + 1) / task.dim + task.noise;
  if (mean == 0) return 0;
  return 1 / (1 / mean + square / (task.dim * slope));
}

StepRisk linear_step_risk(const RegressionTask& task, double prompt_length) {
  const double n = prompt_length;
  return {task.signal, task.signal,
          task.signal * (n + task.dim + 1) / n + task.noise * task.dim / n};
}

StepRisk local_step_risk(const RegressionTask& task, double radius, double prompt_length) {
  // Moments of r = |x_q|^2 and of (r + q p)^2 ((t + q u)^2 + noise) over one example, where
  // q = radius, p = x_q^T n, t = theta^T x_q, u = theta^T n.
  const double d = task.dim, n = prompt_length, q2 = radius * radius;
  const double r1 = d, r2 = d * (d + 2), r3 = r2 * (d + 4), each = task.signal / d;  // E theta_a^2
  const double cross = each * (r2 + q2 * r1);
  const double mean_square = each * (r3 + 2 * q2 * r2 + q2 * q2 * r1);
  const double one = each * r3 + q2 * task.signal * r2 + q2 * each * r2 + 4 * q2 * each * r2 +
                     q2 * q2 * (task.signal * r1 + 2 * each * r1) + task.noise * (r2 + q2 * r1);
  return {task.signal, cross, mean_square * (1 - 1 / n) + one / n};
}

}  // namespace attnlab::in_context
