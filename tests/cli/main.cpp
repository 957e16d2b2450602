#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include "tests/cli/job_memory.h"

int main(int argc, char** argv) {
  if (const auto code = attnlab::run_job_for_its_memory(argc, argv)) return *code;
  return doctest::Context(argc, argv).run();
}
