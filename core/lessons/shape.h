// The objects of a lesson's document, described once: for the reader and for the published schema.
#pragma once

#include <span>
#include <string_view>

namespace attnlab {

struct LessonShape;

/// A member of an object.
struct LessonMember {
  enum class Type {
    kText,    ///< `low` to `high` letters
    kNumber,  ///< `low` to `high`
    kYesNo,
    kTexts,    ///< `low` to `high` texts, no two alike
    kObjects,  ///< `low` to `high` objects of `shape`
    kCheck,    ///< an object of one of lesson_checks()
    kCells,    ///< an object of texts and numbers
  };
  std::string_view name;
  Type type = Type::kText;
  bool needed = false;
  double low = 1, high = 1;
  std::string_view meaning;
  const LessonShape* shape = nullptr;
};

struct LessonShape {
  std::string_view name;  ///< of a check: its kind; of others what a sentence calls it
  std::span<const LessonMember> members;
};

/// The whole document.
const LessonShape& lesson_shape();
/// One for each kind of check, in the order of LessonCheck::Kind; "kind" is a member of each, too.
std::span<const LessonShape> lesson_checks();

}  // namespace attnlab
