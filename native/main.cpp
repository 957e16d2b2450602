// The program attnlab: command line and desktop window around one core.
#include <exception>
#include <memory>
#include <new>
#include <string>
#include <variant>
#include <vector>

#include "native/arguments.h"
#include "native/commands.h"
#include "native/console.h"
#include "native/interrupts.h"
#include "native/ranks.h"
#if ATTNLAB_HAS_UI
#include "native/desktop.h"
#endif

namespace attnlab {
namespace {

int execute(const ShowText& request) {
  return print(request.text);
}
int execute(const ListRequest& request) {
  return list_experiments(request);
}
int execute(const BenchRequest& request) {
  return run_benchmarks(request);
}
int execute(const RunRequest& request) {
  return run_experiment(request);
}
int execute(const ExtractRequest& request) {
  return extract_black_box_program(request);
}
int execute(const SelftestRequest&) {
  return run_selftest();
}
int execute(const CalibrateRequest& request) {
  return calibrate_claims(request);
}
int execute(const SweepRequest& request) {
  return run_sweep(request);
}
int execute(const MergeRequest& request) {
  return merge_sweep(request);
}

int execute([[maybe_unused]] const DesktopRequest& request) {
#if ATTNLAB_HAS_UI
  return run_desktop(request.query);
#else
  say("this build has no desktop window; attnlab --help shows the command line");
  return kExitEnvironment;
#endif
}

int answer(const std::vector<std::string>& arguments) {
  const Expected<Request> request = read_arguments(arguments);
  if (!request) return refuse(request.error());
  return std::visit([](const auto& asked) { return execute(asked); }, *request);
}

}  // namespace

int attnlab_main(const std::vector<std::string>& arguments) {
  ignore_write_signals();
  try {
    const Expected<std::unique_ptr<Ranks>> joined = Ranks::join();
    if (!joined) return refuse(joined.error(), kExitEnvironment);
    ranks() = joined->get();
    if (ranks() != nullptr && ranks()->rank() > 0) {
      serve(*ranks());
      return kExitDone;
    }
    const int code = answer(arguments);
    if (ranks() != nullptr) dismiss(*ranks());
    return code;
  } catch (const std::bad_alloc&) {
    return refuse({"the memory is used up"}, kExitRunFailed);
  } catch (const std::exception& failure) {
    return refuse({std::string("stopped on an internal error: ") + failure.what()}, kExitRunFailed);
  }
}

}  // namespace attnlab

int main(int argc, char** argv) {
  return attnlab::attnlab_main({argv + (argc > 0), argv + argc});
}
