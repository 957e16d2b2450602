// Which kernels run on this machine: chosen once, from what the processor offers.
#pragma once

#include "core/numerics/kernels/kernel_table.h"

namespace attnlab {

using kernels::kRowGrain;

/// The kernels in use by every thread.
const kernels::KernelTable& active_kernels();

/// Makes every thread use `table`, which must outlive its use: tests prove with it that a wrong
/// kernel is noticed. force_target restores the machine's kernels.
void force_kernels(const kernels::KernelTable& table);

/// This thread's scratch memory for any kernel, about 3 MB, made at first use.
void* kernel_workspace();

/// A product by the active kernels, shared with idle threads where it is large
/// (core/numerics/parallel.h). No size may be 0.
void run_product(const kernels::Product<double>& product);

}  // namespace attnlab
