// The widget that draws a figure's heat panels: cells, names, colour bars, contours, read-out.
#pragma once

#include "core/picture/heat_layout.h"
#include "imgui.h"
#include "ui/plot.h"

namespace attnlab {

/// The panel's contours; its cells fill the box.
void draw_contours(ImDrawList* list, const HeatPanel& panel, const Box& box);

/// Draws the panels into `area`; a chosen cell is kept in state.chosen as {panel, cell}.
void heat_panels(ImDrawList* list, const Figure& figure, PlotState& state,
                 const PlotOptions& options, const Box& area);

}  // namespace attnlab
