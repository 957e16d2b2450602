// Softmax attention of whole sequences. A block of queries fills the SIMD lanes, so that
// scores, their maximum, their exponentials, the sum and the weighted values are all vertical:
// nothing is added across lanes, keys and values are read in place, and only the block's
// queries and results are transposed. Keys come in runs with a running maximum (Milakov and
// Gimelshein, "Online normalizer calculation for softmax", 2018), so that any number of them stays
// in cache.
#include "core/numerics/kernels/lanes.h"
#include "core/numerics/kernels/transpose.h"

namespace attnlab::kernels::ATTNLAB_SIMD_TARGET {
namespace {

constexpr std::size_t kWidth = kLanes<float>;
using Lanes = Vector<float>;

/// Vectors of queries in a block, and rows of a register tile: their product is the number of sums
/// kept in registers, next to one row of vectors and one broadcast entry.
#if defined(__AVX512F__)
constexpr std::size_t kBlockVectors = 4;
constexpr std::size_t kRows = 6;
#elif defined(__AVX2__)
constexpr std::size_t kBlockVectors = 2;
constexpr std::size_t kRows = 6;
#else
constexpr std::size_t kBlockVectors = 2;
constexpr std::size_t kRows = 4;
#endif

/// Keys between two corrections of the maximum; the same on every target, for the same bits.
constexpr std::size_t kKeyRun = 128;

static_assert(kWorkspaceBytes >= (kMaxAttentionWidth + kKeyRun) * kBlockVectors * kVectorBytes);

/// Workspace of one block: vectors of kVectors * kWidth floats a row.
template <std::size_t kVectors>
struct Block {
  static constexpr std::size_t kQueries = kVectors * kWidth;
  float* query;    // width rows, scaled
  float* weights;  // kKeyRun rows
  float* out;      // value_width rows
  Lanes highest[kVectors], total[kVectors];
};

/// sum[j] = sum_p left[j * left_row + p * left_step] * right[p] over `depth` vectors of queries.
template <std::size_t kVectors, std::size_t kTile>
ATTNLAB_INLINE void multiply_rows(std::size_t depth, const float* left, std::size_t left_row,
                                  std::size_t left_step, const float* right,
                                  Lanes (&sum)[kTile][kVectors]) {
  for (std::size_t p = 0; p < depth; ++p) {
    Lanes r[kVectors];
#pragma GCC unroll 4
    for (std::size_t v = 0; v < kVectors; ++v) r[v] = load(right + (p * kVectors + v) * kWidth);
#pragma GCC unroll 6
    for (std::size_t j = 0; j < kTile; ++j) {
      const float l = left[j * left_row + p * left_step];
#pragma GCC unroll 4
      for (std::size_t v = 0; v < kVectors; ++v) {
        sum[j][v] = multiply_add<float>(l, r[v], sum[j][v]);
      }
    }
  }
}

/// Scores of kTile keys, and the maximum so far.
template <std::size_t kVectors, std::size_t kTile>
ATTNLAB_NOINLINE void score_keys(std::size_t width, const float* key, std::size_t key_stride,
                                 const float* query, float* scores, Lanes* highest) {
  Lanes sum[kTile][kVectors] = {};
  multiply_rows<kVectors, kTile>(width, key, key_stride, 1, query, sum);
#pragma GCC unroll 6
  for (std::size_t j = 0; j < kTile; ++j) {
#pragma GCC unroll 4
    for (std::size_t v = 0; v < kVectors; ++v) {
      store(scores + (j * kVectors + v) * kWidth, sum[j][v]);
      highest[v] = larger<float>(highest[v], sum[j][v]);
    }
  }
}

/// out row a += sum over keys of value(key, a) * weights(key), for kTile columns a.
template <std::size_t kVectors, std::size_t kTile>
ATTNLAB_NOINLINE void add_values(std::size_t keys, const float* value, std::size_t value_stride,
                                 const float* weights, float* out) {
  Lanes sum[kTile][kVectors];
#pragma GCC unroll 6
  for (std::size_t j = 0; j < kTile; ++j) {
#pragma GCC unroll 4
    for (std::size_t v = 0; v < kVectors; ++v) sum[j][v] = load(out + (j * kVectors + v) * kWidth);
  }
  multiply_rows<kVectors, kTile>(keys, value, 1, value_stride, weights, sum);
#pragma GCC unroll 6
  for (std::size_t j = 0; j < kTile; ++j) {
#pragma GCC unroll 4
    for (std::size_t v = 0; v < kVectors; ++v) store(out + (j * kVectors + v) * kWidth, sum[j][v]);
  }
}

/// Scores to e^(score - highest), and their sum.
template <std::size_t kVectors>
ATTNLAB_NOINLINE void exponentiate(std::size_t keys, const Lanes* highest, float* weights,
                                   Lanes* total) {
  for (std::size_t j = 0; j < keys; ++j) {
#pragma GCC unroll 4
    for (std::size_t v = 0; v < kVectors; ++v) {
      float* const at = weights + (j * kVectors + v) * kWidth;
      const Lanes weight = exp_below_zero(load(at) - highest[v]);
      store(at, weight);
      total[v] += weight;
    }
  }
}

/// Multiplies `rows` rows by one factor per query.
template <std::size_t kVectors>
ATTNLAB_INLINE void scale_rows(std::size_t rows, const Lanes* factor, float* at) {
  for (std::size_t i = 0; i < rows; ++i) {
#pragma GCC unroll 4
    for (std::size_t v = 0; v < kVectors; ++v, at += kWidth) store(at, load(at) * factor[v]);
  }
}

/// to[c * kQueries + q] = from[q * stride + c] * scale for q < count, zeros for the other lanes.
template <std::size_t kVectors>
ATTNLAB_NOINLINE void take_queries(const float* from, std::size_t stride, std::size_t count,
                                   std::size_t width, float scale, float* to) {
  constexpr std::size_t kQueries = Block<kVectors>::kQueries;
  const std::size_t fours = count / 4 * 4;
  for (std::size_t q = 0; q < fours; q += 4) {
    interleave_four(from + q * stride, stride, width, to + q, kQueries);
  }
  for (std::size_t q = fours; q < kQueries; ++q) {
    for (std::size_t c = 0; c < width; ++c) {
      to[c * kQueries + q] = q < count ? from[q * stride + c] : 0.0f;
    }
  }
  Lanes factor[kVectors];
  for (std::size_t v = 0; v < kVectors; ++v) factor[v] = broadcast(scale);
  scale_rows<kVectors>(width, factor, to);
}

/// to[q * stride + c] = from[c * kQueries + q].
template <std::size_t kVectors>
ATTNLAB_NOINLINE void give_results(const float* from, std::size_t count, std::size_t width,
                                   float* to, std::size_t stride) {
  constexpr std::size_t kQueries = Block<kVectors>::kQueries;
  const std::size_t fours = width / 4 * 4;
  for (std::size_t c = 0; c < fours; c += 4) {
    interleave_four(from + c * kQueries, kQueries, count, to + c, stride);
  }
  for (std::size_t c = fours; c < width; ++c) {
    for (std::size_t q = 0; q < count; ++q) to[q * stride + c] = from[c * kQueries + q];
  }
}

/// One run of keys under a block: scores, corrected maximum, weights, weighted values.
template <std::size_t kVectors>
ATTNLAB_INLINE void attend_run(const AttentionTask& task, const float* key, const float* value,
                               std::size_t keys, bool first, Block<kVectors>& block) {
  constexpr std::size_t kRow = Block<kVectors>::kQueries;
  Lanes highest[kVectors];
  for (std::size_t v = 0; v < kVectors; ++v) highest[v] = block.highest[v];
  std::size_t j = 0;
  for (; j + kRows <= keys; j += kRows) {
    score_keys<kVectors, kRows>(task.width, key + j * task.key_stride, task.key_stride, block.query,
                                block.weights + j * kRow, highest);
  }
  for (; j + 2 <= keys; j += 2) {
    score_keys<kVectors, 2>(task.width, key + j * task.key_stride, task.key_stride, block.query,
                            block.weights + j * kRow, highest);
  }
  for (; j < keys; ++j) {
    score_keys<kVectors, 1>(task.width, key + j * task.key_stride, task.key_stride, block.query,
                            block.weights + j * kRow, highest);
  }
  if (!first) {
    Lanes shrink[kVectors];
    for (std::size_t v = 0; v < kVectors; ++v) {
      shrink[v] = exp_below_zero(block.highest[v] - highest[v]);
      block.total[v] *= shrink[v];
    }
    scale_rows<kVectors>(task.value_width, shrink, block.out);
  }
  for (std::size_t v = 0; v < kVectors; ++v) block.highest[v] = highest[v];
  exponentiate<kVectors>(keys, highest, block.weights, block.total);
  std::size_t a = 0;
  for (; a + kRows <= task.value_width; a += kRows) {
    add_values<kVectors, kRows>(keys, value + a, task.value_stride, block.weights,
                                block.out + a * kRow);
  }
  for (; a + 2 <= task.value_width; a += 2) {
    add_values<kVectors, 2>(keys, value + a, task.value_stride, block.weights,
                            block.out + a * kRow);
  }
  for (; a < task.value_width; ++a) {
    add_values<kVectors, 1>(keys, value + a, task.value_stride, block.weights,
                            block.out + a * kRow);
  }
}

/// `count` queries of one sequence, at most a block.
template <std::size_t kVectors>
ATTNLAB_INLINE void attend_block(const AttentionTask& task, const float* query, const float* key,
                                 const float* value, std::size_t count, float* out,
                                 float* workspace) {
  Block<kVectors> block;
  constexpr std::size_t kRow = Block<kVectors>::kQueries;
  block.weights = workspace;
  block.query = block.weights + kKeyRun * kRow;
  block.out = block.query + task.width * kRow;
  take_queries<kVectors>(query, task.query_stride, count, task.width, task.scale, block.query);
  for (std::size_t i = 0; i < task.value_width * kRow; i += kWidth) store(block.out + i, Lanes{});
  for (std::size_t v = 0; v < kVectors; ++v) {
    block.highest[v] = broadcast(-__builtin_inff());
    block.total[v] = Lanes{};
  }
  for (std::size_t j = 0; j < task.keys; j += kKeyRun) {
    const std::size_t run = task.keys - j < kKeyRun ? task.keys - j : kKeyRun;
    attend_run<kVectors>(task, key + j * task.key_stride, value + j * task.value_stride, run,
                         j == 0, block);
  }
  for (std::size_t v = 0; v < kVectors; ++v) block.total[v] = 1.0f / block.total[v];
  scale_rows<kVectors>(task.value_width, block.total, block.out);
  give_results<kVectors>(block.out, count, task.value_width, out, task.out_stride);
}

}  // namespace

void attend_sequences(const AttentionTask& task, void* workspace) {
  float* const room = static_cast<float*>(workspace);
  for (std::size_t b = 0; b < task.sequences; ++b) {
    const float* const query = task.query + b * task.queries * task.query_stride;
    const float* const key = task.key + b * task.keys * task.key_stride;
    const float* const value = task.value + b * task.keys * task.value_stride;
    float* const out = task.out + b * task.queries * task.out_stride;
    constexpr std::size_t kBlock = kBlockVectors * kWidth;
    for (std::size_t i = 0; i < task.queries; i += kBlock) {
      const std::size_t count = task.queries - i < kBlock ? task.queries - i : kBlock;
      const float* const from = query + i * task.query_stride;
      float* const to = out + i * task.out_stride;
      if (kBlockVectors > 1 && count <= kWidth) {
        attend_block<1>(task, from, key, value, count, to, room);
      } else {
        attend_block<kBlockVectors>(task, from, key, value, count, to, room);
      }
    }
  }
}

}  // namespace attnlab::kernels::ATTNLAB_SIMD_TARGET
