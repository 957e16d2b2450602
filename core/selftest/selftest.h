// Checks of the whole core on the machine it runs on: known answers, closed forms, and kernels
// against their plainest formula. All sizes are small, so that it takes seconds.
#pragma once

#include <array>
#include <string>
#include <vector>

namespace attnlab {

/// One statement that was checked.
struct SelfCheck {
  std::string family;     ///< "numerics", "A", "B", "C"
  std::string statement;  ///< "products in double agree with three plain loops"
  double error = 0;       ///< largest deviation found; NaN when the check could not be carried out
  double allowed = 0;     ///< largest deviation that passes
  bool passed() const { return error <= allowed; }
};

/// How many groups of checks there are, and one of them: each takes well under a second natively,
/// so that a caller can show progress between two.
std::size_t self_check_groups();
std::vector<SelfCheck> self_check_group(std::size_t group);

/// All groups, one after the other.
std::vector<SelfCheck> self_check();

/// Family, statement, deviation, what is allowed, and the verdict: "right" or "WRONG".
std::array<std::string, 5> self_check_cells(const SelfCheck& check);

/// A table for people: family, statement, deviation, what is allowed, verdict; then one line with
/// the number that failed.
std::string self_check_text(const std::vector<SelfCheck>& checks);

}  // namespace attnlab
