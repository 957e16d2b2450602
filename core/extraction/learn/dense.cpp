#include "core/extraction/learn/dense.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "core/numerics/cholesky.h"
#include "core/numerics/linear_algebra.h"
#include "core/numerics/row_products.h"

namespace attnlab::extraction {
namespace {

constexpr double kOrthogonal = 1e-15;  // of a cosine: smaller ones are rounding
constexpr int kMostSweeps = 60;

}  // namespace

double dot(std::span<const double> a, std::span<const double> b) {
  double sum[4] = {0, 0, 0, 0};
  std::size_t i = 0;
  for (; i + 4 <= a.size(); i += 4) {
    for (std::size_t k = 0; k < 4; ++k) sum[k] += a[i + k] * b[i + k];
  }
  for (; i < a.size(); ++i) sum[0] += a[i] * b[i];
  return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

double norm(std::span<const double> a) {
  return std::sqrt(dot(a, a));
}

double largest_magnitude(std::span<const double> a) {
  double largest = 0;
  for (const double value : a) largest = std::max(largest, std::abs(value));
  return largest;
}

void add_scaled(double factor, std::span<const double> x, std::span<double> y) {
  for (std::size_t i = 0; i < x.size(); ++i) y[i] += factor * x[i];
}

Matrix<double> identity(std::size_t size) {
  Matrix<double> result(size, size);
  for (std::size_t i = 0; i < size; ++i) result(i, i) = 1;
  return result;
}

std::vector<double> product(const Matrix<double>& a, std::span<const double> x) {
  std::vector<double> result(a.rows());
  row_products(a.view(), x, result);
  return result;
}

Matrix<double> product(const Matrix<double>& a, const Matrix<double>& b) {
  Matrix<double> result(a.rows(), b.cols());
  gemm_nn(a.view(), b.view(), result.view(), false);
  return result;
}

Matrix<double> transposed(const Matrix<double>& a) {
  Matrix<double> result(a.cols(), a.rows());
  for (std::size_t i = 0; i < a.rows(); ++i) {
    for (std::size_t j = 0; j < a.cols(); ++j) result(j, i) = a(i, j);
  }
  return result;
}

LeastSquares::LeastSquares(Matrix<double> a, double tolerance) : a_(std::move(a)) {
  const std::size_t m = a_.rows(), n = a_.cols();
  column_.resize(n);
  std::iota(column_.begin(), column_.end(), std::size_t{0});
  scale_.assign(n, 0);
  for (std::size_t i = 0; i < m; ++i) {
    for (std::size_t j = 0; j < n; ++j) scale_[j] += a_(i, j) * a_(i, j);
  }
  for (double& s : scale_) s = s > 0 ? 1 / std::sqrt(s) : 0;
  for (std::size_t i = 0; i < m; ++i) {
    for (std::size_t j = 0; j < n; ++j) a_(i, j) *= scale_[j];
  }
  std::vector<double> left(n), row(n);
  for (std::size_t k = 0; k < std::min(m, n); ++k) {
    std::fill(left.begin(), left.end(), 0.0);
    for (std::size_t i = k; i < m; ++i) {
      for (std::size_t j = k; j < n; ++j) left[j] += a_(i, j) * a_(i, j);
    }
    const std::size_t best = static_cast<std::size_t>(
        std::max_element(left.begin() + static_cast<std::ptrdiff_t>(k), left.end()) - left.begin());
    const double length = std::sqrt(left[best]);
    if (!(length > tolerance * (k == 0 ? 0.0 : std::abs(a_(0, 0))))) break;
    if (best != k) {
      for (std::size_t i = 0; i < m; ++i) std::swap(a_(i, k), a_(i, best));
      std::swap(column_[k], column_[best]);
    }
    // Householder vector (1, a[k+1..m) / u0) below the diagonal.
    const double alpha = a_(k, k), r = alpha > 0 ? -length : length, u0 = alpha - r;
    for (std::size_t i = k + 1; i < m; ++i) a_(i, k) /= u0;
    beta_.push_back(-u0 / r);
    a_(k, k) = r;
    std::fill(row.begin(), row.end(), 0.0);
    for (std::size_t j = k + 1; j < n; ++j) row[j] = a_(k, j);
    for (std::size_t i = k + 1; i < m; ++i) {
      const double u = a_(i, k);
      for (std::size_t j = k + 1; j < n; ++j) row[j] += u * a_(i, j);
    }
    for (std::size_t j = k + 1; j < n; ++j) a_(k, j) -= beta_[k] * row[j];
    for (std::size_t i = k + 1; i < m; ++i) {
      const double u = beta_[k] * a_(i, k);
      for (std::size_t j = k + 1; j < n; ++j) a_(i, j) -= u * row[j];
    }
    rank_ = k + 1;
  }
}

std::vector<double> LeastSquares::solve(std::span<const double> b) const {
  std::vector<double> y(b.begin(), b.end());
  for (std::size_t k = 0; k < rank_; ++k) {
    double sum = y[k];
    for (std::size_t i = k + 1; i < y.size(); ++i) sum += a_(i, k) * y[i];
    y[k] -= beta_[k] * sum;
    for (std::size_t i = k + 1; i < y.size(); ++i) y[i] -= beta_[k] * sum * a_(i, k);
  }
  std::vector<double> x(a_.cols(), 0.0);
  for (std::size_t k = rank_; k-- > 0;) {
    double sum = y[k];
    for (std::size_t j = k + 1; j < rank_; ++j) sum -= a_(k, j) * y[j];
    y[k] = sum / a_(k, k);
    x[column_[k]] = y[k] * scale_[column_[k]];
  }
  return x;
}

bool solve_refined(const Matrix<double>& a, std::span<const double> b, std::vector<double>& x) {
  const std::size_t n = a.cols();
  Matrix<double> gram(n, n), step(n, 1);
  gemm_tn(a.view(), a.view(), gram.view(), false);
  double trace = 0;
  for (std::size_t i = 0; i < n; ++i) trace += gram(i, i);
  Cholesky factor(n);
  factor.start(gram.const_view(), 1e-10 * trace / static_cast<double>(std::max<std::size_t>(n, 1)));
  if (factor.run() != Cholesky::State::kDone) return false;
  std::vector<double> residual(b.size());
  for (int pass = 0; pass < 6; ++pass) {
    for (std::size_t i = 0; i < a.rows(); ++i) residual[i] = b[i] - dot(a.row(i), x);
    std::ranges::fill(step.values(), 0.0);
    for (std::size_t i = 0; i < a.rows(); ++i) add_scaled(residual[i], a.row(i), step.values());
    factor.solve_leading(n, step.view());
    add_scaled(1, step.values(), x);
  }
  return true;
}

Matrix<double> orthonormal_basis(const Matrix<double>& a, double tolerance) {
  const Matrix<double> columns = transposed(a);  // rows are easier to walk
  std::vector<std::vector<double>> basis;
  for (std::size_t j = 0; j < columns.rows(); ++j) {
    std::vector<double> v(columns.row(j).begin(), columns.row(j).end());
    const double length = norm(v);
    for (int pass = 0; pass < 2; ++pass) {
      for (const auto& q : basis) add_scaled(-dot(q, v), q, v);
    }
    const double left = norm(v);
    if (!(left > tolerance * length)) continue;
    for (double& x : v) x /= left;
    basis.push_back(std::move(v));
  }
  Matrix<double> result(a.rows(), basis.size());
  for (std::size_t j = 0; j < basis.size(); ++j) {
    for (std::size_t i = 0; i < a.rows(); ++i) result(i, j) = basis[j][i];
  }
  return result;
}

Matrix<double> random_orthogonal(RandomStream& stream, std::size_t size) {
  Matrix<double> normal(size, size);
  stream.fill_normal(normal.values());
  return orthonormal_basis(normal);
}

SingularValues singular_values(const Matrix<double>& a) {
  JacobiRotations rotations(a);
  while (rotations.advance()) {
  }
  return rotations.result();
}

JacobiRotations::JacobiRotations(const Matrix<double>& a)
    : u_(transposed(a)), v_(identity(a.cols())), done_(a.cols() < 2) {}

double JacobiRotations::work() const {
  const double pairs = static_cast<double>(u_.rows()) - static_cast<double>(column_);
  return pairs * (7 * static_cast<double>(u_.cols()) + 4 * static_cast<double>(v_.cols()));
}

bool JacobiRotations::advance() {
  if (done_) return false;
  const std::size_t p = column_, n = u_.rows();
  for (std::size_t q = p + 1; q < n; ++q) {
    const double pp = dot(u_.row(p), u_.row(p)), qq = dot(u_.row(q), u_.row(q));
    const double pq = dot(u_.row(p), u_.row(q));
    if (!(std::abs(pq) > kOrthogonal * std::sqrt(pp * qq))) continue;
    rotated_ = true;
    const double zeta = (qq - pp) / (2 * pq);
    const double t = (zeta >= 0 ? 1 : -1) / (std::abs(zeta) + std::sqrt(1 + zeta * zeta));
    const double c = 1 / std::sqrt(1 + t * t), s = c * t;
    for (Matrix<double>* side : {&u_, &v_}) {
      const auto x = side->row(p), y = side->row(q);
      for (std::size_t i = 0; i < x.size(); ++i) {
        const double old = x[i];
        x[i] = c * old - s * y[i];
        y[i] = s * old + c * y[i];
      }
    }
  }
  if (++column_ + 1 >= n) {  // the end of a sweep
    done_ = !rotated_ || ++sweep_ == kMostSweeps;
    column_ = 0;
    rotated_ = false;
  }
  return !done_;
}

SingularValues JacobiRotations::result() const {
  const std::size_t m = u_.cols(), n = u_.rows();
  std::vector<double> length(n);
  std::vector<std::size_t> order(n);
  for (std::size_t j = 0; j < n; ++j) length[j] = norm(u_.row(j));
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t i, std::size_t j) { return length[i] > length[j]; });
  SingularValues result{Matrix<double>(m, n), Matrix<double>(n, n), {}};
  for (std::size_t j = 0; j < n; ++j) {
    const std::size_t from = order[j];
    result.values.push_back(length[from]);
    for (std::size_t i = 0; i < m; ++i) {
      result.left(i, j) = length[from] > 0 ? u_(from, i) / length[from] : 0;
    }
    for (std::size_t i = 0; i < n; ++i) result.right(i, j) = v_(from, i);
  }
  return result;
}

double largest_sine(const Matrix<double>& a, const Matrix<double>& b) {
  if (a.cols() != b.cols()) return std::numeric_limits<double>::quiet_NaN();
  if (a.cols() == 0) return 0;
  Matrix<double> outside = a.clone();  // the part of a outside of b: its norm is the sine
  const Matrix<double> inside = product(b, product(transposed(b), a));
  for (std::size_t k = 0; k < outside.size(); ++k) outside.values()[k] -= inside.values()[k];
  return std::min(1.0, singular_values(outside).values.front());
}

}  // namespace attnlab::extraction
