// The other side of the benchmark: Eigen compiled for AVX2.
#pragma once

#include <cstddef>

namespace attnlab::peer {

/// Whether this machine can run the functions below; if not, do not call them.
bool is_available();

/// The instruction sets Eigen uses here, for example "AVX SSE, SSE2, ...".
const char* eigen_instruction_sets();

/// c = a b for n x n row-major matrices.
void eigen_gemm(std::size_t n, const float* a, const float* b, float* c);
void eigen_gemm(std::size_t n, const double* a, const double* b, double* c);

/// Lower triangle of gram (n x n) += f f^T for f (n x k), all float.
void eigen_rank_update(std::size_t n, std::size_t k, const float* f, float* gram);

/// Cholesky factor in place, lower triangle of the n x n matrix.
void eigen_cholesky(std::size_t n, double* gram);
/// x <- (L L^T)^-1 x for the lower triangle l (n x n, row stride `stride`).
void eigen_solve(std::size_t n, const double* l, std::size_t stride, double* x);

}  // namespace attnlab::peer
