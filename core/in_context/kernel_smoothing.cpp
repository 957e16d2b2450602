// Kernel smoothing by the attention kernel; see kernel_smoothing.h.
#include "core/in_context/kernel_smoothing.h"

#include <algorithm>

#include "core/numerics/kernels/dispatch.h"

namespace attnlab::in_context {
namespace {

constexpr std::uint32_t kBandwidthDomain = hash_name("icl/bandwidth");
/// Enough prompts to choose one number, the bandwidth.
constexpr std::size_t kBandwidthPrompts = 500;

/// Bandwidths to try, in units of the examples' spread.
std::vector<double> bandwidths(const Scenario& scenario) {
  const bool local = scenario.setting == Setting::kLocal && scenario.value > 0;
  std::vector<double> all;
  for (double h = 0.1; h < 20; h *= 1.25) all.push_back(local ? h * scenario.value : h);
  return all;
}

std::vector<float> kernel_scales(std::span<const double> bandwidths) {
  std::vector<float> scales;
  for (const double h : bandwidths) scales.push_back(static_cast<float>(1 / (h * h)));
  return scales;
}

}  // namespace

Smoother::Smoother(const PromptLaw& law, std::span<const double> bandwidths)
    : law_(law),
      scales_(kernel_scales(bandwidths)),
      tokens_(law.scenario.dim + 1, padded_length(law.scenario.prompt_length)),
      direction_(law.scenario.dim + 1, 0.0f),
      means_(scales_.size(), law.scenario.dim + 1),
      weights_(law.scenario.noise > 0 ? scales_.size() : 0, tokens_.cols()) {}

std::vector<double> Smoother::risks(const Prompt& prompt) {
  const std::size_t d = law_.scenario.dim;
  std::span<float> squares = tokens_.row(d);
  std::fill(squares.begin(), squares.end(), 0.0f);
  for (std::size_t a = 0; a < d; ++a) {
    const std::span<const float> row = prompt.tokens.row(a);
    std::copy(row.begin(), row.end(), tokens_.row(a).begin());
    for (std::size_t i = 0; i < row.size(); ++i) squares[i] -= row[i] * row[i] / 2;
    direction_[a] = prompt.around_query ? 0 : static_cast<float>(prompt.query[a]);
  }
  direction_[d] = 1;
  const kernels::PromptTask task{law_.scenario.prompt_length,
                                 tokens_.cols(),
                                 d + 1,
                                 tokens_.data(),
                                 direction_.data(),
                                 scales_.size(),
                                 scales_.data(),
                                 means_.data(),
                                 weights_.size() == 0 ? nullptr : weights_.data()};
  active_kernels().attend_prompt(task, kernel_workspace());
  std::vector<double> result;
  for (std::size_t b = 0; b < scales_.size(); ++b) {
    double signal = 0, square = 0;
    for (std::size_t a = 0; a < d; ++a) {
      const double error = (prompt.around_query ? 0 : prompt.query[a]) - means_(b, a);
      signal += error * error;
    }
    if (weights_.size() != 0) {
      for (const float entry : weights_.row(b)) square += double(entry) * entry;
    }
    result.push_back(law_.scenario.label_variance() * signal + law_.scenario.noise * square);
  }
  return result;
}

double best_bandwidth(const PromptLaw& law, std::uint64_t seed, std::uint32_t cell) {
  const std::vector<double> all = bandwidths(law.scenario);
  Smoother smoother(law, all);
  Prompt prompt = make_prompt(law);
  RandomStream stream(seed, kBandwidthDomain, cell);
  std::vector<double> sums(all.size(), 0.0);
  for (std::size_t j = 0; j < kBandwidthPrompts; ++j) {
    draw_prompt(law, stream, prompt);
    const std::vector<double> risks = smoother.risks(prompt);
    for (std::size_t b = 0; b < risks.size(); ++b) sums[b] += risks[b];
  }
  return all[static_cast<std::size_t>(std::min_element(sums.begin(), sums.end()) - sums.begin())];
}

}  // namespace attnlab::in_context
