#include "core/extraction/by_hand.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/extraction/learn/dense.h"
#include "core/extraction/learn/forms.h"
#include "core/extraction/learn/oracle.h"
#include "core/numerics/random.h"

namespace attnlab::extraction {
namespace {

constexpr double kUnit = 0x1p-53;
/// Rounding of an answer in units of the sum of |values|: a score of up to 50 and two exponentials.
constexpr double kRoundings = 64;
constexpr double kLeastWeight = 1e-6;  // nearer to 0 or 1 rounding hides more than 8 digits

/// Rounding of an answer to the question.
double answer_error(const Head& head, const HandQuestion& question) {
  return kRoundings * kUnit *
         (std::abs(dot(head.value, question.first)) + std::abs(dot(head.value, question.query)));
}

std::vector<double> ask(const Head& head, std::span<const HandQuestion> questions) {
  QueryBatch batch(2);
  for (const HandQuestion& question : questions) {
    const std::uint32_t first = batch.token(question.first);
    batch.query({first, batch.token(question.query)});
  }
  HeadsOracle box(head.clone());
  const Expected<std::vector<double>> answers = box.ask(batch);
  return answers ? *answers : std::vector<double>(questions.size(), kUnknown);
}

/// Both weights are 1/2 whatever W is.
bool ignores_weights(const HandQuestion& question) {
  const PlaneVector zero{};
  return difference_of(question) == zero || question.query == zero;
}

void learn_value(Interrogation& known, HandAnswer& asked, double error) {
  const auto& [first, query] = asked.question;
  const PlaneVector middle{(first[0] + query[0]) / 2, (first[1] + query[1]) / 2};
  asked.weight = 0.5;
  asked.score = 0;
  asked.lesson = known.values.add(middle, asked.answer, error) ? Lesson::kValue : Lesson::kNothing;
}

Lesson lesson_of_weight(Interrogation& known, HandAnswer& asked, double error) {
  const PlaneVector difference = difference_of(asked.question);
  const PlaneVector& query = asked.question.query;
  if (!known.values.knows(difference) || !known.values.knows(query)) return Lesson::kValueFirst;
  const double gap = known.values.value(difference), base = known.values.value(query);
  error += known.values.error(difference) + known.values.error(query);
  if (std::abs(gap) * kLeastWeight <= error) return Lesson::kSameValue;
  asked.weight = (asked.answer - base) / gap;
  const double spread = asked.weight * (1 - asked.weight);
  if (!(spread > kLeastWeight)) return Lesson::kSaturated;
  asked.score = logit(asked.weight);
  const double of_score = kRoundings * kUnit + error / (std::abs(gap) * spread);
  const auto function = score_function(difference, query);
  return known.scores.add(function, asked.score, of_score) ? Lesson::kEquation : Lesson::kNothing;
}

}  // namespace

// --- Known functions -----------------------------------------------------------------------------

std::vector<double> KnownFunctions::remainder(std::span<const double> c) const {
  std::vector<double> rest(c.begin(), c.end());
  for (int pass = 0; pass < 2; ++pass) {  // the second pass removes what rounding left
    for (const Direction& one : known_) add_scaled(-dot(one.unit, rest), one.unit, rest);
  }
  return rest;
}

double KnownFunctions::news(std::span<const double> c) const {
  const double length = norm(c);
  return length == 0 ? 0 : norm(remainder(c)) / length;
}

double KnownFunctions::value(std::span<const double> c) const {
  double sum = 0;
  for (const Direction& one : known_) sum += dot(one.unit, c) * one.value;
  return sum;
}

double KnownFunctions::error(std::span<const double> c) const {
  double sum = 0;
  for (const Direction& one : known_) {
    sum += std::abs(dot(one.unit, c)) * (one.error + kRoundings * kUnit * std::abs(one.value));
  }
  return sum;
}

bool KnownFunctions::add(std::span<const double> c, double value, double error) {
  if (knows(c)) return false;
  Direction fresh{remainder(c), 0, 0};
  const double length = norm(fresh.unit);
  for (double& entry : fresh.unit) entry /= length;
  fresh.value = (value - this->value(c)) / length;
  fresh.error = (error + this->error(c)) / length;
  known_.push_back(std::move(fresh));
  return true;
}

// --- Questions -----------------------------------------------------------------------------------

std::string_view lesson_text(Lesson lesson) {
  switch (lesson) {
    case Lesson::kValue:
      return "a value of v";
    case Lesson::kEquation:
      return "an equation for W";
    case Lesson::kNothing:
      return "nothing new";
    case Lesson::kValueFirst:
      return "nothing before v is known";
    case Lesson::kSameValue:
      return "nothing: equal values";
    case Lesson::kSaturated:
      return "nothing: saturated";
  }
  return {};
}

PlaneVector difference_of(const HandQuestion& question) {
  return {question.first[0] - question.query[0], question.first[1] - question.query[1]};
}

std::array<double, 4> score_function(const PlaneVector& difference, const PlaneVector& query) {
  return {difference[0] * query[0], difference[0] * query[1], difference[1] * query[0],
          difference[1] * query[1]};
}

Interrogation interrogate(const Head& head, std::span<const HandQuestion> questions) {
  Interrogation known;
  const std::vector<double> answers = ask(head, questions);
  for (std::size_t k = 0; k < questions.size(); ++k) {
    known.answers.push_back({questions[k], answers[k], kUnknown, kUnknown, Lesson::kNothing});
  }
  for (HandAnswer& asked : known.answers) {
    if (ignores_weights(asked.question))
      learn_value(known, asked, answer_error(head, asked.question));
  }
  for (HandAnswer& asked : known.answers) {
    if (ignores_weights(asked.question)) continue;
    asked.lesson = lesson_of_weight(known, asked, answer_error(head, asked.question));
  }
  return known;
}

ImageKnowledge image_knowledge(const Interrogation& known, const PlaneVector& q) {
  // The normals n for which n^T W q is known: a subspace of the plane. Its rank and, if it is a
  // line, its direction follow from what is new for normals of all directions.
  const PlaneVector e1{1, 0}, e2{0, 1};
  const KnownFunctions& scores = known.scores;
  const auto knows = [&](const PlaneVector& normal) {
    return scores.knows(score_function(normal, q));
  };
  const auto value = [&](const PlaneVector& normal) {
    return scores.value(score_function(normal, q));
  };
  if (knows(e1) && knows(e2)) return {2, {}, {value(e1), value(e2)}};
  // news(cos t, sin t)^2 = mean + amplitude cos 2(t - t0): the least of it is opposite t0.
  const auto square = [&](const PlaneVector& normal) {
    const double news = scores.news(score_function(normal, q));
    return news * news;
  };
  const double along = (square(e1) - square(e2)) / 2;
  const double across = square({std::sqrt(0.5), std::sqrt(0.5)}) - (square(e1) + square(e2)) / 2;
  const double least = std::atan2(-across, -along) / 2;
  const PlaneVector normal{std::cos(least), std::sin(least)};
  if (!knows(normal)) return {};
  return {1, {normal, value(normal)}, {}};
}

std::optional<PlaneLine> line_of(const Interrogation& known, const HandQuestion& question,
                                 const PlaneVector& q) {
  const PlaneVector normal = difference_of(question);
  const auto function = score_function(normal, q);
  if (norm(normal) == 0 || !known.scores.knows(function)) return {};
  return PlaneLine{normal, known.scores.value(function)};
}

BlindLines blind_lines(const Interrogation& known, const PlaneVector& query) {
  BlindLines lines;
  const auto through_query = [&](const PlaneVector& normal) {
    return PlaneLine{normal, dot(normal, query)};
  };
  const ImageKnowledge image = image_knowledge(known, query);
  if (image.rank == 1) {
    const PlaneVector& direction = image.line.normal;
    lines.known = through_query({-direction[1], direction[0]});
  }
  if (known.values.rank() == 2) {
    const PlaneVector e1{1, 0}, e2{0, 1};
    lines.same_value = through_query({known.values.value(e1), known.values.value(e2)});
  }
  return lines;
}

Head draw_hand_head(std::uint64_t seed, std::uint32_t index) {
  RandomStream stream(seed, hash_name("extract-by-hand"), index);
  Head head{Matrix<double>(2, 2), {0, 0}};
  for (std::size_t i = 0; i < 2; ++i) {
    for (std::size_t j = 0; j < 2; ++j) head.weight(i, j) = 1.5 * (2 * stream.uniform() - 1);
  }
  for (double& entry : head.value) {
    const double size = 0.5 + stream.uniform();
    entry = stream.uniform() < 0.5 ? -size : size;
  }
  return head;
}

}  // namespace attnlab::extraction
