// `attnlab selftest`: the core's checks as a table.
#include "core/selftest/selftest.h"
#include "native/commands.h"
#include "native/console.h"

namespace attnlab {
namespace {

Expected<Usage> usage(const std::string&) {
  return Usage{.about = "Check known answers and closed forms on this machine."};
}

/// kExitRunFailed when a statement does not hold.
int execute(const Given&) {
  const std::vector<SelfCheck> checks = self_check();
  const int printed = print(self_check_text(checks));
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
