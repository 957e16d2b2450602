#include "core/extraction/learn/membership.h"

#include <algorithm>
#include <cmath>

#include "core/extraction/learn/dense.h"
#include "core/extraction/learn/forms.h"
#include "core/extraction/learn/single_head.h"
#include "core/numerics/elementary.h"

namespace attnlab::extraction {
namespace {

constexpr double kLn2 = 0.69314718055994530942;
constexpr double kFarthest = 40;    // 2^40: scales searched for the crossing of v_i
constexpr double kLowest = 0.2178;  // alpha at which s * alpha stops growing with s
constexpr double kHighest = 0.98;
constexpr int kMostShrinks = 40;
constexpr int kEnoughBits = 24;  // a head known to these bits hardly ever predicts the other side

/// The place along +-e_i where the threshold is crossed: log2 of the scale is between low and high.
struct ValueSearch {
  double sign = 0;
  double low = -kFarthest, high = kFarthest;
  bool zero = false;
};

double power_of_two(double exponent) {
  const double whole = std::floor(exponent);
  return std::ldexp(portable_exp((exponent - whole) * kLn2), static_cast<int>(whole));
}

/// Signs of f at scale_i e_i.
Inquiry<std::vector<double>> ask_axes(std::size_t dim, std::span<const std::size_t> axes,
                                      std::span<const double> scales) {
  QueryBatch batch(dim);
  std::vector<double> token(dim, 0.0);
  for (std::size_t k = 0; k < axes.size(); ++k) {
    token[axes[k]] = scales[k];
    batch.query({batch.token(token)});
    token[axes[k]] = 0;
  }
  std::vector<double> answers = co_await ask(batch);
  co_return answers;
}

Inquiry<bool> learn_values(HeadKnowledge& known, const MembershipOptions& options) {
  const std::size_t dim = known.value.size();
  const double at_zero = options.threshold <= 0 ? 1 : -1;  // the answer to the zero token
  std::vector<ValueSearch> searches(dim);
  std::vector<std::size_t> axes;
  std::vector<double> scales;
  // Signs and a first interval: +-2^k for k = 0, 4, 8, ... until one of them is across.
  for (double k = 0; k <= kFarthest; k += 4) {
    axes.clear();
    scales.clear();
    for (std::size_t i = 0; i < dim; ++i) {
      if (searches[i].sign != 0) continue;
      for (const double sign : {1.0, -1.0}) {
        axes.push_back(i);
        scales.push_back(sign * power_of_two(k));
      }
    }
    Inquiry<std::vector<double>> asking = ask_axes(dim, axes, scales);
    const std::vector<double> answers = co_await asking;
    for (std::size_t q = 0; q < answers.size(); ++q) {
      if (answers[q] == at_zero) continue;
      ValueSearch& search = searches[axes[q]];
      search.sign = scales[q] > 0 ? 1 : -1;
      search.high = k;
      search.low = k == 0 ? -kFarthest : k - 4;
    }
  }
  for (ValueSearch& search : searches) search.zero = search.sign == 0;
  const double width = std::ldexp(1.0, -options.bits);
  while (true) {
    axes.clear();
    scales.clear();
    for (std::size_t i = 0; i < dim; ++i) {
      const ValueSearch& search = searches[i];
      if (search.zero || search.high - search.low <= width) continue;
      axes.push_back(i);
      scales.push_back(search.sign * power_of_two(0.5 * (search.low + search.high)));
    }
    if (axes.empty()) break;
    Inquiry<std::vector<double>> asking = ask_axes(dim, axes, scales);
    const std::vector<double> answers = co_await asking;
    for (std::size_t q = 0; q < answers.size(); ++q) {
      ValueSearch& search = searches[axes[q]];
      (answers[q] == at_zero ? search.low : search.high) = 0.5 * (search.low + search.high);
    }
  }
  for (std::size_t i = 0; i < dim; ++i) {
    const ValueSearch& search = searches[i];
    known.value[i] = search.zero ? 0
                                 : options.threshold * search.sign /
                                       power_of_two(0.5 * (search.low + search.high));
  }
  co_return true;
}

/// One bilinear form: u_probe^T W e_column between s = low and high (in units of K).
struct FormSearch {
  std::size_t probe = 0, column = 0;
  double query = 0;  // c
  double meet = 0;   // K
  double low = 1 / kHighest, high = 1 / kLowest;
  bool bracketed = false;
  int shrinks = 0;
};

/// Whether f is across the threshold, seen from 0, at s = share * K.
Inquiry<std::vector<double>> ask_forms(const Matrix<double>& probes,
                                       std::span<const FormSearch* const> searches,
                                       std::span<const double> shares) {
  const std::size_t dim = probes.cols();
  QueryBatch batch(dim);
  std::vector<double> key(dim), query(dim, 0.0);
  for (std::size_t k = 0; k < searches.size(); ++k) {
    const FormSearch& search = *searches[k];
    query[search.column] = search.query;
    const auto row = probes.row(search.probe);
    for (std::size_t i = 0; i < dim; ++i) key[i] = shares[k] * search.meet * row[i] + query[i];
    const std::uint32_t key_token = batch.token(key);
    batch.query({key_token, batch.token(query)});
    query[search.column] = 0;
  }
  std::vector<double> answers = co_await ask(batch);
  co_return answers;
}

void set_query(FormSearch& search, double query, std::span<const double> value, double threshold,
               double probe_value) {
  search.query = query;
  search.meet = (threshold - query * value[search.column]) / probe_value;
}

/// All forms at once, one query each per round. False when a crossing is not where every single
/// head has one.
Inquiry<bool> learn_weight(HeadKnowledge& known, const MembershipOptions& options) {
  const std::size_t dim = known.value.size();
  const double threshold = options.threshold;
  const double at_zero = threshold <= 0 ? 1 : -1;
  const Matrix<double> probes = BalancedProbes(known.value).rows();
  const double query = 0.5 * std::abs(threshold) / largest_magnitude(known.value);
  std::vector<FormSearch> searches(dim * dim);
  std::vector<double> probe_values = product(probes, known.value);
  for (std::size_t k = 0; k < searches.size(); ++k) {
    searches[k].probe = k % dim;
    searches[k].column = k / dim;
    set_query(searches[k], query, known.value, threshold, probe_values[searches[k].probe]);
  }
  std::vector<const FormSearch*> asked;
  std::vector<std::size_t> which;
  std::vector<double> shares;
  while (true) {  // both ends of the bracket, with shorter query tokens where they fail
    asked.clear();
    which.clear();
    shares.clear();
    for (std::size_t k = 0; k < searches.size(); ++k) {
      if (searches[k].bracketed) continue;
      for (const double share : {searches[k].low, searches[k].high}) {
        asked.push_back(&searches[k]);
        which.push_back(k);
        shares.push_back(share);
      }
    }
    if (asked.empty()) break;
    Inquiry<std::vector<double>> asking = ask_forms(probes, asked, shares);
    const std::vector<double> answers = co_await asking;
    for (std::size_t q = 0; q < answers.size(); q += 2) {
      FormSearch& search = searches[which[q]];
      search.bracketed = answers[q] == at_zero && answers[q + 1] != at_zero;
      if (search.bracketed) continue;
      if (++search.shrinks > kMostShrinks) co_return false;
      known.repeated += 2;
      set_query(search, search.query / 4, known.value, threshold, probe_values[search.probe]);
    }
  }
  for (int bit = 0; bit < options.bits; ++bit) {
    asked.clear();
    shares.clear();
    for (const FormSearch& search : searches) {
      asked.push_back(&search);
      shares.push_back(0.5 * (search.low + search.high));
    }
    Inquiry<std::vector<double>> asking = ask_forms(probes, asked, shares);
    const std::vector<double> answers = co_await asking;
    for (std::size_t k = 0; k < searches.size(); ++k) {
      (answers[k] == at_zero ? searches[k].low : searches[k].high) = shares[k];
    }
  }
  std::vector<double> forms(dim);
  for (std::size_t j = 0; j < dim; ++j) {
    for (std::size_t i = 0; i < dim; ++i) {
      const FormSearch& search = searches[j * dim + i];
      const double share = 0.5 * (search.low + search.high);
      forms[i] = logit(1 / share) / (share * search.meet * search.query);
    }
    const std::vector<double> column = product(probes, forms);
    for (std::size_t i = 0; i < dim; ++i) known.weight(i, j) = column[i];
  }
  co_return true;
}

}  // namespace

Inquiry<Outcome> learn_membership(HeadKnowledge& known, MembershipOptions options) {
  const std::size_t dim = known.value.size();
  if (options.threshold == 0) {
    co_return Outcome{ExtractionStatus::kNotIdentifiable,
                      "With threshold 0 the answers do not change when v is multiplied by any "
                      "positive number: choose another threshold."};
  }
  Inquiry<bool> values = learn_values(known, options);
  co_await values;
  if (largest_magnitude(known.value) == 0) {
    Outcome outcome = zero_value_outcome(dim);
    outcome.evidence =
        "No single token up to 2^40 times a unit vector crosses the threshold: for membership "
        "queries v is 0, and W leaves no trace.";
    co_return outcome;
  }
  Inquiry<bool> weight = learn_weight(known, options);
  const bool found = co_await weight;
  if (!found) {
    co_return Outcome{ExtractionStatus::kNotAMatch,
                      "Some two-token inputs never cross the threshold where a single head must, "
                      "however short the query token is."};
  }
  HeadsOracle recovered(Head{known.weight.clone(), known.value});
  MembershipOracle predictor(recovered, options.threshold);
  Inquiry<CheckResult> checking =
      check_prediction(predictor, RandomStream(options.seed, hash_name("extract/check"), 3), 1e-6);
  const CheckResult check = co_await checking;
  const bool matches = check.worst_gap == 0;
  const std::string sides =
      "The recovered head is on the same side of the threshold as the box for " +
      std::string(matches ? "all " : "not all of ") + std::to_string(check.queries) +
      " fresh inputs of lengths 1 to 6.";
  if (!matches && options.bits < kEnoughBits) {
    co_return Outcome{ExtractionStatus::kBudgetExhausted,
                      sides + " So few bisection steps leave room for that."};
  }
  co_return Outcome{matches ? ExtractionStatus::kRecovered : ExtractionStatus::kNotAMatch, sides};
}

}  // namespace attnlab::extraction
