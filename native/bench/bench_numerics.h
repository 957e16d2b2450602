// Speed of the numerical kernels compared with alternatives, measured in the same run.
#pragma once

#include <string>
#include <vector>

namespace attnlab {

/// One measurement. `value` and `peer_value` are rates in `unit` (larger is better); peer_value is
/// 0 where there is no peer.
struct BenchRow {
  std::string name;
  double value;
  std::string unit;
  double peer_value;
  std::string peer;
};

/// Measures one core for about ten seconds. Each rate is the best of many repetitions, ours and the
/// peer's in turns, so that other work on the machine affects both alike.
std::vector<BenchRow> bench_numerics();

}  // namespace attnlab
