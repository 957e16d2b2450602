// The widget that draws a figure's fields: planes side by side with axes, colour bars, handles and
// a read-out.
#pragma once

#include "imgui.h"
#include "ui/plot.h"

namespace attnlab {

/// Height at which two planes side by side fill the width, heading included: for narrow labs.
float field_figure_height(const Figure& figure, float width);

void field_panels(ImDrawList* list, const Figure& figure, PlotState& state,
                  const PlotOptions& options, const Box& area);

}  // namespace attnlab
