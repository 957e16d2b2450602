#include "tests/cli/job_memory.h"

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "core/catalogue/catalogue.h"
#include "core/codecs/codecs.h"
#include "tests/cli/heap_count.h"

namespace attnlab {
namespace {

constexpr std::string_view kFlag = "--memory-of-job";
constexpr const char* kThisProgram = "/proc/self/exe";

}  // namespace

std::optional<int> run_job_for_its_memory(int argc, char** argv) {
  if (argc != 4 || argv[1] != kFlag) return std::nullopt;
  const RunSpec spec = read_query(argv[2], *experiments().front()).spec;
  const std::size_t before = heap_bytes();
  JobSteps job =
      spec.experiment->start(spec, static_cast<std::uint32_t>(std::strtoul(argv[3], nullptr, 10)));
  while (job.step() == JobSteps::State::kRunning) {
  }
  if (job.state() != JobSteps::State::kDone) return 1;
  return std::printf("%zu\n", heap_peak() - before) > 0 ? 0 : 1;
}

std::optional<double> job_memory(const std::string& query, std::uint32_t index) {
  int answer[2];
  if (pipe(answer) != 0) return std::nullopt;
  const std::string flag(kFlag), number = std::to_string(index);
  const pid_t child = fork();
  if (child == 0) {
    dup2(answer[1], STDOUT_FILENO);
    close(answer[0]);
    close(answer[1]);
    execl(kThisProgram, kThisProgram, flag.c_str(), query.c_str(), number.c_str(), nullptr);
    _exit(127);
  }
  close(answer[1]);
  std::array<char, 64> text{};
  const ssize_t length = read(answer[0], text.data(), text.size() - 1);
  close(answer[0]);
  int status = 1;
  if (child < 0 || waitpid(child, &status, 0) != child || status != 0 || length <= 0) {
    return std::nullopt;
  }
  return std::strtod(text.data(), nullptr);
}

}  // namespace attnlab
