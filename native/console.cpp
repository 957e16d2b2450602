// Plain POSIX writes, so that every failure is seen and no text waits in a buffer at exit.
#include "native/console.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <system_error>

namespace attnlab {

void say(std::string_view sentence) {
  std::string line = isatty(STDERR_FILENO) ? "\r\x1b[K" : "";
  line += "attnlab: ";
  // One line a message, even if a file name or an argument contains a line end.
  for (const char c : sentence) line += static_cast<unsigned char>(c) < 0x20 ? '?' : c;
  line += '\n';
  // When standard error itself cannot be written, there is no place left to say so.
  static_cast<void>(write_all(STDERR_FILENO, line));
}

int refuse(const Error& error, int exit_code) {
  say(error.sentence);
  return exit_code;
}

Expected<void> write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(descriptor, text.data(), text.size());
    if (written >= 0) {
      text.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno != EINTR) {
      return Error{system_reason(errno)};
    }
  }
  return {};
}

int print(std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(STDOUT_FILENO, text.data(), text.size());
    if (written >= 0) {
      text.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno == EPIPE) {
      return kExitDone;
    } else if (errno != EINTR) {
      say("cannot write to standard output: " + system_reason(errno));
      return kExitEnvironment;
    }
  }
  return kExitDone;
}

std::string system_reason(int error_number) {
  return std::generic_category().message(error_number);
}

std::size_t display_width(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  }));
}

std::string padded_right(std::string_view text, std::size_t width) {
  const std::size_t own = display_width(text);
  return std::string(text) + std::string(width > own ? width - own : 0, ' ');
}

std::string padded_left(std::string_view text, std::size_t width) {
  const std::size_t own = display_width(text);
  return std::string(width > own ? width - own : 0, ' ') + std::string(text);
}

std::string wrapped(std::string_view text, std::size_t indent, std::size_t width) {
  std::string lines;
  std::size_t column = 0;
  while (true) {
    const std::size_t start = text.find_first_not_of(" \n");
    if (start == std::string_view::npos) break;
    text.remove_prefix(start);
    const std::string_view word = text.substr(0, text.find_first_of(" \n"));
    text.remove_prefix(word.size());
    if (column > 0 && column + 1 + display_width(word) > width) {
      lines += '\n';
      column = 0;
    }
    if (column == 0) {
      lines.append(indent, ' ');
      column = indent;
    } else {
      lines += ' ';
      ++column;
    }
    lines += word;
    column += display_width(word);
  }
  if (column > 0) lines += '\n';
  return lines;
}

std::size_t terminal_columns(int descriptor) {
  if (!isatty(descriptor)) return 0;
  winsize size{};
  if (ioctl(descriptor, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
  return size.ws_col;
}

}  // namespace attnlab
