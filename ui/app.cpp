// The actions of the front end and the flow from run to result; drawing is in app_frame.cpp.
#include "ui/app.h"

#include <algorithm>

#include "core/catalogue/catalogue.h"
#include "core/base/text.h"
#include "ui/app_state.h"
#include "ui/field_layout.h"
#include "ui/theme.h"

namespace attnlab {
namespace {

constexpr double kReduceEvery = 0.15;   // seconds, while a run goes on
constexpr double kTellEvery = 0.25;     // seconds between two news to the page
constexpr double kLinkEvery = 0.35;     // browsers limit changes of the location
// Seconds between two redraws for progress alone. Where no graphics card draws, ten of them a second
// took a fifth of the processor time that a run's workers want.
constexpr double kProgressEvery = 0.25;
constexpr double kRestlessStep = 0.08;
const std::vector<std::string> kPageKeys = {"ui", "lock", "theme", "embed"};

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

/// What the experiment finds, here or elsewhere; nothing while that part is loading.
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

/// Curves and rows of the kept results beside those of the run.
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

/// Result and figures of the run as far as it is; false while the part that finds them is loading.
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
    // What was drawn meanwhile depended on the run's pace, the picture of its result must not.
    if (!active) s.glyphs_renewed = renew_glyphs();
  }
  if (s.run->fraction() != s.drawn_fraction && s.now - s.drawn_at >= kProgressEvery) {
    s.drawn_fraction = s.run->fraction();
    s.touch();
  }
}

void take_page_keys(AppState& s, const Permalink& link) {
  for (const auto& [key, value] : link.other) {
    if (key == "ui") {
      s.options.minimal = value == "min";
    } else if (key == "embed") {
      s.options.embedded = value != "0";
    } else if (key == "lock") {
      s.options.locked = split(value, ',');
    } else if (key == "theme" && (value == "dark" || value == "light")) {
      s.dark = value == "dark";
      s.theme_chosen = true;
    }
    s.page_keys.emplace_back(key, value);
  }
}

/// Whether a query says anything about the run, or only how the page should look.
bool names_a_run(std::string_view query) {
  for (const std::string& item : split(query, '&')) {
    const std::string key = item.substr(0, item.find('='));
    if (!key.empty() && key != "run" &&
        std::find(kPageKeys.begin(), kPageKeys.end(), key) == kPageKeys.end())
      return true;
  }
  return false;
}

}  // namespace

bool AppState::locked(std::string_view name) const {
  return std::find(options.locked.begin(), options.locked.end(), name) != options.locked.end();
}

void AppState::hold_locked(RunSpec& wanted) {
  for (const std::string& name : options.locked) {
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

void App::open_query(std::string_view query) {
  AppState& s = *state_;
  if (!query.empty() && (query.front() == '?' || query.front() == '#')) query.remove_prefix(1);
  const Permalink link = read_query(query, *s.spec.experiment, kPageKeys);
  s.page_keys.clear();
  take_page_keys(s, link);
  s.notes = link.notes;
  s.parameter_notes.clear();
  if (names_a_run(query)) {
    if (!s.run || !(s.run->spec() == link.spec)) drop_run(s);
    s.spec = link.spec;
  }
  s.fixed.clear();  // who gives the address may give what is locked other values
  s.hold_locked(s.spec);
  spec_changed(s);
  if (link.run) run();
}

std::string App::query() const {
  std::string text = query_text(state_->spec);
  for (const auto& [key, value] : state_->page_keys) text += "&" + key + "=" + value;
  return text;
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
  const std::optional<std::int64_t> seed = read_integer(text);
  std::string note;
  if (s.locked("seed")) {
    note = "seed is fixed on this page.";
  } else if (!seed || *seed < 0 || static_cast<std::uint64_t>(*seed) > kMaxSeed) {
    note = "seed = " + std::string(text) + " is not a whole number from 0 to " +
           exact_text(static_cast<std::int64_t>(kMaxSeed)) + "; kept " +
           exact_text(static_cast<std::int64_t>(s.spec.seed)) + ".";
  } else {
    s.spec.seed = static_cast<std::uint64_t>(*seed);
  }
  s.parameter_notes["seed"] = note;
  spec_changed(s);
  return note;
}

std::string App::move_handle(const Figure& figure, std::size_t handle, double x, double y) {
  if (handle >= figure.handles.size()) return {};
  const Handle& moved = figure.handles[handle];
  const std::string parameter = moved.parameter;  // the figure is made anew by the change
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
    s.save_note = "Kept: the next result of this experiment is shown beside it.";
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
