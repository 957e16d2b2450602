// The actions of the front end and the flow from run to result; drawing is in app_frame.cpp.
#include "ui/app.h"

#include <algorithm>

#include "core/base/text.h"
#include "core/catalogue/catalogue.h"
#include "core/experiment/seed.h"
#include "ui/app_state.h"
#include "ui/field_layout.h"
#include "ui/theme.h"

namespace attnlab {
namespace {

constexpr double kReduceEvery = 0.15;  // seconds, while a run goes on
constexpr double kTellEvery = 0.25;    // seconds between two news to the page
constexpr double kLinkEvery = 0.35;    // browsers limit changes of the location
// Seconds between two redraws for progress alone. Where no graphics card draws, ten of them a
// second took a fifth of the processor time that a run's workers want.
constexpr double kProgressEvery = 0.25;
constexpr double kRestlessStep = 0.08;

ParameterSet first_parameters(const Experiment& experiment) {
  if (!experiment.presets.empty()) {
    Expected<ParameterSet> parameters =
        preset_parameters(experiment, experiment.presets.front().name);
    if (parameters) return *std::move(parameters);
  }
  return ParameterSet(experiment.schema);
}

std::string matching_preset(const RunSpec& spec) {
  for (const Preset& preset : spec.experiment->presets) {
    const Expected<ParameterSet> parameters = preset_parameters(*spec.experiment, preset.name);
    if (parameters && *parameters == spec.parameters) return preset.name;
  }
  return {};
}

/// The experiment's findings, from here or from another module; nullopt while that is loading.
std::optional<Findings> find(AppState& s, const RunSpec& spec,
                             std::span<const JobOutput> outputs = {}) {
  if (spec.experiment->find != nullptr) return spec.experiment->find(spec, outputs);
  std::optional<Findings> findings;
  if (s.platform.findings) findings = s.platform.findings(spec, outputs);
  if (!findings) s.waiting = true;
  return findings;
}

std::vector<Figure> waiting_figures(const Experiment& experiment) {
  Figure figure;
  figure.id = "waiting";
  figure.title = experiment.question;
  figure.empty_text = "This part of the lab is loading.";
  return {std::move(figure)};
}

/// Adds the curves and rows of the kept results to the run's.
void show_kept(AppState& s) {
  s.compared = Result();
  if (s.kept.empty()) return;
  const RunSpec& now = s.shown_spec();
  for (Figure& figure : s.figures) figure = with_kept(std::move(figure), now, s.kept);
  s.compared = s.result;
  for (Table& table : s.compared.tables) table = with_kept(std::move(table), now, s.kept);
}

void refresh_figures(AppState& s) {
  const bool of_run = s.run && (!s.changed() || s.has_result());
  if (of_run && !s.run_figures.empty()) {
    s.figures = s.run_figures;
  } else {
    const RunSpec& spec = of_run ? s.run->spec() : s.spec;
    std::optional<Findings> blank = find(s, spec);
    s.figures = blank ? std::move(blank->figures) : waiting_figures(*spec.experiment);
    if (!s.run) s.preview = blank ? std::move(blank->result) : Result();
  }
  show_kept(s);
  if (s.view.figure >= s.figures.size()) s.view.figure = 0;
  s.touch();
}

void drop_run(AppState& s) {
  s.executor.cancel();
  s.run.reset();
  s.clock = RunClock();
  s.result = Result();
  s.run_figures.clear();
  s.reduced_revision = 0;
  s.precomputed = false;
}

/// Result and figures of the run so far; false while the module that finds them is loading.
bool find_results(AppState& s) {
  const std::vector<JobOutput> outputs = s.run->outputs();
  std::optional<Findings> findings = find(s, s.run->spec(), outputs);
  if (!findings) return false;
  s.result = std::move(findings->result);
  s.run_figures = std::move(findings->figures);
  return true;
}

/// A live experiment is always finished: its result follows the parameters at once.
void follow_parameters(AppState& s) {
  if (s.run) drop_run(s);
  if (!s.plan || !s.plan_error.empty()) return;
  s.run.emplace(s.spec, *s.plan);
  find_results(s);
}

/// After every change of spec: plan it, hold a run of other parameters, show the right figure.
void spec_changed(AppState& s) {
  s.preset = matching_preset(s.spec);
  if (!s.preset.empty()) s.last_preset = s.preset;
  s.plan.reset();
  s.plan_error.clear();
  Expected<Plan> plan = s.spec.experiment->plan(s.spec);
  if (plan) {
    s.plan = *std::move(plan);
    if (s.options.memory_limit_bytes > 0) {
      const Expected<void> fits = check_memory(s.spec, *s.plan, s.options.memory_limit_bytes);
      if (!fits) s.plan_error = fits.error().sentence;
    }
  } else {
    s.plan_error = plan.error().sentence;
  }
  if (s.live()) {
    follow_parameters(s);
  } else if (s.changed() && s.run->active()) {
    s.run->pause();
  }
  refresh_figures(s);
}

/// A fresh run of the controls' parameters; false (with plan_error) when they cannot run.
bool start_run(AppState& s) {
  if (!s.plan_error.empty() || !s.plan) {
    s.touch();
    return false;
  }
  drop_run(s);
  s.run.emplace(s.spec, *s.plan);
  s.view.table = 0;
  for (auto& [id, plot] : s.view.plots) plot.chosen.reset();
  refresh_figures(s);
  return true;
}

bool can_continue(const AppState& s) {
  return s.run && !s.changed() &&
         (s.run->state() == Run::State::kReady || s.run->state() == Run::State::kPaused);
}

void reduce(AppState& s) {
  s.reduced_at = s.now;
  if (!find_results(s)) return;
  s.reduced_revision = s.run->revision();
  refresh_figures(s);
}

void follow_run(AppState& s) {
  const Run::State before = s.run->state();
  if (before == Run::State::kRunning || before == Run::State::kPaused) s.executor.poll(*s.run);
  s.clock.tick(*s.run, s.now);
  const bool active = s.run->active();
  if (s.run->revision() != s.reduced_revision && (!active || s.now - s.reduced_at >= kReduceEvery))
    reduce(s);
  if (s.run->state() != before) {
    s.touch();
    // Which glyphs were cached during the run depends on timing; a fresh glyph atlas makes the
    // final picture reproducible.
    if (!active) s.glyphs_renewed = renew_glyphs();
  }
  if (s.run->fraction() != s.drawn_fraction && s.now - s.drawn_at >= kProgressEvery) {
    s.drawn_fraction = s.run->fraction();
    s.touch();
  }
}

std::string with_page(const AppState& s, const PageSettings& page) {
  const std::string settings = page_text(page);
  return query_text(s.spec) + (settings.empty() ? "" : "&") + settings;
}

/// The parameters, seed and notes of a link; what is locked keeps its value.
void take_over(AppState& s, const Permalink& link) {
  s.notes = link.notes;
  s.parameter_notes.clear();
  if (link.names_run) {
    if (!s.run || !(s.run->spec() == link.spec)) drop_run(s);
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
  s.options.page = std::move(link.page);
  if (s.page().theme != PageSettings::Theme::kAuto) {
    s.dark = s.page().theme == PageSettings::Theme::kDark;
    s.theme_chosen = true;
  }
  s.fixed.clear();  // a new address may also change the values of locked parameters
  take_over(s, link);
  if (link.run) run();
}

void App::load(std::string_view query) {
  AppState& s = *state_;
  Permalink link = read_query(query, *s.spec.experiment);
  const bool other = link.spec.experiment != s.spec.experiment;
  if (other && s.locked("experiment")) {
    s.notes = {"experiment is fixed on this page; a state of " + link.spec.experiment->id +
               " is left out."};
    return s.touch();
  }
  if (!other && s.locked("preset")) link.spec.parameters = s.spec.parameters;
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

void App::parts_arrived() {
  state_->waiting = false;
  spec_changed(*state_);
}

bool App::waits_for_parts() const {
  return state_->waiting;
}

bool App::poll(double now) {
  AppState& s = *state_;
  s.now = now;
  if (s.run) follow_run(s);
  const bool active = s.run && s.run->active();
  if (s.untold && (!active || now - s.told_at >= kTellEvery)) {
    s.untold = false;
    s.told_at = now;
    if (s.platform.state_changed) s.platform.state_changed();
  }
  if (s.platform.show_permalink && now - s.linked_at >= kLinkEvery) {
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
  if (experiment == s.spec.experiment || s.locked("experiment")) return;
  drop_run(s);
  s.parameter_notes.clear();
  s.spec = RunSpec{experiment, first_parameters(*experiment), s.spec.seed};
  s.hold_locked(s.spec);
  s.view.figure = s.view.table = 0;
  s.last_preset.clear();
  spec_changed(s);
}

void App::select_preset(std::string_view name) {
  AppState& s = *state_;
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
  if (s.live()) return;
  const bool running = s.run && !s.changed() && s.run->active();
  if (running || can_continue(s) || start_run(s)) s.run->step_once();
  s.touch();
}

void App::reset() {
  if (state_->live()) {
    if (!state_->last_preset.empty()) select_preset(state_->last_preset);
    return;
  }
  drop_run(*state_);
  refresh_figures(*state_);
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
