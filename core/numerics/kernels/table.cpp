// The kernels of one SIMD target, gathered for the run-time choice in linear_algebra.cpp.
#include "core/numerics/kernels/simd.h"

namespace attnlab::kernels::ATTNLAB_SIMD_TARGET {

extern const KernelTable kTable;
const KernelTable kTable = {
    .name = ATTNLAB_SIMD_NAME,
    .workspace_bytes = kWorkspaceBytes,
    .product_f32 = product_f32,
    .product_f64 = product_f64,
    .gram_f32 = gram_f32,
    .gram_f64 = gram_f64,
    .solve_right = solve_right,
    .row_products = row_products,
    .column_products_f32 = column_products_f32,
    .column_products_f64 = column_products_f64,
    .normals_f64 = normals_f64,
    .normals_f32 = normals_f32,
    .exp_values = exp_values,
    .log_values = log_values,
    .attend_heads = attend_heads,
    .pool_neurons = pool_neurons,
    .attend_sequences = attend_sequences,
    .attend_prompt = attend_prompt,
    .batch_f32 = batch_f32,
    .batch_f64 = batch_f64,
    .arc_cosine_values = arc_cosine_values,
    .arc_cosine_sums = arc_cosine_sums,
    .relu_terms = relu_terms,
    .biased_relu_sums = biased_relu_sums,
    .multiply_adds_f32 = multiply_adds_f32,
    .multiply_adds_f64 = multiply_adds_f64,
};

}  // namespace attnlab::kernels::ATTNLAB_SIMD_TARGET
