#include "core/extraction/learn/forms.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/extraction/learn/dense.h"
#include "core/numerics/elementary.h"
#include "core/numerics/elementary_batch.h"

namespace attnlab::extraction {
namespace {

constexpr double kLowest = 0.02;      // alpha outside [0.02, 0.98] is asked again
constexpr double kWantedLogit = 1.0;  // room of a factor 3.9 for forms larger than those seen
constexpr double kFirstLogit = 0.25;  // wanted while only a few forms have been seen
constexpr std::size_t kFewForms = 8;
constexpr double kFastestGrowth = 32;
constexpr int kMostRepeats = 40;          // 8^-40: far below any W that a double can hold
constexpr double kPoorScale = 1.0 / 256;  // forms measured at less than this share of the final
                                          // scale are measured again

bool same_b(std::span<const FormPair> pairs) {
  bool same = true;
  for (const FormPair& pair : pairs) same = same & (pair.b == pairs[0].b);
  return same;
}

/// form_queries for pairs with one row of b, whose keys are sums of `keys` and the query token.
QueryBatch column_queries(std::span<const double> b, std::span<const FormPair> pairs,
                          std::span<const std::uint32_t> open, const ProbeScale& scale,
                          const SharedRows& keys) {
  QueryBatch batch(b.size(), QueryPurpose::kLearn, keys);
  const std::span<double> query = batch.new_token();
  for (std::size_t i = 0; i < b.size(); ++i) query[i] = scale.query * b[i];
  std::vector<std::uint32_t> rows(open.size());
  for (std::size_t k = 0; k < open.size(); ++k) rows[k] = pairs[open[k]].a;
  batch.sum_queries(rows, 0);
  return batch;
}

/// One query for each open pair: [probe a + query b; query b].
QueryBatch form_queries(const Matrix<double>& a, const Matrix<double>& b,
                        std::span<const FormPair> all, std::span<const std::uint32_t> open,
                        const ProbeScale& scale, const SharedRows& keys) {
  if (keys && same_b(all)) return column_queries(b.row(all[0].b), all, open, scale, keys);
  std::vector<FormPair> pairs;
  for (const std::uint32_t k : open) pairs.push_back(all[k]);
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
  if (rows.rows() == 1) {
    values[0] = dot(rows.row(0), value);
    return values;
  }
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

ProbeScale ProbeScale::starting(double probe, double expected) {
  ProbeScale scale;
  scale.probe = scale.query_limit = probe;
  scale.query = 1 / probe;
  if (expected > 0) {
    scale.largest = expected;
    scale.query = std::min(kWantedLogit / (probe * expected), probe);
    scale.measured = kFewForms;
  }
  return scale;
}

double logit(double alpha) {
  // log1p(-alpha) as log of the exactly rounded 1 - alpha plus its rounding error.
  const double rest = 1 - alpha;
  const double correction = rest > 0 ? ((1 - rest) - alpha) / rest : 0;
  return portable_log(alpha) - (portable_log(rest) + correction);
}

/// One logarithm, of alpha / (1 - alpha): its rounding error is an absolute 1e-16, no larger than
/// the error of two logarithms.
void logits(std::span<double> alphas) {
  std::vector<double> corrections(alphas.size());
  bool inside = true;  // where the logarithm is of a positive normal number
  for (const double alpha : alphas)
    inside = inside & (alpha >= kLowest) & (alpha <= 1 - kLowest / 2);
  if (!inside) {
    for (double& alpha : alphas) alpha = logit(alpha);
    return;
  }
  for (std::size_t i = 0; i < alphas.size(); ++i) {
    const double rest = 1 - alphas[i];
    corrections[i] = ((1 - rest) - alphas[i]) / rest;
    alphas[i] /= rest;
  }
  log_of_each(alphas);
  for (std::size_t i = 0; i < alphas.size(); ++i) alphas[i] -= corrections[i];
}

namespace {

// Loops of their own: in a coroutine every variable lives in memory.

/// alphas[i] = the share of the key token in the answer to pair open[i].
void shares_of_keys(std::span<const double> answers, std::span<const FormPair> pairs,
                    std::span<const std::uint32_t> open, const ProbeScale& scale,
                    std::span<const double> a_values, std::span<const double> b_values,
                    std::vector<double>& alphas) {
  alphas.resize(open.size());
  const double probe = scale.probe, query = scale.query;
  for (std::size_t i = 0; i < open.size(); ++i) {
    const FormPair pair = pairs[open[i]];
    alphas[i] = (answers[i] - query * b_values[pair.b]) / (probe * a_values[pair.a]);
  }
}

/// The indices of the values below the limit.
std::vector<std::uint32_t> below(double limit, std::span<const double> values) {
  std::vector<std::uint32_t> places;
  for (std::size_t k = 0; k < values.size(); ++k) {
    if (values[k] < limit) places.push_back(static_cast<std::uint32_t>(k));
  }
  return places;
}

/// Removes saturated probes from `open` and `alphas` and returns them.
std::vector<std::uint32_t> take_saturated(std::vector<std::uint32_t>& open,
                                          std::vector<double>& alphas) {
  const auto inside = [](double alpha) { return alpha >= kLowest && alpha <= 1 - kLowest; };
  bool all = true;
  for (const double alpha : alphas) all = all & inside(alpha);
  std::vector<std::uint32_t> saturated;
  if (all) return saturated;
  std::size_t kept = 0;
  for (std::size_t i = 0; i < open.size(); ++i) {
    if (!inside(alphas[i])) {
      saturated.push_back(open[i]);
      continue;
    }
    open[kept] = open[i];
    alphas[kept++] = alphas[i];
  }
  open.resize(kept);
  alphas.resize(kept);
  return saturated;
}

/// Stores the forms that are known now, and the scale at which they were measured.
void take_forms(std::span<const std::uint32_t> open, std::vector<double>& alphas, ProbeScale& scale,
                std::vector<double>& forms, std::vector<double>& taken_at) {
  logits(alphas);
  const double factor = scale.probe * scale.query;
  for (double& alpha : alphas) alpha /= factor;
  for (std::size_t i = 0; i < open.size(); ++i) {
    forms[open[i]] = alphas[i];
    taken_at[open[i]] = scale.query;
  }
  scale.largest = std::max(scale.largest, largest_magnitude(alphas));
  scale.measured += open.size();
}

}  // namespace

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
  forms.assign(pairs.size(), kUnknown);
  std::vector<std::uint32_t> open;  // measured together next
  std::vector<double> alphas, taken_at(pairs.size());
  std::size_t next = 0;
  int repeats = 0;
  bool retaken = false;
  while (true) {
    if (open.empty()) {
      repeats = 0;
      if (next == pairs.size()) {
        if (scale.adaptive && !retaken) open = below(kPoorScale * scale.query, taken_at);
        retaken = true;
        known.repeated += open.size();
        if (open.empty()) break;
      } else {
        const std::size_t most =
            scale.adaptive ? std::max<std::size_t>(scale.measured, 1) : pairs.size();
        open.resize(std::min(pairs.size() - next, most));
        std::iota(open.begin(), open.end(), static_cast<std::uint32_t>(next));
        next += open.size();
      }
    }
    const QueryBatch batch = form_queries(a, b, pairs, open, scale, known_probes.keys);
    const std::vector<double> answers = co_await ask(batch);

    shares_of_keys(answers, pairs, open, scale, a_values, b_values, alphas);
    std::vector<std::uint32_t> saturated;
    if (scale.adaptive) saturated = take_saturated(open, alphas);
    take_forms(open, alphas, scale, forms, taken_at);
    if (saturated.empty()) {
      if (scale.adaptive) grow(scale);
    } else if (++repeats > kMostRepeats) {
      co_return false;
    } else {
      scale.query /= 8;
      known.repeated += saturated.size();
    }
    open = std::move(saturated);
  }
  co_return true;
}

/// The common value takes the sign that avoids cancellation in h.
BalancedProbes::BalancedProbes(std::span<const double> v) : h_(v.begin(), v.end()) {
  const double length = norm(v), level = length / std::sqrt(static_cast<double>(v.size()));
  double sum = 0;
  for (const double entry : v) sum += entry;
  const double target = sum > 0 ? -level : level;
  for (double& entry : h_) entry = (entry - target) / length;
  const double size = norm(h_);
  for (double& entry : h_) entry /= size;
}

Matrix<double> BalancedProbes::rows() const {
  Matrix<double> probes = identity(h_.size());
  for (std::size_t i = 0; i < h_.size(); ++i) add_scaled(-2 * h_[i], h_, probes.row(i));
  return probes;
}

void BalancedProbes::apply(std::span<double> x) const {
  add_scaled(-2 * dot(h_, x), h_, x);
}

}  // namespace attnlab::extraction
