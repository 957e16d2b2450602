// `attnlab selftest`: the core's checks as a table.
#include "core/selftest/selftest.h"
#include "native/commands.h"
#include "native/console.h"

namespace attnlab {

int run_selftest() {
  const std::vector<SelfCheck> checks = self_check();
  const int printed = print(self_check_text(checks));
  for (const SelfCheck& check : checks) {
    if (!check.passed()) return kExitRunFailed;
  }
  return printed;
}

}  // namespace attnlab
