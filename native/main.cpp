// The program attnlab: command line and desktop window around one core.
#include <exception>
#include <memory>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include "native/commands.h"
#include "native/console.h"
#include "native/interrupts.h"
#include "native/ranks.h"

namespace attnlab {
namespace {

int answer(const std::vector<std::string>& arguments) {
  if (arguments.empty()) return open_command().execute({});
  return execute_command(commands(), arguments);
}

}  // namespace

int attnlab_main(const std::vector<std::string>& arguments) {
  hold_standard_streams();
  ignore_write_signals();
  try {
    std::unique_ptr<Ranks> joined;
    if (computes(commands(), arguments)) {
      Expected<std::unique_ptr<Ranks>> all = Ranks::join();
      if (!all) return refuse(all.error(), kExitEnvironment);
      joined = std::move(*all);
    }
    ranks() = joined.get();
    if (ranks() != nullptr && ranks()->rank() > 0) {
      serve(*ranks());
      return kExitDone;
    }
    const int code = answer(arguments);
    if (ranks() != nullptr) dismiss(*ranks());
    return code;
  } catch (const std::bad_alloc&) {
    return refuse({"out of memory"}, kExitRunFailed);
  } catch (const std::exception& failure) {
    return refuse({std::string("stopped on an internal error: ") + failure.what()}, kExitRunFailed);
  }
}

}  // namespace attnlab

int main(int argc, char** argv) {
  return attnlab::attnlab_main({argv + (argc > 0), argv + argc});
}
