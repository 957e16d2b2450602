// Search, measurement and control variates; see head_risk.h.
#include "core/in_context/head_risk.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/experiment/step_budget.h"
#include "core/in_context/small_solve.h"

namespace attnlab::in_context {
namespace {

constexpr std::uint32_t kSearchDomain = hash_name("icl/search");
constexpr std::uint32_t kMeasureDomain = hash_name("icl/measure");
constexpr StepBudget kStep(10, per_millisecond::kPromptFlops);

std::size_t prompts_per_step(double flops_per_prompt) {
  return static_cast<std::size_t>(std::clamp(kStep.work() / flops_per_prompt, 1.0, 4096.0));
}

/// Exponent of the third control: b^2 of the best single head, kept where its variance is tame.
double shape_exponent(const RegressionTask& task) {
  const double scale = one_head_best_scale(task);
  return std::min(scale * scale, 0.2);
}

/// Evaluates every predictor and control on one prompt after the other.
class Meter {
 public:
  Meter(const HeadRiskTask& task, std::vector<std::vector<SoftmaxHead>> sets)
      : task_(task),
        sets_(std::move(sets)),
        prompt_(make_prompt(task.law)),
        step_(task.law.linear.best_step()) {
    for (const auto& set : sets_) {
      for (const SoftmaxHead& head : set) scales_.push_back(static_cast<float>(head.scale));
    }
    features_ = make_head_features(task.law, scales_.size(), task.law.scenario.noise > 0);
    const std::size_t values = sets_.size() + (task.posterior ? 2 : 0) + kControls;
    values_.resize(values);
    sums_.heads = sets_;
    combined_.resize(features_.weights.cols());
    error_.resize(task.law.scenario.dim);
    for (std::size_t s = 0; s < sets_.size(); ++s) gains_.push_back(1);
  }

  /// Read-out of x_q that goes with each set: 1 - c = E x_q m / E |x_q|^2 over the search prompts.
  void set_gains(std::vector<double> gains) { gains_ = std::move(gains); }

  void measure(RandomStream& stream) {
    draw_prompt(task_.law, stream, prompt_);
    attend(task_.law, prompt_, scales_, features_);
    std::size_t first = 0, v = 0;
    for (std::size_t s = 0; s < sets_.size(); ++s) {
      values_[v++] = set_risk(s, first);
      first += sets_[s].size();
    }
    const std::vector<double> gram = example_gram(task_.law, prompt_);
    if (task_.posterior) {
      values_[v++] = least_squares(gram);
      values_[v++] = bayes(gram);
    }
    values_[v++] = linear(gram);
    values_[v++] = prompt_.white_square;
    values_[v++] = one_head_shape(task_.law.scenario.task(), prompt_.white_square);
    sums_.add(values_);
  }

  RiskSums take() { return std::move(sums_); }

 private:
  double set_risk(std::size_t s, std::size_t first) {
    const Scenario& scenario = task_.law.scenario;
    const std::vector<SoftmaxHead>& set = sets_[s];
    double signal = 0, read = 0;
    for (std::size_t a = 0; a < scenario.dim; ++a) {
      double mean = 0;
      for (std::size_t h = 0; h < set.size(); ++h) {
        mean += set[h].weight * features_.means(first + h, a);
      }
      const double error = prompt_.query[a] - mean, rest = gains_[s] * prompt_.query[a] - mean;
      signal += error * error;
      read += rest * rest;
    }
    double risk = scenario.signal_variance() * signal + scenario.read_out_variance() * read;
    if (scenario.noise == 0) return risk;
    std::fill(combined_.begin(), combined_.end(), 0.0f);
    for (std::size_t h = 0; h < set.size(); ++h) {
      const float weight = static_cast<float>(set[h].weight);
      const std::span<const float> row = features_.weights.row(first + h);
      for (std::size_t i = 0; i < row.size(); ++i) combined_[i] += weight * row[i];
    }
    double square = 0;
    for (const float entry : combined_) square += double(entry) * entry;
    return risk + scenario.noise * square;
  }

  double linear(const std::vector<double>& gram) {
    const Scenario& scenario = task_.law.scenario;
    const double scale = step_ / static_cast<double>(scenario.prompt_length);
    double signal = 0, square = 0;
    for (std::size_t a = 0; a < scenario.dim; ++a) {
      double mean = 0;
      for (std::size_t c = 0; c < scenario.dim; ++c) {
        mean += gram[a * scenario.dim + c] * prompt_.direction[c];
      }
      square += prompt_.direction[a] * mean;
      const double error = prompt_.query[a] - scale * mean;
      signal += error * error;
    }
    const double variance = scenario.task().signal / static_cast<double>(scenario.dim);
    return variance * signal + scenario.noise * scale * scale * square;
  }

  /// x_q^T (gram + shift I)^-1 x_q; NaN when that is not positive definite.
  double inverse_form(std::vector<double> gram, double shift) {
    const std::size_t d = task_.law.scenario.dim;
    for (std::size_t a = 0; a < d; ++a) gram[a * d + a] += shift;
    if (!factor_small(d, gram, 0)) return std::numeric_limits<double>::quiet_NaN();
    error_ = prompt_.query;
    solve_small(d, gram, error_);
    double sum = 0;
    for (std::size_t a = 0; a < d; ++a) sum += error_[a] * prompt_.query[a];
    return sum;
  }

  double least_squares(const std::vector<double>& gram) {
    const Scenario& scenario = task_.law.scenario;
    if (scenario.noise == 0 || scenario.prompt_length < scenario.dim + 2) return 0;
    return scenario.noise * inverse_form(gram, 0);
  }

  /// Posterior variance of theta^T x_q: sigma^2 x_q^T (sum x x^T + sigma^2 / tau^2 I)^-1 x_q.
  double bayes(const std::vector<double>& gram) {
    const Scenario& scenario = task_.law.scenario;
    if (scenario.noise == 0 && scenario.prompt_length >= scenario.dim) return 0;
    constexpr double kNoNoise = 1e-6;  // stands for 0 where the prompt leaves directions open
    const double noise = std::max(scenario.noise, kNoNoise);
    return noise * inverse_form(gram, noise / scenario.theta_variance());
  }

  const HeadRiskTask& task_;
  std::vector<std::vector<SoftmaxHead>> sets_;
  Prompt prompt_;
  double step_;
  std::vector<float> scales_, combined_;
  std::vector<double> values_, error_, gains_;
  HeadFeatures features_;
  RiskSums sums_;
};

/// Gains of the read-out of x_q for each set, interpolating the grid's moments at refined scales.
std::vector<double> read_out_gains(const HeadRiskTask& task, const HeadMoments& moments,
                                   const std::vector<std::vector<SoftmaxHead>>& sets) {
  const HeadMoments::Quadratic q = moments.quadratic();
  const std::span<const float> scales = moments.scales();
  std::vector<double> gains;
  for (const auto& set : sets) {
    double cross = 0;
    for (const SoftmaxHead& head : set) {
      const auto above = std::lower_bound(scales.begin(), scales.end(), head.scale * (1 - 1e-6));
      std::size_t b = static_cast<std::size_t>(above - scales.begin());
      b = std::clamp<std::size_t>(b, 1, std::max<std::size_t>(scales.size() - 1, 1));
      double linear = q.linear[std::min(b, scales.size() - 1)];
      if (scales.size() > 1) {
        const double at = (head.scale - scales[b - 1]) / (scales[b] - scales[b - 1]);
        linear = q.linear[b - 1] + at * (q.linear[b] - q.linear[b - 1]);
      }
      cross += head.weight * linear;
    }
    gains.push_back(task.law.scenario.read_out_variance() > 0 ? cross / q.base : 1);
  }
  return gains;
}

}  // namespace

double one_head_shape(const RegressionTask& task, double white_square) {
  const double t = shape_exponent(task);
  return std::exp(t * white_square) *
         (task.signal + task.noise + t * task.signal / task.dim * white_square);
}

void RiskSums::add(std::span<const double> values) {
  const std::size_t n = values.size();
  means.resize(n, 0.0);
  comoments.resize(n * n, 0.0);
  count += 1;
  for (std::size_t i = 0; i < n; ++i) {
    const double before = values[i] - means[i];
    means[i] += before / count;
    for (std::size_t j = 0; j <= i; ++j) {
      // Entry j's mean already holds this prompt (j < i, or i itself just now).
      const double entry = before * (values[j] - means[j]);
      comoments[i * n + j] += entry;
      if (j != i) comoments[j * n + i] += entry;
    }
  }
}

void RiskSums::merge(const RiskSums& other) {
  if (other.count == 0) return;
  if (count == 0) {
    *this = other;
    return;
  }
  const std::size_t n = means.size();
  const double all = count + other.count, share = count * other.count / all;
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < n; ++j) {
      comoments[i * n + j] += other.comoments[i * n + j] + share * (other.means[i] - means[i]) *
                                                               (other.means[j] - means[j]);
    }
  }
  for (std::size_t i = 0; i < n; ++i) means[i] += (other.means[i] - means[i]) * other.count / all;
  count = all;
}

std::vector<double> control_means(const PromptLaw& law) {
  const double d = static_cast<double>(law.scenario.dim);
  const RegressionTask task = law.scenario.task();
  const double scale = std::sqrt(shape_exponent(task));
  return {law.linear.best(), d, scale * scale * one_head_constant(task, scale)};
}

JobSteps measure_heads(HeadRiskTask task, RiskSums& sums) {
  const Scenario& scenario = task.law.scenario;
  const double search_work = search_cost(scenario, task.search_prompts);
  std::size_t heads = 0;
  for (const std::size_t count : task.head_counts) heads += count;
  const double work = search_work + measure_cost(scenario, heads, task.prompts);

  HeadMoments moments(task.law, search_scales(scenario));
  RandomStream search(task.seed, kSearchDomain, task.cell);
  const std::size_t search_step = prompts_per_step(search_cost(scenario, 1));
  for (std::size_t done = 0; done < task.search_prompts;) {
    const std::size_t now = std::min(search_step, task.search_prompts - done);
    moments.add_prompts(search, now);
    done += now;
    co_yield StepProgress{search_cost(scenario, done) / work};
  }
  const HeadMoments::Quadratic quadratic = moments.quadratic();
  std::vector<std::vector<SoftmaxHead>> sets;
  for (const std::size_t count : task.head_counts) {
    sets.push_back(best_heads(moments.scales(), quadratic, count));
  }

  Meter meter(task, sets);
  meter.set_gains(read_out_gains(task, moments, sets));
  RandomStream stream(task.seed, kMeasureDomain, task.cell, task.part);
  const std::size_t step = prompts_per_step(measure_cost(scenario, heads, 1));
  for (std::size_t done = 0; done < task.prompts;) {
    const std::size_t now = std::min(step, task.prompts - done);
    for (std::size_t j = 0; j < now; ++j) meter.measure(stream);
    done += now;
    co_yield StepProgress{(search_work + measure_cost(scenario, heads, done)) / work};
  }
  sums = meter.take();
  co_return JobResult{};
}

double RiskEstimates::std_error(std::size_t predictor) const {
  return std::sqrt(std::max(covariance[predictor * risks.size() + predictor], 0.0));
}

RiskEstimates corrected_risks(const RiskSums& sums, std::span<const double> controls) {
  const std::size_t n = sums.means.size(), k = controls.size();
  if (n < k) return {};
  const std::size_t p = n - k;
  RiskEstimates result;
  result.risks.assign(sums.means.begin(), sums.means.begin() + static_cast<std::ptrdiff_t>(p));
  result.covariance.assign(p * p, std::numeric_limits<double>::quiet_NaN());
  if (sums.count < static_cast<double>(k) + 10) return result;
  std::vector<double> factor(k * k);
  for (std::size_t i = 0; i < k; ++i) {
    for (std::size_t j = 0; j < k; ++j) factor[i * k + j] = sums.comoments[(p + i) * n + p + j];
  }
  const bool usable = factor_small(k, factor, 1e-10);
  std::vector<std::vector<double>> slopes(p, std::vector<double>(k, 0.0));
  for (std::size_t i = 0; i < p && usable; ++i) {
    for (std::size_t c = 0; c < k; ++c) slopes[i][c] = sums.comoments[i * n + p + c];
    solve_small(k, factor, slopes[i]);
    for (std::size_t c = 0; c < k; ++c) {
      result.risks[i] -= slopes[i][c] * (sums.means[p + c] - controls[c]);
    }
  }
  const double scale = sums.count * (sums.count - 1 - static_cast<double>(k));
  for (std::size_t i = 0; i < p; ++i) {
    for (std::size_t j = 0; j < p; ++j) {
      double rest = sums.comoments[i * n + j];
      for (std::size_t c = 0; c < k; ++c) rest -= slopes[i][c] * sums.comoments[j * n + p + c];
      result.covariance[i * p + j] = rest / scale;
    }
  }
  return result;
}

double search_cost(const Scenario& scenario, std::size_t prompts) {
  const double d = static_cast<double>(scenario.dim);
  const double length = static_cast<double>(padded_length(scenario.prompt_length));
  constexpr double kScales = 55, kExp = 24;
  const double noise = scenario.noise > 0 ? kScales * kScales / 2 : 0;
  return static_cast<double>(prompts) * length * (40 * d + kScales * (2 * d + kExp) + noise);
}

double measure_cost(const Scenario& scenario, std::size_t heads, std::size_t prompts) {
  const double d = static_cast<double>(scenario.dim), h = static_cast<double>(heads);
  const double length = static_cast<double>(padded_length(scenario.prompt_length));
  const double noise = scenario.noise > 0 ? 6 * h : 0;
  return static_cast<double>(prompts) * (length * (40 * d + h * (2 * d + 24) + noise) + 2000);
}

}  // namespace attnlab::in_context
