// Work that says how fast a machine is. Core has no clock: whoever has one calls run() often enough
// and divides.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace attnlab {

struct RateProbe {
  std::string name;           ///< "product f32, 512"
  std::string unit;           ///< "GFLOP/s", "million/s", "jobs/s"
  double amount = 0;          ///< of the unit's numerator, one run() does
  int peak = -1;              ///< number of the probe that bounds this one, or none
  std::function<void()> run;  ///< 20 us to 50 ms
};

/// Peaks of the multiply-add units, the kernels, and whole jobs of each family; one thread, about
/// 30 MB.
std::vector<RateProbe> rate_probes();

}  // namespace attnlab
