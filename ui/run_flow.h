// From parameters to a picture: planning, starting and following a run, and what is drawn of it.
#pragma once

#include "core/experiment/run.h"
#include "core/findings/figure.h"

namespace attnlab {

struct AppState;

/// After every change of AppState::spec: plans it, puts the run of other parameters away, brings
/// back an earlier result of these, asks for a draft, and shows the right figures.
void spec_changed(AppState& s);
/// Begins a fresh run of the controls' parameters; false when they cannot run.
bool start_run(AppState& s);
/// The same, at once and to the end.
void begin_whole_run(AppState& s);
bool can_continue(const AppState& s);
/// Moves the run along and finds its results again when it grew. Part of App::poll.
void follow_run(AppState& s);
/// Drops the run; a finished one is remembered, unless it is to be forgotten.
enum class Leaving { kRemember, kForget };
void leave_run(AppState& s, Leaving leaving);
void refresh_figures(AppState& s);
/// Shows figure `number`, and keeps its name for the link.
void choose_figure(AppState& s, std::size_t number);

}  // namespace attnlab
