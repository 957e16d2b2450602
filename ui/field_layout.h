// Handles and fields on the screen, in addition to core's geometry: steps, parameter values after a
// move, and read-outs. No drawing, so that every rule is unit tested.
#pragma once

#include <string>
#include <vector>

#include "core/experiment/schema.h"
#include "core/findings/figure.h"
#include "core/picture/field_layout.h"
#include "core/picture/plot_layout.h"

namespace attnlab {

/// The decimals that a coordinate of a handle keeps: about a 500th of the axis, so that a link
/// stays short and a move by one pixel still changes it.
int handle_decimals(Range range);
/// Of an arrow key: the handle's grid, or about a 60th of the axis.
double handle_step(const Handle& handle, Range range);
/// With Shift: the handle's grid, or one unit of the last decimal.
double handle_fine_step(const Handle& handle, Range range);

/// The value of the handle's parameter after a move to (x, y), as text: rounded, also to the
/// handle's grid, inside the parameter's range, the other entries as they are. Empty when the
/// handle has no such parameter.
std::string moved_text(const ParameterSet& parameters, const Handle& handle, double x, double y,
                       Range x_axis, Range y_axis);

/// "head 1: prediction 0.42 at x₁ = 0.50, x₂ = -1.20".
std::string field_read_out(const Figure& figure, const FieldPanel& field, double x, double y);

/// The field on a grid, row 0 at the top: for drawing without shaders.
HeatPanel sampled(const FieldPanel& field, Range x, Range y, std::size_t columns, std::size_t rows);

}  // namespace attnlab
