#include "core/extraction/learn/low_rank.h"

#include <algorithm>
#include <cmath>

#include "core/base/text.h"
#include "core/extraction/learn/dense.h"
#include "core/extraction/learn/single_head.h"
#include "core/numerics/linear_algebra.h"

namespace attnlab::extraction {
namespace {

std::vector<FormPair> all_probes(std::size_t probes, std::uint32_t query) {
  std::vector<FormPair> pairs;
  for (std::uint32_t i = 0; i < probes; ++i) pairs.push_back({i, query});
  return pairs;
}

Matrix<double> with_column(const Matrix<double>& a, std::span<const double> column) {
  Matrix<double> wider(column.size(), a.cols() + 1);
  for (std::size_t i = 0; i < column.size(); ++i) {
    for (std::size_t j = 0; j < a.cols(); ++j) wider(i, j) = a(i, j);
    wider(i, a.cols()) = column[i];
  }
  return wider;
}

/// The part of v outside the columns of the orthonormal q.
std::vector<double> outside(const Matrix<double>& q, std::span<const double> v) {
  std::vector<double> rest(v.begin(), v.end());
  const Matrix<double> rows = transposed(q);
  for (int pass = 0; pass < 2; ++pass) {
    for (std::size_t k = 0; k < rows.rows(); ++k) {
      add_scaled(-dot(rows.row(k), rest), rows.row(k), rest);
    }
  }
  return rest;
}

/// Rows: a basis of the range whose members all have the same share of v, each plus the unit vector
/// of v's part outside the range.
struct RangeProbes {
  Matrix<double> basis;   // r x d, orthonormal rows
  Matrix<double> probes;  // r x d
};

RangeProbes range_probes(const Matrix<double>& q, std::span<const double> v) {
  const std::vector<double> inside = product(transposed(q), v), rest = outside(q, v);
  const double rest_length = norm(rest);
  const bool visible = norm(inside) > 1e-8 * norm(v);
  RangeProbes result;
  result.basis = visible ? product(BalancedProbes(inside).rows(), transposed(q)) : transposed(q);
  result.probes = result.basis.clone();
  if (rest_length <= 1e-8 * norm(v)) return result;
  for (std::size_t k = 0; k < result.probes.rows(); ++k) {
    // Both shares with one sign, so that they add up.
    const double sign = dot(result.basis.row(k), v) < 0 ? -1 : 1;
    add_scaled(sign / rest_length, rest, result.probes.row(k));
  }
  return result;
}

/// Rows b_1, b_2, ...
Matrix<double> range_directions(std::size_t dim, std::uint64_t seed) {
  RandomStream stream(seed, hash_name("extract/range"), 0);
  return random_orthogonal(stream, dim);
}

Outcome outside_outcome() {
  return {ExtractionStatus::kNotAMatch,
          "The share of one token in a two-token answer stays outside (0, 1) however short the "
          "query token is: no single softmax head does that."};
}

Outcome over_budget(std::size_t needed, std::uint64_t budget) {
  return {ExtractionStatus::kBudgetExhausted,
          "At least " + counted(needed, "query", "queries") + (needed == 1 ? " is" : " are") +
              " needed, more than the " + std::to_string(budget) + " allowed."};
}

}  // namespace

std::size_t range_finder_queries(std::size_t dim, std::size_t rank) {
  return dim + dim * rank + rank * (dim - rank);
}

double range_finder_gain(const Matrix<double>& weight, std::size_t rank, std::uint64_t seed) {
  const std::size_t dim = weight.rows();
  if (rank == 0) return 0;
  const Matrix<double> directions = range_directions(dim, seed);
  Matrix<double> images(dim, 0);
  for (std::size_t k = 0; k < rank; ++k) {
    images = with_column(images, product(weight, directions.row(k)));
  }
  const LeastSquares solver(images.clone());
  double shares = 0;  // sum of squared coefficients of the first r columns
  for (std::size_t k = 0; k < dim; ++k) {
    const std::vector<double> x = solver.solve(product(weight, directions.row(k)));
    shares += dot(x, x);
  }
  const double d = static_cast<double>(dim), r = static_cast<double>(rank);
  return std::sqrt(d * shares + r * (d - r)) / d;
}

Inquiry<Outcome> learn_low_rank(HeadKnowledge& known, std::size_t& found_rank,
                                RangeFinderOptions options) {
  const std::size_t dim = known.value.size();
  found_rank = 0;
  const std::size_t least = range_finder_queries(dim, std::min(options.rank, dim));
  if (least > options.budget) co_return over_budget(least, options.budget);
  Inquiry<bool> values = ask_values(known, options.value_length);
  const bool finite = co_await values;
  if (!finite)
    co_return Outcome{ExtractionStatus::kNotAMatch, "A single-token answer is not finite."};
  if (largest_magnitude(known.value) == 0) co_return zero_value_outcome(dim);

  const Matrix<double> directions = range_directions(dim, options.seed);
  const Matrix<double> probes = BalancedProbes(known.value).rows();
  ProbeScale scale = ProbeScale::starting(options.probe_norm, options.largest_form);

  Matrix<double> columns(dim, 0), basis(dim, 0);  // W b_1, W b_2, ..., and an orthonormal basis
  const std::size_t most = options.rank == 0 ? dim : std::min(options.rank, dim);
  double longest = 0;
  std::vector<double> forms;
  for (std::uint32_t k = 0; k < most; ++k) {
    const std::size_t needed = range_finder_queries(dim, k + 1);
    if (needed > options.budget) co_return over_budget(needed, options.budget);
    const std::vector<FormPair> pairs = all_probes(dim, k);
    Inquiry<bool> measuring = measure_forms(known, probes, directions, pairs, scale, forms);
    const bool inside = co_await measuring;
    if (!inside) co_return outside_outcome();
    const std::vector<double> column = product(probes, forms);
    longest = std::max(longest, norm(column));
    // Rounding alone gives columns of about 1e-15 / (probe * query).
    const double floor = 1e-13 / (scale.probe * scale.query) + options.vanishing * longest;
    const bool vanishes = options.rank == 0 && norm(outside(basis, column)) <= floor;
    columns = with_column(columns, column);
    if (vanishes) break;
    basis = orthonormal_basis(columns);
  }
  found_rank = basis.cols();

  known.weight.set_zero();
  if (found_rank > 0) {
    const RangeProbes range = range_probes(basis, known.value);
    // Row k of q_k^T W B: known where W b_j was measured, asked for the other directions.
    Matrix<double> rows(found_rank, dim);
    const Matrix<double> asked = product(range.basis, columns);
    // These probes are in the range of W: their forms are as large as whole columns, not as the
    // columns' entries.
    scale.largest = std::max(scale.largest, longest);
    scale.query = std::min(scale.query, 1 / (scale.probe * scale.largest));
    for (std::uint32_t j = 0; j < dim; ++j) {
      if (j < columns.cols()) {
        for (std::size_t k = 0; k < found_rank; ++k) rows(k, j) = asked(k, j);
        continue;
      }
      const std::vector<FormPair> pairs = all_probes(found_rank, j);
      Inquiry<bool> measuring = measure_forms(known, range.probes, directions, pairs, scale, forms);
      const bool inside = co_await measuring;
      if (!inside) co_return outside_outcome();
      for (std::size_t k = 0; k < found_rank; ++k) rows(k, j) = forms[k];
    }
    // W = Q (Q^T W B) B^T, with the b_j as rows of `directions`.
    const Matrix<double> images = product(rows, directions);
    gemm_tn(range.basis.view(), images.const_view(), known.weight.view(), false);
  }
  Inquiry<Outcome> judging = judge_head(known, options.tolerance, options.seed);
  Outcome outcome = co_await judging;
  if (outcome.status == ExtractionStatus::kNotAMatch && options.rank != 0) {
    outcome.evidence += " The rank may be above " + std::to_string(options.rank) + ".";
  }
  co_return outcome;
}

Measurements draw_measurements(RandomStream& stream, std::span<const double> v, std::size_t count) {
  const std::size_t dim = v.size();
  Measurements drawn{Matrix<double>(count, dim), Matrix<double>(count, dim), {}};
  stream.fill_normal(drawn.a.values());
  stream.fill_normal(drawn.b.values());
  const double squared = dot(v, v), length = std::sqrt(squared);
  for (std::size_t k = 0; k < count; ++k) {
    const double sign = stream.uniform() < 0.5 ? -1 : 1;
    add_scaled((sign * length - dot(drawn.a.row(k), v)) / squared, v, drawn.a.row(k));
  }
  return drawn;
}

Inquiry<Outcome> ask_measurements(HeadKnowledge& known, Measurements& measurements,
                                  RandomStream stream, std::size_t count, double probe_norm) {
  const std::size_t dim = known.value.size();
  Inquiry<bool> values = ask_values(known);
  const bool finite = co_await values;
  if (!finite)
    co_return Outcome{ExtractionStatus::kNotAMatch, "A single-token answer is not finite."};
  if (largest_magnitude(known.value) == 0) co_return zero_value_outcome(dim);
  measurements = draw_measurements(stream, known.value, count);
  ProbeScale scale;
  scale.probe = scale.query_limit = probe_norm;
  scale.query = 1 / (probe_norm * static_cast<double>(dim));  // these probes have norm sqrt(dim)
  std::vector<FormPair> pairs;
  for (std::uint32_t k = 0; k < count; ++k) pairs.push_back({k, k});
  Inquiry<bool> measuring =
      measure_forms(known, measurements.a, measurements.b, pairs, scale, measurements.y);
  const bool inside = co_await measuring;
  if (!inside) co_return outside_outcome();
  co_return Outcome{ExtractionStatus::kRecovered, {}};
}

double frobenius_error(const Matrix<double>& estimate, const Matrix<double>& truth) {
  double difference = 0;
  for (std::size_t i = 0; i < truth.size(); ++i) {
    const double gap = estimate.values()[i] - truth.values()[i];
    difference += gap * gap;
  }
  const double length = norm(truth.values());
  return length > 0 ? std::sqrt(difference) / length : std::sqrt(difference);
}

}  // namespace attnlab::extraction
