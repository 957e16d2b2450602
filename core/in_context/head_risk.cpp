// Search, measurement and control variates; see head_risk.h.
#include "core/in_context/head_risk.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>

#include "core/experiment/step_budget.h"
#include "core/in_context/kernel_smoothing.h"
#include "core/in_context/small_solve.h"

namespace attnlab::in_context {
namespace {

constexpr std::uint32_t kSearchDomain = hash_name("icl/search");
constexpr std::uint32_t kMeasureDomain = hash_name("icl/measure");
constexpr StepBudget kStep(10, per_millisecond::kPromptFlops);

std::size_t prompts_per_step(double flops_per_prompt) {
  return static_cast<std::size_t>(std::clamp(kStep.work() / flops_per_prompt, 1.0, 4096.0));
}

/// Exponent of the third control: b^2 of the best single head, bounded so that the control's
/// variance is finite.
double shape_exponent(const RegressionTask& task) {
  const double scale = one_head_best_scale(task);
  return std::min(scale * scale, 0.2);
}

double dot(std::span<const double> a, std::span<const double> b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

/// Evaluates every predictor and control on one prompt after the other.
class Meter {
 public:
  /// `gains`: each set's read-out of x_q (read_out_gain). `bandwidth`: of the kernel.
  /// `given_gain`: the read-out of x_q of the heads by hand.
  Meter(const HeadRiskTask& task, const std::vector<FoundHeads>& found, std::vector<double> gains,
        double given_gain, double bandwidth)
      : task_(task),
        gains_(std::move(gains)),
        prompt_(make_prompt(task.law)),
        step_(task.law.linear.best_step()) {
    for (const FoundHeads& heads : found) {
      sums_.heads.push_back(heads.all);
      for (const auto* set : {&heads.all, &heads.half[0], &heads.half[1]}) sets_.push_back(*set);
    }
    found_sets_ = sets_.size();
    if (!task.given.empty()) {
      sets_.push_back(task.given);
      gains_.push_back(given_gain);
    }
    for (const auto& set : sets_) {
      for (const IsotropicHead& head : set) scales_.push_back(static_cast<float>(head.scale));
    }
    features_ = make_head_features(task.law, scales_.size(), task.law.scenario.noise > 0);
    combined_.resize(features_.weights.cols());
    solved_.resize(task.law.scenario.dim);
    if (task.baselines) smoother_.emplace(task.law, std::vector<double>{bandwidth});
  }

  void measure(RandomStream& stream) {
    draw_prompt(task_.law, stream, prompt_);
    attend(task_.law, prompt_, scales_, features_);
    const std::vector<double> gram = example_gram(task_.law, prompt_);
    std::vector<double> losses;
    values_.clear();
    std::size_t first = 0;
    for (std::size_t s = 0; s < found_sets_; s += kSetsPerCount) {
      double risks[kSetsPerCount];
      for (std::size_t i = 0; i < kSetsPerCount; ++i) {
        risks[i] = set_risk(s + i, first);
        first += sets_[s + i].size();
      }
      const double loss = (risks[1] + risks[2]) / 2 - risks[0];
      values_.push_back(risks[0] - loss);
      losses.push_back(loss);
    }
    if (task_.baselines) {
      values_.push_back(least_squares(gram));
      values_.push_back(ridge(gram, task_.law.scenario.theta_variance()));
      values_.push_back(ridge(gram, task_.law.scenario.label_variance()));
      values_.push_back(smoother_->risks(prompt_)[0]);
    }
    if (found_sets_ < sets_.size()) values_.push_back(set_risk(found_sets_, first));
    values_.insert(values_.end(), losses.begin(), losses.end());
    values_.push_back(linear(gram));
    values_.push_back(prompt_.white_square);
    values_.push_back(one_head_shape(task_.law.scenario.task(), prompt_.white_square));
    sums_.add(values_);
  }

  RiskSums take() { return std::move(sums_); }

 private:
  double set_risk(std::size_t s, std::size_t first) {
    const Scenario& scenario = task_.law.scenario;
    const std::vector<IsotropicHead>& set = sets_[s];
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

  /// u = (gram + shift I)^-1 x_q in solved_; false when the matrix is not positive definite.
  bool solve(std::vector<double> gram, double shift) {
    const std::size_t d = task_.law.scenario.dim;
    for (std::size_t a = 0; a < d; ++a) gram[a * d + a] += shift;
    if (!factor_small(d, gram, 0)) return false;
    solved_ = prompt_.query;
    solve_small(d, gram, solved_);
    return true;
  }

  double least_squares(const std::vector<double>& gram) {
    const Scenario& scenario = task_.law.scenario;
    if (scenario.noise == 0 || scenario.prompt_length < scenario.dim + 2) return 0;
    if (!solve(gram, 0)) return std::numeric_limits<double>::quiet_NaN();
    return scenario.noise * dot(solved_, prompt_.query);
  }

  /// Ridge regression at its best ridge parameter for entries of theta of mean square `variance`,
  /// lambda = sigma^2 / variance. With u as in solve it predicts x_q^T theta with the error
  /// lambda u^T theta in the signal and u^T sum x_i eps_i in the noise; with the variance of theta
  /// itself that is the posterior variance sigma^2 x_q^T u.
  double ridge(const std::vector<double>& gram, double variance) {
    const Scenario& scenario = task_.law.scenario;
    if (scenario.noise == 0 && scenario.prompt_length >= scenario.dim) return 0;
    constexpr double kNoNoise = 1e-6;  // in place of 0, for prompts that leave theta undetermined
    const double noise = std::max(scenario.noise, kNoNoise), lambda = noise / variance;
    if (!solve(gram, lambda)) return std::numeric_limits<double>::quiet_NaN();
    return noise * dot(solved_, prompt_.query);
  }

  const HeadRiskTask& task_;
  std::vector<std::vector<IsotropicHead>> sets_;  // kSetsPerCount for each head count, then given
  std::size_t found_sets_ = 0;                    // sets_ without given
  std::vector<double> gains_;
  Prompt prompt_;
  double step_;
  std::vector<float> scales_, combined_;
  std::vector<double> values_, solved_;
  HeadFeatures features_;
  std::optional<Smoother> smoother_;
  RiskSums sums_;
};

/// A set's read-out of x_q: 1 - c = E x_q m / E |x_q|^2 over the search prompts, with
/// the grid's moments interpolated at a refined scale.
double read_out_gain(const Scenario& scenario, std::span<const float> scales,
                     const HeadMoments::Quadratic& q, const std::vector<IsotropicHead>& set) {
  if (scenario.read_out_variance() == 0) return 1;
  double cross = 0;
  for (const IsotropicHead& head : set) {
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
  return cross / q.base;
}

std::vector<double> read_out_gains(const Scenario& scenario, std::span<const float> scales,
                                   const SearchMoments& moments,
                                   const std::vector<FoundHeads>& found) {
  std::vector<double> gains;
  for (const FoundHeads& heads : found) {
    gains.push_back(read_out_gain(scenario, scales, moments.all, heads.all));
    for (std::size_t i = 0; i < 2; ++i) {
      gains.push_back(read_out_gain(scenario, scales, moments.half[i], heads.half[i]));
    }
  }
  return gains;
}

/// The read-out of x_q of heads by hand, whose scales may lie off the grid.
double given_gain(const HeadMoments::Quadratic& q, const std::vector<IsotropicHead>& given) {
  double cross = 0;
  for (std::size_t h = 0; h < given.size(); ++h) cross += given[h].weight * q.linear[h];
  return cross / q.base;
}

std::vector<float> scales_of(const std::vector<IsotropicHead>& heads) {
  std::vector<float> scales;
  for (const IsotropicHead& head : heads) scales.push_back(static_cast<float>(head.scale));
  return scales;
}

}  // namespace

double one_head_shape(const RegressionTask& task, double white_square) {
  const double t = shape_exponent(task);
  return std::exp(t * white_square) *
         (task.signal + task.noise + t * task.signal / task.dim * white_square);
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
  heads = kSetsPerCount * heads + task.given.size();
  const double work = search_work + measure_cost(scenario, heads, task.prompts);

  HeadMoments first(task.law, search_scales(scenario)), second(task.law, search_scales(scenario));
  RandomStream search(task.seed, kSearchDomain, task.cell);
  std::optional<HeadMoments> given;  // of the search prompts, where they have a read-out
  if (!task.given.empty() && scenario.read_out_variance() > 0) {
    given.emplace(task.law, scales_of(task.given));
  }
  RandomStream again(task.seed, kSearchDomain, task.cell);
  const std::size_t search_step = prompts_per_step(search_cost(scenario, 1));
  const std::size_t half = task.search_prompts / 2;
  for (std::size_t done = 0; done < 2 * half;) {
    const std::size_t now = std::min(search_step, half - done % half);
    (done < half ? first : second).add_prompts(search, now);
    if (given) given->add_prompts(again, now);
    done += now;
    co_yield StepProgress{search_cost(scenario, done) / work};
  }
  SearchMoments moments{{first.quadratic(), second.quadratic()}, {}};
  first.merge(second);
  moments.all = first.quadratic();
  const std::vector<FoundHeads> found = best_heads(first.scales(), moments, task.head_counts);
  const double bandwidth = task.baselines ? best_bandwidth(task.law, task.seed, task.cell) : 0;

  Meter meter(task, found, read_out_gains(scenario, first.scales(), moments, found),
              given ? given_gain(given->quadratic(), task.given) : 1, bandwidth);
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
