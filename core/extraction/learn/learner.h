// What every learner reports, the pieces they share (values from single tokens, the check of a
// recovered model against fresh answers), and how an inquiry meets an oracle.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "core/experiment/step_budget.h"
#include "core/experiment/steps.h"
#include "core/extraction/learn/inquiry.h"
#include "core/extraction/learn/oracle.h"

namespace attnlab::extraction {

/// NaN: does not apply, or not known (yet).
inline constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

enum class ExtractionStatus {
  kRecovered,        ///< the recovered model predicted fresh answers
  kNotIdentifiable,  ///< the answers do not determine the parameters; the evidence says why
  kNotAMatch,  ///< no model of this kind gives these answers; the evidence says how one sees it
  kBudgetExhausted,  ///< more queries are needed than allowed, or a search gave up
};
/// "recovered", "not-identifiable", "not-a-match", "budget-exhausted".
std::string_view status_text(ExtractionStatus status);

/// How an inquiry ended, with one sentence of evidence.
struct Outcome {
  ExtractionStatus status = ExtractionStatus::kBudgetExhausted;
  std::string evidence;
};

/// What a learner of one head knows so far; NaN for unknown entries. Readable between any two steps
/// of the inquiry.
struct HeadKnowledge {
  std::vector<double> value;   ///< v
  Matrix<double> weight;       ///< W
  std::uint64_t repeated = 0;  ///< probes asked again because the softmax was saturated

  explicit HeadKnowledge(std::size_t dim);
};

/// Adds a query with the answer length * v.x, for any W: a single token, or, if the length is above
/// 1, [2 length x; 0], where each of the two has the weight 1/2. A long token as its own query has
/// a large logit, which overflows in a box whose softmax does not subtract the largest logit.
void value_query(QueryBatch& batch, double length, std::span<const double> x);

/// Value queries of length * e_1 .. length * e_dim.
void add_value_queries(QueryBatch& batch, double length);

/// v from value queries of length * e_1 .. length * e_dim: exact if the length is a power of
/// two. The result says whether all answers were finite.
Inquiry<bool> ask_values(HeadKnowledge& known, double length = 1);

/// The larger one, or NaN if one of them is NaN: std::max drops a NaN on its right.
double larger_gap(double a, double b);

/// The comparison of a prediction with fresh answers.
struct CheckResult {
  double worst_gap = 0;  ///< largest |answer - prediction|
  double spread = 0;     ///< standard deviation of the answers
  double rounding = 0;   ///< a spread or gap of this size may be rounding alone
  double scale = 1;      ///< standard deviation of the inputs' entries
  std::size_t queries = 0;
  bool matches = false;  ///< worst_gap is at most tolerance times the spread, or rounding
  std::string sentence() const;
};

/// Asks 24 random inputs (standard normal tokens, lengths 1 to 6 in turn, counted as checking
/// queries) and compares the answers with `predictor`. Asks 24 more with tokens four times as long,
/// as long as all answers match but answers to several tokens are constant.
/// `terms`: the size of the terms that the predictor adds, if they may be larger than the answers.
Inquiry<CheckResult> check_prediction(Oracle& predictor, RandomStream stream, double tolerance,
                                      double terms = 0);

/// Answers the inquiry's questions by the oracle, until the inquiry ends or about `work`
/// multiply-adds of our own oracles are done. True when it has ended.
template <class T>
Expected<bool> converse(Inquiry<T>& inquiry, Oracle& oracle, double work) {
  while (inquiry.advance()) {
    const QueryBatch& batch = *inquiry.asked();
    Expected<std::vector<double>> answers = oracle.ask(batch);
    if (!answers) return answers.error();
    inquiry.answer(std::move(*answers));
    work -=
        static_cast<double>(batch.member_count() + batch.dim()) * static_cast<double>(batch.dim());
    if (work < 0) return false;
  }
  return true;
}

/// Steps, in multiply-adds, of jobs that ask our own oracles large batches, and of jobs whose
/// learners ask a few queries at a time.
inline constexpr double kBatchStep = StepBudget(10, per_millisecond::kQueryMultiplyAdds).work();
inline constexpr double kProbeStep = StepBudget(20, per_millisecond::kProbeMultiplyAdds).work();

/// The same inside a job: returns the inquiry's result. The job pauses after every `work`
/// multiply-adds with progress(), a StepProgress; where the oracle has no answer the job fails.
template <class T, class Progress>
Steps<T> learn_from(Oracle& oracle, Inquiry<T> inquiry, double work, Progress progress) {
  for (;;) {
    const Expected<bool> ended = converse(inquiry, oracle, work);
    if (!ended) co_return ended.error();
    if (*ended) co_return std::move(inquiry.result());
    co_yield progress();
  }
}

/// Largest |difference| / largest |truth|; the plain difference where the truth is zero. NaN when
/// an estimate is not finite.
double largest_relative_error(std::span<const double> estimate, std::span<const double> truth);

/// Largest |f - estimate| over 200 random inputs like those of check_prediction, divided by the
/// standard deviation of f, or the gap itself where f does not vary beyond rounding. Only the two
/// oracles passed in count these queries.
double function_gap(Oracle& truth, Oracle& estimate, RandomStream stream);

}  // namespace attnlab::extraction
