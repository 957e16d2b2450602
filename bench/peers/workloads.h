// The work on which Attention Lab and its peers (bench/peers/*.py, *.js) are timed: the same sizes,
// and the same artificial inputs wherever results can be compared number by number.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/expected.h"

namespace attnlab {

/// Entry `index` of every artificial input: uniform on [-1, 1), a hash of 32 bits, exact in float.
float made_value(std::uint32_t index);

/// Calls part(0), ..., part(parts - 1), perhaps at the same time, and returns when all are done.
using Parallel =
    std::function<void(std::size_t parts, const std::function<void(std::size_t)>& part)>;

struct Workload {
  std::size_t units = 1;  ///< of work in one run; times are divided by it
  std::function<void()> run;
  /// Numbers to compare with the peer's; compare.mjs says how.
  std::function<std::vector<double>()> result;
};

/// "training", "extraction", "gemm256", "gemm512", "gemm1024" or "attention".
/// Attention is cut into `parts` for `parallel`; with `only_part` >= 0 only that one is made and
/// computed.
Expected<Workload> make_workload(std::string_view name, std::size_t parts, const Parallel& parallel,
                                 int only_part = -1);

}  // namespace attnlab
