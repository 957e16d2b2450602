// Eigen as a peer in the benchmark; this file alone is compiled for AVX2 and FMA where the
// processor family has them. Eigen gets another namespace here, so that the linker cannot mix its
// functions with functions compiled for every machine.
#include "native/bench/eigen_peer.h"

#define Eigen AttnlabPeerEigen
#include <Eigen/Cholesky>
#include <Eigen/Core>

namespace attnlab::peer {
namespace {

template <class T>
using RowMajor = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

template <class T>
void gemm(std::size_t n, const T* a, const T* b, T* c) {
  Eigen::Map<RowMajor<T>>(c, n, n).noalias() =
      Eigen::Map<const RowMajor<T>>(a, n, n) * Eigen::Map<const RowMajor<T>>(b, n, n);
}

}  // namespace

bool is_available() {
#if defined(__AVX2__)
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#else
  return true;
#endif
}

const char* eigen_instruction_sets() {
  return Eigen::SimdInstructionSetsInUse();
}

void eigen_gemm(std::size_t n, const float* a, const float* b, float* c) {
  gemm(n, a, b, c);
}

void eigen_gemm(std::size_t n, const double* a, const double* b, double* c) {
  gemm(n, a, b, c);
}

void eigen_rank_update(std::size_t n, std::size_t k, const float* f, float* gram) {
  Eigen::Map<RowMajor<float>>(gram, n, n)
      .selfadjointView<Eigen::Lower>()
      .rankUpdate(Eigen::Map<const RowMajor<float>>(f, n, k));
}

void eigen_cholesky(std::size_t n, double* gram) {
  Eigen::Map<RowMajor<double>> map(gram, n, n);
  Eigen::LLT<Eigen::Ref<RowMajor<double>>, Eigen::Lower> llt(map);
}

void eigen_solve(std::size_t n, const double* l, std::size_t stride, double* x) {
  const Eigen::Map<const RowMajor<double>, 0, Eigen::OuterStride<>> factor(
      l, static_cast<Eigen::Index>(n), static_cast<Eigen::Index>(n),
      Eigen::OuterStride<>(static_cast<Eigen::Index>(stride)));
  Eigen::Map<Eigen::VectorXd> vector(x, static_cast<Eigen::Index>(n));
  factor.triangularView<Eigen::Lower>().solveInPlace(vector);
  factor.triangularView<Eigen::Lower>().transpose().solveInPlace(vector);
}

}  // namespace attnlab::peer
