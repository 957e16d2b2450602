// What a run has found so far: tables, claims judged by measurement, and notes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/findings/table.h"

namespace attnlab {

enum class ClaimStatus {
  kHolds,
  kFails,
  kUndecided,
  kNoCounterexample,  ///< of a universal statement ("exactly", "for every noise"): tries cannot
                      ///< prove it, and no try refuted it
};

/// "holds", "fails", "undecided", "no-counterexample": the name in JSON.
std::string_view status_text(ClaimStatus status);

/// One sentence of the paper and what this run measured about it. core/findings/verdict.h judges.
struct Claim {
  std::string id;         ///< "A2"
  std::string statement;  ///< what the paper says, in one sentence
  ClaimStatus status = ClaimStatus::kUndecided;
  std::string evidence{};  ///< the measured comparison with intervals, the sizes, the caveat
  /// How it was judged: level, number of comparisons, smallest difference of interest, and what
  /// would change the verdict. Empty before the first judgement.
  std::string judged{};
};

struct Result {
  std::vector<Table> tables;  ///< the main table first
  std::vector<Claim> claims;
  std::string summary;             ///< live experiments: what the picture says now, in one sentence
  std::vector<std::string> notes;  ///< caveats worth a line: a failed factorisation

  const Table* table(std::string_view name) const;
};

}  // namespace attnlab
