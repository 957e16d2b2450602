// The widget that draws a figure's fields: planes side by side with axes, colour bars, handles and
// a read-out.
#pragma once

#include "imgui.h"
#include "ui/plot.h"

namespace attnlab {

void field_panels(ImDrawList* list, const Figure& figure, PlotState& state,
                  const PlotOptions& options, const Box& area);

}  // namespace attnlab
