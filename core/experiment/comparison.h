// Finished results kept next to a new one of the same experiment: one figure with the curves of
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
  std::string journal;  ///< its finished jobs (core/codecs/codecs.h), to find it again
};

/// The parameters (and the seed) in which `run` differs from `other`: "heads = 100, seed = 3"; of
/// more than two the first two and how many more; "the same parameters" when they do not differ.
std::string difference_text(const RunSpec& run, const RunSpec& other);

/// Adds the series, or the heat maps, of the kept results' figures of the same id. Results of other
/// experiments and of this very run are left out.
Figure with_kept(Figure figure, const RunSpec& now, std::span<const KeptResult> kept);

/// Appends the rows of the kept results' tables of the same name, and a last column `run`: "now",
/// or the parameters in which the kept run differs. Unchanged when no result is kept.
Table with_kept(Table table, const RunSpec& now, std::span<const KeptResult> kept);

}  // namespace attnlab
