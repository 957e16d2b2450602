// A lesson: a JSON document with a sequence of steps. A step is prose and a state of the lab, and
// may check what was understood. `lesson_schema` describes the document; reading checks what a
// schema cannot say: states, tables, columns, curves.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/expected.h"
#include "core/codecs/codecs.h"
#include "core/findings/result.h"
#include "core/lessons/prose.h"

namespace attnlab {

struct LessonChoice {
  std::string text;
  bool right = false;
  std::string feedback = {};  ///< shown when it is chosen
};

/// A question about a step.
struct LessonCheck {
  enum class Kind { kChoice, kNumber, kOrder, kSketch, kSentence };
  Kind kind = Kind::kChoice;
  std::string question;
  std::string hint = {};
  std::string if_right = {}, if_wrong = {};

  std::vector<LessonChoice> choices = {};  ///< kChoice: one or more of them are right

  /// kNumber: the answer is the cell of `column` in the only row of `table` whose cells are `row`,
  /// in the result of the step's state: it is computed, never written into the lesson.
  std::string table = {}, column = {};
  std::vector<std::pair<std::string, std::string>> row = {};  ///< column and exact text
  double tolerance = 0;                                       ///< share of the answer

  std::vector<std::string> items = {};  ///< kOrder: in their right order
  std::string curve = {};               ///< kSketch: id of a series of the state's figure
};

struct LessonStep {
  std::string title;
  std::vector<ProseBlock> text;
  Permalink state;
  std::optional<LessonCheck> check = {};
};

struct Lesson {
  std::string title;
  std::string language;  ///< "en": as in the lang attribute of HTML
  std::vector<LessonStep> steps;
};

/// What is wrong with a document, and where: "steps[2].check.column".
struct LessonFault {
  std::string place;  ///< empty: the whole document
  std::string sentence;
  bool operator==(const LessonFault&) const = default;
};

/// A lesson without faults, or its faults, at most kMostLessonFaults of them.
struct LessonReading {
  Lesson lesson;
  std::vector<LessonFault> faults;
};

inline constexpr std::size_t kMostLessonBytes = 1'000'000, kMostLessonSteps = 100;
inline constexpr std::size_t kMostLessonFaults = 50;

/// Reads a document from anywhere: never fails otherwise than by faults. States are read as links
/// are, but what a link would drop with a note is a fault here.
LessonReading read_lesson(std::string_view text);

/// The JSON Schema (draft 2020-12) of the documents, one member a line.
std::string lesson_schema();

/// The right answer of a check of kind kNumber in the result of its state. An error when there is
/// no such row or more than one, or the cell is empty.
Expected<double> lesson_answer(const LessonCheck& check, const Result& result);

}  // namespace attnlab
