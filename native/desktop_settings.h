// What the environment asks of the desktop window.
#pragma once

#include <string>

namespace attnlab {

struct DesktopSettings {
  int width = 0, height = 0;  ///< logical pixels; 0: what fits the screen
  float pixel_ratio = 0;      ///< 0: the system's
  bool dark = false;
  std::string screenshot;        ///< file to write, empty: none
  double screenshot_after = -1;  ///< seconds; negative: when nothing moves any more
};

/// Reads the variables described in native/desktop.h; what cannot be read is as if it were not set.
DesktopSettings read_desktop_settings();

}  // namespace attnlab
