// The file is small and plain, so that it can be read, edited and deleted by hand.
#include "native/desktop_memory.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "core/base/text.h"
#include "native/desktop_settings.h"
#include "native/output_file.h"

namespace attnlab {
namespace {

constexpr std::streamsize kMostBytes = 1 << 16;

/// The file's name; empty without a home directory.
std::string memory_file() {
  const char* state = std::getenv("XDG_STATE_HOME");
  if (state && state[0] == '/') return std::string(state) + "/attnlab/window";
  const char* home = std::getenv("HOME");
  return home && home[0] == '/' ? std::string(home) + "/.local/state/attnlab/window"
                                : std::string();
}

}  // namespace

DesktopMemory read_memory(std::string_view text) {
  DesktopMemory memory;
  for (const std::string& line : split(text, '\n')) {
    const std::size_t space = line.find(' ');
    if (space == std::string::npos) continue;
    const std::string word = line.substr(0, space), rest = line.substr(space + 1);
    if (word == "size") {
      if (const auto size = read_window_size(rest)) {
        memory.width = size->width;
        memory.height = size->height;
      }
    } else if (word == "theme") {
      memory.dark = rest == "dark";
    } else if (word == "open") {
      memory.query = rest.substr(0, rest.find('\0'));
    }
  }
  return memory;
}

std::string memory_text(const DesktopMemory& memory) {
  std::string text;
  if (memory.width > 0 && memory.height > 0)
    text += "size " + std::to_string(memory.width) + "x" + std::to_string(memory.height) + "\n";
  text += std::string("theme ") + (memory.dark ? "dark" : "light") + "\n";
  if (!memory.query.empty()) text += "open " + memory.query + "\n";
  return text;
}

DesktopMemory recall() {
  const std::string name = memory_file();
  if (name.empty()) return {};
  std::ifstream file(name, std::ios::binary);
  std::string text(static_cast<std::size_t>(kMostBytes), '\0');
  file.read(text.data(), kMostBytes);
  text.resize(static_cast<std::size_t>(std::max<std::streamsize>(file.gcount(), 0)));
  return read_memory(text);
}

void remember(const DesktopMemory& memory) {
  const std::string name = memory_file();
  if (name.empty()) return;
  std::error_code ignored;
  std::filesystem::create_directories(folder_of(name), ignored);
  if (const Expected<OutputFile> file = OutputFile::check(name))
    (void)file->write(memory_text(memory));
}

}  // namespace attnlab
