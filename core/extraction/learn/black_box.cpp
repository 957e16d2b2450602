#include "core/extraction/learn/black_box.h"

#include <algorithm>
#include <cmath>

#include "core/base/text.h"
#include "core/extraction/learn/dense.h"
#include "core/extraction/learn/diagnosis.h"
#include "core/extraction/learn/low_rank.h"
#include "core/extraction/learn/shifted_probes.h"
#include "core/extraction/learn/single_head.h"

namespace attnlab::extraction {
namespace {

constexpr double kExact = 1e-6;
constexpr std::size_t kTelling = 64;  // answers that show whether there is a grain
constexpr std::size_t kKept = 4096;   // answers that determine the grain
// Largest gaps in units of the expected root mean square: over all answers, which share the errors
// of one W, and of one answer. Its error is a product of normal numbers, with heavier tails than a
// normal number.
constexpr double kTypical = 4, kFarthest = 20;
constexpr double kTooCoarse = 0.25;  // of the spread: typical gaps that hide other kinds of boxes
constexpr double kAnyGap = 1e300;    // tolerance of a first check that accepts every model
constexpr double kVanishing = 6;     // standard deviations of a column that is only rounding
constexpr std::size_t kComparisons = 200;

/// The learner of a head. `plan` and `vanishing` are given for answers with a grain; their model is
/// checked against that grain later.
Inquiry<Outcome> head_learner(BoxKnowledge& known, const BoxOptions& options,
                              const ProbePlan* plan = nullptr, double vanishing = 0) {
  if (options.model == BoxModel::kSingle) {
    SingleHeadOptions single;
    single.seed = options.seed;
    if (plan != nullptr) {
      single.probe_norm = plan->probe;
      single.value_length = plan->value;
      single.largest_form = plan->largest;
      single.tolerance = kAnyGap;
    }
    return learn_single_head(known.learned.head, single);
  }
  RangeFinderOptions range;
  range.rank = options.rank;
  range.seed = options.seed;
  if (plan != nullptr) {
    range.probe_norm = plan->probe;
    range.value_length = plan->value;
    range.largest_form = plan->largest;
    range.vanishing = std::max(range.vanishing, vanishing);
    range.tolerance = kAnyGap;
  }
  return learn_low_rank(known.learned.head, known.rank, range);
}

Inquiry<Outcome> learner_of(BoxKnowledge& known, const BoxOptions& options) {
  if (options.model != BoxModel::kTransformer) return head_learner(known, options);
  TransformerOptions transformer;
  transformer.network.seed = options.seed;
  // A network that is not piecewise linear seems to have kinks everywhere: a budget ends the
  // search.
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

/// 200 fresh inputs, of lengths 1 to 6 in turn.
QueryBatch comparison_inputs(std::size_t dim, std::uint64_t seed) {
  RandomStream stream(seed, hash_name("extract/gap"), 1);
  QueryBatch batch(dim, QueryPurpose::kCheck);
  std::vector<double> token(dim);
  for (std::size_t i = 0; i < kComparisons; ++i) {
    std::vector<std::uint32_t> members;
    for (std::size_t n = 0; n <= i % kLongestGap; ++n) {
      stream.fill_normal(token);
      members.push_back(batch.token(token));
    }
    batch.query(members);
  }
  return batch;
}

/// Fills spread, function_gap and gaps. Gives the predictions.
Expected<std::vector<double>> compare(BoxKnowledge& known, const BoxOptions& options,
                                      const QueryBatch& batch, std::span<const double> answers) {
  Expected<std::vector<double>> predicted = predictions(known, options, batch);
  if (!predicted) return predicted;
  known.gaps = {};
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
  return predicted;
}

std::string gap_text(const BoxKnowledge& known) {
  return "largest gap " + short_text(known.function_gap * known.spread) + " in " +
         std::to_string(kComparisons) + " fresh answers of standard deviation " +
         short_text(known.spread);
}

void keep(BoxKnowledge& known, std::span<const double> answers) {
  const std::size_t room = kKept - std::min(kKept, known.seen.size());
  const std::span<const double> first = answers.first(std::min(room, answers.size()));
  known.seen.insert(known.seen.end(), first.begin(), first.end());
}

/// A search for kinks does not end by itself where rounding makes steps everywhere.
Outcome no_kinks(const Grain& grain) {
  return {ExtractionStatus::kBudgetExhausted,
          "Answers are " + grain.text() +
              "; the search for the kinks of a network needs exact answers and was skipped."};
}

std::string one_digit(double x) {
  return short_text(to_digits(x, 1));
}

/// Whether the grain explains the gaps, and the sentence that says so. Where the gaps are larger
/// than the grain explains, `known.error` grows by the same factor.
Outcome judge_rounded(BoxKnowledge& known, std::span<const double> answers,
                      std::span<const double> predicted) {
  double squares = 0, expected = 0, allowed = 0, coarsest = 0;
  bool explained = true;
  for (std::size_t i = 0; i < answers.size(); ++i) {
    const double gap = std::abs(answers[i] - predicted[i]);
    const double size = std::max(std::abs(answers[i]), std::abs(predicted[i]));
    const double usual = expected_gap(known.grain, known.error, known.dim(), known.spread, size);
    const double arithmetic = arithmetic_gap(known.grain, size);
    explained = explained && gap <= kFarthest * usual + arithmetic;
    coarsest = std::max(coarsest, kFarthest * usual + arithmetic);
    squares += gap * gap;
    expected += usual * usual;
    allowed += std::pow(kTypical * usual + arithmetic, 2);
  }
  explained = explained && squares <= allowed;
  known.accepted = known.spread > 0 ? coarsest / known.spread : coarsest;
  const std::string grain = "Answers are " + known.grain.text();
  const double more = std::sqrt(squares / expected);
  if (explained && more > 1) {
    known.error.value *= more;
    known.error.weight *= more;
  }
  const std::string gaps = gap_text(known) + ".";
  if (!explained) {
    return {ExtractionStatus::kNotAMatch,
            grain + ", which does not explain their distance from the recovered model: " + gaps};
  }
  if (std::sqrt(allowed / static_cast<double>(answers.size())) > kTooCoarse * known.spread) {
    return {ExtractionStatus::kNotIdentifiable,
            grain + ": that is so coarse that boxes of other kinds give the same answers (" +
                gap_text(known) + ")."};
  }
  return {ExtractionStatus::kRecovered,
          grain + ": each entry of W is known to about " + one_digit(known.error.weight) +
              ", and of v to about " + one_digit(known.error.value) +
              " (root mean square). The recovered model predicts all answers within the error that "
              "this explains: " +
              gaps};
}

HeadError error_of(const BoxKnowledge& known, const BoxOptions& options, const ProbePlan& plan) {
  const Head head{known.learned.head.weight.clone(), known.learned.head.value};
  HeadError error = rounding_error(known.grain, head, plan);
  if (options.model == BoxModel::kLowRank) {
    error.weight *= range_finder_gain(head.weight, known.rank, options.seed);
  }
  return error;
}

/// Recovers digits that rounding lost (shifted_probes.h), and judges the refined head by the same
/// fresh answers. Where that does not help, the outcome stays.
Inquiry<Outcome> refine(BoxKnowledge& known, BoxOptions options, std::vector<double> answers,
                        Outcome outcome) {
  HeadKnowledge refined(known.dim());
  refined.value = known.learned.head.value;
  refined.weight = known.learned.head.weight.clone();
  Inquiry<HeadError> refining = refine_by_shifts(refined, known.grain, {.seed = options.seed});
  const HeadError error = co_await refining;
  if (!(error.weight < known.error.weight)) co_return outcome;
  known.learned.head.value = refined.value;
  known.learned.head.weight = std::move(refined.weight);
  known.error = error;
  const QueryBatch batch = comparison_inputs(known.dim(), options.seed);
  const Expected<std::vector<double>> predicted = compare(known, options, batch, answers);
  if (predicted) outcome = judge_rounded(known, answers, *predicted);
  co_return outcome;
}

/// Learns a head from answers with a grain once more, with probes that suit the grain and the head
/// learned so far, and judges it by that grain.
Inquiry<Outcome> learn_rounded(BoxKnowledge& known, BoxOptions options) {
  const ProbePlan plan = plan_probes(known.grain, known.learned.head);
  double vanishing = 0;
  if (complete(known)) {
    const Head head{known.learned.head.weight.clone(), known.learned.head.value};
    const double column = std::sqrt(static_cast<double>(known.dim())) *
                          rounding_error(known.grain, head, plan).weight;
    vanishing = kVanishing * column / plan.largest;
  }
  Inquiry<Outcome> learner = head_learner(known, options, &plan, vanishing);
  Outcome outcome = co_await learner;
  const bool judged = outcome.status == ExtractionStatus::kRecovered ||
                      outcome.status == ExtractionStatus::kNotAMatch;
  if (!judged || !complete(known)) co_return outcome;
  known.error = error_of(known, options, plan);
  const QueryBatch batch = comparison_inputs(known.dim(), options.seed);
  std::vector<double> answers = co_await ask(batch);
  const Expected<std::vector<double>> predicted = compare(known, options, batch, answers);
  if (!predicted) co_return outcome;
  outcome = judge_rounded(known, answers, *predicted);
  const bool floating = known.grain.kind != GrainKind::kStep;
  if (outcome.status != ExtractionStatus::kNotAMatch && options.shifts && floating &&
      options.model == BoxModel::kSingle) {
    Inquiry<Outcome> refining = refine(known, options, std::move(answers), std::move(outcome));
    outcome = co_await refining;
  }
  co_return outcome;
}

/// Judges a model of exact answers by 200 more of them.
Inquiry<Outcome> judge_exact(BoxKnowledge& known, BoxOptions options, Outcome outcome) {
  const QueryBatch batch = comparison_inputs(known.dim(), options.seed);
  const std::vector<double> answers = co_await ask(batch);
  const Expected<std::vector<double>> predicted = compare(known, options, batch, answers);
  const bool compared = static_cast<bool>(predicted);
  if (compared && outcome.status == ExtractionStatus::kRecovered &&
      !(known.function_gap <= 100 * kExact)) {
    outcome = {
        ExtractionStatus::kNotAMatch,
        "The recovered model passed the first check but not the second: " + gap_text(known) + "."};
  }
  co_return outcome;
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
  const bool network = options.model == BoxModel::kTransformer;
  Inquiry<Outcome> learner = learner_of(known, options);
  while (learner.advance()) {
    std::vector<double> answers = co_await ask(*learner.asked());
    const bool enough = known.seen.size() < kTelling;
    keep(known, answers);
    if (network && enough && known.seen.size() >= kTelling) {
      known.grain = find_grain(known.seen);
      if (!known.grain.exact()) co_return no_kinks(known.grain);
    }
    learner.answer(std::move(answers));
  }
  Outcome outcome = learner.result();
  known.grain = find_grain(known.seen);
  const bool judged = outcome.status == ExtractionStatus::kRecovered ||
                      outcome.status == ExtractionStatus::kNotAMatch;
  if (judged && !network && !known.grain.exact()) {
    Inquiry<Outcome> learning = learn_rounded(known, options);
    outcome = co_await learning;
  } else if (judged && complete(known)) {
    Inquiry<Outcome> judging = judge_exact(known, options, std::move(outcome));
    outcome = co_await judging;
  }
  if (outcome.status != ExtractionStatus::kNotAMatch) co_return outcome;
  Inquiry<std::string> diagnosing =
      diagnose({known.dim(), network, kExact, known.grain},
               RandomStream(options.seed, hash_name("extract/diagnosis"), 0));
  const std::string sentence = co_await diagnosing;
  if (!sentence.empty()) outcome.evidence += " " + sentence;
  co_return outcome;
}

}  // namespace attnlab::extraction
