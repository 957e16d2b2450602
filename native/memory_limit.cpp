// Reads what Linux says about limits; a limit that cannot be read is taken as absent.
#include "native/memory_limit.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <limits>
#include <string>

namespace attnlab {
namespace {

constexpr double kNoLimit = std::numeric_limits<double>::infinity();

/// The number in a limit file; "max", an unreadable or a missing file is no limit.
double limit_in_file(const std::string& path) {
  std::ifstream file(path);
  double bytes = 0;
  return file >> bytes && bytes > 0 ? bytes : kNoLimit;
}

/// The smallest limit of a control group and of all groups above it.
double group_limit(const std::string& mount, std::string group, const std::string& file) {
  double limit = limit_in_file(mount + "/" + file);
  while (group.size() > 1) {
    limit = std::min(limit, limit_in_file(mount + group + "/" + file));
    group.erase(group.rfind('/'));
  }
  return limit;
}

double control_group_limit() {
  double limit = std::min(group_limit("/sys/fs/cgroup", "/", "memory.max"),
                          group_limit("/sys/fs/cgroup/memory", "/", "memory.limit_in_bytes"));
  std::ifstream groups("/proc/self/cgroup");
  for (std::string line; std::getline(groups, line);) {  // "4:memory:/group" or "0::/group"
    const std::size_t first = line.find(':'), second = line.find(':', first + 1);
    if (second == std::string::npos || line[second + 1] != '/') continue;
    const std::string controllers = "," + line.substr(first + 1, second - first - 1) + ",";
    const std::string group = line.substr(second + 1);
    if (controllers == ",,") {
      limit = std::min(limit, group_limit("/sys/fs/cgroup", group, "memory.max"));
    } else if (controllers.find(",memory,") != std::string::npos) {
      limit = std::min(limit, group_limit("/sys/fs/cgroup/memory", group, "memory.limit_in_bytes"));
    }
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
