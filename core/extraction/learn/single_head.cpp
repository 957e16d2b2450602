#include "core/extraction/learn/single_head.h"

#include <algorithm>
#include <cmath>

#include "core/base/text.h"
#include "core/extraction/learn/dense.h"

namespace attnlab::extraction {
namespace {

/// Columns of W that are written together, a cache line of every row.
constexpr std::size_t kColumnsAtOnce = 8;

/// All probes with row 0 of the other side.
std::vector<FormPair> column_pairs(std::size_t dim) {
  std::vector<FormPair> pairs(dim);
  for (std::uint32_t i = 0; i < dim; ++i) pairs[i] = {i, 0};
  return pairs;
}

/// e_i, or e_i + e_anchor where v_i is zero.
Matrix<double> plain_probes(std::span<const double> v, std::size_t anchor) {
  Matrix<double> probes = identity(v.size());
  for (std::size_t i = 0; i < v.size(); ++i) {
    if (v[i] == 0) probes(i, anchor) = 1;
  }
  return probes;
}

}  // namespace

Outcome zero_value_outcome(std::size_t dim) {
  return {ExtractionStatus::kNotIdentifiable,
          "All " + std::to_string(dim) +
              " single-token answers are 0: v = 0, the head answers 0 to everything, and every W "
              "gives the same answers."};
}

Inquiry<Outcome> judge_head(const HeadKnowledge& known, double tolerance, std::uint64_t seed) {
  HeadsOracle recovered(Head{known.weight.clone(), known.value});
  Inquiry<CheckResult> checking =
      check_prediction(recovered, RandomStream(seed, hash_name("extract/check"), 0), tolerance);
  const CheckResult check = co_await checking;
  co_return Outcome{check.matches ? ExtractionStatus::kRecovered : ExtractionStatus::kNotAMatch,
                    check.sentence()};
}

Inquiry<Outcome> learn_single_head(HeadKnowledge& known, SingleHeadOptions options) {
  const std::size_t dim = known.value.size();
  if (options.budget < dim * (dim + 1)) {
    co_return Outcome{ExtractionStatus::kBudgetExhausted,
                      "One head of dimension " + std::to_string(dim) + " takes " +
                          std::to_string(dim * (dim + 1)) + " queries, more than the " +
                          std::to_string(options.budget) + " allowed."};
  }
  Inquiry<bool> values = ask_values(known);
  const bool finite = co_await values;
  if (!finite)
    co_return Outcome{ExtractionStatus::kNotAMatch, "A single-token answer is not a number."};
  if (largest_magnitude(known.value) == 0) co_return zero_value_outcome(dim);

  const auto anchor = static_cast<std::size_t>(
      std::ranges::max_element(known.value, {}, [](double v) { return std::abs(v); }) -
      known.value.begin());
  const BalancedProbes balanced(known.value);
  const Matrix<double> probes =
      options.robust ? balanced.rows() : plain_probes(known.value, anchor);
  const std::vector<double> probe_values = product(probes, known.value);
  KnownProbes known_probes{probe_values, {}};
  Matrix<double> unit(1, dim);  // e_j
  const std::vector<FormPair> pairs = column_pairs(dim);
  ProbeScale scale;
  if (options.robust) {
    scale.probe = scale.query_limit = options.probe_norm;
    scale.query = 1 / options.probe_norm;
    Matrix<double> keys = probes.clone();
    for (double& entry : keys.values()) entry *= options.probe_norm;
    known_probes.keys = std::make_shared<const Matrix<double>>(std::move(keys));
  } else {
    scale.probe = scale.query = 1;
    scale.adaptive = false;
  }

  std::vector<double> forms, columns[kColumnsAtOnce];
  std::size_t lost = 0;
  for (std::size_t j = 0; j < dim; ++j) {
    unit(0, j) = 1;
    Inquiry<bool> measuring = measure_forms(known, probes, unit, pairs, scale, forms, known_probes);
    const bool inside = co_await measuring;
    unit(0, j) = 0;
    if (!inside) {
      co_return Outcome{ExtractionStatus::kNotAMatch,
                        "The share of one token in a two-token answer stays outside (0, 1) however "
                        "short the query token is: no single softmax head does that."};
    }
    if (options.robust) {
      balanced.apply(forms);
      std::swap(columns[j % kColumnsAtOnce], forms);
      const std::size_t first = j / kColumnsAtOnce * kColumnsAtOnce;
      const bool last = j + 1 == dim || (j + 1) % kColumnsAtOnce == 0;
      for (std::size_t i = 0; i < dim && last; ++i) {
        for (std::size_t c = first; c <= j; ++c) known.weight(i, c) = columns[c - first][i];
      }
    } else {
      for (std::size_t i = 0; i < dim; ++i) {
        known.weight(i, j) = known.value[i] == 0 ? forms[i] - forms[anchor] : forms[i];
        lost += !std::isfinite(known.weight(i, j));
      }
    }
  }
  if (lost > 0) {
    co_return Outcome{ExtractionStatus::kNotAMatch,
                      std::to_string(lost) + " of " + std::to_string(dim * dim) +
                          " entries of W were lost: the softmax was saturated, so that the plain "
                          "form takes the logarithm of a number that is not positive."};
  }
  Inquiry<Outcome> judging = judge_head(known, options.tolerance, options.seed);
  Outcome outcome = co_await judging;
  co_return outcome;
}

}  // namespace attnlab::extraction
