// Work that measures how fast a machine is. Core has no clock: the caller runs a probe often enough
// and divides by the time.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace attnlab {

struct RateProbe {
  std::string name;           ///< "product f32, 512"
  std::string unit;           ///< "GFLOP/s", "million/s", "jobs/s"
  double amount = 0;          ///< what one run() does, in the numerator of the unit
  int peak = -1;              ///< number of the probe that bounds this one, or -1
  std::function<void()> run;  ///< 20 us to 50 ms
};

// Single probes of a chosen size; `peak` as in rate_probes().
RateProbe product_f32_rate(std::size_t size);
RateProbe product_f64_rate(std::size_t size);
/// Features of 32 heads of dimension 17.
RateProbe gram_rate(std::size_t samples);
RateProbe cholesky_rate(std::size_t size);
/// 64 sequences of 64 tokens of width 64.
RateProbe attention_rate();
RateProbe normals_f64_rate();
RateProbe normals_f32_rate();
/// Steps of 256 prompts of 40 examples in 5 dimensions, 2 heads.
RateProbe training_rate();

/// Peaks of the multiply-add units, the kernels, and whole jobs of each family; one thread, about
/// 30 MB.
std::vector<RateProbe> rate_probes();

}  // namespace attnlab
