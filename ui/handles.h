// Draggable points over a plane: drawn, grabbed with mouse or finger, moved with the arrow keys
// (Shift: finer).
#pragma once

#include "core/picture/plot_layout.h"
#include "imgui.h"
#include "ui/plot.h"

namespace attnlab {

/// The plane of the handles, and the field under them if there is one.
struct HandlePlane {
  Box area;
  Scale x, y;
  const FieldPanel* field = nullptr;
};

/// Draws the figure's handles. Sets state.moved after a move, and adds the places that a finger may
/// grab to state.grabs. True while one of them is under the mouse or held.
bool draw_handles(ImDrawList* list, const Figure& figure, PlotState& state,
                  const PlotOptions& options, const HandlePlane& plane, const Box& outer);

}  // namespace attnlab
