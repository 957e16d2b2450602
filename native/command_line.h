// The command line as a table: a command describes its words and flags, and the description serves
// for reading them and for the help. The values of parameters are read by core's schema, so that a
// flag, a permalink and a JSON document accept the same texts and refuse with the same sentences.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/expected.h"

namespace attnlab {

/// `--name VALUE`, or a switch.
struct Flag {
  std::string name;   ///< "seed"
  std::string type;   ///< of its value: "INTEGER", and "INTEGER,..." for a list; empty: a switch
  std::string help;   ///< each line starts a new one in the help
  std::string group;  ///< heading of the help that it is listed under
  /// The value may hold a key or a password: no message repeats it.
  bool secret = false;
};

/// The words and flags of a command.
struct Usage {
  std::string about = {};  ///< what the help begins with
  std::string words =
      {};  ///< plain words: "LINK" for one, "DIR..." for several; empty: it takes no words
  std::string words_help = {};
  std::string needs_word =
      {};  ///< sentence for a command without its word; empty: it can do without
  std::vector<Flag> flags = {};
  std::string footer = {};  ///< what the help ends with
};

/// The words and values that were given to a command.
struct Given {
  std::vector<std::string> words;
  std::vector<std::pair<std::string, std::string>> values;  ///< of flags; a switch has an empty one

  std::optional<std::string> value(std::string_view flag) const;
  bool has(std::string_view flag) const { return value(flag).has_value(); }
};

struct Command {
  std::string name, help;
  /// Its usage if `word` is its first plain word, "" before that is known; an error for an
  /// impossible word. Switches do not depend on the word.
  Expected<Usage> (*usage)(const std::string& word);
  int (*execute)(const Given& given);  ///< returns the exit code
  bool computes = true;                ///< false: only shows what there is
};

/// Whether the arguments ask for a computation: not for help, the version, or a command that only
/// shows something. The arguments are not checked.
bool computes(std::span<const Command> commands, const std::vector<std::string>& arguments);

/// Reads `arguments` (without the program's name) and executes the command that they name; prints
/// the help or the version where that is asked for. Returns the exit code; bad input gives
/// kExitBadInput and one sentence that names the flag, its value and what is allowed.
int execute_command(std::span<const Command> commands, const std::vector<std::string>& arguments);

}  // namespace attnlab
