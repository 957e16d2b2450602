// Joins facts of the build, from CMake, with the instruction set chosen at run time.
#include "native/build.h"

#include <algorithm>

#include "attnlab_build_info.h"
#include "core/base/text.h"
#include "core/numerics/linear_algebra.h"
#include "native/processors.h"
#include "native/ranks.h"

namespace attnlab {

BuildInfo build_info() {
  return {kVersion, kTarget, std::string(simd_target_name())};
}

std::string version_text() {
  const BuildInfo build = build_info();
  return "attnlab " + build.version + " (" + build.target + ", " + build.simd +
         (has_mpi() ? ", MPI)" : ")") + "\n" +
         counted(std::min(default_processors().count, kMaxThreads), "thread") +
         " by default: " + processors_text(default_processors());
}

}  // namespace attnlab
