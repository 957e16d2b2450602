// `attnlab selftest`: the core's checks as a table.
#include "core/selftest/selftest.h"
#include "native/calibrate_command.h"
#include "native/commands.h"
#include "native/console.h"

namespace attnlab {
namespace {

Expected<Usage> usage(const std::string&) {
  return Usage{.about = "Check known answers and closed forms on this machine.",
               .flags = calibration_flags()};
}

/// kExitRunFailed when a statement does not hold.
int execute(const Given& given) {
  if (given.has("claims")) return calibrate_claims(given);
  if (!given.values.empty()) {
    return refuse({"--" + given.values.front().first + " belongs to --claims"});
  }
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
