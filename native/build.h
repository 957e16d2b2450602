// What this program is, for `--version`, result documents and journals.
#pragma once

#include <string>

#include "core/codecs/codecs.h"

namespace attnlab {

/// Version and target of the build, and the SIMD target chosen on this machine.
BuildInfo build_info();

/// "attnlab 0.1.0 (x86_64-linux, AVX2)".
std::string version_text();

}  // namespace attnlab
