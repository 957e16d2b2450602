// extract-by-hand: the reader asks one hidden head of dimension 2, live.
#include <algorithm>
#include <cmath>

#include "core/base/text.h"
#include "core/experiment/parameters.h"
#include "core/extraction/by_hand.h"
#include "core/extraction/experiments.h"
#include "core/extraction/layer.h"
#include "core/findings/findings.h"
#include "core/findings/verdict.h"

namespace attnlab::extraction {
namespace {

constexpr std::size_t kMostQuestions = 16;
constexpr std::uint32_t kHeads = 100;
constexpr double kRecovered = 1e-6;  // largest error of an entry
constexpr double kTrusted = 1e-7;    // largest bound on it of a head that is judged

std::vector<HandQuestion> asked_questions(const RunSpec& spec) {
  const std::vector<double>& entries = spec.parameters.reals("asked");
  std::vector<HandQuestion> questions;
  for (std::size_t i = 0; i + 3 < entries.size(); i += 4) {
    questions.push_back({{entries[i], entries[i + 1]}, {entries[i + 2], entries[i + 3]}});
  }
  return questions;
}

PlaneVector plane_vector(const RunSpec& spec, const char* name) {
  const std::vector<double>& entries = spec.parameters.reals(name);
  return {entries[0], entries[1]};
}

HandPicture picture_of(const RunSpec& spec) {
  HandPicture picture;
  picture.head = draw_hand_head(spec.seed, 0);
  picture.present = {plane_vector(spec, "token"), plane_vector(spec, "query")};
  std::vector<HandQuestion> questions = asked_questions(spec);
  picture.asked = interrogate(picture.head, questions);
  questions.push_back(picture.present);
  picture.with_present = interrogate(picture.head, questions);
  return picture;
}

// --- Claims --------------------------------------------------------------------------------------

/// Largest error of an entry of v or W, and the largest bound on it from rounding.
struct HandError {
  double error = 0, bound = 0;
};

HandError error_of(const Head& head, const Interrogation& known) {
  HandError worst;
  const auto compare = [&](const KnownFunctions& functions, std::size_t k, double truth) {
    std::vector<double> entry(functions.dim(), 0.0);
    entry[k] = 1;
    worst.error = std::max(worst.error, std::abs(functions.value(entry) - truth));
    worst.bound = std::max(worst.bound, functions.error(entry));
  };
  for (std::size_t k = 0; k < 2; ++k) compare(known.values, k, head.value[k]);
  for (std::size_t k = 0; k < 4; ++k) compare(known.scores, k, head.weight(k / 2, k % 2));
  return worst;
}

Claim exact_claim(const RunSpec& spec, const HandPicture& picture) {
  Claim claim{"B1", "d² + d answers determine one softmax head.", ClaimStatus::kUndecided, {}};
  if (!picture.asked.complete()) {
    claim.evidence = "The answers so far determine " + std::to_string(picture.asked.learned()) +
                     " of the d² + d = 6 numbers of this head.";
    return claim;
  }
  const std::vector<HandQuestion> questions = asked_questions(spec);
  int judged = 0, wrong = 0;
  double worst = 0;
  for (std::uint32_t index = 0; index < kHeads; ++index) {
    const Head head = draw_hand_head(spec.seed, index);
    const Interrogation known = interrogate(head, questions);
    if (!known.complete()) continue;
    const HandError error = error_of(head, known);
    if (error.bound > kTrusted) continue;
    ++judged;
    wrong += error.error > kRecovered;
    worst = std::max(worst, error.error);
  }
  claim.evidence = "Your " + counted(questions.size(), "question") + ", put to this head and " +
                   std::to_string(kHeads - 1) + " others: " + counted(judged, "head") +
                   " known from 6 answers each, largest error of an entry " + short_text(worst) +
                   (judged < static_cast<int>(kHeads)
                        ? "; for the others a weight near 0 or 1 hides a score in rounding."
                        : ".");
  if (judged > 0) apply(judge_universal(wrong, judged, "head", "heads"), claim);
  return claim;
}

// --- Words ---------------------------------------------------------------------------------------

std::string what_asking_adds(const HandAnswer& preview) {
  switch (preview.lesson) {
    case Lesson::kValue:
      return "asking would give a value of v";
    case Lesson::kEquation:
      return "asking would give an equation for W";
    case Lesson::kNothing:
      return "asking would teach nothing: the answers so far already determine it";
    case Lesson::kValueFirst:
      return "asking would not help yet: first ask with a on b, to learn v";
    case Lesson::kSameValue:
      return "asking would teach nothing about W: both tokens have the same value v·x, so no "
             "weight shows";
    case Lesson::kSaturated:
      return "asking would teach nothing: one weight is so near to 0 or 1 that rounding hides the "
             "score; shorter tokens help";
  }
  return {};
}

std::string summary_of(const HandPicture& picture) {
  const std::size_t questions = picture.asked.answers.size();
  const std::string count = counted(questions, "question") + " asked, " +
                            std::to_string(picture.asked.learned()) +
                            " of d² + d = 6 numbers known. ";
  if (picture.asked.complete()) {
    return count + "W is where the lines of each colour cross: the head has no secret left.";
  }
  return count + "Here the head answers " + short_text(picture.preview().answer) + "; " +
         what_asking_adds(picture.preview()) + ".";
}

// --- Parameters ----------------------------------------------------------------------------------

Parameter token_parameter(const char* name, const char* label, const char* symbol, const char* help,
                          std::vector<double> value) {
  return described({.name = name,
                    .label = label,
                    .symbol = symbol,
                    .help = help,
                    .kind = ParameterKind::kRealTuple,
                    .min = -kHandReach,
                    .max = kHandReach,
                    .max_items = 2,
                    .min_items = 2,
                    .group = 2,
                    .default_value = reals(std::move(value)),
                    .primary = true});
}

Schema schema() {
  return {{token_parameter("token", "First token", "a", "entries a₁,a₂; drag it", {1, 1}),
           token_parameter("query", "Query token", "b",
                           "entries b₁,b₂; drag it. On a, the question has a single token", {1, 0}),
           described({.name = "asked",
                      .label = "Questions asked",
                      .help = "a₁,a₂,b₁,b₂ of every question; Ask adds the present one",
                      .kind = ParameterKind::kRealTuple,
                      .min = -kHandReach,
                      .max = kHandReach,
                      .max_items = 4 * kMostQuestions,
                      .min_items = 4,
                      .group = 4,
                      .default_value = reals({1, 0, 1, 0, 0, 1, 0, 1})})}};
}

std::vector<Preset> presets() {
  return {
      {"ask",
       "Ask it yourself",
       "The lab has asked e₁ and e₂ alone; that gives v. Four questions of two tokens give W. "
       "Press "
       "Ask, move a, ask again: two blue lines cross at W e₁. Then put b on e₂ = (0, 1) for the "
       "other column. Next: a question that teaches nothing.",
       {}},
      {"dependent",
       "A question that teaches nothing",
       "The difference a − b is twice the difference of question 3, and b is the same: the score "
       "is "
       "twice as large, and the answer is known before you ask. Drag a off the dotted lines, and "
       "Ask is useful again. Next: other query tokens.",
       {{"asked", "1,0,1,0,0,1,0,1,1.5,0.5,1,0"}, {"token", "2,1"}}},
      {"mixed",
       "Query tokens that mix the columns",
       "Question 3 had b = (1, 1): its answer constrains the sum of both columns, so it draws no "
       "line, although the count grew. The present question has b = e₁ and the same a − b: ask it, "
       "and the two answers together give a line for each column.",
       {{"asked", "1,0,1,0,0,1,0,1,0,1,1,1"}, {"token", "0,0"}}},
      {"six",
       "Six questions, nothing hidden",
       "Two questions of one token, two with b = e₁ and two with b = e₂: d² + d = 6. Another seed "
       "hides another head, and the same six questions find it.",
       {{"asked", "1,0,1,0,0,1,0,1,2,0,1,0,1,1,1,0,1,1,0,1,0,2,0,1"}, {"query", "0,1"}}},
  };
}

Expected<Plan> plan(const RunSpec&) {
  return Plan{};
}

}  // namespace

Experiment ByHandExperiment::face() {
  Experiment experiment;
  experiment.id = "extract-by-hand";
  experiment.family = "B";
  experiment.title = "Ask a head by hand";
  experiment.question = "How many answers until it has no secret?";
  experiment.summary =
      "A softmax head with tokens in the plane hides W and v. You choose the tokens of a question "
      "[a; b]. Its answer shows the weight of a, the weight shows the score (a − b)ᵀ W b, and that "
      "is one linear equation for the four entries of W: a line for a column of W if b is e₁ or "
      "e₂. After d² + d = 6 independent answers nothing is hidden.";
  experiment.schema = schema();
  experiment.layer = head_layer_text(experiment.schema);
  experiment.presets = presets();
  experiment.append = {
      "Ask", "Ask this question: it joins the questions asked", "asked", {"token", "query"}};
  experiment.plan = plan;
  return experiment;
}

Findings ByHandExperiment::find(const RunSpec& spec, std::span<const JobOutput>) {
  const HandPicture picture = picture_of(spec);
  Result result;
  result.tables = hand_tables(picture);
  result.claims.push_back(exact_claim(spec, picture));
  result.summary = summary_of(picture);
  return {std::move(result), hand_figures(picture)};
}

}  // namespace attnlab::extraction
