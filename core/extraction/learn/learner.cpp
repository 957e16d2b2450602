#include "core/extraction/learn/learner.h"

#include <algorithm>
#include <cmath>

#include "core/base/text.h"

namespace attnlab::extraction {
namespace {

constexpr std::size_t kLongestCheck = 6;
constexpr double kRounding = 0x1p-46;  // of the largest answer: a smaller spread is only rounding
constexpr double kMostScale = 4096;

/// Inputs of lengths 1 .. 6 in turn with normal tokens of standard deviation `scale`.
QueryBatch random_inputs(std::size_t dim, std::size_t count, double scale, RandomStream& stream) {
  QueryBatch batch(dim, QueryPurpose::kCheck);
  std::vector<double> token(dim);
  for (std::size_t i = 0; i < count; ++i) {
    std::vector<std::uint32_t> members;
    for (std::size_t n = 0; n <= i % kLongestCheck; ++n) {
      stream.fill_normal(token);
      for (double& entry : token) entry *= scale;
      members.push_back(batch.token(token));
    }
    batch.query(members);
  }
  return batch;
}

CheckResult compare(std::span<const double> answers, std::span<const double> predictions) {
  CheckResult check;
  check.queries = answers.size();
  const double count = static_cast<double>(answers.size());
  double mean = 0, variance = 0, largest = 0;
  for (const double answer : answers) {
    mean += answer / count;
    largest = std::max(largest, std::abs(answer));
  }
  for (const double answer : answers) variance += (answer - mean) * (answer - mean) / count;
  check.spread = std::sqrt(variance);
  check.rounding = kRounding * largest;
  for (std::size_t i = 0; i < answers.size(); ++i) {
    check.worst_gap = larger_gap(check.worst_gap, std::abs(answers[i] - predictions[i]));
  }
  return check;
}

/// Whether answers to more than one token, the ones that depend on W, differ by more than rounding.
bool mixtures_vary(std::span<const double> answers, double rounding) {
  double low = INFINITY, high = -INFINITY;
  for (std::size_t i = 0; i < answers.size(); ++i) {
    if (i % kLongestCheck == 0) continue;  // a single token
    low = std::min(low, answers[i]);
    high = std::max(high, answers[i]);
  }
  return high - low > rounding;
}

}  // namespace

std::string_view status_text(ExtractionStatus status) {
  switch (status) {
    case ExtractionStatus::kRecovered:
      return "recovered";
    case ExtractionStatus::kNotIdentifiable:
      return "not-identifiable";
    case ExtractionStatus::kNotAMatch:
      return "not-a-match";
    case ExtractionStatus::kBudgetExhausted:
      break;
  }
  return "budget-exhausted";
}

HeadKnowledge::HeadKnowledge(std::size_t dim) : value(dim, kUnknown), weight(dim, dim) {
  std::ranges::fill(weight.values(), kUnknown);
}

double larger_gap(double a, double b) {
  return std::isnan(a) || a > b ? a : b;
}

void value_query(QueryBatch& batch, double length, std::span<const double> x) {
  const bool alone = length <= 1;
  const double factor = alone ? length : 2 * length;
  const std::span<double> token = batch.new_token();
  for (std::size_t i = 0; i < x.size(); ++i) token[i] = factor * x[i];
  const auto number = static_cast<std::uint32_t>(batch.token_count() - 1);
  if (alone) return batch.query({number});
  batch.new_token();
  batch.query({number, number + 1});
}

void add_value_queries(QueryBatch& batch, double length) {
  std::vector<double> unit(batch.dim(), 0.0);
  for (double& entry : unit) {
    entry = 1;
    value_query(batch, length, unit);
    entry = 0;
  }
}

Inquiry<bool> ask_values(HeadKnowledge& known, double length) {
  QueryBatch batch(known.value.size());
  add_value_queries(batch, length);
  known.value = co_await ask(batch);
  for (double& value : known.value) value /= length;
  co_return std::ranges::all_of(known.value, [](double v) { return std::isfinite(v); });
}

std::string CheckResult::sentence() const {
  return "The recovered model " + std::string(matches ? "predicts " : "does not predict ") +
         std::to_string(queries) + " fresh answers (lengths 1 to 6" +
         (scale > 1 ? ", tokens " + short_text(scale) + " times as long as usual" : "") +
         "): largest gap " + short_text(worst_gap) + ", standard deviation of the answers " +
         short_text(spread) + ".";
}

Inquiry<CheckResult> check_prediction(Oracle& predictor, RandomStream stream, double tolerance,
                                      double terms) {
  CheckResult check;
  for (double scale = 1; scale <= kMostScale; scale *= 4) {
    const QueryBatch batch = random_inputs(predictor.dim(), 24, scale, stream);
    const std::vector<double> answers = co_await ask(batch);
    const Expected<std::vector<double>> predictions = predictor.ask(batch);
    if (!predictions) co_return CheckResult{};
    check = compare(answers, *predictions);
    check.scale = scale;
    check.rounding = std::max(check.rounding, kRounding * scale * terms);
    check.matches = check.worst_gap <= std::max(tolerance * check.spread, check.rounding);
    // Constant answers check nothing: all neurons may be off here and not farther out.
    if (!check.matches || mixtures_vary(answers, check.rounding)) break;
  }
  co_return check;
}

double largest_relative_error(std::span<const double> estimate, std::span<const double> truth) {
  double worst = 0;
  for (std::size_t i = 0; i < truth.size(); ++i) {
    const double gap = std::abs(estimate[i] - truth[i]);
    if (!std::isfinite(gap)) return kUnknown;
    worst = std::max(worst, gap);
  }
  double largest = 0;
  for (const double value : truth) largest = std::max(largest, std::abs(value));
  return largest > 0 ? worst / largest : worst;
}

double function_gap(Oracle& truth, Oracle& estimate, RandomStream stream) {
  const QueryBatch batch = random_inputs(truth.dim(), 200, 1, stream);
  const Expected<std::vector<double>> f = truth.ask(batch), g = estimate.ask(batch);
  if (!f || !g) return kUnknown;
  const CheckResult check = compare(*f, *g);
  return check.spread > check.rounding ? check.worst_gap / check.spread : check.worst_gap;
}

}  // namespace attnlab::extraction
