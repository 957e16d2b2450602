// The plot widget that draws any Figure: axes, measured series with uncertainty, guides, direct
// labels that toggle their series, a one-line read-out for mouse, touch and keyboard, and a picture
// with a sentence while there is nothing to plot.
#pragma once

#include <optional>
#include <string>

#include "core/experiment/figure.h"
#include "imgui.h"
#include "ui/plot_layout.h"

namespace attnlab {

/// What the reader did to one figure; kept by the caller between frames.
struct PlotState {
  HiddenSeries hidden;
  std::optional<PointRef> chosen;  ///< by keyboard or tap; the mouse only hovers
  std::string read_out;            ///< the line shown now, empty when none
};

/// What to show in place of points, or as a badge beside them.
enum class PlotPhase { kEmpty, kLoading, kPaused, kFailed, kShown };

struct PlotOptions {
  PlotPhase phase = PlotPhase::kShown;
  std::string sentence;  ///< said under the picture, or in the badge
  float fraction = 0;    ///< of the run, for the loading ring
  float opacity = 1;     ///< of the measured series: less for a result of other parameters
  bool touch = false;
};

/// Draws into `size` at the cursor. True when the reader pressed the picture of the empty state.
bool plot(const char* id, const Figure& figure, PlotState& state, const PlotOptions& options,
          ImVec2 size);

}  // namespace attnlab
