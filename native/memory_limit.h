// How much memory this process may use, so that a run that cannot fit is refused before it starts.
#pragma once

namespace attnlab {

/// Bytes a run may plan with: 0.9 times the smallest of the physical memory, the control group's
/// limit (versions 1 and 2, including the groups above) and the address space limit (ulimit -v).
double usable_memory_bytes();

}  // namespace attnlab
