#include "native/control_group.h"

#include <fstream>

namespace attnlab {
namespace {

/// The folder of a group, "/a/b", and of the groups above it, without the top one.
void add_folders(const std::string& mount, std::string group, std::vector<std::string>& folders) {
  while (group.size() > 1) {
    folders.push_back(mount + group);
    group.erase(group.rfind('/'));
  }
}

}  // namespace

ControlGroups control_groups(const std::string& controller, const std::string& root) {
  const std::string mount2 = root + "/sys/fs/cgroup", mount1 = mount2 + "/" + controller;
  // In a container the mounted folder is often the group itself, whatever the group's name.
  ControlGroups groups{{mount2}, {mount1}};
  std::ifstream lines(root + "/proc/self/cgroup");
  for (std::string line; std::getline(lines, line);) {  // "4:cpu,cpuacct:/group" or "0::/group"
    const std::size_t first = line.find(':'), second = line.find(':', first + 1);
    if (second == std::string::npos || line[second + 1] != '/') continue;
    const std::string controllers = "," + line.substr(first + 1, second - first - 1) + ",";
    const std::string group = line.substr(second + 1);
    if (controllers == ",,") {
      add_folders(mount2, group, groups.version2);
    } else if (controllers.find("," + controller + ",") != std::string::npos) {
      add_folders(mount1, group, groups.version1);
    }
  }
  return groups;
}

}  // namespace attnlab
