// `attnlab lesson`: what is wrong with a lesson, the answers to its numbers, the format's schema.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "core/base/text.h"
#include "core/experiment/run.h"
#include "core/lessons/lesson.h"
#include "native/commands.h"
#include "native/common_flags.h"
#include "native/console.h"
#include "native/interrupts.h"
#include "native/job_loop.h"
#include "native/ranks.h"
#include "native/report.h"
#include "native/resume_file.h"
#include "native/thread_pool.h"

namespace attnlab {
namespace {

using Kind = LessonCheck::Kind;

const std::vector<std::string> kActions = {"check", "show", "answers", "schema"};

Expected<Usage> usage(const std::string& word) {
  if (!word.empty() && std::find(kActions.begin(), kActions.end(), word) == kActions.end()) {
    return Error{unknown_name_text("action", word, "lesson", kActions)};
  }
  return Usage{.about =
                   "Lessons: JSON documents with steps, states of the lab, and checks of what "
                   "was understood.",
               .words = "ACTION [FILE]...",
               .words_help =
                   "check FILE...: what is wrong with these lessons\n"
                   "show FILE: its texts, to be read\n"
                   "answers FILE: the right answers of its numbers, computed\n"
                   "schema: the JSON Schema of the format",
               .needs_word = "lesson needs an action: " + join(kActions, ", ")};
}

/// One line a fault: "FILE: steps[2].check: ...".
std::string fault_lines(const std::string& file, const std::vector<LessonFault>& faults) {
  std::string lines;
  for (const auto& [place, sentence] : faults) {
    lines += file + ": " + (place.empty() ? "" : place + ": ") + sentence + "\n";
  }
  return lines;
}

/// Says the faults of a lesson; the lesson if it has none.
Expected<Lesson> sound_lesson(const std::string& file) {
  const Expected<std::string> text = read_file(file);
  if (!text) return Error{file + " cannot be read: " + text.error().sentence};
  LessonReading reading = read_lesson(*text);
  if (reading.faults.empty()) return std::move(reading.lesson);
  std::string lines = fault_lines(file, reading.faults);
  lines.pop_back();
  return Error{std::move(lines)};
}

int check(const std::vector<std::string>& files) {
  int code = kExitDone;
  for (const std::string& file : files) {
    const Expected<Lesson> lesson = sound_lesson(file);
    if (!lesson) {
      code = refuse(lesson.error());
      continue;
    }
    const auto checks =
        std::count_if(lesson->steps.begin(), lesson->steps.end(),
                      [](const LessonStep& step) { return step.check.has_value(); });
    const int printed = print(file + ": " + counted(lesson->steps.size(), "step") + ", " +
                              counted(static_cast<std::size_t>(checks), "check") + ", no fault\n");
    if (printed != kExitDone) return printed;
  }
  return code;
}

/// Its steps as plain text, with what is asked.
int show(const std::string& file) {
  const Expected<Lesson> lesson = sound_lesson(file);
  if (!lesson) return refuse(lesson.error());
  const std::size_t columns = text_columns();
  std::string text = lesson->title + "\n";
  for (std::size_t i = 0; i < lesson->steps.size(); ++i) {
    const LessonStep& step = lesson->steps[i];
    text += "\n" + exact_text(static_cast<std::int64_t>(i + 1)) + ". " + step.title + "\n";
    for (const std::string& line : split(plain_prose(step.text), '\n')) {
      text += wrapped(line, 2, columns);
    }
    text += "  " + query_text(step.state.spec) + "\n";  // one line, to be copied
    if (step.check) text += wrapped("? " + step.check->question, 2, columns);
  }
  return print(text);
}

/// The tables of the step's state, computed to the end.
Expected<Result> computed_result(const RunSpec& spec) {
  Expected<Plan> plan = spec.experiment->plan(spec);
  if (!plan) return plan.error();
  Run run(spec, std::move(*plan));
  RunClock clock;
  ThreadPool pool(default_threads());
  if (pool.concurrency() == 0) return Error{"the system gives no thread to compute with"};
  if (const auto done = compute(run, clock, pool, nullptr, {}, true); !done) return done.error();
  if (run.state() == Run::State::kFailed) return run.error();
  if (run.state() != Run::State::kFinished) return Error{"interrupted"};
  return spec.experiment->find(spec, run.outputs()).result;
}

int answers(const std::string& file) {
  const Expected<Lesson> lesson = sound_lesson(file);
  if (!lesson) return refuse(lesson.error());
  catch_interrupts();
  Table table{"answers",
              "Right answers of the lesson's numbers",
              {{"step", "step", ""},
               {"question", "question", ""},
               {"answer", "answer", ""},
               {"tolerance", "tolerance", ""}},
              {}};
  for (std::size_t i = 0; i < lesson->steps.size(); ++i) {
    const LessonStep& step = lesson->steps[i];
    if (!step.check || step.check->kind != Kind::kNumber) continue;
    const Expected<Result> result = computed_result(step.state.spec);
    if (!result) return refuse(result.error(), interrupted() ? kExitInterrupted : kExitRunFailed);
    const Expected<double> answer = lesson_answer(*step.check, *result);
    if (!answer) {
      return refuse({"step " + exact_text(static_cast<std::int64_t>(i + 1)) + ": " +
                     answer.error().sentence});
    }
    table.rows.push_back(
        {static_cast<std::int64_t>(i + 1), step.check->question, *answer, step.check->tolerance});
  }
  return print(table_text(table, terminal_columns(STDOUT_FILENO)));
}

int execute(const Given& given) {
  const std::string& action = given.words.front();
  const std::vector<std::string> files(given.words.begin() + 1, given.words.end());
  if (action == "schema") {
    return files.empty() ? print(lesson_schema()) : refuse({"lesson schema takes no file"});
  }
  if (files.empty()) return refuse({"lesson " + action + " needs a file"});
  if (action == "check") return check(files);
  if (files.size() > 1) return refuse({"lesson " + action + " takes one file"});
  return action == "show" ? show(files.front()) : answers(files.front());
}

}  // namespace

Command lesson_command() {
  return {"lesson", "Check lessons, and compute their answers", usage, execute, false};
}

}  // namespace attnlab
