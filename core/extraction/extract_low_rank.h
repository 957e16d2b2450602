// The parts of extract-low-rank that its jobs, claims and figures share.
#pragma once

#include "core/extraction/recovery.h"

namespace attnlab::extraction {

/// Extra columns of extract-low-rank's rows, in order; for the range finder all but the last are
/// NaN.
enum LowRankColumn : std::size_t {
  kLowRankMeasurements,
  kLowRankRatio,      ///< measurements in degrees of freedom (2d - r) r
  kLowRankFrobenius,  ///< relative Frobenius error of W
};

std::size_t low_rank_of(const RunSpec& spec);

/// Table `recovery_probability`, claims and figures.
void add_low_rank_findings(const RunSpec& spec, const Recovered& recovered, Findings& findings);

}  // namespace attnlab::extraction
