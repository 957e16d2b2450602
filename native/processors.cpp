#include "native/processors.h"

#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string_view>

#include "core/base/text.h"
#include "native/control_group.h"

namespace attnlab {
namespace {

std::string first_line(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

/// Processors in the affinity mask, also on a machine with more than a cpu_set_t holds.
std::optional<unsigned> affinity_processors() {
  for (int room = CPU_SETSIZE; room <= 1 << 20; room *= 2) {
    cpu_set_t* const allowed = CPU_ALLOC(room);
    if (allowed == nullptr) return std::nullopt;
    const std::size_t bytes = CPU_ALLOC_SIZE(room);
    const bool known = sched_getaffinity(0, bytes, allowed) == 0;
    const int count = known ? CPU_COUNT_S(bytes, allowed) : 0;
    CPU_FREE(allowed);
    if (known && count > 0) return static_cast<unsigned>(count);
  }
  return std::nullopt;
}

/// The leading number of a variable such as OMP_NUM_THREADS=4 or 4,2.
std::optional<unsigned> variable_processors(const char* name) {
  const char* const text = getenv(name);
  if (text == nullptr) return std::nullopt;
  const std::string_view all(text);
  const auto value = read_integer(all.substr(0, all.find(',')));
  if (!value || *value < 1) return std::nullopt;
  return static_cast<unsigned>(std::min<std::int64_t>(*value, 1 << 20));
}

}  // namespace

std::optional<unsigned> quota_processors(const std::string& quota_and_period) {
  std::istringstream numbers(quota_and_period);
  double quota = 0, period = 0;
  if (!(numbers >> quota >> period) || quota <= 0 || period <= 0) return std::nullopt;
  return static_cast<unsigned>(std::clamp(std::ceil(quota / period), 1.0, 1e6));
}

void Processors::limit(std::optional<unsigned> to, const std::string& why) {
  if (!to || *to >= count) return;
  count = *to;
  reason = why;
}

Processors usable_processors(const std::string& root) {
  const long there = sysconf(_SC_NPROCESSORS_ONLN);
  const unsigned machine = there > 0 ? static_cast<unsigned>(there) : 1;
  Processors found{machine, machine};
  found.limit(affinity_processors(), "the affinity mask");
  const ControlGroups groups = control_groups("cpu", root);
  const std::string quota = "the control group's quota";
  for (const std::string& folder : groups.version2) {
    found.limit(quota_processors(first_line(folder + "/cpu.max")), quota);
  }
  for (const std::string& folder : groups.version1) {
    found.limit(quota_processors(first_line(folder + "/cpu.cfs_quota_us") + " " +
                                 first_line(folder + "/cpu.cfs_period_us")),
                quota);
  }
  return found;
}

Processors default_processors(const std::string& root) {
  Processors found = usable_processors(root);
  for (const char* name : kProcessorVariables) found.limit(variable_processors(name), name);
  return found;
}

std::string processors_text(const Processors& processors) {
  if (processors.reason.empty()) return counted(processors.count, "processor");
  return std::to_string(processors.count) + " of " + counted(processors.machine, "processor") +
         ", by " + processors.reason;
}

}  // namespace attnlab
