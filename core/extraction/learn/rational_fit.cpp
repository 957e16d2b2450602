// Exponentials and amplitudes of sum_h A_h m E_h / (1 + m E_h) from values at m = 1, 2, 4, ...
#include <algorithm>
#include <cmath>
#include <complex>

#include "core/extraction/learn/dense.h"
#include "core/extraction/learn/multi_head.h"
#include "core/numerics/elementary.h"

namespace attnlab::extraction {
namespace {

/// Real positive roots of y^H - q1 y^(H-1) + q2 y^(H-2) - ... by Durand and Kerner's iteration;
/// complex pairs give their real parts.
std::vector<double> positive_roots(std::span<const double> q) {
  const std::size_t count = q.size();
  std::vector<std::complex<double>> roots(count);
  const double radius = std::max(1e-6, std::abs(q[0]));
  std::complex<double> turn = radius;  // distinct starting points
  for (auto& root : roots) {
    root = turn;
    turn *= std::complex<double>(0.4, 0.9);
  }
  for (int pass = 0; pass < 200; ++pass) {
    double moved = 0;
    for (std::size_t k = 0; k < count; ++k) {
      std::complex<double> value = 1, others = 1;
      double sign = -1;
      for (const double coefficient : q) {
        value = value * roots[k] + sign * coefficient;
        sign = -sign;
      }
      for (std::size_t j = 0; j < count; ++j) {
        if (j != k) others *= roots[k] - roots[j];
      }
      const std::complex<double> step = value / others;
      if (!std::isfinite(step.real()) || !std::isfinite(step.imag())) return {};
      roots[k] -= step;
      moved = std::max(moved, std::abs(step) / (std::abs(roots[k]) + 1e-300));
    }
    if (moved < 1e-15) break;
  }
  std::vector<double> real;
  for (const auto& root : roots) real.push_back(root.real());
  return real;
}

double saturation(double m, double logit) {
  return 1 / (1 + portable_exp(-logit) / m);  // m E / (1 + m E)
}

/// Rows: d G(m_i) / d (log E_1 .. log E_H, A_1 .. A_H), and the limit's.
Matrix<double> jacobian_of(const RationalFit& fit, std::size_t values) {
  const std::size_t heads = fit.logits.size();
  Matrix<double> rows(values + 1, 2 * heads);
  double m = 1;
  for (std::size_t i = 0; i < values; ++i, m *= 2) {
    for (std::size_t h = 0; h < heads; ++h) {
      const double s = saturation(m, fit.logits[h]);
      rows(i, h) = fit.shares[h] * s * (1 - s);
      rows(i, heads + h) = s;
    }
  }
  for (std::size_t h = 0; h < heads; ++h) rows(values, heads + h) = 1;
  return rows;
}

std::vector<double> misfit(const RationalFit& fit, std::span<const double> answers, double limit) {
  std::vector<double> gap;
  double m = 1, sum = 0;
  for (const double answer : answers) {
    double value = 0;
    for (std::size_t h = 0; h < fit.logits.size(); ++h) {
      value += fit.shares[h] * saturation(m, fit.logits[h]);
    }
    gap.push_back(answer - value);
    m *= 2;
  }
  for (const double share : fit.shares) sum += share;
  gap.push_back(limit - sum);
  return gap;
}

}  // namespace

bool fit_rational(std::span<const double> answers, double limit, std::size_t heads,
                  RationalFit& fit) {
  // G(m) (q_1 m + .. + q_H m^H) - (p_1 m + .. + p_(H-1) m^(H-1)) - limit q_H m^H = -G(m), rows
  // balanced by (1 + m)^H.
  Matrix<double> rows(answers.size(), 2 * heads - 1);
  std::vector<double> right(answers.size());
  double m = 1;
  for (std::size_t i = 0; i < answers.size(); ++i, m *= 2) {
    double balance = 1;
    for (std::size_t k = 0; k < heads; ++k) balance /= 1 + m;
    double power = balance;
    for (std::size_t k = 0; k < heads; ++k) {
      power *= m;
      rows(i, k) = power * (answers[i] - (k + 1 == heads ? limit : 0));
      if (k + 1 < heads) rows(i, heads + k) = -power;
    }
    right[i] = -answers[i] * balance;
  }
  const std::vector<double> solution = LeastSquares(std::move(rows), 1e-15).solve(right);
  const std::vector<double> roots = positive_roots(std::span<const double>(solution).first(heads));
  if (roots.size() != heads || std::ranges::any_of(roots, [](double e) { return !(e > 0); })) {
    return false;
  }
  fit.logits.clear();
  for (const double root : roots) fit.logits.push_back(portable_log(root));
  fit.shares.assign(heads, 0.0);

  // Amplitudes are linear; then both together by Gauss and Newton.
  Matrix<double> linear(answers.size() + 1, heads);
  const Matrix<double> start = jacobian_of(fit, answers.size());
  for (std::size_t i = 0; i < linear.rows(); ++i) {
    for (std::size_t h = 0; h < heads; ++h) linear(i, h) = start(i, heads + h);
  }
  fit.shares = LeastSquares(std::move(linear)).solve(misfit(fit, answers, limit));
  for (int pass = 0; pass < 12; ++pass) {
    const std::vector<double> gap = misfit(fit, answers, limit);
    const LeastSquares solver(jacobian_of(fit, answers.size()), 1e-15);
    const std::vector<double> step = solver.solve(gap);
    RationalFit trial = fit;
    for (std::size_t h = 0; h < heads; ++h) {
      trial.logits[h] += std::clamp(step[h], -1.0, 1.0);
      trial.shares[h] += step[heads + h];
    }
    if (!(norm(misfit(trial, answers, limit)) < norm(gap))) break;
    fit = std::move(trial);
  }
  const SingularValues spectrum = singular_values(jacobian_of(fit, answers.size()));
  const double largest = largest_magnitude(answers);
  fit.condition = std::max(largest, std::abs(limit)) / spectrum.values.back();
  fit.residual = largest_magnitude(misfit(fit, answers, limit)) / std::max(largest, 1e-300);
  return std::isfinite(fit.condition);
}

}  // namespace attnlab::extraction
