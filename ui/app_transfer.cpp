// What enters and leaves the front end as text: finished jobs, and states that others send.
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

void App::load(std::string_view query) {
  AppState& s = *state_;
  std::string text(query.substr(0, query.find('\0')));
  if (!text.empty() && (text.front() == '?' || text.front() == '#')) text.erase(0, 1);
  // Of a key given twice the last one counts: what is fixed stands after what was sent.
  if (s.locked("experiment")) text += "&e=" + s.spec.experiment->id;
  const Permalink wanted =
      read_query(text, *s.spec.experiment, {"run", "ui", "lock", "theme", "embed"});
  const Schema& schema = wanted.spec.experiment->schema;
  if (s.locked("preset") && wanted.spec.experiment == s.spec.experiment) {
    for (const Parameter& parameter : schema.parameters)
      text += "&" + parameter.name + "=" + s.spec.parameters.text(parameter.name);
  }
  for (const auto& [name, value] : s.fixed)
    if (name == "seed" || schema.find(name)) text += "&" + name + "=" + value;
  for (const auto& [key, value] : s.page_keys) text += "&" + key + "=" + value;
  auto fixed = s.fixed;  // also of parameters that the experiment now wanted has not
  open_query(text);
  fixed.insert(s.fixed.begin(), s.fixed.end());
  s.fixed = std::move(fixed);
}

}  // namespace attnlab
