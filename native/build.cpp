// Joins what CMake knew with what the processor can do.
#include "native/build.h"

#include "attnlab_build_info.h"
#include "core/numerics/linear_algebra.h"
#include "native/ranks.h"

namespace attnlab {

BuildInfo build_info() {
  return {kVersion, kTarget, std::string(simd_target_name())};
}

std::string version_text() {
  const BuildInfo build = build_info();
  return "attnlab " + build.version + " (" + build.target + ", " + build.simd +
         (has_mpi() ? ", MPI)" : ")");
}

}  // namespace attnlab
