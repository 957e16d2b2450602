// The actions of the front end and the flow from run to result; drawing is in app_frame.cpp.
#include "ui/app.h"

#include <algorithm>

#include "core/base/text.h"
#include "core/catalogue/catalogue.h"
#include "core/experiment/seed.h"
#include "ui/app_parts.h"
#include "ui/app_state.h"
#include "ui/field_layout.h"
#include "ui/run_flow.h"
#include "ui/theme.h"

namespace attnlab {
namespace {

constexpr double kTellEvery = 0.25;  // seconds between two news to the page
constexpr double kLinkEvery = 0.35;  // browsers limit changes of the location
constexpr double kRestlessStep = 0.08;

ParameterSet first_parameters(const Experiment& experiment) {
  if (!experiment.presets.empty()) {
    Expected<ParameterSet> parameters =
        preset_parameters(experiment, experiment.presets.front().name);
    if (parameters) return *std::move(parameters);
  }
  return ParameterSet(experiment.schema);
}

std::string with_page(const AppState& s, const PageSettings& page) {
  const std::string settings = page_text(page);
  return query_text(s.spec) + (settings.empty() ? "" : "&") + settings;
}

/// Puts away what belongs to the experiment; coming back finds it again.
void leave_experiment(AppState& s) {
  forget_drafts(s);
  s.left.insert_or_assign(s.spec.experiment->id, s.spec);
  leave_run(s, Leaving::kRemember);
  s.drafts.before.clear();
  for (auto& [id, plot] : s.view.plots) plot.held = {};
}

/// The parameters, seed and notes of a link; what is locked keeps its value.
void take_over(AppState& s, const Permalink& link) {
  s.notes = link.notes;
  s.parameter_notes.clear();
  if (link.names_run) {
    if (link.spec.experiment != s.spec.experiment) leave_experiment(s);
    s.spec = link.spec;
  }
  s.hold_locked(s.spec);  // what the address locks keeps its value
  spec_changed(s);
}

}  // namespace

bool AppState::locked(std::string_view name) const {
  const std::vector<std::string>& names = page().locked;
  return std::find(names.begin(), names.end(), name) != names.end();
}

void AppState::hold_locked(RunSpec& wanted) {
  for (const std::string& name : page().locked) {
    if (name == "seed") {
      const std::string& text = fixed.try_emplace(name, std::to_string(wanted.seed)).first->second;
      wanted.seed = std::stoull(text);
    } else if (wanted.experiment->schema.find(name)) {
      wanted.parameters.set_text_clamped(
          name, fixed.try_emplace(name, wanted.parameters.text(name)).first->second);
    }
  }
}

App::App(Platform platform, Executor& executor, AppOptions options) {
  const Experiment& first = *experiments().front();
  state_ = std::make_unique<AppState>(std::move(platform), executor, std::move(options),
                                      RunSpec{&first, first_parameters(first)});
  state_->hold_locked(state_->spec);
  spec_changed(*state_);
}

App::~App() {
  state_->executor.cancel();
}

void App::open_query(std::string_view query, std::string_view search) {
  AppState& s = *state_;
  Permalink link = read_query(query, *s.spec.experiment);
  read_page_settings(search, link);
  if (postponed(s, needs_parts(s, link), *link.spec.experiment,
                [address = std::string(query), more = std::string(search)](App& app) {
                  app.open_query(address, more);
                })) {
    return;
  }
  s.options.page = std::move(link.page);
  s.figure_asked = true;
  if (s.page().theme != PageSettings::Theme::kAuto) {
    s.dark = s.page().theme == PageSettings::Theme::kDark;
    s.theme_chosen = true;
  }
  s.fixed.clear();  // a new address may also change the values of locked parameters
  take_over(s, link);
  if (link.run) return run();
  // Of many labs on a page only those that the reader touches compute.
  if (s.page().embed) hold_drafts(s);
}

void App::load(std::string_view query) {
  AppState& s = *state_;
  Permalink link = read_query(query, *s.spec.experiment);
  if (postponed(s, needs_parts(s, link), *link.spec.experiment,
                [state = std::string(query)](App& app) { app.load(state); })) {
    return;
  }
  const bool other = link.spec.experiment != s.spec.experiment;
  if (other && s.locked("experiment")) {
    s.notes = {"experiment is fixed on this page; a state of " + link.spec.experiment->id +
               " is left out."};
    return s.touch();
  }
  if (!other && s.locked("preset")) link.spec.parameters = s.spec.parameters;
  s.options.page.figure = std::move(link.page.figure);
  s.figure_asked = true;
  take_over(s, link);
}

std::string App::query() const {
  return with_page(*state_, state_->page());
}

std::string App::link_query() const {
  PageSettings page = state_->page();
  page.embed = page.fit = false;
  return with_page(*state_, page);
}

double App::wait() const {
  const AppState& s = *state_;
  const double until_link = s.linked_at + kLinkEvery - s.now;
  const bool link_waits = s.platform.show_permalink && until_link > 0 && s.postponed.empty();
  return link_waits ? std::min(until_link, drafts_wait(s)) : drafts_wait(s);
}

bool App::busy() const {
  return is_busy(*state_);
}

void App::set_thrifty(bool thrifty) {
  state_->thrifty = thrifty;
}

void App::refresh() {
  const bool held = state_->drafts.held;
  spec_changed(*state_);
  if (held) hold_drafts(*state_);
}

bool App::poll(double now) {
  AppState& s = *state_;
  s.now = now;
  follow_drafts(s);
  if (s.run) follow_run(s);
  const bool active = s.run && s.run->active();
  if (s.untold && (!active || now - s.told_at >= kTellEvery)) {
    s.untold = false;
    s.told_at = now;
    if (s.platform.state_changed) s.platform.state_changed();
  }
  if (s.platform.show_permalink && s.postponed.empty() && now - s.linked_at >= kLinkEvery) {
    std::string text = query();
    if (text != s.shown_query) {
      s.linked_at = now;
      s.shown_query = std::move(text);
      s.platform.show_permalink(s.shown_query);
    }
  }
  const bool restless = now < s.restless_until && now - s.drawn_at >= kRestlessStep;
  return s.redraw || restless;
}

void App::select_experiment(std::string_view id) {
  AppState& s = *state_;
  const Experiment* experiment = find_experiment(id);
  if (!experiment) {
    s.notes.push_back("There is no experiment named " + std::string(id) + ".");
    return s.touch();
  }
  if (postponed(s, !experiment->whole, *experiment,
                [name = experiment->id](App& app) { app.select_experiment(name); })) {
    return;
  }
  if (experiment == s.spec.experiment || s.locked("experiment")) return;
  leave_experiment(s);
  s.parameter_notes.clear();
  const auto left = s.left.find(experiment->id);
  s.spec = left != s.left.end() ? left->second
                                : RunSpec{experiment, first_parameters(*experiment), s.spec.seed};
  s.hold_locked(s.spec);
  s.options.page.figure.clear();
  s.view.table = 0;
  s.last_preset.clear();
  spec_changed(s);
}

void App::select_preset(std::string_view name) {
  AppState& s = *state_;
  if (postponed(s, false, *s.spec.experiment,
                [preset = std::string(name)](App& app) { app.select_preset(preset); })) {
    return;
  }
  if (s.locked("preset")) return;
  Expected<ParameterSet> parameters = preset_parameters(*s.spec.experiment, name);
  if (!parameters) {
    s.notes.push_back(parameters.error().sentence);
    return s.touch();
  }
  s.parameter_notes.clear();
  s.spec.parameters = *std::move(parameters);
  s.hold_locked(s.spec);
  spec_changed(s);
}

std::string App::set_parameter(std::string_view name, std::string_view text) {
  AppState& s = *state_;
  if (postponed(s, false, *s.spec.experiment,
                [parameter = std::string(name), value = std::string(text)](App& app) {
                  app.set_parameter(parameter, value);
                })) {
    return {};
  }
  if (!s.spec.experiment->schema.find(name))
    return "There is no parameter named " + std::string(name) + ".";
  std::string note = s.locked(name) ? std::string(name) + " is fixed on this page."
                                    : s.spec.parameters.set_text_clamped(name, text);
  s.parameter_notes[std::string(name)] = note;
  spec_changed(s);
  return note;
}

std::string App::set_seed(std::string_view text) {
  AppState& s = *state_;
  if (postponed(s, false, *s.spec.experiment,
                [seed = std::string(text)](App& app) { app.set_seed(seed); })) {
    return {};
  }
  std::string note =
      s.locked("seed") ? "seed is fixed on this page." : set_seed_clamped(s.spec.seed, text);
  s.parameter_notes["seed"] = note;
  spec_changed(s);
  return note;
}

std::string App::move_handle(const Figure& figure, std::size_t handle, double x, double y) {
  if (handle >= figure.handles.size()) return {};
  const Handle& moved = figure.handles[handle];
  const std::string parameter = moved.parameter;  // a copy: the change replaces the figure
  const std::string text = moved_text(state_->spec.parameters, moved, x, y, plane_range(figure.x),
                                      plane_range(figure.y));
  return text.empty() ? std::string() : set_parameter(parameter, text);
}

bool App::grabs(float x, float y) const {
  const AppState& s = *state_;
  if (s.view.figure >= s.figures.size()) return false;
  const auto shown = s.view.plots.find(s.figures[s.view.figure].id);
  if (shown == s.view.plots.end()) return false;
  const std::vector<Box>& grabs = shown->second.grabs;
  return std::any_of(grabs.begin(), grabs.end(), [&](const Box& box) {
    return x >= box.x0 && x <= box.x1 && y >= box.y0 && y <= box.y1;
  });
}

void App::run() {
  AppState& s = *state_;
  if (s.live()) return;
  if (can_continue(s) || start_run(s)) s.run->resume();
  s.touch();
}

void App::pause() {
  if (state_->run) state_->run->pause();
  state_->touch();
}

void App::step() {
  AppState& s = *state_;
  if (s.live()) {
    if (s.can_append()) set_parameter(s.spec.experiment->append.into, s.appended());
    return;
  }
  const bool running = s.run && !s.changed() && s.run->active();
  if (running || can_continue(s) || start_run(s)) s.run->step_once();
  s.touch();
}

void App::reset() {
  if (state_->live()) {
    // The preset met last may be another experiment's: a link with values of its own names none.
    const std::vector<Preset>& presets = state_->spec.experiment->presets;
    const auto last = std::ranges::find(presets, state_->last_preset, &Preset::name);
    select_preset(last == presets.end() ? presets.front().name : last->name);
    return;
  }
  AppState& s = *state_;
  forget_drafts(s);
  leave_run(s, Leaving::kForget);
  s.drafts.before.clear();
  refresh_figures(s);
}

std::string App::keep() {
  AppState& s = *state_;
  if (!s.can_keep()) {
    s.save_note = "A result can be kept when it is finished and not kept already.";
  } else {
    s.kept.push_back({s.run->spec(), {s.result, s.run_figures}, journal()});
    if (s.kept.size() > kMostKept) s.kept.erase(s.kept.begin());
    s.save_note = "Kept: the next result of this experiment is shown next to it.";
  }
  refresh_figures(s);
  return s.save_note;
}

void App::forget_kept() {
  state_->kept.clear();
  state_->save_note.clear();
  refresh_figures(*state_);
}

const Run* App::current_run() const {
  return state_->run ? &*state_->run : nullptr;
}
const Result& App::result() const {
  return state_->result;
}

bool App::theme_dark() const {
  return state_->dark;
}

void App::set_theme_dark(bool dark) {
  AppState& s = *state_;
  s.theme_chosen = true;
  if (s.dark != dark) {
    s.dark = dark;
    if (s.platform.theme_changed) s.platform.theme_changed(dark);
  }
  s.touch();
}

}  // namespace attnlab
