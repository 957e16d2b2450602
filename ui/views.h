// The regions of the screen; each draws itself at the cursor and calls App's actions.
#pragma once

#include "ui/app.h"
#include "ui/app_state.h"

namespace attnlab {

/// The arguments of every view for one frame.
struct View {
  App& app;
  AppState& state;
  const FrameInput& input;
  bool narrow;
};

/// What the run says about this figure: phase, sentence, how pale its results are, and locks.
PlotOptions run_options(const AppState& state, const Figure& figure);

void header_view(const View& view, float width);
void notes_view(const View& view, float width);
void figure_view(const View& view, float width, float height);
/// Height that the claims want at this width.
float claims_height(const View& view, float width);
void claims_view(const View& view, float width);
bool shows_controls(const View& view);
/// In a narrow lab: the first control, on the first screen; controls_view leaves it out. Not in a
/// small lab, which has only a few.
void first_control_view(const View& view, float width);
void controls_view(const View& view, float width);
void run_bar_view(const View& view, float width);
float run_bar_height(const View& view, float width);
void table_tabs_and_rows(const View& view, float width, float height);
void text_view(const View& view, float width);
/// Formula, symbols and schematic of the experiment's layer.
void layer_view(const View& view, float width);

/// One parameter's label, control and note.
void parameter_view(const View& view, const Parameter& parameter, float width);
void seed_view(const View& view, float width);

/// Space runs or pauses, keys of actions (core/codecs/contract.h) do theirs, and while the reader
/// walks, arrow keys step; not while typing.
void take_shortcuts(const View& view);

}  // namespace attnlab
