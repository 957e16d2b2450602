// Prompts, normal equations and posterior means of diversity_fit.h.
#include "core/in_context/diversity_fit.h"

#include <algorithm>
#include <cmath>

#include "core/numerics/cholesky.h"
#include "core/numerics/linear_algebra.h"
#include "core/numerics/row_products.h"

namespace attnlab::in_context {
namespace {

double dot(std::span<const double> a, std::span<const double> b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

double norm(std::span<const double> values) {
  return std::sqrt(dot(values, values));
}

/// Entries (a, b), a <= b, of a symmetric matrix in a row.
std::size_t pair_index(std::size_t a, std::size_t b, std::size_t size) {
  if (a > b) std::swap(a, b);
  return a * size - a * (a + 1) / 2 + b;
}
std::size_t pair_count(std::size_t size) {
  return size * (size + 1) / 2;
}

/// Rows of products v_a v_b, a <= b, of the rows of `values`.
Matrix<double> pair_products(const Matrix<double>& values) {
  const std::size_t size = values.cols();
  auto pairs = Matrix<double>::unset(values.rows(), pair_count(size));
  for (std::size_t i = 0; i < values.rows(); ++i) {
    const double* const v = values.row(i).data();
    double* out = pairs.row(i).data();
    for (std::size_t a = 0; a < size; ++a) {
      for (std::size_t b = a; b < size; ++b) *out++ = v[a] * v[b];
    }
  }
  return pairs;
}

/// The normal matrix of the features x_q h^T from sum (x_a x_c)(h_b h_e): both factors are
/// symmetric, so that a quarter of the entries are different.
void unfold(const Matrix<double>& sums, std::size_t d, Matrix<double>& system) {
  const std::size_t width = d + 1;
  for (std::size_t a = 0; a < d; ++a) {
    for (std::size_t c = 0; c < d; ++c) {
      const double* const from = sums.row(pair_index(a, c, d)).data();
      for (std::size_t b = 0; b < width; ++b) {
        double* const to = &system(a * width + b, c * width);
        for (std::size_t e = 0; e < width; ++e) to[e] = from[pair_index(b, e, width)];
      }
    }
  }
}

/// |system solution + shift solution - right| / |right|.
double relative_residual(const Matrix<double>& system, double shift,
                         std::span<const double> solution, std::span<const double> right) {
  std::vector<double> image(right.size());
  row_products(system.view(), solution, image);
  for (std::size_t i = 0; i < image.size(); ++i) image[i] += shift * solution[i] - right[i];
  const double size = norm(right);
  return size > 0 ? norm(image) / size : norm(image);
}

/// Prompts of one product: enough for the kernels, and no longer than a step.
std::size_t rows_at_once(const DiversityCase& size) {
  const double entries = static_cast<double>(pair_count(size.dim) * pair_count(size.dim + 1));
  return static_cast<std::size_t>(std::clamp(1e8 / entries, 64.0, 512.0));
}

constexpr std::size_t kDualRows = 512;  ///< of the dual system in one product

/// Drawing a prompt, in the time of as many operations of a product.
double draw_flops(const DiversityCase& size, double prompts) {
  return 16 * prompts * static_cast<double>(size.examples + 4 * size.dim);
}

/// Writing a large square matrix, in the time of as many operations of a product.
double unfold_flops(std::size_t order) {
  return 32 * static_cast<double>(order) * static_cast<double>(order);
}

double penalty(const DiversityCase& size) {
  return size.ridge * static_cast<double>(size.prompts) / static_cast<double>(size.dim);
}

/// The penalty, and at least 1e-12 of the mean diagonal entry: without it a singular system (of one
/// task without noise w.sum y x is sum y^2) has solutions of any length, with it the shortest.
double shift_of(const DiversityCase& size, const Matrix<double>& system) {
  double trace = 0;
  for (std::size_t i = 0; i < system.rows(); ++i) trace += system(i, i);
  return std::max(penalty(size), 1e-12 * trace / static_cast<double>(system.rows()));
}

/// Solves (system + shift I) z = right; empty where a pivot is not positive.
Steps<std::vector<double>> solve(const Matrix<double>& system, double shift,
                                 std::span<const double> right, WorkMeter& meter) {
  const std::size_t n = system.rows();
  Cholesky factor(n);
  factor.start(system.view(), shift);
  meter.spend(unfold_flops(n));
  if (meter.pause()) co_yield StepProgress(meter.fraction());
  double done = 0;
  while (factor.step() == Cholesky::State::kRunning) {
    meter.spend(factor.flops_done() - done);
    done = factor.flops_done();
    if (meter.pause()) co_yield StepProgress(meter.fraction());
  }
  meter.spend(factor.flops_total() - done);
  if (factor.state() == Cholesky::State::kFailed) co_return std::vector<double>();
  std::vector<double> solution(right.begin(), right.end());
  factor.solve_leading(n, {solution.data(), n, 1, 1});
  co_return std::move(solution);
}

Steps<FittedLayer> fit_primal(DiversityCase size, const Matrix<double>& tasks, RandomStream stream,
                              WorkMeter& meter) {
  const std::size_t d = size.dim, p = size.features(), rows = rows_at_once(size);
  PromptSource source(size, tasks, stream);
  Matrix<double> sums(pair_count(d), pair_count(d + 1)), right(d, d + 1);
  for (std::size_t first = 0; first < size.prompts; first += rows) {
    PromptFeatures prompts = source.draw(std::min(rows, size.prompts - first));
    gemm_tn(pair_products(prompts.queries).view(), pair_products(prompts.pooled).view(),
            sums.view(), true);
    for (std::size_t i = 0; i < prompts.labels.size(); ++i) {
      for (double& x : prompts.queries.row(i)) x *= prompts.labels[i];
    }
    gemm_tn(prompts.queries.view(), prompts.pooled.view(), right.view(), true);
    const double count = static_cast<double>(prompts.labels.size());
    meter.spend(draw_flops(size, count) + 2 * count * static_cast<double>(sums.size()));
    if (meter.pause()) co_yield StepProgress(meter.fraction());
  }
  auto system = Matrix<double>::unset(p, p);
  unfold(sums, d, system);
  meter.spend(unfold_flops(p));
  if (meter.pause()) co_yield StepProgress(meter.fraction());
  const double shift = shift_of(size, system);
  Steps<std::vector<double>> solving = solve(system, shift, right.values(), meter);
  const std::vector<double> solution = co_await solving;
  FittedLayer layer;
  if (solution.empty()) co_return std::move(layer);
  layer.residual = relative_residual(system, shift, solution, right.values());
  layer.gamma = Matrix<double>(d, d + 1);
  std::copy(solution.begin(), solution.end(), layer.gamma.data());
  co_return std::move(layer);
}

Steps<FittedLayer> fit_dual(DiversityCase size, const Matrix<double>& tasks, RandomStream stream,
                            WorkMeter& meter) {
  const std::size_t n = size.prompts, d = size.dim;
  const double dim = static_cast<double>(d);
  PromptSource source(size, tasks, stream);
  PromptFeatures prompts{Matrix<double>::unset(n, d), Matrix<double>::unset(n, d + 1), {}};
  for (std::size_t first = 0; first < n; first += kDualRows) {
    const std::size_t rows = std::min(kDualRows, n - first);
    const PromptFeatures part = source.draw(rows);
    std::copy_n(part.queries.data(), part.queries.size(), prompts.queries.row(first).data());
    std::copy_n(part.pooled.data(), part.pooled.size(), prompts.pooled.row(first).data());
    prompts.labels.insert(prompts.labels.end(), part.labels.begin(), part.labels.end());
    meter.spend(draw_flops(size, static_cast<double>(rows)));
    if (meter.pause()) co_yield StepProgress(meter.fraction());
  }
  // <x h^T, x' h'^T> = <x, x'> <h, h'>
  auto system = Matrix<double>::unset(n, n);
  auto other = Matrix<double>::unset(std::min(n, kDualRows), n);
  for (std::size_t first = 0; first < n; first += kDualRows) {
    const std::size_t rows = std::min(kDualRows, n - first);
    const MatrixView<double> to = system.view().block(first, 0, rows, n);
    const MatrixView<double> factor = other.view().block(0, 0, rows, n);
    gemm_nt(prompts.queries.view().block(first, 0, rows, d), prompts.queries.view(), to, false);
    gemm_nt(prompts.pooled.view().block(first, 0, rows, d + 1), prompts.pooled.view(), factor,
            false);
    for (std::size_t i = 0; i < rows * n; ++i) to.data[i] *= factor.data[i];
    meter.spend(4 * static_cast<double>(rows) * static_cast<double>(n) * (dim + 1));
    if (meter.pause()) co_yield StepProgress(meter.fraction());
  }
  const double shift = shift_of(size, system);
  Steps<std::vector<double>> solving = solve(system, shift, prompts.labels, meter);
  const std::vector<double> solution = co_await solving;
  FittedLayer layer;
  if (solution.empty()) co_return std::move(layer);
  layer.residual = relative_residual(system, shift, solution, prompts.labels);
  for (std::size_t i = 0; i < n; ++i) {
    for (double& x : prompts.queries.row(i)) x *= solution[i];
  }
  layer.gamma = Matrix<double>(d, d + 1);
  gemm_tn(prompts.queries.view(), prompts.pooled.view(), layer.gamma.view(), false);
  co_return std::move(layer);
}

}  // namespace

void draw_task(RandomStream& stream, std::span<double> task) {
  const double length = std::sqrt(static_cast<double>(task.size()));
  stream.fill_sphere(task);
  for (double& entry : task) entry *= length;
}

Matrix<double> draw_tasks(RandomStream stream, std::size_t tasks, std::size_t dim) {
  Matrix<double> all(tasks, dim);
  for (std::size_t t = 0; t < tasks; ++t) draw_task(stream, all.row(t));
  return all;
}

PromptSource::PromptSource(const DiversityCase& size, const Matrix<double>& tasks,
                           RandomStream stream)
    : size_(size), tasks_(tasks), stream_(stream), normals_(size.examples + 2 * size.dim + 1) {}

PromptFeatures PromptSource::draw(std::size_t count) {
  const std::size_t d = size_.dim, length = size_.examples;
  const double dim = static_cast<double>(d), level = 1 + size_.noise;
  // sum y x given the labels: variance (S/d)(I - w w^T / (d level)), whose root shrinks along w.
  const double shrink = 1 - std::sqrt(size_.noise / level);
  const double query_scale = 1 / std::sqrt(dim);
  PromptFeatures prompts{Matrix<double>::unset(count, d), Matrix<double>::unset(count, d + 1),
                         std::vector<double>(count)};
  for (std::size_t i = 0; i < count; ++i, ++next_) {
    const std::span<const double> task = tasks_.row(next_ % size_.tasks);
    stream_.fill_normal(normals_);
    const auto part = [&](std::size_t first, std::size_t size) {
      return std::span<const double>(normals_).subspan(first, size);
    };
    const std::span<const double> labels = part(0, length), noise = part(length, d),
                                  query = part(length + d, d);
    const double squares = level * dot(labels, labels);  // S = sum y^2
    const double spread = std::sqrt(squares / dim);
    const double along = squares / (dim * level) - spread * shrink * dot(noise, task) / dim;
    const double scale = dim / static_cast<double>(length);
    const std::span<double> pooled = prompts.pooled.row(i);
    for (std::size_t j = 0; j < d; ++j) pooled[j] = scale * (along * task[j] + spread * noise[j]);
    pooled[d] = squares / static_cast<double>(length);
    const std::span<double> x = prompts.queries.row(i);
    for (std::size_t j = 0; j < d; ++j) x[j] = query_scale * query[j];
    prompts.labels[i] = dot(x, task) + std::sqrt(size_.noise) * normals_.back();
  }
  return prompts;
}

Steps<FittedLayer> fit_layer(DiversityCase size, const Matrix<double>& tasks, RandomStream stream,
                             WorkMeter& meter) {
  Steps<FittedLayer> fit =
      size.dual() ? fit_dual(size, tasks, stream, meter) : fit_primal(size, tasks, stream, meter);
  co_return co_await fit;
}

double fit_flops(const DiversityCase& size) {
  const double n = static_cast<double>(size.prompts), p = static_cast<double>(size.features());
  const double drawing = draw_flops(size, n);
  if (size.dual())
    return drawing + 4 * n * n * static_cast<double>(size.dim + 1) + n * n * n / 3 +
           unfold_flops(size.prompts);
  return drawing + n * p * p / 2 + p * p * p / 3 + 2 * unfold_flops(size.features());
}

double fit_bytes(const DiversityCase& size) {
  const double n = static_cast<double>(size.prompts), p = static_cast<double>(size.features());
  const double d = static_cast<double>(size.dim);
  const double tasks = static_cast<double>(size.tasks) * d;
  if (size.dual())
    return 8 * (2 * n * n + n * (2 * d + 4 + std::min(n, static_cast<double>(kDualRows))) + tasks);
  const double rows = std::min(n, static_cast<double>(rows_at_once(size)));
  return 8 * (2.25 * p * p + rows * (p + 4 * d + 4) + tasks);
}

}  // namespace attnlab::in_context
