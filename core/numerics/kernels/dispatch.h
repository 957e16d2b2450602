// Which kernels run on this machine: chosen once, from what the processor offers.
#pragma once

#include "core/numerics/kernels/kernel_table.h"

namespace attnlab {

/// The kernels in use by every thread.
const kernels::KernelTable& active_kernels();

/// This thread's scratch memory for any kernel, about 3 MB, made at first use.
void* kernel_workspace();

}  // namespace attnlab
