// Vectors and tile sizes of the SIMD target this translation unit is compiled for. Written with GNU
// vector extensions, which g++ and clang (hence emcc) share; docs/numerics.md records the choice.
//
// Only kernel files include this. Everything has internal linkage and no header with inline
// functions of external linkage may be included with it: the linker would keep one copy of such
// a function, perhaps the one with instructions this machine lacks.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/numerics/kernels/kernel_table.h"

#ifndef ATTNLAB_SIMD_TARGET
#error "kernels are compiled by core/numerics/kernels/CMakeLists.txt, once for each SIMD target"
#endif

#define ATTNLAB_NOINLINE __attribute__((noinline))
#define ATTNLAB_INLINE inline __attribute__((always_inline))

namespace attnlab::kernels::ATTNLAB_SIMD_TARGET {
namespace {

#if defined(__AVX512F__)
constexpr std::size_t kVectorBytes = 64;
#elif defined(__AVX2__)
constexpr std::size_t kVectorBytes = 32;
#else
constexpr std::size_t kVectorBytes = 16;
#endif

template <class T>
struct VectorOf;
template <>
struct VectorOf<float> {
  typedef float Type __attribute__((vector_size(kVectorBytes)));
};
template <>
struct VectorOf<double> {
  typedef double Type __attribute__((vector_size(kVectorBytes)));
};
template <class T>
using Vector = typename VectorOf<T>::Type;

template <class T>
constexpr std::size_t kLanes = kVectorBytes / sizeof(T);

template <class T>
ATTNLAB_INLINE Vector<T> load(const T* from) {
  Vector<T> value;
  __builtin_memcpy(&value, from, sizeof value);
  return value;
}

template <class T>
ATTNLAB_INLINE void store(T* to, Vector<T> value) {
  __builtin_memcpy(to, &value, sizeof value);
}

/// sum + a * b; one rounding where the target has fused multiply-add (contraction is on), else two.
template <class T>
ATTNLAB_INLINE Vector<T> multiply_add(Vector<T> a, Vector<T> b, Vector<T> sum) {
#if defined(__wasm_relaxed_simd__)
  if constexpr (sizeof(T) == 4) {
    return __builtin_wasm_relaxed_madd_f32x4(a, b, sum);
  } else {
    return __builtin_wasm_relaxed_madd_f64x2(a, b, sum);
  }
#else
  return sum + a * b;
#endif
}
template <class T>
ATTNLAB_INLINE Vector<T> multiply_add(T a, Vector<T> b, Vector<T> sum) {
  return multiply_add<T>(a - Vector<T>{}, b, sum);
}

/// Rows and vectors of the register tile: as many accumulators as leave room for one row of b and a
/// broadcast entry of a among the registers.
#if defined(__AVX512F__)
constexpr std::size_t kTileRows = 14;
#elif defined(__AVX2__)
constexpr std::size_t kTileRows = 6;
#else
constexpr std::size_t kTileRows = 4;
#endif
static_assert(kRowGrain % kTileRows == 0);
constexpr std::size_t kTileVectors = 2;
template <class T>
constexpr std::size_t kTileCols = kTileVectors* kLanes<T>;

/// Depth of one uninterrupted run of sums in T; the same on every target, so that targets with the
/// same arithmetic (fused or not) give the same bits.
template <class T>
constexpr std::size_t kMaxDepth = sizeof(T) == 4 ? 320 : 256;

/// Rows of a and columns of b packed at a time: a's block stays in the second-level cache.
constexpr std::size_t kBlockRows = kTileRows * (96 / kTileRows);
constexpr std::size_t kBlockCols = 1024;

/// Depths packed together by the Gram update, so that it passes over the Gram matrix once for each
/// kGramChunks * kMaxDepth features.
constexpr std::size_t kGramChunks = 2;

constexpr std::size_t kWorkspaceBytes =
    (kBlockRows + kBlockCols) * kGramChunks * kMaxDepth<float> * sizeof(float);
static_assert(kWorkspaceBytes >= (kBlockRows + kBlockCols) * kMaxDepth<double> * sizeof(double));
static_assert(kWorkspaceBytes >= kMaxHeadRows * 2 * kVectorBytes);
static_assert(kWorkspaceBytes >= kMaxPromptFloats * sizeof(float));
static_assert(kWorkspaceBytes >= kMaxBatchRows * kVectorBytes);

}  // namespace

void product_f32(const Product<float>& task, void* workspace);
void product_f64(const Product<double>& task, void* workspace);
void gram_f32(const GramUpdate<float>& task, void* workspace);
void gram_f64(const GramUpdate<double>& task, void* workspace);
void solve_right(std::size_t rows, std::size_t size, const double* l, std::size_t l_stride,
                 double* x, std::size_t x_stride);
void row_products(const RowProducts& task);
void column_products_f32(const ColumnProducts<float>& task);
void column_products_f64(const ColumnProducts<double>& task);
void normals_f64(const std::uint32_t key[2], const std::uint32_t counter[4], std::size_t blocks,
                 double* values);
void normals_f32(const std::uint32_t key[2], const std::uint32_t counter[4], std::size_t blocks,
                 float* values);
void exp_values(std::size_t count, double* values);
void log_values(std::size_t count, double* values);
void attend_heads(const HeadsTask& task, void* workspace);
void pool_neurons(const NeuronsTask& task, void* workspace);
void attend_sequences(const AttentionTask& task, void* workspace);
void attend_prompt(const PromptTask& task, void* workspace);
void batch_f32(const BatchTask<float>& task, void* workspace);
void batch_f64(const BatchTask<double>& task, void* workspace);
void arc_cosine_values(std::size_t count, double* values);
void arc_cosine_sums(const KeySums& task);
void relu_terms(std::size_t count, double* terms, std::size_t stride);
void biased_relu_sums(const BiasedKeySums& task);
double multiply_adds_f32(double operations);
double multiply_adds_f64(double operations);

}  // namespace attnlab::kernels::ATTNLAB_SIMD_TARGET
