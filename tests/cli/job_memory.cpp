#include "tests/cli/job_memory.h"

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string_view>

#include "core/catalogue/catalogue.h"
#include "core/codecs/codecs.h"

namespace attnlab {
namespace {

constexpr std::string_view kFlag = "--memory-of-job";
constexpr const char* kThisProgram = "/proc/self/exe";

/// A line of /proc/self/status in bytes.
double status_bytes(const std::string& name) {
  std::ifstream file("/proc/self/status");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(name + ":")) {
      return 1024 * std::strtod(line.c_str() + name.size() + 1, nullptr);
    }
  }
  return 0;
}

}  // namespace

std::optional<int> run_job_for_its_memory(int argc, char** argv) {
  if (argc != 4 || argv[1] != kFlag) return std::nullopt;
  const RunSpec spec = read_query(argv[2], *experiments().front()).spec;
  const double before = status_bytes("VmRSS");
  JobSteps job =
      spec.experiment->start(spec, static_cast<std::uint32_t>(std::strtoul(argv[3], nullptr, 10)));
  while (job.step() == JobSteps::State::kRunning) {
  }
  if (job.state() != JobSteps::State::kDone) return 1;
  // The peak since the program began: what it held before the job was less.
  return std::printf("%.0f\n", status_bytes("VmHWM") - before) > 0 ? 0 : 1;
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
