// The posterior mean over finitely many tasks, and ridge regression, on test prompts.
#include <algorithm>
#include <cmath>

#include "core/in_context/diversity_fit.h"
#include "core/in_context/small_solve.h"
#include "core/numerics/elementary_batch.h"
#include "core/numerics/linear_algebra.h"

namespace attnlab::in_context {
namespace {

/// Least noise of ridge regression: without noise and with fewer examples than dimensions it is the
/// shortest solution, up to this share.
constexpr double kLeastNoise = 1e-9;

double dot(std::span<const double> a, std::span<const double> b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

double squared_distance(std::span<const double> a, std::span<const double> b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += (a[i] - b[i]) * (a[i] - b[i]);
  return sum;
}

/// A test prompt: what every predictor needs of its examples, whatever the task.
struct TestPrompt {
  Matrix<double> moment;      ///< S = sum x x^T, d x d
  std::vector<double> noise;  ///< sum (y - w.x) x

  /// sum y x for the task w.
  std::vector<double> labels_times_x(std::span<const double> task) const {
    std::vector<double> sums = noise;
    for (std::size_t i = 0; i < sums.size(); ++i) sums[i] += dot(moment.row(i), task);
    return sums;
  }
};

TestPrompt draw_test_prompt(RandomStream& stream, std::size_t examples, std::size_t dim,
                            double noise) {
  const double scale = 1 / std::sqrt(static_cast<double>(dim)), spread = std::sqrt(noise);
  Matrix<double> x(examples, dim);
  std::vector<double> errors(examples);
  stream.fill_normal(x.values());
  stream.fill_normal(errors);
  for (double& entry : x.values()) entry *= scale;
  TestPrompt prompt{Matrix<double>(dim, dim), std::vector<double>(dim)};
  gemm_tn(x.view(), x.view(), prompt.moment.view(), false);
  for (std::size_t i = 0; i < examples; ++i) {
    for (std::size_t j = 0; j < dim; ++j) prompt.noise[j] += spread * errors[i] * x(i, j);
  }
  return prompt;
}

/// Posterior means over the first tasks of a prompt's sum y x.
class Posterior {
 public:
  Posterior(const Matrix<double>& tasks, double noise)
      : tasks_(tasks),
        noise_(noise),
        images_(tasks.rows(), tasks.cols()),
        squares_(tasks.rows()),
        costs_(tasks.rows()) {}

  void read(const TestPrompt& prompt) {
    gemm_nn(tasks_.view(), prompt.moment.view(), images_.view(), false);
    for (std::size_t t = 0; t < squares_.size(); ++t) {
      squares_[t] = dot(images_.row(t), tasks_.row(t));
    }
  }

  /// sum (y - w_t.x)^2 / 2 of the first tasks, up to a constant.
  void weigh(std::span<const double> labels_times_x, std::size_t count) {
    for (std::size_t t = 0; t < count; ++t) {
      costs_[t] = 0.5 * squares_[t] - dot(tasks_.row(t), labels_times_x);
    }
  }

  /// Mean over the first `count` tasks, at most as many as weighed last.
  std::vector<double> mean(std::size_t count) {
    const auto end = costs_.begin() + static_cast<std::ptrdiff_t>(count);
    const auto best = std::min_element(costs_.begin(), end);
    if (noise_ == 0) {
      const auto task = tasks_.row(static_cast<std::size_t>(best - costs_.begin()));
      return {task.begin(), task.end()};
    }
    weights_.assign(costs_.begin(), end);
    for (double& weight : weights_) weight = std::max((*best - weight) / noise_, -745.0);
    exp_of_each(weights_);
    std::vector<double> mean(tasks_.cols());
    double total = 0;
    for (std::size_t t = 0; t < count; ++t) {
      total += weights_[t];
      for (std::size_t i = 0; i < mean.size(); ++i) mean[i] += weights_[t] * tasks_(t, i);
    }
    for (double& entry : mean) entry /= total;
    return mean;
  }

 private:
  const Matrix<double>& tasks_;
  double noise_;
  Matrix<double> images_;  ///< S w of every task
  std::vector<double> squares_, costs_, weights_;
};

std::vector<double> ridge_estimate(const TestPrompt& prompt, std::vector<double> labels_times_x,
                                   double noise) {
  const std::size_t d = labels_times_x.size();
  std::vector<double> matrix(prompt.moment.values().begin(), prompt.moment.values().end());
  for (std::size_t i = 0; i < d; ++i) matrix[i * d + i] += std::max(noise, kLeastNoise);
  if (!factor_small(d, matrix, 1e-15)) return std::vector<double>(d);
  solve_small(d, matrix, labels_times_x);
  return labels_times_x;
}

double prompt_flops(double dim, double examples, std::span<const std::size_t> counts) {
  double sum = 0;
  for (const std::size_t count : counts) sum += static_cast<double>(count);
  const double most = counts.empty() ? 0 : static_cast<double>(counts.back());
  // Sums one after the other take three times as long as the operations of a product.
  return examples * dim * (2 * dim + 48) + most * dim * (2 * dim + 18) + sum * (18 * dim + 120) +
         3 * dim * dim * dim;
}

}  // namespace

Steps<PosteriorErrors> posterior_errors(std::size_t examples, double noise,
                                        std::vector<std::size_t> counts,
                                        const Matrix<double>& tasks, std::size_t prompts,
                                        RandomStream stream, WorkMeter& meter) {
  const std::size_t d = tasks.cols();
  const double flops = prompt_flops(static_cast<double>(d), static_cast<double>(examples), counts);
  PosteriorErrors errors{std::vector<double>(counts.size()), std::vector<double>(counts.size())};
  Posterior posterior(tasks, noise);
  std::vector<double> fresh(d);
  for (std::size_t i = 0; i < prompts; ++i) {
    draw_task(stream, fresh);
    const double place = stream.uniform();  // of the true task among the first k, for every k
    const TestPrompt prompt = draw_test_prompt(stream, examples, d, noise);
    posterior.read(prompt);
    const std::vector<double> sums = prompt.labels_times_x(fresh);
    posterior.weigh(sums, tasks.rows());
    for (std::size_t c = 0; c < counts.size(); ++c) {
      errors.fresh[c] += squared_distance(posterior.mean(counts[c]), fresh);
    }
    errors.ridge += squared_distance(ridge_estimate(prompt, sums, noise), fresh);
    for (std::size_t c = 0; c < counts.size(); ++c) {
      const double k = static_cast<double>(counts[c]);
      const auto truth = tasks.row(std::min(counts[c] - 1, static_cast<std::size_t>(place * k)));
      posterior.weigh(prompt.labels_times_x(truth), counts[c]);
      errors.trained[c] += squared_distance(posterior.mean(counts[c]), truth);
    }
    meter.spend(flops);
    if (meter.pause()) co_yield StepProgress(meter.fraction());
  }
  const double scale = static_cast<double>(d) * static_cast<double>(prompts);
  for (double& error : errors.fresh) error = noise + error / scale;
  for (double& error : errors.trained) error = noise + error / scale;
  errors.ridge = noise + errors.ridge / scale;
  co_return std::move(errors);
}

double posterior_flops(std::size_t dim, std::size_t examples, std::span<const std::size_t> counts,
                       std::size_t prompts) {
  return static_cast<double>(prompts) *
         prompt_flops(static_cast<double>(dim), static_cast<double>(examples), counts);
}

}  // namespace attnlab::in_context
