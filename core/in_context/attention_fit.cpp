// The weights of a picture's heads, fitted to random prompts.
#include <algorithm>
#include <cmath>

#include "core/in_context/attention_picture.h"
#include "core/in_context/head_search.h"
#include "core/in_context/small_solve.h"

namespace attnlab::in_context {
namespace {

constexpr std::size_t kFitPrompts = 2000;
constexpr std::size_t kBatches = 20, kBatchPrompts = 100;

/// Adds a ridge so small that it changes only heads of equal scale: they share their weight.
std::vector<double> best_weights(const HeadMoments::Quadratic& quadratic) {
  const std::size_t n = quadratic.linear.size();
  std::vector<double> matrix = quadratic.matrix, weights = quadratic.linear;
  double trace = 0;
  for (std::size_t i = 0; i < n; ++i) trace += matrix[i * n + i];
  for (std::size_t i = 0; i < n; ++i) matrix[i * n + i] += 1e-7 * trace + 1e-12;
  if (!factor_small(n, matrix, 0)) return std::vector<double>(n, 0);
  solve_small(n, matrix, weights);
  return weights;
}

double risk_of(const HeadMoments::Quadratic& quadratic, std::span<const double> weights) {
  const std::size_t n = weights.size();
  double risk = quadratic.base;
  for (std::size_t i = 0; i < n; ++i) {
    risk -= 2 * quadratic.linear[i] * weights[i];
    for (std::size_t j = 0; j < n; ++j)
      risk += weights[i] * quadratic.matrix[i * n + j] * weights[j];
  }
  return risk;
}

}  // namespace

FittedHeads fit_head_weights(std::span<const double> scales, const RegressionTask& task,
                             std::size_t prompt_length, std::uint64_t seed) {
  Scenario scenario;
  scenario.setting = task.noise > 0 ? Setting::kNoise : Setting::kBase;
  scenario.value = scenario.noise = task.noise;
  scenario.dim = static_cast<std::size_t>(task.dim);
  scenario.prompt_length = prompt_length;
  const PromptLaw law = make_prompt_law(scenario);
  const std::vector<float> grid(scales.begin(), scales.end());
  HeadMoments fit(law, grid);
  RandomStream stream(seed, hash_name("icl-attention"), 0, 1);
  fit.add_prompts(stream, kFitPrompts);
  const std::vector<double> weights = best_weights(fit.quadratic());

  FittedHeads fitted;
  for (std::size_t h = 0; h < scales.size(); ++h) fitted.heads.push_back({scales[h], weights[h]});
  double sum = 0, squares = 0;
  for (std::size_t b = 0; b < kBatches; ++b) {
    HeadMoments batch(law, grid);
    batch.add_prompts(stream, kBatchPrompts);
    const double risk = risk_of(batch.quadratic(), weights);
    sum += risk;
    squares += risk * risk;
  }
  constexpr double kCount = kBatches;
  fitted.risk = sum / kCount;
  const double variance = std::max(0.0, squares / kCount - fitted.risk * fitted.risk);
  fitted.std_error = std::sqrt(variance / (kCount - 1));
  fitted.prompts = kBatches * kBatchPrompts;
  return fitted;
}

}  // namespace attnlab::in_context
