// Grid search over head sets; see head_search.h.
#include "core/in_context/head_search.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/in_context/small_solve.h"
#include "core/numerics/kernels/dispatch.h"
#include "core/numerics/linear_algebra.h"

namespace attnlab::in_context {
namespace {

constexpr double kLowestScale = 0.08, kHighestScale = 4, kScaleRatio = 1.16;
constexpr std::size_t kBlock = 32;

/// Ridge parameters relative to each scale's own second moment.
constexpr double kRidges[] = {1e-7, 1e-6, 1e-5, 1e-4};

/// Places on the grid and the weights there.
struct GridSet {
  std::vector<std::size_t> places;
  std::vector<double> weights;
};

struct Search {
  const HeadMoments::Quadratic& q;
  double ridge;
};

/// The best weights of a set; `risk` is with the ridge's penalty.
struct Solved {
  bool usable = false;
  double risk = 0;
  std::vector<double> weights;
};

Solved solve_set(const Search& search, std::span<const std::size_t> set) {
  const HeadMoments::Quadratic& q = search.q;
  const std::size_t n = set.size(), all = q.linear.size();
  std::vector<double> matrix(n * n), weights(n);
  for (std::size_t i = 0; i < n; ++i) {
    weights[i] = q.linear[set[i]];
    for (std::size_t j = 0; j <= i; ++j) matrix[i * n + j] = q.matrix[set[i] * all + set[j]];
    matrix[i * n + i] *= 1 + search.ridge;
  }
  if (!factor_small(n, matrix, search.ridge / 2)) return {};
  solve_small(n, matrix, weights);
  double risk = q.base;
  for (std::size_t i = 0; i < n; ++i) risk -= weights[i] * q.linear[set[i]];
  return {true, risk, std::move(weights)};
}

/// Risk of a set on other prompts, without penalty.
double risk_of(const HeadMoments::Quadratic& q, const GridSet& set) {
  const std::size_t all = q.linear.size();
  double risk = q.base;
  for (std::size_t i = 0; i < set.places.size(); ++i) {
    risk -= 2 * set.weights[i] * q.linear[set.places[i]];
    for (std::size_t j = 0; j < set.places.size(); ++j) {
      risk += set.weights[i] * set.weights[j] * q.matrix[set.places[i] * all + set.places[j]];
    }
  }
  return risk;
}

/// Replaces entry `slot` of the set by the scale that lowers `risk` most; false when no scale does.
bool improve_slot(const Search& search, std::vector<std::size_t>& set, std::size_t slot,
                  double& risk) {
  const std::size_t before = set[slot];
  std::size_t best = before;
  for (std::size_t candidate = 0; candidate < search.q.linear.size(); ++candidate) {
    if (std::find(set.begin(), set.end(), candidate) != set.end()) continue;
    set[slot] = candidate;
    const Solved solved = solve_set(search, set);
    if (solved.usable && solved.risk < risk) {
      risk = solved.risk;
      best = candidate;
    }
    set[slot] = before;
  }
  set[slot] = best;
  return best != before;
}

std::vector<std::size_t> best_pair(const Search& search, double& risk) {
  std::vector<std::size_t> best;
  for (std::size_t i = 0; i < search.q.linear.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      const std::size_t pair[] = {i, j};
      const Solved solved = solve_set(search, pair);
      if (solved.usable && solved.risk < risk) {
        risk = solved.risk;
        best = {i, j};
      }
    }
  }
  return best;
}

/// Adds the head that lowers the risk most; false when no head does.
bool add_head(const Search& search, std::vector<std::size_t>& set, double& risk) {
  const std::size_t all = search.q.linear.size();
  std::size_t best = all;
  set.push_back(0);
  for (std::size_t candidate = 0; candidate < all; ++candidate) {
    if (std::find(set.begin(), set.end() - 1, candidate) != set.end() - 1) continue;
    set.back() = candidate;
    const Solved solved = solve_set(search, set);
    if (!solved.usable || solved.risk >= risk) continue;
    risk = solved.risk;
    best = candidate;
  }
  set.back() = best;
  if (best == all) set.pop_back();
  return best != all;
}

/// The best sets of 1, 2, ... heads, at most `heads`; fewer where no further head lowers the risk.
std::vector<GridSet> grown_sets(const Search& search, std::size_t heads) {
  std::vector<GridSet> sets;
  std::vector<std::size_t> set;
  double risk = search.q.base;
  while (set.size() < heads) {
    if (set.size() == 1) {
      const std::vector<std::size_t> pair = best_pair(search, risk);
      if (pair.empty()) break;
      set = pair;
    } else if (!add_head(search, set, risk)) {
      break;
    }
    constexpr int kPasses = 3;
    bool improved = set.size() > 2;
    for (int pass = 0; pass < kPasses && improved; ++pass) {
      improved = false;
      for (std::size_t slot = 0; slot < set.size(); ++slot) {
        improved = improve_slot(search, set, slot, risk) || improved;
      }
    }
    sets.push_back({set, solve_set(search, set).weights});
  }
  return sets;
}

/// Quadratic interpolation through three neighbours at positions -1, 0, 1.
double between(double left, double middle, double right, double at) {
  return middle + at * (right - left) / 2 + at * at * ((right + left) / 2 - middle);
}

std::vector<IsotropicHead> best_single(std::span<const float> scales,
                                       const HeadMoments::Quadratic& q) {
  const std::size_t all = scales.size();
  std::size_t best = 0;
  std::vector<double> risks(all, q.base);
  for (std::size_t b = 0; b < all; ++b) {
    const double square = q.matrix[b * all + b];
    if (square > 0) risks[b] = q.base - q.linear[b] * q.linear[b] / square;
    if (risks[b] < risks[best]) best = b;
  }
  const auto weight = [&](double linear, double square) {
    return square > 0 ? linear / square : 0;
  };
  const IsotropicHead on_grid{scales[best], weight(q.linear[best], q.matrix[best * all + best])};
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

/// The best set of one size; a single head between grid points, larger sets on the grid.
std::vector<IsotropicHead> set_of(std::span<const float> scales, const HeadMoments::Quadratic& q,
                                  std::size_t size, double ridge) {
  const std::vector<GridSet> sets = grown_sets({q, ridge}, size);
  if (size == 1 || sets.empty()) return best_single(scales, q);
  const GridSet& set = sets.back();
  std::vector<IsotropicHead> heads;
  for (std::size_t i = 0; i < set.places.size(); ++i) {
    heads.push_back({scales[set.places[i]], set.weights[i]});
  }
  return heads;
}

}  // namespace

HeadFeatures make_head_features(const PromptLaw& law, std::size_t scales, bool with_weights) {
  return {Matrix<float>(scales, law.scenario.dim),
          with_weights || law.scenario.attend_query
              ? Matrix<float>(scales, padded_length(law.scenario.keys()))
              : Matrix<float>()};
}

void attend(const PromptLaw& law, const Prompt& prompt, std::span<const float> scales,
            HeadFeatures& features) {
  const kernels::PromptTask task{law.scenario.keys(),
                                 prompt.tokens.cols(),
                                 law.scenario.dim,
                                 prompt.tokens.data(),
                                 prompt.direction.data(),
                                 scales.size(),
                                 scales.data(),
                                 features.means.data(),
                                 features.weights.size() == 0 ? nullptr : features.weights.data()};
  active_kernels().attend_prompt(task, kernel_workspace());
  for (std::size_t b = 0; b < scales.size() && law.scenario.attend_query; ++b) {
    // The query has label 0: its weight counts in the sum of weights, but it adds nothing to the
    // mean.
    float& share = features.weights(b, law.scenario.prompt_length);
    for (std::size_t a = 0; a < law.scenario.dim; ++a) {
      features.means(b, a) -= share * static_cast<float>(prompt.query[a]);
    }
    share = 0;
  }
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

void HeadMoments::merge(const HeadMoments& other) {
  const auto add = [](std::span<double> sums, std::span<const double> more) {
    for (std::size_t i = 0; i < sums.size(); ++i) sums[i] += more[i];
  };
  add(mean_gram_.values(), other.mean_gram_.values());
  add(weight_gram_.values(), other.weight_gram_.values());
  add(cross_, other.cross_);
  query_square_ += other.query_square_;
  prompts_ += other.prompts_;
}

std::vector<FoundHeads> best_heads(std::span<const float> scales, const SearchMoments& moments,
                                   std::span<const std::size_t> counts) {
  const std::size_t most = *std::max_element(counts.begin(), counts.end());
  // Per size the least risk on the halves that did not choose the set, and the ridge that gives it.
  std::vector<double> least(most, std::numeric_limits<double>::infinity()), ridges(most, 0);
  for (const double ridge : kRidges) {
    const std::vector<GridSet> first = grown_sets({moments.half[0], ridge}, most);
    const std::vector<GridSet> second = grown_sets({moments.half[1], ridge}, most);
    for (std::size_t k = 0; k < std::min(first.size(), second.size()); ++k) {
      const double risk = risk_of(moments.half[1], first[k]) + risk_of(moments.half[0], second[k]);
      if (!(risk < least[k])) continue;
      least[k] = risk;
      ridges[k] = ridge;
    }
  }
  std::vector<FoundHeads> result;
  for (const std::size_t count : counts) {
    const auto best = std::min_element(least.begin(), least.begin() + static_cast<long>(count));
    const std::size_t size = static_cast<std::size_t>(best - least.begin()) + 1;
    const auto found = [&](const HeadMoments::Quadratic& q) {
      return set_of(scales, q, size, ridges[size - 1]);
    };
    result.push_back({found(moments.all), {found(moments.half[0]), found(moments.half[1])}});
  }
  return result;
}

}  // namespace attnlab::in_context
