// The plot widget that draws any Figure: axes, measured series with uncertainty, guides, direct
// labels that toggle their series, a one-line read-out for mouse, touch and keyboard, handles that
// move parameters, and an icon with a sentence before the first point. Heat maps and fields have
// files of their own.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/findings/figure.h"
#include "core/picture/plot_layout.h"
#include "core/picture/walk.h"
#include "imgui.h"
#include "ui/field_renderer.h"

namespace attnlab {

/// The reader moved handle `handle` of the figure to (x, y), in axis coordinates.
struct HandleMove {
  std::size_t handle = 0;
  double x = 0, y = 0;
};

/// A mark that PlotState::read_out is about.
struct ReadOutMark {
  ImVec2 at;
  float radius = 0;
  Box bounds;  ///< the text stays inside
};

/// What the reader did to one figure; kept by the caller between frames.
struct PlotState {
  HiddenSeries hidden;
  /// Limits shown last: while results are on their way, axes only grow.
  struct Limits {
    std::optional<Range> x, y;
  } held;
  std::optional<PointRef> chosen;  ///< by keyboard or tap; the mouse only hovers
  std::string read_out;            ///< the line shown now, or empty
  std::optional<ReadOutMark>
      mark;  ///< where it is shown, over everything drawn before; in this frame
  std::optional<HandleMove> moved;  ///< in this frame
  bool stepped = false;             ///< in this frame, to `chosen` with an arrow key
  ImVec2 grabbed_at;                ///< where the held handle was pressed, relative to its centre
  std::vector<Box> grabs;           ///< where a finger moves a handle, not the page
  std::vector<PlotState> parts;     ///< of figures together
};

/// What to show in place of points, or as a badge next to them.
enum class PlotPhase { kEmpty, kLoading, kPaused, kFailed, kShown };

struct PlotOptions {
  PlotPhase phase = PlotPhase::kShown;
  std::string sentence;  ///< shown under the icon, or in the badge
  float fraction = 0;    ///< of the run, for the loading ring
  float opacity = 1;     ///< of the measured series: less for a result of other parameters
  bool settled = true;   ///< nothing is on its way: axes fit what is shown
  bool touch = false;
  bool titled = true;  ///< false: the reader sees the title elsewhere
  bool named = true;   ///< false: one of several figures, with a legend for all
  std::vector<std::string> emphasised = {};  ///< curves; others are paler. Empty: all alike
  FieldRenderer* fields = nullptr;           ///< null: the CPU draws fields and heat maps
  std::vector<std::string> locked;           ///< parameters whose handles stay where they are
  std::optional<WalkPlace> walk;  ///< the point of a walk, shown instead of the one pointed at
};

/// Draws into `size` at the cursor. True when the reader pressed the icon of the empty state.
/// What figures together need at that width, in logical pixels: to be readable, and to look well.
struct TogetherHeight {
  float least, wanted;
};
TogetherHeight together_height(const Together& together, float width);
bool plot(const char* id, const Figure& figure, PlotState& state, const PlotOptions& options,
          ImVec2 size);

}  // namespace attnlab
