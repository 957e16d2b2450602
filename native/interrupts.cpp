// Signal handlers that only touch one flag.
#include "native/interrupts.h"

#include <signal.h>
#include <unistd.h>

#include <atomic>

#include "native/console.h"

namespace attnlab {
namespace {

std::atomic<int> requests{0};
static_assert(std::atomic<int>::is_always_lock_free, "a signal handler must not take a lock");

void request_stop(int) {
  if (requests.fetch_add(1) > 0) _exit(kExitInterrupted);
}

}  // namespace

void catch_interrupts() {
  ignore_write_signals();
  struct sigaction action {};
  action.sa_handler = request_stop;
  sigemptyset(&action.sa_mask);
  action.sa_flags = SA_RESTART;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

bool interrupted() {
  return requests.load() > 0;
}

void ignore_write_signals() {
  signal(SIGPIPE, SIG_IGN);
  signal(SIGXFSZ, SIG_IGN);
}

}  // namespace attnlab
