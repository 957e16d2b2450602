// How many processors a container's or a batch system's files allow; the files are made up.
#include "native/processors.h"

#include <doctest/doctest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

#include "native/control_group.h"

namespace attnlab {
namespace {

namespace fs = std::filesystem;

/// A folder in the place of the machine's "/", removed afterwards.
class MadeUpRoot {
 public:
  MadeUpRoot() {
    std::string name = (fs::temp_directory_path() / "attnlab-root-XXXXXX").string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    folder_ = name;
  }
  ~MadeUpRoot() { fs::remove_all(folder_); }
  MadeUpRoot(const MadeUpRoot&) = delete;
  MadeUpRoot& operator=(const MadeUpRoot&) = delete;

  void write(const std::string& file, const std::string& text) const {
    const fs::path path = folder_ + file;
    fs::create_directories(path.parent_path());
    std::ofstream(path) << text;
  }
  const std::string& folder() const { return folder_; }

 private:
  std::string folder_;
};

const std::string kQuota = "the control group's quota";

TEST_CASE("a quota of processor time counts as whole processors, rounded up") {
  CHECK(quota_processors("200000 100000") == 2u);
  CHECK(quota_processors("150000 100000") == 2u);
  CHECK(quota_processors("100000 100000") == 1u);
  CHECK(quota_processors("10000 100000") == 1u);
  CHECK(quota_processors("800000 100000\n") == 8u);
  for (const char* none : {"max 100000", "-1 100000", "0 100000", "", " ", "200000", "200000 0"}) {
    CHECK_FALSE(quota_processors(none).has_value());
  }
}

TEST_CASE("without control groups the machine and the affinity mask decide") {
  const MadeUpRoot root;
  const Processors found = usable_processors(root.folder());
  CHECK(found.count >= 1);
  CHECK(found.count <= found.machine);
  CHECK(found.reason != kQuota);
}

TEST_CASE(
    "the quota of the control group limits the processors: version 2, also of a group above") {
  for (const char* file : {"/sys/fs/cgroup/cpu.max", "/sys/fs/cgroup/batch/cpu.max",
                           "/sys/fs/cgroup/batch/job 7/step/cpu.max"}) {
    const MadeUpRoot root;
    root.write("/proc/self/cgroup", "0::/batch/job 7/step\n");
    root.write("/sys/fs/cgroup/batch/job 7/cpu.max", "max 100000\n");
    root.write(file, "50000 100000\n");
    const Processors found = usable_processors(root.folder());
    CHECK(found.count == 1);
    // The test may be bound to a single processor, which no quota reduces.
    if (usable_processors(MadeUpRoot().folder()).count > 1) CHECK(found.reason == kQuota);
  }
}

TEST_CASE("the quota of the control group limits the processors: version 1") {
  const MadeUpRoot root;
  root.write("/proc/self/cgroup",
             "5:memory:/docker/1f\n4:cpu,cpuacct:/docker/1f\n1:name=systemd:/\n");
  root.write("/sys/fs/cgroup/cpu/docker/1f/cpu.cfs_quota_us", "100000\n");
  root.write("/sys/fs/cgroup/cpu/docker/1f/cpu.cfs_period_us", "100000\n");
  root.write("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1\n");
  root.write("/sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
  CHECK(usable_processors(root.folder()).count == 1);
}

TEST_CASE("the quota of another group does not limit this process") {
  const MadeUpRoot root;
  root.write("/proc/self/cgroup", "0::/mine\n");
  root.write("/sys/fs/cgroup/other/cpu.max", "50000 100000\n");
  root.write("/sys/fs/cgroup/mine/cpu.max", "max 100000\n");
  CHECK(usable_processors(root.folder()).reason != kQuota);
}

TEST_CASE("the number of processors is said with its reason") {
  CHECK(processors_text({8, 8, ""}) == "8 processors");
  CHECK(processors_text({2, 8, kQuota}) == "2 of 8 processors, by the control group's quota");
  Processors found{8, 8, ""};
  found.limit(4u, "NSLOTS");
  found.limit(6u, "OMP_NUM_THREADS");
  found.limit(std::nullopt, "nothing");
  CHECK(processors_text(found) == "4 of 8 processors, by NSLOTS");
}

TEST_CASE("the folders of a control group are its own and those above it") {
  const MadeUpRoot root;
  root.write("/proc/self/cgroup", "3:memory:/a/b\n0::/c/d\nnot a line\n2:cpu:relative\n");
  const ControlGroups groups = control_groups("memory", root.folder());
  const std::string mount = root.folder() + "/sys/fs/cgroup";
  CHECK(groups.version2 == std::vector<std::string>{mount, mount + "/c/d", mount + "/c"});
  CHECK(groups.version1 ==
        std::vector<std::string>{mount + "/memory", mount + "/memory/a/b", mount + "/memory/a"});
}

}  // namespace
}  // namespace attnlab
