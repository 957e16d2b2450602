// What buttons, keys, page controls and messages ask for: one rule for when an action does
// something.
#include "core/base/text.h"
#include "ui/app.h"
#include "ui/app_parts.h"
#include "ui/app_state.h"
#include "ui/run_flow.h"
#include "ui/walking.h"

namespace attnlab {

bool App::can(Action action) const {
  const AppState& s = *state_;
  const bool active = s.run && s.run->active();
  const bool can_run = !s.live() && s.plan_error.empty();
  switch (action) {
    case Action::kRun:
      return can_run && !active;
    case Action::kPause:
      return !s.live() && active;
    case Action::kStep:
      return s.live() ? s.can_append() : can_run;
    case Action::kReset:
      return s.live() ? s.preset.empty() : s.run.has_value();
    case Action::kKeep:
      return s.can_keep();
    case Action::kForget:
      return !s.kept.empty();
    case Action::kTable:
      return true;
    case Action::kWalk:
      return s.view.walking || can_walk(s);
    case Action::kCopyLink:
      return static_cast<bool>(s.platform.copy_text);
  }
  return false;
}

namespace {

bool of_run(Action action) {
  return action == Action::kRun || action == Action::kPause || action == Action::kStep ||
         action == Action::kReset;
}

}  // namespace

void App::act(Action action) {
  AppState& s = *state_;
  const bool starts = action == Action::kRun || action == Action::kStep;
  if (of_run(action) && postponed(s, starts && s.loading(), *s.spec.experiment,
                                  [action](App& app) { app.act(action); })) {
    return;
  }
  if (!can(action)) return;
  switch (action) {
    case Action::kRun:
      return run();
    case Action::kPause:
      return pause();
    case Action::kStep:
      return step();
    case Action::kReset:
      return reset();
    case Action::kKeep:
      keep();
      return;
    case Action::kForget:
      return forget_kept();
    case Action::kTable:
      return toggle_table();
    case Action::kWalk:
      return toggle_walk(s);
    case Action::kCopyLink:
      return copy_link();
  }
}

std::string App::act(std::string_view id, std::string_view name, std::string_view value) {
  if (id == "walk" && !value.empty()) {
    if (const std::optional<Direction> step = walk_step(value)) walk(*state_, *step);
    return {};
  }
  for (const ActionText& text : actions()) {
    if (text.id != id) continue;
    act(text.action);
    return {};
  }
  if (id == "parameter") return set_parameter(name, value);
  if (id == "seed") return set_seed(value);
  if (id == "save") return save(value);
  if (id == "mark") {
    mark(value);
    return {};
  }
  if (id == "experiment") {
    select_experiment(value);
  } else if (id == "preset") {
    select_preset(value);
  } else if (id == "figure") {
    const std::optional<std::int64_t> number = read_integer(value);
    const auto count = static_cast<std::int64_t>(state_->figures.size());
    if (number && *number >= 0 && *number < count) {
      choose_figure(*state_, static_cast<std::size_t>(*number));
    }
  } else {
    state_->notes.push_back("There is no action named " + quoted_text(id) + ".");
    state_->touch();
  }
  return {};
}

std::string_view App::label(Action action) const {
  const AppState& s = *state_;
  const bool resumes = s.run && !s.changed() && s.run->state() == Run::State::kPaused;
  if (action == Action::kRun && resumes) return "Continue";
  if (action == Action::kTable && s.view.table_open) return "Hide table";
  if (action == Action::kWalk && s.view.walking) return "End the walk";
  if (action == Action::kStep && s.appends()) return s.spec.experiment->append.label;
  return text_of(action).label;
}

std::string_view App::help(Action action) const {
  const AppState& s = *state_;
  if (action == Action::kStep && s.appends()) return s.spec.experiment->append.help;
  return text_of(action).help;
}

void App::toggle_table() {
  state_->view.table_open = !state_->view.table_open;
  state_->touch();
}

void App::mark(std::string_view parameter) {
  if (state_->view.marked == parameter) return;
  const bool known = state_->spec.experiment->schema.find(parameter) != nullptr;
  state_->view.marked = known ? parameter : std::string_view();
  state_->touch();
}

}  // namespace attnlab
