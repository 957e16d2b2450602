#include "core/attention/score_kernel.h"

#include <cstdint>
#include <cstring>

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wpsabi"  // every function that passes Lanes is local to this file
#endif

namespace attnlab {
namespace {

// One register (or two, or four) of heads, whatever the target has: the compiler splits it.
using Lanes = float __attribute__((vector_size(kHeadLanes * sizeof(float))));
using LaneBits = std::int32_t __attribute__((vector_size(kHeadLanes * sizeof(float))));

inline Lanes load(const float* from) {
  Lanes lanes;
  std::memcpy(&lanes, from, sizeof lanes);
  return lanes;
}
inline void store(float* to, Lanes lanes) { std::memcpy(to, &lanes, sizeof lanes); }
inline Lanes broadcast(float value) { return value - Lanes{}; }
inline Lanes maximum(Lanes a, Lanes b) { return a > b ? a : b; }
inline Lanes minimum(Lanes a, Lanes b) { return a < b ? a : b; }

// exp by x = k ln 2 + r, |r| <= ln 2 / 2, and a degree-6 Taylor polynomial in r (error below
// r^7/7! = 1.2e-7 relative); arguments are cut to where float has normal results.
inline Lanes exp_lanes(Lanes x) {
  x = maximum(minimum(x, broadcast(88.0f)), broadcast(-87.0f));
  constexpr float kRound = 12582912.0f;  // 1.5 * 2^23: adding it rounds to an integer
  const Lanes shifted = x * 1.44269504f + kRound;
  const Lanes k = shifted - kRound;
  const Lanes r = (x - k * 0.693359375f) + k * 2.12194440e-4f;
  Lanes p = broadcast(1.0f / 720);
  p = p * r + 1.0f / 120;
  p = p * r + 1.0f / 24;
  p = p * r + 1.0f / 6;
  p = p * r + 0.5f;
  p = p * r + 1.0f;
  p = p * r + 1.0f;
  const LaneBits exponent = __builtin_convertvector(k, LaneBits) + 127;
  const LaneBits bits = exponent << 23;
  Lanes scale;
  std::memcpy(&scale, &bits, sizeof scale);
  return p * scale;
}

// scores[i] = sum_a query_weights[a] * keys[i][a] for kHeadLanes heads, four keys at a time so that
// one load of the weights serves four products.
void scores(const ScoreKernelInput& in, std::size_t head, float* out) {
  std::size_t i = 0;
  for (; i + 4 <= in.key_count; i += 4) {
    const float* key = in.keys + i * in.width;
    Lanes s0{}, s1{}, s2{}, s3{};
    for (std::size_t a = 0; a < in.width; ++a) {
      const Lanes w = load(in.query_weights + a * in.heads + head);
      s0 += w * key[a];
      s1 += w * key[in.width + a];
      s2 += w * key[2 * in.width + a];
      s3 += w * key[3 * in.width + a];
    }
    store(out + i * kHeadLanes, s0);
    store(out + (i + 1) * kHeadLanes, s1);
    store(out + (i + 2) * kHeadLanes, s2);
    store(out + (i + 3) * kHeadLanes, s3);
  }
  for (; i < in.key_count; ++i) {
    const float* key = in.keys + i * in.width;
    Lanes s{};
    for (std::size_t a = 0; a < in.width; ++a) {
      s += load(in.query_weights + a * in.heads + head) * key[a];
    }
    store(out + i * kHeadLanes, s);
  }
}

void activate(const ScoreKernelInput& in, float* s) {
  const std::size_t n = in.key_count;
  const Lanes mean = broadcast(1.0f / static_cast<float>(n));
  if (in.activation == ScoreActivation::kRelu) {
    for (std::size_t i = 0; i < n; ++i) {
      store(s + i * kHeadLanes, maximum(load(s + i * kHeadLanes), Lanes{}) * mean);
    }
    return;
  }
  if (in.activation == ScoreActivation::kExponential) {
    for (std::size_t i = 0; i < n; ++i) {
      store(s + i * kHeadLanes, exp_lanes(load(s + i * kHeadLanes)) * mean);
    }
    return;
  }
  Lanes highest = load(s);
  for (std::size_t i = 1; i < n; ++i) highest = maximum(highest, load(s + i * kHeadLanes));
  Lanes sum{};
  for (std::size_t i = 0; i < n; ++i) {
    const Lanes e = exp_lanes(load(s + i * kHeadLanes) - highest);
    store(s + i * kHeadLanes, e);
    sum += e;
  }
  const Lanes scale = 1.0f / sum;
  for (std::size_t i = 0; i < n; ++i) {
    store(s + i * kHeadLanes, load(s + i * kHeadLanes) * scale);
  }
}

// out[a] = sum_i weight_i * keys[i][a], four keys at a time so that a sum is touched once for four.
void read_values(const ScoreKernelInput& in, std::size_t head, const float* weight, float* sums,
                 float* out) {
  std::memset(sums, 0, in.width * kHeadLanes * sizeof(float));
  std::size_t i = 0;
  for (; i + 4 <= in.key_count; i += 4) {
    const float* key = in.keys + i * in.width;
    const Lanes w0 = load(weight + i * kHeadLanes), w1 = load(weight + (i + 1) * kHeadLanes);
    const Lanes w2 = load(weight + (i + 2) * kHeadLanes), w3 = load(weight + (i + 3) * kHeadLanes);
    for (std::size_t a = 0; a < in.width; ++a) {
      Lanes sum = load(sums + a * kHeadLanes);
      sum += w0 * key[a];
      sum += w1 * key[in.width + a];
      sum += w2 * key[2 * in.width + a];
      sum += w3 * key[3 * in.width + a];
      store(sums + a * kHeadLanes, sum);
    }
  }
  for (; i < in.key_count; ++i) {
    const float* key = in.keys + i * in.width;
    const Lanes w = load(weight + i * kHeadLanes);
    for (std::size_t a = 0; a < in.width; ++a) {
      store(sums + a * kHeadLanes, load(sums + a * kHeadLanes) + w * key[a]);
    }
  }
  for (std::size_t a = 0; a < in.width; ++a) {
    store(out + a * in.heads + head, load(sums + a * kHeadLanes));
  }
}

}  // namespace

void attend(const ScoreKernelInput& input, float* scratch, float* out) {
  float* sums = scratch + input.key_count * kHeadLanes;
  for (std::size_t head = 0; head < input.heads; head += kHeadLanes) {
    scores(input, head, scratch);
    activate(input, scratch);
    read_values(input, head, scratch, sums, out);
  }
}

}  // namespace attnlab
