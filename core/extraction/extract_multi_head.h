// The parts of extract-multi-head that its jobs, claims and figures share.
#pragma once

#include "core/extraction/recovery.h"

namespace attnlab::extraction {

/// Twins are compared at lengths 1 to this.
inline constexpr std::size_t kTwinLongest = 4;

/// RecoveryRow::extra of the rows that job 0 makes, for table `twins`.
enum TwinColumn : std::size_t {
  kLength,
  kShift,     ///< NaN except for "mirrored"
  kDistance,  ///< between the parameters of both
  kSize,      ///< of the parameters: the larger distance from the empty set of heads
  kGap,
  kTwinColumns
};

/// 4 H d^2 - 2 H + 1: the count of arXiv 2608.03294 for another algorithm.
double other_algorithm_queries(double heads, double dim);

/// Table `twins`, claims and figures.
void add_multi_head_findings(const RunSpec& spec, const Recovered& recovered, Findings& findings);

}  // namespace attnlab::extraction
