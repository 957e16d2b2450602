// Settings of the desktop window from environment variables.
#pragma once

#include <optional>
#include <string>

namespace attnlab {

constexpr double kLeastRatio = 0.5, kMostRatio = 8;  ///< pixels per logical pixel

struct DesktopSettings {
  int width = 0, height = 0;     ///< logical pixels; 0: as the screen allows
  float pixel_ratio = 0;         ///< 0: the system's
  std::optional<bool> dark;      ///< nullopt: as it was last
  std::string screenshot;        ///< file to write; empty: no picture
  double screenshot_after = -1;  ///< seconds; negative: once all motion has stopped
};

struct WindowSize {
  int width, height;
};

/// "1280x800", both from 200 to 16384 logical pixels.
std::optional<WindowSize> read_window_size(const std::string& text);

/// Reads the variables described in native/desktop.h; an unreadable value counts as not set.
DesktopSettings read_desktop_settings();

}  // namespace attnlab
