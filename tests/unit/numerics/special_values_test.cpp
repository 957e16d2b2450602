// The attention kernels of every instruction set against their plain formulas in double, with
// entries that are zeros of both signs, subnormal, infinite or NaN among ordinary ones, and
// sizes from 0 or 1 on. Where the formula is not finite, the result must not be finite either.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "core/attention/softmax_attention.h"
#include "core/numerics/kernels/dispatch.h"
#include "core/numerics/random.h"
#include "tests/unit/numerics/reference.h"

using namespace attnlab;
using attnlab::test::check_every_target;
using attnlab::test::GuardedMatrix;

namespace {

RandomStream random_stream(std::uint32_t index) {
  return {12, hash_name("test/special-values"), index};
}

/// Fills with normals; in half of the fillings an entry is special with chance 1 / (1 + 2 entries).
class Filling {
 public:
  Filling(RandomStream& random, std::size_t entries)
      : random_(random), rarity_(random.below(2) == 0 ? 0 : 1 + std::uint32_t(2 * entries)) {}

  template <class T>
  void fill(T& entry) {
    using Limits = std::numeric_limits<T>;
    const T values[] = {T(0),
                        -T(0),
                        T(1),
                        -T(1),
                        Limits::denorm_min(),
                        -Limits::min() / 3,
                        Limits::min(),
                        Limits::infinity(),
                        -Limits::infinity(),
                        Limits::quiet_NaN()};
    entry = static_cast<T>(random_.normal());
    if (rarity_ > 0 && random_.below(rarity_) == 0) entry = values[random_.below(10)];
  }
  template <class T>
  void fill(GuardedMatrix<T>& matrix) {
    for (std::size_t i = 0; i < matrix.view().rows; ++i) {
      for (T& entry : matrix.view().row(i)) fill(entry);
    }
  }
  template <class T>
  void fill(std::vector<T>& values) {
    for (T& entry : values) fill(entry);
  }

 private:
  RandomStream& random_;
  std::uint32_t rarity_;
};

/// exp(s_i - largest) over their sum: NaN where a score is NaN or infinite.
std::vector<double> softmax(std::vector<double> scores) {
  double highest = scores[0], total = 0;
  for (const double score : scores) highest = std::max(highest, score);
  for (double& score : scores) total += score = std::exp(score - highest);
  for (double& score : scores) score /= total;
  return scores;
}

bool all_finite(const std::vector<double>& values) {
  return std::ranges::all_of(values, [](double value) { return std::isfinite(value); });
}

/// A value that is right to `allowed`, or that is not finite where it may not be. Infinite scores
/// on the way may end in NaN although the formula gives a number (e^-inf = 0).
bool right(double value, double exact, double allowed, bool finite_scores) {
  if (!std::isfinite(exact)) return !std::isfinite(value);
  return std::fabs(value - exact) <= allowed || (!finite_scores && std::isnan(value));
}

std::size_t size_from(RandomStream& random, std::uint32_t least, std::uint32_t most) {
  return least + (random.below(4) == 0 ? random.below(2) : random.below(most - least + 1));
}

std::size_t wrong_sequences(RandomStream& random) {
  const std::size_t sequences = size_from(random, 0, 3), queries = size_from(random, 0, 70),
                    keys = size_from(random, 1, random.below(6) == 0 ? 300 : 30),
                    width = size_from(random, 0, 12), value_width = size_from(random, 0, 12);
  const auto offset = [&] { return random.below(16); };
  GuardedMatrix<float> q(sequences * queries, width, offset(), offset()),
      k(sequences * keys, width, offset(), offset()),
      v(sequences * keys, value_width, offset(), offset()),
      out(sequences * queries, value_width, offset(), offset());
  Filling(random, sequences * queries * width).fill(q);
  Filling(random, sequences * keys * width).fill(k);
  Filling(random, sequences * keys * value_width).fill(v);
  softmax_attention(sequences, q.const_view(), k.const_view(), v.const_view(), 0.5f, out.view());
  std::size_t wrong = !out.margin_is_untouched();
  for (std::size_t i = 0; i < sequences * queries; ++i) {
    const std::size_t first = i / queries * keys;
    std::vector<double> scores(keys);
    for (std::size_t j = 0; j < keys; ++j) {
      for (std::size_t c = 0; c < width; ++c) {
        scores[j] += 0.5 * double(q.view()(i, c)) * double(k.view()(first + j, c));
      }
    }
    const std::vector<double> weights = softmax(scores);
    for (std::size_t a = 0; a < value_width; ++a) {
      double exact = 0;
      for (std::size_t j = 0; j < keys; ++j) exact += weights[j] * double(v.view()(first + j, a));
      wrong += !right(double(out.view()(i, a)), exact, 1e-4, all_finite(scores));
    }
  }
  return wrong;
}

std::size_t wrong_heads(RandomStream& random) {
  using kernels::HeadActivation;
  const std::size_t heads = size_from(random, 0, 70), keys = size_from(random, 1, 40),
                    width = size_from(random, 0, 20);
  const std::size_t padded =
      (heads + kernels::kHeadPadding - 1) / kernels::kHeadPadding * kernels::kHeadPadding;
  std::vector<float> queries(width * padded), tokens(keys * width);
  Filling head_filling(random, width * heads);
  for (std::size_t a = 0; a < width; ++a) {
    for (std::size_t m = 0; m < heads; ++m) head_filling.fill(queries[a * padded + m]);
  }
  Filling(random, keys * width).fill(tokens);
  GuardedMatrix<float> features(width, heads, random.below(16), random.below(16));
  const HeadActivation kinds[] = {HeadActivation::kRelu, HeadActivation::kSoftmax,
                                  HeadActivation::kExponential};
  const HeadActivation kind = kinds[random.below(3)];
  active_kernels().attend_heads({heads, keys, width, queries.data(), padded, tokens.data(), kind,
                                 features.view().data, features.view().stride},
                                kernel_workspace());
  std::size_t wrong = !features.margin_is_untouched();
  for (std::size_t m = 0; m < heads; ++m) {
    std::vector<double> scores(keys);
    for (std::size_t i = 0; i < keys; ++i) {
      for (std::size_t a = 0; a < width; ++a) {
        scores[i] += double(queries[a * padded + m]) * double(tokens[i * width + a]);
      }
    }
    std::vector<double> weights = scores;
    if (kind == HeadActivation::kSoftmax) weights = softmax(scores);
    double largest = 0;
    for (double& weight : weights) {
      const double mean = 1.0 / static_cast<double>(keys);
      // Not std::max: a NaN score must give NaN.
      if (kind == HeadActivation::kRelu) weight = (weight < 0 ? 0 : weight) * mean;
      if (kind == HeadActivation::kExponential) weight = std::exp(weight) * mean;
      largest = std::max(largest, weight);
    }
    const bool cut = kind == HeadActivation::kExponential && largest > 1e38;  // to e^88
    for (std::size_t a = 0; !cut && a < width; ++a) {
      double exact = 0;
      for (std::size_t i = 0; i < keys; ++i) {
        exact += weights[i] * double(tokens[i * width + a]);
      }
      const double allowed = 1e-4 * (1 + largest * static_cast<double>(keys));
      wrong += !right(double(features.view()(a, m)), exact, allowed, all_finite(scores));
    }
  }
  return wrong;
}

std::size_t wrong_prompts(RandomStream& random) {
  const std::size_t examples = size_from(random, 1, 80), dim = size_from(random, 1, 12),
                    scale_count = size_from(random, 0, 5);
  const std::size_t stride = (examples + kernels::kExamplePadding - 1) / kernels::kExamplePadding *
                             kernels::kExamplePadding;
  std::vector<float> tokens(dim * stride), direction(dim), scales(scale_count),
      means(scale_count * dim), weights(scale_count * stride);
  Filling token_filling(random, dim * examples);
  for (std::size_t a = 0; a < dim; ++a) {
    for (std::size_t i = 0; i < examples; ++i) token_filling.fill(tokens[a * stride + i]);
  }
  Filling(random, dim).fill(direction);
  Filling(random, scale_count).fill(scales);
  active_kernels().attend_prompt({examples, stride, dim, tokens.data(), direction.data(),
                                  scale_count, scales.data(), means.data(), weights.data()},
                                 kernel_workspace());
  std::size_t wrong = 0;
  for (std::size_t b = 0; b < scale_count; ++b) {
    std::vector<double> scores(examples);
    for (std::size_t i = 0; i < examples; ++i) {
      for (std::size_t a = 0; a < dim; ++a) {
        scores[i] += double(direction[a]) * double(tokens[a * stride + i]);
      }
    }
    const bool finite = all_finite(scores) && std::isfinite(scales[b]);
    for (double& score : scores) score *= double(scales[b]);
    const std::vector<double> exact = softmax(scores);
    for (std::size_t i = 0; i < stride; ++i) {
      const double weight = double(weights[b * stride + i]);
      wrong += i < examples ? !right(weight, exact[i], 1e-5, finite)
                            : !(weight == 0 || (!finite && std::isnan(weight)));
    }
    for (std::size_t a = 0; a < dim; ++a) {
      double mean = 0;
      for (std::size_t i = 0; i < examples; ++i) {
        mean += exact[i] * double(tokens[a * stride + i]);
      }
      wrong += !right(double(means[b * dim + a]), mean, 1e-4, finite);
    }
  }
  return wrong;
}

/// A batch, and what the formula makes of it.
template <class T>
struct Batch {
  std::size_t groups, keys, dim, heads;
  std::vector<T> tokens, queries, targets, scores, values;
  std::vector<double> predictions, gradient;
  double loss = 0;
  bool finite_scores = true;

  std::size_t width() const { return dim + 1; }
  std::size_t per_head() const { return width() * dim + width(); }

  explicit Batch(RandomStream& random)
      : groups(size_from(random, 0, 3)),
        keys(size_from(random, 1, 20)),
        dim(size_from(random, 1, 12)),
        heads(size_from(random, 0, 4)) {
    constexpr std::size_t kLanes = kernels::kPromptLanes;
    tokens.resize(groups * keys * width() * kLanes);
    queries.resize(groups * dim * kLanes);
    targets.resize(groups * kLanes);
    scores.resize(heads * width() * dim);
    values.resize(heads * width());
    for (std::vector<T>* each : {&tokens, &queries, &targets, &scores, &values}) {
      Filling(random, each->size()).fill(*each);
    }
    predictions.assign(groups * kLanes, 0);
    gradient.assign(heads * per_head(), 0);
    for (std::size_t prompt = 0; prompt < groups * kLanes; ++prompt) add_prompt(prompt);
  }

  double token(std::size_t prompt, std::size_t i, std::size_t a) const {
    constexpr std::size_t kLanes = kernels::kPromptLanes;
    const std::size_t group = prompt / kLanes, lane = prompt % kLanes;
    return double(tokens[((group * keys + i) * width() + a) * kLanes + lane]);
  }
  double query(std::size_t prompt, std::size_t c) const {
    constexpr std::size_t kLanes = kernels::kPromptLanes;
    return double(queries[(prompt / kLanes * dim + c) * kLanes + prompt % kLanes]);
  }

  void add_prompt(std::size_t prompt) {
    std::vector<std::vector<double>> weights(heads, std::vector<double>(keys));
    std::vector<double> output(heads);
    for (std::size_t h = 0; h < heads; ++h) {
      for (std::size_t i = 0; i < keys; ++i) {
        for (std::size_t a = 0; a < width(); ++a) {
          double direction = 0;
          for (std::size_t c = 0; c < dim; ++c) {
            direction += double(scores[(h * width() + a) * dim + c]) * query(prompt, c);
          }
          weights[h][i] += direction * token(prompt, i, a);
        }
      }
      finite_scores = finite_scores && all_finite(weights[h]);
      weights[h] = softmax(weights[h]);
      output[h] = mean_of(prompt, weights[h], h);
      predictions[prompt] += output[h];
    }
    const double error = predictions[prompt] - double(targets[prompt]);
    loss += error * error;
    for (std::size_t h = 0; h < heads; ++h) add_gradient(prompt, h, weights[h], output[h], error);
  }

  double value_of(std::size_t prompt, std::size_t i, std::size_t h) const {
    double value = 0;
    for (std::size_t a = 0; a < width(); ++a) {
      value += double(values[h * width() + a]) * token(prompt, i, a);
    }
    return value;
  }
  double mean_of(std::size_t prompt, const std::vector<double>& weights, std::size_t h) const {
    double mean = 0;
    for (std::size_t i = 0; i < keys; ++i) mean += weights[i] * value_of(prompt, i, h);
    return mean;
  }

  void add_gradient(std::size_t prompt, std::size_t h, const std::vector<double>& weights,
                    double output, double error) {
    double* const of_scores = gradient.data() + h * per_head();
    double* const of_values = of_scores + width() * dim;
    for (std::size_t i = 0; i < keys; ++i) {
      const double pull = 2 * error * weights[i] * (value_of(prompt, i, h) - output);
      for (std::size_t a = 0; a < width(); ++a) {
        const double entry = token(prompt, i, a);
        for (std::size_t c = 0; c < dim; ++c) {
          of_scores[a * dim + c] += pull * entry * query(prompt, c);
        }
        of_values[a] += 2 * error * weights[i] * entry;
      }
    }
  }
};

template <class T>
std::size_t wrong_batches(RandomStream& random) {
  const Batch<T> batch(random);
  std::vector<T> predictions(batch.predictions.size());
  std::vector<double> gradient(batch.gradient.size());
  double loss = -1;
  const kernels::BatchTask<T> task{batch.groups,
                                   batch.keys,
                                   batch.dim,
                                   batch.heads,
                                   batch.tokens.data(),
                                   batch.queries.data(),
                                   batch.targets.data(),
                                   batch.scores.data(),
                                   batch.values.data(),
                                   predictions.data(),
                                   &loss,
                                   gradient.data()};
  if constexpr (sizeof(T) == 4) active_kernels().batch_f32(task, kernel_workspace());
  if constexpr (sizeof(T) == 8) active_kernels().batch_f64(task, kernel_workspace());
  // Entries are normal, sums have up to 48 prompts of 20 keys, scores are up to about 40.
  const double unit = sizeof(T) == 4 ? 1e-4 : 1e-12;
  double size = 1;
  for (const double value : batch.predictions)
    size = std::max(size, std::isfinite(value) ? std::fabs(value) : 0);
  std::size_t wrong = 0;
  for (std::size_t i = 0; i < predictions.size(); ++i) {
    wrong +=
        !right(double(predictions[i]), batch.predictions[i], 10 * unit * size, batch.finite_scores);
  }
  const double sums = 1 + static_cast<double>(predictions.size()) * size * size;
  wrong += !right(loss, batch.loss, 10 * unit * sums, batch.finite_scores);
  for (std::size_t j = 0; j < gradient.size(); ++j) {
    wrong += !right(gradient[j], batch.gradient[j], 1000 * unit * sums, batch.finite_scores);
  }
  return wrong;
}

}  // namespace

TEST_CASE("softmax attention never turns NaN into a number, on every target") {
  check_every_target(wrong_sequences, 150, random_stream(1));
}

TEST_CASE("random heads never turn NaN into a number, on every target") {
  check_every_target(wrong_heads, 200, random_stream(2));
}

TEST_CASE("heads over a prompt never turn NaN into a number, on every target") {
  check_every_target(wrong_prompts, 300, random_stream(3));
}

TEST_CASE("a batch of prompts is its formula, and NaN where that is NaN, on every target") {
  check_every_target(wrong_batches<float>, 60, random_stream(4));
  check_every_target(wrong_batches<double>, 60, random_stream(5));
}
