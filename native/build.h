// Version and target of this program, for `--version`, result documents and journals.
#pragma once

#include <string>

#include "core/codecs/codecs.h"

namespace attnlab {

/// Version and target of the build, and the SIMD target chosen on this machine.
BuildInfo build_info();

/// "attnlab 0.1.0 (x86_64-linux, AVX2)", then a line "2 threads by default: 2 of 8 processors, by
/// the control group's quota".
std::string version_text();

}  // namespace attnlab
