// Batches of normal draws. Plain loops over short arrays, which the compiler turns into vectors of
// the target; compiled without contraction, so that every target gives the same bits.
#include "core/numerics/kernels/simd.h"

#include "core/numerics/normal_core.h"

namespace attnlab::kernels::ATTNLAB_SIMD_TARGET {
namespace {

constexpr std::size_t kBatch = 64;  // blocks at a time: the words stay in the first-level cache

struct Words {
  alignas(64) std::uint32_t word[4][kBatch];
};

/// Ten rounds of Philox4x32 on kBatch consecutive positions; the same function as philox4x32.
ATTNLAB_NOINLINE void philox_batch(const std::uint32_t key[2], const std::uint32_t counter[4],
                                   std::uint32_t position, Words& out) {
  for (std::size_t j = 0; j < kBatch; ++j) {
    std::uint32_t x0 = position + static_cast<std::uint32_t>(j);
    std::uint32_t x1 = counter[1], x2 = counter[2], x3 = counter[3];
    std::uint32_t key0 = key[0], key1 = key[1];
#pragma GCC unroll 10
    for (int round = 0; round < 10; ++round) {
      const std::uint64_t first = static_cast<std::uint64_t>(x0) * 0xD2511F53u;
      const std::uint64_t second = static_cast<std::uint64_t>(x2) * 0xCD9E8D57u;
      x0 = static_cast<std::uint32_t>(second >> 32) ^ x1 ^ key0;
      x1 = static_cast<std::uint32_t>(second);
      x2 = static_cast<std::uint32_t>(first >> 32) ^ x3 ^ key1;
      x3 = static_cast<std::uint32_t>(first);
      key0 += 0x9E3779B9u;
      key1 += 0xBB67AE85u;
    }
    out.word[0][j] = x0;
    out.word[1][j] = x1;
    out.word[2][j] = x2;
    out.word[3][j] = x3;
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
