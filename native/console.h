// Output of the command line for people and for the shell: exit codes, sentences on standard error,
// results on standard output.
#pragma once

#include <string_view>

#include "core/base/expected.h"

namespace attnlab {

enum ExitCode : int {
  kExitDone = 0,
  kExitBadInput = 2,
  kExitEnvironment = 3,
  kExitRunFailed = 4,
  kExitInterrupted = 130,
};

/// "attnlab: SENTENCE" as one line on standard error. Erases the status line, if there is one.
void say(std::string_view sentence);

/// A line on standard error that is overwritten, if that is a terminal which can go back to the
/// start of a line (TERM is not "dumb"). Blanks erase it, not escape codes, so that it works on
/// every such terminal.
class StatusLine {
 public:
  explicit StatusLine(bool quiet);
  ~StatusLine();
  StatusLine(const StatusLine&) = delete;
  StatusLine& operator=(const StatusLine&) = delete;

  /// Whether the line may be drawn again: at most ten times a second. `now` in seconds.
  bool due(double now) const;
  /// Columns of the line.
  std::size_t columns() const;
  /// Cut to columns().
  void show(std::string_view text, double now);
  void erase();

 private:
  bool shown_;
  double last_;
};

/// Opens /dev/null, for reading, in place of every closed standard stream: otherwise a journal
/// would get its number, and messages would be written into the journal.
void hold_standard_streams();

/// Says the error's sentence and returns the code, for `return refuse(error)`.
int refuse(const Error& error, int exit_code = kExitBadInput);

/// Writes everything to the descriptor, even if writes are short or interrupted; an error names the
/// system's reason.
Expected<void> write_all(int descriptor, std::string_view text);

/// Writes a result to standard output, or to another open stream. A reader that closes early
/// (`attnlab list | head`) is not an error; a full disk is: says so and returns kExitEnvironment.
int print(std::string_view text, int descriptor = 1);

/// The system's words for an error number ("No space left on device").
std::string system_reason(int error_number);

/// Columns a UTF-8 text takes in a terminal; every code point of ours takes one.
std::size_t display_width(std::string_view text);
/// The text with blanks up to `width` columns, after it or before it.
std::string padded_right(std::string_view text, std::size_t width);
std::string padded_left(std::string_view text, std::size_t width);
/// Breaks a text at blanks into lines of at most `width` columns, each starting with `indent`
/// blanks and ending in \n. A longer word is cut, behind a comma, semicolon or parenthesis if it
/// has one.
std::string wrapped(std::string_view text, std::size_t indent, std::size_t width);

/// Columns of the terminal behind a descriptor: the variable COLUMNS, else what the terminal says;
/// 0 when it is not a terminal.
std::size_t terminal_columns(int descriptor);
/// Columns of running text on standard output: those of the terminal, at most kTextColumns; and
/// kTextColumns when it is not a terminal.
std::size_t text_columns();
inline constexpr std::size_t kTextColumns = 100;
/// "  NAME  MEANING" with names `name_width` wide, in text_columns(); the meaning is below the name
/// where names leave it little room.
std::string listed(std::string_view name, std::size_t name_width, std::string_view meaning);

}  // namespace attnlab
