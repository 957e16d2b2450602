// Lessons: any text gives a lesson inside its limits, or faults that are sentences with a place.
#include "core/lessons/lesson.h"

#include "core/base/text.h"
#include "tests/fuzz/fuzz.h"

using namespace attnlab;

namespace {

void must_be_sound(const Lesson& lesson) {
  ATTNLAB_MUST(!lesson.steps.empty() && lesson.steps.size() <= kMostLessonSteps);
  for (const LessonStep& step : lesson.steps) {
    ATTNLAB_MUST(step.state.names_run && step.state.notes.empty());
    for (const ProseBlock& block : step.text) {
      for (const ProsePiece& piece : block.pieces) {
        ATTNLAB_MUST(piece.target.empty() || piece.target.starts_with("https://") ||
                     piece.target.starts_with("#"));
      }
    }
    ATTNLAB_MUST(valid_utf8(plain_prose(step.text)) == plain_prose(step.text));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const LessonReading reading = read_lesson(fuzz::text_of(data, size));
  ATTNLAB_MUST(reading.faults.size() <= kMostLessonFaults);
  for (const auto& [place, sentence] : reading.faults) {
    ATTNLAB_MUST(!sentence.empty() && valid_utf8(sentence) == sentence);
    ATTNLAB_MUST(valid_utf8(place) == place && place.size() < 100);
  }
  if (reading.faults.empty()) must_be_sound(reading.lesson);
  return 0;
}
