#include "core/extraction/learn/single_head.h"

#include <algorithm>
#include <cmath>
#include <optional>

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

/// The probes of one ProbeForm, and how a column of W follows from the forms measured with them.
class Probing {
 public:
  Probing(std::span<const double> value, const SingleHeadOptions& options)
      : form_(options.form), value_(value) {
    const std::size_t dim = value.size();
    if (form_ == ProbeForm::kRobust) {
      balanced_.emplace(value);
      rows_ = balanced_->rows();
    } else if (form_ == ProbeForm::kGaussian) {
      RandomStream stream(options.seed, hash_name("extract/gaussian-probes"), options.trial,
                          static_cast<std::uint32_t>(dim));
      rows_ = Matrix<double>(dim, dim);
      stream.fill_normal(rows_.values());
      solver_.emplace(rows_.clone());
    } else {
      rows_ = identity(dim);
      anchor_ = static_cast<std::size_t>(
          std::ranges::max_element(value, {}, [](double v) { return std::abs(v); }) -
          value.begin());
      for (std::size_t i = 0; i < dim; ++i) {
        if (value[i] == 0) rows_(i, anchor_) = 1;  // the answer to e_i alone would not depend on W
      }
    }
  }

  const Matrix<double>& rows() const { return rows_; }

  void to_column(std::vector<double>& forms) const {
    if (balanced_) {
      balanced_->apply(forms);
    } else if (solver_) {
      forms = solver_->solve(forms);
    } else {
      for (std::size_t i = 0; i < forms.size(); ++i) {
        if (value_[i] == 0) forms[i] -= forms[anchor_];
      }
    }
  }

 private:
  ProbeForm form_;
  std::span<const double> value_;
  Matrix<double> rows_;
  std::optional<BalancedProbes> balanced_;
  std::optional<LeastSquares> solver_;
  std::size_t anchor_ = 0;
};

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
  Inquiry<bool> values = ask_values(known, options.value_length);
  const bool finite = co_await values;
  if (!finite)
    co_return Outcome{ExtractionStatus::kNotAMatch, "A single-token answer is not finite."};
  if (largest_magnitude(known.value) == 0) co_return zero_value_outcome(dim);

  const Probing probing(known.value, options);
  const Matrix<double>& probes = probing.rows();
  const std::vector<double> probe_values = product(probes, known.value);
  KnownProbes known_probes{probe_values, {}};
  Matrix<double> unit(1, dim);  // e_j
  const std::vector<FormPair> pairs = column_pairs(dim);
  ProbeScale scale;
  if (options.form == ProbeForm::kRobust) {
    scale = ProbeScale::starting(options.probe_norm, options.largest_form);
    Matrix<double> keys = probes.clone();
    for (double& entry : keys.values()) entry *= options.probe_norm;
    known_probes.keys = std::make_shared<const Matrix<double>>(std::move(keys));
  } else {
    scale.probe = scale.query = 1;
    scale.adaptive = false;
  }

  std::vector<double> forms, columns[kColumnsAtOnce];
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
    probing.to_column(forms);
    std::swap(columns[j % kColumnsAtOnce], forms);
    const std::size_t first = j / kColumnsAtOnce * kColumnsAtOnce;
    const bool last = j + 1 == dim || (j + 1) % kColumnsAtOnce == 0;
    for (std::size_t i = 0; i < dim && last; ++i) {
      for (std::size_t c = first; c <= j; ++c) known.weight(i, c) = columns[c - first][i];
    }
  }
  const auto lost = std::ranges::count_if(known.weight.values(),
                                          [](double entry) { return !std::isfinite(entry); });
  if (lost > 0) {
    co_return Outcome{ExtractionStatus::kNotAMatch,
                      std::to_string(lost) + " of " + std::to_string(dim * dim) +
                          " entries of W were lost: the softmax was saturated, so that this form "
                          "takes the logarithm of a number that is not positive."};
  }
  Inquiry<Outcome> judging = judge_head(known, options.tolerance, options.seed);
  Outcome outcome = co_await judging;
  co_return outcome;
}

}  // namespace attnlab::extraction
