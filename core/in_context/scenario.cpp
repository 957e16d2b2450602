// Prompts of every setting and the leading-order theory that belongs to it.
#include "core/in_context/scenario.h"

#include <cmath>
#include <limits>

#include "core/in_context/small_solve.h"
#include "core/numerics/kernels/kernel_table.h"
#include "core/numerics/linear_algebra.h"

namespace attnlab::in_context {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr std::array kOnePlain = {Variant::kPlain};
constexpr std::array kCorrelationVariants = {Variant::kPlain, Variant::kInverse, Variant::kFinite};
constexpr std::array kPriorVariants = {Variant::kPlain, Variant::kReadOut, Variant::kCentred};

using Square = std::vector<double>;

Square product(std::size_t n, const Square& a, const Square& b) {
  Square c(n * n, 0.0);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t k = 0; k < n; ++k) {
      for (std::size_t j = 0; j < n; ++j) c[i * n + j] += a[i * n + k] * b[k * n + j];
    }
  }
  return c;
}

double trace(std::size_t n, const Square& a) {
  double sum = 0;
  for (std::size_t i = 0; i < n; ++i) sum += a[i * n + i];
  return sum;
}

Square identity(std::size_t n) {
  Square a(n * n, 0.0);
  for (std::size_t i = 0; i < n; ++i) a[i * n + i] = 1;
  return a;
}

/// Sigma_ij = rho^|i-j|.
Square covariance(const Scenario& scenario) {
  const std::size_t n = scenario.dim;
  const double rho = scenario.setting == Setting::kCorrelation ? scenario.value : 0;
  Square sigma(n * n);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < n; ++j) {
      sigma[i * n + j] = std::pow(rho, static_cast<double>(i > j ? i - j : j - i));
    }
  }
  return sigma;
}

/// Gamma = (1 + 1/D) Sigma + (tr Sigma + sigma^2 / tau^2) / D.
Square preconditioner(const Scenario& scenario, const Square& sigma) {
  const std::size_t n = scenario.dim;
  const double length = static_cast<double>(scenario.prompt_length);
  const double shift = (trace(n, sigma) + scenario.noise / scenario.theta_variance()) / length;
  Square gamma = sigma;
  for (double& entry : gamma) entry *= 1 + 1 / length;
  for (std::size_t i = 0; i < n; ++i) gamma[i * n + i] += shift;
  return gamma;
}

Square key_query_of(const Scenario& scenario, const Square& sigma) {
  if (scenario.variant == Variant::kInverse) return inverse_small(scenario.dim, sigma);
  if (scenario.variant == Variant::kFinite) {
    return inverse_small(scenario.dim, preconditioner(scenario, sigma));
  }
  return identity(scenario.dim);
}

/// Exact moments of the linear step with matrix M for x ~ N(0, Sigma); E[S^ S^] of the sample
/// covariance S^ is Sigma^2 + (Sigma^2 + tr Sigma Sigma) / D.
StepRisk correlated_step_risk(const Scenario& scenario, double length, const Square& sigma,
                              const Square& m) {
  const std::size_t n = scenario.dim;
  const double tau2 = scenario.theta_variance(), total = trace(n, sigma);
  const Square sigma2 = product(n, sigma, sigma), m_sigma = product(n, m, sigma);
  const Square m_sigma_m_sigma = product(n, m_sigma, m_sigma);  // M Sigma M^T Sigma: all symmetric
  const Square m_sigma2_m_sigma = product(n, product(n, m, sigma2), m_sigma);
  return {tau2 * total, tau2 * trace(n, product(n, m, sigma2)),
          tau2 * ((1 + 1 / length) * trace(n, m_sigma2_m_sigma) +
                  total / length * trace(n, m_sigma_m_sigma)) +
              scenario.noise / length * trace(n, m_sigma_m_sigma)};
}

}  // namespace

std::span<const Variant> variants_of(Setting setting) {
  if (setting == Setting::kCorrelation) return kCorrelationVariants;
  if (setting == Setting::kPrior) return kPriorVariants;
  return kOnePlain;
}

std::string_view variant_name(Setting setting, Variant variant) {
  switch (variant) {
    case Variant::kInverse:
      return "inverse";
    case Variant::kFinite:
      return "finite-prompt";
    case Variant::kReadOut:
      return "query-read-out";
    case Variant::kCentred:
      return "centred-values";
    case Variant::kPlain:
      break;
  }
  if (setting == Setting::kCorrelation) return "identity";
  return setting == Setting::kPrior ? "labels-only" : "";
}

std::string_view variant_label(Setting setting, Variant variant) {
  switch (variant) {
    case Variant::kInverse:
      return "KQ = bΣ⁻¹";
    case Variant::kFinite:
      return "KQ = bΓ⁻¹";
    case Variant::kReadOut:
      return "labels + read-out of x";
    case Variant::kCentred:
      return "labels − θ₀ᵀx";
    case Variant::kPlain:
      break;
  }
  if (setting == Setting::kCorrelation) return "KQ = bI";
  return setting == Setting::kPrior ? "labels only" : "";
}

RegressionTask Scenario::task() const {
  RegressionTask task{static_cast<double>(dim), 1, noise};
  if (setting == Setting::kPrior && variant != Variant::kCentred) task.signal += value * value;
  return task;
}

double Scenario::label_variance() const {
  const double mean = setting == Setting::kPrior ? value : 0;
  return (1 + mean * mean) / static_cast<double>(dim);
}

double Scenario::read_out_variance() const {
  const bool reads = setting == Setting::kPrior && variant == Variant::kReadOut;
  return reads ? value * value / static_cast<double>(dim) : 0;
}

double Scenario::signal_variance() const {
  const bool learns = setting == Setting::kPrior && variant == Variant::kPlain;
  return theta_variance() + (learns ? value * value / static_cast<double>(dim) : 0);
}

double one_head_theory(const Scenario& scenario) {
  if (risk_floor(scenario) > 0) return kNaN;
  if (scenario.setting != Setting::kLocal) return one_head_limit(scenario.task());
  const double radius = scenario.value;
  return local_one_head_constant(scenario.task(), radius,
                                 local_one_head_best_scale(scenario.task(), radius));
}

double many_head_theory(const Scenario& scenario) {
  if (risk_floor(scenario) > 0) return kNaN;
  if (scenario.setting == Setting::kLocal) {
    return local_many_head_limit(scenario.task(), scenario.value);
  }
  return many_head_limit(scenario.task());
}

double risk_floor(const Scenario& scenario) {
  if (scenario.setting != Setting::kCorrelation || scenario.variant != Variant::kPlain) return 0;
  if (scenario.value == 0 || scenario.dim == 1) return 0;
  const std::size_t n = scenario.dim;
  const Square sigma = covariance(scenario), sigma2 = product(n, sigma, sigma);
  const double second = trace(n, sigma2), third = trace(n, product(n, sigma2, sigma));
  return scenario.theta_variance() * (trace(n, sigma) - second * second / third);
}

double typical_scale(const Scenario& scenario) {
  const double scale = one_head_best_scale(scenario.task());
  if (scenario.setting == Setting::kLocal && scenario.value > 0) return scale / scenario.value;
  return scale;
}

PromptLaw make_prompt_law(const Scenario& scenario) {
  PromptLaw law{scenario, {}, {}, kNaN};
  const Square sigma = covariance(scenario);
  law.key_query = key_query_of(scenario, sigma);
  const double length = static_cast<double>(scenario.prompt_length);
  const bool debiased = scenario.prompt_length > 1;
  if (scenario.setting == Setting::kCorrelation) {
    law.linear = correlated_step_risk(scenario, length, sigma, law.key_query);
    // The covariance around the means has the law of one example fewer.
    if (debiased) {
      law.debiased = correlated_step_risk(scenario, length - 1, sigma, law.key_query).best();
    }
  } else if (scenario.setting == Setting::kLocal) {
    law.linear = local_step_risk(scenario.task(), scenario.value, length);
    if (debiased) law.debiased = local_debiased_risk(scenario.task(), scenario.value, length);
  } else {
    // With a read-out of x_q the linear baselines keep the plain form.
    law.linear = linear_step_risk(scenario.task(), length);
    if (debiased) law.debiased = debiased_linear_risk(scenario.task(), length);
  }
  return law;
}

std::size_t padded_length(std::size_t prompt_length) {
  constexpr std::size_t kPad = kernels::kExamplePadding;
  return (prompt_length + kPad - 1) / kPad * kPad;
}

Prompt make_prompt(const PromptLaw& law) {
  const std::size_t d = law.scenario.dim;
  return {Matrix<float>(d, padded_length(law.scenario.keys())),
          law.scenario.setting == Setting::kLocal, std::vector<float>(d), std::vector<double>(d),
          0};
}

void draw_prompt(const PromptLaw& law, RandomStream& stream, Prompt& prompt) {
  const Scenario& scenario = law.scenario;
  const std::size_t d = scenario.dim, length = scenario.prompt_length;
  stream.fill_normal(prompt.query);
  prompt.white_square = 0;
  for (const double entry : prompt.query) prompt.white_square += entry * entry;
  stream.fill_normal(prompt.tokens.values());
  const double rho = scenario.setting == Setting::kCorrelation ? scenario.value : 0;
  const double rest = std::sqrt(1 - rho * rho);
  for (std::size_t a = 0; a < d; ++a) {
    const std::span<float> row = prompt.tokens.row(a);
    for (std::size_t i = length; i < row.size(); ++i) row[i] = 0;
    if (rho != 0 && a > 0) {
      prompt.query[a] = rho * prompt.query[a - 1] + rest * prompt.query[a];
      const std::span<const float> before = prompt.tokens.row(a - 1);
      for (std::size_t i = 0; i < length; ++i) {
        row[i] = static_cast<float>(rho) * before[i] + static_cast<float>(rest) * row[i];
      }
    }
    if (scenario.setting == Setting::kLocal) {
      const float radius = static_cast<float>(scenario.value);
      for (std::size_t i = 0; i < length; ++i) row[i] *= radius;
    }
  }
  for (std::size_t a = 0; a < d && scenario.attend_query; ++a) {
    prompt.tokens(a, length) = static_cast<float>(prompt.query[a]);
  }
  for (std::size_t a = 0; a < d; ++a) {
    double sum = 0;
    for (std::size_t c = 0; c < d; ++c) sum += law.key_query[a * d + c] * prompt.query[c];
    prompt.direction[a] = static_cast<float>(sum);
  }
}

std::vector<double> example_gram(const PromptLaw& law, const Prompt& prompt) {
  const std::size_t d = law.scenario.dim;
  Matrix<float> product(d, d);
  gemm_nt(prompt.tokens.view(), prompt.tokens.view(), product.view(), false);
  std::vector<double> gram(product.values().begin(), product.values().end());
  for (std::size_t i = 0; i < d * d && law.scenario.attend_query; ++i) {
    gram[i] -= prompt.query[i / d] * prompt.query[i % d];
  }
  if (!prompt.around_query) return gram;
  std::vector<double> sums(d, 0.0);
  for (std::size_t a = 0; a < d; ++a) {
    for (const float entry : prompt.tokens.row(a)) sums[a] += entry;
  }
  const double length = static_cast<double>(law.scenario.prompt_length);
  for (std::size_t a = 0; a < d; ++a) {
    for (std::size_t c = 0; c < d; ++c) {
      gram[a * d + c] += prompt.query[a] * sums[c] + sums[a] * prompt.query[c] +
                         length * prompt.query[a] * prompt.query[c];
    }
  }
  return gram;
}

}  // namespace attnlab::in_context
