// `attnlab selftest`: the core's checks as a table.
#include "core/selftest/selftest.h"

#include <unistd.h>

#include <algorithm>
#include <string>
#include <vector>

#include "core/base/text.h"
#include "core/findings/table.h"
#include "native/calibrate_command.h"
#include "native/commands.h"
#include "native/console.h"
#include "native/report.h"

namespace attnlab {
namespace {

Expected<Usage> usage(const std::string&) {
  return Usage{.about = "Check known answers and closed forms on this machine.",
               .flags = calibration_flags()};
}

/// self_check_text(), as a table that fits where the terminal is narrower.
std::string text_for_terminal(const std::vector<SelfCheck>& checks) {
  const std::string text = self_check_text(checks);
  const std::size_t columns = terminal_columns(STDOUT_FILENO);
  const std::vector<std::string> lines =
      split(std::string_view(text).substr(0, text.size() - 1), '\n');
  const auto fits = [&](const std::string& line) { return display_width(line) <= columns; };
  if (columns == 0 || std::ranges::all_of(lines, fits)) return text;
  Table table{"checks", "", {}, {}};
  for (const char* name : {"family", "statement", "deviation", "allowed", "verdict"}) {
    table.columns.push_back({name, name, ""});
  }
  for (const SelfCheck& check : checks) {
    const auto cells = self_check_cells(check);
    table.rows.emplace_back(cells.begin(), cells.end());
  }
  return table_text(table, columns) + wrapped(lines.back(), 0, columns);
}

/// kExitRunFailed when a statement does not hold.
int execute(const Given& given) {
  if (given.has("claims")) return calibrate_claims(given);
  if (!given.values.empty()) {
    return refuse({"--" + given.values.front().first + " belongs to --claims"});
  }
  const std::vector<SelfCheck> checks = self_check();
  const int printed = print(text_for_terminal(checks));
  for (const SelfCheck& check : checks) {
    if (!check.passed()) return kExitRunFailed;
  }
  return printed;
}

}  // namespace

Command selftest_command() {
  return {"selftest", "Check known answers and closed forms on this machine", usage, execute};
}

}  // namespace attnlab
