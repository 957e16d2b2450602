// Batches of normal draws. Plain loops over short arrays, which the compiler turns into vectors of
// the target; compiled without contraction, so that every target gives the same bits.
#include "core/numerics/kernels/simd.h"

#include "core/numerics/normal_core.h"

// Only for the 32 x 32 -> 64 bit product, which vector extensions cannot express.
#if defined(__SSE2__)
#include <immintrin.h>
#elif defined(__wasm_simd128__)
#include <wasm_simd128.h>
#endif

namespace attnlab::kernels::ATTNLAB_SIMD_TARGET {
namespace {

constexpr std::size_t kBatch = 64;  // blocks at a time: the words stay in the first-level cache

struct Words {
  alignas(64) std::uint32_t word[4][kBatch];
};

typedef std::uint32_t Lanes __attribute__((vector_size(kVectorBytes)));
typedef std::uint64_t Pairs __attribute__((vector_size(kVectorBytes)));
constexpr std::size_t kWidth = kLanes<float>;

/// Lower and upper words of the 64-bit products of the lanes; `factors` are equal in all lanes.
ATTNLAB_INLINE void multiply_words(Lanes x, const Lanes& factors, Lanes& low, Lanes& high) {
#if defined(__AVX512F__)
  const __m512i upper = (__m512i)((Pairs)x >> 32);
  const Lanes even = (Lanes)_mm512_maskz_mul_epu32(0xff, (__m512i)x, (__m512i)factors);
  const Lanes odd = (Lanes)_mm512_maskz_mul_epu32(0xff, upper, (__m512i)factors);
  low = (Lanes)_mm512_mask_shuffle_epi32((__m512i)even, 0xaaaa, (__m512i)odd, _MM_PERM_CCAA);
  high = (Lanes)_mm512_mask_shuffle_epi32((__m512i)odd, 0x5555, (__m512i)even, _MM_PERM_DDBB);
#elif defined(__AVX2__)
  const __m256i even = _mm256_mul_epu32((__m256i)x, (__m256i)factors);
  const __m256i odd = _mm256_mul_epu32((__m256i)((Pairs)x >> 32), (__m256i)factors);
  low = (Lanes)_mm256_blend_epi32(even, _mm256_slli_epi64(odd, 32), 0xaa);
  high = (Lanes)_mm256_blend_epi32(_mm256_srli_epi64(even, 32), odd, 0xaa);
#elif defined(__SSE2__)
  const Lanes even = (Lanes)_mm_mul_epu32((__m128i)x, (__m128i)factors);
  const Lanes odd = (Lanes)_mm_mul_epu32((__m128i)((Pairs)x >> 32), (__m128i)factors);
  const Lanes first = __builtin_shufflevector(even, odd, 0, 1, 4, 5);
  const Lanes second = __builtin_shufflevector(even, odd, 2, 3, 6, 7);
  low = __builtin_shufflevector(first, second, 0, 2, 4, 6);
  high = __builtin_shufflevector(first, second, 1, 3, 5, 7);
#elif defined(__wasm_simd128__)
  // Where LLVM 19 knows the factors or can widen them ahead of the loop, it emits a full 64-bit
  // product, three times as slow. A volatile read prevents both.
  const v128_t opaque = *reinterpret_cast<const volatile v128_t*>(&factors);
  const Lanes first = (Lanes)wasm_u64x2_extmul_low_u32x4((v128_t)x, opaque);
  const Lanes second = (Lanes)wasm_u64x2_extmul_high_u32x4((v128_t)x, opaque);
  low = __builtin_shufflevector(first, second, 0, 2, 4, 6);
  high = __builtin_shufflevector(first, second, 1, 3, 5, 7);
#else
  for (std::size_t lane = 0; lane < kWidth; ++lane) {
    const std::uint64_t product = static_cast<std::uint64_t>(x[lane]) * factors[lane];
    low[lane] = static_cast<std::uint32_t>(product);
    high[lane] = static_cast<std::uint32_t>(product >> 32);
  }
#endif
}

constexpr std::uint32_t kFirst = 0xD2511F53u, kSecond = 0xCD9E8D57u;
struct PhiloxFactors {
  Lanes first = kFirst - Lanes{}, second = kSecond - Lanes{};
};

/// Ten rounds of Philox4x32, one block a lane, at consecutive positions: the same function as
/// philox4x32. Only the position differs between blocks, so all lanes share half of the products
/// of the first two rounds.
ATTNLAB_INLINE void philox_lanes(const std::uint32_t key[2], const std::uint32_t counter[4],
                                 const PhiloxFactors& factors, Lanes position, Lanes word[4]) {
  constexpr std::uint32_t kKeyStep0 = 0x9E3779B9u, kKeyStep1 = 0xBB67AE85u;
  std::uint32_t key0 = key[0], key1 = key[1];
  const std::uint64_t second = static_cast<std::uint64_t>(counter[2]) * kSecond;
  const std::uint32_t shared0 = static_cast<std::uint32_t>(second >> 32) ^ counter[1] ^ key0;
  const std::uint64_t first = static_cast<std::uint64_t>(shared0) * kFirst;
  Lanes low, high;
  multiply_words(position, factors.first, low, high);
  Lanes x2 = high ^ (counter[3] ^ key1);
  const Lanes x3_once = low;
  key0 += kKeyStep0;
  key1 += kKeyStep1;
  multiply_words(x2, factors.second, low, high);
  Lanes x0 = high ^ (static_cast<std::uint32_t>(second) ^ key0);
  Lanes x1 = low;
  x2 = x3_once ^ (static_cast<std::uint32_t>(first >> 32) ^ key1);
  Lanes x3 = static_cast<std::uint32_t>(first) - Lanes{};
#pragma GCC unroll 8
  for (int round = 2; round < 10; ++round) {
    key0 += kKeyStep0;
    key1 += kKeyStep1;
    Lanes first_low, first_high;
    multiply_words(x0, factors.first, first_low, first_high);
    multiply_words(x2, factors.second, low, high);
    x0 = high ^ x1 ^ key0;
    x1 = low;
    x2 = first_high ^ x3 ^ key1;
    x3 = first_low;
  }
  word[0] = x0;
  word[1] = x1;
  word[2] = x2;
  word[3] = x3;
}

/// kBatch consecutive blocks.
ATTNLAB_NOINLINE void philox_batch(const std::uint32_t key[2], const std::uint32_t counter[4],
                                   std::uint32_t position, Words& out) {
  const PhiloxFactors factors;
  Lanes lane;
  for (std::size_t j = 0; j < kWidth; ++j) lane[j] = static_cast<std::uint32_t>(j);
  for (std::size_t j = 0; j < kBatch; j += kWidth) {
    Lanes word[4];
    philox_lanes(key, counter, factors, lane + (position + static_cast<std::uint32_t>(j)), word);
    for (std::size_t c = 0; c < 4; ++c) __builtin_memcpy(out.word[c] + j, &word[c], sizeof word[c]);
  }
}

ATTNLAB_NOINLINE void transform_f64(const Words& words, double* first, double* second) {
  for (std::size_t j = 0; j < kBatch; ++j) {
    elementary::normal_pair(words.word[0][j], words.word[1][j], words.word[2][j], words.word[3][j],
                            first[j], second[j]);
  }
}

ATTNLAB_NOINLINE void transform_f32(const std::uint32_t* radius_words,
                                    const std::uint32_t* angle_words, float* first, float* second) {
  for (std::size_t j = 0; j < kBatch; ++j) {
    elementary::normal_pair(radius_words[j], angle_words[j], first[j], second[j]);
  }
}

}  // namespace

void normals_f64(const std::uint32_t key[2], const std::uint32_t counter[4], std::size_t blocks,
                 double* values) {
  Words words;
  alignas(64) double first[kBatch], second[kBatch];
  for (std::size_t done = 0; done < blocks; done += kBatch) {
    philox_batch(key, counter, counter[0] + static_cast<std::uint32_t>(done), words);
    transform_f64(words, first, second);
    const std::size_t count = blocks - done < kBatch ? blocks - done : kBatch;
    double* const to = values + 2 * done;
    for (std::size_t j = 0; j < count; ++j) {
      to[2 * j] = first[j];
      to[2 * j + 1] = second[j];
    }
  }
}

void normals_f32(const std::uint32_t key[2], const std::uint32_t counter[4], std::size_t blocks,
                 float* values) {
  Words words;
  alignas(64) float part[4][kBatch];
  for (std::size_t done = 0; done < blocks; done += kBatch) {
    philox_batch(key, counter, counter[0] + static_cast<std::uint32_t>(done), words);
    transform_f32(words.word[0], words.word[1], part[0], part[1]);
    transform_f32(words.word[2], words.word[3], part[2], part[3]);
    const std::size_t count = blocks - done < kBatch ? blocks - done : kBatch;
    float* const to = values + 4 * done;
    for (std::size_t j = 0; j < count; ++j) {
      for (std::size_t c = 0; c < 4; ++c) to[4 * j + c] = part[c][j];
    }
  }
}

}  // namespace attnlab::kernels::ATTNLAB_SIMD_TARGET
