#include "core/random_features/targets.h"

#include <array>
#include <cmath>

#include "core/numerics/random.h"

namespace attnlab {
namespace {

double integer_power(double base, int exponent) {
  double result = 1;
  for (int i = 0; i < exponent; ++i) result *= base;
  return result;
}

double dot(const double* a, const float* b, std::size_t n) {
  double sum = 0;
  for (std::size_t i = 0; i < n; ++i) sum += a[i] * static_cast<double>(b[i]);
  return sum;
}

double dot(const float* a, const float* b, std::size_t n) {
  double sum = 0;
  for (std::size_t i = 0; i < n; ++i) sum += static_cast<double>(a[i]) * static_cast<double>(b[i]);
  return sum;
}

double mean_power(const TargetDraw& draw, const float* sample, std::size_t keys, std::size_t dim,
                  int degree) {
  double sum = 0;
  for (std::size_t i = 1; i <= keys; ++i) {
    sum += integer_power(dot(draw.beta.data(), sample + i * dim, dim), degree);
  }
  return sum / static_cast<double>(keys);
}

// A mean over independent keys of g(<beta, x_i>): only g's linear part is affine in the tokens, so
// the level is 1 - E[t^(p+1)]^2 / (E[t^2] E[t^(2p)]) for odd p and 1 for even p.
double mean_power_level(std::size_t, std::size_t dim, int degree) {
  if (degree % 2 == 0) return 1;
  const double linear = sphere_moment(degree + 1, dim);
  return 1 - linear * linear / (sphere_moment(2, dim) * sphere_moment(2 * degree, dim));
}

double mean_power_norm(std::size_t, int degree) {
  return std::pow(degree, 4.5) * std::pow(4.0, degree);
}

double correlation_value(const TargetDraw& draw, const float* sample, std::size_t keys,
                         std::size_t dim, int degree) {
  double sum = 0;
  for (std::size_t i = 1; i <= keys; ++i) {
    const float* key = sample + i * dim;
    sum += integer_power(dot(sample, key, dim), degree) * dot(draw.beta.data(), key, dim);
  }
  return sum / static_cast<double>(keys);
}

// With t = <x_0, x_i>, m_k = E t^k. Even q: the mean over x_0 of t^q <beta, x_i> is m_q <beta,
// x_i>, and different keys are uncorrelated, so the level is 1 - m_q^2 / m_2q. Odd q: the mean over
// x_i is m_(q+1) <beta, x_0>, the variance of that is V0 = m_(q+1)^2 / d, and what the N keys
// scatter around it is V1 = (m_2q / d - V0) / N, none of it affine.
double correlation_value_level(std::size_t keys, std::size_t dim, int degree) {
  if (degree % 2 == 0) {
    const double m = sphere_moment(degree, dim);
    return 1 - m * m / sphere_moment(2 * degree, dim);
  }
  const double d = static_cast<double>(dim);
  const double m = sphere_moment(degree + 1, dim);
  const double by_query = m * m / d;
  const double scatter =
      (sphere_moment(2 * degree, dim) / d - by_query) / static_cast<double>(keys);
  return scatter / (scatter + by_query);
}

double correlation_value_norm(std::size_t dim, int degree) {
  return std::pow(degree + 1.0, 4.5) * std::pow(4.0, degree + 1) *
         std::pow(static_cast<double>(dim), degree);
}

constexpr std::array kTargets = {
    Target{"mean-power", "mean of a power", "(1/N) Σ ⟨β,xᵢ⟩ᵖ", false, mean_power, mean_power_level,
           mean_power_norm, "p^4.5 · 4^p"},
    Target{"correlation-value", "correlation-weighted mean", "(1/N) Σ ⟨x₀,xᵢ⟩ᵖ ⟨β,xᵢ⟩", true,
           correlation_value, correlation_value_level, correlation_value_norm,
           "(p+1)^4.5 · 4^(p+1) · d^p"},
};

}  // namespace

std::span<const Target> targets() {
  return kTargets;
}

const Target* find_target(std::string_view id) {
  for (const Target& target : kTargets) {
    if (target.id == id) return &target;
  }
  return nullptr;
}

TargetDraw draw_target(std::uint64_t seed, std::uint32_t trial, std::size_t dim) {
  TargetDraw draw{std::vector<double>(dim)};
  RandomStream(seed, hash_name("rf/beta"), trial).fill_sphere(draw.beta);
  return draw;
}

std::vector<double> target_values(const Target& target, const TargetDraw& draw,
                                  const TokenBatch& batch, int degree) {
  std::vector<double> values(batch.count);
  for (std::size_t i = 0; i < batch.count; ++i) {
    values[i] = target.value(draw, batch.sample(i), batch.keys, batch.dim, degree);
  }
  return values;
}

double sphere_moment(int k, std::size_t dim) {
  if (k % 2 != 0) return 0;
  double moment = 1;
  for (int j = 0; j < k; j += 2) moment *= (j + 1.0) / (static_cast<double>(dim) + j);
  return moment;
}

}  // namespace attnlab
