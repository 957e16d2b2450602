// The public face of the linear algebra kernels and their run-time choice.
#include "core/numerics/linear_algebra.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>

#include "core/numerics/kernels/dispatch.h"
#include "core/numerics/kernels/kernel_table.h"
#include "core/numerics/parallel.h"

namespace attnlab {
namespace kernels {
#define ATTNLAB_DECLARE_KERNELS(target) \
  namespace target {                    \
  extern const KernelTable kTable;      \
  }
#if defined(ATTNLAB_KERNELS_sse2)
ATTNLAB_DECLARE_KERNELS(sse2)
ATTNLAB_DECLARE_KERNELS(avx2)
ATTNLAB_DECLARE_KERNELS(avx512)
#elif defined(ATTNLAB_KERNELS_wasm_simd128)
ATTNLAB_DECLARE_KERNELS(wasm_simd128)
#else
ATTNLAB_DECLARE_KERNELS(vector128)
#endif
#undef ATTNLAB_DECLARE_KERNELS
}  // namespace kernels

namespace {

constexpr std::size_t kMaxTargets = 3;

struct Targets {
  std::array<const kernels::KernelTable*, kMaxTargets> tables{};
  std::array<SimdTarget, kMaxTargets> names{};
  std::size_t count = 0;
  std::size_t workspace_bytes = 0;
  std::atomic<const kernels::KernelTable*> active{nullptr};

  void add(const kernels::KernelTable& table) {
    tables[count] = &table;
    names[count] = {table.name};
    ++count;
    workspace_bytes = std::max(workspace_bytes, table.workspace_bytes);
    active = &table;
  }

  Targets() {
#if defined(ATTNLAB_KERNELS_sse2)
    add(kernels::sse2::kTable);
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
      add(kernels::avx2::kTable);
      if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
          __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl")) {
        add(kernels::avx512::kTable);
      }
    }
#elif defined(ATTNLAB_KERNELS_wasm_simd128)
    add(kernels::wasm_simd128::kTable);
#else
    add(kernels::vector128::kTable);
#endif
  }
};

Targets& targets() {
  static Targets instance;
  return instance;
}

constexpr std::size_t kColGrain = 64;

void run_kernel(const kernels::Product<float>& product) {
  active_kernels().product_f32(product, kernel_workspace());
}
void run_kernel(const kernels::Product<double>& product) {
  active_kernels().product_f64(product, kernel_workspace());
}

template <class T>
void share_product(const kernels::Product<T>& product) {
  const std::size_t parts =
      parts_worth(2.0 * static_cast<double>(product.rows) * static_cast<double>(product.cols) *
                  static_cast<double>(product.depth));
  const bool by_rows = product.rows >= product.cols;
  in_parallel(parts, [&](std::size_t i) {
    kernels::Product<T> part = product;
    if (by_rows) {
      const std::size_t begin = part_begin(i, parts, product.rows, kRowGrain);
      part.rows = part_begin(i + 1, parts, product.rows, kRowGrain) - begin;
      part.a += begin * product.a_row;
      part.c += begin * product.c_stride;
    } else {
      const std::size_t begin = part_begin(i, parts, product.cols, kColGrain);
      part.cols = part_begin(i + 1, parts, product.cols, kColGrain) - begin;
      part.b += begin * product.b_col;
      part.c += begin;
    }
    if (part.rows != 0 && part.cols != 0) run_kernel(part);
  });
}

/// Rows [first, first + rows.rows) of the Gram matrix, cut where triangle_cut cuts.
template <class Sum, class Kernel>
void share_gram(MatrixView<const float> features, std::size_t first, MatrixView<Sum> rows,
                Kernel kernel) {
  if (rows.rows == 0 || features.cols == 0) return;
  const std::size_t end = first + rows.rows;
  const double area = static_cast<double>(rows.rows) * static_cast<double>(first + end);
  const std::size_t parts = parts_worth(area * static_cast<double>(features.cols));
  in_parallel(parts, [&](std::size_t i) {
    const std::size_t part = triangle_cut(i, parts, first, end);
    const std::size_t part_end = triangle_cut(i + 1, parts, first, end);
    if (part == part_end) return;
    kernel({part, part_end, features.cols, features.data, features.stride,
            rows.data + (part - first) * rows.stride, rows.stride},
           kernel_workspace());
  });
}

template <class T>
void run(const kernels::Product<T>& product) {
  if (product.rows == 0 || product.cols == 0) return;
  if (product.depth == 0) {
    for (std::size_t i = 0; product.update == kernels::Update::kSet && i < product.rows; ++i) {
      std::fill_n(product.c + i * product.c_stride, product.cols, T(0));
    }
    return;
  }
  share_product(product);
}

kernels::Update update(bool accumulate) {
  return accumulate ? kernels::Update::kAdd : kernels::Update::kSet;
}

template <class T>
void product_nn(MatrixView<const T> a, MatrixView<const T> b, MatrixView<T> c, bool accumulate) {
  run<T>({c.rows, c.cols, a.cols, a.data, a.stride, 1, b.data, b.stride, 1, c.data, c.stride,
          update(accumulate)});
}

template <class T>
void product_nt(MatrixView<const T> a, MatrixView<const T> b, MatrixView<T> c, bool accumulate) {
  run<T>({c.rows, c.cols, a.cols, a.data, a.stride, 1, b.data, 1, b.stride, c.data, c.stride,
          update(accumulate)});
}

template <class T>
void product_tn(MatrixView<const T> a, MatrixView<const T> b, MatrixView<T> c, bool accumulate) {
  run<T>({c.rows, c.cols, a.rows, a.data, 1, a.stride, b.data, b.stride, 1, c.data, c.stride,
          update(accumulate)});
}

}  // namespace

const kernels::KernelTable& active_kernels() {
  return *targets().active.load(std::memory_order_relaxed);
}

void force_kernels(const kernels::KernelTable& table) {
  targets().active = &table;
}

void* kernel_workspace() {
  thread_local Matrix<unsigned char> workspace;
  if (workspace.size() == 0) workspace = Matrix<unsigned char>(1, targets().workspace_bytes);
  return workspace.data();
}

void run_product(const kernels::Product<double>& product) {
  share_product(product);
}

void gemm_nn(MatrixView<const float> a, MatrixView<const float> b, MatrixView<float> c,
             bool accumulate) {
  product_nn<float>(a, b, c, accumulate);
}
void gemm_nn(MatrixView<const double> a, MatrixView<const double> b, MatrixView<double> c,
             bool accumulate) {
  product_nn<double>(a, b, c, accumulate);
}
void gemm_nt(MatrixView<const float> a, MatrixView<const float> b, MatrixView<float> c,
             bool accumulate) {
  product_nt<float>(a, b, c, accumulate);
}
void gemm_nt(MatrixView<const double> a, MatrixView<const double> b, MatrixView<double> c,
             bool accumulate) {
  product_nt<double>(a, b, c, accumulate);
}
void gemm_tn(MatrixView<const float> a, MatrixView<const float> b, MatrixView<float> c,
             bool accumulate) {
  product_tn<float>(a, b, c, accumulate);
}
void gemm_tn(MatrixView<const double> a, MatrixView<const double> b, MatrixView<double> c,
             bool accumulate) {
  product_tn<double>(a, b, c, accumulate);
}

void syrk_accumulate(MatrixView<const float> features, MatrixView<double> gram) {
  share_gram(features, 0, gram, active_kernels().gram_f64);
}

void syrk_accumulate(MatrixView<const float> features, MatrixView<float> gram) {
  share_gram(features, 0, gram, active_kernels().gram_f32);
}

void syrk_accumulate_rows(MatrixView<const float> features, std::size_t first,
                          MatrixView<double> rows) {
  share_gram(features, first, rows, active_kernels().gram_f64);
}

std::size_t triangle_cut(std::size_t part, std::size_t parts, std::size_t first, std::size_t end) {
  if (part == 0) return first;
  if (part >= parts) return end;
  const double begin = static_cast<double>(first), last = static_cast<double>(end);
  const double share = static_cast<double>(part) / static_cast<double>(parts);
  const double row = __builtin_sqrt(begin * begin + share * (last * last - begin * begin));
  return std::clamp(static_cast<std::size_t>(row) / kRowGrain * kRowGrain, first, end);
}

const char* simd_target_name() {
  return active_kernels().name;
}

std::span<const SimdTarget> available_targets() {
  return {targets().names.data(), targets().count};
}

void force_target(const SimdTarget& target) {
  for (std::size_t i = 0; i < targets().count; ++i) {
    if (std::strcmp(targets().names[i].name, target.name) == 0) {
      targets().active = targets().tables[i];
    }
  }
}

}  // namespace attnlab
