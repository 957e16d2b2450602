// Reads what Linux says about limits; a limit that cannot be read is taken as absent.
#include "native/memory_limit.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <limits>
#include <string>

#include "native/control_group.h"

namespace attnlab {
namespace {

constexpr double kNoLimit = std::numeric_limits<double>::infinity();

/// The number in a limit file; "max", an unreadable or a missing file is no limit.
double limit_in_file(const std::string& path) {
  std::ifstream file(path);
  double bytes = 0;
  return file >> bytes && bytes > 0 ? bytes : kNoLimit;
}

double control_group_limit() {
  double limit = kNoLimit;
  const ControlGroups groups = control_groups("memory", "");
  for (const std::string& folder : groups.version2) {
    limit = std::min(limit, limit_in_file(folder + "/memory.max"));
  }
  for (const std::string& folder : groups.version1) {
    limit = std::min(limit, limit_in_file(folder + "/memory.limit_in_bytes"));
  }
  return limit;
}

double address_space_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return kNoLimit;
  return static_cast<double>(limit.rlim_cur);
}

}  // namespace

double usable_memory_bytes() {
  const double pages = static_cast<double>(sysconf(_SC_PHYS_PAGES));
  const double physical = pages > 0 ? pages * static_cast<double>(sysconf(_SC_PAGESIZE)) : kNoLimit;
  return 0.9 * std::min({physical, control_group_limit(), address_space_limit()});
}

}  // namespace attnlab
