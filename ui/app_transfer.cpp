// Finished jobs, as they enter and leave the front end: the text of a journal.
#include "ui/app.h"
#include "ui/app_state.h"

namespace attnlab {

bool App::adopt(std::string_view journal) {
  AppState& s = *state_;
  if (s.live() || s.run || !s.plan || !s.plan_error.empty()) return false;
  Expected<Journal> read = read_journal(journal, s.spec, s.options.build.version);
  if (!read) return false;
  Run run(s.spec, *s.plan);
  for (JobOutput& output : read->outputs) run.adopt(output.index, std::move(output.bytes));
  if (run.state() != Run::State::kFinished) return false;
  forget_drafts(s);
  s.run = std::move(run);
  s.precomputed = true;
  s.touch();
  return true;
}

std::string App::journal() const {
  const AppState& s = *state_;
  if (!s.run) return {};
  std::string text = journal_header(s.run->spec(), s.options.build.version);
  for (const JobOutput& output : s.run->outputs()) {
    if (output.complete) text += journal_line(output);
  }
  return text;
}

}  // namespace attnlab
