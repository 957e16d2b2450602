#include "core/random_features/targets.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "core/numerics/elementary.h"
#include "core/numerics/random.h"

namespace attnlab::random_features {
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

/// (1/N) sum over the keys of term(key).
template <class Term>
double mean_over_keys(const float* sample, std::size_t keys, std::size_t dim, Term term) {
  double sum = 0;
  for (std::size_t i = 1; i <= keys; ++i) sum += term(sample + i * dim);
  return sum / static_cast<double>(keys);
}

double mean_power(const TargetDraw& draw, const float* sample, std::size_t keys, std::size_t dim,
                  double p) {
  return mean_over_keys(sample, keys, dim, [&](const float* key) {
    return integer_power(dot(draw.beta.data(), key, dim), static_cast<int>(p));
  });
}

double correlation_value(const TargetDraw& draw, const float* sample, std::size_t keys,
                         std::size_t dim, double q) {
  return mean_over_keys(sample, keys, dim, [&](const float* key) {
    return integer_power(dot(sample, key, dim), static_cast<int>(q)) *
           dot(draw.beta.data(), key, dim);
  });
}

double correlation_power(const TargetDraw&, const float* sample, std::size_t keys, std::size_t dim,
                         double p) {
  return mean_over_keys(sample, keys, dim, [&](const float* key) {
    return integer_power(dot(sample, key, dim), static_cast<int>(p));
  });
}

double matrix_correlation(const TargetDraw& draw, const float* sample, std::size_t keys,
                          std::size_t dim, double q) {
  std::vector<double> image(dim);  // S^T x_0, so that <x_0, S x_i> = <image, x_i>
  for (std::size_t a = 0; a < dim; ++a) {
    for (std::size_t b = 0; b < dim; ++b) {
      image[b] += static_cast<double>(sample[a]) * draw.matrix[a * dim + b];
    }
  }
  return mean_over_keys(sample, keys, dim, [&](const float* key) {
    return integer_power(dot(image.data(), key, dim), static_cast<int>(q)) *
           dot(draw.beta.data(), key, dim);
  });
}

double mean_cosine(const TargetDraw& draw, const float* sample, std::size_t keys, std::size_t dim,
                   double g) {
  return mean_over_keys(sample, keys, dim, [&](const float* key) {
    return portable_cos(g * dot(draw.beta.data(), key, dim));
  });
}

double correlation_cosine(const TargetDraw&, const float* sample, std::size_t keys, std::size_t dim,
                          double g) {
  return mean_over_keys(sample, keys, dim,
                        [&](const float* key) { return portable_cos(g * dot(sample, key, dim)); });
}

double query_power(const TargetDraw& draw, const float* sample, std::size_t, std::size_t dim,
                   double p) {
  return integer_power(dot(draw.beta.data(), sample, dim), static_cast<int>(p));
}

double maximum(const TargetDraw& draw, const float* sample, std::size_t keys, std::size_t dim,
               double) {
  double highest = dot(draw.beta.data(), sample + dim, dim);
  for (std::size_t i = 2; i <= keys; ++i) {
    highest = std::max(highest, dot(draw.beta.data(), sample + i * dim, dim));
  }
  return highest;
}

// g(<beta, x>) of one token, or a mean of it over independent tokens: only g's linear part is
// affine in the tokens, so the level is 1 - E[t^(p+1)]^2 / (E[t^2] E[t^(2p)]) for odd p and 1 for
// even p.
double power_level(std::size_t, std::size_t dim, double p) {
  const int degree = static_cast<int>(p);
  if (degree % 2 == 0) return 1;
  const double linear = sphere_moment(degree + 1, dim);
  return 1 - linear * linear / (sphere_moment(2, dim) * sphere_moment(2 * degree, dim));
}

// With t = <x_0, x_i>, m_k = E t^k. Even q: the mean over x_0 of t^q <beta, x_i> is m_q <beta,
// x_i>, and different keys are uncorrelated, so the level is 1 - m_q^2 / m_2q. Odd q: the mean over
// x_i is m_(q+1) <beta, x_0>, the variance of that is V0 = m_(q+1)^2 / d, and what the N keys
// scatter around it is V1 = (m_2q / d - V0) / N, none of it affine.
double correlation_value_level(std::size_t keys, std::size_t dim, double q) {
  const int degree = static_cast<int>(q);
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

// A function of <x_0, x_i> alone: given either token it is a constant in the other's direction, so
// it is uncorrelated with every coordinate. The cosine of one coordinate is even.
double no_affine_part(std::size_t, std::size_t, double) {
  return 1;
}

double mean_power_norm(std::size_t, double p) {
  return std::pow(p, 4.5) * std::pow(4.0, p);
}

double biased_correlation_norm(std::size_t dim, double q) {
  return mean_power_norm(dim, q + 1);
}

double correlation_value_norm(std::size_t dim, double q) {
  return biased_correlation_norm(dim, q) * std::pow(static_cast<double>(dim), q);
}

constexpr TargetNorms kMeanPowerNorms{mean_power_norm, "p^4.5 · 4^p", nullptr, ""};
constexpr TargetNorms kCorrelationValueNorms{correlation_value_norm, "(p+1)^4.5 · 4^(p+1) · d^p",
                                             biased_correlation_norm, "(p+1)^4.5 · 4^(p+1)"};

constexpr std::array kTargets = {
    Target{"mean-power", "mean of a power", "(1/N) Σ ⟨β,xᵢ⟩ᵖ", TargetNumber::kDegree, false,
           mean_power, power_level, &kMeanPowerNorms},
    Target{"correlation-value", "correlation-weighted mean", "(1/N) Σ ⟨x₀,xᵢ⟩ᵖ ⟨β,xᵢ⟩",
           TargetNumber::kDegree, true, correlation_value, correlation_value_level,
           &kCorrelationValueNorms},
    Target{"correlation-power", "power of the correlation", "(1/N) Σ ⟨x₀,xᵢ⟩ᵖ",
           TargetNumber::kDegree, true, correlation_power, no_affine_part, nullptr},
    Target{"matrix-correlation", "correlation through a random matrix", "(1/N) Σ ⟨x₀,S xᵢ⟩ᵖ ⟨β,xᵢ⟩",
           TargetNumber::kDegree, false, matrix_correlation, nullptr, nullptr},
    Target{"mean-cosine", "mean of a cosine", "(1/N) Σ cos(g ⟨β,xᵢ⟩)", TargetNumber::kFrequency,
           false, mean_cosine, no_affine_part, nullptr},
    Target{"correlation-cosine", "cosine of the correlation", "(1/N) Σ cos(g ⟨x₀,xᵢ⟩)",
           TargetNumber::kFrequency, true, correlation_cosine, no_affine_part, nullptr},
    Target{"query-power", "power of the query", "⟨β,x₀⟩ᵖ", TargetNumber::kDegree, false,
           query_power, power_level, nullptr},
    Target{"maximum", "maximum (outside the theory)", "max ⟨β,xᵢ⟩", TargetNumber::kNone, false,
           maximum, nullptr, nullptr},
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
  TargetDraw draw{std::vector<double>(dim), std::vector<double>(dim * dim)};
  RandomStream(seed, hash_name("rf/beta"), trial).fill_sphere(draw.beta);
  RandomStream(seed, hash_name("rf/matrix"), trial).fill_normal(std::span<double>(draw.matrix));
  for (double& entry : draw.matrix) entry /= std::sqrt(static_cast<double>(dim));
  return draw;
}

std::vector<double> target_values(const Target& target, const TargetDraw& draw,
                                  const TokenBatch& batch, double number) {
  std::vector<double> values(batch.count);
  for (std::size_t i = 0; i < batch.count; ++i) {
    values[i] = target.value(draw, batch.sample(i), batch.keys, batch.dim, number);
  }
  return values;
}

double rfmlp_norm_ratio(std::size_t keys, double degree) {
  return std::pow(static_cast<double>(keys) / 4, degree);
}

double sphere_moment(int k, std::size_t dim) {
  if (k % 2 != 0) return 0;
  double moment = 1;
  for (int j = 0; j < k; j += 2) moment *= (j + 1.0) / (static_cast<double>(dim) + j);
  return moment;
}

}  // namespace attnlab::random_features
