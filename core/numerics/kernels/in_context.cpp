// Softmax heads over the examples of a prompt: many score scales over one prompt (examples are SIMD
// lanes), and loss and gradient of trained heads over a batch (prompts are SIMD lanes).
#include "core/numerics/kernels/lanes.h"

namespace attnlab::kernels::ATTNLAB_SIMD_TARGET {
namespace {

typedef std::int64_t DoubleBits __attribute__((vector_size(kVectorBytes)));

/// exp_below_zero of lanes.h in double, with the terms up to r^13 / 13!.
ATTNLAB_INLINE Vector<double> exp_below_zero(Vector<double> x) {
  x = larger<double>(broadcast(-700.0), x);
  constexpr double kRound = 6755399441055744.0;  // 1.5 * 2^52
  const Vector<double> shifted = multiply_add<double>(1.4426950408889634, x, broadcast(kRound));
  const Vector<double> k = shifted - kRound;
  const Vector<double> r = multiply_add<double>(-0x1.a39ef35793c76p-33, k,
                                                multiply_add<double>(-0x1.62e42fee00000p-1, k, x));
  constexpr double kInverseFactorials[] = {1.0 / 479001600,
                                           1.0 / 39916800,
                                           1.0 / 3628800,
                                           1.0 / 362880,
                                           1.0 / 40320,
                                           1.0 / 5040,
                                           1.0 / 720,
                                           1.0 / 120,
                                           1.0 / 24,
                                           1.0 / 6,
                                           0.5,
                                           1.0,
                                           1.0};
  Vector<double> p = broadcast(1.0 / 6227020800);
  for (const double coefficient : kInverseFactorials) {
    p = multiply_add<double>(p, r, broadcast(coefficient));
  }
  DoubleBits bits;
  __builtin_memcpy(&bits, &shifted, sizeof bits);  // k is in the low mantissa bits
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

/// One register of prompts under one head. Rows of `tokens` are kPromptLanes apart. kToken is the
/// length of a token, so that the compiler keeps sums over keys in registers; where it is 0,
/// `width` is the length.
template <class T, std::size_t kToken>
struct HeadPass {
  std::size_t keys, width;
  const T* tokens;
  const T* query;
  const T* score_matrix;  // width x (width - 1)
  const T* value;         // width
  T* weights;             // keys vectors

  ATTNLAB_INLINE std::size_t length() const { return kToken == 0 ? width : kToken; }
};
template <class T, std::size_t kToken>
struct TokenVector {
  Vector<T> entry[kToken == 0 ? kMaxTokenWidth : kToken];
};

template <class T, std::size_t kToken>
ATTNLAB_INLINE void head_direction(const HeadPass<T, kToken>& head,
                                   TokenVector<T, kToken>& direction) {
  const std::size_t length = head.length(), dim = length - 1;
#pragma GCC unroll 9
  for (std::size_t a = 0; a < length; ++a) {
    Vector<T> sum{};
#pragma GCC unroll 9
    for (std::size_t c = 0; c < dim; ++c) {
      sum =
          multiply_add<T>(head.score_matrix[a * dim + c], load(head.query + c * kPromptLanes), sum);
    }
    direction.entry[a] = sum;
  }
}

/// Leaves exp(score - largest score) of every key in `weights`; `mean` becomes the token under
/// these weights, normalised. Returns the factor that normalises the weights.
template <class T, std::size_t kToken>
ATTNLAB_INLINE Vector<T> attend(const HeadPass<T, kToken>& head, TokenVector<T, kToken>& mean) {
  constexpr std::size_t kStep = kLanes<T>;
  const std::size_t length = head.length();
  Vector<T> highest = broadcast(T(-__builtin_inf()));
  {
    TokenVector<T, kToken> direction;
    head_direction(head, direction);
    const T* token = head.tokens;
    for (std::size_t i = 0; i < head.keys; ++i) {
      Vector<T> score = direction.entry[0] * load(token);
      token += kPromptLanes;
#pragma GCC unroll 9
      for (std::size_t a = 1; a < length; ++a, token += kPromptLanes) {
        score = multiply_add<T>(direction.entry[a], load(token), score);
      }
      store(head.weights + i * kStep, score);
      highest = larger<T>(highest, score);
    }
  }
  Vector<T> total{};
#pragma GCC unroll 9
  for (std::size_t a = 0; a < length; ++a) mean.entry[a] = Vector<T>{};
  const T* token = head.tokens;
  for (std::size_t i = 0; i < head.keys; ++i) {
    const Vector<T> weight = exp_below_zero(load(head.weights + i * kStep) - highest);
    store(head.weights + i * kStep, weight);
    total += weight;
#pragma GCC unroll 9
    for (std::size_t a = 0; a < length; ++a, token += kPromptLanes) {
      mean.entry[a] = multiply_add<T>(weight, load(token), mean.entry[a]);
    }
  }
  const Vector<T> scale = T(1) / total;
#pragma GCC unroll 9
  for (std::size_t a = 0; a < length; ++a) mean.entry[a] *= scale;
  return scale;
}

/// d loss / d direction = 2 (f - t) sum_i weight_i (value_i - output) token_i, where `factor` is
/// 2 (f - t) times the factor that normalises the weights.
template <class T, std::size_t kToken>
ATTNLAB_INLINE void pull_back(const HeadPass<T, kToken>& head, Vector<T> output, Vector<T> factor,
                              TokenVector<T, kToken>& gradient) {
  const std::size_t length = head.length();
#pragma GCC unroll 9
  for (std::size_t a = 0; a < length; ++a) gradient.entry[a] = Vector<T>{};
  const T* token = head.tokens;
  for (std::size_t i = 0; i < head.keys; ++i) {
    Vector<T> value = -output;
#pragma GCC unroll 9
    for (std::size_t a = 0; a < length; ++a) {
      value = multiply_add<T>(head.value[a], load(token + a * kPromptLanes), value);
    }
    value *= load(head.weights + i * kLanes<T>);
#pragma GCC unroll 9
    for (std::size_t a = 0; a < length; ++a, token += kPromptLanes) {
      gradient.entry[a] = multiply_add<T>(value, load(token), gradient.entry[a]);
    }
  }
#pragma GCC unroll 9
  for (std::size_t a = 0; a < length; ++a) gradient.entry[a] *= factor;
}

/// One register of prompts: its inputs and outputs.
template <class T>
struct PromptsAt {
  const T* tokens;
  const T* query;
  const T* target;
  T* predictions;  // or null
};

/// One register of prompts: prediction, loss and, where asked for, the gradients added to the
/// per-lane sums behind `sums` (heads x (width x dim + width) vectors).
template <class T, std::size_t kToken>
ATTNLAB_NOINLINE Vector<T> prompts_pass(const BatchTask<T>& task, const PromptsAt<T>& at,
                                        T* scratch, T* sums) {
  constexpr std::size_t kStep = kLanes<T>;
  const auto head_pass = [&](std::size_t h) {
    const std::size_t width = task.dim + 1;
    return HeadPass<T, kToken>{task.keys,
                               width,
                               at.tokens,
                               at.query,
                               task.score_matrices + h * width * task.dim,
                               task.values + h * width,
                               scratch + h * task.keys * kStep};
  };
  TokenVector<T, kToken> mean[kMaxBatchHeads];
  Vector<T> output[kMaxBatchHeads], scale[kMaxBatchHeads], prediction{};
  for (std::size_t h = 0; h < task.heads; ++h) {
    const HeadPass<T, kToken> head = head_pass(h);
    const std::size_t length = head.length();
    TokenVector<T, kToken> own;
    scale[h] = attend(head, own);
    output[h] = Vector<T>{};
#pragma GCC unroll 9
    for (std::size_t a = 0; a < length; ++a) {
      output[h] = multiply_add<T>(head.value[a], own.entry[a], output[h]);
      mean[h].entry[a] = own.entry[a];
    }
    prediction += output[h];
  }
  const Vector<T> error = prediction - load(at.target);
  if (at.predictions != nullptr) store(at.predictions, prediction);
  if (sums == nullptr) return error * error;
  for (std::size_t h = 0; h < task.heads; ++h) {
    const HeadPass<T, kToken> head = head_pass(h);
    const std::size_t length = head.length();
    TokenVector<T, kToken> gradient;
    pull_back(head, output[h], error * T(2) * scale[h], gradient);
    T* sum = sums + h * length * length * kStep;
#pragma GCC unroll 9
    for (std::size_t a = 0; a < length; ++a) {
      for (std::size_t c = 0; c + 1 < length; ++c, sum += kStep) {
        store(sum,
              multiply_add<T>(gradient.entry[a], load(at.query + c * kPromptLanes), load(sum)));
      }
    }
#pragma GCC unroll 9
    for (std::size_t a = 0; a < length; ++a, sum += kStep) {
      store(sum, load(sum) + error * T(2) * mean[h].entry[a]);
    }
  }
  return error * error;
}

/// prompts_pass for the task's token length. The lengths that experiments use most have code of
/// their own.
template <class T>
using PromptsPass = Vector<T> (*)(const BatchTask<T>&, const PromptsAt<T>&, T*, T*);
template <class T>
PromptsPass<T> prompts_pass_for(std::size_t width) {
  if constexpr (sizeof(T) == 4) {
    switch (width) {
      case 3:
        return prompts_pass<T, 3>;
      case 4:
        return prompts_pass<T, 4>;
      case 5:
        return prompts_pass<T, 5>;
      case 6:
        return prompts_pass<T, 6>;
      case 9:
        return prompts_pass<T, 9>;
      default:
        break;
    }
  }
  return prompts_pass<T, 0>;
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
  const PromptsPass<T> pass = prompts_pass_for<T>(width);
  double loss = 0;
  for (std::size_t group = 0; group < task.groups; ++group) {
    for (std::size_t lane = 0; lane < kPromptLanes; lane += kStep) {
      const std::size_t at = group * kPromptLanes + lane;
      const PromptsAt<T> prompts{task.tokens + group * prompt_size + lane,
                                 task.queries + group * task.dim * kPromptLanes + lane,
                                 task.targets + at,
                                 task.predictions == nullptr ? nullptr : task.predictions + at};
      loss += lane_sum<T>(pass(task, prompts, scratch, sums));
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
        sum = multiply_add<float>(load(weights + i), load(task.tokens + a * task.stride + i), sum);
      }
      task.means[b * task.dim + a] = lane_sum<float>(sum) * inverse;
    }
    if (task.weights == nullptr) continue;
    for (std::size_t i = 0; i < task.stride; i += kWidth) {
      store(weights + i, load(weights + i) * inverse);
    }
  }
}

void batch_f32(const BatchTask<float>& task, void* workspace) {
  train_batch(task, workspace);
}
void batch_f64(const BatchTask<double>& task, void* workspace) {
  train_batch(task, workspace);
}

}  // namespace attnlab::kernels::ATTNLAB_SIMD_TARGET
