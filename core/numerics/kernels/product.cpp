// Matrix products and Gram updates: packed panels and one register tile, one source for all
// targets. Method: Goto and van de Geijn, "Anatomy of high-performance matrix multiplication",
// 2008.
#include "core/numerics/kernels/simd.h"
#include "core/numerics/kernels/transpose.h"

namespace attnlab::kernels::ATTNLAB_SIMD_TARGET {
namespace {

ATTNLAB_INLINE std::size_t smaller(std::size_t a, std::size_t b) {
  return a < b ? a : b;
}

ATTNLAB_INLINE std::size_t round_up(std::size_t value, std::size_t unit) {
  return (value + unit - 1) / unit * unit;
}

/// Depth of each run when `depth` is cut into equal runs of at most kMaxDepth.
template <class T>
ATTNLAB_INLINE std::size_t run_depth(std::size_t depth) {
  const std::size_t runs = (depth + kMaxDepth<T> - 1) / kMaxDepth<T>;
  return runs == 0 ? 0 : (depth + runs - 1) / runs;
}

/// One panel: to[p * kWidth + r] = from[r * line + p * step] for r < count, zero for the rest.
template <class T, std::size_t kWidth>
ATTNLAB_NOINLINE void pack_panel(const T* from, std::size_t line, std::size_t step,
                                 std::size_t count, std::size_t depth, T* to) {
  if (count < kWidth) {
    for (std::size_t p = 0; p < depth; ++p) {
      for (std::size_t r = 0; r < count; ++r) to[p * kWidth + r] = from[r * line + p * step];
      for (std::size_t r = count; r < kWidth; ++r) to[p * kWidth + r] = T(0);
    }
  } else if (step == 1) {
    constexpr std::size_t kFours = kWidth / 4 * 4;
    for (std::size_t r = 0; r < kFours; r += 4) {
      interleave_four(from + r * line, line, depth, to + r, kWidth);
    }
    if constexpr (kFours < kWidth) {
      for (std::size_t p = 0; p < depth; ++p) {
        for (std::size_t r = kFours; r < kWidth; ++r) to[p * kWidth + r] = from[r * line + p];
      }
    }
  } else if (line == 1) {
    for (std::size_t p = 0; p < depth; ++p) {
      __builtin_memcpy(to + p * kWidth, from + p * step, kWidth * sizeof(T));
    }
  } else {
    for (std::size_t p = 0; p < depth; ++p) {
      for (std::size_t r = 0; r < kWidth; ++r) to[p * kWidth + r] = from[r * line + p * step];
    }
  }
}

/// Panels of kWidth lines, one after the other.
template <class T, std::size_t kWidth>
void pack(const T* from, std::size_t line, std::size_t step, std::size_t lines, std::size_t depth,
          T* to) {
  for (std::size_t r = 0; r < lines; r += kWidth) {
    pack_panel<T, kWidth>(from + r * line, line, step, smaller(kWidth, lines - r), depth,
                          to + r * depth);
  }
}

/// The register tile: c (kTileRows x kTileCols) = / += / -= the product of two packed panels.
template <class T, Update kUpdate>
ATTNLAB_NOINLINE void multiply_tile(std::size_t depth, const T* a, const T* b, T* c,
                                    std::size_t c_stride) {
  Vector<T> sums[kTileRows][kTileVectors] = {};
  for (std::size_t p = 0; p < depth; ++p) {
    Vector<T> b_row[kTileVectors];
#pragma GCC unroll 4
    for (std::size_t v = 0; v < kTileVectors; ++v) b_row[v] = load<T>(b + v * kLanes<T>);
#pragma GCC unroll 16
    for (std::size_t r = 0; r < kTileRows; ++r) {
#pragma GCC unroll 4
      for (std::size_t v = 0; v < kTileVectors; ++v) {
        sums[r][v] = multiply_add<T>(a[r], b_row[v], sums[r][v]);
      }
    }
    a += kTileRows;
    b += kTileCols<T>;
  }
#pragma GCC unroll 16
  for (std::size_t r = 0; r < kTileRows; ++r) {
#pragma GCC unroll 4
    for (std::size_t v = 0; v < kTileVectors; ++v) {
      T* const to = c + r * c_stride + v * kLanes<T>;
      if constexpr (kUpdate == Update::kSet) store<T>(to, sums[r][v]);
      if constexpr (kUpdate == Update::kAdd) store<T>(to, load<T>(to) + sums[r][v]);
      if constexpr (kUpdate == Update::kSubtract) store<T>(to, load<T>(to) - sums[r][v]);
    }
  }
}

template <class T>
ATTNLAB_INLINE void update_tile(Update update, std::size_t depth, const T* a, const T* b, T* c,
                                std::size_t c_stride) {
  if (update == Update::kSet) {
    multiply_tile<T, Update::kSet>(depth, a, b, c, c_stride);
  } else if (update == Update::kAdd) {
    multiply_tile<T, Update::kAdd>(depth, a, b, c, c_stride);
  } else {
    multiply_tile<T, Update::kSubtract>(depth, a, b, c, c_stride);
  }
}

/// A tile that hangs over the edge of c goes through a buffer.
template <class T>
ATTNLAB_NOINLINE void update_edge_tile(Update update, std::size_t depth, const T* a, const T* b,
                                       std::size_t rows, std::size_t cols, T* c,
                                       std::size_t c_stride) {
  alignas(64) T tile[kTileRows * kTileCols<T>];
  multiply_tile<T, Update::kSet>(depth, a, b, tile, kTileCols<T>);
  for (std::size_t r = 0; r < rows; ++r) {
    const T* const from = tile + r * kTileCols<T>;
    T* const to = c + r * c_stride;
    if (update == Update::kSet) {
      for (std::size_t j = 0; j < cols; ++j) to[j] = from[j];
    } else if (update == Update::kAdd) {
      for (std::size_t j = 0; j < cols; ++j) to[j] += from[j];
    } else {
      for (std::size_t j = 0; j < cols; ++j) to[j] -= from[j];
    }
  }
}

/// Packed block of a times packed block of b into c.
template <class T>
void multiply_block(Update update, std::size_t rows, std::size_t cols, std::size_t depth,
                    const T* a, const T* b, T* c, std::size_t c_stride) {
  for (std::size_t j = 0; j < cols; j += kTileCols<T>) {
    const std::size_t width = smaller(kTileCols<T>, cols - j);
    for (std::size_t i = 0; i < rows; i += kTileRows) {
      const std::size_t height = smaller(kTileRows, rows - i);
      const T* const a_panel = a + i * depth;
      const T* const b_panel = b + j * depth;
      T* const to = c + i * c_stride + j;
      if (height == kTileRows && width == kTileCols<T>) {
        update_tile<T>(update, depth, a_panel, b_panel, to, c_stride);
      } else {
        update_edge_tile<T>(update, depth, a_panel, b_panel, height, width, to, c_stride);
      }
    }
  }
}

template <class T>
void product(const Product<T>& task, void* workspace) {
  const std::size_t run = run_depth<T>(task.depth);
  T* const a_packed = static_cast<T*>(workspace);
  T* const b_packed = a_packed + kBlockRows * kMaxDepth<T>;
  for (std::size_t j = 0; j < task.cols; j += kBlockCols) {
    const std::size_t cols = smaller(kBlockCols, task.cols - j);
    for (std::size_t p = 0; p < task.depth; p += run) {
      const std::size_t depth = smaller(run, task.depth - p);
      const Update update = p == 0 || task.update == Update::kSubtract ? task.update : Update::kAdd;
      pack<T, kTileCols<T>>(task.b + p * task.b_row + j * task.b_col, task.b_col, task.b_row, cols,
                            depth, b_packed);
      for (std::size_t i = 0; i < task.rows; i += kBlockRows) {
        const std::size_t rows = smaller(kBlockRows, task.rows - i);
        pack<T, kTileRows>(task.a + i * task.a_row + p * task.a_col, task.a_row, task.a_col, rows,
                           depth, a_packed);
        multiply_block<T>(update, rows, cols, depth, a_packed, b_packed,
                          task.c + i * task.c_stride + j, task.c_stride);
      }
    }
  }
}

/// One tile of the Gram matrix: sums in float over `depth`, added to the part on or below the
/// diagonal; `below` is the row of the tile's corner minus its column.
template <class Sum>
ATTNLAB_NOINLINE void gram_tile(std::size_t depth, const float* a, const float* b, std::size_t rows,
                                std::size_t cols, std::ptrdiff_t below, Sum* gram,
                                std::size_t stride) {
  alignas(64) float tile[kTileRows * kTileCols<float>];
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t j = 0; j < cols; j += 64 / sizeof(Sum)) {
      __builtin_prefetch(gram + r * stride + j, 1);
    }
  }
  multiply_tile<float, Update::kSet>(depth, a, b, tile, kTileCols<float>);
  if (rows == kTileRows && cols == kTileCols<float> &&
      below >= static_cast<std::ptrdiff_t>(kTileCols<float>) - 1) {
    for (std::size_t r = 0; r < kTileRows; ++r) {
      const float* const from = tile + r * kTileCols<float>;
      Sum* const to = gram + r * stride;
      for (std::size_t j = 0; j < kTileCols<float>; ++j) to[j] += static_cast<Sum>(from[j]);
    }
    return;
  }
  for (std::size_t r = 0; r < rows; ++r) {
    const std::ptrdiff_t last = below + static_cast<std::ptrdiff_t>(r);
    for (std::size_t j = 0; j < cols && static_cast<std::ptrdiff_t>(j) <= last; ++j) {
      gram[r * stride + j] += static_cast<Sum>(tile[r * kTileCols<float> + j]);
    }
  }
}

/// Rows first_row.. of the Gram matrix against columns col.., both packed, one depth run.
template <class Sum>
void gram_block(const GramUpdate<Sum>& task, std::size_t first_row, std::size_t rows,
                std::size_t col, std::size_t cols, std::size_t depth, const float* a,
                const float* b_panel) {
  for (std::size_t i = 0; i < rows; i += kTileRows) {
    const std::size_t row = first_row + i;
    const std::size_t height = smaller(kTileRows, rows - i);
    if (row + height <= col) continue;  // wholly above the diagonal
    gram_tile<Sum>(depth, a + i * depth, b_panel, height, cols,
                   static_cast<std::ptrdiff_t>(row) - static_cast<std::ptrdiff_t>(col),
                   task.gram + (row - task.first_row) * task.gram_stride + col, task.gram_stride);
  }
}

/// Packs lines first..first+lines of the features over `depths` entries from p, run by run; each
/// run takes `padded` lines' room.
template <std::size_t kWidth, class Sum>
void pack_runs(const GramUpdate<Sum>& task, std::size_t first, std::size_t lines, std::size_t p,
               std::size_t depths, std::size_t run, float* to) {
  const std::size_t padded = round_up(lines, kWidth);
  for (std::size_t q = 0; q < depths; q += run) {
    pack<float, kWidth>(task.features + first * task.stride + p + q, task.stride, 1, lines,
                        smaller(run, depths - q), to + padded * q);
  }
}

template <class Sum>
void gram_update(const GramUpdate<Sum>& task, void* workspace) {
  const std::size_t run = run_depth<float>(task.depth);
  float* const a_packed = static_cast<float*>(workspace);
  float* const b_packed = a_packed + kBlockRows * kGramChunks * kMaxDepth<float>;
  for (std::size_t p = 0; p < task.depth; p += kGramChunks * run) {
    const std::size_t depths = smaller(kGramChunks * run, task.depth - p);
    for (std::size_t j = 0; j < task.end_row; j += kBlockCols) {
      const std::size_t cols = smaller(kBlockCols, task.end_row - j);
      const std::size_t padded_cols = round_up(cols, kTileCols<float>);
      pack_runs<kTileCols<float>>(task, j, cols, p, depths, run, b_packed);
      const std::size_t first = j < task.first_row ? task.first_row : j;
      for (std::size_t i = first; i < task.end_row; i += kBlockRows) {
        const std::size_t rows = smaller(kBlockRows, task.end_row - i);
        const std::size_t padded_rows = round_up(rows, kTileRows);
        pack_runs<kTileRows>(task, i, rows, p, depths, run, a_packed);
        for (std::size_t jj = 0; jj < cols; jj += kTileCols<float>) {
          if (i + rows <= j + jj) break;
          for (std::size_t q = 0; q < depths; q += run) {
            const std::size_t depth = smaller(run, depths - q);
            gram_block(task, i, rows, j + jj, smaller(kTileCols<float>, cols - jj), depth,
                       a_packed + padded_rows * q, b_packed + padded_cols * q + jj * depth);
          }
        }
      }
    }
  }
}

}  // namespace

void product_f32(const Product<float>& task, void* workspace) {
  product(task, workspace);
}
void product_f64(const Product<double>& task, void* workspace) {
  product(task, workspace);
}
void gram_f32(const GramUpdate<float>& task, void* workspace) {
  gram_update(task, workspace);
}
void gram_f64(const GramUpdate<double>& task, void* workspace) {
  gram_update(task, workspace);
}

}  // namespace attnlab::kernels::ATTNLAB_SIMD_TARGET
