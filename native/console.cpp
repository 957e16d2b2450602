// Plain POSIX writes, so that every failure is seen and no text waits in a buffer at exit.
#include "native/console.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <string>
#include <system_error>
#include <utility>

#include "core/base/text.h"

namespace attnlab {
namespace {

constexpr double kSecondsBetweenFrames = 0.1;
constexpr std::size_t kFewestColumns = 20;

std::size_t standing_columns = 0;  // columns of the status line on the screen

/// The text that erases the status line.
std::string erasure() {
  const std::size_t columns = std::exchange(standing_columns, 0);
  return columns == 0 ? "" : "\r" + std::string(columns, ' ') + "\r";
}

bool can_return(const char* terminal) {
  return terminal != nullptr && *terminal != '\0' && std::string_view(terminal) != "dumb";
}

}  // namespace

StatusLine::StatusLine(bool quiet)
    : shown_(!quiet && isatty(STDERR_FILENO) && can_return(getenv("TERM"))),
      last_(-std::numeric_limits<double>::infinity()) {}

StatusLine::~StatusLine() {
  erase();
}

bool StatusLine::due(double now) const {
  return shown_ && now - last_ >= kSecondsBetweenFrames;
}

std::size_t StatusLine::columns() const {
  // The last column stays free: a full line would make some terminals scroll.
  return std::max<std::size_t>(terminal_columns(STDERR_FILENO), 2) - 1;
}

void StatusLine::show(std::string_view text, double now) {
  if (!shown_) return;
  last_ = now;
  text = text.substr(0, columns());
  std::string line = "\r" + std::string(text);
  if (standing_columns > text.size()) line += std::string(standing_columns - text.size(), ' ');
  standing_columns = std::max(standing_columns, text.size());
  static_cast<void>(write_all(STDERR_FILENO, line));
}

void StatusLine::erase() {
  static_cast<void>(write_all(STDERR_FILENO, erasure()));
}

void hold_standard_streams() {
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    // open() takes the lowest free number, which is the stream's: all lower ones are open.
    if (fcntl(stream, F_GETFD) < 0) static_cast<void>(open("/dev/null", O_RDONLY));
  }
}

void say(std::string_view sentence) {
  std::string line = erasure() + "attnlab: ";
  // One line per message, even if a file name or an argument contains a line end.
  for (const char c : sentence) line += static_cast<unsigned char>(c) < 0x20 ? '?' : c;
  line += '\n';
  // If standard error itself cannot be written, that cannot be reported anywhere.
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

int print(std::string_view text, int descriptor) {
  while (!text.empty()) {
    const ssize_t written = write(descriptor, text.data(), text.size());
    if (written >= 0) {
      text.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno == EPIPE) {
      return kExitDone;
    } else if (errno != EINTR) {
      const bool standard = descriptor == STDOUT_FILENO;
      say("cannot write " + std::string(standard ? "to standard output" : "the result") + ": " +
          system_reason(errno));
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

namespace {

/// The beginning of a word that fits into the room, at least one letter: up to its last comma,
/// semicolon or parenthesis if it has one.
std::string_view fitting(std::string_view word, std::size_t room) {
  if (display_width(word) <= room) return word;
  std::size_t end = 0, mark = 0;
  for (std::size_t at = 0; at < word.size();) {
    std::size_t next = at + 1;
    while (next < word.size() && (static_cast<unsigned char>(word[next]) & 0xc0) == 0x80) ++next;
    if (end > 0 && display_width(word.substr(0, next)) > room) break;
    if (std::string_view(",;()").find(word[at]) != std::string_view::npos) mark = next;
    at = end = next;
  }
  return word.substr(0, mark > 0 ? mark : end);
}

}  // namespace

std::string wrapped(std::string_view text, std::size_t indent, std::size_t width) {
  std::string lines;
  std::size_t column = 0;
  while (true) {
    const std::size_t start = text.find_first_not_of(" \n");
    if (start == std::string_view::npos) break;
    text.remove_prefix(start);
    const std::size_t room = std::max(width, indent + 1) - indent;
    const std::string_view word = fitting(text.substr(0, text.find_first_of(" \n")), room);
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
  const char* const given = getenv("COLUMNS");
  const auto wanted = read_integer(given == nullptr ? "" : given);
  winsize size{};
  std::size_t columns = 80;
  if (wanted && *wanted > 0) {
    columns = static_cast<std::size_t>(*wanted);
  } else if (ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
    columns = size.ws_col;
  }
  return std::max(columns, kFewestColumns);
}

std::size_t text_columns() {
  const std::size_t columns = terminal_columns(STDOUT_FILENO);
  return columns == 0 ? kTextColumns : std::min(columns, kTextColumns);
}

std::string listed(std::string_view name, std::size_t name_width, std::string_view meaning) {
  const std::size_t columns = text_columns(), beside = 2 + name_width + 2;
  const bool narrow = beside > columns / 2;
  const std::size_t indent = narrow ? 4 : beside;
  const std::string lines = wrapped(meaning, indent, columns);
  if (narrow || lines.empty()) return "  " + std::string(name) + "\n" + lines;
  return "  " + padded_right(name, name_width) + "  " + lines.substr(indent);
}

}  // namespace attnlab
