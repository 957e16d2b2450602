#include "core/extraction/learn/black_box.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "core/base/text.h"
#include "core/extraction/learn/dense.h"
#include "core/extraction/learn/diagnosis.h"
#include "core/extraction/learn/low_rank.h"
#include "core/extraction/learn/shifted_probes.h"
#include "core/extraction/learn/single_head.h"

namespace attnlab::extraction {
namespace {

constexpr double kExact = 1e-6;
constexpr std::size_t kTelling = 64;     // answers that show whether there is a grain
constexpr std::size_t kKept = 4096;      // answers that determine the grain
constexpr std::size_t kKeptMore = 1024;  // further ones of each part of learning once more
constexpr int kPasses = 3;               // over rounded answers, if each shows another grain
// Largest gaps in units of the expected root mean square: over all answers, which share the errors
// of one W, and of one answer. Its error is a product of normal numbers, with heavier tails than a
// normal number.
constexpr double kTypical = 4, kFarthest = 20;
constexpr double kTooCoarse = 0.25;  // of the spread: typical gaps that hide other kinds of boxes
constexpr double kAnyGap = 1e300;    // tolerance of a first check that accepts every model
constexpr double kVanishing = 6;     // standard deviations of a column that is only rounding
constexpr std::size_t kComparisons = 200;
constexpr double kUnbelievable = 3;  // times the law: a box that rounds on the way
constexpr double kNoChance = 2;      // times what rounding adds to fresh answers: an error of v
// The stated bound is this many times the law (errors spread evenly reach 1.7 root mean squares),
// or the error that fresh questions show, which 48 products of normal numbers find to about a
// fifth.
constexpr double kLawMargin = 2, kShownMargin = 1.5;

bool gave_up(const Outcome& outcome) {
  return outcome.status == ExtractionStatus::kNotAMatch ||
         outcome.status == ExtractionStatus::kNotIdentifiable;
}

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
    const double off = std::abs(answers[i] - (*predicted)[i]);
    gap.worst_gap = larger_gap(gap.worst_gap, off);
    worst = larger_gap(worst, off);
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

/// Keeps the first answers, `room` at most, which becomes smaller.
void keep(BoxKnowledge& known, std::span<const double> answers, std::size_t& room) {
  const std::span<const double> first = answers.first(std::min(room, answers.size()));
  known.seen.insert(known.seen.end(), first.begin(), first.end());
  room -= first.size();
}

/// The inquiry, its answers kept.
template <class T>
Inquiry<T> keep_answers(BoxKnowledge& known, Inquiry<T> inquiry) {
  std::size_t room = kKeptMore;
  while (inquiry.advance()) {
    std::vector<double> answers = co_await ask(*inquiry.asked());
    keep(known, answers, room);
    inquiry.answer(std::move(answers));
  }
  co_return std::move(inquiry.result());
}

/// Whether all answers so far show another grain, which is then taken for theirs.
bool shows_another_grain(BoxKnowledge& known) {
  const Grain grain = find_grain(known.seen);
  const bool same = grain.kind == known.grain.kind && grain.figures == known.grain.figures &&
                    std::abs(grain.step - known.grain.step) <= 1e-9 * grain.step &&
                    std::abs(grain.log_step - known.grain.log_step) <= 1e-9 * grain.log_step;
  if (same || grain.exact()) return false;
  known.grain = grain;
  return true;
}

/// A search for kinks does not end by itself where rounding makes steps everywhere.
Outcome no_kinks(const Grain& grain) {
  return {ExtractionStatus::kBudgetExhausted,
          "Answers are " + grain.text() +
              "; the search for the kinks of a network needs exact answers and was skipped."};
}

/// Of a bound: rounded up.
std::string one_digit(double x) {
  const double down = to_digits(x, 1);
  const Grain digit{GrainKind::kDigits, 0, 1};
  return short_text(down < x ? to_digits(down + digit.at(down), 1) : down);
}

/// Whether the grain explains the gaps, and a sentence about them. Where the gaps are larger than
/// the grain explains, `known.error` grows by the same factor.
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
  return {ExtractionStatus::kRecovered, gaps};
}

/// The sentence about a head that was recovered, its outcome by judge_rounded().
void say_bound(const BoxKnowledge& known, Outcome& outcome) {
  if (outcome.status != ExtractionStatus::kRecovered) return;
  outcome.evidence =
      "Answers are " + known.grain.text() + ": each entry of W is known to about " +
      one_digit(known.bound.weight) + ", and of v to about " + one_digit(known.bound.value) +
      " (root mean square; " + std::to_string(kHeldOutQuestions) +
      " fresh questions in other directions agree). The recovered model predicts all answers "
      "within the error that this explains: " +
      outcome.evidence;
}

HeadError error_of(const BoxKnowledge& known, const BoxOptions& options, const ProbePlan& plan) {
  const Head head{known.learned.head.weight.clone(), known.learned.head.value};
  HeadError error = rounding_error(known.grain, head, plan);
  if (options.model == BoxModel::kLowRank) {
    error.weight *= range_finder_gain(head.weight, known.rank, options.seed);
  }
  return error;
}

HeadKnowledge copy_of(const HeadKnowledge& head) {
  HeadKnowledge copy(head.value.size());
  copy.value = head.value;
  copy.weight = head.weight.clone();
  copy.repeated = head.repeated;
  return copy;
}

/// A head with its error by the law, and by fresh questions.
struct Candidate {
  HeadKnowledge head;
  HeadError law;
  HeldOutError shown;

  HeadError bound(const Grain& grain) const {
    HeadError bound{kLawMargin * law.value,
                    std::max(kLawMargin * law.weight, kShownMargin * shown.measured.weight)};
    if (shown.measured.value > kNoChance * std::hypot(law.value, shown.rounding.value)) {
      bound.value = std::max(bound.value, kShownMargin * shown.measured.value);
    }
    // A box that rounds on the way may round v, half a grain, and what it does with v.
    if (rounds_on_the_way()) {
      double squares = 0;
      for (const double v : head.value) squares += std::pow(grain.at(v), 2);
      bound.value =
          std::max(bound.value, std::sqrt(squares / static_cast<double>(head.value.size())));
    }
    return bound;
  }
  bool rounds_on_the_way() const {
    return !(shown.measured.weight <=
             kUnbelievable * std::hypot(law.weight, shown.rounding.weight));
  }
  /// What the law must be for what is shown.
  HeadError error() const {
    return {law.value, rounds_on_the_way() ? shown.measured.weight : law.weight};
  }
};

/// Judges the head by the fresh answers.
Outcome judge_candidate(BoxKnowledge& known, const BoxOptions& options, const Candidate& candidate,
                        std::span<const double> answers, Outcome otherwise) {
  known.learned.head = copy_of(candidate.head);
  known.error = candidate.error();
  known.bound = candidate.bound(known.grain);
  const QueryBatch batch = comparison_inputs(known.dim(), options.seed);
  const Expected<std::vector<double>> predicted = compare(known, options, batch, answers);
  if (!predicted) return otherwise;
  Outcome outcome = judge_rounded(known, answers, *predicted);
  say_bound(known, outcome);
  return outcome;
}

/// Recovers digits that rounding lost (shifted_probes.h), and asks fresh questions: of the head as
/// learned and the refined one, the better by these is judged. Nothing where the answers to the
/// shifted probes show another grain, if `again`.
Inquiry<std::optional<Outcome>> improve(BoxKnowledge& known, BoxOptions options, ProbePlan plan,
                                        std::vector<double> answers, Outcome outcome, bool again) {
  Candidate learned{copy_of(known.learned.head), known.error, {}};
  Candidate refined{copy_of(known.learned.head), {}, {}};
  refined.law.weight = INFINITY;
  const bool floating = known.grain.kind != GrainKind::kStep;
  if (options.shifts && floating && options.model == BoxModel::kSingle) {
    Inquiry<HeadError> refining =
        keep_answers(known, refine_by_shifts(refined.head, known.grain, {.seed = options.seed}));
    refined.law = co_await refining;
    if (again && shows_another_grain(known)) co_return std::nullopt;
  }
  const bool better = refined.law.weight < learned.law.weight;
  Inquiry<HeldOut> asking =
      ask_held_out(better ? refined.head : learned.head, known.grain, plan, options.seed);
  const HeldOut held = co_await asking;
  learned.shown = held_out_error(held, learned.head, known.grain);
  if (better) {
    refined.shown = held_out_error(held, refined.head, known.grain);
    if (refined.bound(known.grain).weight < learned.bound(known.grain).weight) {
      Outcome judged = judge_candidate(known, options, refined, answers, outcome);
      if (judged.status == ExtractionStatus::kRecovered) co_return judged;
    }
  }
  co_return judge_candidate(known, options, learned, answers, outcome);
}

/// Learns a head from answers with a grain once more, with probes that suit the grain and the head
/// learned so far, and judges it by that grain.
Inquiry<Outcome> learn_rounded(BoxKnowledge& known, BoxOptions options) {
  const HeadKnowledge first = copy_of(known.learned.head);
  const bool whole = complete(known);
  const QueryBatch comparisons = comparison_inputs(known.dim(), options.seed);
  std::vector<double> fresh;
  for (int pass = 1;; ++pass) {
    const bool again = pass < kPasses;
    const ProbePlan plan = plan_probes(known.grain, first);
    double vanishing = 0;
    if (whole) {
      const Head head{first.weight.clone(), first.value};
      const double column = std::sqrt(static_cast<double>(known.dim())) *
                            rounding_error(known.grain, head, plan).weight;
      vanishing = kVanishing * column / plan.largest;
    }
    Inquiry<Outcome> learner = keep_answers(known, head_learner(known, options, &plan, vanishing));
    Outcome outcome = co_await learner;
    if (fresh.empty()) {
      fresh = co_await ask(comparisons);
      std::size_t room = kKeptMore;
      keep(known, fresh, room);
    }
    if (again && shows_another_grain(known)) continue;
    const bool judged = outcome.status == ExtractionStatus::kRecovered ||
                        outcome.status == ExtractionStatus::kNotAMatch;
    if (!judged || !complete(known)) co_return outcome;
    known.error = error_of(known, options, plan);
    const Expected<std::vector<double>> predicted = compare(known, options, comparisons, fresh);
    if (!predicted) co_return outcome;
    outcome = judge_rounded(known, fresh, *predicted);
    if (outcome.status == ExtractionStatus::kNotAMatch) co_return outcome;
    Inquiry<std::optional<Outcome>> improving =
        improve(known, options, plan, fresh, std::move(outcome), again);
    std::optional<Outcome> improved = co_await improving;
    if (improved) co_return std::move(*improved);
  }
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
  std::size_t room = kKept;
  Inquiry<Outcome> learner = learner_of(known, options);
  while (learner.advance()) {
    std::vector<double> answers = co_await ask(*learner.asked());
    const bool enough = known.seen.size() < kTelling;
    keep(known, answers, room);
    if (network && enough && known.seen.size() >= kTelling) {
      known.grain = find_grain(known.seen);
      if (!known.grain.exact()) co_return no_kinks(known.grain);
    }
    learner.answer(std::move(answers));
  }
  Outcome outcome = learner.result();
  if (!network && gave_up(outcome)) {
    // Few answers may hide a grain, and a grain a head: more answers, also to long tokens.
    const ProbePlan plan = longest_probes();
    QueryBatch more = comparison_inputs(known.dim(), options.seed);
    add_value_queries(more, plan.value);
    const std::vector<double> answers = co_await ask(more);
    keep(known, answers, room);
    const std::span<const double> values = std::span(answers).last(known.dim());
    if (largest_magnitude(known.learned.head.value) == 0 && largest_magnitude(values) > 0) {
      Inquiry<Outcome> again = keep_answers(known, head_learner(known, options, &plan));
      outcome = co_await again;
    }
  }
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
