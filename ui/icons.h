// Icons drawn with strokes, sharp at every size and independent of the font.
#pragma once

#include "imgui.h"

namespace attnlab {

enum class Icon {
  kPlay,
  kPause,
  kStep,
  kReset,
  kWarning,
  kCheck,
  kCross,
  kQuestion,
  kSearch,
  kSun,
  kMoon,
  kLink,
  kSave,
  kTable,
  kWalk,
  kDown,
  kRight,
};

/// Centred, fitting into a square of `size` pixels.
void draw_icon(ImDrawList* list, Icon icon, ImVec2 centre, float size, ImU32 colour);

}  // namespace attnlab
