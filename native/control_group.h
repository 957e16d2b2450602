// Where Linux keeps the limits of a control group, which containers and batch systems set.
#pragma once

#include <string>
#include <vector>

namespace attnlab {

/// Folders with the limits of one controller: of this process's control group and of every group
/// above it, whose limits hold as well. A folder need not exist.
struct ControlGroups {
  std::vector<std::string> version2, version1;
};

/// `controller`: "cpu" or "memory". Files are read below the folder `root`, "" for the machine's
/// own.
ControlGroups control_groups(const std::string& controller, const std::string& root);

}  // namespace attnlab
