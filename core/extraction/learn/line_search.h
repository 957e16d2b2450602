// Kinks of a piecewise linear function on a line, by recursive intersection of slopes.
#pragma once

#include <vector>

#include "core/extraction/learn/network.h"

namespace attnlab::extraction {

/// g minus the kinks known so far, asked at points. Counts queries and keeps the rounding level.
class Residual {
 public:
  Residual(const AbsAffine& known) : known_(known) {}

  /// The residual at the rows of `points`.
  Inquiry<std::vector<double>> at(Matrix<double> points, std::uint64_t& counter);
  /// ... at start + t direction.
  Inquiry<std::vector<double>> on_line(std::vector<double> start, std::vector<double> direction,
                                       std::vector<double> times, std::uint64_t& counter);
  /// Size of rounding errors in a value.
  double rounding() const { return 1e-15 * largest_; }
  bool finite() const { return finite_; }

 private:
  const AbsAffine& known_;
  double largest_ = 0;  // magnitude of everything added up so far
  bool finite_ = true;
};

struct LineKink {
  double at = 0;
  double jump = 0;  ///< slope right of it minus slope left of it
  double room = 0;  ///< distance to the nearest other kink found, or to the end of the line
};

/// All kinks of the residual on start + t direction for |t| <= range.
///
/// A segment from l to r has a kink at t* only if its values at t* - eta and t* continue the line
/// of the left end and its value at t* + eta the line of the right end, eta = min(t* - l, r - t*) /
/// 64: otherwise two close kinks of opposite sign would pass as one that does not exist.
Inquiry<std::vector<LineKink>> find_kinks(Residual& rest, std::vector<double> start,
                                          std::vector<double> direction, double range,
                                          RandomStream& stream, std::uint64_t& counter);

}  // namespace attnlab::extraction
