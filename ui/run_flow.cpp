#include "ui/run_flow.h"

#include <algorithm>

#include "core/base/text.h"
#include "core/experiment/comparison.h"
#include "core/picture/heat_layout.h"
#include "core/picture/together.h"
#include "ui/app_parts.h"
#include "ui/app_state.h"
#include "ui/field_layout.h"
#include "ui/theme.h"

namespace attnlab {
namespace {

constexpr double kReduceEvery = 0.15;  // seconds, during a run
// Seconds between two redraws for progress alone. Where no graphics card draws, ten of them a
// second took a fifth of the processor time that a run's workers want.
constexpr double kProgressEvery = 0.25;
constexpr std::size_t kMostRemembered = 12;

std::string matching_preset(const RunSpec& spec) {
  for (const Preset& preset : spec.experiment->presets) {
    const Expected<ParameterSet> parameters = preset_parameters(*spec.experiment, preset.name);
    if (parameters && *parameters == spec.parameters) return preset.name;
  }
  return {};
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
  if (s.run) leave_run(s, Leaving::kForget);
  if (!s.plan || !s.plan_error.empty()) return;
  s.run.emplace(s.spec, *s.plan);
  find_results(s);
}

void make_plan(AppState& s) {
  s.plan.reset();
  s.plan_error.clear();
  std::optional<Expected<Plan>> planned = plan(s, s.spec);
  if (!planned) return;  // its code is loading
  if (!*planned) {
    s.plan_error = planned->error().sentence;
    return;
  }
  s.plan = **std::move(planned);
  if (s.options.memory_limit_bytes > 0) {
    const Expected<void> fits = check_memory(s.spec, *s.plan, s.options.memory_limit_bytes);
    if (!fits) s.plan_error = fits.error().sentence;
  }
}

/// An earlier result of the controls' parameters comes back; false when there is none.
bool recall(AppState& s) {
  const auto found = std::find_if(s.finished.begin(), s.finished.end(),
                                  [&](const FinishedRun& one) { return one.run.spec() == s.spec; });
  if (found == s.finished.end()) return false;
  FinishedRun again = std::move(*found);
  s.finished.erase(found);  // first: the run that is left takes a place of the list
  if (s.run) leave_run(s, Leaving::kRemember);
  s.run = std::move(again.run);
  s.clock = again.clock;
  s.precomputed = again.precomputed;
  s.result = std::move(again.result);
  s.run_figures = std::move(again.figures);
  s.reduced_revision = s.run->revision();
  return true;
}

void reduce(AppState& s) {
  s.reduced_at = s.now;
  if (!find_results(s)) return;
  s.reduced_revision = s.run->revision();
  refresh_figures(s);
}

void run_ended(AppState& s) {
  if (!s.precomputed) learn_rate(s, *s.run, s.clock.elapsed());
  if (s.run->state() == Run::State::kFinished) forget_drafts(s);
  refresh_figures(s);
  // Which glyphs were cached during the run depends on timing; a fresh glyph atlas makes the
  // final picture reproducible.
  s.glyphs_renewed = renew_glyphs();
}

/// Shows the figure that the page names, wherever it is now; `found`: these are all. One that a
/// change of parameters has taken away is forgotten, one that a link names is complained about.
void show_figure(AppState& s, bool found) {
  std::string& wanted = s.options.page.figure;
  const auto at = std::ranges::find(s.figures, wanted, &Figure::id);
  s.view.figure = at == s.figures.end() ? 0 : static_cast<std::size_t>(at - s.figures.begin());
  if (!found) return;
  const bool asked = std::exchange(s.figure_asked, false);
  if (wanted.empty() || at != s.figures.end()) return;
  if (asked) {
    std::vector<std::string> ids;
    for (const Figure& figure : s.figures) ids.push_back(figure.id);
    s.notes.push_back(unknown_name_text("figure", wanted, s.spec.experiment->id, ids) + ".");
  }
  wanted.clear();
}

}  // namespace

void choose_figure(AppState& s, std::size_t number) {
  s.view.figure = number;
  s.options.page.figure = number == 0 ? std::string() : s.figures[number].id;
  s.touch();
}

void refresh_figures(AppState& s) {
  bool found = true;
  const bool of_run = s.run && (!s.changed() || s.has_result());
  if (of_run && !s.run_figures.empty()) {
    s.figures = s.run_figures;
  } else {
    const RunSpec& spec = of_run ? s.run->spec() : s.spec;
    std::optional<Findings> blank = find(s, spec);
    found = blank.has_value();
    s.figures = blank ? std::move(blank->figures) : waiting_figures(*spec.experiment);
    s.preview = blank ? std::move(blank->result) : Result();
  }
  if (!of_run || s.run->state() != Run::State::kFinished)
    s.figures = with_drafts(s, std::move(s.figures), of_run);
  show_kept(s);
  add_together(s.figures);
  show_figure(s, found);
  s.touch();
}

void leave_run(AppState& s, Leaving leaving) {
  const bool shown = std::any_of(s.run_figures.begin(), s.run_figures.end(), has_results);
  if (shown && s.run) {
    s.drafts.before = s.run_figures;
    s.drafts.figures.clear();
  }
  const bool whole = s.run && !s.live() && s.run->state() == Run::State::kFinished;
  if (whole && leaving == Leaving::kRemember) {
    s.finished.push_back(
        {*std::move(s.run), s.clock, s.precomputed, std::move(s.result), std::move(s.run_figures)});
    if (s.finished.size() > kMostRemembered) s.finished.erase(s.finished.begin());
  } else if (s.run) {
    s.executor.cancel();
  }
  s.run.reset();
  s.clock = RunClock();
  s.result = Result();
  s.run_figures.clear();
  s.reduced_revision = 0;
  s.precomputed = false;
}

void spec_changed(AppState& s) {
  s.preset = matching_preset(s.spec);
  if (!s.preset.empty()) s.last_preset = s.preset;
  make_plan(s);
  if (s.live()) {
    follow_parameters(s);
    forget_drafts(s);
  } else if (recall(s)) {
    forget_drafts(s);
  } else if (!s.run || s.changed()) {
    want_draft(s);
    if (s.drafts.due && s.run) {
      leave_run(s, Leaving::kRemember);
    } else if (s.run && s.run->active()) {
      s.run->pause();
    }
  }
  refresh_figures(s);
}

bool start_run(AppState& s) {
  if (!s.plan_error.empty() || !s.plan) {
    s.touch();
    return false;
  }
  stop_drafts(s);
  leave_run(s, Leaving::kForget);
  s.executor.cancel();
  s.run.emplace(s.spec, *s.plan);
  s.view.table = 0;
  if (!s.view.walking)
    for (auto& [id, plot] : s.view.plots) plot.chosen.reset();
  refresh_figures(s);
  return true;
}

void begin_whole_run(AppState& s) {
  if (start_run(s)) s.run->resume();
  s.touch();
}

bool can_continue(const AppState& s) {
  return s.run && !s.changed() &&
         (s.run->state() == Run::State::kReady || s.run->state() == Run::State::kPaused);
}

void follow_run(AppState& s) {
  const Run::State before = s.run->state();
  if (before == Run::State::kRunning || before == Run::State::kPaused) s.executor.poll(*s.run);
  s.clock.tick(*s.run, s.now);
  const bool active = s.run->active();
  if (s.run->revision() != s.reduced_revision && (!active || s.now - s.reduced_at >= kReduceEvery))
    reduce(s);
  if (s.run->state() != before && !active) run_ended(s);
  if (s.run->state() != before) s.touch();
  if (s.run->fraction() != s.drawn_fraction && s.now - s.drawn_at >= kProgressEvery) {
    s.drawn_fraction = s.run->fraction();
    s.touch();
  }
}

}  // namespace attnlab
