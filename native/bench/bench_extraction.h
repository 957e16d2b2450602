// Speed of family B: queries per second that are asked, answered by our own oracles and used.
#pragma once

#include <vector>

#include "native/bench/bench_numerics.h"

namespace attnlab {

/// Whole extractions on one core, each once: a head of d = 512 with its 262,656 queries, a head of
/// rank 4, and a transformer. A row whose extraction did not end as "recovered" is left out.
std::vector<BenchRow> bench_extraction();

}  // namespace attnlab
