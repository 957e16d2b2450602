// The front end shared by browser and desktop: one experiment, its parameters, one run and the
// views of its result. Buttons, keys, page controls and messages all go through the same actions.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "core/experiment/run.h"
#include "ui/platform.h"

namespace attnlab {

struct AppState;  // ui/app_state.h: what the views share

class App {
 public:
  /// Starts with the first experiment's first preset. `executor` must outlive the app.
  App(Platform platform, Executor& executor, AppOptions options);
  ~App();
  App(const App&) = delete;
  App& operator=(const App&) = delete;

  /// Takes over an address ("e=rf-learning-curve&dim=8&run=1"); what was clamped or dropped shows
  /// as notes. Its page settings (core/codecs/contract.h) replace those before it and stay in
  /// query(); a setting that is also in `search`, the address's search part, counts as it is there.
  void open_query(std::string_view query, std::string_view search = {});
  /// The same for a state that others send (a message, a file, an undo): page settings, and what
  /// they lock, stay as they are; only the figure shown is taken.
  void load(std::string_view query);
  /// Takes over the finished jobs of a journal (core/codecs/codecs.h) as a finished, precomputed
  /// run; false, without any change, unless it is a whole run of exactly the current parameters
  /// and there is no run yet.
  bool adopt(std::string_view journal);
  /// The finished jobs of the current run as such a text; empty without a run.
  std::string journal() const;
  /// Makes the requests that waited. Call it once Platform::findings and plan can answer and the
  /// catalogue is whole.
  void parts_arrived();
  bool waits_for_parts() const;  ///< a request waits for parts_arrived
  /// The current state as permalink text, without run=1.
  std::string query() const;
  /// The same for other readers: without the settings of this frame alone (embed, fit).
  std::string link_query() const;

  /// Runs the executor and finds the results again when the run grew. True when a redraw is
  /// needed. Never works for long itself; call it every animation frame or when the executor has
  /// news.
  bool poll(double now);
  /// Draws everything; call between ImGui::NewFrame and ImGui::Render, when poll was true or input
  /// arrived. True when another frame should follow at once (something is still settling).
  bool frame(const FrameInput& input);
  /// Height in logical pixels at which the lab, drawn as one column by the newest frame, need not
  /// scroll (a finger must be able to scroll the page of a narrow lab everywhere); otherwise 0.
  float wanted_height() const;

  /// Seconds until poll has something to do although the executor has no news (a hand that rests);
  /// infinity: nothing.
  double wait() const;
  /// Something is being computed, or will be without another request.
  bool busy() const;
  /// Computing is expensive for this reader (a weak battery): drafts wait until the hand rests.
  void set_thrifty(bool thrifty);

  // Actions. An unknown experiment or preset changes nothing and leaves a note; an unknown
  // parameter changes nothing, and the returned sentence names it.

  /// Whether an action would do something now: buttons and keys follow it.
  bool can(Action action) const;
  /// Does what a button or a message asks for, when it can.
  void act(Action action);
  /// The same by id (core/codecs/contract.h), or "experiment", "preset", "figure" (its number),
  /// "mark" (a parameter), "seed", "save", "walk" (walk_step) with a value, "parameter" with a
  /// name, too. Returns the sentence to show, often empty.
  std::string act(std::string_view id, std::string_view name, std::string_view value);
  /// What the button of an action says now ("Continue" for Run of a paused run).
  std::string_view label(Action action) const;
  std::string_view help(Action action) const;  ///< one line for its tooltip
  void toggle_table();
  /// Marks the control and the letters of a parameter, as pointing at them does; empty: none.
  void mark(std::string_view parameter);
  void select_experiment(std::string_view id);
  void select_preset(std::string_view name);
  /// Clamps like a permalink; returns the sentence that says what was changed, empty when taken.
  std::string set_parameter(std::string_view name, std::string_view text);
  std::string set_seed(std::string_view text);
  /// Moves a handle of the figure shown to (x, y): sets its parameter's entries like set_parameter.
  std::string move_handle(const Figure& figure, std::size_t handle, double x, double y);
  // For shells that draw without Dear ImGui (ui/app_drawing.cpp).
  /// The figure shown, for figure_svg; takes the place of `frame`. Its `empty_text` is drawn
  /// instead of results, or over those of other parameters. A handle of a locked parameter names
  /// none.
  Figure take_drawing(double now);
  /// move_handle of the figure shown now.
  std::string move_handle(std::size_t handle, double x, double y);
  /// Moves the handle by steps to the right and up, as the arrow keys do; fine: with Shift.
  std::string step_handle(std::size_t handle, int right, int up, bool fine);
  /// Whether a finger at this logical pixel would take hold of a handle, as last drawn.
  bool grabs(float x, float y) const;
  // A live experiment needs no run: run and pause do nothing there.
  void run();    ///< starts, or resumes a paused run of the same parameters
  void pause();  ///< running jobs are held
  void step();   ///< one more job, then pauses; of a live experiment: its Appending, if it has one
  /// Forgets the run; parameters stay. Of a live experiment: back to the preset chosen last,
  /// or to the first one.
  void reset();
  /// A file of a format that save_formats() names, through Platform::save_file. Returns the
  /// sentence that is shown.
  std::string save(std::string_view format);
  /// The bytes that save would write; empty for an unknown format or without a result.
  std::string export_text(std::string_view format) const;
  void copy_link();
  /// Keeps the finished result, to be shown next to later ones of its experiment; the oldest of
  /// more than kMostKept is forgotten. Returns the sentence that is shown.
  std::string keep();
  void forget_kept();

  // What pages, tests and shells read.
  const Run* current_run() const;  ///< nullptr before the first run and after reset
  const Result& result() const;    ///< empty before the first finished job
  /// One sentence on where things are, for the live region and the run bar.
  std::string status_sentence() const;
  /// {"experiment","title","question","family","preset","seed","params":{name: canonical text},
  ///  "idle":[names of parameters that have no effect at the values of the others],
  ///  "live":bool, "changed":bool (parameters differ from the run's),
  ///  "marked": the parameter that is marked, or "", "file": name of saved files (file_stem),
  ///  "page":{"embed":bool,"fit":bool,"minimal":bool,"svg":bool,"locked":[...]}, "state":"ready|
  ///  running|paused|finished|failed", "precomputed":bool (the run came finished, with its page),
  ///  "draft": in what the draft shown is reduced, "busy": bool (as App::busy),
  ///  "fraction", "jobs_done","jobs","rate","remaining","elapsed", "status": sentence, "error":
  ///  sentence, "notes":[...], "query", "link" (as link_query),
  ///  "actions":[{"id","label","help","enabled"} of those that this experiment has], "kept":[in
  ///  what each differs], "figures":[titles], "figure": the number of the one shown,
  ///  "walk": null, or {"about": walk_introduction, "sentence","series","point","count","along",
  ///  "height","low","high"} of the WalkPlace (core/picture/walk.h); count 0: there is no point,
  ///  "claims":[{"id","statement","status","evidence","judged","needy": the settings cannot decide
  ///  it}], "needs":[{"sentence","offer","settings":[[parameter, text]...]}, one for all claims of
  ///  a need],
  ///  "tables":[{"name","caption","columns":[{"name","label","type"}],"rows":[[{"text","exact"}...]],"row_count"}]}
  /// rate, remaining: null until known. In "text" an estimate carries its uncertainty. A table of
  /// more than kStateRows rows gives its first kLongStateRows only: a matrix of dimension 512 has
  /// 262144, and the page often reads this text and lays it out.
  std::string state_json() const;
  static constexpr std::size_t kStateRows = 200, kLongStateRows = 40;

  bool theme_dark() const;
  void set_theme_dark(bool dark);

  AppState& state() { return *state_; }  ///< for views and tests
  const AppState& state() const { return *state_; }

 private:
  void refresh();  ///< plan and figures of the controls' parameters
  std::unique_ptr<AppState> state_;
};

/// Loads the font (sizes are rasterised on demand at the given ratio) and sets colours and spacing.
/// Needs an ImGui context. App::frame calls it again when ratio or theme changed, so a shell calls
/// it once at its start; false when no font could be loaded.
bool setup_fonts_and_style(float pixel_ratio, bool dark, bool contrast = false);

}  // namespace attnlab
