#include "core/extraction/learn/black_box.h"

#include <algorithm>
#include <cmath>

#include "core/base/text.h"
#include "core/extraction/learn/dense.h"
#include "core/extraction/learn/diagnosis.h"
#include "core/extraction/learn/low_rank.h"
#include "core/extraction/learn/single_head.h"

namespace attnlab::extraction {
namespace {

constexpr double kExact = 1e-6, kSinglePrecision = 1e-3;
constexpr double kRounding = 1e-11;  // gaps above this are more than double precision explains
constexpr std::size_t kComparisons = 200;

Inquiry<Outcome> learner_of(BoxKnowledge& known, const BoxOptions& options) {
  if (options.model == BoxModel::kSingle) {
    SingleHeadOptions single;
    single.seed = options.seed;
    return learn_single_head(known.learned.head, single);
  }
  if (options.model == BoxModel::kLowRank) {
    RangeFinderOptions range;
    range.rank = options.rank;
    range.seed = options.seed;
    return learn_low_rank(known.learned.head, known.rank, range);
  }
  TransformerOptions transformer;
  transformer.network.seed = options.seed;
  // A network that is not piecewise linear has kinks wherever one looks: end that some day.
  transformer.network.budget = 16000 * (known.dim() + 2);
  return learn_transformer(known.learned, transformer);
}

/// Whether every number of the model is known.
bool complete(const BoxKnowledge& known) {
  return std::ranges::all_of(known.learned.head.weight.values(),
                             [](double entry) { return std::isfinite(entry); });
}

Expected<std::vector<double>> predictions(const BoxKnowledge& known, const BoxOptions& options,
                                          const QueryBatch& batch) {
  if (options.model == BoxModel::kTransformer) {
    TransformerOracle model(known.learned.head.weight.clone(), known.learned.network.as_network());
    return model.ask(batch);
  }
  HeadsOracle model(Head{known.learned.head.weight.clone(), known.learned.head.value});
  return model.ask(batch);
}

/// Fills spread, function_gap and gaps from 200 fresh answers.
Inquiry<bool> compare(BoxKnowledge& known, const BoxOptions& options) {
  RandomStream stream(options.seed, hash_name("extract/gap"), 1);
  QueryBatch batch(known.dim(), QueryPurpose::kCheck);
  std::vector<double> token(known.dim());
  for (std::size_t i = 0; i < kComparisons; ++i) {
    std::vector<std::uint32_t> members;
    for (std::size_t n = 0; n <= i % kLongestGap; ++n) {
      stream.fill_normal(token);
      members.push_back(batch.token(token));
    }
    batch.query(members);
  }
  const std::vector<double> answers = co_await ask(batch);
  const Expected<std::vector<double>> predicted = predictions(known, options, batch);
  if (!predicted) co_return false;
  double mean = 0, variance = 0, worst = 0;
  for (const double answer : answers) mean += answer / kComparisons;
  for (const double answer : answers) variance += (answer - mean) * (answer - mean) / kComparisons;
  for (std::size_t i = 0; i < kComparisons; ++i) {
    LengthGap& gap = known.gaps[i % kLongestGap];
    ++gap.questions;
    gap.worst_gap = std::max(gap.worst_gap, std::abs(answers[i] - (*predicted)[i]));
    worst = std::max(worst, gap.worst_gap);
  }
  known.spread = std::sqrt(variance);
  known.function_gap = known.spread > 0 ? worst / known.spread : worst;
  co_return true;
}

std::string gap_text(const BoxKnowledge& known) {
  return "largest gap " + short_text(known.function_gap * known.spread) + " in " +
         std::to_string(kComparisons) + " fresh answers of standard deviation " +
         short_text(known.spread);
}

}  // namespace

BoxKnowledge::BoxKnowledge(std::size_t dim) : learned(dim), function_gap(kUnknown) {}

double predicted_queries(const BoxOptions& options, std::size_t dim, std::size_t found_rank) {
  const double d = static_cast<double>(dim);
  if (options.model == BoxModel::kSingle) return d * d + d;
  if (options.model == BoxModel::kTransformer) return kUnknown;
  const std::size_t rank = options.rank > 0 ? options.rank : found_rank;
  const std::size_t vanishing = options.rank == 0 ? dim - rank : 0;
  return static_cast<double>(range_finder_queries(dim, rank) + vanishing);
}

Inquiry<Outcome> learn_black_box(BoxKnowledge& known, BoxOptions options) {
  Inquiry<Outcome> learner = learner_of(known, options);
  while (learner.advance()) {
    std::vector<double> answers = co_await ask(*learner.asked());
    for (const double answer : answers) {
      known.single_precision &= answer == static_cast<double>(static_cast<float>(answer));
    }
    learner.answer(std::move(answers));
  }
  Outcome outcome = learner.result();
  const bool judged = outcome.status == ExtractionStatus::kRecovered ||
                      outcome.status == ExtractionStatus::kNotAMatch;
  if (judged && complete(known)) {
    Inquiry<bool> comparing = compare(known, options);
    const bool compared = co_await comparing;
    if (compared && outcome.status == ExtractionStatus::kNotAMatch && known.single_precision &&
        known.function_gap <= kSinglePrecision) {
      outcome = {
          ExtractionStatus::kRecovered,
          "The recovered model predicts the answers to single precision: " + gap_text(known) + "."};
    }
    if (compared && outcome.status == ExtractionStatus::kRecovered &&
        !(known.function_gap <= (known.single_precision ? kSinglePrecision : 100 * kExact))) {
      outcome = {ExtractionStatus::kNotAMatch,
                 "The recovered model passed the first check but not the second: " +
                     gap_text(known) + "."};
    }
  }
  const bool rounded = known.single_precision && known.function_gap > kRounding;
  if (outcome.status == ExtractionStatus::kRecovered && rounded) {
    outcome.evidence += " All answers are single-precision numbers.";
  }
  if (outcome.status != ExtractionStatus::kNotAMatch) co_return outcome;
  Inquiry<std::string> diagnosing =
      diagnose({known.dim(), options.model == BoxModel::kTransformer,
                known.single_precision ? kSinglePrecision : kExact},
               RandomStream(options.seed, hash_name("extract/diagnosis"), 0));
  const std::string sentence = co_await diagnosing;
  if (!sentence.empty()) outcome.evidence += " " + sentence;
  co_return outcome;
}

}  // namespace attnlab::extraction
