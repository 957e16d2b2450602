#include "core/lessons/shape.h"

#include "core/lessons/lesson.h"

namespace attnlab {
namespace {

using Type = LessonMember::Type;

constexpr double kLine = 300;  // letters of a question, a choice, a hint
constexpr double kLetters = kMostProseLetters;

constexpr LessonMember kKind{"kind", Type::kText, true, 1, 20, "Kind of the check."};
constexpr LessonMember kQuestion{"question", Type::kText, true, 1, kLine, "What is asked."};
constexpr LessonMember kHint{"hint", Type::kText, false, 1, kLine, "Shown on request."};
constexpr LessonMember kIfRight{"if_right", Type::kText, false,
                                1,          kLine,       "Feedback on a right answer."};
constexpr LessonMember kIfWrong{"if_wrong", Type::kText, false,
                                1,          kLine,       "Feedback on a wrong answer."};

constexpr LessonMember kChoiceMembers[] = {
    {"text", Type::kText, true, 1, kLine, "The answer that can be chosen."},
    {"right", Type::kYesNo, false, 0, 0, "Whether it is right; without it, it is not."},
    {"feedback", Type::kText, false, 1, kLine, "Shown when it is chosen."}};
constexpr LessonShape kChoice{"choice", kChoiceMembers};

constexpr LessonMember kOfChoice[] = {
    kKind,
    kQuestion,
    {"choices", Type::kObjects, true, 2, 20, "Answers; at least one is right.", &kChoice},
    kHint,
    kIfRight,
    kIfWrong};
constexpr LessonMember kOfNumber[] = {
    kKind,
    kQuestion,
    {"table", Type::kText, true, 1, 60, "Table of the step's result that has the answer."},
    {"row", Type::kCells, true, 0, 20, "Cells, by column, of the only row that is meant."},
    {"column", Type::kText, true, 1, 60, "Column whose cell is the answer."},
    {"tolerance", Type::kNumber, true, 1e-6, 1, "How far an answer may be off, as a share of it."},
    kHint,
    kIfRight,
    kIfWrong};
constexpr LessonMember kOfOrder[] = {
    kKind, kQuestion, {"items", Type::kTexts, true, 2, 12, "What is sorted, in the right order."},
    kHint, kIfRight,  kIfWrong};
constexpr LessonMember kOfSketch[] = {
    kKind,
    kQuestion,
    {"curve", Type::kText, true, 1, 100, "Id of the curve of the step's figure to be sketched."},
    kHint};
constexpr LessonMember kOfSentence[] = {kKind, kQuestion, kHint};

constexpr LessonShape kChecks[] = {{"choice", kOfChoice},
                                   {"number", kOfNumber},
                                   {"order", kOfOrder},
                                   {"sketch", kOfSketch},
                                   {"sentence", kOfSentence}};

constexpr LessonMember kStepMembers[] = {
    {"title", Type::kText, true, 1, 120, "Heading of the step."},
    {"text", Type::kText, true, 1, kLetters, "What the step says; a part of Markdown."},
    {"state", Type::kText, true, 1, 10'000,
     "State of the lab, as a permalink without its address."},
    {"check", Type::kCheck, false, 0, 0, "A question about the step."}};
constexpr LessonShape kStep{"step", kStepMembers};

constexpr LessonMember kLessonMembers[] = {
    {"attnlab_lesson", Type::kNumber, true, 1, 1, "Version of the format."},
    {"title", Type::kText, true, 1, 120, "Title of the lesson."},
    {"language", Type::kText, true, 2, 20, "Language of its texts, as in HTML: en, zh-Hans."},
    {"steps", Type::kObjects, true, 1, kMostLessonSteps, "What follows one another.", &kStep}};
constexpr LessonShape kLesson{"lesson", kLessonMembers};

}  // namespace

const LessonShape& lesson_shape() {
  return kLesson;
}

std::span<const LessonShape> lesson_checks() {
  return kChecks;
}

}  // namespace attnlab
