// What the desktop window remembers after it is closed: its size, its theme and its permalink.
#pragma once

#include <string>
#include <string_view>

namespace attnlab {

struct DesktopMemory {
  int width = 0, height = 0;  ///< logical pixels; 0: not known
  bool dark = false;
  std::string query;  ///< permalink text; read with the same checks as a link
};

/// Lines `size 1280x800`, `theme dark` and `open QUERY`, in any order; unreadable lines are left
/// out.
DesktopMemory read_memory(std::string_view text);
std::string memory_text(const DesktopMemory& memory);

/// `$XDG_STATE_HOME/attnlab/window`, else `~/.local/state/attnlab/window`; empty without a home
/// directory. At most 64 kB are read.
DesktopMemory recall();

/// Written whole or not at all; a folder that cannot be written is ignored silently.
void remember(const DesktopMemory& memory);

}  // namespace attnlab
