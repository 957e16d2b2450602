// What the front end says about itself: the status sentence, the state as JSON for the page's
// accessible twin, and the files it saves.
#include <algorithm>
#include <cmath>

#include "core/base/text.h"
#include "ui/app.h"
#include "ui/app_parts.h"
#include "ui/app_state.h"
#include "ui/table_view.h"
#include "ui/walking.h"

namespace attnlab {
namespace {

constexpr double kWorthSaying = 2;  // seconds; a shorter run is not announced

std::string_view state_name(const AppState& s) {
  if (!s.run) return "ready";
  switch (s.run->state()) {
    case Run::State::kRunning:
      return "running";
    case Run::State::kPaused:
      return "paused";
    case Run::State::kFinished:
      return "finished";
    case Run::State::kFailed:
      return "failed";
    case Run::State::kReady:
      break;
  }
  return "ready";
}

std::string count_text(std::size_t count) {
  return exact_text(static_cast<std::int64_t>(count));
}

std::string jobs_text(const Run& run) {
  return count_text(run.jobs_done()) + " of " + counted(run.jobs_total(), "job");
}

std::string percent_text(const Run& run) {
  return exact_text(static_cast<std::int64_t>(std::floor(100 * run.fraction() + 1e-9))) + " %";
}

/// "holds", "is undecided", "has no counterexample".
std::string verdict_phrase(ClaimStatus status) {
  if (status == ClaimStatus::kNoCounterexample) return "has no counterexample";
  const std::string text(status_text(status));
  return status == ClaimStatus::kUndecided ? "is " + text : text;
}

/// "A2 holds, A4 is undecided." Says each pair of claim and verdict once.
std::string verdicts(const Result& result) {
  std::vector<std::string> parts;
  for (const Claim& claim : result.claims) {
    std::string part = claim.id + " " + verdict_phrase(claim.status);
    if (std::find(parts.begin(), parts.end(), part) == parts.end())
      parts.push_back(std::move(part));
  }
  return parts.empty() ? std::string() : " " + join(parts, ", ") + ".";
}

/// Builds one JSON object or array; knows where commas go.
class Json {
 public:
  explicit Json(char open) : close_(open == '{' ? '}' : ']'), text_(1, open) {}
  Json& member(std::string_view name, const std::string& raw) {
    separate();
    text_ += json_quoted(name) + ":" + raw;
    return *this;
  }
  Json& text(std::string_view name, std::string_view value) {
    return member(name, json_quoted(value));
  }
  Json& number(std::string_view name, double value) {
    return member(name, std::isfinite(value) ? exact_text(value) : "null");
  }
  Json& item(const std::string& raw) {
    separate();
    text_ += raw;
    return *this;
  }
  std::string done() { return text_ + close_; }

 private:
  void separate() {
    if (text_.size() > 1) text_ += ',';
  }
  char close_;
  std::string text_;
};

std::string texts_json(const std::vector<std::string>& texts) {
  Json list('[');
  for (const std::string& text : texts) list.item(json_quoted(text));
  return list.done();
}

std::string claims_json(const Result& result) {
  Json list('[');
  for (const Claim& claim : result.claims)
    list.item(Json('{')
                  .text("id", claim.id)
                  .text("statement", claim.statement)
                  .text("status", status_text(claim.status))
                  .text("evidence", claim.evidence)
                  .text("judged", claim.judged)
                  .member("needy", claim.need.what.empty() ? "false" : "true")
                  .done());
  return list.done();
}

/// One line for all claims of one need, and the settings of its button.
std::string needs_json(const AppState& s) {
  Json list('[');
  for (const OpenNeed& open : open_needs(s.result.claims)) {
    Json settings('[');
    for (const auto& [parameter, text] : open.need.settings)
      settings.item("[" + json_quoted(parameter) + "," + json_quoted(text) + "]");
    list.item(Json('{')
                  .text("sentence", open.sentence)
                  .text("offer", open.offer)
                  .member("settings", settings.done())
                  .done());
  }
  return list.done();
}

std::string walk_json(const AppState& s) {
  if (!s.view.walking) return "null";
  const WalkPlace place = place_of_walk(s).value_or(WalkPlace{});
  const Figure* figure = shown_figure(s);
  return Json('{')
      .text("about", figure == nullptr ? std::string() : walk_introduction(*figure, hidden_of(s)))
      .text("sentence", walk_sentence(s))
      .number("series", place.at.series)
      .number("point", place.at.point)
      .number("count", static_cast<double>(place.count))
      .number("along", place.along)
      .number("height", place.height)
      .number("low", place.low)
      .number("high", place.high)
      .done();
}

std::string table_json(const Table& table) {
  const std::vector<TableViewColumn> view = table_view(table);
  Json columns('['), rows('[');
  for (const TableViewColumn& column : view)
    columns.item(Json('{')
                     .text("name", table.columns[column.column].name)
                     .text("label", table.columns[column.column].label)
                     .text("type", type_name(table.columns[column.column].type))
                     .done());
  const std::size_t shown =
      table.rows.size() > App::kStateRows ? App::kLongStateRows : table.rows.size();
  for (std::size_t i = 0; i < shown; ++i) {
    const std::vector<Cell>& row = table.rows[i];
    Json cells('[');
    for (const TableViewColumn& column : view)
      cells.item(Json('{')
                     .text("text", cell_text(table, row, column))
                     .text("exact", cell_exact_text(row, column))
                     .done());
    rows.item(cells.done());
  }
  return Json('{')
      .text("name", table.name)
      .text("caption", table.caption)
      .member("columns", columns.done())
      .member("rows", rows.done())
      .member("row_count", exact_text(static_cast<std::int64_t>(table.rows.size())))
      .done();
}

std::string tables_json(const Result& result) {
  Json list('[');
  for (const Table& table : result.tables) list.item(table_json(table));
  return list.done();
}

std::string truth(bool value) {
  return value ? "true" : "false";
}

std::string page_json(const PageSettings& page) {
  return Json('{')
      .member("embed", truth(page.embed))
      .member("fit", truth(page.fit))
      .member("minimal", truth(page.minimal))
      .member("svg", truth(page.svg))
      .member("locked", texts_json(page.locked))
      .done();
}

std::vector<std::string> figure_titles(const AppState& s) {
  std::vector<std::string> titles;
  for (const Figure& figure : s.figures) titles.push_back(figure.title);
  return titles;
}

/// A live experiment needs no run; it may have a step of its own.
bool has_action(const AppState& s, Action action) {
  const bool of_run = action == Action::kRun || action == Action::kPause;
  if (action == Action::kStep) return !s.live() || s.appends();
  return !(of_run && s.live());
}

std::string actions_json(const App& app) {
  Json list('[');
  for (const ActionText& text : actions()) {
    if (!has_action(app.state(), text.action)) continue;
    list.item(Json('{')
                  .text("id", text.id)
                  .text("label", app.label(text.action))
                  .text("help", app.help(text.action))
                  .member("enabled", truth(app.can(text.action)))
                  .done());
  }
  return list.done();
}

std::string parameters_as_texts(const RunSpec& spec) {
  Json object('{');
  for (const Parameter& parameter : spec.experiment->schema.parameters)
    object.text(parameter.name, spec.parameters.text(parameter.name));
  return object.done();
}

/// Parameters that have no effect at the values of the others.
std::vector<std::string> idle_names(const RunSpec& spec) {
  std::vector<std::string> names;
  for (const Parameter& parameter : spec.experiment->schema.parameters)
    if (!spec.parameters.applies(parameter.name)) names.push_back(parameter.name);
  return names;
}

/// In what each kept result differs from the one shown.
std::vector<std::string> kept_texts(const AppState& s) {
  std::vector<std::string> texts;
  for (const KeptResult& one : s.kept)
    if (one.spec.experiment == s.spec.experiment)
      texts.push_back(difference_text(one.spec, s.shown_spec()));
  return texts;
}

std::vector<std::string> all_notes(const AppState& s) {
  std::vector<std::string> notes = s.notes;
  for (const auto& [name, note] : s.parameter_notes)
    if (!note.empty()) notes.push_back(note);
  if (s.run) notes.insert(notes.end(), s.run->notes().begin(), s.run->notes().end());
  notes.insert(notes.end(), s.result.notes.begin(), s.result.notes.end());
  return notes;
}

/// What a reader is told of a draft that is shown or on its way; empty when there is none.
std::string draft_sentence(const AppState& s) {
  const DraftState& d = s.drafts;
  if (s.run || (!d.computing() && !d.due && !d.wanted && d.figures.empty())) return {};
  std::string text = d.figures.empty()   ? "Making a first draft."
                     : d.reduced.empty() ? "Running."
                                         : "Draft: " + d.reduced + ".";
  const double seconds = whole_run_seconds(s);
  if (d.wanted && seconds > kWorthSaying)
    text += " The whole run takes about " + duration_text(seconds) + ".";
  return text;
}

}  // namespace

std::string App::status_sentence() const {
  const AppState& s = *state_;
  if (s.loading()) return std::string(kLoading);
  if (!s.plan_error.empty()) return s.plan_error;
  if (s.live()) {
    return (s.result.summary.empty() ? "The picture follows every change." : s.result.summary) +
           verdicts(s.result);
  }
  if (s.changed()) return "Parameters changed: press Run for a new result.";
  if (const std::string text = draft_sentence(s); !text.empty()) return text;
  if (!s.run) {
    const std::size_t jobs = s.plan ? s.plan->jobs.size() : 0;
    return "Ready: " + counted(jobs, "job") + ". Press Run.";
  }
  const Run& run = *s.run;
  switch (run.state()) {
    case Run::State::kRunning: {
      std::string text = "Running: " + percent_text(run) + ", " + jobs_text(run);
      if (s.clock.jobs_per_second() > 0)
        text += ", " + short_text(s.clock.jobs_per_second()) + " jobs/s";
      if (s.clock.remaining() >= 0) text += ", " + duration_text(s.clock.remaining()) + " left";
      return text + ".";
    }
    case Run::State::kPaused:
      return "Paused at " + percent_text(run) + ", " + jobs_text(run) + " done.";
    case Run::State::kFinished:
      if (s.precomputed)
        return "Precomputed with seed " +
               exact_text(static_cast<std::int64_t>(s.run->spec().seed)) + " (" +
               counted(run.jobs_total(), "job") + "). Run computes it here." + verdicts(s.result);
      return "Finished: " + counted(run.jobs_total(), "job") + " in " +
             duration_text(s.clock.elapsed()) + "." + verdicts(s.result);
    case Run::State::kFailed:
      return "Failed: " + run.error().sentence;
    case Run::State::kReady:
      break;
  }
  return "Ready.";
}

std::string App::state_json() const {
  const AppState& s = *state_;
  const double unknown = std::nan("");
  const double rate = s.run ? s.clock.jobs_per_second() : 0;
  const double remaining = s.run ? s.clock.remaining() : -1;
  const bool failed = s.run && s.run->state() == Run::State::kFailed;
  return Json('{')
      .text("experiment", s.spec.experiment->id)
      .text("title", s.spec.experiment->title)
      .text("question", s.spec.experiment->question)
      .text("family", s.spec.experiment->family)
      .text("preset", s.preset)
      .member("seed", exact_text(static_cast<std::int64_t>(s.spec.seed)))
      .member("params", parameters_as_texts(s.spec))
      .member("idle", texts_json(idle_names(s.spec)))
      .text("marked", s.view.marked)
      .text("file", file_stem(s.shown_spec()))
      .member("live", truth(s.live()))
      .member("changed", truth(s.changed()))
      .member("page", page_json(s.page()))
      .text("state", state_name(s))
      .member("precomputed", truth(s.precomputed))
      .text("draft", s.run ? std::string_view() : s.drafts.reduced)
      .member("busy", truth(busy()))
      .number("fraction", s.run ? s.run->fraction() : 0)
      .number("jobs_done", s.run ? static_cast<double>(s.run->jobs_done()) : 0)
      .number("jobs", s.run    ? static_cast<double>(s.run->jobs_total())
                      : s.plan ? static_cast<double>(s.plan->jobs.size())
                               : 0)
      .number("rate", rate > 0 ? rate : unknown)
      .number("remaining", remaining >= 0 ? remaining : unknown)
      .number("elapsed", s.run ? s.clock.elapsed() : 0)
      .text("status", status_sentence())
      .text("error", !s.plan_error.empty() ? s.plan_error
                     : failed              ? s.run->error().sentence
                                           : std::string())
      .member("notes", texts_json(all_notes(s)))
      .text("query", query())
      .text("link", link_query())
      .member("actions", actions_json(*this))
      .member("kept", texts_json(kept_texts(s)))
      .member("figures", texts_json(figure_titles(s)))
      .number("figure", static_cast<double>(s.view.figure))
      .member("walk", walk_json(s))
      .member("claims", claims_json(s.result))
      .member("needs", needs_json(s))
      .member("tables", tables_json(s.shown_result()))
      .done();
}

std::string App::export_text(std::string_view id) const {
  const AppState& s = *state_;
  const SaveFormat* format = find_save_format(id);
  if (format == nullptr || !s.has_result()) return {};
  if (!format->of_result) {
    return s.platform.make_file ? s.platform.make_file(*format) : std::string();
  }
  if (id == "csv") return table_csv(s.shown_result().tables.front());
  return result_json(s.run->spec(), result_for_file(s), s.options.build, s.run->jobs_total(),
                     s.clock.elapsed());
}

std::string App::save(std::string_view id) {
  AppState& s = *state_;
  const SaveFormat* format = find_save_format(id);
  if (id == "json" && s.has_result() &&
      postponed_file(s, [name = std::string(id)](App& app) { app.save(name); })) {
    s.save_note = "The file follows when the rest of the lab is loaded.";
    s.touch();
    return s.save_note;
  }
  const std::string bytes = export_text(id);
  if (format == nullptr) {
    s.save_note = "There is no format named " + quoted_text(id) + ".";
  } else if (!s.has_result()) {
    s.save_note = "There is no result to save yet: press Run first.";
  } else if (bytes.empty()) {
    s.save_note = "Not saved: this file could not be made.";
  } else if (s.platform.save_file) {
    const std::string name = file_stem(s.run->spec()) + "." + std::string(format->extension);
    s.save_note = s.platform.save_file(name, std::string(format->mime), bytes);
    if (s.save_note.empty()) s.save_note = "Saved as " + name + ".";
  }
  s.touch();
  return s.save_note;
}

void App::copy_link() {
  AppState& s = *state_;
  if (!s.platform.copy_text) return;
  const std::string text = link_query();
  s.platform.copy_text(s.platform.link_text ? s.platform.link_text(text) : text);
  s.save_note = "Link copied.";
  s.touch();
}

}  // namespace attnlab
