// Pictures of the window and of its figure, as PNG files.
#pragma once

#include <string>

#include "core/findings/figure.h"
#include "core/picture/svg.h"

namespace attnlab {

/// The current frame buffer, `width` x `height` pixels from its lower left corner, as PNG.
std::string frame_png(int width, int height);

/// The figure as the window draws it, every series shown, in the size that figure_svg gives it and
/// with twice the pixels. Needs the window's OpenGL context; may be called inside a frame of Dear
/// ImGui. `window_ratio`: pixel ratio of the window's own frame. Empty where the graphics processor
/// has no room.
std::string figure_png(const Figure& figure, const SvgOptions& options, float window_ratio);

}  // namespace attnlab
