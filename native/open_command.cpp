// `attnlab open`, and attnlab without a command: the desktop window.
#include "native/commands.h"
#include "native/console.h"
#if ATTNLAB_HAS_UI
#include "native/desktop.h"
#endif

namespace attnlab {
namespace {

Expected<Usage> usage(const std::string&) {
  return Usage{.about = "Open a permalink in the desktop window.",
               .words = "LINK",
               .words_help = "A permalink, or the part after its #",
               .needs_word = "open needs a permalink"};
}

/// Without a link the window opens in the state in which it was closed.
int execute([[maybe_unused]] const Given& given) {
#if ATTNLAB_HAS_UI
  return run_desktop(given.words.empty() ? "" : given.words.front());
#else
  say("this build has no desktop window; attnlab --help shows the command line");
  return kExitEnvironment;
#endif
}

}  // namespace

Command open_command() {
  return {"open", "Open a permalink in the desktop window", usage, execute, false};
}

}  // namespace attnlab
