// Rows and verdicts of icl-plateaus.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "core/findings/result.h"
#include "core/in_context/plateau_study.h"

namespace attnlab::in_context {

/// One part of a training in which the risk rests, and the level next to it.
struct PlateauRow {
  std::size_t level = 0;  ///< m: directions learned
  double predicted = 0, measured = 0, first_step = 0, last_step = 0;
  std::size_t start = 0;  ///< from 1

  double deviation() const { return measured / predicted - 1; }
};
/// Of all starts with an output, in the order of the starts.
std::vector<PlateauRow> plateau_rows(std::span<const PlateauSetup> setups,
                                     std::span<const PlateauOutcome> outcomes);

/// C5 (the levels) and C6 (how often the risk rests), from the starts that are trained to the end.
std::vector<Claim> plateau_claims(std::span<const PlateauSetup> setups,
                                  std::span<const PlateauOutcome> outcomes);
/// Starts that are short of the last level, and steps that are too large.
std::vector<std::string> plateau_notes(std::span<const PlateauSetup> setups,
                                       std::span<const PlateauOutcome> outcomes);

/// "λ = 4, 2, D = 32, 6 heads of rank one, start 0.002".
std::string plateau_sizes_text(std::span<const PlateauSetup> setups);
/// "m = 2".
std::string plateau_level_name(std::size_t level);

}  // namespace attnlab::in_context
