// What the front end remembers, shared by the actions (app.cpp) and the views.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/experiment/comparison.h"
#include "core/experiment/run.h"
#include "ui/drafts.h"
#include "ui/platform.h"
#include "ui/plot.h"

namespace attnlab {

/// What the reader opened, folded and toggled; no influence on numbers.
struct ViewState {
  std::map<std::string, PlotState> plots;  ///< by figure id
  std::size_t figure = 0, table = 0;
  bool table_open = false;
  bool more_open = false;
  bool presets_open = false;  ///< those beyond the first few
  bool text_open = true;
  bool schematic_open = false;
  bool focus_run_button = false;
  bool walking = false;  ///< from point to point, PlotState::chosen of the figure shown
  std::string marked;    ///< the parameter whose control and letters are marked
  std::string pointed;   ///< the one under the pointer in this frame
};

class App;

/// A result that can come back, with all that was shown of it.
struct FinishedRun {
  Run run;
  RunClock clock;
  bool precomputed;
  Result result;
  std::vector<Figure> figures;
};

struct AppState {
  AppState(Platform shell, Executor& runner, AppOptions wanted, RunSpec first)
      : platform(std::move(shell)),
        executor(runner),
        options(std::move(wanted)),
        spec(std::move(first)) {}

  Platform platform;
  Executor& executor;
  AppOptions options;

  RunSpec spec;              ///< what the controls show
  std::string preset;        ///< the preset that spec equals, or empty
  std::string last_preset;   ///< the preset chosen or met last: where a live experiment resets to
  std::optional<Plan> plan;  ///< of spec
  std::string plan_error;    ///< why spec cannot run, empty when it can

  std::optional<Run> run;
  bool precomputed = false;  ///< the run's jobs came finished, with their page
  RunClock clock;
  Result result;                    ///< of the run so far
  Result preview;                   ///< of no job at all: the claims that a run would judge
  std::vector<Figure> figures;      ///< of the run, or the empty ones of spec
  std::vector<Figure> run_figures;  ///< of the run's result; empty before that
  std::map<std::string, std::string, std::less<>> fixed;  ///< the values of what is locked
  DraftState drafts;
  std::vector<FinishedRun> finished;    ///< earlier results, the newest last
  std::map<std::string, RunSpec> left;  ///< by experiment: where the reader left it
  bool thrifty = false;
  std::vector<KeptResult> kept;  ///< finished results to compare with, oldest first
  Result compared;               ///< the run's result with the rows of the kept ones
  bool waiting = false;          ///< for parts of the program that are loading (ui/app_parts.h)
  std::vector<std::function<void(App&)>> postponed;  ///< requests that wait for them
  std::uint64_t reduced_revision = 0;

  std::vector<std::string> notes;                      ///< until the reader dismisses them
  std::map<std::string, std::string> parameter_notes;  ///< by parameter, until it changes again
  std::string save_note;                               ///< what the last save or copy did

  bool dark = false;
  bool theme_chosen = false;  ///< by the reader or a link: no longer the shell's choice
  float styled_ratio = 0;     ///< of the last setup_fonts_and_style
  bool styled_dark = false, styled_contrast = false;
  float column_height = 0;      // App::wanted_height
  bool figure_asked = false;    // by a link, and which figures there are is not known yet
  bool glyphs_renewed = false;  ///< since the last frame

  double now = 0;
  double reduced_at = -1e9, told_at = -1e9, linked_at = -1e9, drawn_at = -1e9;
  double restless_until = 0;  ///< hover delays and layout need frames until then
  bool redraw = true;         ///< something visible changed
  bool untold = true;         ///< the shell has not heard of the newest state
  std::string shown_query;
  double drawn_fraction = -1;

  ViewState view;

  /// The run's parameters differ from the controls by now.
  bool changed() const { return run && !(run->spec() == spec); }
  /// At least one row was measured.
  bool has_result() const { return !result.tables.empty() && !result.tables.front().rows.empty(); }
  /// The run, or what would be run: kept results are shown next to it.
  const RunSpec& shown_spec() const {
    return run && (!changed() || has_result()) ? run->spec() : spec;
  }
  /// The result is whole, shown, and not kept already; live ones follow the controls instead.
  bool can_keep() const {
    return run && !live() && run->state() == Run::State::kFinished && !run_figures.empty() &&
           std::none_of(kept.begin(), kept.end(),
                        [&](const KeptResult& one) { return one.spec == run->spec(); });
  }
  /// There is something to judge; before that, claims are what a run would test.
  bool judges() const { return run && (live() || has_result()); }
  const Result& judged() const { return judges() ? result : preview; }
  /// What tables show.
  const Result& shown_result() const { return kept.empty() ? result : compared; }
  bool live() const { return spec.experiment->live; }
  /// The experiment has a step that appends to a tuple (Appending).
  bool appends() const { return !spec.experiment->append.label.empty(); }
  std::string appended() const { return appended_text(*spec.experiment, spec.parameters); }
  bool can_append() const {
    return appends() && !locked(spec.experiment->append.into) && !appended().empty();
  }
  /// An experiment, or the plan of the parameters, is not known yet.
  bool loading() const;
  const PageSettings& page() const { return options.page; }
  bool locked(std::string_view name) const;
  /// Gives locked parameters their fixed values: the values of the first specification that locked
  /// them.
  void hold_locked(RunSpec& wanted);
  void touch() { redraw = untold = true; }
};

}  // namespace attnlab
