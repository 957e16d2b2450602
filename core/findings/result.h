// What a run has found so far: tables, claims judged by measurement, and notes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/findings/table.h"

namespace attnlab {

enum class ClaimStatus { kHolds, kFails, kUndecided };

/// "holds", "fails", "undecided".
std::string_view status_text(ClaimStatus status);

/// One sentence of the paper and what this run measured about it.
struct Claim {
  std::string id;         ///< "A2"
  std::string statement;  ///< what the paper says, in one sentence
  ClaimStatus status = ClaimStatus::kUndecided;
  std::string evidence;   ///< the measured comparison with intervals, the sizes, the caveat
};

struct Result {
  std::vector<Table> tables;  ///< the main table first
  std::vector<Claim> claims;
  std::string summary;  ///< live experiments: what the picture says now, in one sentence
  std::vector<std::string> notes;  ///< caveats worth a line: a failed factorisation, a clamped value

  const Table* table(std::string_view name) const;
};

}  // namespace attnlab
