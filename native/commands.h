// The commands of attnlab: a new one is a function in a file of its own, and two lines here.
#pragma once

#include <vector>

#include "native/command_line.h"

namespace attnlab {

Command list_command();
Command run_command();
Command extract_command();
Command sweep_command();
Command merge_command();
Command selftest_command();
Command bench_command();
Command lesson_command();
Command open_command();

inline std::vector<Command> commands() {
  return {list_command(),     run_command(),   extract_command(), sweep_command(), merge_command(),
          selftest_command(), bench_command(), lesson_command(),  open_command()};
}

}  // namespace attnlab
