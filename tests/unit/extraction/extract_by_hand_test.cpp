#include <cmath>

#include "core/extraction/by_hand.h"
#include "core/extraction/learn/dense.h"
#include "core/numerics/random.h"
#include "tests/unit/extraction/experiment_runs.h"

using namespace attnlab;
using namespace attnlab::extraction;
using namespace attnlab::test;

namespace {

const PlaneVector kUnits[] = {{1, 0}, {0, 1}};
const HandQuestion kFirst{{1, 0}, {1, 0}}, kSecond{{0, 1}, {0, 1}};

bool teaches(Lesson lesson) {
  return lesson == Lesson::kValue || lesson == Lesson::kEquation;
}

/// f([first; query]) straight from the definition, one exponential a token.
double slow_answer(const Head& head, const HandQuestion& question) {
  const auto score = [&](const PlaneVector& token) {
    double sum = 0;
    for (std::size_t i = 0; i < 2; ++i) {
      for (std::size_t j = 0; j < 2; ++j) sum += token[i] * head.weight(i, j) * question.query[j];
    }
    return sum;
  };
  const auto value = [&](const PlaneVector& token) {
    return head.value[0] * token[0] + head.value[1] * token[1];
  };
  const double a = std::exp(score(question.first)), b = std::exp(score(question.query));
  return (a * value(question.first) + b * value(question.query)) / (a + b);
}

/// Tokens on the grid of the handles, or anywhere.
HandQuestion random_question(RandomStream& stream, bool grid) {
  HandQuestion question;
  for (PlaneVector* token : {&question.first, &question.query}) {
    for (double& entry : *token) {
      entry = grid ? 0.25 * (static_cast<double>(stream.below(17)) - 8) : 2 * stream.uniform() - 1;
    }
  }
  return question;
}

std::vector<HandQuestion> random_questions(RandomStream& stream, std::size_t count, bool grid) {
  std::vector<HandQuestion> questions{kFirst, kSecond};
  while (questions.size() < count) questions.push_back(random_question(stream, grid));
  return questions;
}

/// Rank of the equations for W by singular values.
std::size_t slow_rank(const Interrogation& known) {
  std::vector<std::array<double, 4>> rows;
  for (const HandAnswer& answer : known.answers) {
    if (!std::isfinite(answer.score) || answer.question.query == PlaneVector{}) continue;
    const PlaneVector difference = difference_of(answer.question);
    if (difference == PlaneVector{}) continue;
    rows.push_back(score_function(difference, answer.question.query));
  }
  while (rows.size() < 4) rows.push_back({});
  Matrix<double> equations(rows.size(), 4);
  for (std::size_t k = 0; k < rows.size(); ++k) {
    for (std::size_t i = 0; i < 4; ++i) equations(k, i) = rows[k][i];
  }
  const SingularValues values = singular_values(equations);
  std::size_t rank = 0;
  for (const double value : values.values) rank += value > 1e-7;
  return rank;
}

double largest_error(const Head& head, const Interrogation& known) {
  double largest = 0;
  for (std::size_t k = 0; k < 4; ++k) {
    std::array<double, 4> entry{};
    entry[k] = 1;
    largest = std::max(largest, std::abs(known.scores.value(entry) - head.weight(k / 2, k % 2)));
  }
  for (std::size_t k = 0; k < 2; ++k) {
    PlaneVector entry{};
    entry[k] = 1;
    largest = std::max(largest, std::abs(known.values.value(entry) - head.value[k]));
  }
  return largest;
}

double offset_of_truth(const Head& head, const PlaneVector& normal, std::size_t column) {
  return normal[0] * head.weight(0, column) + normal[1] * head.weight(1, column);
}

RunSpec hand(const Values& values, std::uint64_t seed = 1) {
  return spec_with(named("extract-by-hand"), values, seed);
}

const Series* series_of(const Figure& figure, std::string_view id) {
  for (const Series& series : figure.lines().series) {
    if (series.id == id) return &series;
  }
  return nullptr;
}

}  // namespace

TEST_CASE("by hand: answers are the definition's, and equal tokens ask for a single token") {
  RandomStream stream(1, hash_name("by-hand-test"), 0);
  for (std::uint32_t index = 0; index < 20; ++index) {
    const Head head = draw_hand_head(7, index);
    const auto questions = random_questions(stream, 10, index % 2 == 0);
    const Interrogation known = interrogate(head, questions);
    for (const HandAnswer& answer : known.answers) {
      CHECK(answer.answer == doctest::Approx(slow_answer(head, answer.question)).epsilon(1e-12));
    }
    CHECK(known.answers[0].answer == doctest::Approx(head.value[0]).epsilon(1e-15));
    CHECK(known.answers[0].lesson == Lesson::kValue);
  }
}

TEST_CASE("by hand: independent questions recover v and W; the rank is that of the equations") {
  RandomStream stream(2, hash_name("by-hand-test"), 0);
  int complete = 0, tight = 0;
  for (std::uint32_t index = 0; index < 400; ++index) {
    CAPTURE(index);
    const Head head = draw_hand_head(11, index);
    const auto questions = random_questions(stream, 2 + stream.below(9), index % 2 == 0);
    const Interrogation known = interrogate(head, questions);
    CHECK(known.values.rank() == 2);
    CHECK(known.scores.rank() == slow_rank(known));
    std::size_t useful = 0;
    for (const HandAnswer& answer : known.answers) useful += teaches(answer.lesson);
    CHECK(useful == known.learned());
    CHECK(useful <= 6);
    if (!known.complete()) continue;
    double bound = 0;
    for (std::size_t k = 0; k < 4; ++k) {
      std::array<double, 4> entry{};
      entry[k] = 1;
      bound = std::max(bound, known.scores.error(entry));
    }
    const double error = largest_error(head, known);
    ++complete;
    CHECK(error <= bound + 1e-14);
    if (bound > 1e-9) continue;  // nearly dependent questions, or a nearly saturated weight
    ++tight;
    CHECK(error < 1e-9);
  }
  CHECK(complete > 200);
  CHECK(tight > complete / 2);
}

TEST_CASE("by hand: every line contains the true column") {
  RandomStream stream(3, hash_name("by-hand-test"), 0);
  int lines = 0, joint = 0;
  for (std::uint32_t index = 0; index < 200; ++index) {
    const Head head = draw_hand_head(13, index);
    const auto questions = random_questions(stream, 3 + stream.below(5), true);
    const Interrogation known = interrogate(head, questions);
    for (std::size_t column = 0; column < 2; ++column) {
      for (const HandQuestion& question : questions) {
        const auto line = line_of(known, question, kUnits[column]);
        if (!line) continue;
        ++lines;
        CHECK(offset_of_truth(head, line->normal, column) ==
              doctest::Approx(line->offset).epsilon(1e-7));
      }
      const ImageKnowledge column_known = image_knowledge(known, kUnits[column]);
      if (column_known.rank == 1) {
        ++joint;
        const double truth = offset_of_truth(head, column_known.line.normal, column);
        CHECK(truth == doctest::Approx(column_known.line.offset).epsilon(1e-7));
      } else if (column_known.rank == 2) {
        for (std::size_t i = 0; i < 2; ++i) {
          CHECK(column_known.point[i] == doctest::Approx(head.weight(i, column)).epsilon(1e-7));
        }
      }
    }
  }
  CHECK(lines > 200);
  CHECK(joint > 50);
}

TEST_CASE(
    "by hand: three equations for W put each column on a line, though no query token is e_j") {
  const Head head = draw_hand_head(5, 0);
  const std::vector<HandQuestion> questions{
      kFirst, kSecond, {{1, 0.5}, {0.5, 0.75}}, {{-0.5, 1}, {0.5, -0.25}}, {{0, 0.25}, {1, 0.5}}};
  const Interrogation known = interrogate(head, questions);
  REQUIRE(known.scores.rank() == 3);
  for (std::size_t column = 0; column < 2; ++column) {
    const ImageKnowledge one = image_knowledge(known, kUnits[column]);
    CHECK(one.rank == 1);
    CHECK(std::abs(offset_of_truth(head, one.line.normal, column) - one.line.offset) < 1e-10);
  }
}

TEST_CASE("by hand: a question teaches nothing exactly if all heads that fit give it one answer") {
  // Heads that fit: W plus any multiple of a direction that no equation sees.
  RandomStream stream(4, hash_name("by-hand-test"), 0);
  int nothing = 0, something = 0;
  for (std::uint32_t index = 0; index < 300; ++index) {
    CAPTURE(index);
    const Head head = draw_hand_head(17, index);
    std::vector<HandQuestion> questions = random_questions(stream, 3 + stream.below(3), true);
    HandQuestion next = random_question(stream, true);
    if (index % 3 == 0) {  // the direction of an earlier difference
      next.query = questions[2].query;
      const PlaneVector d = difference_of(questions[2]);
      next.first = {next.query[0] - d[0] / 2, next.query[1] - d[1] / 2};
    }
    questions.push_back(next);
    const Interrogation known = interrogate(head, questions);
    const Lesson lesson = known.answers.back().lesson;
    if (lesson != Lesson::kNothing && lesson != Lesson::kEquation) continue;
    const Interrogation before =
        interrogate(head, std::span(questions).first(questions.size() - 1));
    double moved = 0;
    for (std::size_t k = 0; k < 4; ++k) {
      // e_k minus its known part, by differences of the projections' lengths along every axis.
      std::array<double, 4> direction{};
      direction[k] = 1;
      Matrix<double> seen(before.answers.size() + 4, 4);
      for (std::size_t q = 0; q < before.answers.size(); ++q) {
        if (before.answers[q].lesson != Lesson::kEquation) continue;
        const HandQuestion& question = before.answers[q].question;
        const auto row = score_function(difference_of(question), question.query);
        for (std::size_t i = 0; i < 4; ++i) seen(q, i) = row[i];
      }
      const SingularValues values = singular_values(seen);
      for (std::size_t i = 0; i < 4; ++i) {
        if (values.values[i] < 1e-7) continue;
        double along = 0;
        for (std::size_t j = 0; j < 4; ++j) along += values.right(j, i) * (j == k ? 1 : 0);
        for (std::size_t j = 0; j < 4; ++j) direction[j] -= along * values.right(j, i);
      }
      Head other = head.clone();
      for (std::size_t j = 0; j < 4; ++j) other.weight(j / 2, j % 2) += 0.1 * direction[j];
      for (const HandAnswer& answer : before.answers) {
        if (!teaches(answer.lesson) && answer.lesson != Lesson::kNothing) continue;
        CHECK(slow_answer(other, answer.question) == doctest::Approx(answer.answer).epsilon(1e-9));
      }
      moved = std::max(moved, std::abs(slow_answer(other, next) - slow_answer(head, next)));
    }
    if (lesson == Lesson::kNothing) {
      ++nothing;
      CHECK(moved < 1e-9);
    } else {
      ++something;
      CHECK(moved > 1e-9);
    }
  }
  CHECK(nothing > 40);
  CHECK(something > 100);
}

TEST_CASE("by hand: a first token on a blind line teaches nothing, one next to it does") {
  RandomStream stream(5, hash_name("by-hand-test"), 0);
  int known_lines = 0;
  for (std::uint32_t index = 0; index < 100; ++index) {
    CAPTURE(index);
    const Head head = draw_hand_head(19, index);
    std::vector<HandQuestion> questions = random_questions(stream, 3 + stream.below(3), true);
    const PlaneVector query = index % 2 == 0 ? questions[2].query : PlaneVector{0.5, -0.75};
    if (query == PlaneVector{}) continue;
    const BlindLines blind = blind_lines(interrogate(head, questions), query);
    REQUIRE(blind.same_value);
    const auto lesson_at = [&](const PlaneLine& line, double along, double across) {
      const double length = std::hypot(line.normal[0], line.normal[1]);
      const PlaneVector n{line.normal[0] / length, line.normal[1] / length};
      std::vector<HandQuestion> all = questions;
      all.push_back(
          {{query[0] - along * n[1] + across * n[0], query[1] + along * n[0] + across * n[1]},
           query});
      return interrogate(head, all).answers.back().lesson;
    };
    CHECK(lesson_at(*blind.same_value, 0.5, 0) == Lesson::kSameValue);
    CHECK(lesson_at(*blind.same_value, 0.5, 0.1) != Lesson::kSameValue);
    if (!blind.known) continue;
    ++known_lines;
    const Lesson on = lesson_at(*blind.known, 0.3, 0), off = lesson_at(*blind.known, 0.3, 0.1);
    CHECK((on == Lesson::kNothing || on == Lesson::kSameValue));
    CHECK((off == Lesson::kEquation || off == Lesson::kSameValue));
  }
  CHECK(known_lines > 30);
}

TEST_CASE("by hand: blind, saturated and early questions are called so") {
  Head head = draw_hand_head(1, 0);
  head.value = {1, 1};
  const auto last = [&](std::vector<HandQuestion> questions) {
    return interrogate(head, questions).answers.back().lesson;
  };
  CHECK(last({kFirst, kSecond, {{2, 0}, {1, 1}}}) == Lesson::kSameValue);
  CHECK(last({kFirst, {{1, 1}, {1, 0}}}) == Lesson::kValueFirst);
  CHECK(last({kFirst, {{2, 0}, {1, 0}}}) == Lesson::kEquation);  // values of e_1 are enough
  CHECK(last({kFirst, {{2, 0}, {2, 0}}}) == Lesson::kNothing);
  CHECK(last({kFirst, kSecond, {{1, 1}, {0, 0}}}) == Lesson::kNothing);  // half of v.(1, 1)
  for (std::size_t i = 0; i < 4; ++i) head.weight(i / 2, i % 2) = 5;
  CHECK(last({kFirst, kSecond, {{2, 2}, {1, 1}}}) == Lesson::kSaturated);
  CHECK(last({kFirst, kSecond, {{0.25, 0.5}, {0.25, 0.25}}}) == Lesson::kEquation);
}

TEST_CASE("extract-by-hand: every preset shows what its text says") {
  const Experiment& experiment = named("extract-by-hand");
  for (const Preset& preset : experiment.presets) {
    CAPTURE(preset.name);
    const RunSpec spec{&experiment, *preset_parameters(experiment, preset.name), 1};
    const Findings found = findings_of(spec);
    const Figure& plane = found.figures.at(0);
    const std::string& says = found.result.summary;
    if (preset.name == "ask") {
      CHECK(says.find("2 of d² + d = 6 numbers known") != std::string::npos);
      CHECK(series_of(plane, "present/1") != nullptr);
      CHECK(series_of(plane, "present/2") == nullptr);
    } else if (preset.name == "dependent") {
      CHECK(says.find("would teach nothing") != std::string::npos);
      CHECK(series_of(plane, "present/1") == nullptr);
      CHECK(series_of(plane, "line-3/1") != nullptr);
    } else if (preset.name == "mixed") {
      CHECK(says.find("3 of d² + d = 6 numbers known") != std::string::npos);
      CHECK(series_of(plane, "line-3/1") == nullptr);
      CHECK(series_of(plane, "present/1") != nullptr);
      CHECK(series_of(plane, "present/2") != nullptr);
    } else {
      CHECK(preset.name == "six");
      CHECK(series_of(plane, "column/1") != nullptr);
      CHECK(series_of(plane, "column/2") != nullptr);
      // Questions 3 and 4 had b = e_1, questions 5 and 6 had b = e_2.
      for (const char* own : {"line-3/1", "line-4/1", "line-5/2", "line-6/2"}) {
        REQUIRE(series_of(plane, own) != nullptr);
        CHECK(series_of(plane, own)->label == std::string(own).substr(5, 1));
      }
      for (const char* other : {"line-3/2", "line-4/2", "line-5/1", "line-6/1", "known"}) {
        CHECK(series_of(plane, other) == nullptr);
      }
      CHECK(found.result.claims.at(0).status == ClaimStatus::kNoCounterexample);
    }
  }
}

TEST_CASE("extract-by-hand: the claim is judged for any seed once six numbers are known") {
  const std::string six = named("extract-by-hand").presets.back().values.front().second;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const Result result = findings_of(hand({{"asked", six}}, seed)).result;
    CHECK(result.claims.at(0).status == ClaimStatus::kNoCounterexample);
    const Table& weight = *result.table("weight");
    for (const auto& row : weight.rows) {
      CHECK(std::abs(number_in(row[2]) - number_in(row[3])) < 1e-9);
    }
  }
  CHECK(findings_of(hand({})).result.claims.at(0).status == ClaimStatus::kUndecided);
}

TEST_CASE("extract-by-hand: any questions in range give drawable lines inside the figure") {
  RandomStream stream(6, hash_name("by-hand-test"), 0);
  for (int round = 0; round < 200; ++round) {
    std::string asked;
    const std::size_t count = 1 + stream.below(16);
    for (std::size_t k = 0; k < 4 * count; ++k) {
      asked += (k > 0 ? "," : "") + exact_text(0.25 * (static_cast<double>(stream.below(17)) - 8));
    }
    const Findings found = findings_of(hand({{"asked", asked}}, stream.below(1000)));
    CHECK_FALSE(found.result.summary.empty());
    for (const Table& table : found.result.tables) CHECK(check_types(table));
    for (const Series& series : found.figures.at(0).lines().series) {
      for (std::size_t i = 0; i < series.points.size(); ++i) {
        CHECK(std::abs(series.points[i].x) <= kHandReach);
        CHECK(std::abs(series.points[i].y) <= kHandReach);
        if (i > 0) CHECK(series.points[i - 1].x <= series.points[i].x);
      }
    }
  }
}
