// Finished results kept beside a new one of the same experiment: one figure with the curves of
// both, each labelled by the parameters in which it differs, and one table with the rows of both.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "core/experiment/experiment.h"
#include "core/findings/findings.h"

namespace attnlab {

inline constexpr std::size_t kMostKept = 3;

struct KeptResult {
  RunSpec spec;
  Findings findings;
  std::string journal;  ///< its finished jobs (core/codecs/codecs.h): where it is found anew
};

/// The parameters (and the seed) of `run` that `other` has not: "heads = 100, seed = 3"; of more
/// than two the first two and how many more; "the same parameters" when there are none.
std::string difference_text(const RunSpec& run, const RunSpec& other);

/// The figure with the series, or the heat maps, that the kept results' figure of the same id
/// shows. Results of other experiments and of this very run are left out.
Figure with_kept(Figure figure, const RunSpec& now, std::span<const KeptResult> kept);

/// The table with the rows of the kept results' table of the same name behind its own and a last
/// column `run`: "now", or in what the kept run differs. As it is when nothing is kept.
Table with_kept(Table table, const RunSpec& now, std::span<const KeptResult> kept);

}  // namespace attnlab
