// Small dense algebra of the learners, in plain loops that cost little code: least squares,
// orthonormal bases, singular values. Everything in double, row-major.
#pragma once

#include <span>
#include <vector>

#include "core/numerics/matrix.h"
#include "core/numerics/random.h"

namespace attnlab::extraction {

double dot(std::span<const double> a, std::span<const double> b);
double norm(std::span<const double> a);               ///< Euclidean; no overflow protection
double largest_magnitude(std::span<const double> a);  ///< 0 when empty; NaN entries are skipped
/// y += factor x
void add_scaled(double factor, std::span<const double> x, std::span<double> y);

Matrix<double> identity(std::size_t size);
/// a x for a (m x n).
std::vector<double> product(const Matrix<double>& a, std::span<const double> x);
/// a b by the fast products of core/numerics.
Matrix<double> product(const Matrix<double>& a, const Matrix<double>& b);
Matrix<double> transposed(const Matrix<double>& a);

/// Householder QR with column pivoting of an m x n matrix, for least squares. Columns are scaled to
/// length 1 first; pivots below `tolerance` times the largest end the factorisation.
class LeastSquares {
 public:
  explicit LeastSquares(Matrix<double> a, double tolerance = 1e-14);
  std::size_t rank() const { return rank_; }
  /// x minimising |a x - b| (b has m entries), zeros for columns that depend on others.
  std::vector<double> solve(std::span<const double> b) const;

 private:
  Matrix<double> a_;                 // R above, Householder vectors below the diagonal
  std::vector<double> beta_;         // reflection factors
  std::vector<double> scale_;        // of the columns
  std::vector<std::size_t> column_;  // pivoting
  std::size_t rank_ = 0;
};

/// Moves x towards the minimiser of |a x - b| for a tall a: normal equations by the fast products
/// with a slight shift, then refinement of the residual, which gives the accuracy of QR where the
/// condition number stays below about 1e4. x does not change along directions in the kernel of a.
/// False when a pivot is not positive.
bool solve_refined(const Matrix<double>& a, std::span<const double> b, std::vector<double>& x);

/// Orthonormal basis of the columns of a (m x n), m x rank; a column is left out if the part of it
/// outside the basis so far is at most tolerance times its length.
Matrix<double> orthonormal_basis(const Matrix<double>& a, double tolerance = 1e-12);

/// Uniformly random orthogonal matrix (basis of a normal one).
Matrix<double> random_orthogonal(RandomStream& stream, std::size_t size);

/// a = left diag(values) right^T for a (m x n), m >= n: left m x n, right n x n, values decreasing.
/// One-sided Jacobi: small singular values are as accurate as the columns allow.
struct SingularValues {
  Matrix<double> left, right;
  std::vector<double> values;
};
SingularValues singular_values(const Matrix<double>& a);

/// The same in pieces that fit the step of a job.
class JacobiRotations {
 public:
  explicit JacobiRotations(const Matrix<double>& a);
  /// Rotates one column against all later ones. False when nothing remains to do.
  bool advance();
  /// Multiply-adds of one advance(), at most.
  double work() const;
  SingularValues result() const;

 private:
  Matrix<double> u_, v_;  // rows of u are the columns of a
  std::size_t column_ = 0;
  int sweep_ = 0;
  bool rotated_ = false, done_ = false;
};

/// The sine of the largest principal angle between two spaces with orthonormal bases in the columns
/// of `a` and `b`, which have the same number of rows: 0 to 1, to about 1e-15. NaN where the
/// numbers of columns differ.
double largest_sine(const Matrix<double>& a, const Matrix<double>& b);

}  // namespace attnlab::extraction
