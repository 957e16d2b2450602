// Answers while a control moves: a change begins a draft of the new run at once, drafts become
// finer while nothing changes, and at rest the whole run follows. The picture shown before stays
// behind the new one until that has points.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/experiment/draft.h"
#include "core/findings/figure.h"

namespace attnlab {

struct AppState;

/// Work of one worker in a second, in the unit of an experiment's plans.
struct MeasuredRate {
  double value;
  bool settled;  ///< measured for long enough to tell people a time by it
};

struct DraftState {
  std::optional<Draft> draft;    ///< computed now or last
  std::optional<RunSpec> whole;  ///< the whole run of that draft
  std::optional<Run> run;        ///< of that draft
  RunClock clock;
  std::vector<Figure> figures;  ///< the newest draft's picture; empty before its first point
  std::string reduced;          ///< Draft::reduced of `figures`
  std::vector<Figure> before;   ///< of the result shown before the first change
  std::size_t level = 0;        ///< of fineness
  bool due = false;             ///< the parameters changed since the last draft began
  bool wanted = false;          ///< the whole run shall follow
  bool held = false;            ///< nothing is computed before the next change
  double changed_at = -1e9, began_at = -1e9, found_at = -1e9;
  std::uint64_t found_revision = 0;
  /// By experiment.
  std::map<std::string, MeasuredRate> rates;

  bool computing() const { return run && run->active(); }
};

/// After a change of the parameters: asks for a draft and, later, the whole run.
void want_draft(AppState& s);
/// Stops drafts because the whole run begins; their picture stays behind it.
void stop_drafts(AppState& s);
/// Drops drafts and their pictures.
void forget_drafts(AppState& s);
/// The parameters as they are now are answered only by Run; the next change by a draft.
void hold_drafts(AppState& s);
/// Moves drafts along; begins the whole run when it is time. Part of App::poll.
void follow_drafts(AppState& s);
/// Seconds until follow_drafts has something to do without news from the executor; infinity:
/// nothing.
double drafts_wait(const AppState& s);
/// Something is computed, or will be without anybody asking.
bool is_busy(const AppState& s);
/// Learns the machine's rate from a run that has been computed here.
void learn_rate(AppState& s, const Run& run, double seconds);
/// Seconds that the whole run of the controls' parameters would take; negative while that is not
/// known well: the shortest drafts mostly measure how long it takes to start them.
double whole_run_seconds(const AppState& s);
/// What is drawn: `blank` (axes and guides, or a run's first points) with the draft in it or the
/// earlier picture behind it.
std::vector<Figure> with_drafts(const AppState& s, std::vector<Figure> blank, bool of_run);

}  // namespace attnlab
