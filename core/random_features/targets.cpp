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

/// Variance of the correlation-weighted mean: of its expectation given the query, and of the
/// scatter of the keys around that.
struct CorrelationVariance {
  double by_query, scatter;
};

// With t = <x_0, x_i>, m_k = E t^k. The mean over x_i is m_(q+1) <beta, x_0> for odd q and 0 for
// even q; the variance around it is (m_2q / d - V0) / N.
CorrelationVariance correlation_variance(std::size_t keys, std::size_t dim, int q) {
  const double d = static_cast<double>(dim), m = sphere_moment(q + 1, dim);
  const double by_query = m * m / d;
  return {by_query, (sphere_moment(2 * q, dim) / d - by_query) / static_cast<double>(keys)};
}

// Even q: the mean over x_0 of t^q <beta, x_i> is m_q <beta, x_i>, and different keys are
// uncorrelated, so the level is 1 - m_q^2 / m_2q. Odd q: the expectation given the query is affine,
// and the scatter has no affine part.
double correlation_value_level(std::size_t keys, std::size_t dim, double q) {
  const int degree = static_cast<int>(q);
  if (degree % 2 == 0) {
    const double m = sphere_moment(degree, dim);
    return 1 - m * m / sphere_moment(2 * degree, dim);
  }
  const CorrelationVariance parts = correlation_variance(keys, dim, degree);
  return parts.scatter / (parts.scatter + parts.by_query);
}

// A function of <x_0, x_i> alone has the same expectation given either token, so it is uncorrelated
// with every coordinate. The cosine of one coordinate is even.
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

// RFMLP's norms: one tensor for every key, of the target's degree in the long input. The tensors
// are orthogonal to one another. The long input has squared length N + 2, the input of RFA's
// heads 4.
double mean_power_ratio(std::size_t keys, double p) {
  const double n = static_cast<double>(keys);
  return std::pow((n + 2) / 4, p) / n;
}

double correlation_value_ratio(std::size_t keys, double q) {
  const double n = static_cast<double>(keys);
  return std::pow(n + 2, 2 * q + 1) / (std::pow(4.0, q + 1) * n);
}

double mean_power_variance(std::size_t keys, std::size_t dim, double p) {
  const int degree = static_cast<int>(p);
  const double mean = sphere_moment(degree, dim);
  return (sphere_moment(2 * degree, dim) - mean * mean) / static_cast<double>(keys);
}

double correlation_value_variance(std::size_t keys, std::size_t dim, double q) {
  const CorrelationVariance parts = correlation_variance(keys, dim, static_cast<int>(q));
  return parts.by_query + parts.scatter;
}

bool even_power(double number) {
  return static_cast<int>(number) % 2 == 0;
}
bool always(double) {
  return true;
}
bool never(double) {
  return false;
}

constexpr TargetNorms kMeanPowerNorms{.rfa = mean_power_norm,
                                      .rfa_formula = "p^4.5 · 4^p",
                                      .brfa = nullptr,
                                      .brfa_formula = "",
                                      .rfmlp_over_rfa = mean_power_ratio,
                                      .rfmlp_over_rfa_formula = "((N+2)/4)^p / N",
                                      .variance = mean_power_variance};
constexpr TargetNorms kCorrelationValueNorms{
    .rfa = correlation_value_norm,
    .rfa_formula = "(p+1)^4.5 · 4^(p+1) · d^p",
    .brfa = biased_correlation_norm,
    .brfa_formula = "(p+1)^4.5 · 4^(p+1)",
    .rfmlp_over_rfa = correlation_value_ratio,
    .rfmlp_over_rfa_formula = "(N+2)^(2p+1) / (4^(p+1) · N)",
    .variance = correlation_value_variance};

constexpr std::array kTargets = {
    Target{.id = "mean-power",
           .label = "mean of a power",
           .formula = "(1/N) Σ ⟨β,xᵢ⟩ᵖ",
           .number = TargetNumber::kDegree,
           .default_number = 2,
           .reads_correlation = false,
           .mean_over_keys = true,
           .value = mean_power,
           .affine_level = power_level,
           .norms = &kMeanPowerNorms,
           .constant_at_dim_one = even_power},
    Target{.id = "correlation-value",
           .label = "correlation-weighted mean",
           .formula = "(1/N) Σ ⟨x₀,xᵢ⟩ᵖ ⟨β,xᵢ⟩",
           .number = TargetNumber::kDegree,
           .default_number = 2,
           .reads_correlation = true,
           .mean_over_keys = true,
           .value = correlation_value,
           .affine_level = correlation_value_level,
           .norms = &kCorrelationValueNorms,
           .constant_at_dim_one = never},
    Target{.id = "correlation-power",
           .label = "power of the correlation",
           .formula = "(1/N) Σ ⟨x₀,xᵢ⟩ᵖ",
           .number = TargetNumber::kDegree,
           .default_number = 2,
           .reads_correlation = true,
           .mean_over_keys = true,
           .value = correlation_power,
           .affine_level = no_affine_part,
           .norms = nullptr,
           .constant_at_dim_one = even_power},
    Target{.id = "matrix-correlation",
           .label = "correlation through a random matrix",
           .formula = "(1/N) Σ ⟨x₀,S xᵢ⟩ᵖ ⟨β,xᵢ⟩",
           .number = TargetNumber::kDegree,
           .default_number = 2,
           .reads_correlation = false,
           .mean_over_keys = true,
           .value = matrix_correlation,
           .affine_level = nullptr,
           .norms = nullptr,
           .constant_at_dim_one = never},
    Target{.id = "mean-cosine",
           .label = "mean of a cosine",
           .formula = "(1/N) Σ cos(g ⟨β,xᵢ⟩)",
           .number = TargetNumber::kFrequency,
           .default_number = 4,
           .reads_correlation = false,
           .mean_over_keys = true,
           .value = mean_cosine,
           .affine_level = no_affine_part,
           .norms = nullptr,
           .constant_at_dim_one = always},
    Target{.id = "correlation-cosine",
           .label = "cosine of the correlation",
           .formula = "(1/N) Σ cos(g ⟨x₀,xᵢ⟩)",
           .number = TargetNumber::kFrequency,
           .default_number = 4,
           .reads_correlation = true,
           .mean_over_keys = true,
           .value = correlation_cosine,
           .affine_level = no_affine_part,
           .norms = nullptr,
           .constant_at_dim_one = always},
    Target{.id = "query-power",
           .label = "power of the query",
           .formula = "⟨β,x₀⟩ᵖ",
           .number = TargetNumber::kDegree,
           .default_number = 2,
           .reads_correlation = false,
           .value = query_power,
           .affine_level = power_level,
           .norms = nullptr,
           .constant_at_dim_one = even_power},
    Target{.id = "maximum",
           .label = "maximum (outside the theory)",
           .formula = "max ⟨β,xᵢ⟩",
           .number = TargetNumber::kNone,
           .default_number = 0,
           .reads_correlation = false,
           .value = maximum,
           .affine_level = nullptr,
           .norms = nullptr,
           .constant_at_dim_one = never},
};

constexpr Target kOwnTarget{.id = "own",
                            .label = "your own formula",
                            .formula = "the parameter formula",
                            .number = TargetNumber::kNone,
                            .default_number = 0,
                            .reads_correlation = false,
                            .value = nullptr,
                            .affine_level = nullptr,
                            .norms = nullptr,
                            .constant_at_dim_one = never};

}  // namespace

const Target& own_target() {
  return kOwnTarget;
}

std::span<const Target> targets() {
  return kTargets;
}

const Target* find_target(std::string_view id) {
  for (const Target& target : kTargets) {
    if (target.id == id) return &target;
  }
  return id == kOwnTarget.id ? &kOwnTarget : nullptr;
}

TargetDraw draw_target(std::uint64_t seed, std::uint32_t trial, std::size_t dim) {
  TargetDraw draw{std::vector<double>(dim), std::vector<double>(dim * dim),
                  std::vector<double>(dim), std::vector<double>(dim)};
  RandomStream(seed, hash_name("rf/beta"), trial).fill_sphere(draw.beta);
  RandomStream(seed, hash_name("rf/beta-2"), trial).fill_sphere(draw.beta_2);
  RandomStream(seed, hash_name("rf/beta-3"), trial).fill_sphere(draw.beta_3);
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

double sphere_moment(int k, std::size_t dim) {
  if (k % 2 != 0) return 0;
  double moment = 1;
  for (int j = 0; j < k; j += 2) moment *= (j + 1.0) / (static_cast<double>(dim) + j);
  return moment;
}

}  // namespace attnlab::random_features
