#include "core/lessons/lesson.h"

#include <doctest/doctest.h>

#include "core/catalogue/catalogue.h"
#include "core/lessons/shape.h"

using namespace attnlab;

namespace {

/// A document with one step of this text, state and, where given, check.
std::string document(const std::string& text, const std::string& state,
                     const std::string& check = "") {
  return R"({"attnlab_lesson": 1, "title": "T", "language": "en", "steps": [{"title": "S", )"
         R"("text": ")" +
         text + R"(", "state": ")" + state + '"' + (check.empty() ? "" : R"(, "check": )" + check) +
         "}]}";
}

std::string check_of(const std::string& members) {
  return document("Look.", "e=icl-risk&dim=2&heads=1,2", "{" + members + "}");
}

/// "place: sentence" of the only fault.
std::string only_fault(const std::string& text) {
  const LessonReading reading = read_lesson(text);
  std::string all;
  for (const auto& [place, sentence] : reading.faults) all += place + ": " + sentence + "\n";
  CAPTURE(all);
  REQUIRE(reading.faults.size() == 1);
  return reading.faults[0].place + ": " + reading.faults[0].sentence;
}

LessonCheck number_check(std::vector<std::pair<std::string, std::string>> row) {
  LessonCheck check;
  check.kind = LessonCheck::Kind::kNumber;
  check.table = "risk";
  check.column = "risk";
  check.row = std::move(row);
  return check;
}

}  // namespace

TEST_CASE("a lesson is read whole: texts, states, every kind of check") {
  const LessonReading reading = read_lesson(R"({
    "attnlab_lesson": 1, "title": "Heads", "language": "en", "steps": [
    {"title": "A", "text": "One *head*.", "state": "e=icl-attention",
     "check": {"kind": "choice", "question": "Q?", "hint": "H", "choices": [
       {"text": "no", "feedback": "F"}, {"text": "yes", "right": true}]}},
    {"title": "B", "text": "See [A](#1).", "state": "e=icl-risk&dim=2&lock=dim",
     "check": {"kind": "number", "question": "Q?", "table": "risk", "column": "risk",
       "row": {"heads": 2, "predictor": "softmax"}, "tolerance": 0.1}},
    {"title": "C", "text": "Sort.", "state": "e=icl-risk",
     "check": {"kind": "order", "question": "Q?", "items": ["one", "two"], "if_right": "Yes."}},
    {"title": "D", "text": "Guess.", "state": "e=rf-learning-curve",
     "check": {"kind": "sketch", "question": "Q?", "curve": "rfa/mean-power 2"}},
    {"title": "E", "text": "Say.", "state": "e=extract-single",
     "check": {"kind": "sentence", "question": "Q?"}}]})");
  for (const auto& [place, sentence] : reading.faults) MESSAGE(place << ": " << sentence);
  REQUIRE(reading.faults.empty());
  const std::vector<LessonStep>& steps = reading.lesson.steps;
  REQUIRE(steps.size() == 5);
  CHECK(steps[0].check->choices[1].right);
  CHECK_FALSE(steps[0].check->choices[0].right);
  CHECK(steps[0].check->hint == "H");
  CHECK(steps[1].state.spec.experiment->id == "icl-risk");
  CHECK(steps[1].state.page.locked == std::vector<std::string>{"dim"});
  using Row = std::vector<std::pair<std::string, std::string>>;
  CHECK(steps[1].check->row == Row{{"heads", "2"}, {"predictor", "softmax"}});
  CHECK(steps[2].check->items == std::vector<std::string>{"one", "two"});
  CHECK(steps[3].check->curve == "rfa/mean-power 2");
  CHECK(steps[4].check->kind == LessonCheck::Kind::kSentence);
  CHECK(plain_prose(steps[1].text) == "See A.");
}

TEST_CASE("what is wrong with a lesson is said with its place") {
  CHECK(only_fault("[1]").starts_with(": a lesson is a JSON object"));
  CHECK(only_fault(std::string(2000, '[')).starts_with(": a lesson is a JSON object"));
  CHECK(only_fault(std::string(kMostLessonBytes + 1, ' ')).starts_with(": a lesson has at most"));
  CHECK(only_fault(document("A.", "e=icl-risc")).starts_with("steps[0].state: "));
  CHECK(only_fault(document("A.", "e=icl-risk&dim=99999")).starts_with("steps[0].state: dim"));
  CHECK(only_fault(document("A.", "theme=dark")).find("names an experiment") != std::string::npos);
  CHECK(only_fault(document("A <b>b</b>.", "e=icl-risk")).starts_with("steps[0].text: HTML"));
  CHECK(only_fault(document("See [x](#2).", "e=icl-risk")) ==
        "steps[0].text: there is no step 2: the lesson has 1 step");
  CHECK(only_fault(check_of(R"("kind": "choise", "question": "Q")"))
            .find(R"(did you mean "choice"?)") != std::string::npos);
  CHECK(only_fault(check_of(R"("question": "Q")")) ==
        "steps[0].check: a check has a kind, one of choice, number, order, sketch, sentence");
  CHECK(only_fault(check_of(R"("kind": "choice", "question": "Q",
          "choices": [{"text": "a"}, {"text": "b"}])"))
            .starts_with("steps[0].check.choices: none of the choices is right"));
  CHECK(only_fault(check_of(R"("kind": "order", "question": "Q", "items": ["a", "a"])"))
            .starts_with("steps[0].check.items: items must be a list of 2 to 12 different texts"));
  const std::string number = R"("kind": "number", "question": "Q", "tolerance": 0.1, "row": {}, )";
  CHECK(only_fault(check_of(number + R"("table": "risks", "column": "risk")"))
            .starts_with("steps[0].check.table: unknown table \"risks\" for icl-risk"));
  CHECK(only_fault(check_of(number + R"("table": "risk", "column": "rusk")"))
            .starts_with("steps[0].check.column: unknown column \"rusk\""));
  CHECK(only_fault(check_of(number + R"("table": "risk", "column": "predictor")"))
            .find("which holds texts") != std::string::npos);
  CHECK(only_fault(check_of(R"("kind": "sketch", "question": "Q", "curve": "rfb")"))
            .starts_with("steps[0].check.curve: unknown curve \"rfb\""));
  std::string newer = document("A.", "e=icl-risk");
  newer.replace(newer.find('1'), 1, "2");
  CHECK(only_fault(newer) == "attnlab_lesson: attnlab_lesson must be 1 as a number, not 2");
}

TEST_CASE("unknown and missing members are named, and faults are counted to a limit") {
  const LessonReading reading =
      read_lesson(R"({"attnlab_lesson": 1, "titel": "T", "language": "en", "steps": [{}]})");
  std::string all;
  for (const auto& [place, sentence] : reading.faults) all += place + ": " + sentence + "\n";
  CHECK(all.find("unknown member \"titel\" for lesson; did you mean \"title\"?") !=
        std::string::npos);
  CHECK(all.find(": title is missing") != std::string::npos);
  CHECK(all.find("steps[0]: state is missing") != std::string::npos);
  std::string many = R"({"attnlab_lesson": 1, "title": "T", "language": "en", "steps": [)";
  for (int i = 0; i < 90; ++i) many += i == 0 ? "1" : ",1";
  CHECK(read_lesson(many + "]}").faults.size() == kMostLessonFaults);
}

TEST_CASE("the answer of a number is the cell of the only row that is meant") {
  Result result;
  result.tables.push_back({"risk",
                           "",
                           {{"predictor", "", ""}, {"heads", "", ""}, {"risk", "", ""}},
                           {{"softmax", std::int64_t{1}, 0.5},
                            {"softmax", std::int64_t{2}, 0.25},
                            {"linear", std::int64_t{2}, Cell{}}}});
  CHECK(*lesson_answer(number_check({{"predictor", "softmax"}, {"heads", "2"}}), result) == 0.25);
  CHECK(*lesson_answer(number_check({{"heads", "1"}}), result) == 0.5);
  CHECK(
      lesson_answer(number_check({{"heads", "2"}}), result).error().sentence.starts_with("2 rows"));
  CHECK(
      lesson_answer(number_check({{"heads", "3"}}), result).error().sentence.starts_with("0 rows"));
  CHECK(lesson_answer(number_check({{"predictor", "linear"}}), result).error().sentence ==
        "the cell of the answer is empty");
  CHECK(
      lesson_answer(number_check({{"layer", "1"}}), result).error().sentence.starts_with("0 rows"));
  result.tables[0].name = "risks";
  CHECK_FALSE(static_cast<bool>(lesson_answer(number_check({}), result)));
}

TEST_CASE("prose: blocks, styles, formulas, links, and what the backslash takes the meaning from") {
  const auto prose =
      read_prose("One\ntwo *three* **four** `*` $d^2$.\n\n* a \\* [b](https://c.example/d)\n* c");
  REQUIRE(static_cast<bool>(prose));
  REQUIRE(prose->size() == 3);
  using Style = ProsePiece::Style;
  const std::vector<ProsePiece> first = {
      {"One two "}, {"three", Style::kEmphasis}, {" "}, {"four", Style::kStrong},
      {" "},        {"*", Style::kCode},         {" "}, {"d^2", Style::kFormula},
      {"."}};
  CHECK((*prose)[0].pieces == first);
  CHECK((*prose)[1].item);
  const std::vector<ProsePiece> second = {{"a * "}, {"b", Style::kLink, "https://c.example/d"}};
  CHECK((*prose)[1].pieces == second);
  CHECK(plain_prose(*prose) == "One two three four * d2.\n* a * b\n* c");
  for (const char* text :
       {"*open", "**", "`", "$\\nothing$", "[a](javascript:alert)", "[a](http://b)", "[a](#0)",
        "[](#1)", "[a", "<script>", "</p>", "<!--", "a\x01", "[a](https://b\"c)"}) {
    CAPTURE(text);
    CHECK_FALSE(static_cast<bool>(read_prose(text)));
  }
  CHECK(static_cast<bool>(read_prose("1 < 2 and 3 > 2, \\<b>")));
}

TEST_CASE("the published schema names every member of every shape once") {
  const std::string schema = lesson_schema();
  for (const LessonShape& check : lesson_checks()) {
    CHECK(schema.find("{\"const\": \"" + std::string(check.name) + "\"") != std::string::npos);
    for (const LessonMember& member : check.members) {
      if (member.name == "kind") continue;
      CHECK(schema.find(std::string(member.meaning)) != std::string::npos);
    }
  }
  CHECK(lesson_checks().size() == static_cast<std::size_t>(LessonCheck::Kind::kSentence) + 1);
}
