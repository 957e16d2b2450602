#include "ui/drafts.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "core/catalogue/catalogue.h"
#include "core/picture/heat_layout.h"
#include "ui/app_parts.h"
#include "ui/app_state.h"
#include "ui/run_flow.h"

namespace attnlab {
namespace {

// Seconds of a draft, by level. The first is what a hand feels as "at once", with the time for
// messages and a frame; the second is ready when the whole run may begin.
constexpr std::array<double, 2> kLevels = {0.05, 0.35};
constexpr double kRest = 0.5;         // without a change, until the whole run begins
constexpr double kReleased = 0.3;     // the same until a draft, where drafts wait for release
constexpr double kFindEvery = 0.1;    // of a draft's first points
constexpr double kLate = 3;           // times its time: then a new change interrupts a draft
constexpr double kUnknownRate = 2e8;  // a first guess, rather too low: the first draft measures
constexpr double kShortest = 2e-3;    // seconds that a clock of frames can tell from nothing
constexpr double kTelling = 0.2;      // seconds of measuring, for a time that is told
constexpr double kMostChange = 8;     // factor by which one measurement changes a rate

double rate_of(const AppState& s) {
  const auto known = s.drafts.rates.find(s.spec.experiment->id);
  return known == s.drafts.rates.end() ? kUnknownRate : known->second.value;
}

/// Not while parts of the program are loading, or before an address that waits for them.
bool may_draft(const AppState& s) {
  return catalogue_is_whole() && s.postponed.empty() && s.page().automatic && !s.live() && s.plan &&
         s.plan_error.empty() && s.plan->outside.empty();
}

/// Where computing is expensive for the reader (App::set_thrifty), drafts wait until the hand
/// rests.
double rest_before_draft(const AppState& s) {
  return s.executor.concurrency() < 2 || s.thrifty ? kReleased : 0;
}

void begin(AppState& s, std::size_t level) {
  DraftState& d = s.drafts;
  const unsigned workers = std::max(1u, s.executor.concurrency());
  s.executor.cancel();
  d.draft = make_draft(s.spec, *s.plan, kLevels[level] * rate_of(s), workers,
                       [&](const RunSpec& spec) -> Expected<Plan> {
                         std::optional<Expected<Plan>> planned = plan(s, spec);
                         if (!planned) return Error{std::string(kLoading)};
                         return *std::move(planned);
                       });
  d.whole = s.spec;
  d.run.emplace(d.draft->run());
  d.clock = RunClock();
  d.level = level;
  d.due = false;
  d.began_at = s.now;
  d.found_revision = 0;
  d.run->resume();
}

/// The draft's picture so far; false while the module that finds it is loading.
bool find_draft(AppState& s) {
  DraftState& d = s.drafts;
  const std::optional<Findings> findings = find(s, d.draft->spec, d.draft->outputs(*d.run));
  if (!findings) return false;
  d.found_at = s.now;
  d.found_revision = d.run->revision();
  const bool shows = std::any_of(findings->figures.begin(), findings->figures.end(), has_results);
  if (!shows) return true;
  d.figures = findings->figures;
  d.reduced = d.draft->reduced;
  refresh_figures(s);
  return true;
}

/// A draft that was short of nothing is the run itself.
void promote(AppState& s) {
  DraftState& d = s.drafts;
  s.run = std::move(d.run);
  s.clock = d.clock;
  d.run.reset();
  d.wanted = false;
}

void end_draft(AppState& s) {
  DraftState& d = s.drafts;
  if (d.run->state() == Run::State::kFailed) {
    d.run.reset();  // the whole run says why
    return;
  }
  learn_rate(s, *d.run, s.now - d.began_at);
  if (d.draft->reduced.empty() && d.draft->spec == s.spec) {
    promote(s);
  } else if (find_draft(s)) {
    d.run->pause();
  }
}

bool is_next_level(const AppState& s) {
  const DraftState& d = s.drafts;
  return d.wanted && d.run && d.level + 1 < kLevels.size() && !d.draft->reduced.empty() &&
         s.now - d.changed_at + kLevels[d.level + 1] < kRest + kLevels[0];
}

}  // namespace

void want_draft(AppState& s) {
  DraftState& d = s.drafts;
  d.changed_at = s.now;
  d.held = false;
  d.due = d.wanted = may_draft(s);
  if (!d.due && d.run) forget_drafts(s);
}

void stop_drafts(AppState& s) {
  DraftState& d = s.drafts;
  if (d.computing()) s.executor.cancel();
  d.draft.reset();
  d.run.reset();
  d.due = d.wanted = false;
}

void forget_drafts(AppState& s) {
  stop_drafts(s);
  s.drafts.figures.clear();
  s.drafts.before.clear();
}

void hold_drafts(AppState& s) {
  forget_drafts(s);
  s.drafts.held = true;
}

void follow_drafts(AppState& s) {
  DraftState& d = s.drafts;
  if (!may_draft(s)) return;
  if (d.computing()) {
    s.executor.poll(*d.run);
    d.clock.tick(*d.run, s.now);
    if (!d.run->active()) {
      end_draft(s);
    } else if (d.run->revision() != d.found_revision && s.now - d.found_at >= kFindEvery) {
      find_draft(s);
    }
  }
  if (d.due) {
    // A first draft that is nearly ready is shown, although the hand is further by now: else a hand
    // that never rests would see nothing.
    const bool nearly = d.computing() && d.level == 0 && s.now - d.began_at < kLate * kLevels[0];
    if (!nearly && s.now - d.changed_at >= rest_before_draft(s)) begin(s, 0);
  } else if (d.wanted && !d.computing()) {
    if (s.now - d.changed_at >= kRest) {
      d.wanted = false;
      begin_whole_run(s);
    } else if (is_next_level(s)) {
      begin(s, d.level + 1);
    }
  } else if (d.wanted && d.level > 0 && s.now - d.changed_at >= kRest) {
    d.wanted = false;
    begin_whole_run(s);
  }
}

double drafts_wait(const AppState& s) {
  const DraftState& d = s.drafts;
  if (!may_draft(s)) return std::numeric_limits<double>::infinity();
  const auto until = [&](double rest) { return std::max(0.0, d.changed_at + rest - s.now); };
  if (d.due) return d.computing() ? kLevels[0] : until(rest_before_draft(s));
  if (d.wanted) return is_next_level(s) && !d.computing() ? 0 : until(kRest);
  return std::numeric_limits<double>::infinity();
}

bool is_busy(const AppState& s) {
  const DraftState& d = s.drafts;
  return (s.run && s.run->active()) || d.computing() || d.due || d.wanted;
}

void learn_rate(AppState& s, const Run& run, double seconds) {
  if (run.state() != Run::State::kFinished) return;
  const double work = cost_per_worker(run.plan(), std::max(1u, s.executor.concurrency()));
  const double measured = work / std::max(seconds, kShortest);
  const double known = rate_of(s);
  const double value = std::clamp(measured, known / kMostChange, known * kMostChange);
  s.drafts.rates[run.spec().experiment->id] = {value, value == measured && seconds >= kTelling};
}

double whole_run_seconds(const AppState& s) {
  const auto known = s.drafts.rates.find(s.spec.experiment->id);
  if (!s.plan || known == s.drafts.rates.end() || !known->second.settled) return -1;
  return cost_per_worker(*s.plan, std::max(1u, s.executor.concurrency())) / rate_of(s);
}

namespace {

const Figure* named(const std::vector<Figure>& figures, const std::string& id) {
  const auto found = std::find_if(figures.begin(), figures.end(),
                                  [&](const Figure& figure) { return figure.id == id; });
  return found == figures.end() ? nullptr : &*found;
}

void set_presence(Figure& figure, Presence presence) {
  std::visit(Cases{[&](LinePlot& plot) {
                     for (Series& series : plot.series)
                       if (series.role == SeriesRole::kMeasured) series.presence = presence;
                   },
                   [&](HeatMaps& maps) {
                     for (HeatPanel& panel : maps.panels) panel.presence = presence;
                   },
                   [](Fields&) {}, [](Together&) {}},
             figure.content);
}

/// The draft's figure on the axes of the whole run.
Figure as_draft(Figure draft, const Figure& blank, const std::string& reduced) {
  if (!reduced.empty()) {  // else the first points of a run that is short enough for the hand
    set_presence(draft, Presence::kDraft);
    draft.subtitle = "Draft: " + reduced + ". " + draft.subtitle;
  }
  if (blank.x.min < blank.x.max) draft.x = blank.x;
  if (blank.y.min < blank.y.max) draft.y = blank.y;
  return draft;
}

/// `figure` with an earlier one behind it: its curves under the present ones, or cells as long as
/// it has none.
Figure over(Figure figure, const Figure& earlier) {
  if (figure.content.index() != earlier.content.index()) return figure;
  std::visit(Cases{[&](LinePlot& plot) {
                     for (Series series : earlier.lines().series) {
                       if (series.role != SeriesRole::kMeasured) continue;
                       series.presence = Presence::kBehind;
                       series.label.clear();
                       plot.series.push_back(std::move(series));
                     }
                   },
                   [&](HeatMaps& maps) {
                     if (has_known_cells(figure)) return;
                     maps = earlier.maps();
                     for (HeatPanel& panel : maps.panels) panel.presence = Presence::kBehind;
                   },
                   [](Fields&) {}, [](Together&) {}},
             figure.content);
  return figure;
}

}  // namespace

std::vector<Figure> with_drafts(const AppState& s, std::vector<Figure> blank, bool of_run) {
  const DraftState& d = s.drafts;
  for (Figure& figure : blank) {
    const Figure* draft = named(d.figures, figure.id);
    const Figure* before = named(d.before, figure.id);
    if (draft != nullptr && !of_run) {
      figure = as_draft(*draft, figure, d.reduced);
    } else if (const Figure* behind = draft != nullptr ? draft : before) {
      figure = over(std::move(figure), *behind);
    }
  }
  return blank;
}

}  // namespace attnlab
