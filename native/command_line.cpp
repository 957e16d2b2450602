#include "native/command_line.h"

#include <algorithm>
#include <cstddef>

#include "core/base/text.h"
#include "native/build.h"
#include "native/console.h"

namespace attnlab {
namespace {

constexpr std::size_t kHelpColumn = 34;
constexpr std::size_t kNarrowHelpColumn = 6;  // on a narrow terminal: below the flag

/// A flag with its value or a plain word, as it was written.
struct Written {
  std::string flag;                  // "--dim"; empty: a plain word
  std::optional<std::string> value;  // of the flag, or the plain word
  bool joined = false;               // --flag=value
};

const Flag* find_flag(const std::vector<Flag>& flags, std::string_view written) {
  const auto named = [&](const Flag& flag) { return written == "--" + flag.name; };
  const auto found = std::ranges::find_if(flags, named);
  return found == flags.end() ? nullptr : &*found;
}

bool asks_for_help(const Written& written) {
  return written.flag == "--help" || written.flag == "-h";
}

/// A number is not a flag, even if it is negative. A flag takes the next word as its value, even
/// one like -0.5, unless the word begins with "--" or the flag is a switch.
std::vector<Written> scan(std::span<const std::string> words, const std::vector<Flag>& flags) {
  std::vector<Written> all;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (!word.starts_with("-") || read_real(word)) {
      all.push_back({"", word});
      continue;
    }
    const std::size_t sign = word.find('=');
    Written written{word.substr(0, sign), std::nullopt, sign != std::string::npos};
    const Flag* const flag = find_flag(flags, written.flag);
    const bool is_switch = asks_for_help(written) || (flag != nullptr && flag->type.empty());
    const bool has_next = i + 1 < words.size() && !words[i + 1].starts_with("--");
    if (written.joined) {
      written.value = word.substr(sign + 1);
    } else if (!is_switch && has_next) {
      written.value = words[++i];
    }
    all.push_back(std::move(written));
  }
  return all;
}

Error unknown_flag(const std::string& command, const Usage& usage, const std::string& written) {
  if (!written.starts_with("--") || usage.flags.empty()) {
    return Error{"unknown flag " + quoted_text(written) + "; see attnlab " + command + " --help"};
  }
  std::vector<std::string> names;
  for (const Flag& flag : usage.flags) names.push_back("--" + flag.name);
  return Error{unknown_name_text("flag", written, command, names)};
}

Expected<void> add_flag(const Flag& flag, const Written& written, Given& given) {
  const std::string name = "--" + flag.name;
  const bool is_switch = flag.type.empty();
  if (is_switch && written.value) return Error{name + " takes no value"};
  const bool missing = !written.value || (written.joined && written.value->empty());
  if (!is_switch && missing) return Error{name + " needs a value"};
  given.values.emplace_back(flag.name, written.value.value_or(""));
  return {};
}

/// An error when a flag was given twice; a switch may be given twice.
Expected<void> check_single(const std::vector<Flag>& flags, const Given& given) {
  for (const Flag& flag : flags) {
    std::vector<std::string> values;
    for (const auto& [name, text] : given.values) {
      if (name == flag.name) values.push_back(text);
    }
    if (flag.type.empty() || values.size() < 2) continue;
    if (flag.secret) {
      return Error{"--" + flag.name + " is given " + std::to_string(values.size()) +
                   " times; give it once"};
    }
    return Error{"--" + flag.name + " is given " + std::to_string(values.size()) + " times (" +
                 join(values, ", then ") + "); give it once"};
  }
  return {};
}

/// The sentence that refuses the plain word at `index`, which the command does not take.
Error unexpected_word(const Usage& usage, const std::vector<Written>& all, std::size_t index) {
  const std::string start = "unexpected word " + quoted_text(*all[index].value) + "; ";
  std::size_t first = index;
  while (first > 0 && all[first].flag.empty()) --first;
  const Flag* const flag = find_flag(usage.flags, all[first].flag);
  if (flag == nullptr || !flag->type.ends_with(",...")) {
    return Error{start + "values are written --NAME VALUE"};
  }
  std::vector<std::string> entries;
  for (std::size_t i = first; i < all.size() && (i == first || all[i].flag.empty()); ++i) {
    for (std::string& entry : split(*all[i].value, ','))
      if (!entry.empty()) entries.push_back(std::move(entry));
  }
  return Error{start + "lists take commas: --" + flag->name + " " + join(entries, ",")};
}

/// The flag with a secret value that the word at `index` seems to continue, because the value was
/// written without quotes; nullptr if there is none.
const Flag* continued_secret(const Usage& usage, const std::vector<Written>& all,
                             std::size_t index) {
  while (index > 0) {
    const Flag* const flag = find_flag(usage.flags, all[--index].flag);
    if (flag != nullptr) return flag->secret ? flag : nullptr;
  }
  return nullptr;
}

Expected<Given> check(const std::string& command, const Usage& usage,
                      const std::vector<Written>& all) {
  Given given;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const Written& written = all[i];
    // A mistyped "--flag" is named; "-x" and words may be parts of the secret.
    const bool known = written.flag.empty() ? !usage.words.empty() : written.flag.starts_with("--");
    if (const Flag* const secret = known ? nullptr : continued_secret(usage, all, i)) {
      return Error{"the value of --" + secret->name + " is one word: put it in quotes"};
    }
    if (written.flag.empty()) {
      const bool fits = usage.words.ends_with("...") || given.words.empty();
      if (usage.words.empty() || !fits) return unexpected_word(usage, all, i);
      given.words.push_back(*written.value);
      continue;
    }
    const Flag* const flag = find_flag(usage.flags, written.flag);
    if (flag == nullptr) return unknown_flag(command, usage, written.flag);
    if (const auto added = add_flag(*flag, written, given); !added) return added.error();
  }
  if (const auto single = check_single(usage.flags, given); !single) return single.error();
  return given;
}

std::string help_row(const std::string& left, const std::string& help) {
  const std::size_t columns = text_columns();
  const bool narrow = kHelpColumn > columns / 2;
  const std::size_t indent = narrow ? kNarrowHelpColumn : kHelpColumn;
  const std::string start = padded_right("  " + left, indent - 1);
  std::string lines;
  for (const std::string& line : split(help, '\n')) lines += wrapped(line, indent, columns);
  if (lines.empty()) return start + "\n";
  const bool same_line = !narrow && display_width(start) < indent;
  return start + (same_line ? " " + lines.substr(indent) : "\n" + lines);
}

std::string flags_text(const std::vector<Flag>& flags) {
  std::string text, group;
  for (const Flag& flag : flags) {
    if (flag.group != group) text += "\n" + flag.group + ":\n";
    group = flag.group;
    text += help_row("--" + flag.name + (flag.type.empty() ? "" : " " + flag.type), flag.help);
  }
  return text;
}

std::string help_text(const std::string& command, const Usage& usage) {
  std::string text = wrapped(usage.about, 0, text_columns());
  std::string call = "Usage: attnlab " + command;
  if (!usage.words.empty()) {
    call += usage.needs_word.empty() ? " [" + usage.words + "]" : " " + usage.words;
  }
  call += usage.flags.empty() ? "" : " [--FLAG VALUE]...";
  text += wrapped(call, 0, text_columns());
  if (!usage.words.empty()) text += "\n" + help_row(usage.words, usage.words_help);
  text += flags_text(usage.flags);
  return text + (usage.footer.empty() ? "" : "\n" + usage.footer);
}

std::string general_help(std::span<const Command> commands) {
  std::string text =
      wrapped("Attention Lab: experiments on what a single attention layer can learn.", 0,
              text_columns()) +
      wrapped("Usage: attnlab [COMMAND [--FLAG VALUE]...]", 0, text_columns()) + "\nCommands:\n";
  for (const Command& command : commands) text += help_row(command.name, command.help);
  text += "\n" + help_row("-h, --help", "Print this help, or the help of a command, and exit") +
          help_row("--version", "Print the version and exit");
  return text + "\n" + wrapped("Without a command the desktop window opens.", 0, text_columns());
}

/// Handles a call without a command: --help, --version or a mistake.
int answer_without_command(std::span<const Command> commands, const std::string& word) {
  if (word == "--help" || word == "-h") return print(general_help(commands));
  if (word == "--version") return print(version_text() + "\n");
  if (word.starts_with("-")) {
    return refuse({"unknown flag " + quoted_text(word) + "; see attnlab --help"});
  }
  std::vector<std::string> names;
  for (const Command& command : commands) names.push_back(command.name);
  return refuse({unknown_name_text("command", word, {}, names)});
}

}  // namespace

std::optional<std::string> Given::value(std::string_view flag) const {
  for (const auto& [name, text] : values) {
    if (name == flag) return text;
  }
  return std::nullopt;
}

bool computes(std::span<const Command> commands, const std::vector<std::string>& arguments) {
  if (arguments.empty()) return false;
  const auto is_help = [](const std::string& word) { return word == "--help" || word == "-h"; };
  if (std::ranges::any_of(arguments, is_help)) return false;
  const auto command = std::ranges::find(commands, arguments.front(), &Command::name);
  return command != commands.end() && command->computes;
}

int execute_command(std::span<const Command> commands, const std::vector<std::string>& arguments) {
  const auto named = [&](const Command& each) { return each.name == arguments.front(); };
  const auto command = std::ranges::find_if(commands, named);
  if (command == commands.end()) return answer_without_command(commands, arguments.front());
  Expected<Usage> usage = command->usage("");
  if (!usage) return refuse(usage.error());
  const std::vector<Written> all = scan(std::span(arguments).subspan(1), usage->flags);
  const auto is_word = [](const Written& written) { return written.flag.empty(); };
  const auto word = std::ranges::find_if(all, is_word);
  const bool help = std::ranges::any_of(all, asks_for_help);
  if (word != all.end()) {
    usage = command->usage(*word->value);
    if (!usage) return refuse(usage.error());
  }
  if (help) return print(help_text(command->name, *usage));
  const bool has_word = word != all.end() && !word->value->empty();
  if (!has_word && !usage->needs_word.empty()) return refuse({usage->needs_word});
  const Expected<Given> given = check(command->name, *usage, all);
  return given ? command->execute(*given) : refuse(given.error());
}

}  // namespace attnlab
