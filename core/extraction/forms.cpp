#include "core/extraction/forms.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/extraction/dense.h"
#include "core/numerics/elementary.h"
#include "core/numerics/elementary_batch.h"

namespace attnlab {
namespace {

constexpr double kLowest = 0.02;      // alpha outside [0.02, 0.98] is asked again
constexpr double kWantedLogit = 1.0;  // room of a factor 3.9 for forms larger than those seen
constexpr double kFirstLogit = 0.25;  // wanted while only a few forms have been seen
constexpr std::size_t kFewForms = 8;
constexpr double kFastestGrowth = 32;
constexpr int kMostRepeats = 40;          // 8^-40: far below any W that a double can hold
constexpr double kPoorScale = 1.0 / 256;  // forms taken at less than this share of the scale: again

/// form_queries for pairs with one row of b, whose keys are sums of `keys` and the query token.
QueryBatch column_queries(std::span<const double> b, std::span<const FormPair> pairs,
                          const ProbeScale& scale, const SharedRows& keys) {
  QueryBatch batch(b.size(), QueryPurpose::kLearn, keys);
  const std::span<double> query = batch.new_token();
  for (std::size_t i = 0; i < b.size(); ++i) query[i] = scale.query * b[i];
  std::vector<std::uint32_t> rows(pairs.size());
  for (std::size_t k = 0; k < pairs.size(); ++k) rows[k] = pairs[k].a;
  batch.sum_queries(rows, 0);
  return batch;
}

/// One query a pair: [probe a + query b; query b].
QueryBatch form_queries(const Matrix<double>& a, const Matrix<double>& b,
                        std::span<const FormPair> pairs, const ProbeScale& scale,
                        const SharedRows& keys) {
  const bool one_b = std::ranges::all_of(pairs, [&](FormPair p) { return p.b == pairs[0].b; });
  if (keys && one_b) return column_queries(b.row(pairs[0].b), pairs, scale, keys);
  const std::size_t dim = a.cols();
  QueryBatch batch(dim);
  batch.reserve_tokens(2 * pairs.size());
  std::vector<double> query(dim);
  std::uint32_t query_token = 0;
  for (std::size_t k = 0; k < pairs.size(); ++k) {
    if (k == 0 || pairs[k].b != pairs[k - 1].b) {
      const auto row = b.row(pairs[k].b);
      for (std::size_t i = 0; i < dim; ++i) query[i] = scale.query * row[i];
      query_token = batch.token(query);
    }
    const auto row = a.row(pairs[k].a);
    const std::span<double> key = batch.new_token();
    for (std::size_t i = 0; i < dim; ++i) key[i] = scale.probe * row[i] + query[i];
    batch.query({static_cast<std::uint32_t>(batch.token_count() - 1), query_token});
  }
  return batch;
}

/// The rows that the pairs name, times the head's value vector; others stay 0.
std::vector<double> values_of(const Matrix<double>& rows, std::span<const double> value,
                              std::span<const FormPair> pairs, std::uint32_t FormPair::*side) {
  std::vector<double> values(rows.rows(), 0.0);
  std::vector<bool> done(rows.rows(), false);
  for (const FormPair& pair : pairs) {
    const std::uint32_t row = pair.*side;
    if (!done[row]) values[row] = dot(rows.row(row), value);
    done[row] = true;
  }
  return values;
}

void grow(ProbeScale& scale) {
  const double room = scale.measured < kFewForms ? kFirstLogit : kWantedLogit;
  const double wanted =
      scale.largest > 0 ? room / (scale.probe * scale.largest) : scale.query_limit;
  if (wanted > scale.query) {
    scale.query =
        std::min({wanted, kFastestGrowth * scale.query, std::max(scale.query, scale.query_limit)});
  }
}

}  // namespace

double logit(double alpha) {
  // log1p(-alpha) as log of the exactly rounded 1 - alpha plus its rounding error.
  const double rest = 1 - alpha;
  const double correction = rest > 0 ? ((1 - rest) - alpha) / rest : 0;
  return portable_log(alpha) - (portable_log(rest) + correction);
}

void logits(std::span<double> alphas) {
  std::vector<double> work(2 * alphas.size());
  double* const rests = work.data();
  double* const corrections = rests + alphas.size();
  bool inside = true;  // where both logarithms are of positive normal numbers
  for (std::size_t i = 0; i < alphas.size(); ++i) {
    rests[i] = 1 - alphas[i];
    corrections[i] = ((1 - rests[i]) - alphas[i]) / rests[i];
    inside = inside && alphas[i] >= kLowest && rests[i] >= kLowest / 2;
  }
  if (!inside) {
    for (double& alpha : alphas) alpha = logit(alpha);
    return;
  }
  log_of_each(alphas);
  log_of_each(std::span(rests, alphas.size()));
  for (std::size_t i = 0; i < alphas.size(); ++i) alphas[i] -= rests[i] + corrections[i];
}

Inquiry<bool> measure_forms(HeadKnowledge& known, const Matrix<double>& a, const Matrix<double>& b,
                            std::span<const FormPair> pairs, ProbeScale& scale,
                            std::vector<double>& forms, KnownProbes known_probes) {
  std::vector<double> own_values;
  std::span<const double> a_values = known_probes.values;
  if (a_values.empty()) {
    own_values = values_of(a, known.value, pairs, &FormPair::a);
    a_values = own_values;
  }
  const std::vector<double> b_values = values_of(b, known.value, pairs, &FormPair::b);
  forms.assign(pairs.size(), std::numeric_limits<double>::quiet_NaN());
  bool all_inside = true;
  std::vector<std::size_t> open;  // measured together next
  std::vector<FormPair> asked;
  std::vector<double> query_scale(pairs.size());  // at which each form was taken
  std::size_t next = 0;
  int repeats = 0;
  bool retaken = false;
  while (true) {
    if (open.empty()) {
      repeats = 0;
      if (next == pairs.size()) {
        for (std::size_t k = 0; k < pairs.size() && scale.adaptive && !retaken; ++k) {
          if (query_scale[k] < kPoorScale * scale.query) open.push_back(k);
        }
        retaken = true;
        known.repeated += open.size();
        if (open.empty()) break;
      }
      const std::size_t most =
          scale.adaptive ? std::max<std::size_t>(scale.measured, 1) : pairs.size();
      for (; next < pairs.size() && open.size() < most; ++next) open.push_back(next);
    }
    asked.clear();
    for (const std::size_t k : open) asked.push_back(pairs[k]);
    const QueryBatch batch = form_queries(a, b, asked, scale, known_probes.keys);
    const std::vector<double> answers = co_await ask(batch);

    std::vector<std::size_t> saturated, measured;
    std::vector<double> alphas;
    measured.reserve(open.size());
    alphas.reserve(open.size());
    for (std::size_t i = 0; i < open.size(); ++i) {
      const FormPair& pair = pairs[open[i]];
      const double alpha =
          (answers[i] - scale.query * b_values[pair.b]) / (scale.probe * a_values[pair.a]);
      if (scale.adaptive && !(alpha >= kLowest && alpha <= 1 - kLowest)) {
        saturated.push_back(open[i]);
        continue;
      }
      measured.push_back(open[i]);
      alphas.push_back(alpha);
    }
    logits(alphas);
    for (std::size_t i = 0; i < measured.size(); ++i) {
      const double form = alphas[i] / (scale.probe * scale.query);
      forms[measured[i]] = form;
      query_scale[measured[i]] = scale.query;
      scale.largest = std::max(scale.largest, std::abs(form));
    }
    scale.measured += measured.size();
    if (saturated.empty()) {
      if (scale.adaptive) grow(scale);
    } else if (++repeats > kMostRepeats) {
      all_inside = false;
      break;
    } else {
      scale.query /= 8;
      known.repeated += saturated.size();
    }
    open = std::move(saturated);
  }
  co_return all_inside;
}

namespace {

/// h of the reflection U = I - 2 h h^T / |h|^2 with U v = target * (1, ..., 1); the sign of the
/// target avoids cancellation in h.
std::vector<double> balancing_vector(std::span<const double> v) {
  const double length = norm(v), level = length / std::sqrt(static_cast<double>(v.size()));
  double sum = 0;
  for (const double entry : v) sum += entry;
  const double target = sum > 0 ? -level : level;
  std::vector<double> h(v.begin(), v.end());
  for (double& entry : h) entry = (entry - target) / length;
  return h;
}

}  // namespace

Matrix<double> balanced_probes(std::span<const double> v) {
  const std::vector<double> h = balancing_vector(v);
  const double squared = dot(h, h);
  Matrix<double> probes = identity(v.size());
  for (std::size_t i = 0; i < v.size(); ++i) add_scaled(-2 * h[i] / squared, h, probes.row(i));
  return probes;
}

std::vector<double> balanced_combination(std::span<const double> v, std::span<const double> x) {
  const std::vector<double> h = balancing_vector(v);
  std::vector<double> combined(x.begin(), x.end());
  add_scaled(-2 * dot(h, x) / dot(h, h), h, combined);
  return combined;
}

}  // namespace attnlab
