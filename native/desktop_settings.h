// What the environment asks of the desktop window.
#pragma once

#include <optional>
#include <string>

namespace attnlab {

struct DesktopSettings {
  int width = 0, height = 0;     ///< logical pixels; 0: what fits the screen
  float pixel_ratio = 0;         ///< 0: the system's
  std::optional<bool> dark;      ///< none: as it was last
  std::string screenshot;        ///< file to write, empty: none
  double screenshot_after = -1;  ///< seconds; negative: when nothing moves any more
};

struct WindowSize {
  int width, height;
};

/// "1280x800", both from 200 to 16384 logical pixels.
std::optional<WindowSize> read_window_size(const std::string& text);

/// Reads the variables described in native/desktop.h; what cannot be read is as if it were not set.
DesktopSettings read_desktop_settings();

}  // namespace attnlab
