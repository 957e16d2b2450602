// Softmax heads over the examples of a prompt: many score scales over one prompt (examples are SIMD
// lanes), and loss and gradient of trained heads over a batch (prompts are SIMD lanes).
#include "core/numerics/kernels/lanes.h"

namespace attnlab::kernels::ATTNLAB_SIMD_TARGET {
namespace {

typedef std::int64_t DoubleBits __attribute__((vector_size(kVectorBytes)));

/// As exp_below_zero of floats, in double with the terms up to r^13 / 13!.
ATTNLAB_INLINE Vector<double> exp_below_zero(Vector<double> x) {
  x = larger<double>(x, broadcast(-700.0));
  constexpr double kRound = 6755399441055744.0;  // 1.5 * 2^52
  const Vector<double> shifted = x * 1.4426950408889634 + kRound;
  const Vector<double> k = shifted - kRound;
  const Vector<double> r = (x - k * 0x1.62e42fee00000p-1) - k * 0x1.a39ef35793c76p-33;
  constexpr double kInverseFactorials[] = {1.0 / 479001600, 1.0 / 39916800, 1.0 / 3628800,
                                           1.0 / 362880,    1.0 / 40320,    1.0 / 5040,
                                           1.0 / 720,       1.0 / 120,      1.0 / 24,
                                           1.0 / 6,         0.5,            1.0, 1.0};
  Vector<double> p = broadcast(1.0 / 6227020800);
  for (const double coefficient : kInverseFactorials) p = p * r + coefficient;
  DoubleBits bits;
  __builtin_memcpy(&bits, &shifted, sizeof bits);  // k stands in the low mantissa bits
  bits = (bits + 1023) << 52;
  Vector<double> scale;
  __builtin_memcpy(&scale, &bits, sizeof scale);
  return p * scale;
}

constexpr std::size_t kWidth = kLanes<float>;
static_assert(kExamplePadding % kWidth == 0);

/// Scores of one prompt, their largest and smallest value; padding repeats the first score.
ATTNLAB_INLINE void score_examples(const PromptTask& task, float* scores, float& low, float& high) {
  for (std::size_t i = 0; i < task.stride; i += kWidth) {
    Vector<float> sum{};
    for (std::size_t a = 0; a < task.dim; ++a) {
      sum = multiply_add<float>(task.direction[a], load(task.tokens + a * task.stride + i), sum);
    }
    store(scores + i, sum);
  }
  for (std::size_t i = task.examples; i < task.stride; ++i) scores[i] = scores[0];
  Vector<float> least = load(scores), most = least;
  for (std::size_t i = kWidth; i < task.stride; i += kWidth) {
    least = smaller<float>(least, load(scores + i));
    most = larger<float>(most, load(scores + i));
  }
  low = least[0];
  high = most[0];
  for (std::size_t lane = 1; lane < kWidth; ++lane) {
    low = least[lane] < low ? least[lane] : low;
    high = most[lane] > high ? most[lane] : high;
  }
}

/// Weights of one scale, not yet normalised, and their sum; padding gets weight 0.
ATTNLAB_INLINE float weigh_examples(const PromptTask& task, float scale, float shift,
                                    const float* scores, float* weights) {
  Vector<float> sum{};
  const std::size_t whole = task.examples / kWidth * kWidth;
  for (std::size_t i = 0; i < whole; i += kWidth) {
    const Vector<float> weight = exp_below_zero((load(scores + i) - shift) * scale);
    store(weights + i, weight);
    sum += weight;
  }
  for (std::size_t i = whole; i < task.stride; i += kWidth) {
    store(weights + i, exp_below_zero((load(scores + i) - shift) * scale));
    for (std::size_t j = i; j < i + kWidth; ++j) {
      if (j >= task.examples) weights[j] = 0;
    }
    sum += load(weights + i);
  }
  return lane_sum<float>(sum);
}

/// One register of prompts under one head: scores, attention-weighted mean of the tokens, and with
/// `error_twice` (2 (f - t)) the gradient. Rows of `tokens` are kPromptLanes apart.
template <class T>
struct HeadPass {
  std::size_t keys, width, dim;
  const T* tokens;
  const T* query;
  const T* score_matrix;  // width x dim
  const T* value;         // width
};

template <class T>
ATTNLAB_INLINE void head_direction(const HeadPass<T>& head, Vector<T>* direction) {
  for (std::size_t a = 0; a < head.width; ++a) {
    Vector<T> sum{};
    for (std::size_t c = 0; c < head.dim; ++c) {
      sum = multiply_add<T>(head.score_matrix[a * head.dim + c],
                            load(head.query + c * kPromptLanes), sum);
    }
    direction[a] = sum;
  }
}

/// Fills `weights` (keys vectors) with the softmax weights and `mean` with the weighted token.
template <class T>
ATTNLAB_INLINE void attend(const HeadPass<T>& head, const Vector<T>* direction, T* weights,
                           Vector<T>* mean) {
  constexpr std::size_t kStep = kLanes<T>;
  Vector<T> highest = broadcast(T(-1e30));
  const T* token = head.tokens;
  for (std::size_t i = 0; i < head.keys; ++i) {
    Vector<T> score{};
    for (std::size_t a = 0; a < head.width; ++a, token += kPromptLanes) {
      score += direction[a] * load(token);
    }
    store(weights + i * kStep, score);
    highest = larger<T>(highest, score);
  }
  Vector<T> total{};
  for (std::size_t a = 0; a < head.width; ++a) mean[a] = Vector<T>{};
  token = head.tokens;
  for (std::size_t i = 0; i < head.keys; ++i) {
    const Vector<T> weight = exp_below_zero(load(weights + i * kStep) - highest);
    store(weights + i * kStep, weight);
    total += weight;
    for (std::size_t a = 0; a < head.width; ++a, token += kPromptLanes) {
      mean[a] += weight * load(token);
    }
  }
  const Vector<T> scale = T(1) / total;
  for (std::size_t i = 0; i < head.keys; ++i) {
    store(weights + i * kStep, load(weights + i * kStep) * scale);
  }
  for (std::size_t a = 0; a < head.width; ++a) mean[a] *= scale;
}

/// d loss / d direction = 2 (f - t) sum_i weight_i (value_i - output) token_i.
template <class T>
ATTNLAB_INLINE void pull_back(const HeadPass<T>& head, const T* weights, Vector<T> output,
                              Vector<T> error_twice, Vector<T>* direction_gradient) {
  for (std::size_t a = 0; a < head.width; ++a) direction_gradient[a] = Vector<T>{};
  const T* token = head.tokens;
  for (std::size_t i = 0; i < head.keys; ++i) {
    Vector<T> value = -output;
    for (std::size_t a = 0; a < head.width; ++a) {
      value = multiply_add<T>(head.value[a], load(token + a * kPromptLanes), value);
    }
    value *= load(weights + i * kLanes<T>) * error_twice;
    for (std::size_t a = 0; a < head.width; ++a, token += kPromptLanes) {
      direction_gradient[a] += value * load(token);
    }
  }
}

/// One register of prompts: prediction, loss and, where asked for, the gradients added to the
/// per-lane sums behind `sums` (heads x (width x dim + width) vectors).
template <class T>
ATTNLAB_NOINLINE Vector<T> prompts_pass(const BatchTask<T>& task, const T* tokens, const T* query,
                                        const T* target, T* predictions, T* scratch, T* sums) {
  constexpr std::size_t kStep = kLanes<T>;
  const std::size_t width = task.dim + 1, matrix = width * task.dim;
  Vector<T> direction[kMaxTokenWidth], gradient[kMaxTokenWidth];
  Vector<T> mean[kMaxBatchHeads][kMaxTokenWidth], output[kMaxBatchHeads];
  Vector<T> prediction{};
  const auto head_pass = [&](std::size_t h) {
    return HeadPass<T>{task.keys,  width, task.dim, tokens,
                       query,      task.score_matrices + h * matrix,
                       task.values + h * width};
  };
  for (std::size_t h = 0; h < task.heads; ++h) {
    const HeadPass<T> head = head_pass(h);
    head_direction(head, direction);
    attend(head, direction, scratch + h * task.keys * kStep, mean[h]);
    output[h] = Vector<T>{};
    for (std::size_t a = 0; a < width; ++a) {
      output[h] = multiply_add<T>(head.value[a], mean[h][a], output[h]);
    }
    prediction += output[h];
  }
  const Vector<T> error = prediction - load(target);
  if (predictions != nullptr) store(predictions, prediction);
  if (sums == nullptr) return error * error;
  for (std::size_t h = 0; h < task.heads; ++h) {
    pull_back(head_pass(h), scratch + h * task.keys * kStep, output[h], error * T(2), gradient);
    T* sum = sums + h * (matrix + width) * kStep;
    for (std::size_t a = 0; a < width; ++a) {
      for (std::size_t c = 0; c < task.dim; ++c, sum += kStep) {
        store(sum, load(sum) + gradient[a] * load(query + c * kPromptLanes));
      }
    }
    for (std::size_t a = 0; a < width; ++a, sum += kStep) {
      store(sum, load(sum) + error * T(2) * mean[h][a]);
    }
  }
  return error * error;
}

template <class T>
ATTNLAB_INLINE void train_batch(const BatchTask<T>& task, void* workspace) {
  constexpr std::size_t kStep = kLanes<T>;
  const std::size_t width = task.dim + 1, per_head = width * task.dim + width;
  T* scratch = static_cast<T*>(workspace);
  T* sums = task.gradient == nullptr ? nullptr : scratch + task.heads * task.keys * kStep;
  if (sums != nullptr) {
    for (std::size_t j = 0; j < task.heads * per_head * kStep; ++j) sums[j] = 0;
  }
  const std::size_t prompt_size = task.keys * width * kPromptLanes;
  double loss = 0;
  for (std::size_t group = 0; group < task.groups; ++group) {
    for (std::size_t lane = 0; lane < kPromptLanes; lane += kStep) {
      const std::size_t at = group * kPromptLanes + lane;
      loss += lane_sum<T>(prompts_pass<T>(
          task, task.tokens + group * prompt_size + lane,
          task.queries + group * task.dim * kPromptLanes + lane, task.targets + at,
          task.predictions == nullptr ? nullptr : task.predictions + at, scratch, sums));
    }
  }
  *task.loss = loss;
  if (sums == nullptr) return;
  for (std::size_t j = 0; j < task.heads * per_head; ++j) {
    task.gradient[j] = lane_sum<T>(load(sums + j * kStep));
  }
}

}  // namespace

ATTNLAB_NOINLINE void attend_prompt(const PromptTask& task, void* workspace) {
  float* scores = static_cast<float*>(workspace);
  float* scratch = scores + task.stride;
  float low, high;
  score_examples(task, scores, low, high);
  for (std::size_t b = 0; b < task.scale_count; ++b) {
    const float scale = task.scales[b];
    float* weights = task.weights == nullptr ? scratch : task.weights + b * task.stride;
    const float total = weigh_examples(task, scale, scale > 0 ? high : low, scores, weights);
    const float inverse = 1.0f / total;
    for (std::size_t a = 0; a < task.dim; ++a) {
      Vector<float> sum{};
      for (std::size_t i = 0; i < task.stride; i += kWidth) {
        sum += load(weights + i) * load(task.tokens + a * task.stride + i);
      }
      task.means[b * task.dim + a] = lane_sum<float>(sum) * inverse;
    }
    if (task.weights == nullptr) continue;
    for (std::size_t i = 0; i < task.stride; i += kWidth) {
      store(weights + i, load(weights + i) * inverse);
    }
  }
}

void batch_f32(const BatchTask<float>& task, void* workspace) { train_batch(task, workspace); }
void batch_f64(const BatchTask<double>& task, void* workspace) { train_batch(task, workspace); }

}  // namespace attnlab::kernels::ATTNLAB_SIMD_TARGET
