// Settings of the desktop window from environment variables.
#include "native/desktop_settings.h"

#include <cstdlib>

#include "core/base/text.h"

namespace attnlab {
namespace {

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

bool is_size(const std::optional<std::int64_t>& size) {
  return size && *size >= 200 && *size <= 16384;
}

void read_ratio(const std::string& text, DesktopSettings& settings) {
  const auto ratio = read_real(text);
  if (ratio && *ratio >= kLeastRatio && *ratio <= kMostRatio)
    settings.pixel_ratio = static_cast<float>(*ratio);
}

void read_window(const std::string& text, DesktopSettings& settings) {
  const std::vector<std::string> parts = split(text, '@');
  if (parts.empty()) return;
  if (const auto size = read_window_size(parts[0])) {
    settings.width = size->width;
    settings.height = size->height;
  }
  if (parts.size() < 2) return;
  read_ratio(parts[1], settings);
}

}  // namespace

std::optional<WindowSize> read_window_size(const std::string& text) {
  const std::vector<std::string> sizes = split(text, 'x');
  if (sizes.size() != 2) return std::nullopt;
  const auto width = read_integer(sizes[0]), height = read_integer(sizes[1]);
  if (!is_size(width) || !is_size(height)) return std::nullopt;
  return WindowSize{static_cast<int>(*width), static_cast<int>(*height)};
}

DesktopSettings read_desktop_settings() {
  DesktopSettings settings;
  read_ratio(variable("ATTNLAB_SCALE"), settings);
  read_window(variable("ATTNLAB_WINDOW"), settings);
  const std::string theme = variable("ATTNLAB_THEME");
  if (theme == "dark" || theme == "light") settings.dark = theme == "dark";
  settings.screenshot = variable("ATTNLAB_SCREENSHOT");
  if (const auto after = read_real(variable("ATTNLAB_SCREENSHOT_AFTER")); after && *after >= 0)
    settings.screenshot_after = *after;
  return settings;
}

}  // namespace attnlab
