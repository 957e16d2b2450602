// The only interface between figures and a graphics processor: a field is put into the draw list,
// so that its fragment shader draws it in order with everything else. Without a renderer, or for a
// shader that it cannot draw, views draw the CPU's version on a grid.
#pragma once

#include <span>
#include <string_view>

#include "core/findings/figure.h"
#include "core/picture/plot_layout.h"
#include "imgui.h"

namespace attnlab {

/// One rectangle filled by a field.
struct FieldDrawing {
  std::string_view shader;  ///< shaders/NAME.glsl
  Box box;                  ///< logical pixels
  Range x, y;  ///< the plane's coordinates at the left and right edge, at the bottom and top edge
  std::span<const float> data;
  ColourScale scale = ColourScale::kSequential;
  Range colours;                     ///< values at the ends of the colour bar
  bool logarithmic = false;          ///< colours by the logarithm
  std::span<const double> contours;  ///< the first kMostContours are drawn
  float opacity = 1;
};

inline constexpr std::size_t kMostContours = 8;
inline constexpr float kUnknownNumber = -3.0e38f;  ///< in `data` and in the shaders: no value

class FieldRenderer {
 public:
  virtual ~FieldRenderer() = default;
  /// Drops the drawings of the last frame.
  virtual void begin_frame() = 0;
  /// Whether the field can be drawn by its shader; compiles it when asked the first time.
  virtual bool can_draw(std::string_view shader) = 0;
  /// Adds it to the list, in order; `drawing` need not outlive the call.
  virtual void draw(ImDrawList* list, const FieldDrawing& drawing) = 0;
};

}  // namespace attnlab
