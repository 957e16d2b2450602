// Solutions for many diagonal shifts of a matrix from the factor for one of them.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "core/numerics/cholesky.h"
#include "core/numerics/matrix.h"

namespace attnlab {

/// Solves (K + s I) x = b for the shift of a given factor and for other shifts s, while that is
/// cheaper than a factorisation for each s. With A = (K + shift I)^-1 and d = s - shift the
/// solution is A w with (I + d A) w = b. All w lie in the same Krylov space of A and b, so one
/// solve with the factor per step serves all shifts. The residual after m steps falls about like
/// the residual of conjugate gradients for (K + s I)(K + shift I)^-1: fast for all shifts below the
/// smallest eigenvalues of K, slow for shifts far above the factor's. Lanczos with full
/// reorthogonalisation, twice. Source: Guettel, Rational Krylov approximation of matrix functions,
/// GAMM-Mitteilungen 36, 2013 (one repeated pole).
///
/// A solution counts as reached when |(K + s I) x - b| <= kTolerance |b|, for every right-hand
/// side.
class ShiftedSolves {
 public:
  static constexpr std::size_t kMostSteps = 32;
  static constexpr double kTolerance = 1e-9;

  /// For the leading n x n block, n = rhs.rows <= factor.valid(), and right-hand sides in columns.
  /// The factor must outlive it.
  ShiftedSolves(const Cholesky& factor, double shift, MatrixView<const double> rhs,
                std::vector<double> shifts);

  /// Takes one more step. Returns false when done: all shifts have converged, or extrapolation of
  /// the residuals says that the others will not within kMostSteps.
  bool step();

  /// The solution for the factor's own shift, n x right-hand sides; known after the first step.
  const Matrix<double>& own() const { return own_; }
  bool reached(std::size_t shift) const;
  /// The solution for one of the shifts, n x right-hand sides.
  Matrix<double> solution(std::size_t shift) const;

  /// Memory in bytes.
  static double bytes(double n, double rhs);

 private:
  /// The Krylov space of one right-hand side.
  struct Space {
    double norm = 0;                   ///< of the right-hand side
    Matrix<double> basis;              ///< orthonormal rows, steps + 1 of them
    std::vector<double> diagonal;      ///< of the tridiagonal matrix that A is in this basis
    std::vector<double> off_diagonal;  ///< next to it; the last entry leads out of the space
  };

  void extend(Space& space, std::span<double> image);
  std::vector<double> small_solution(const Space& space, double difference) const;
  void note_residuals();
  bool will_be_reached(std::size_t shift) const;

  const Cholesky& factor_;
  double shift_;
  std::vector<double> shifts_;
  std::vector<Space> spaces_;
  Matrix<double> own_;
  std::vector<std::vector<double>>
      residuals_;  ///< per step and shift, of the worst right-hand side
  std::size_t steps_ = 0;
};

}  // namespace attnlab
