// Grid search over head sets; see head_search.h.
#include "core/in_context/head_search.h"

#include <algorithm>
#include <cmath>

#include "core/in_context/small_solve.h"
#include "core/numerics/kernels/dispatch.h"
#include "core/numerics/linear_algebra.h"

namespace attnlab::in_context {
namespace {

constexpr double kLowestScale = 0.08, kHighestScale = 4, kScaleRatio = 1.16;
constexpr std::size_t kBlock = 32;

/// Sets closer to singular than this have weights so large that the moments' own error decides them.
constexpr double kPivotTolerance = 2e-4;
/// What one more head must gain, relative: less is within the search prompts' error.
constexpr double kLeastGain = 1e-3;

struct Solved {
  bool usable = false;
  double risk = 0;
  std::vector<double> weights;
};

Solved solve_set(const HeadMoments::Quadratic& q, std::span<const std::size_t> set) {
  const std::size_t n = set.size(), all = q.linear.size();
  std::vector<double> matrix(n * n), weights(n);
  for (std::size_t i = 0; i < n; ++i) {
    weights[i] = q.linear[set[i]];
    for (std::size_t j = 0; j <= i; ++j) matrix[i * n + j] = q.matrix[set[i] * all + set[j]];
  }
  if (!factor_small(n, matrix, kPivotTolerance)) return {};
  solve_small(n, matrix, weights);
  double risk = q.base;
  for (std::size_t i = 0; i < n; ++i) risk -= weights[i] * q.linear[set[i]];
  return {true, risk, std::move(weights)};
}

/// The set with entry `slot` replaced by whatever is best; false when nothing improves on `risk`.
bool improve_slot(const HeadMoments::Quadratic& q, std::vector<std::size_t>& set, std::size_t slot,
                  double& risk) {
  const std::size_t before = set[slot];
  std::size_t best = before;
  for (std::size_t candidate = 0; candidate < q.linear.size(); ++candidate) {
    if (std::find(set.begin(), set.end(), candidate) != set.end()) continue;
    set[slot] = candidate;
    const Solved solved = solve_set(q, set);
    if (solved.usable && solved.risk < risk) {
      risk = solved.risk;
      best = candidate;
    }
    set[slot] = before;
  }
  set[slot] = best;
  return best != before;
}

std::vector<std::size_t> best_pair(const HeadMoments::Quadratic& q, double& risk) {
  std::vector<std::size_t> best;
  for (std::size_t i = 0; i < q.linear.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      const std::size_t pair[] = {i, j};
      const Solved solved = solve_set(q, pair);
      if (solved.usable && solved.risk < risk) {
        risk = solved.risk;
        best = {i, j};
      }
    }
  }
  return best;
}

/// Adds the head that helps most; false when none does.
bool add_head(const HeadMoments::Quadratic& q, std::vector<std::size_t>& set, double& risk) {
  std::size_t best = q.linear.size();
  risk *= 1 - kLeastGain;
  set.push_back(0);
  for (std::size_t candidate = 0; candidate < q.linear.size(); ++candidate) {
    if (std::find(set.begin(), set.end() - 1, candidate) != set.end() - 1) continue;
    set.back() = candidate;
    const Solved solved = solve_set(q, set);
    if (!solved.usable || solved.risk >= risk) continue;
    risk = solved.risk;
    best = candidate;
  }
  set.back() = best;
  if (best == q.linear.size()) {
    risk /= 1 - kLeastGain;
    set.pop_back();
  }
  return best != q.linear.size();
}

/// Quadratic interpolation through three neighbours at positions -1, 0, 1.
double between(double left, double middle, double right, double at) {
  return middle + at * (right - left) / 2 + at * at * ((right + left) / 2 - middle);
}

std::vector<SoftmaxHead> best_single(std::span<const float> scales,
                                     const HeadMoments::Quadratic& q) {
  const std::size_t all = scales.size();
  std::size_t best = 0;
  std::vector<double> risks(all, q.base);
  for (std::size_t b = 0; b < all; ++b) {
    const double square = q.matrix[b * all + b];
    if (square > 0) risks[b] = q.base - q.linear[b] * q.linear[b] / square;
    if (risks[b] < risks[best]) best = b;
  }
  const auto weight = [&](double linear, double square) { return square > 0 ? linear / square : 0; };
  const SoftmaxHead on_grid{scales[best], weight(q.linear[best], q.matrix[best * all + best])};
  if (best == 0 || best + 1 == all || scales[best - 1] * scales[best + 1] <= 0) return {on_grid};
  const double left = risks[best - 1], middle = risks[best], right = risks[best + 1];
  const double curvature = left + right - 2 * middle;
  if (!(curvature > 0)) return {on_grid};
  const double at = std::clamp((left - right) / (2 * curvature), -1.0, 1.0);
  const auto square = [&](std::size_t b) { return q.matrix[b * all + b]; };
  const double step = std::log(double(scales[best + 1]) / scales[best]);  // equal on both sides
  return {{scales[best] * std::exp(step * at),
           weight(between(q.linear[best - 1], q.linear[best], q.linear[best + 1], at),
                  between(square(best - 1), square(best), square(best + 1), at))}};
}

}  // namespace

HeadFeatures make_head_features(const PromptLaw& law, std::size_t scales, bool with_weights) {
  return {Matrix<float>(scales, law.scenario.dim),
          with_weights ? Matrix<float>(scales, padded_length(law.scenario.prompt_length))
                       : Matrix<float>()};
}

void attend(const PromptLaw& law, const Prompt& prompt, std::span<const float> scales,
            HeadFeatures& features) {
  const kernels::PromptTask task{law.scenario.prompt_length,
                                 prompt.tokens.cols(),
                                 law.scenario.dim,
                                 prompt.tokens.data(),
                                 prompt.direction.data(),
                                 scales.size(),
                                 scales.data(),
                                 features.means.data(),
                                 features.weights.size() == 0 ? nullptr : features.weights.data()};
  active_kernels().attend_prompt(task, kernel_workspace());
  if (!prompt.around_query) return;
  for (std::size_t b = 0; b < scales.size(); ++b) {
    for (std::size_t a = 0; a < law.scenario.dim; ++a) {
      features.means(b, a) += static_cast<float>(prompt.query[a]);
    }
  }
}

std::vector<float> search_scales(const Scenario& scenario) {
  if (scenario.setting == Setting::kLocal && scenario.value == 0) return {0.0f};
  std::vector<float> positive;
  for (double factor = kLowestScale; factor < kHighestScale * 1.001; factor *= kScaleRatio) {
    positive.push_back(static_cast<float>(factor * typical_scale(scenario)));
  }
  std::vector<float> scales;
  for (std::size_t i = positive.size(); i-- > 0;) scales.push_back(-positive[i]);
  scales.push_back(0);
  scales.insert(scales.end(), positive.begin(), positive.end());
  return scales;
}

HeadMoments::HeadMoments(const PromptLaw& law, std::vector<float> scales)
    : law_(law),
      scales_(std::move(scales)),
      prompt_(make_prompt(law)),
      features_(make_head_features(law, scales_.size(), law.scenario.noise > 0)),
      mean_rows_(scales_.size(), law.scenario.dim * kBlock),
      mean_gram_(scales_.size(), scales_.size()),
      weight_gram_(scales_.size(), scales_.size()),
      cross_(scales_.size(), 0.0) {}

void HeadMoments::add_prompts(RandomStream& stream, std::size_t count) {
  const std::size_t d = law_.scenario.dim;
  for (std::size_t done = 0; done < count;) {
    const std::size_t block = std::min(kBlock, count - done);
    for (std::size_t j = 0; j < block; ++j) {
      draw_prompt(law_, stream, prompt_);
      attend(law_, prompt_, scales_, features_);
      for (const double entry : prompt_.query) query_square_ += entry * entry;
      for (std::size_t b = 0; b < scales_.size(); ++b) {
        for (std::size_t a = 0; a < d; ++a) {
          const float mean = features_.means(b, a);
          mean_rows_(b, j * d + a) = mean;
          cross_[b] += prompt_.query[a] * mean;
        }
      }
      if (features_.weights.size() != 0) {
        syrk_accumulate(features_.weights.view(), weight_gram_.view());
      }
    }
    syrk_accumulate(mean_rows_.view().block(0, 0, scales_.size(), block * d), mean_gram_.view());
    done += block;
  }
  prompts_ += static_cast<double>(count);
}

HeadMoments::Quadratic HeadMoments::quadratic() const {
  const std::size_t all = scales_.size();
  const double signal = law_.scenario.signal_variance(), read = law_.scenario.read_out_variance();
  Quadratic q{signal * query_square_ / prompts_, std::vector<double>(all),
              std::vector<double>(all * all)};
  for (std::size_t i = 0; i < all; ++i) {
    q.linear[i] = signal * cross_[i] / prompts_;
    for (std::size_t j = 0; j <= i; ++j) {
      // The best read-out c x_q leaves E|m|^2 - (E x_q m)^2 / E|x_q|^2 of the prior mean's part.
      const double entry =
          ((signal + read) * mean_gram_(i, j) - read * cross_[i] * cross_[j] / query_square_ +
           law_.scenario.noise * weight_gram_(i, j)) /
          prompts_;
      q.matrix[i * all + j] = q.matrix[j * all + i] = entry;
    }
  }
  return q;
}

std::vector<SoftmaxHead> best_heads(std::span<const float> scales,
                                    const HeadMoments::Quadratic& quadratic, std::size_t heads) {
  if (heads <= 1) return best_single(scales, quadratic);
  double risk = quadratic.base;
  std::vector<std::size_t> set = best_pair(quadratic, risk);
  if (set.empty()) return best_single(scales, quadratic);
  while (set.size() < heads && add_head(quadratic, set, risk)) {
    constexpr int kPasses = 3;
    bool improved = set.size() > 2;
    for (int pass = 0; pass < kPasses && improved; ++pass) {
      improved = false;
      for (std::size_t slot = 0; slot < set.size(); ++slot) {
        improved = improve_slot(quadratic, set, slot, risk) || improved;
      }
    }
  }
  const Solved solved = solve_set(quadratic, set);
  std::vector<SoftmaxHead> result;
  for (std::size_t i = 0; i < set.size(); ++i) {
    result.push_back({scales[set[i]], solved.weights[i]});
  }
  return result;
}

}  // namespace attnlab::in_context
