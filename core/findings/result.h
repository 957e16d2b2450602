// What a run has found so far: tables, claims judged by measurement, and notes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
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

/// What the settings of a run lack for a verdict.
struct Need {
  std::string what{};  ///< "two degrees"; empty: nothing
  /// Parameters and texts that would do, over those of the run; empty where it is not only these.
  std::vector<std::pair<std::string, std::string>> settings{};
  bool operator==(const Need&) const = default;
};

/// One sentence of the paper and what this run measured about it. core/findings/verdict.h judges.
struct Claim {
  std::string id;         ///< "A2"
  std::string statement;  ///< what the paper says, in one sentence
  ClaimStatus status = ClaimStatus::kUndecided;
  std::string evidence{};  ///< the measured comparison with intervals, the sizes, the caveat
  /// How it was judged: level, number of comparisons, smallest difference of interest, and what
  /// would change the verdict. Empty before the first judgement.
  std::string judged{};
  Need need{};
};

/// The claims of a result that have the same need.
struct OpenNeed {
  std::string sentence;  ///< "2 more claims need two degrees: A3, A5."
  std::string offer;     ///< "Set degree to 2,4"; empty where settings alone do not help
  Need need;
};
std::vector<OpenNeed> open_needs(const std::vector<Claim>& claims);

/// Leaves the claim undecided; its evidence says what is needed: "Needs two degrees: degree 2,4."
void lack(Claim& claim, Need need);

struct Result {
  std::vector<Table> tables;  ///< the main table first
  std::vector<Claim> claims;
  std::string summary;             ///< live experiments: what the picture says now, in one sentence
  std::vector<std::string> notes;  ///< caveats worth a line: a failed factorisation

  const Table* table(std::string_view name) const;
};

}  // namespace attnlab
